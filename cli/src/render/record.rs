use std::fmt::Write;

use hitchpost::{
    Extension, Name,
    core::{Admission, ConfigurationEntry, Endpoint, Instance, Profile, REDACTED, Scope, Service},
};
use hitchpost_store::Record;

use super::style::{Style, padded, printable, width, wrapped};

/// One line of each record.
pub(crate) fn summary(record: &Record) -> [String; 6] {
    let Record {
        revision,
        extension,
    } = record;
    let instances = &extension.instances;
    let versions = instances
        .iter()
        .filter_map(|instance| instance.version.as_ref())
        .map(ToString::to_string);
    let zones = instances
        .iter()
        .map(|instance| instance.location.to_string());
    let services = instances
        .iter()
        .flat_map(|instance| &instance.services)
        .map(|service| service.service_type.to_string());
    [
        extension.name.to_string(),
        extension.product.to_string(),
        distinct(versions),
        distinct(zones),
        distinct(services),
        revision.to_string(),
    ]
}

fn distinct(values: impl Iterator<Item = String>) -> String {
    let mut seen: Vec<String> = Vec::new();
    for value in values {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    seen.join(", ")
}

/// A record with all its parts, secrets redacted.
pub(crate) fn description(record: &Record, style: Style) -> String {
    let Extension {
        name,
        product,
        description,
        labels,
        immutable,
        configuration,
        instances,
    } = &record.extension;
    let mut page = Page {
        text: style.bold(name.as_str()),
        style,
    };
    page.text.push('\n');
    page.paragraph(1, description);
    page.field(1, "product", product.as_str());
    if !labels.is_empty() {
        page.field(
            1,
            "labels",
            &labels
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>()
                .join(", "),
        );
    }
    page.field(
        1,
        "revision",
        &format!(
            "{}{}",
            record.revision,
            if *immutable { ", immutable" } else { "" }
        ),
    );
    page.configuration(1, configuration);
    for instance in instances {
        page.instance(instance);
    }
    page.text
}

struct Page {
    text: String,
    style: Style,
}

impl Page {
    fn instance(&mut self, instance: &Instance) {
        let version = instance
            .version
            .as_ref()
            .map(|version| format!("{version} ({})", version.scheme()));
        self.heading(
            0,
            "instance",
            instance.name.as_str(),
            &[version, flag(instance.default, "default")],
        );
        self.field(1, "zone", instance.location.as_str());
        self.field(1, "open to", &admission(&instance.admission));
        self.configuration(1, &instance.configuration);
        for service in &instance.services {
            self.service(service);
        }
        for profile in &instance.profiles {
            self.profile(profile);
        }
    }

    fn service(&mut self, service: &Service) {
        let category = service.category.as_ref().map(ToString::to_string);
        let own_type =
            (service.service_type != service.name).then(|| service.service_type.to_string());
        self.heading(1, "service", service.name.as_str(), &[own_type, category]);
        self.paragraph(2, &service.description);
        if let Some(auth) = service.auth {
            self.field(2, "account", &auth.to_string());
        }
        if !service.profiles.is_empty() {
            self.field(2, "profiles", &joined(&service.profiles));
        }
        self.configuration(2, &service.configuration);
        for endpoint in &service.endpoints {
            self.endpoint(endpoint);
        }
    }

    fn endpoint(&mut self, endpoint: &Endpoint) {
        let kind = Some(endpoint.endpoint_type.to_string());
        self.heading(
            2,
            "endpoint",
            endpoint.name.as_str(),
            &[kind, flag(endpoint.default, "default")],
        );
        if let Some(url) = &endpoint.url {
            self.field(3, "url", url);
        }
        if !endpoint.profiles.is_empty() {
            self.field(3, "profiles", &joined(&endpoint.profiles));
        }
        self.configuration(3, &endpoint.configuration);
    }

    fn profile(&mut self, profile: &Profile) {
        self.heading(
            1,
            "profile",
            profile.name.as_str(),
            &[flag(profile.default, "default")],
        );
        self.field(2, "open to", &admission(&profile.admission));
        if let Some(expires) = profile.expires_at {
            self.field(2, "expires", &expires.to_string());
        }
        let entries: Vec<(&str, &str)> = profile
            .configuration
            .iter()
            .map(|entry| (entry.name.as_str(), REDACTED))
            .collect();
        self.values(2, &entries);
    }

    fn configuration(&mut self, indent: usize, entries: &[ConfigurationEntry]) {
        let entries: Vec<(&str, &str)> = entries
            .iter()
            .map(|entry| (entry.name.as_str(), entry.value.as_str()))
            .collect();
        self.values(indent, &entries);
    }

    fn values(&mut self, indent: usize, entries: &[(&str, &str)]) {
        let column = entries
            .iter()
            .map(|(name, _)| width(name))
            .max()
            .unwrap_or(0);
        for (name, value) in entries {
            let _ = writeln!(
                self.text,
                "{}{}  {}",
                "  ".repeat(indent),
                padded(&printable(name), column),
                printable(value)
            );
        }
    }

    fn heading(&mut self, indent: usize, kind: &str, name: &str, more: &[Option<String>]) {
        let more: String = more
            .iter()
            .flatten()
            .map(|text| format!("  {text}"))
            .collect();
        let gap = if indent == 0 { "\n" } else { "" };
        let _ = writeln!(
            self.text,
            "{gap}{}{kind} {}{more}",
            "  ".repeat(indent),
            self.style.bold(name)
        );
    }

    fn field(&mut self, indent: usize, label: &str, value: &str) {
        let label = self.style.dim(&padded(label, 8));
        let _ = writeln!(
            self.text,
            "{}{label}  {}",
            "  ".repeat(indent),
            printable(value)
        );
    }

    fn paragraph(&mut self, indent: usize, text: &str) {
        if !text.is_empty() {
            for line in wrapped(&printable(text), self.style.beside(indent * 2)) {
                let _ = writeln!(self.text, "{}{line}", "  ".repeat(indent));
            }
        }
    }
}

fn flag(is_set: bool, word: &str) -> Option<String> {
    is_set.then(|| word.to_owned())
}

fn admission(admission: &Admission) -> String {
    let lists = [
        (Scope::Project, &admission.projects),
        (Scope::User, &admission.users),
        (Scope::Group, &admission.groups),
        (Scope::Workflow, &admission.workflows),
    ];
    let lists: Vec<String> = lists
        .iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(scope, names)| format!("{scope} {}", joined(names)))
        .collect();
    match (admission.scope, lists.is_empty()) {
        (Scope::Global, true) => "everybody".to_owned(),
        (_, true) => format!("no {}", admission.scope),
        (_, false) => lists.join(", and "),
    }
}

fn joined(names: &[Name]) -> String {
    names
        .iter()
        .map(Name::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}
