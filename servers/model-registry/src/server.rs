use std::{
    fmt,
    fs::File,
    io::{self, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
    service::TowerToHyperService,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time,
};
use tokio_rustls::TlsAcceptor;

use crate::{
    http::{self, log},
    store::{Store, StoreError},
};

/// Connections beyond these wait until others have gone.
const CONNECTIONS: usize = 1024;
/// How long the head of a request and a TLS handshake may take.
const HEAD: Duration = Duration::from_secs(15);
/// How long the requests of a stopping server may go on.
const GRACE: Duration = Duration::from_secs(10);
/// How long to wait when the system has no room for another connection.
const PAUSE: Duration = Duration::from_millis(50);

/// How a server is reached, and by whom.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ServerOptions {
    /// A file of the bearer tokens that are accepted, one on each line; without it, anybody is.
    pub token_file: Option<PathBuf>,
    /// The PEM files of a certificate (its chain after it) and of its key, for TLS.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Whether a line is written on standard error for each request.
    pub log_requests: bool,
}

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The address cannot be listened on.
    #[error("cannot listen on `{address}`")]
    Listen {
        /// Host and port.
        address: String,
        /// What the system answered.
        source: io::Error,
    },
    /// The token file cannot be used.
    #[error("cannot use the token file `{}`", path.display())]
    Tokens {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A PEM file cannot be used.
    #[error("cannot use the PEM file `{}`: {reason}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Certificate and key do not serve for TLS.
    #[error("the certificate and the key cannot be used: {0}")]
    Tls(#[from] rustls::Error),
    /// The store did not close.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ServerError {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Listen { .. } => "cannot-listen",
            Self::Tokens { .. } => "token-file",
            Self::Pem { .. } | Self::Tls(_) => "tls",
            Self::Store(error) => error.code(),
        }
    }
}

/// A model registry that listens.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
    router: Router,
    store: Store,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Server {
    /// Listens on a host's port; 0 is any free one.
    ///
    /// # Errors
    /// [`ServerError`]: the address, or what the options name, cannot be used.
    pub async fn bind(
        store: Store,
        host: &str,
        port: u16,
        options: &ServerOptions,
    ) -> Result<Self, ServerError> {
        let tls = match &options.tls {
            Some((certificate, key)) => Some(acceptor(certificate, key)?),
            None => None,
        };
        let router = http::router(store.clone(), options)?;
        let failed = |source| ServerError::Listen {
            address: format!("{host}:{port}"),
            source,
        };
        let listener = TcpListener::bind((host, port)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self {
            listener,
            address,
            tls,
            router,
            store,
        })
    }

    /// Where it listens: with the port that it got.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL at which it answers, by its address.
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Answers until `stop` is done; then lets the requests end that it has, and closes the store.
    ///
    /// # Errors
    /// [`ServerError::Store`]: the store did not close.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> Result<(), ServerError> {
        let graceful = GracefulShutdown::new();
        let room = Arc::new(Semaphore::new(CONNECTIONS));
        let mut stop = std::pin::pin!(stop);
        loop {
            let accepted = tokio::select! {
                accepted = accept(&self.listener, &room) => accepted,
                () = &mut stop => break,
            };
            match accepted {
                Ok((stream, permit)) => {
                    let connection = Connection {
                        router: self.router.clone(),
                        watcher: graceful.watcher(),
                        permit,
                    };
                    tokio::spawn(connection.run(stream, self.tls.clone()));
                }
                Err(error) => {
                    log::line(format_args!("cannot accept a connection: {error}"));
                    time::sleep(PAUSE).await;
                }
            }
        }
        drop(self.listener);
        if time::timeout(GRACE, graceful.shutdown()).await.is_err() {
            log::line(format_args!(
                "requests were still running after {} seconds",
                GRACE.as_secs()
            ));
        }
        self.store.close().await;
        Ok(())
    }
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let permit = Arc::clone(room)
        .acquire_owned()
        .await
        .map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, permit))
}

struct Connection {
    router: Router,
    watcher: Watcher,
    permit: OwnedSemaphorePermit,
}

impl Connection {
    async fn run(self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        // A request waits for its answer: there is nothing to gather.
        let _ = stream.set_nodelay(true);
        match tls {
            None => self.answer(stream).await,
            // A client that breaks off or does not trust us is told by the handshake.
            Some(tls) => {
                if let Ok(Ok(stream)) = time::timeout(HEAD, tls.accept(stream)).await {
                    self.answer(stream).await;
                }
            }
        }
    }

    async fn answer(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let service = TowerToHyperService::new(self.router);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .serve_connection(TokioIo::new(stream), service);
        // A connection that breaks is its client's concern.
        let _ = self.watcher.watch(connection).await;
        drop(self.permit);
    }
}

fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor, ServerError> {
    let unusable = |path: &Path, reason: String| ServerError::Pem {
        path: path.to_owned(),
        reason,
    };
    let read = |path: &Path| {
        File::open(path)
            .map(BufReader::new)
            .map_err(|error| unusable(path, error.to_string()))
    };
    let chain = CertificateDer::pem_reader_iter(read(certificate)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unusable(certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(unusable(
            certificate,
            "there is no certificate in it".to_owned(),
        ));
    }
    let secret = PrivateKeyDer::from_pem_reader(read(key)?)
        .map_err(|error| unusable(key, error.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, secret)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
