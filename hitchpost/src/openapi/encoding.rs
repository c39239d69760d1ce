//! Bytes of a Python file as text.

use std::borrow::Cow;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The text of a Python file, by the encoding that it declares (PEP 263), else UTF-8 (PEP 3120).
///
/// # Errors
/// Why it is no text, in words for a user: another encoding than UTF-8, ASCII and Latin-1, or bytes
/// that the encoding does not have.
pub(super) fn decode(bytes: Vec<u8>) -> Result<String, String> {
    let marked = bytes.starts_with(BYTE_ORDER_MARK);
    let declared = declared(&bytes).map(|name| name.to_lowercase().replace('_', "-"));
    match declared.as_deref() {
        None | Some("utf-8" | "utf8" | "utf-8-sig" | "u8" | "utf" | "ascii" | "us-ascii") => {
            let mut text = String::from_utf8(bytes).map_err(|error| {
                let offset = error.utf8_error().valid_up_to();
                format!("it is not UTF-8 text: byte {offset}; declare its encoding as PEP 263 says")
            })?;
            if marked {
                text.drain(..BYTE_ORDER_MARK.len());
            }
            Ok(text)
        }
        // The first 256 characters of Unicode, one byte each.
        Some("latin-1" | "latin1" | "l1" | "iso-8859-1" | "iso8859-1") if !marked => {
            Ok(bytes.into_iter().map(char::from).collect())
        }
        Some(name) => Err(format!(
            "its encoding `{name}` is not read; write it in UTF-8"
        )),
    }
}

/// What one of the first two lines declares: `# -*- coding: latin-1 -*-`. The second counts only
/// behind a first that is empty or a comment.
fn declared(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\x0c');
    for line in bytes.split(|byte| matches!(byte, b'\n' | b'\r')).take(2) {
        let start = line
            .iter()
            .position(|byte| !blank(byte))
            .unwrap_or(line.len());
        let comment = line.get(start..).unwrap_or_default();
        if comment.is_empty() {
            continue;
        }
        let comment = comment.strip_prefix(b"#")?;
        let found = comment.windows(7).enumerate().find(|(_, window)| {
            matches!(window, [b'c', b'o', b'd', b'i', b'n', b'g', b':' | b'='])
        });
        let Some((at, _)) = found else { continue };
        let rest = comment.get(at + 7..).unwrap_or_default();
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
        let rest = rest.get(
            rest.iter()
                .take_while(|byte| matches!(byte, b' ' | b'\t'))
                .count()..,
        )?;
        let name = rest.get(..rest.iter().take_while(|byte| is_name(byte)).count())?;
        if !name.is_empty() {
            return Some(String::from_utf8_lossy(name));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn encodings() {
        let read = [
            (b"x = '\xc3\xa9'".as_slice(), "x = 'é'"),
            (b"\xef\xbb\xbfx = 1", "x = 1"),
            (
                b"#!/usr/bin/python\n# -*- coding: latin-1 -*-\n'\xe9'",
                "#!/usr/bin/python\n# -*- coding: latin-1 -*-\n'é'",
            ),
            (
                b"\x0c # vim: set fileencoding=ISO_8859-1 :\n'\xe9'",
                "\x0c # vim: set fileencoding=ISO_8859-1 :\n'é'",
            ),
            (b"\n# coding: utf8\n", "\n# coding: utf8\n"),
            // Neither in a comment nor on the first two lines.
            (
                b"coding = 'x'; coding='cp1252'",
                "coding = 'x'; coding='cp1252'",
            ),
            (b"\n\n# coding: cp1252\n", "\n\n# coding: cp1252\n"),
            (b"x = 1\n# coding: cp1252\n", "x = 1\n# coding: cp1252\n"),
        ];
        for (bytes, text) in read {
            assert_eq!(decode(bytes.to_vec()).as_deref(), Ok(text));
        }
        let refused = [
            (b"x = '\xe9'".as_slice(), "byte 5"),
            (b"# coding: cp1252\n", "`cp1252`"),
            (b"\xef\xbb\xbf# coding: latin-1\n", "`latin-1`"),
            (b"# coding: utf-16\n", "`utf-16`"),
        ];
        for (bytes, saying) in refused {
            let error = decode(bytes.to_vec()).unwrap_err();
            assert!(error.contains(saying), "{error}");
        }
    }
}
