//! HTTP as this library speaks it: certificates are always checked, redirects are never followed,
//! and every request ends in time.

use std::{
    env, io,
    net::{Ipv4Addr, Ipv6Addr},
    sync::LazyLock,
    time::Duration,
};

use ureq::{
    Agent, Error, Proxy,
    http::HeaderValue,
    tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem},
};
use url::{Host, Url};

/// The time that it may take to connect.
pub(crate) const CONNECT: Duration = Duration::from_secs(5);

/// What sends requests to a URL's server, trusts these authorities, and takes no longer than this.
pub(crate) fn agent(url: &Url, roots: RootCerts, timeout: Duration) -> Agent {
    // A proxy would read what is sent over plain http, and has a loopback of its own.
    let proxied = url.scheme() == "https" && !is_loopback(url);
    let proxy = proxied.then(Proxy::try_from_env).flatten();
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(proxy)
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .timeout_connect(Some(CONNECT.min(timeout)))
        .timeout_global(Some(timeout))
        .user_agent(concat!("hitchpost/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent()
}

/// The certificate authorities that the system trusts, or those of `SSL_CERT_FILE` and
/// `SSL_CERT_DIR`; on a system that has none, Mozilla's.
pub fn system_roots() -> RootCerts {
    static ROOTS: LazyLock<RootCerts> = LazyLock::new(|| {
        let found = rustls_native_certs::load_native_certs().certs;
        let given = ["SSL_CERT_FILE", "SSL_CERT_DIR"];
        if found.is_empty() && !given.iter().any(|name| env::var_os(name).is_some()) {
            return RootCerts::WebPki;
        }
        let owned = found
            .iter()
            .map(|der| Certificate::from_der(der).to_owned());
        owned.collect::<Vec<_>>().into()
    });
    ROOTS.clone()
}

/// The certificate authorities of a PEM text; none when there is no certificate in it.
pub fn roots_of(pem: &[u8]) -> Option<RootCerts> {
    let certificates: Vec<_> = parse_pem(pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    (!certificates.is_empty()).then(|| certificates.into())
}

/// A header's value that no log shows; none when it cannot be sent.
pub fn secret_header(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Whether a URL stays on this machine. `localhost` does by RFC 6761, section 6.3.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => Ipv4Addr::is_loopback(&address),
        Some(Host::Ipv6(address)) => Ipv6Addr::is_loopback(&address),
        None => false,
    }
}

/// Why there is no answer. Nothing of what was sent or received is in it.
pub fn reason(error: &Error) -> String {
    match error {
        Error::Timeout(_) => "no answer in time".to_owned(),
        Error::HostNotFound => "the host is not known".to_owned(),
        Error::Io(error) => io_reason(error),
        Error::Rustls(error) => error.to_string(),
        Error::Tls(reason) => (*reason).to_owned(),
        Error::ConnectProxyFailed(_) | Error::InvalidProxyUrl => "the proxy refuses".to_owned(),
        Error::ConnectionFailed => "the connection fails".to_owned(),
        Error::Http(_) | Error::BadUri(_) => "the request cannot be sent".to_owned(),
        _ => "the answer is not HTTP".to_owned(),
    }
}

/// What the system says, in the words of this library where it has some.
pub(crate) fn io_reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "the connection is refused".to_owned(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof => {
            "the connection is closed without an answer".to_owned()
        }
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => "no answer in time".to_owned(),
        _ => error.to_string(),
    }
}
