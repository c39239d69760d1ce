//! Names and texts as FastAPI and Starlette make them.

/// The path without the types of its parameters: `starlette.routing.compile_path`.
pub(crate) fn path_format(path: &str) -> String {
    let mut result = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(open) = rest.find('{') {
        let (before, after) = rest.split_at(open);
        result.push_str(before);
        match after.strip_prefix('{').and_then(parameter) {
            Some((name, tail)) => {
                result.push('{');
                result.push_str(name);
                result.push('}');
                rest = tail;
            }
            None => {
                result.push('{');
                rest = after.strip_prefix('{').unwrap_or_default();
            }
        }
    }
    result.push_str(rest);
    result
}

fn identifier(text: &str) -> &str {
    let mut end = 0;
    for (index, byte) in text.bytes().enumerate() {
        if !(byte.is_ascii_alphabetic() || byte == b'_' || index > 0 && byte.is_ascii_digit()) {
            break;
        }
        end = index + 1;
    }
    text.get(..end).unwrap_or_default()
}

/// A parameter's name after its brace, and what follows its end: `{name}`, `{name:convertor}`.
fn parameter(text: &str) -> Option<(&str, &str)> {
    let name = identifier(text);
    if name.is_empty() {
        return None;
    }
    let rest = text.strip_prefix(name)?;
    if let Some(tail) = rest.strip_prefix('}') {
        return Some((name, tail));
    }
    let convertor = rest.strip_prefix(':')?;
    let kind = identifier(convertor);
    let tail = convertor.strip_prefix(kind)?.strip_prefix('}')?;
    (!kind.is_empty()).then_some((name, tail))
}

/// The names between braces: `fastapi.utils.get_path_param_names`.
pub(crate) fn path_names(path: &str) -> Vec<&str> {
    path.split('{')
        .skip(1)
        .filter_map(|part| part.split_once('}'))
        .map(|(name, _)| name)
        .collect()
}

/// `fastapi.utils.generate_unique_id`.
pub(crate) fn unique_id(name: &str, path_format: &str, method: &str) -> String {
    let mut result: String = name
        .chars()
        .chain(path_format.chars())
        .map(|character| {
            if character.is_alphanumeric() || character == '_' {
                character
            } else {
                '_'
            }
        })
        .collect();
    result.push('_');
    result.push_str(&method.to_lowercase());
    result
}

/// What an HTTP status is called by Python's `http.HTTPStatus`; four names changed in Python 3.13.
pub(crate) fn status_phrase(status: u16, before_3_13: bool) -> Option<&'static str> {
    Some(match status {
        100 => "Continue",
        101 => "Switching Protocols",
        102 => "Processing",
        103 => "Early Hints",
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        203 => "Non-Authoritative Information",
        204 => "No Content",
        205 => "Reset Content",
        206 => "Partial Content",
        207 => "Multi-Status",
        208 => "Already Reported",
        226 => "IM Used",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        305 => "Use Proxy",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 if before_3_13 => "Request Entity Too Large",
        413 => "Content Too Large",
        414 if before_3_13 => "Request-URI Too Long",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        416 if before_3_13 => "Requested Range Not Satisfiable",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        418 => "I'm a Teapot",
        421 => "Misdirected Request",
        422 if before_3_13 => "Unprocessable Entity",
        422 => "Unprocessable Content",
        423 => "Locked",
        424 => "Failed Dependency",
        425 => "Too Early",
        426 => "Upgrade Required",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        451 => "Unavailable For Legal Reasons",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        506 => "Variant Also Negotiates",
        507 => "Insufficient Storage",
        508 => "Loop Detected",
        510 => "Not Extended",
        511 => "Network Authentication Required",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{path_format, path_names, unique_id};

    #[test]
    fn paths_lose_the_types_of_their_parameters() {
        for (path, expected) in [
            ("/files/{file_path:path}", "/files/{file_path}"),
            ("/a/{b}/c/{d:int}.json", "/a/{b}/c/{d}.json"),
            ("/{not-one}/{1}/{", "/{not-one}/{1}/{"),
        ] {
            assert_eq!(path_format(path), expected);
        }
        assert_eq!(path_names("/a/{b}/{c:path}"), ["b", "c:path"]);
    }

    #[test]
    fn identifiers() {
        assert_eq!(
            unique_id("read_item", "/items/{item_id}", "GET"),
            "read_item_items__item_id__get"
        );
    }
}
