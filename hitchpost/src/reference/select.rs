use hitchpost_registry_core::{Document, Node, NodeValue};
use secrecy::SecretString;

use super::ReferenceFailure;

/// A value of a YAML or JSON text, by a JSON Pointer (RFC 6901) below `root`; a number or a
/// boolean as it is written.
pub(super) fn select(
    text: &str,
    root: &str,
    pointer: &str,
) -> Result<SecretString, ReferenceFailure> {
    let document = Document::parse("", text.as_bytes()).map_err(|findings| {
        let span = findings.iter().find_map(|finding| finding.span);
        ReferenceFailure::NotADocument {
            line: span.map(|span| span.start.line),
        }
    })?;
    let missing = |at: &str| ReferenceFailure::Missing {
        pointer: at.to_owned(),
    };
    let mut node = document.roots.first().ok_or_else(|| missing(pointer))?;
    for segment in root.split('/').skip(1) {
        node = node.get(segment).ok_or_else(|| missing(pointer))?;
    }
    let mut end = 0;
    for segment in pointer.split('/').skip(1) {
        end += 1 + segment.len();
        let key = segment.replace("~1", "/").replace("~0", "~");
        let at = pointer.get(..end).unwrap_or(pointer);
        node = child(node, &key).ok_or_else(|| missing(at))?;
    }
    if node.is_null() {
        return Err(missing(pointer));
    }
    let text = node.as_str().ok_or_else(|| ReferenceFailure::NotAValue {
        pointer: pointer.to_owned(),
        kind: node.kind_name(),
    })?;
    Ok(text.into())
}

fn child<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    match &node.value {
        NodeValue::Sequence(items) => items.get(key.parse::<usize>().ok()?),
        _ => node.get(key),
    }
}
