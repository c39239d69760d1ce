use std::collections::{HashMap, HashSet};

use super::{Import, Imported, Tool, profile, public_url};
use crate::{
    catalogue::Catalogue,
    decode::shortened,
    diagnostic::Code,
    document::{Document, Node, NodeValue},
    name::Name,
    record::{ConfigurationEntry, Profile},
};

/// Reads a kubeconfig: one record for each cluster that a context names, with the service type
/// `kubernetes-api`, and in it one profile for each such context, named after it. The profile of
/// the current context is the default.
///
/// The cluster's certificate authority becomes configuration of the endpoint. A user's certificate,
/// key, token or password and the context's namespace become the profile; a `tokenFile` becomes a
/// `ref+file://` reference. `exec` and `auth-provider` plugins are reported, not run, and so are
/// paths of certificates, as nothing is read here.
///
/// The format: <https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/>.
#[must_use]
pub fn kubeconfig(source: &str, bytes: &[u8], catalogue: &Catalogue) -> Imported {
    let mut import = Import::new(source, catalogue);
    let document = match Document::parse(source, bytes) {
        Ok(document) => document,
        Err(findings) => {
            return Imported {
                records: Vec::new(),
                findings,
            };
        }
    };
    let Some(root) = document
        .roots
        .first()
        .filter(|root| matches!(root.value, NodeValue::Mapping(_)))
    else {
        let help = "give the file that `kubectl config view --raw` prints";
        import.report(
            Code::Empty,
            "",
            None,
            "this is no kubeconfig".to_owned(),
            help,
        );
        return import.finish();
    };
    let current = root.get("current-context").and_then(Node::as_str);
    let users: HashMap<&str, (usize, &Node)> = named(root, "users", "user")
        .map(|(index, name, user)| (name, (index, user)))
        .collect();
    let mut contexts: HashMap<&str, Vec<Context<'_>>> = HashMap::new();
    for (index, name, node) in named(root, "contexts", "context") {
        let context = Context {
            name,
            path: format!("/contexts/{index}"),
            node,
        };
        contexts
            .entry(text(node, "cluster").unwrap_or_default())
            .or_default()
            .push(context);
    }
    for (index, name, cluster) in named(root, "clusters", "cluster") {
        let path = format!("/clusters/{index}");
        let Some(contexts) = contexts.remove(name) else {
            let message = format!(
                "no context names the cluster `{}`; it was left out",
                shortened(name)
            );
            import.report(
                Code::NotImported,
                &path,
                Some(cluster.span),
                message,
                "add a context for it",
            );
            continue;
        };
        let accounts = contexts.iter().filter_map(|context| {
            account(&mut import, &users, context, current == Some(context.name))
        });
        let profiles = accounts.collect();
        record(&mut import, name, cluster, &path, profiles);
    }
    let mut lost: Vec<_> = contexts.into_values().flatten().collect();
    lost.sort_by_key(|context| context.node.span.start);
    for context in lost {
        let message = format!(
            "the context `{}` names no cluster of the file",
            shortened(context.name)
        );
        import.report(
            Code::NotImported,
            &context.path,
            Some(context.node.span),
            message,
            "add the cluster",
        );
    }
    import.finish()
}

struct Context<'d> {
    name: &'d str,
    path: String,
    node: &'d Node,
}

/// The items of a list of `{name, KEY: {…}}`.
fn named<'d>(
    root: &'d Node,
    list: &str,
    key: &'d str,
) -> impl Iterator<Item = (usize, &'d str, &'d Node)> {
    let items = match root.get(list).map(|list| &list.value) {
        Some(NodeValue::Sequence(items)) => items.as_slice(),
        _ => &[],
    };
    items
        .iter()
        .enumerate()
        .filter_map(move |(index, item)| Some((index, text(item, "name")?, item.get(key)?)))
}

fn text<'d>(node: &'d Node, key: &str) -> Option<&'d str> {
    node.get(key)
        .and_then(Node::as_str)
        .filter(|text| !text.is_empty())
}

fn record(
    import: &mut Import<'_>,
    name: &str,
    cluster: &Node,
    path: &str,
    mut profiles: Vec<Profile>,
) {
    let span = Some(cluster.span);
    let Some(url) = text(cluster, "server").and_then(public_url) else {
        let message = format!(
            "the cluster `{}` has no `server` that is a URL",
            shortened(name)
        );
        return import.report(
            Code::MissingUrl,
            path,
            span,
            message,
            "add `server: https://…`",
        );
    };
    let mut configuration = Vec::new();
    for (key, known) in [
        ("certificate-authority-data", "CERT_AUTH"),
        ("insecure-skip-tls-verify", "INSECURE"),
        ("tls-server-name", "tls-server-name"),
        ("proxy-url", "proxy-url"),
    ] {
        let value = if key == "insecure-skip-tls-verify" {
            text(cluster, key)
                .filter(|value| value.eq_ignore_ascii_case("true"))
                .map(|_| "true")
        } else {
            text(cluster, key)
        };
        let Some(value) = value.filter(|value| import.fits(known, value, path, span)) else {
            continue;
        };
        if crate::record::has_password(value) {
            let message = format!("`{key}` carries a password and was left out");
            import.report(
                Code::CredentialsInUrl,
                path,
                span,
                message,
                "put it into a profile",
            );
            continue;
        }
        configuration.push(ConfigurationEntry {
            name: known.to_owned(),
            value: value.to_owned(),
        });
    }
    if text(cluster, "certificate-authority").is_some() {
        let message = "`certificate-authority` is a path and was left out".to_owned();
        import.report(
            Code::NotImported,
            path,
            span,
            message,
            "flatten the file first: `kubectl config view --raw --flatten`",
        );
    }
    let mut seen = HashSet::new();
    profiles.retain(|profile| seen.insert(profile.name.clone()));
    let name = import.record_name(name, path, span);
    import.push(Tool {
        name,
        product: Name::fixed("kubernetes"),
        description: String::new(),
        service_type: Name::fixed("kubernetes-api"),
        url: Some(url),
        configuration,
        profiles,
    });
}

/// The profile of a context; none where the user has nothing that can be kept.
fn account(
    import: &mut Import<'_>,
    users: &HashMap<&str, (usize, &Node)>,
    context: &Context<'_>,
    default: bool,
) -> Option<Profile> {
    let wanted = text(context.node, "user")?;
    let Some((index, user)) = users.get(wanted).copied() else {
        let message = format!(
            "the context `{}` names no user of the file",
            shortened(context.name)
        );
        import.report(
            Code::NotImported,
            &context.path,
            Some(context.node.span),
            message,
            "add the user",
        );
        return None;
    };
    let (user_path, span) = (format!("/users/{index}"), Some(user.span));
    for (key, why, help) in [
        (
            "exec",
            "runs a command",
            "register a token, or a `ref+` reference to one",
        ),
        (
            "auth-provider",
            "runs a plugin",
            "register a token, or a `ref+` reference to one",
        ),
        (
            "client-certificate",
            "is a path",
            "flatten the file first: `kubectl config view --raw --flatten`",
        ),
        (
            "client-key",
            "is a path",
            "flatten the file first: `kubectl config view --raw --flatten`",
        ),
        (
            "as",
            "acts for another user",
            "a record has no place for it",
        ),
    ] {
        if user.get(key).is_some_and(|node| !node.is_null()) {
            let message = format!(
                "`{key}` of the user `{}` {why} and was left out",
                shortened(wanted)
            );
            import.report(Code::NotImported, &user_path, span, message, help);
        }
    }
    let mut secrets = Vec::new();
    for (key, known) in [
        ("client-certificate-data", "CLIENT_CERT"),
        ("client-key-data", "CLIENT_KEY"),
        ("token", "TOKEN"),
        ("username", "username"),
        ("password", "password"),
    ] {
        if let Some(value) =
            text(user, key).filter(|value| import.fits(known, value, &user_path, span))
        {
            secrets.push((known.to_owned(), value.to_owned()));
        }
    }
    if let Some(file) = text(user, "tokenFile").filter(|_| text(user, "token").is_none()) {
        if file.starts_with('/') {
            secrets.push(("TOKEN".to_owned(), format!("ref+file://{file}")));
        } else {
            let message = "`tokenFile` is a relative path and was left out".to_owned();
            import.report(
                Code::NotImported,
                &user_path,
                span,
                message,
                "write the whole path",
            );
        }
    }
    if secrets.is_empty() {
        return None;
    }
    if let Some(namespace) = text(context.node, "namespace") {
        secrets.push(("namespace".to_owned(), namespace.to_owned()));
    }
    Some(profile(
        import.name(context.name, &context.path, Some(context.node.span)),
        default,
        secrets,
    ))
}
