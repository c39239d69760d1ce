//! What came of a call: an answer, or why there is none.

use std::{io, path::PathBuf, time::Duration};

use hitchpost::http::reason;
use pyo3::PyErr;
use serde::{Deserialize, Deserializer, de::Error as _};
use ureq::http::{HeaderMap, header::RETRY_AFTER};

use super::transport::NotConnected;

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) deprecation: Option<String>,
    pub(super) sunset: Option<String>,
    pub(super) location: Option<String>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// What the server says of the end of its API (RFC 9745, RFC 8594).
    pub(super) fn notice(&self) -> Option<String> {
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
pub(super) enum Fault {
    /// The token cannot be read.
    Token(PathBuf, io::Error),
    /// The server cannot be trusted.
    Certificate(String),
    /// The server does not speak TLS.
    NotTls,
    /// The server does not speak HTTP.
    NotHttp,
    /// There was no connection.
    NotSent(String),
    /// It may have been received.
    NoAnswer(String),
    /// A signal's handler raised an exception.
    Interrupted(PyErr),
}

impl Fault {
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Token(..) => "no token",
            Self::Certificate(_) => "not trusted",
            Self::NotTls => "not TLS",
            Self::NotHttp => "not HTTP",
            Self::NotSent(_) => "not sent",
            Self::NoAnswer(_) => "no answer",
            Self::Interrupted(_) => "interrupted",
        }
    }
}

impl From<ureq::Error> for Fault {
    fn from(error: ureq::Error) -> Self {
        match error {
            ureq::Error::Other(inner) => match inner.downcast::<NotConnected>() {
                Ok(inner) => match tls_error(&inner.0) {
                    Some(error @ rustls::Error::InvalidCertificate(_)) => {
                        Self::Certificate(error.to_string())
                    }
                    Some(rustls::Error::InvalidMessage(_)) => Self::NotTls,
                    _ => Self::NotSent(reason(&inner.0)),
                },
                Err(other) => match other.downcast::<PyErr>() {
                    Ok(exception) => Self::Interrupted(*exception),
                    Err(other) => Self::NoAnswer(other.to_string()),
                },
            },
            error @ (ureq::Error::Http(_) | ureq::Error::BadUri(_)) => {
                Self::NotSent(reason(&error))
            }
            ureq::Error::Protocol(_) => Self::NotHttp,
            error => Self::NoAnswer(reason(&error)),
        }
    }
}

fn tls_error(error: &ureq::Error) -> Option<&rustls::Error> {
    match error {
        ureq::Error::Io(error) => error.get_ref()?.downcast_ref(),
        ureq::Error::Rustls(error) => Some(error),
        _ => None,
    }
}

pub(super) type Outcome = Result<Answer, Fault>;

pub(super) trait Judged {
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
            Err(_) => false,
        }
    }
}

pub(super) fn seconds_of(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

pub(super) fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// A metric's history, a page of it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Columns {
    pub(super) steps: Vec<i64>,
    pub(super) timestamps: Vec<i64>,
    pub(super) values: Vec<Measured>,
    #[serde(default)]
    pub(super) next_page_token: String,
}

/// A number, which may be none.
pub(super) struct Measured(pub(super) f64);

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
