//! A server to talk to.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    time::Duration,
};

use hitchpost_model_registry::{Server, ServerOptions, Store};
use serde_json::Value;
use tokio::{runtime::Runtime, sync::oneshot};

/// A server that runs until it is dropped.
pub(crate) struct Running {
    runtime: Runtime,
    stop: Option<oneshot::Sender<()>>,
    done: Option<tokio::task::JoinHandle<()>>,
    pub(crate) address: SocketAddr,
    pub(crate) url: String,
    agent: ureq::Agent,
    token: Option<String>,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: ureq::http::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    /// The body of an answer that has this status.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()
    }

    /// The message of an error that has this status and code.
    #[track_caller]
    pub(crate) fn error(&self, status: u16, code: &str) -> String {
        let body = self.expect(status);
        assert_eq!(body["code"], code, "{body}");
        body["message"].as_str().unwrap().to_owned()
    }
}

impl Running {
    /// One on each kind of database.
    pub(crate) fn each() -> [Self; 2] {
        let postgres = hitchpost_tests::postgres::shared().unwrap();
        let url = postgres.create_database("http").unwrap();
        [Self::memory(), Self::start(&url, &ServerOptions::default())]
    }

    pub(crate) fn memory() -> Self {
        Self::start("memory:", &ServerOptions::default())
    }

    pub(crate) fn start(url: &str, options: &ServerOptions) -> Self {
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(async {
            let store = Store::open(url).await.unwrap();
            Server::bind(store, "127.0.0.1", 0, options).await.unwrap()
        });
        let (stop, stopped) = oneshot::channel();
        let (address, url) = (server.address(), server.url());
        let done = runtime.spawn(async move {
            let stopped = async { stopped.await.unwrap_or_default() };
            server.serve(stopped).await.unwrap();
        });
        Self {
            runtime,
            stop: Some(stop),
            done: Some(done),
            address,
            url,
            agent: agent(None),
            token: None,
        }
    }

    /// Asks with a bearer token from now on.
    pub(crate) fn token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    /// Trusts a certificate from now on.
    pub(crate) fn trust(mut self, pem: &Path) -> Self {
        self.agent = agent(Some(pem));
        self
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.request("GET", path, None)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.request("POST", path, Some(body.to_string()))
    }

    pub(crate) fn patch(&self, path: &str, body: &Value) -> Answer {
        self.request("PATCH", path, Some(body.to_string()))
    }

    pub(crate) fn request(&self, method: &str, path: &str, body: Option<String>) -> Answer {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let request = request.body(body.unwrap_or_default()).unwrap();
        let mut response = self.agent.run(request).unwrap();
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.body_mut().read_to_string().unwrap(),
        }
    }

    /// Sends bytes as they are and reads what comes until the server closes.
    pub(crate) fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        // A server may refuse before it has read all.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn end(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(done) = self.done.take() {
            // A panic of the server is told by the request that met it.
            let _ = self.runtime.block_on(done);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.agent = agent(None);
        self.end();
    }
}

fn agent(certificate: Option<&Path>) -> ureq::Agent {
    let mut config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .timeout_global(Some(Duration::from_secs(60)));
    if let Some(path) = certificate {
        let pem = std::fs::read(path).unwrap();
        let certificate = ureq::tls::Certificate::from_pem(&pem).unwrap();
        let tls = ureq::tls::TlsConfig::builder()
            .root_certs(ureq::tls::RootCerts::new_with_certs(&[certificate]))
            .build();
        config = config.tls_config(tls);
    }
    config.build().into()
}
