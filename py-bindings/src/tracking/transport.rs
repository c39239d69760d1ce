//! Connections: how they are made, kept and given up.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use hitchpost::http::system_roots;
use pyo3::prelude::*;
use ureq::{
    Agent, Proxy,
    tls::{RootCerts, TlsConfig},
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{
            Buffers, ConnectionDetails, Connector, DefaultConnector, NextTimeout, Transport,
        },
    },
};

use super::{JSON, TrackingClient};

/// How long an address that was looked up is used.
const LOOKED_UP: Duration = Duration::from_secs(30);
/// How long the server is waited for before the user is asked whether to go on.
const ATTENTIVE: Duration = Duration::from_millis(100);
/// How long a connection is kept that nobody uses.
const KEPT: Duration = Duration::from_secs(15);

/// Whose certificates are trusted.
pub(super) enum Roots {
    /// Read when a connection is made, as that takes a while.
    System,
    These(RootCerts),
}

impl TrackingClient {
    /// What sends requests, and keeps connections.
    pub(super) fn new_agent(&self) -> Agent {
        let roots = match &self.roots {
            Roots::System => system_roots(),
            Roots::These(roots) => roots.clone(),
        };
        let proxy = self.is_proxied.then(Proxy::try_from_env).flatten();
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(proxy)
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .timeout_resolve(Some(self.connect_timeout))
            .timeout_connect(Some(self.connect_timeout))
            .timeout_per_read(Some(self.timeout))
            .timeout_per_write(Some(self.timeout))
            .max_idle_age(KEPT)
            .max_idle_connections(32)
            .max_idle_connections_per_host(32)
            .accept(JSON)
            .user_agent(concat!("hitchpost/", env!("CARGO_PKG_VERSION")))
            .build();
        let connector = Connecting(DefaultConnector::default());
        Agent::with_parts(config, connector, LookUp::default())
    }
}

/// Connects as usual, marks what fails before anything was sent, and lets waits be interrupted.
#[derive(Debug)]
struct Connecting(DefaultConnector);

impl Connector for Connecting {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<()>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        let connected = self.0.connect(details, chained);
        let connected = connected.map_err(NotConnected::marked)?;
        Ok(connected.map(|inner| Box::new(Attentive(inner)) as Box<dyn Transport>))
    }
}

/// A connection on which waiting for the server ends when a signal's handler raises, as that of
/// Ctrl-C does. The error is the exception.
#[derive(Debug)]
struct Attentive(Box<dyn Transport>);

impl Transport for Attentive {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.0.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.0.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        let limit = timeout.for_read();
        let until = Instant::now().checked_add(*limit.after);
        loop {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            let slice = left.map_or(ATTENTIVE, |left| left.min(ATTENTIVE));
            let next = NextTimeout {
                after: slice.into(),
                ..limit
            };
            match self.0.await_input(next) {
                Err(ureq::Error::Timeout(_)) if left.is_none_or(|left| left > slice) => {}
                Err(ureq::Error::Timeout(_)) => return Err(ureq::Error::Timeout(limit.reason)),
                other => return other,
            }
            // There is no Python any more while it ends.
            if let Some(Err(exception)) = Python::try_attach(|py| py.check_signals()) {
                return Err(ureq::Error::Other(Box::new(exception)));
            }
        }
    }

    fn is_open(&mut self) -> bool {
        self.0.is_open()
    }

    fn is_tls(&self) -> bool {
        self.0.is_tls()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("there is no connection")]
pub(super) struct NotConnected(pub(super) ureq::Error);

impl NotConnected {
    fn marked(error: ureq::Error) -> ureq::Error {
        ureq::Error::Other(Box::new(Self(error)))
    }
}

/// Looks the server's address up once in a while, rather than for each request.
#[derive(Debug, Default)]
struct LookUp {
    found: Mutex<Option<(Instant, ResolvedSocketAddrs)>>,
    inner: DefaultResolver,
}

impl Resolver for LookUp {
    fn resolve(
        &self,
        uri: &ureq::http::Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let lock = || self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, found)) = &*lock()
            && at.elapsed() < LOOKED_UP
        {
            return Ok(found.clone());
        }
        let found = self.inner.resolve(uri, config, timeout);
        let found = found.map_err(NotConnected::marked)?;
        *lock() = Some((Instant::now(), found.clone()));
        Ok(found)
    }
}
