//! Why a call fails, as an exception says it.

use pyo3::prelude::*;
use serde::Deserialize;

use super::{
    Call, TrackingClient,
    answer::{Answer, Fault, Outcome},
};
use crate::errors::Problem;

pub(super) const CERTIFICATE: &str =
    "SSL certificate verification failed connecting to Model Registry";

/// What an exception says of a call that failed.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub(crate) message: String,
    pub(crate) code: String,
    pub(crate) path: String,
    pub(crate) help: Option<String>,
    pub(crate) status: Option<u16>,
}

impl TrackingClient {
    /// The answer, unless it says that the call failed.
    pub(super) fn settled(&self, call: &Call, outcome: Outcome) -> PyResult<Answer> {
        let answer = match outcome {
            Ok(answer) if (200..300).contains(&answer.status) => return Ok(answer),
            Ok(answer) => answer,
            Err(fault) => return Err(self.fault(call, fault)),
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
        Err(Problem::Api(error).into())
    }

    fn fault(&self, call: &Call, fault: Fault) -> PyErr {
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
            Fault::NotTls => (
                "unreachable",
                format!("{url} does not speak TLS"),
                Some("if the server has plain http, the URI begins with `modelregistry://`"),
            ),
            Fault::NotHttp => (
                "no-answer",
                format!("the answer of {url} is not HTTP"),
                Some("if the server has TLS, the URI begins with `modelregistry+https://`"),
            ),
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
            Fault::Interrupted(exception) => return exception,
        };
        let error = ApiError {
            message,
            code: code.to_owned(),
            path: call.place(),
            help: help.map(str::to_owned),
            status: None,
        };
        Problem::Api(error).into()
    }
}

/// The body of an error.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    code: String,
    message: String,
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
