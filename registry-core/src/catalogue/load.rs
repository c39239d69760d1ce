use std::collections::BTreeMap;

use schemars::{Schema, generate::SchemaSettings, json_schema};

use super::{
    Catalogue, CatalogueProduct, CatalogueService, ConfigurationKey, HealthCheck, Projection,
};
use crate::{
    decode::{Context, Decode, Flag, Located, Scalar, ScalarError, Text},
    diagnostic::{Code, Diagnostics},
    document::Document,
    form,
    name::Name,
    record::Auth,
    template::Template,
    version::Scheme,
};

form! {
    /// A catalogue file.
    struct ProductForm {
        /// The product's name in records.
        product: Located<Name>,
        /// Its name as its makers write it.
        title: Located<Text<100>>,
        /// One line for people.
        description: Located<Text<1_000>>,
        /// Its home page.
        homepage: Option<Located<Text<500>>>,
        /// Other names by which records call it.
        aliases: Option<Vec<Located<Name>>>,
        /// How its releases are numbered.
        version_scheme: Located<Scheme>,
        /// What it offers.
        services: Vec<ServiceForm>,
    }
}

form! {
    /// A service type; with `same_as`, what is not given is taken from that product's.
    struct ServiceForm {
        /// The service type.
        service_type as "type": Located<Name>,
        /// The product whose file defines the type.
        same_as: Option<Located<Name>>,
        /// The class of interchangeable tools.
        category: Option<Located<Name>>,
        /// One line for people.
        description: Option<Located<Text<1_000>>>,
        /// Whether it usually wants an account.
        auth: Option<Located<Auth>>,
        /// Its usual port.
        port: Option<Located<Port>>,
        /// How to see that it lives.
        health: Option<HealthForm>,
        /// The configuration keys.
        configuration: Option<Vec<KeyForm>>,
        /// The environment of its clients.
        environment: Option<Vec<ProjectionForm>>,
        /// Where the facts are from.
        source: Option<Vec<Located<Text<500>>>>,
    }
}

form! {
    /// A health check: one of the keys.
    struct HealthForm {
        /// A path for GET.
        http: Option<Located<Text<500>>>,
        /// A TCP connection.
        tcp: Option<Located<Flag>>,
    }
}

form! {
    /// A configuration key.
    struct KeyForm {
        /// The key.
        name: Located<Text<253>>,
        /// Other names for it.
        aliases: Option<Vec<Located<Text<253>>>>,
        /// Whether its value is secret.
        secret: Located<Flag>,
        /// Whether it must be there.
        required: Located<Flag>,
        /// One line for people.
        description: Located<Text<1_000>>,
    }
}

form! {
    /// An environment variable.
    struct ProjectionForm {
        /// Its name.
        name: Located<Text<253>>,
        /// Its template.
        value: Located<TemplateText>,
    }
}

/// A port number.
#[derive(Debug, Clone, Copy)]
struct Port(u16);

impl Scalar for Port {
    fn read(text: &str) -> Result<Self, ScalarError> {
        match text.parse() {
            Ok(port) if port > 0 => Ok(Self(port)),
            _ => Err((
                Code::WrongType,
                format!("`{text}` is no port"),
                Some("1 to 65535".to_owned()),
            )),
        }
    }

    fn schema() -> Schema {
        json_schema!({ "type": "integer", "minimum": 1, "maximum": 65535 })
    }
}

#[derive(Debug, Clone)]
struct TemplateText(Template);

impl Scalar for TemplateText {
    fn read(text: &str) -> Result<Self, ScalarError> {
        text.parse()
            .map(Self)
            .map_err(|error: crate::template::TemplateError| {
                (Code::InvalidChoice, error.to_string(), None)
            })
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string" })
    }
}

/// The JSON Schema (2020-12) of a catalogue file.
///
/// ```
/// let schema = hitchpost_registry_core::catalogue_schema();
/// assert!(schema.as_value()["properties"]["services"].is_object());
/// ```
#[must_use]
pub fn catalogue_schema() -> Schema {
    SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<ProductForm>()
}

/// Reads the files into the catalogue; `same_as` is looked up when all are read.
pub(super) fn load(catalogue: &mut Catalogue, files: &[(&str, &str)]) -> Diagnostics {
    let mut findings = Vec::new();
    let mut documents = Vec::new();
    for (name, text) in files {
        match Document::parse(name, text.as_bytes()) {
            Ok(document) => documents.push(document),
            Err(found) => findings.extend(found),
        }
    }
    let mut forms: Vec<(Context<'_>, Vec<ProductForm>)> = Vec::new();
    for document in &documents {
        let mut context = Context::new(document);
        let products = document
            .roots
            .iter()
            .filter_map(|root| ProductForm::decode(root, &mut context))
            .collect();
        forms.push((context, products));
    }
    let mut defined: BTreeMap<Name, CatalogueService> = BTreeMap::new();
    for (context, products) in &mut forms {
        for service in products.iter().flat_map(|product| &product.services) {
            if service.same_as.is_none()
                && let Some(complete) = complete(service, None, context)
            {
                defined
                    .entry(complete.service_type.clone())
                    .or_insert(complete);
            }
        }
    }
    for (name, service) in defined {
        catalogue.service_types.entry(name).or_insert(service);
    }
    for (mut context, products) in forms {
        for product in products {
            add_product(catalogue, product, &mut context);
        }
        findings.extend(context.finish());
    }
    findings
}

fn add_product(catalogue: &mut Catalogue, form: ProductForm, context: &mut Context<'_>) {
    let mut services = Vec::new();
    for service in &form.services {
        let type_name = &service.service_type.value;
        let base = catalogue.service_types.get(type_name);
        if let Some(same_as) = &service.same_as
            && base.is_none()
        {
            let message = format!("no catalogue file defines the service type `{type_name}`");
            let help = format!("`{}` would have to", same_as.value);
            context.report_at(Code::MissingKey, &same_as.place, message, Some(help));
            continue;
        }
        // A type that is defined here was completed, and reported on, when types were collected.
        let mut quiet = Vec::new();
        services.extend(merge(service, base, &mut quiet));
    }
    let name = form.product.value.clone();
    let aliases: Vec<Name> = form
        .aliases
        .into_iter()
        .flatten()
        .map(|alias| alias.value)
        .collect();
    for alias in &aliases {
        catalogue.aliases.insert(alias.clone(), name.clone());
    }
    let product = CatalogueProduct {
        product: name.clone(),
        title: form.title.value.0.to_string(),
        description: form.description.value.0.to_string(),
        homepage: form.homepage.map(|text| text.value.0.to_string()),
        aliases,
        version_scheme: form.version_scheme.value,
        services,
    };
    catalogue.products.insert(name, product);
}

fn complete(
    form: &ServiceForm,
    base: Option<&CatalogueService>,
    context: &mut Context<'_>,
) -> Option<CatalogueService> {
    let mut missing = Vec::new();
    let service = merge(form, base, &mut missing);
    for key in missing {
        let message = format!("`{key}` is missing");
        context.report_at(
            Code::MissingKey,
            &form.place,
            message,
            Some(format!("add `{key}: …`")),
        );
    }
    let service = service?;
    for projection in &service.environment {
        let known = |key: &str| {
            service
                .configuration
                .iter()
                .any(|entry| entry.is_called(key))
        };
        for key in projection.value.keys().filter(|key| !known(key)) {
            let message = format!(
                "`{}` asks for the configuration key `{key}`, which is not listed",
                projection.name
            );
            context.report_at(
                Code::MissingKey,
                &form.place,
                message,
                Some("add it to `configuration`".to_owned()),
            );
        }
    }
    Some(service)
}

/// What the form gives over what the base has; `None`, with the keys, when something is missing.
fn merge(
    form: &ServiceForm,
    base: Option<&CatalogueService>,
    missing: &mut Vec<&'static str>,
) -> Option<CatalogueService> {
    let category = form
        .category
        .as_ref()
        .map(|name| name.value.clone())
        .or_else(|| base.map(|base| base.category.clone()));
    let description = form
        .description
        .as_ref()
        .map(|text| text.value.0.to_string())
        .or_else(|| base.map(|base| base.description.clone()));
    if category.is_none() {
        missing.push("category");
    }
    if description.is_none() {
        missing.push("description");
    }
    let health = form
        .health
        .as_ref()
        .and_then(|health| match (&health.http, &health.tcp) {
            (Some(path), _) => Some(HealthCheck::Http(path.value.0.to_string())),
            (
                None,
                Some(Located {
                    value: Flag(true), ..
                }),
            ) => Some(HealthCheck::Tcp),
            _ => None,
        });
    Some(CatalogueService {
        service_type: form.service_type.value.clone(),
        category: category?,
        description: description?,
        auth: form
            .auth
            .as_ref()
            .map(|auth| auth.value)
            .or_else(|| base.and_then(|base| base.auth)),
        port: form
            .port
            .as_ref()
            .map(|port| port.value.0)
            .or_else(|| base.and_then(|base| base.port)),
        health: health.or_else(|| base.and_then(|base| base.health.clone())),
        configuration: match &form.configuration {
            Some(keys) => keys.iter().map(key).collect(),
            None => base
                .map(|base| base.configuration.clone())
                .unwrap_or_default(),
        },
        environment: match &form.environment {
            Some(projections) => projections
                .iter()
                .map(|projection| Projection {
                    name: projection.name.value.0.to_string(),
                    value: projection.value.value.0.clone(),
                })
                .collect(),
            None => base
                .map(|base| base.environment.clone())
                .unwrap_or_default(),
        },
        source: match &form.source {
            Some(sources) => sources
                .iter()
                .map(|source| source.value.0.to_string())
                .collect(),
            None => base.map(|base| base.source.clone()).unwrap_or_default(),
        },
    })
}

fn key(form: &KeyForm) -> ConfigurationKey {
    ConfigurationKey {
        name: form.name.value.0.to_string(),
        aliases: form
            .aliases
            .iter()
            .flatten()
            .map(|alias| alias.value.0.to_string())
            .collect(),
        secret: form.secret.value.0,
        required: form.required.value.0,
        description: form.description.value.0.to_string(),
    }
}
