//! The way to a model registry: HTTP with kept connections, in time, tried again where that is safe.

mod answer;
mod credential;
mod refusal;
mod transport;

use std::{
    mem,
    path::PathBuf,
    process,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use hitchpost::http::{is_loopback, roots_of};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use pyo3::{
    prelude::*,
    sync::PyOnceLock,
    types::{PyBool, PyDict, PyList, PyTuple},
};
use ureq::{
    Agent,
    http::{
        HeaderValue, Method, Request,
        header::{AUTHORIZATION, CONTENT_TYPE, LOCATION},
    },
};
use url::Url;

use self::{
    answer::{Answer, Columns, Fault, Judged, Outcome, seconds_of, text},
    credential::{Credential, TokenFile, bearer},
    refusal::CERTIFICATE,
    transport::Roots,
};
use crate::{
    connection::gate,
    errors::{Argument, Problem},
    json,
};

pub(crate) use self::refusal::ApiError;

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
            (None, Some(path)) => Credential::File(TokenFile::new(path)),
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
                return self.settled(call, outcome);
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
