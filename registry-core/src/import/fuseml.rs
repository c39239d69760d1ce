use std::collections::HashMap;

use super::Imported;
use crate::{
    catalogue::Catalogue,
    decode::{Context, Decode, Flag, Located, Text},
    document::{Document, Node, NodeValue},
    form,
    name::Name,
    record::{
        Auth, EndpointForm, EndpointType, ExtensionForm, InstanceForm, Pairs, ProfileForm, Reader,
        Scope, ServiceForm,
    },
};

/// What nobody reads: times and references that FuseML keeps itself.
#[derive(Debug, Clone, Copy, schemars::JsonSchema)]
struct Ignored;

impl Decode for Ignored {
    fn decode(_: &Node, _: &mut Context<'_>) -> Option<Self> {
        Some(Self)
    }
}

form! {
    /// `Extension` of FuseML's API.
    struct FusemlExtension {
        /// Unique in FuseML; made from the product when not given.
        id: Option<Located<Name>>,
        /// The product.
        product: Option<Located<Name>>,
        /// The version.
        version: Option<Located<Text<100>>>,
        /// One line for people.
        description: Option<Located<Text<1_000>>>,
        /// Where it is installed.
        zone: Option<Located<Name>>,
        /// Public values.
        configuration: Option<Pairs>,
        /// Its services.
        services: Option<Vec<FusemlService>>,
        /// Times.
        _status as "status": Option<Ignored>,
    }
}

form! {
    /// `ExtensionService` of FuseML's API.
    struct FusemlService {
        /// Unique in the extension; the resource when not given.
        id: Option<Located<Name>>,
        /// The service type.
        resource: Option<Located<Name>>,
        /// The class of tools.
        category: Option<Located<Name>>,
        /// One line for people.
        description: Option<Located<Text<1_000>>>,
        /// Whether credentials are needed.
        auth_required: Option<Located<Flag>>,
        /// Public values.
        configuration: Option<Pairs>,
        /// Its endpoints.
        endpoints: Option<Vec<FusemlEndpoint>>,
        /// Its credentials.
        credentials: Option<Vec<FusemlCredentials>>,
        /// The extension's id.
        _extension_id as "extension_id": Option<Ignored>,
        /// Times.
        _status as "status": Option<Ignored>,
    }
}

form! {
    /// `ExtensionEndpoint` of FuseML's API.
    struct FusemlEndpoint {
        /// Its URL, which is its identity, too.
        url: Located<Text<2_000>>,
        /// `internal` or `external`, which it is when not given.
        endpoint_type as "type": Option<Located<EndpointType>>,
        /// Public values.
        configuration: Option<Pairs>,
        /// The extension's id.
        _extension_id as "extension_id": Option<Ignored>,
        /// The service's id.
        _service_id as "service_id": Option<Ignored>,
        /// Times.
        _status as "status": Option<Ignored>,
    }
}

form! {
    /// `ExtensionCredentials` of FuseML's API.
    struct FusemlCredentials {
        /// Unique in the service; `default` when not given.
        id: Option<Located<Name>>,
        /// Preferred among equals.
        default: Option<Located<Flag>>,
        /// Who may use them; everybody when not given.
        scope: Option<Located<Scope>>,
        /// The projects that may.
        projects: Option<Vec<Located<Name>>>,
        /// The users that may.
        users: Option<Vec<Located<Name>>>,
        /// Secret values.
        configuration: Option<Pairs>,
        /// The extension's id.
        _extension_id as "extension_id": Option<Ignored>,
        /// The service's id.
        _service_id as "service_id": Option<Ignored>,
        /// Times.
        _status as "status": Option<Ignored>,
    }
}

/// Reads extensions as FuseML registers and prints them, in YAML or JSON: one, a list, or several
/// documents.
///
/// A FuseML extension is one installation, so it becomes a record with one instance, `default`.
/// `resource` is the service type and `zone` the location. Credentials become profiles that their
/// service names; where two services use one id, the name is `SERVICE-ID`. Credentials of a
/// service that does not require them are optional. Endpoints, which have no names, are named
/// `internal`, `external`, `internal-2` and so on. All rules of records hold.
///
/// The format: `design/extension.go` of <https://github.com/fuseml/fuseml-core>.
///
/// ```
/// use hitchpost_registry_core::{Catalogue, import};
///
/// let text = b"id: mlflow-0001\nproduct: mlflow\nservices: [{id: api, resource: mlflow-tracking}]\n";
/// let imported = import::fuseml("mlflow.yaml", text, Catalogue::builtin());
/// assert_eq!(imported.records[0].name, "mlflow-0001");
/// assert_eq!(imported.records[0].instances[0].services[0].service_type, "mlflow-tracking");
/// ```
#[must_use]
pub fn fuseml(source: &str, bytes: &[u8], catalogue: &Catalogue) -> Imported {
    let document = match Document::parse(source, bytes) {
        Ok(document) => document,
        Err(findings) => {
            return Imported {
                records: Vec::new(),
                findings,
            };
        }
    };
    let (records, findings) = Reader::read(&document, catalogue, |reader, node| {
        let form = FusemlExtension::decode(node, &mut reader.context)?;
        let form = extension(form, node, &mut reader.context)?;
        Some((form.name.clone(), reader.extension(form)))
    });
    Imported { records, findings }
}

fn extension(
    form: FusemlExtension,
    node: &Node,
    context: &mut Context<'_>,
) -> Option<ExtensionForm> {
    let Some(name) = form.id.or_else(|| form.product.clone()) else {
        if matches!(node.value, NodeValue::Mapping(_)) {
            let help = Some("add `id: …`".to_owned());
            context.report(
                crate::Code::MissingKey,
                node,
                "neither `id` nor `product` is given".to_owned(),
                help,
            );
        }
        return None;
    };
    let given = form.services.unwrap_or_default();
    let mut uses: HashMap<Name, usize> = HashMap::new();
    for credentials in given
        .iter()
        .flat_map(|service| service.credentials.iter().flatten())
    {
        *uses.entry(credentials_id(credentials)).or_default() += 1;
    }
    let mut profiles = Vec::new();
    let services = given
        .into_iter()
        .filter_map(|form| service(form, &uses, &mut profiles, context))
        .collect();
    let located = |name: &str| {
        Some(Located {
            value: Name::new(name).ok()?,
            place: form.place.clone(),
        })
    };
    Some(ExtensionForm {
        name,
        product: form.product,
        description: form.description,
        labels: None,
        immutable: None,
        configuration: form.configuration,
        instances: vec![InstanceForm {
            name: located("default")?,
            version: form.version,
            version_scheme: None,
            location: form.zone,
            default: None,
            scope: None,
            project: None,
            projects: None,
            user: None,
            users: None,
            group: None,
            groups: None,
            workflow: None,
            workflows: None,
            configuration: None,
            services: Some(services),
            profiles: Some(profiles),
            place: form.place.clone(),
        }],
        place: form.place,
    })
}

fn credentials_id(credentials: &FusemlCredentials) -> Name {
    credentials
        .id
        .as_ref()
        .map_or_else(|| Name::fixed("default"), |id| id.value.clone())
}

fn service(
    form: FusemlService,
    uses: &HashMap<Name, usize>,
    profiles: &mut Vec<ProfileForm>,
    context: &mut Context<'_>,
) -> Option<ServiceForm> {
    let Some(name) = form.id.or_else(|| form.resource.clone()) else {
        let help = Some("add `id: …`".to_owned());
        let message = "a service has neither `id` nor `resource`".to_owned();
        context.report_at(crate::Code::MissingKey, &form.place, message, help);
        return None;
    };
    let credentials = form.credentials.unwrap_or_default();
    let auth = match (&form.auth_required, credentials.is_empty()) {
        (
            Some(Located {
                value: Flag(true), ..
            }),
            _,
        ) => Auth::Required,
        (_, false) => Auth::Optional,
        (_, true) => Auth::None,
    };
    let mut own = Vec::new();
    for credentials in credentials {
        let id = credentials_id(&credentials);
        let id = if uses.get(&id).is_some_and(|uses| *uses > 1) {
            joined(&name.value, &id)
        } else {
            id
        };
        let id = Located {
            value: id,
            place: credentials.place.clone(),
        };
        own.push(id.clone());
        profiles.push(profile(id, credentials));
    }
    let mut counts: HashMap<EndpointType, usize> = HashMap::new();
    let endpoints = form
        .endpoints
        .unwrap_or_default()
        .into_iter()
        .filter_map(|form| {
            let endpoint_type = form
                .endpoint_type
                .as_ref()
                .map_or(EndpointType::External, |kind| kind.value);
            let count = counts.entry(endpoint_type).or_default();
            *count += 1;
            let name = if *count == 1 {
                endpoint_type.to_string()
            } else {
                format!("{endpoint_type}-{count}")
            };
            Some(EndpointForm {
                name: Located {
                    value: Name::new(&name).ok()?,
                    place: form.place.clone(),
                },
                url: Some(form.url),
                endpoint_type: form.endpoint_type,
                default: None,
                profiles: None,
                configuration: form.configuration,
                place: form.place,
            })
        });
    Some(ServiceForm {
        name,
        service: form.resource,
        service_type: None,
        category: form.category,
        description: form.description,
        auth: Some(Located {
            value: auth,
            place: form.place.clone(),
        }),
        profiles: Some(own),
        configuration: form.configuration,
        endpoints: Some(endpoints.collect()),
        place: form.place,
    })
}

fn profile(name: Located<Name>, form: FusemlCredentials) -> ProfileForm {
    // FuseML looks at the lists only where the scope names them: projects in both narrow scopes.
    let scope = form
        .scope
        .as_ref()
        .map_or(Scope::Global, |scope| scope.value);
    let list = |list: Option<Vec<Located<Name>>>, read: bool| {
        list.filter(|_| read).map(crate::decode::OneOrMany)
    };
    ProfileForm {
        name,
        project: None,
        projects: list(form.projects, scope != Scope::Global),
        user: None,
        users: list(form.users, scope == Scope::User),
        group: None,
        groups: None,
        workflow: None,
        workflows: None,
        scope: form.scope,
        default: form.default,
        expires_at: None,
        configuration: form.configuration,
        place: form.place,
    }
}

/// `SERVICE-ID`, cut to the length of a name.
fn joined(service: &Name, id: &Name) -> Name {
    super::adapted(&format!("{service}-{id}"))
}
