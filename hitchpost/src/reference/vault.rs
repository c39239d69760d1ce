//! Secrets of a Vault server's key-value engines, both versions.
//!
//! Sources: <https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#read-secret-version>,
//! <https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v1#read-secret>,
//! <https://developer.hashicorp.com/vault/docs/commands#environment-variables>; which engine a
//! path belongs to is asked as Vault's own command line does, at `sys/internal/ui/mounts`.

use std::{
    env,
    path::{Path, PathBuf},
    time::Duration,
};

use hitchpost_registry_core::Reference;
use secrecy::{ExposeSecret, SecretString};
use ureq::{Agent, http::HeaderValue};
use url::Url;
use zeroize::Zeroizing;

use super::{
    Fetched, MAX_BYTES, ReferenceFailure,
    file::{bounded, content, text},
    only, select,
};
use crate::http;

/// The time that a request may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Reads a secret with all its keys.
///
/// Parameters: `address`, or `proto` and `host`; `namespace`; `token_env` or `token_file`;
/// `version` (of an engine of version 2). Without them: `VAULT_ADDR`, `VAULT_NAMESPACE`,
/// `VAULT_TOKEN`, `VAULT_TOKEN_FILE`, `~/.vault-token`. `VAULT_CACERT` names the certificate
/// authority, else the system's are trusted; certificates are always checked.
pub(super) fn read(reference: &Reference, path: &str) -> Result<Fetched, ReferenceFailure> {
    let known = [
        "address",
        "proto",
        "host",
        "namespace",
        "token_env",
        "token_file",
        "version",
    ];
    only(reference, &known)?;
    let server = Server::of(reference)?;
    let path = path.trim_matches('/');
    let version = reference.parameter("version");
    let Some(mount) = server.mount(path)? else {
        return server.secret(path, None, "/data");
    };
    let rest = path
        .strip_prefix(mount.as_str())
        .unwrap_or(path)
        .trim_matches('/');
    let read = |rest: &str| {
        let path = format!("{mount}/{rest}");
        server.secret(&path, version.as_deref(), "/data/data")
    };
    match read(&format!("data/{rest}")) {
        // What Vault's HTTP API calls the path has `data/` in it already.
        Err(ReferenceFailure::NoSecret { .. } | ReferenceFailure::Status { status: 403, .. })
            if rest.starts_with("data/") =>
        {
            read(rest)
        }
        result => result,
    }
}

struct Server {
    url: Url,
    agent: Agent,
    token: HeaderValue,
    namespace: Option<String>,
}

impl Server {
    fn of(reference: &Reference) -> Result<Self, ReferenceFailure> {
        let url = address(reference)?;
        let roots = match variable("VAULT_CACERT") {
            Some(path) => {
                let path = PathBuf::from(path);
                http::roots_of(&content(&path)?).ok_or(ReferenceFailure::Value {
                    parameter: "VAULT_CACERT",
                    expected: "the path of a PEM file with a certificate",
                })?
            }
            None => http::system_roots(),
        };
        let token = token(reference)?;
        let header = http::secret_header(token.expose_secret().trim());
        Ok(Self {
            agent: http::agent(&url, roots, TIMEOUT),
            url,
            token: header.ok_or(ReferenceFailure::MalformedToken)?,
            namespace: reference
                .parameter("namespace")
                .or_else(|| variable("VAULT_NAMESPACE")),
        })
    }

    /// Where the engine of version 2 is mounted to which a path belongs; none for version 1.
    fn mount(&self, path: &str) -> Result<Option<String>, ReferenceFailure> {
        let answer = match self.get(&format!("sys/internal/ui/mounts/{path}"), None) {
            Ok(answer) => answer,
            // A server from before version 2.
            Err(ReferenceFailure::NoSecret { .. }) => return Ok(None),
            Err(failure) => return Err(failure),
        };
        let field = |pointer| select(answer.expose_secret(), "/data", pointer).ok();
        let is_2 = field("/options/version").is_some_and(|version| version.expose_secret() == "2");
        let mount = field("/path").filter(|_| is_2);
        Ok(mount.map(|mount| mount.expose_secret().trim_matches('/').to_owned()))
    }

    fn secret(
        &self,
        path: &str,
        version: Option<&str>,
        root: &'static str,
    ) -> Result<Fetched, ReferenceFailure> {
        let text = self.get(path, version)?;
        let lease = select(text.expose_secret(), "", "/lease_duration").ok();
        let lease = lease.and_then(|lease| lease.expose_secret().parse().ok());
        Ok(Fetched {
            text,
            root,
            lease: lease.filter(|lease| *lease > 0).map(Duration::from_secs),
        })
    }

    fn get(&self, path: &str, version: Option<&str>) -> Result<SecretString, ReferenceFailure> {
        let mut url = self.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("v1").extend(path.split('/'));
        }
        if let Some(version) = version {
            url.query_pairs_mut().append_pair("version", version);
        }
        let mut request = self
            .agent
            .get(url.as_str())
            .header("X-Vault-Request", "true")
            .header("X-Vault-Token", &self.token);
        if let Some(namespace) = &self.namespace {
            request = request.header("X-Vault-Namespace", namespace);
        }
        let server = || self.url.origin().ascii_serialization();
        let mut answer = request
            .call()
            .map_err(|error| ReferenceFailure::Unreachable {
                server: server(),
                reason: http::reason(&error),
            })?;
        match answer.status().as_u16() {
            200 => {}
            404 => return Err(ReferenceFailure::NoSecret { server: server() }),
            status => {
                return Err(ReferenceFailure::Status {
                    server: server(),
                    status,
                });
            }
        }
        let body = answer.body_mut().with_config().limit(2 * MAX_BYTES as u64);
        let body: Zeroizing<Vec<u8>> = bounded(body.reader())
            .map_err(|error| ReferenceFailure::Unreachable {
                server: server(),
                reason: http::io_reason(&error),
            })?
            .ok_or(ReferenceFailure::TooLarge)?;
        Ok(text(&body)?.into())
    }
}

/// The server's address. The token goes over plain http to this machine only, and to the server
/// that `VAULT_ADDR` names: a record cannot have it sent in the clear.
fn address(reference: &Reference) -> Result<Url, ReferenceFailure> {
    let given = reference.parameter("address").or_else(|| {
        let host = reference.parameter("host")?;
        let proto = reference.parameter("proto");
        Some(format!("{}://{host}", proto.as_deref().unwrap_or("https")))
    });
    let set_up = variable("VAULT_ADDR");
    let malformed = |parameter| ReferenceFailure::Value {
        parameter,
        expected: "an http or https URL",
    };
    let parse = |text: &str| {
        let url = Url::parse(text).ok()?;
        (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
    };
    let set_up = match &set_up {
        Some(text) => Some(parse(text).ok_or(malformed("VAULT_ADDR"))?),
        None => None,
    };
    let url = match (given, &set_up) {
        (Some(text), _) => parse(&text).ok_or(malformed("address"))?,
        (None, Some(url)) => url.clone(),
        (None, None) => return Err(ReferenceFailure::NoAddress),
    };
    let is_set_up = set_up.is_some_and(|set_up| set_up.origin() == url.origin());
    if url.scheme() == "http" && !http::is_loopback(&url) && !is_set_up {
        return Err(ReferenceFailure::Plaintext {
            server: url.origin().ascii_serialization(),
        });
    }
    Ok(url)
}

fn token(reference: &Reference) -> Result<SecretString, ReferenceFailure> {
    if let Some(name) = reference.parameter("token_env") {
        return super::environment::variable(&name);
    }
    if let Some(path) = reference.parameter("token_file") {
        let path = match (path.strip_prefix("~/"), variable("HOME")) {
            (Some(rest), Some(home)) => Path::new(&home).join(rest),
            _ => PathBuf::from(path),
        };
        return Ok(text(&content(&path)?)?.into());
    }
    if let Some(token) = variable("VAULT_TOKEN") {
        return Ok(token.into());
    }
    let file = variable("VAULT_TOKEN_FILE").map(PathBuf::from);
    let in_home = || Some(Path::new(&variable("HOME")?).join(".vault-token"));
    let file = file.or_else(in_home).ok_or(ReferenceFailure::NoToken)?;
    let token = content(&file).map_err(|_| ReferenceFailure::NoToken)?;
    if token.trim_ascii().is_empty() {
        return Err(ReferenceFailure::NoToken);
    }
    Ok(text(&token)?.into())
}

/// A variable that is set to something.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
