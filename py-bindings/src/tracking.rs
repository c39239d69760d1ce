//! The way to a model registry: HTTP with kept connections, in time, tried again where that is safe.

use std::{
    fs::{self, File},
    io::{self, Read},
    mem,
    os::unix::fs::MetadataExt,
    path::PathBuf,
    process, str,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use hitchpost::http::{is_loopback, reason, roots_of, secret_header, system_roots};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use pyo3::{
    prelude::*,
    sync::PyOnceLock,
    types::{PyBool, PyDict, PyList, PyTuple},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, de::Error as _};
use ureq::{
    Agent, Proxy,
    http::{
        HeaderMap, HeaderValue, Method, Request,
        header::{AUTHORIZATION, CONTENT_TYPE, LOCATION, RETRY_AFTER},
    },
    tls::{RootCerts, TlsConfig},
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{ConnectionDetails, Connector, DefaultConnector, NextTimeout, Transport},
    },
};
use url::Url;

use crate::{
    connection::gate,
    errors::{Argument, Problem},
    json,
};

/// How long an address that was looked up is used.
const LOOKED_UP: Duration = Duration::from_secs(30);
/// How long a connection is kept that nobody uses.
const KEPT: Duration = Duration::from_secs(15);
/// The wait before the second try; it doubles with each.
const BACKOFF: Duration = Duration::from_millis(100);
/// The longest wait, whatever the server asks for.
const LONGEST: Duration = Duration::from_secs(30);
/// The longest answer, in bytes.
const LARGEST: u64 = 1 << 30;
/// What stands for itself in a query (RFC 3986, section 2.3).
const UNRESERVED: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// The level of `logging` for single requests.
const DEBUG: u8 = 10;

/// A client of a model registry at a URL: `http` or `https`, with the path that stands before the
/// API's own.
///
/// Threads may share it; connections are kept and used again, and a forked child makes its own.
///
/// - `token` is sent as a bearer token (RFC 6750), or what is in `token_file`, which is read again
///   when it changes;
/// - `ca` is the PEM text of the certificate authorities to trust in place of the system's;
/// - `connect_timeout` and `timeout` are in seconds: to connect, and for each wait for the server;
/// - `retries` is how often a call is tried again, after waits of 0.1 seconds, 0.2, and so on. A
///   call that only reads, or is said to be `idempotent`, is tried again when there is no answer,
///   and after 429, 502, 503 and 504; any other only when it was surely not sent, or after 429;
/// - `login_help` is what to do when the server wants to know who asks.
///
/// Raises `UsageError` for arguments that cannot be.
#[pyclass(frozen, module = "hitchpost._hitchpost")]
pub struct TrackingClient {
    /// Without a slash at the end.
    url: String,
    roots: Roots,
    /// Whether a proxy may stand between.
    is_proxied: bool,
    credential: Credential,
    connect_timeout: Duration,
    timeout: Duration,
    retries: u32,
    login_help: Option<String>,
    /// What sends, and the process that it belongs to.
    agent: Mutex<Option<(u32, Agent)>>,
    /// Whether it was told that the API is on its way out.
    is_warned: AtomicBool,
}

#[pymethods]
impl TrackingClient {
    #[new]
    #[pyo3(signature = (
        url, /, *, token=None, token_file=None, ca=None, connect_timeout=5.0, timeout=120.0,
        retries=5, login_help=None,
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
    fn new(
        url: &str,
        token: Option<String>,
        token_file: Option<PathBuf>,
        ca: Option<&[u8]>,
        connect_timeout: f64,
        timeout: f64,
        retries: u32,
        login_help: Option<String>,
    ) -> PyResult<Self> {
        let parsed = Url::parse(url).ok();
        let parsed = parsed.filter(|url| matches!(url.scheme(), "http" | "https"));
        // What cannot be read may have a password in it.
        let parsed = parsed.ok_or_else(|| argument("url", "invalid-url", "it is no http URL"))?;
        if !parsed.username().is_empty() || parsed.password().is_some() {
            let message = "a user and a password in the URL are not used; give a token";
            return Err(argument("url", "invalid-url", message).into());
        }
        let roots = match ca {
            _ if parsed.scheme() == "http" => Roots::System,
            None => Roots::System,
            Some(pem) => Roots::These(roots_of(pem).ok_or_else(|| {
                argument(
                    "ca",
                    "no-certificate",
                    "there is no certificate in it; PEM is wanted",
                )
            })?),
        };
        let credential = match (token, token_file) {
            (Some(token), _) => Credential::Token(bearer(token.into()).ok_or_else(|| {
                argument(
                    "token",
                    "invalid-token",
                    "the token has characters that no header has",
                )
            })?),
            (None, Some(path)) => Credential::File(TokenFile {
                path,
                seen: Mutex::new(None),
            }),
            (None, None) => Credential::None,
        };
        Ok(Self {
            is_proxied: parsed.scheme() == "https" && !is_loopback(&parsed),
            url: parsed.as_str().trim_end_matches('/').to_owned(),
            roots,
            credential,
            connect_timeout: seconds("connect_timeout", connect_timeout)?,
            timeout: seconds("timeout", timeout)?,
            retries,
            login_help,
            agent: Mutex::new(None),
            is_warned: AtomicBool::new(false),
        })
    }

    /// The URL, without a slash at its end.
    #[getter]
    fn url(&self) -> &str {
        &self.url
    }

    /// Calls the server, and returns what the JSON of its answer says; `None` for an empty answer.
    ///
    /// `path` comes after the URL's own. `params` become the query: texts, numbers, booleans, or
    /// lists of them; those that are `None` are left out. `json` is the body, in which a number
    /// that is not finite is sent as the text `NaN`, `Infinity` or `-Infinity`.
    ///
    /// Raises `ApiError`, or `TypeError` for what is no JSON.
    #[pyo3(signature = (method, path, /, *, params=None, json=None, idempotent=None))]
    fn request<'py>(
        &self,
        py: Python<'py>,
        method: &str,
        path: &str,
        params: Option<&Bound<'py, PyDict>>,
        json: Option<&Bound<'py, PyAny>>,
        idempotent: Option<bool>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let body = json.map(json::write).transpose().map_err(no_json)?;
        let call = self.call(method, path, params, body, idempotent)?;
        let answer = self.run(py, &call)?;
        if answer.body.is_empty() {
            return Ok(py.None().into_bound(py));
        }
        let value = json::read(py, &answer.body);
        Ok(value.map_err(|error| call.not_json(&answer, &error))?)
    }

    /// All pages of a metric's history: its steps, timestamps and values, in the server's order.
    ///
    /// Raises `ApiError`.
    #[pyo3(signature = (path, /, *, params=None))]
    fn metric_history<'py>(
        &self,
        py: Python<'py>,
        path: &str,
        params: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let first = self.call("GET", path, params, None, None)?;
        let mut all = Columns::default();
        loop {
            let call = Call {
                url: match all.next_page_token.as_str() {
                    "" => first.url.clone(),
                    token => {
                        let sign = if first.url.contains('?') { '&' } else { '?' };
                        let token = utf8_percent_encode(token, &UNRESERVED);
                        format!("{}{sign}pageToken={token}", first.url)
                    }
                },
                ..first.clone()
            };
            let answer = self.run(py, &call)?;
            let page = py.detach(|| serde_json::from_slice::<Columns>(&answer.body));
            let page = page.map_err(|error| call.not_json(&answer, &error.to_string()))?;
            let is_last = page.next_page_token.is_empty() || page.steps.is_empty();
            all.next_page_token = page.next_page_token;
            all.steps.extend(page.steps);
            all.timestamps.extend(page.timestamps);
            all.values.extend(page.values);
            if is_last {
                break;
            }
        }
        let values = all.values.iter().map(|value| value.0);
        let columns = [
            PyList::new(py, &all.steps)?,
            PyList::new(py, &all.timestamps)?,
            PyList::new(py, values.collect::<Vec<_>>())?,
        ];
        PyTuple::new(py, columns)
    }

    /// It has connections of its process.
    fn __reduce__(&self) -> PyResult<()> {
        Err(crate::errors::unpicklable("TrackingClient"))
    }

    fn __repr__(&self) -> String {
        format!("<hitchpost.TrackingClient {}>", self.url)
    }
}

/// What calls the server, and how often.
impl TrackingClient {
    fn call(
        &self,
        method: &str,
        path: &str,
        params: Option<&Bound<'_, PyDict>>,
        body: Option<Vec<u8>>,
        idempotent: Option<bool>,
    ) -> PyResult<Call> {
        let method = Method::from_bytes(method.as_bytes()).ok();
        let method = method.ok_or_else(|| argument("method", "invalid-method", "there is none"))?;
        let mut url = format!("{}{path}", self.url);
        if let Some(params) = params {
            query(&mut url, params)?;
        }
        Ok(Call {
            is_idempotent: idempotent.unwrap_or(method == Method::GET),
            method,
            path: path.to_owned(),
            url,
            body,
        })
    }

    /// Tries until there is an answer, or it must not be tried again.
    fn run(&self, py: Python<'_>, call: &Call) -> PyResult<Answer> {
        let mut tries = 0;
        let mut is_token_new = false;
        loop {
            let started = Instant::now();
            let outcome = py.detach(|| self.once(call));
            self.log(py, call, &outcome, started.elapsed())?;
            if let Ok(answer) = &outcome
                && answer.status == 401
                && !mem::replace(&mut is_token_new, true)
                && py.detach(|| self.credential.is_changed())
            {
                continue;
            }
            let again = tries < self.retries && outcome.is_worth_another(call.is_idempotent);
            if !again {
                return Ok(self.settled(call, outcome)?);
            }
            let asked = outcome.as_ref().ok().and_then(|answer| answer.retry_after);
            pause(py, asked.unwrap_or_else(|| backoff(tries)).min(LONGEST))?;
            tries += 1;
        }
    }

    /// One try. Python must be detached.
    fn once(&self, call: &Call) -> Outcome {
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(&call.url);
        if let Some(authorization) = self.credential.header()? {
            request = request.header(AUTHORIZATION, authorization);
        }
        let agent = self.agent();
        let sent = match &call.body {
            Some(body) => {
                let request = request.header(CONTENT_TYPE, HeaderValue::from_static(JSON));
                let request = request.body(body.as_slice()).map_err(ureq::Error::Http);
                request.and_then(|request| agent.run(request))
            }
            None if call.method == Method::GET => {
                let request = request.body(()).map_err(ureq::Error::Http);
                request.and_then(|request| agent.run(request))
            }
            None => {
                let request = request.body([].as_slice()).map_err(ureq::Error::Http);
                request.and_then(|request| agent.run(request))
            }
        };
        let (parts, body) = sent.map_err(Fault::from)?.into_parts();
        let body = body.into_with_config().limit(LARGEST).read_to_vec();
        let headers = &parts.headers;
        Ok(Answer {
            status: parts.status.as_u16(),
            retry_after: seconds_of(headers),
            deprecation: text(headers, "deprecation"),
            sunset: text(headers, "sunset"),
            location: text(headers, LOCATION.as_str()),
            body: body.map_err(Fault::from)?,
        })
    }

    /// What sends requests in this process. Python must be detached.
    fn agent(&self) -> Agent {
        // Not halfway through while another thread forks.
        let _gate = gate();
        let mut held = self.agent.lock().unwrap_or_else(PoisonError::into_inner);
        let process = process::id();
        match &*held {
            Some((owner, agent)) if *owner == process => return agent.clone(),
            _ => {}
        }
        let agent = self.new_agent();
        // Connections of a parent are the parent's: nothing is said on them.
        mem::forget(held.replace((process, agent.clone())));
        agent
    }

    fn new_agent(&self) -> Agent {
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

    /// The answer, unless it says that the call failed.
    fn settled(&self, call: &Call, outcome: Outcome) -> Result<Answer, Problem> {
        let answer = match outcome {
            Ok(answer) if (200..300).contains(&answer.status) => return Ok(answer),
            Ok(answer) => answer,
            Err(fault) => return Err(Problem::Api(self.fault(call, fault))),
        };
        let said: Said = serde_json::from_slice(&answer.body).unwrap_or_default();
        let status = answer.status;
        let said_or = |message: String| match said.message.as_str() {
            "" => message,
            said => said.to_owned(),
        };
        let mut error = ApiError {
            message: said_or(format!("the server answers {}", reason_phrase(status))),
            code: match said.code.as_str() {
                "" => format!("http-{status}"),
                code => code.to_owned(),
            },
            path: call.place(),
            help: None,
            status: Some(status),
        };
        match status {
            300..=399 => {
                let to = answer.location.as_deref().map_or("", origin);
                error.message = format!("the server sends on to `{to}`");
                error.code = "redirected".to_owned();
                error.help = Some("give the address itself; redirects are not followed".to_owned());
            }
            401 => {
                error.message = said_or("the server does not know who asks".to_owned());
                error.help = self.login_help.clone();
            }
            403 => error.message = said_or("the server does not allow it".to_owned()),
            410 => {
                error.message = said_or(format!("the server no longer has `{}`", call.path));
                error.help = Some(
                    "this part of the API was taken out of the server (410 Gone); \
                     `hitchpost model-registry` has all of it"
                        .to_owned(),
                );
            }
            _ => {}
        }
        Err(Problem::Api(error))
    }

    fn fault(&self, call: &Call, fault: Fault) -> ApiError {
        let url = &self.url;
        let (code, message, help) = match fault {
            Fault::Token(path, error) => (
                "no-token",
                format!(
                    "the token file `{}` cannot be used: {error}",
                    path.display()
                ),
                None,
            ),
            Fault::Certificate(reason) => {
                let is_authority = reason.contains("CaUsedAsEndEntity");
                let help = if is_authority {
                    "the server shows the certificate of an authority; it needs one of its own"
                } else {
                    "name the authority's certificate in `MODELREGISTRY_CA_CERT_PATH`"
                };
                (
                    "certificate",
                    format!("{CERTIFICATE} at {url}: {reason}"),
                    Some(help),
                )
            }
            Fault::NotSent(reason) => (
                "unreachable",
                format!("{url} cannot be reached: {reason}"),
                Some("see that the model registry runs there, and that the URI is right"),
            ),
            Fault::NoAnswer(reason) => (
                "no-answer",
                format!("there is no answer from {url}: {reason}"),
                (!call.is_idempotent).then_some("whether the call was carried out is not known"),
            ),
        };
        ApiError {
            message,
            code: code.to_owned(),
            path: call.place(),
            help: help.map(str::to_owned),
            status: None,
        }
    }

    fn log(
        &self,
        py: Python<'_>,
        call: &Call,
        outcome: &Outcome,
        elapsed: Duration,
    ) -> PyResult<()> {
        static LOGGER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let logger = LOGGER.get_or_try_init(py, || {
            let logging = py.import("logging")?;
            let logger = logging.call_method1("getLogger", ("hitchpost.mlflow.client",))?;
            PyResult::Ok(logger.unbind())
        })?;
        let logger = logger.bind(py);
        if let Err(Fault::Certificate(reason)) = outcome {
            logger.call_method1("error", ("%s: %s", CERTIFICATE, reason))?;
        }
        if let Ok(answer) = outcome
            && let Some(notice) = answer.notice()
            && !self.is_warned.swap(true, Ordering::Relaxed)
        {
            logger.call_method1("warning", ("%s: %s", &self.url, notice))?;
        }
        if logger.call_method1("isEnabledFor", (DEBUG,))?.is_truthy()? {
            let said = match outcome {
                Ok(answer) => answer.status.to_string(),
                Err(fault) => fault.word().to_owned(),
            };
            let milliseconds = elapsed.as_secs_f64() * 1000.0;
            let said = (
                "%s %s%s: %s in %.1f ms",
                call.method.as_str(),
                &self.url,
                &call.path,
                said,
                milliseconds,
            );
            logger.call_method1("debug", said)?;
        }
        Ok(())
    }
}

const JSON: &str = "application/json";
const CERTIFICATE: &str = "SSL certificate verification failed connecting to Model Registry";

/// What an exception says of a call that failed.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub(crate) message: String,
    pub(crate) code: String,
    pub(crate) path: String,
    pub(crate) help: Option<String>,
    pub(crate) status: Option<u16>,
}

/// Whose certificates are trusted.
enum Roots {
    /// Read when a connection is made, as that takes a while.
    System,
    These(RootCerts),
}

#[derive(Clone)]
struct Call {
    method: Method,
    path: String,
    url: String,
    body: Option<Vec<u8>>,
    is_idempotent: bool,
}

impl Call {
    fn place(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    fn not_json(&self, answer: &Answer, error: &str) -> Problem {
        Problem::Api(ApiError {
            message: format!("the server's answer cannot be read: {error}"),
            code: "not-json".to_owned(),
            path: self.place(),
            help: Some("see that it is a model registry, and that the URI has its path".to_owned()),
            status: Some(answer.status),
        })
    }
}

struct Answer {
    status: u16,
    retry_after: Option<Duration>,
    deprecation: Option<String>,
    sunset: Option<String>,
    location: Option<String>,
    body: Vec<u8>,
}

impl Answer {
    /// What the server says of the end of its API (RFC 9745, RFC 8594).
    fn notice(&self) -> Option<String> {
        if self.deprecation.is_none() && self.sunset.is_none() {
            return None;
        }
        let until = self.sunset.as_ref();
        let until = until.map_or(String::new(), |date| {
            format!("; it will be gone after {date}")
        });
        Some(format!("the server calls this API deprecated{until}"))
    }
}

/// Why there is no answer.
enum Fault {
    /// The token cannot be read.
    Token(PathBuf, io::Error),
    /// The server cannot be trusted.
    Certificate(String),
    /// There was no connection.
    NotSent(String),
    /// It may have been received.
    NoAnswer(String),
}

impl Fault {
    const fn word(&self) -> &'static str {
        match self {
            Self::Token(..) => "no token",
            Self::Certificate(_) => "not trusted",
            Self::NotSent(_) => "not sent",
            Self::NoAnswer(_) => "no answer",
        }
    }
}

impl From<ureq::Error> for Fault {
    fn from(error: ureq::Error) -> Self {
        match error {
            ureq::Error::Other(inner) => match inner.downcast::<NotConnected>() {
                Ok(inner) => match certificate(&inner.0) {
                    Some(reason) => Self::Certificate(reason),
                    None => Self::NotSent(reason(&inner.0)),
                },
                Err(other) => Self::NoAnswer(other.to_string()),
            },
            error @ (ureq::Error::Http(_) | ureq::Error::BadUri(_)) => {
                Self::NotSent(reason(&error))
            }
            error => Self::NoAnswer(reason(&error)),
        }
    }
}

/// What is wrong with the server's certificate, if that is it.
fn certificate(error: &ureq::Error) -> Option<String> {
    let error = match error {
        ureq::Error::Io(error) => error.get_ref()?.downcast_ref::<rustls::Error>()?,
        ureq::Error::Rustls(error) => error,
        _ => return None,
    };
    matches!(error, rustls::Error::InvalidCertificate(_)).then(|| error.to_string())
}

type Outcome = Result<Answer, Fault>;

trait Judged {
    fn is_worth_another(&self, is_idempotent: bool) -> bool;
}

impl Judged for Outcome {
    fn is_worth_another(&self, is_idempotent: bool) -> bool {
        match self {
            Ok(answer) => match answer.status {
                429 => true,
                502..=504 => is_idempotent,
                _ => false,
            },
            Err(Fault::NotSent(_)) => true,
            Err(Fault::NoAnswer(_)) => is_idempotent,
            Err(Fault::Token(..) | Fault::Certificate(_)) => false,
        }
    }
}

/// The body of an error.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    code: String,
    message: String,
}

/// A metric's history, a page of it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Columns {
    steps: Vec<i64>,
    timestamps: Vec<i64>,
    values: Vec<Measured>,
    #[serde(default)]
    next_page_token: String,
}

/// A number, which may be none.
struct Measured(f64);

impl<'de> Deserialize<'de> for Measured {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form<'a> {
            Number(f64),
            Word(&'a str),
        }
        match Form::deserialize(input)? {
            Form::Number(number) => Ok(Self(number)),
            Form::Word("NaN") => Ok(Self(f64::NAN)),
            Form::Word("Infinity") => Ok(Self(f64::INFINITY)),
            Form::Word("-Infinity") => Ok(Self(f64::NEG_INFINITY)),
            Form::Word(_) => Err(D::Error::custom("a value is no number")),
        }
    }
}

/// How the client says who it is.
enum Credential {
    None,
    Token(HeaderValue),
    File(TokenFile),
}

struct TokenFile {
    path: PathBuf,
    seen: Mutex<Option<(Stamp, HeaderValue)>>,
}

/// By what a file is known to be the same: device, inode, time of change, length.
type Stamp = (u64, u64, i64, i64, u64);

impl Credential {
    fn header(&self) -> Result<Option<HeaderValue>, Fault> {
        match self {
            Self::None => Ok(None),
            Self::Token(header) => Ok(Some(header.clone())),
            Self::File(file) => match file.header(false) {
                Ok(header) => Ok(Some(header)),
                Err(error) => Err(Fault::Token(file.path.clone(), error)),
            },
        }
    }

    /// Whether the file has another token by now.
    fn is_changed(&self) -> bool {
        let Self::File(file) = self else {
            return false;
        };
        let before = file.header(false).ok();
        let now = file.header(true).ok();
        now.is_some() && before != now
    }
}

impl TokenFile {
    fn header(&self, is_read_again: bool) -> io::Result<HeaderValue> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let current = stamp(&fs::metadata(&self.path)?);
        if !is_read_again
            && let Some((before, header)) = &*seen
            && *before == current
        {
            return Ok(header.clone());
        }
        let mut file = File::open(&self.path)?;
        let opened = stamp(&file.metadata()?);
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let invalid = |what| io::Error::new(io::ErrorKind::InvalidData, what);
        if text.trim().is_empty() {
            return Err(invalid("it is empty"));
        }
        let header = bearer(text.into()).ok_or_else(|| invalid("it has no token in it"))?;
        *seen = Some((opened, header.clone()));
        Ok(header)
    }
}

fn stamp(file: &fs::Metadata) -> Stamp {
    (
        file.dev(),
        file.ino(),
        file.mtime(),
        file.mtime_nsec(),
        file.size(),
    )
}

fn bearer(token: SecretString) -> Option<HeaderValue> {
    let header = SecretString::from(format!("Bearer {}", token.expose_secret().trim()));
    secret_header(header.expose_secret())
}

/// Connects as usual, and marks what fails before anything was sent.
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
        connected.map_err(NotConnected::marked)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("there is no connection")]
struct NotConnected(ureq::Error);

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

/// Waits while others run, unless the user has had enough.
fn pause(py: Python<'_>, wait: Duration) -> PyResult<()> {
    let until = Instant::now() + wait;
    loop {
        py.check_signals()?;
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        py.detach(|| thread::sleep(left.min(BACKOFF)));
    }
}

/// Between a half and the whole of the wait, so that clients do not come back all at once.
fn backoff(tries: u32) -> Duration {
    let whole = BACKOFF.saturating_mul(2_u32.saturating_pow(tries));
    let chance = getrandom::u32().unwrap_or_default();
    whole / 2 + (whole / 2).mul_f64(f64::from(chance) / f64::from(u32::MAX))
}

fn seconds_of(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// The place of a URL, without what may be secret in it.
fn origin(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

fn reason_phrase(status: u16) -> String {
    let known = ureq::http::StatusCode::from_u16(status).ok();
    let phrase = known.and_then(|status| status.canonical_reason());
    phrase.map_or_else(|| status.to_string(), |phrase| format!("{status} {phrase}"))
}

/// Appends parameters to a URL, in their order.
fn query(url: &mut String, params: &Bound<'_, PyDict>) -> PyResult<()> {
    for (name, value) in params.iter() {
        let name: String = name.extract()?;
        let values = match value.cast::<PyList>() {
            Ok(list) => list.iter().collect(),
            Err(_) => match value.cast::<PyTuple>() {
                Ok(items) => items.iter().collect(),
                Err(_) => vec![value],
            },
        };
        for value in values.into_iter().filter(|value| !value.is_none()) {
            let text = match value.cast::<PyBool>() {
                Ok(flag) => flag.is_true().to_string(),
                Err(_) => value.str()?.to_cow()?.into_owned(),
            };
            url.push(if url.contains('?') { '&' } else { '?' });
            url.extend(utf8_percent_encode(&name, &UNRESERVED));
            url.push('=');
            url.extend(utf8_percent_encode(&text, &UNRESERVED));
        }
    }
    Ok(())
}

fn seconds(name: &'static str, given: f64) -> Result<Duration, Problem> {
    let duration = Duration::try_from_secs_f64(given).ok();
    let duration = duration.filter(|duration| !duration.is_zero());
    duration.ok_or_else(|| argument(name, "invalid-timeout", "it is not above zero seconds"))
}

fn argument(name: &'static str, code: &'static str, message: &str) -> Problem {
    Problem::Argument(Argument {
        name,
        code,
        message: message.to_owned(),
        help: None,
    })
}

fn no_json(message: String) -> PyErr {
    pyo3::exceptions::PyTypeError::new_err(message)
}
