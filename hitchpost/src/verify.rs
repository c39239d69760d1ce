//! Seeing whether registered services live, from where this runs.

use std::{
    net::{TcpStream, ToSocketAddrs},
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use hitchpost_registry_core::{CatalogueService, EndpointType, Extension, HealthCheck, Name};
use hitchpost_resolver::{
    Binding, BoundEndpoint, Requirement, Resolution, ResolveOptions, RunContext, Selector,
    Snapshot, Value,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, Serializer};
use ureq::{http::HeaderValue, tls::RootCerts};
use url::Url;
use zeroize::Zeroizing;

use crate::{Registry, http, reference, registry::timed};

/// How many endpoints are checked at a time.
const PARALLEL: usize = 16;

/// What a health check found. Serialises with `outcome` as its tag; no secret is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EndpointReport {
    /// The record.
    pub extension: Name,
    /// The installation.
    pub instance: Name,
    /// The service.
    pub service: Name,
    /// The endpoint.
    pub endpoint: Name,
    /// The endpoint's URL.
    pub url: Option<String>,
    /// What became of the stored credentials.
    pub credentials: Credentials,
    /// How the service does.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What became of the stored credentials in a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Credentials {
    /// There are none, or the check has no use for them.
    None,
    /// They were sent.
    Sent,
    /// They were not sent, as they would have crossed the network in the clear.
    Withheld,
}

/// How a service does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
#[non_exhaustive]
pub enum Outcome {
    /// It answers, and over HTTP with a status from 200 to 299.
    Healthy {
        /// The HTTP status; none where only a connection was made.
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        /// How long the answer took; in milliseconds as `elapsed_ms` in JSON.
        #[serde(rename = "elapsed_ms", serialize_with = "milliseconds")]
        elapsed: Duration,
    },
    /// It answers with another HTTP status. Redirects are not followed.
    Unhealthy {
        /// The HTTP status.
        status: u16,
    },
    /// It does not answer, or cannot be trusted.
    Unreachable {
        /// Why.
        reason: String,
    },
    /// It was not checked, or the check means nothing.
    Skipped {
        /// Why.
        reason: String,
    },
}

impl Registry {
    /// Makes the catalogue's health check at the endpoint of every binding, several at a time,
    /// and reports in the order of the bindings; those without an endpoint are left out.
    ///
    /// A check gets `timeout` for all of it, and at most 5 seconds of that to connect.
    ///
    /// HTTP checks carry the stored credentials: user and password (basic authentication, RFC
    /// 7617) where the configuration has both, else the token (RFC 6750), under the names and
    /// aliases that the catalogue gives to `username`, `password` and `token`. Keys that sign
    /// requests are never sent. Credentials go over https, over plain http to this machine, and
    /// over plain http to an internal endpoint, which is in the caller's own zone; to any other
    /// they are withheld. Plain http uses no proxy, and neither does what stays on this machine.
    ///
    /// Certificates are always checked: against the certificate authority in the configuration
    /// (`CERT_AUTH`, `AWS_CA_BUNDLE`, `VAULT_CACERT`, …: PEM, base64 of it, or the path of a
    /// file), else against those of the system, or of `SSL_CERT_FILE`.
    #[must_use]
    pub fn verify(&self, resolution: &Resolution, timeout: Duration) -> Vec<EndpointReport> {
        let checks = resolution.bindings.iter().filter_map(|binding| {
            let endpoint = binding.endpoint.as_ref()?;
            Some(Check::Bound(binding, endpoint))
        });
        self.run(&checks.collect::<Vec<_>>(), timeout)
    }

    /// As [`Registry::verify`], for every endpoint of a record, which need not be in the registry
    /// but must be sealed with its keys.
    ///
    /// Each endpoint is resolved for the caller. One that the caller may not use, or cannot reach
    /// (an internal one of another zone), is skipped: its address could be somebody else's here,
    /// who would then get the credentials.
    #[must_use]
    pub fn verify_extension(
        &self,
        extension: &Extension,
        caller: &RunContext,
        timeout: Duration,
    ) -> Vec<EndpointReport> {
        let catalogue = std::sync::Arc::new(self.snapshot().catalogue().clone());
        let snapshot = Snapshot::build(1, [(extension, 1)], catalogue);
        let caller = timed(caller);
        let places: Vec<_> = extension
            .instances
            .iter()
            .flat_map(|instance| {
                instance
                    .services
                    .iter()
                    .map(move |service| (instance, service))
            })
            .flat_map(|(instance, service)| {
                service
                    .endpoints
                    .iter()
                    .map(move |endpoint| (instance, service, endpoint))
            })
            .map(|(instance, service, endpoint)| {
                let requirement = Requirement::new(Selector {
                    extension: Some(extension.name.clone()),
                    instance: Some(instance.name.clone()),
                    service_name: Some(service.name.clone()),
                    endpoint: Some(endpoint.name.clone()),
                    ..Selector::default()
                });
                let options = ResolveOptions::default();
                let resolution = snapshot.resolve(&[requirement], &caller, options);
                (instance, service, endpoint, resolution)
            })
            .collect();
        let checks = places
            .iter()
            .map(|(instance, service, endpoint, resolution)| {
                let bound = resolution.bindings.first();
                match bound.and_then(|binding| Some((binding, binding.endpoint.as_ref()?))) {
                    // An endpoint may bear the name of the other's type.
                    Some((binding, bound)) if bound.name == endpoint.name => {
                        Check::Bound(binding, bound)
                    }
                    _ => Check::Unbound(EndpointReport {
                        extension: extension.name.clone(),
                        instance: instance.name.clone(),
                        service: service.name.clone(),
                        endpoint: endpoint.name.clone(),
                        url: endpoint.url.clone(),
                        credentials: Credentials::None,
                        outcome: skipped(resolution.failures.first().map_or_else(
                            || "another endpoint is chosen".to_owned(),
                            |failure| failure.message.clone(),
                        )),
                    }),
                }
            });
        self.run(&checks.collect::<Vec<_>>(), timeout)
    }

    fn run(&self, checks: &[Check<'_>], timeout: Duration) -> Vec<EndpointReport> {
        let next = AtomicUsize::new(0);
        let reports = Mutex::new(Vec::with_capacity(checks.len()));
        thread::scope(|scope| {
            for _ in 0..checks.len().min(PARALLEL) {
                scope.spawn(|| {
                    while let Some((index, check)) = {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        checks.get(index).map(|check| (index, check))
                    } {
                        let report = match check {
                            Check::Bound(binding, endpoint) => {
                                self.check(binding, endpoint, timeout)
                            }
                            Check::Unbound(report) => report.clone(),
                        };
                        let mut reports = reports.lock().unwrap_or_else(PoisonError::into_inner);
                        reports.push((index, report));
                    }
                });
            }
        });
        let mut reports = reports.into_inner().unwrap_or_else(PoisonError::into_inner);
        reports.sort_by_key(|(index, _)| *index);
        reports.into_iter().map(|(_, report)| report).collect()
    }

    fn check(
        &self,
        binding: &Binding,
        endpoint: &BoundEndpoint,
        timeout: Duration,
    ) -> EndpointReport {
        let found = self.outcome(binding, endpoint, timeout);
        let (credentials, outcome) =
            found.unwrap_or_else(|reason| (Credentials::None, skipped(reason)));
        EndpointReport {
            extension: binding.extension.clone(),
            instance: binding.instance.clone(),
            service: binding.service.clone(),
            endpoint: endpoint.name.clone(),
            url: endpoint.url.clone(),
            credentials,
            outcome,
        }
    }

    /// The outcome, or why there is nothing to check.
    fn outcome(
        &self,
        binding: &Binding,
        endpoint: &BoundEndpoint,
        timeout: Duration,
    ) -> Result<(Credentials, Outcome), String> {
        let known = self
            .snapshot()
            .catalogue()
            .service_type(binding.service_type.as_str());
        let known = known
            .ok_or_else(|| format!("the catalogue does not know `{}`", binding.service_type))?;
        let health = known.health.as_ref().ok_or_else(|| {
            format!(
                "the catalogue has no health check for `{}`",
                binding.service_type
            )
        })?;
        let url = endpoint.url.as_deref().ok_or("the endpoint has no URL")?;
        let url = Url::parse(url).map_err(|_| "the endpoint's URL cannot be read".to_owned())?;
        match health {
            HealthCheck::Tcp => Ok((Credentials::None, connect(&url, known.port, timeout)?)),
            HealthCheck::Http(path) if matches!(url.scheme(), "http" | "https") => {
                let account = Account {
                    registry: self,
                    binding,
                    known,
                };
                account.ask(&below(&url, path), endpoint.endpoint_type, timeout)
            }
            HealthCheck::Http(_) => Err(format!(
                "the health check speaks HTTP, and the endpoint `{}`",
                url.scheme()
            )),
            _ => Err("the health check is of a kind that is not known here".to_owned()),
        }
    }
}

/// An endpoint to check, or what is known of it without.
enum Check<'r> {
    Bound(&'r Binding, &'r BoundEndpoint),
    Unbound(EndpointReport),
}

/// The configuration by which a service is reached.
struct Account<'r> {
    registry: &'r Registry,
    binding: &'r Binding,
    known: &'r CatalogueService,
}

impl Account<'_> {
    fn ask(
        &self,
        url: &Url,
        endpoint_type: EndpointType,
        timeout: Duration,
    ) -> Result<(Credentials, Outcome), String> {
        let roots = self.roots()?;
        let is_private = url.scheme() == "https"
            || http::is_loopback(url)
            || endpoint_type == EndpointType::Internal;
        let authorization = self.authorization()?;
        let credentials = match &authorization {
            None => Credentials::None,
            Some(_) if is_private => Credentials::Sent,
            Some(_) => Credentials::Withheld,
        };
        let mut request = http::agent(url, roots, timeout).get(url.as_str());
        if let Some(header) = authorization.filter(|_| is_private) {
            request = request.header("Authorization", header);
        }
        let start = Instant::now();
        let outcome = match request.call() {
            Ok(answer) => match answer.status().as_u16() {
                status @ 200..=299 => Outcome::Healthy {
                    status: Some(status),
                    elapsed: start.elapsed(),
                },
                status @ (401 | 403) if credentials == Credentials::Withheld => skipped(format!(
                    "it answers {status}, as the credentials were not sent: plain http would show \
                     them to others"
                )),
                status => Outcome::Unhealthy { status },
            },
            Err(error) => Outcome::Unreachable {
                reason: http::reason(&error),
            },
        };
        Ok((credentials, outcome))
    }

    /// The `Authorization` header of the stored credentials.
    fn authorization(&self) -> Result<Option<HeaderValue>, String> {
        let header = match (self.role(&["username", "user"])?, self.role(&["password"])?) {
            (Some(user), Some(password)) => {
                let pair = format!("{}:{}", user.expose_secret(), password.expose_secret());
                let pair = Zeroizing::new(pair);
                let encoded = Zeroizing::new(BASE64_STANDARD.encode(pair.as_bytes()));
                Zeroizing::new(format!("Basic {}", *encoded))
            }
            _ => match self.role(&["token"])? {
                Some(token) => Zeroizing::new(format!("Bearer {}", token.expose_secret())),
                None => return Ok(None),
            },
        };
        http::secret_header(&header)
            .map(Some)
            .ok_or_else(|| "the stored token has characters that cannot be sent".to_owned())
    }

    /// The value of the first key that plays one of these roles, by its own name or the
    /// catalogue's aliases; never of one that signs requests.
    fn role(&self, roles: &[&str]) -> Result<Option<SecretString>, String> {
        let plays = |name: &str| {
            let key = self
                .known
                .configuration
                .iter()
                .find(|key| key.is_called(name));
            key.map_or(roles.contains(&name), |key| {
                let signs = key.is_called("secret_key") || key.is_called("access_key");
                !signs && roles.iter().any(|role| key.is_called(role))
            })
        };
        self.value(plays)
    }

    fn value(&self, is_meant: impl Fn(&str) -> bool) -> Result<Option<SecretString>, String> {
        let mut entries = self.binding.configuration.iter();
        let Some(entry) = entries.find(|entry| is_meant(&entry.name)) else {
            return Ok(None);
        };
        match &entry.value {
            Value::Public(text) => Ok(Some(text.as_str().into())),
            Value::Secret(secret) => {
                let opened = self.registry.reveal(secret);
                let opened = opened.map_err(|error| format!("`{}`: {error}", entry.name))?;
                Ok(Some(opened))
            }
        }
    }

    /// Whom to trust: the configured certificate authority alone, else the system's.
    fn roots(&self) -> Result<RootCerts, String> {
        /// Names and aliases of the catalogue for a certificate authority.
        const AUTHORITIES: &[&str] = &[
            "AWS_CA_BUNDLE",
            "CA_CERT",
            "CERT_AUTH",
            "GIT_SSL_CAINFO",
            "MLFLOW_TRACKING_SERVER_CERT_PATH",
            "PREFECT_API_SSL_CERT_FILE",
            "REQUESTS_CA_BUNDLE",
            "SSL_CERT_FILE",
            "VAULT_CACERT",
            "ca_bundle",
            "ca_cert",
            "certificate_authority",
        ];
        let Some(value) = self.value(|name| AUTHORITIES.contains(&name))? else {
            return Ok(http::system_roots());
        };
        let value = value.expose_secret().trim();
        if let Some(roots) = http::roots_of(value.as_bytes()) {
            return Ok(roots);
        }
        let decoded = BASE64_STANDARD.decode(value).ok();
        if let Some(roots) = decoded.and_then(|pem| http::roots_of(&pem)) {
            return Ok(roots);
        }
        let file = reference::content(Path::new(value)).ok();
        file.and_then(|pem| http::roots_of(&pem)).ok_or_else(|| {
            "the configured certificate authority is neither PEM, nor base64 of it, nor a PEM file \
             on this machine"
                .to_owned()
        })
    }
}

/// A path below a URL.
fn below(url: &Url, path: &str) -> Url {
    let mut joined = url.clone();
    joined.set_path(&format!(
        "{}/{}",
        url.path().trim_end_matches('/'),
        path.trim_start_matches('/')
    ));
    joined.set_query(None);
    joined.set_fragment(None);
    joined
}

fn connect(url: &Url, port: Option<u16>, timeout: Duration) -> Result<Outcome, String> {
    let host = url.host_str().ok_or("the endpoint's URL has no host")?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = url.port_or_known_default().or(port);
    let port = port.ok_or("the endpoint's URL has no port, and the catalogue none either")?;
    let start = Instant::now();
    let unreachable = |reason| Ok(Outcome::Unreachable { reason });
    let Ok(addresses) = (host, port).to_socket_addrs() else {
        return unreachable("the host is not known".to_owned());
    };
    let mut reason = "the host has no address".to_owned();
    for address in addresses {
        let left = timeout.min(http::CONNECT).saturating_sub(start.elapsed());
        if left.is_zero() {
            return unreachable("no answer in time".to_owned());
        }
        match TcpStream::connect_timeout(&address, left) {
            Ok(_) => {
                return Ok(Outcome::Healthy {
                    status: None,
                    elapsed: start.elapsed(),
                });
            }
            Err(error) => reason = http::io_reason(&error),
        }
    }
    unreachable(reason)
}

const fn skipped(reason: String) -> Outcome {
    Outcome::Skipped { reason }
}

fn milliseconds<S: Serializer>(elapsed: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX))
}
