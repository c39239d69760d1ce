use std::collections::{BTreeMap, HashMap};

use jiff::{Timestamp, civil, tz::TimeZone};

use super::{
    form::{
        EndpointForm, ExtensionForm, InstanceForm, Labels, MinimalForm, Pairs, ProfileForm,
        ServiceForm,
    },
    model::{
        Admission, ConfigurationEntry, Endpoint, EndpointType, Extension, Instance, Profile, Scope,
        SecretEntry, Service,
    },
};
use crate::{
    catalogue::Catalogue,
    decode::{
        Context, Decode, Flag, Located, OneOrMany, Place, Scalar, Text, closest, listed, shortened,
    },
    diagnostic::{Code, Diagnostics},
    document::{Document, Node, NodeValue},
    name::Name,
    secret::SecretValue,
    version::{Scheme, Version},
};

/// The zone that a set-up with a single zone calls itself.
const LOCAL: &str = "local";
/// The name of the parts that the minimal form does not name.
const DEFAULT: &str = "default";

/// Reads records from YAML or JSON text: one record, a list of them, or several documents.
///
/// Both forms may be mixed: a record is in the extended form, unless it has no `instances` but a
/// `version` or a `configuration`; then it is in the minimal form. Everything that is wrong is reported, not only the first; a record with an error
/// is not among the results, the others are. Records of the same name within the source are an
/// error.
///
/// ```
/// use hitchpost_registry_core::{Catalogue, parse_records};
///
/// let (records, findings) = parse_records(
///     "tools.yaml",
///     b"name: mlflow\nversion: 2.10\nconfiguration:\n  - name: MLFLOW_TRACKING_URI\n    value: http://mlflow\n",
///     Catalogue::builtin(),
/// );
/// assert!(findings.is_empty());
/// assert_eq!(records[0].instances[0].services[0].service_type, "mlflow-tracking");
/// ```
#[must_use]
pub fn parse_records(
    source: &str,
    bytes: &[u8],
    catalogue: &Catalogue,
) -> (Vec<Extension>, Diagnostics) {
    match Document::parse(source, bytes) {
        Ok(document) => Reader::read(&document, catalogue, Reader::record),
        Err(findings) => (Vec::new(), findings),
    }
}

/// Reads forms, and makes records of them.
pub(crate) struct Reader<'d> {
    pub(crate) context: Context<'d>,
    catalogue: &'d Catalogue,
}

/// A record's name, and the record where one could be made.
type Named = (Located<Name>, Option<Extension>);

impl<'d> Reader<'d> {
    /// Reads every record of a document: each root, or each item of a root that is a list.
    pub(crate) fn read(
        document: &'d Document,
        catalogue: &'d Catalogue,
        record: impl Fn(&mut Self, &Node) -> Option<Named>,
    ) -> (Vec<Extension>, Diagnostics) {
        let mut reader = Self {
            context: Context::new(document),
            catalogue,
        };
        let mut records: Vec<Named> = Vec::new();
        let mut sound = |reader: &mut Self, node: &Node| {
            let errors = reader.context.error_count();
            if let Some((name, extension)) = record(reader, node) {
                let sound =
                    reader.context.error_count() == errors && !reader.context.is_faulty(node);
                records.push((name, extension.filter(|_| sound)));
            }
        };
        let several = document.roots.len() > 1;
        for (index, root) in document.roots.iter().enumerate() {
            if several {
                reader.context.path_push(index.to_string());
            }
            match &root.value {
                NodeValue::Sequence(items) => {
                    for (item_index, item) in items.iter().enumerate() {
                        reader.context.path_push(item_index.to_string());
                        sound(&mut reader, item);
                        reader.context.path_pop();
                    }
                }
                _ => sound(&mut reader, root),
            }
            if several {
                reader.context.path_pop();
            }
        }
        let Self { mut context, .. } = reader;
        if document.roots.is_empty() {
            let help = "a record is a mapping with at least a `name`".to_owned();
            context.report_source(
                Code::Empty,
                "the source holds no record".to_owned(),
                Some(help),
            );
        }
        unique(&mut context, "record", records.iter().map(|(name, _)| name));
        (
            records
                .into_iter()
                .filter_map(|(_, record)| record)
                .collect(),
            context.finish(),
        )
    }
}

impl Reader<'_> {
    fn record(&mut self, node: &Node) -> Option<Named> {
        let has = |key| node.get(key).is_some();
        Some(
            if !has("instances") && (has("version") || has("configuration")) {
                let form = MinimalForm::decode(node, &mut self.context)?;
                (form.name.clone(), self.minimal(form))
            } else {
                let form = ExtensionForm::decode(node, &mut self.context)?;
                (form.name.clone(), self.extension(form))
            },
        )
    }

    pub(crate) fn extension(&mut self, form: ExtensionForm) -> Option<Extension> {
        let product = self.product(form.product.as_ref(), &form.name);
        let labels = self.labels(form.labels);
        unique(
            &mut self.context,
            "instance",
            form.instances.iter().map(|instance| &instance.name),
        );
        let names: Vec<Name> = form
            .instances
            .iter()
            .map(|instance| instance.name.value.clone())
            .collect();
        let mut owners: HashMap<Name, Vec<usize>> = HashMap::new();
        for (index, instance) in form.instances.iter().enumerate() {
            for profile in instance.profiles.iter().flatten() {
                owners
                    .entry(profile.name.value.clone())
                    .or_default()
                    .push(index);
            }
        }
        let mut instances = Vec::with_capacity(names.len());
        for ((index, name), instance) in names.iter().enumerate().zip(form.instances) {
            let here = instance
                .profiles
                .iter()
                .flatten()
                .take(100)
                .map(|profile| profile.name.value.clone());
            let defined = Defined {
                instance: name,
                index,
                here: here.collect(),
                instances: &names,
                owners: &owners,
            };
            instances.extend(self.instance(instance, &product, &defined));
        }
        Some(Extension {
            name: form.name.value,
            product,
            description: text(form.description),
            labels,
            immutable: flag(form.immutable),
            configuration: self.configuration(form.configuration),
            instances,
        })
    }

    /// The product; one that the catalogue does not know gets a note.
    fn product(&mut self, product: Option<&Located<Name>>, name: &Located<Name>) -> Name {
        if let Some(given) = product
            && self.catalogue.product(given.value.as_str()).is_none()
        {
            let names = self
                .catalogue
                .products()
                .map(|known| known.product.as_str());
            let help = closest(given.value.as_str(), names).map_or_else(
                || "that is fine; `hitchpost catalog list` shows the known ones".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            let message = format!("the catalogue does not know the product `{}`", given.value);
            self.context
                .report_at(Code::UnknownProduct, &given.place, message, Some(help));
        }
        product.unwrap_or(name).value.clone()
    }

    fn labels(&mut self, given: Option<Labels>) -> BTreeMap<Name, String> {
        let mut labels = BTreeMap::new();
        for pair in given.into_iter().flat_map(|labels| labels.0.0) {
            match Name::read(&pair.name.value.0) {
                Ok(name) => {
                    labels.insert(name, pair.value.value.0.to_string());
                }
                Err((code, message, help)) => {
                    self.context
                        .report_at(code, &pair.name.place, message, help)
                }
            }
        }
        labels
    }

    fn instance(
        &mut self,
        form: InstanceForm,
        product: &Name,
        defined: &Defined<'_>,
    ) -> Option<Instance> {
        let admission = self.admission(Lists {
            scope: form.scope.as_ref(),
            projects: [form.project, form.projects],
            users: [form.user, form.users],
            groups: [form.group, form.groups],
            workflows: [form.workflow, form.workflows],
        });
        let version = self.version(form.version.as_ref(), form.version_scheme.as_ref(), product);
        let services = form.services.unwrap_or_default();
        let profiles = form.profiles.unwrap_or_default();
        unique(
            &mut self.context,
            "service",
            services.iter().map(|service| &service.name),
        );
        unique(
            &mut self.context,
            "profile",
            profiles.iter().map(|profile| &profile.name),
        );
        let services = services
            .into_iter()
            .filter_map(|service| self.service(service, defined))
            .collect();
        let profiles = profiles
            .into_iter()
            .filter_map(|profile| self.profile(profile))
            .collect();
        Some(Instance {
            location: form
                .location
                .map_or_else(|| Name::fixed(LOCAL), |location| location.value),
            name: form.name.value,
            version,
            default: flag(form.default),
            admission,
            configuration: self.configuration(form.configuration),
            services,
            profiles,
            data_key: None,
        })
    }

    fn service(&mut self, form: ServiceForm, defined: &Defined<'_>) -> Option<Service> {
        if let (Some(_), Some(second)) = (&form.service, &form.service_type) {
            let message = "`service` and `type` are two words for the same".to_owned();
            self.context.report_at(
                Code::ConflictingKeys,
                &second.place,
                message,
                Some("keep one".to_owned()),
            );
        }
        self.check_profiles(form.profiles.as_deref(), defined);
        let endpoints = form.endpoints.unwrap_or_default();
        unique(
            &mut self.context,
            "endpoint",
            endpoints.iter().map(|endpoint| &endpoint.name),
        );
        let service_type = form
            .service
            .or(form.service_type)
            .map_or_else(|| form.name.value.clone(), |name| name.value);
        let known = self.catalogue.service_type(service_type.as_str());
        let category = form
            .category
            .map(|name| name.value)
            .or_else(|| known.map(|known| known.category.clone()));
        let endpoints = endpoints
            .into_iter()
            .filter_map(|endpoint| self.endpoint(endpoint, defined))
            .collect();
        Some(Service {
            name: form.name.value,
            service_type,
            category,
            description: text(form.description),
            auth: form.auth.map(|auth| auth.value),
            profiles: names(form.profiles),
            configuration: self.configuration(form.configuration),
            endpoints,
        })
    }

    fn endpoint(&mut self, form: EndpointForm, defined: &Defined<'_>) -> Option<Endpoint> {
        self.check_profiles(form.profiles.as_deref(), defined);
        let endpoint_type = form
            .endpoint_type
            .map_or(EndpointType::External, |kind| kind.value);
        match &form.url {
            Some(url) => self.check_url(url),
            None if endpoint_type == EndpointType::ClusterApi
                || self.context.is_reported(&form.place) => {}
            None => {
                let message = format!("the endpoint `{}` has no URL", form.name.value);
                let help = format!(
                    "add `url: …`; only `type: {}` needs none",
                    EndpointType::ClusterApi
                );
                self.context
                    .report_at(Code::MissingUrl, &form.place, message, Some(help));
            }
        }
        Some(Endpoint {
            name: form.name.value,
            url: form.url.map(|url| url.value.0.to_string()),
            endpoint_type,
            default: flag(form.default),
            profiles: names(form.profiles),
            configuration: self.configuration(form.configuration),
        })
    }

    fn check_url(&mut self, url: &Located<Text<2_000>>) {
        let (code, message) = match url::Url::parse(&url.value.0) {
            Ok(parsed) if !parsed.username().is_empty() || parsed.password().is_some() => {
                self.context.hide(url.place.span);
                self.credentials(&url.place, "the URL carries a user name or password");
                return;
            }
            Ok(parsed) if parsed.has_host() || parsed.scheme() == "file" => return,
            Ok(_) => (Code::InvalidUrl, "the URL has no host".to_owned()),
            Err(error) => (Code::InvalidUrl, format!("not a URL: {error}")),
        };
        self.context.hide(url.place.span);
        let help = "write it as `scheme://host[:port][/path]`".to_owned();
        self.context
            .report_at(code, &url.place, message, Some(help));
    }

    fn credentials(&mut self, place: &Place, message: &str) {
        let help =
            "put them into the `configuration` of a profile, where they are kept secret".to_owned();
        self.context.report_at(
            Code::CredentialsInUrl,
            place,
            message.to_owned(),
            Some(help),
        );
    }

    fn profile(&mut self, form: ProfileForm) -> Option<Profile> {
        let admission = self.admission(Lists {
            scope: form.scope.as_ref(),
            projects: [form.project, form.projects],
            users: [form.user, form.users],
            groups: [form.group, form.groups],
            workflows: [form.workflow, form.workflows],
        });
        let expires_at = match &form.expires_at {
            None => None,
            Some(text) => match time(&text.value.0) {
                Some(time) => Some(time),
                None => {
                    let message = format!(
                        "`{}` is neither a time nor a date",
                        shortened(&text.value.0)
                    );
                    let help = "write it as `2030-01-31T12:00:00Z` or `2030-01-31`".to_owned();
                    self.context
                        .report_at(Code::InvalidTime, &text.place, message, Some(help));
                    None
                }
            },
        };
        Some(Profile {
            name: form.name.value,
            admission,
            default: flag(form.default),
            expires_at,
            configuration: self.secrets(form.configuration),
        })
    }

    fn secrets(&mut self, pairs: Option<Pairs>) -> Vec<SecretEntry> {
        let pairs = pairs.map(|pairs| pairs.0).unwrap_or_default();
        pairs
            .into_iter()
            .map(|pair| {
                self.check_reference(&pair.value.value.0, &pair.value.place);
                SecretEntry {
                    name: pair.name.value.0.to_string(),
                    value: SecretValue::from_text(&pair.value.value.0),
                }
            })
            .collect()
    }

    fn configuration(&mut self, pairs: Option<Pairs>) -> Vec<ConfigurationEntry> {
        let pairs = pairs.map(|pairs| pairs.0).unwrap_or_default();
        pairs
            .into_iter()
            .map(|pair| {
                self.check_reference(&pair.value.value.0, &pair.value.place);
                if has_password(&pair.value.value.0) {
                    self.credentials(
                        &pair.value.place,
                        "the URL carries a password, and everybody may see this value",
                    );
                }
                ConfigurationEntry {
                    name: pair.name.value.0.to_string(),
                    value: pair.value.value.0.to_string(),
                }
            })
            .collect()
    }

    fn check_reference(&mut self, value: &str, place: &Place) {
        if crate::reference::is_reference(value)
            && let Err(error) = value.parse::<crate::reference::Reference>()
        {
            let help = Some("write it as `ref+BACKEND://PATH#/KEY`".to_owned());
            self.context
                .report_at(Code::InvalidReference, place, error.to_string(), help);
        }
    }

    fn version(
        &mut self,
        version: Option<&Located<Text<100>>>,
        scheme: Option<&Located<Scheme>>,
        product: &Name,
    ) -> Option<Version> {
        let version = version?;
        let text = &version.value.0;
        let known = self.catalogue.product(product.as_str());
        let parsed = match (scheme, known) {
            (Some(scheme), _) => Version::parse(text, Some(scheme.value)),
            (None, None) => Version::infer(text),
            // A catalogue's scheme is how the tool numbers its releases; a build of someone's own
            // may be numbered otherwise.
            (None, Some(known)) => {
                Version::parse(text, Some(known.version_scheme)).or_else(|error| {
                    let inferred = Version::infer(text)?;
                    if inferred.scheme() == Scheme::Opaque {
                        let help = "as it stands, only `=` and `!=` hold for it; where that is \
                                    meant, give the instance `version_scheme: opaque`";
                        let message = format!("{error}, by which `{product}` is numbered");
                        let place = &version.place;
                        let help = Some(help.to_owned());
                        self.context
                            .report_at(Code::OpaqueVersion, place, message, help);
                    }
                    Ok(inferred)
                })
            }
        };
        match parsed {
            Ok(version) => Some(version),
            Err(error) => {
                let help = Some(error.help().to_owned());
                self.context.report_at(
                    Code::InvalidVersion,
                    &version.place,
                    error.to_string(),
                    help,
                );
                None
            }
        }
    }

    fn admission(&mut self, lists: Lists<'_>) -> Admission {
        let Lists {
            scope,
            projects,
            users,
            groups,
            workflows,
        } = lists;
        let mut admission = Admission {
            scope: Scope::Global,
            projects: self.join(projects, "project"),
            users: self.join(users, "user"),
            groups: self.join(groups, "group"),
            workflows: self.join(workflows, "workflow"),
        };
        let given = [
            (Scope::Workflow, !admission.workflows.is_empty()),
            (Scope::User, !admission.users.is_empty()),
            (Scope::Group, !admission.groups.is_empty()),
            (Scope::Project, !admission.projects.is_empty()),
        ];
        let narrowest = given
            .iter()
            .find(|(_, given)| *given)
            .map(|(scope, _)| *scope);
        match scope {
            None => admission.scope = narrowest.unwrap_or(Scope::Global),
            Some(Located {
                value: Scope::Global,
                place,
            }) => {
                if let Some(list) = narrowest {
                    let message =
                        format!("`scope: global` admits everybody, yet a {list} is listed");
                    let help = format!("write `scope: {list}`, or remove the list");
                    self.context
                        .report_at(Code::ConflictingKeys, place, message, Some(help));
                }
            }
            Some(scope) => {
                admission.scope = scope.value;
                if admission.scope_list().is_some_and(<[Name]>::is_empty) {
                    let message = format!(
                        "scope `{0}` without any {0} listed admits nobody",
                        scope.value
                    );
                    let help = format!("add `{}s: […]`", scope.value);
                    self.context
                        .report_at(Code::NobodyAdmitted, &scope.place, message, Some(help));
                }
            }
        }
        admission
    }

    fn join(&mut self, lists: [Option<OneOrMany<Located<Name>>>; 2], word: &str) -> Vec<Name> {
        if let [Some(_), Some(second)] = &lists
            && let Some(first) = second.0.first()
        {
            let message = format!("`{word}` and `{word}s` are two words for the same");
            self.context.report_at(
                Code::ConflictingKeys,
                &first.place,
                message,
                Some("keep one".to_owned()),
            );
        }
        let mut names: Vec<Name> = lists
            .into_iter()
            .flatten()
            .flat_map(|list| list.0)
            .map(|name| name.value)
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    fn check_profiles(&mut self, names: Option<&[Located<Name>]>, defined: &Defined<'_>) {
        for name in names.unwrap_or_default() {
            let (instance, wanted) = (defined.instance, &name.value);
            let owners = defined
                .owners
                .get(wanted)
                .map(Vec::as_slice)
                .unwrap_or_default();
            if owners.binary_search(&defined.index).is_ok() {
                continue;
            }
            let elsewhere = owners
                .first()
                .and_then(|owner| defined.instances.get(*owner));
            let near = closest(wanted.as_str(), defined.here.iter().map(Name::as_str));
            let help = match (elsewhere, near) {
                (Some(other), _) => {
                    format!(
                        "`{wanted}` is defined in instance `{other}`; a profile applies within its own instance only"
                    )
                }
                (None, Some(near)) => format!("did you mean `{near}`?"),
                (None, None) if defined.here.is_empty() => {
                    format!("instance `{instance}` defines no profile")
                }
                (None, None) => format!(
                    "instance `{instance}` defines {}",
                    listed(defined.here.iter().take(10))
                ),
            };
            let message = format!("instance `{instance}` defines no profile `{wanted}`");
            self.context
                .report_at(Code::UnknownProfile, &name.place, message, Some(help));
        }
    }

    /// One instance with one service. Values go to a profile unless their key is known as public.
    fn minimal(&mut self, form: MinimalForm) -> Option<Extension> {
        let product = self.product(form.product.as_ref(), &form.name);
        let version = self.version(form.version.as_ref(), None, &product);
        let (public, secret): (Vec<_>, Vec<_>) = form
            .configuration
            .map(|pairs| pairs.0)
            .unwrap_or_default()
            .into_iter()
            .partition(|pair| {
                self.catalogue.is_public_key(&pair.name.value.0)
                    && !has_password(&pair.value.value.0)
            });
        let configuration = self.configuration(Some(Pairs(public)));
        let secret = self.secrets(Some(Pairs(secret)));
        let known = self
            .catalogue
            .product(product.as_str())
            .and_then(|known| known.services.first());
        let service_type =
            known.map_or_else(|| product.clone(), |known| known.service_type.clone());
        let profiles = if secret.is_empty() {
            Vec::new()
        } else {
            vec![Profile {
                name: Name::fixed(DEFAULT),
                admission: Admission::default(),
                default: false,
                expires_at: None,
                configuration: secret,
            }]
        };
        let service = Service {
            name: service_type.clone(),
            category: self
                .catalogue
                .service_type(service_type.as_str())
                .map(|known| known.category.clone()),
            service_type,
            description: String::new(),
            auth: None,
            profiles: Vec::new(),
            configuration,
            endpoints: Vec::new(),
        };
        Some(Extension {
            name: form.name.value,
            product,
            description: text(form.description),
            labels: BTreeMap::new(),
            immutable: false,
            configuration: Vec::new(),
            instances: vec![Instance {
                name: Name::fixed(DEFAULT),
                version,
                location: Name::fixed(LOCAL),
                default: false,
                admission: Admission::default(),
                configuration: Vec::new(),
                services: vec![service],
                profiles,
                data_key: None,
            }],
        })
    }
}

/// The keys that say who is admitted.
struct Lists<'f> {
    scope: Option<&'f Located<Scope>>,
    projects: [Option<OneOrMany<Located<Name>>>; 2],
    users: [Option<OneOrMany<Located<Name>>>; 2],
    groups: [Option<OneOrMany<Located<Name>>>; 2],
    workflows: [Option<OneOrMany<Located<Name>>>; 2],
}

/// Which profiles there are, for references to them.
struct Defined<'f> {
    /// The name and index of the instance where the reference stands.
    instance: &'f Name,
    index: usize,
    /// Its first profiles, to name them.
    here: Vec<Name>,
    /// All instances, in order.
    instances: &'f [Name],
    /// The instances that define a profile, by index, ascending.
    owners: &'f HashMap<Name, Vec<usize>>,
}

fn unique<'f>(
    context: &mut Context<'_>,
    what: &str,
    names: impl Iterator<Item = &'f Located<Name>>,
) {
    let mut seen: HashMap<&Name, u32> = HashMap::new();
    for name in names {
        if let Some(line) = seen.insert(&name.value, name.place.span.start.line) {
            let message = format!("a second {what} is named `{}`", name.value);
            context.report_at(
                Code::DuplicateName,
                &name.place,
                message,
                Some(format!("the first stands in line {line}")),
            );
        }
    }
}

/// Whether a value is a URL with a password in it.
pub(crate) fn has_password(value: &str) -> bool {
    value.contains("://") && url::Url::parse(value).is_ok_and(|url| url.password().is_some())
}

/// RFC 3339, or a date: its first moment in UTC.
fn time(text: &str) -> Option<Timestamp> {
    text.parse::<Timestamp>()
        .or_else(|_| {
            text.parse::<civil::Date>()
                .and_then(|date| date.to_zoned(TimeZone::UTC))
                .map(|day| day.timestamp())
        })
        .ok()
}

fn text(text: Option<Located<Text<1_000>>>) -> String {
    text.map(|text| text.value.0.to_string())
        .unwrap_or_default()
}

fn flag(flag: Option<Located<Flag>>) -> bool {
    flag.is_some_and(|flag| flag.value.0)
}

fn names(names: Option<Vec<Located<Name>>>) -> Vec<Name> {
    names.into_iter().flatten().map(|name| name.value).collect()
}
