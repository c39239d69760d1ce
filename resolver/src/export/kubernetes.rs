use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use super::{ExportError, ExportFile, Variables};

/// How the objects are called.
#[derive(Debug, Clone, Default)]
pub struct KubernetesOptions {
    /// The name of both objects: an RFC 1123 subdomain.
    pub name: String,
    /// Their namespace: an RFC 1123 label. Without it, that of whoever applies them.
    pub namespace: Option<String>,
    /// Their labels, beside `app.kubernetes.io/managed-by: hitchpost`.
    pub labels: BTreeMap<String, String>,
}

/// What a step needs to run in Kubernetes, each as YAML.
#[derive(Debug, Clone)]
pub struct Kubernetes {
    /// A Secret with the values that are secret; none when no value is.
    pub secret: Option<SecretString>,
    /// A ConfigMap with those that are not; none when every value is secret.
    pub config_map: Option<SecretString>,
    /// The list for the `env:` of the step's container. It refers to the objects, so that no
    /// value stands in it.
    pub env: String,
}

/// The variables as a Secret, a ConfigMap and the `env:` of a container, which refers to them.
///
/// The objects are of the API version `v1`; see
/// <https://kubernetes.io/docs/concepts/configuration/secret/>. Texts that YAML 1.1 reads as
/// something else are quoted, as Kubernetes does read them so.
///
/// # Errors
/// When a variable may not be set, its value has the character U+0000, or a name or label is none
/// of Kubernetes.
pub fn kubernetes(
    variables: &Variables,
    options: &KubernetesOptions,
) -> Result<Kubernetes, ExportError> {
    if !is_dns_name(&options.name, 253, true) {
        let (what, dots) = ("object", " and `.`");
        return Err(ExportError::ObjectName {
            name: options.name.clone(),
            what,
            dots,
            longest: 253,
        });
    }
    if let Some(name) = options
        .namespace
        .as_ref()
        .filter(|name| !is_dns_name(name, 63, false))
    {
        return Err(ExportError::ObjectName {
            name: name.clone(),
            what: "namespace",
            dots: "",
            longest: 63,
        });
    }
    if let Some((key, value)) = options
        .labels
        .iter()
        .find(|(key, value)| !is_label(key, value))
    {
        return Err(ExportError::Label {
            label: format!("{key}={value}"),
        });
    }
    let (mut secrets, mut public, mut env) = (Map::new(), Map::new(), Vec::new());
    for ((name, value), variable) in variables
        .checked("Kubernetes")?
        .into_iter()
        .zip(variables.iter())
    {
        let from = if variable.is_secret {
            secrets.insert(name.to_owned(), STANDARD.encode(value).into());
            "secretKeyRef"
        } else {
            public.insert(name.to_owned(), value.into());
            "configMapKeyRef"
        };
        env.push(
            json!({ "name": name, "valueFrom": { from: { "name": options.name, "key": name } } }),
        );
    }
    let object = |kind: &str, data: Map<String, Value>| {
        if data.is_empty() {
            return Ok(None);
        }
        let mut object = json!({ "apiVersion": "v1", "kind": kind, "metadata": metadata(options) });
        if let Some(object) = object.as_object_mut() {
            if kind == "Secret" {
                object.insert("type".to_owned(), "Opaque".into());
            }
            object.insert("data".to_owned(), data.into());
        }
        yaml(&object).map(|text| Some(SecretString::from(text)))
    };
    Ok(Kubernetes {
        secret: object("Secret", secrets)?,
        config_map: object("ConfigMap", public)?,
        env: yaml(&env)?,
    })
}

impl Kubernetes {
    /// Both objects as one stream of YAML, for `kubectl apply -f -`.
    #[must_use]
    pub fn manifest(&self) -> SecretString {
        let objects = self
            .secret
            .iter()
            .chain(&self.config_map)
            .map(ExposeSecret::expose_secret);
        SecretString::from(objects.collect::<Vec<_>>().join("---\n"))
    }

    /// The files `secret.yaml` (mode 0600), `configmap.yaml` and `env.yaml`.
    #[must_use]
    pub fn files(&self) -> Vec<ExportFile> {
        let file = |path: &str, content: SecretString, mode| ExportFile {
            path: path.to_owned(),
            content,
            mode,
        };
        let secret = self
            .secret
            .clone()
            .map(|content| file("secret.yaml", content, 0o600));
        let config_map = self
            .config_map
            .clone()
            .map(|content| file("configmap.yaml", content, 0o644));
        let env = file("env.yaml", SecretString::from(self.env.as_str()), 0o644);
        secret.into_iter().chain(config_map).chain([env]).collect()
    }
}

fn metadata(options: &KubernetesOptions) -> Value {
    let mut labels = BTreeMap::from([("app.kubernetes.io/managed-by", "hitchpost")]);
    labels.extend(
        options
            .labels
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str())),
    );
    let mut metadata = json!({ "name": options.name, "labels": labels });
    if let (Some(metadata), Some(namespace)) = (metadata.as_object_mut(), &options.namespace) {
        metadata.insert("namespace".to_owned(), namespace.as_str().into());
    }
    metadata
}

fn yaml(value: &impl serde::Serialize) -> Result<String, ExportError> {
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    serde_saphyr::to_string_with_options(value, options).map_err(|error| ExportError::Yaml {
        message: error.to_string(),
    })
}

/// Labels joined by dots, where they are allowed; RFC 1123 as Kubernetes reads it.
fn is_dns_name(name: &str, longest: usize, dots: bool) -> bool {
    let is_label = |label: &str| {
        let allowed = label
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        allowed && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
    };
    name.len() <= longest
        && if dots {
            name.split('.').all(is_label)
        } else {
            is_label(name)
        }
}

/// <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set>
fn is_label(key: &str, value: &str) -> bool {
    let is_word = |word: &str| {
        let edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = word.as_bytes();
        let allowed = bytes
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b));
        allowed && word.len() <= 63 && edge(bytes.first()) && edge(bytes.last())
    };
    let is_key = match key.split_once('/') {
        Some((prefix, name)) => is_dns_name(prefix, 253, true) && is_word(name),
        None => is_word(key),
    };
    is_key && (value.is_empty() || is_word(value))
}
