use axum::http::{HeaderMap, StatusCode, header::CONTENT_TYPE};
use serde::de::DeserializeOwned;

use super::error::ApiError;

/// Reads a JSON body.
///
/// # Errors
/// 415 for another media type, 400 for what is no JSON or not of this shape. A null character is
/// refused: PostgreSQL has none in its texts.
pub(crate) fn read<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, ApiError> {
    if !is_json(headers) {
        return Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the body is to be `application/json`",
        ));
    }
    if has_null(body) {
        return Err(ApiError::bad_request(
            "Request body contains null bytes which are not allowed",
        ));
    }
    // A list of its fields would do for a struct as well.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(ApiError::bad_request("the body is to be a JSON object"));
    }
    serde_json::from_slice(body).map_err(|error| ApiError::bad_request(error.to_string()))
}

/// A page of another origin can send text and forms without asking, but not JSON.
fn is_json(headers: &HeaderMap) -> bool {
    let essence = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .map(|value| value.split(';').next().unwrap_or(value).trim());
    essence.is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"))
}

/// Whether a JSON text has `\u0000`, the only way to write a null character in it.
fn has_null(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let escape = rest.get(at..).unwrap_or_default();
        if escape.starts_with(br"\u0000") {
            return true;
        }
        // What is escaped may be a backslash itself.
        rest = escape.get(2..).unwrap_or_default();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::has_null;

    #[test]
    fn an_escaped_backslash_begins_no_null() {
        for (text, expected) in [
            (r#"{"a":"\u0000"}"#, true),
            (r#"{"a":"\\u0000"}"#, false),
            (r#"{"a":"\\\u0000"}"#, true),
            (r#"{"a":"\u00001"}"#, true),
            (r#"{"a":"u0000\"#, false),
        ] {
            assert_eq!(has_null(text.as_bytes()), expected, "{text}");
        }
    }
}
