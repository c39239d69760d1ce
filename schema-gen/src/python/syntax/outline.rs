//! A file without the bodies of its functions.
//!
//! Most functions of a service never run while it is imported. Their bodies are most of its text,
//! and parsing them most of the parser's work. This finds where they are, by the rules of Python's
//! lexical analysis alone (The Python Language Reference, chapter 2): strings, comments, brackets,
//! joined lines and indentation. What it does not understand it leaves to the parser.

use memchr::{memchr, memchr2, memchr3};

/// What is hidden: the text from the beginning of a line to the end of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hidden {
    /// The beginning of the first line of the function's body, before its docstring.
    pub(super) body: usize,
    /// The end of the last statement of the body, as it is in the outline too.
    pub(super) end: usize,
}

/// A text of the same length in which hidden bodies are a comment and `...`; and what is hidden, in
/// order. The `...` ends where the body ended, so that what is around it keeps its place.
pub(super) struct Outline {
    pub(super) text: String,
    pub(super) hidden: Vec<Hidden>,
}

/// Shorter bodies are not worth it.
const MIN_HIDDEN: usize = 48;
/// Formatted texts within formatted texts.
const MAX_NESTED: u32 = 20;

/// The characters that can end a line or keep it from ending; `:` ends a header.
#[expect(clippy::indexing_slicing, reason = "the compiler runs it")]
const SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    let all = b"\n\r\\#\"'()[]{}:";
    let mut at = 0;
    while at < all.len() {
        special[all[at] as usize] = true;
        at += 1;
    }
    special
};

/// The outline of a file, where there is something to hide.
pub(super) fn outline(source: &str) -> Option<Outline> {
    let mut scan = Scan {
        bytes: source.as_bytes(),
        at: 0,
        code_end: 0,
        in_comment: false,
    };
    let mut text = String::new();
    let mut hidden = Vec::new();
    let mut copied = 0;
    while let Some(indent) = scan.indentation()? {
        if !scan.is_definition() {
            scan.logical_line()?;
            continue;
        }
        if !scan.header()? {
            continue;
        }
        let Some(found) = scan.suite(indent)? else {
            continue;
        };
        let Suite { body, from, column } = found;
        let end = scan.code_end;
        // "\n", the indentation and "...".
        let tail = column + 4;
        if end < from + MIN_HIDDEN + tail {
            continue;
        }
        if text.is_empty() {
            text.reserve(source.len());
        }
        text.push_str(source.get(copied..from)?);
        fill(&mut text, COMMENT, end - from - tail);
        text.push('\n');
        fill(&mut text, SPACES, column);
        text.push_str("...");
        copied = end;
        hidden.push(Hidden { body, end });
    }
    if hidden.is_empty() {
        return None;
    }
    text.push_str(source.get(copied..)?);
    Some(Outline { text, hidden })
}

const COMMENT: &str = "################################################################";
const SPACES: &str = "                                                                ";

/// Appends so many bytes of a pattern of one character.
fn fill(text: &mut String, pattern: &str, mut length: usize) {
    while let Some(part) = pattern
        .get(..length.min(pattern.len()))
        .filter(|it| !it.is_empty())
    {
        text.push_str(part);
        length -= part.len();
    }
}

/// The statements under a function's header.
struct Suite {
    /// The beginning of the first line.
    body: usize,
    /// The beginning of the line after the docstring; of the first without one.
    from: usize,
    /// How far they are indented.
    column: usize,
}

struct Scan<'s> {
    bytes: &'s [u8],
    at: usize,
    /// The end of the code of the line before, without spaces and comment.
    code_end: usize,
    /// Whether `code_end` is already that of this line.
    in_comment: bool,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn starts_with(&self, text: &[u8]) -> bool {
        self.bytes
            .get(self.at..)
            .is_some_and(|rest| rest.starts_with(text))
    }

    /// Goes to the first character of the next line that has code in it, and says how far it is
    /// indented. `None` inside at the end of the text.
    fn indentation(&mut self) -> Option<Option<usize>> {
        loop {
            let start = self.at;
            while self.peek() == Some(b' ') {
                self.at += 1;
            }
            match self.peek() {
                None => return Some(None),
                Some(b'#') => self.comment(),
                Some(b'\n') => {}
                Some(b'\r') if self.starts_with(b"\r\n") => self.at += 1,
                // How far a tab reaches depends on what is before it.
                Some(b'\t' | b'\x0c' | b'\r') => return None,
                Some(_) => return Some(Some(self.at - start)),
            }
            self.at += 1;
        }
    }

    fn is_definition(&self) -> bool {
        self.starts_with(b"def ") || self.starts_with(b"async def ")
    }

    /// Goes to the end of the line.
    fn comment(&mut self) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.at += memchr(b'\n', rest).unwrap_or(rest.len());
    }

    /// Goes behind the line's end, wherever brackets, strings and `\` take it.
    fn logical_line(&mut self) -> Option<()> {
        let mut depth = 0u32;
        while let Some(byte) = self.next_special() {
            if self.token(byte, &mut depth)? {
                return Some(());
            }
        }
        self.ends_code(self.at);
        Some(())
    }

    /// Goes to the next character that means something to a line's end.
    fn next_special(&mut self) -> Option<u8> {
        let rest = self.bytes.get(self.at..)?;
        let is_special = |byte: &u8| SPECIAL.get(usize::from(*byte)).is_some_and(|it| *it);
        let plain = rest.iter().position(is_special).unwrap_or(rest.len());
        self.at += plain;
        self.peek()
    }

    /// Code ends before there, but for spaces.
    fn ends_code(&mut self, at: usize) {
        let before = self.bytes.get(..at).unwrap_or_default();
        let is_code = |byte: &u8| !matches!(byte, b' ' | b'\t' | b'\r' | b'\x0c');
        self.code_end = before.iter().rposition(is_code).map_or(0, |last| last + 1);
    }

    /// Goes behind one special character, or one string; whether that ended the line.
    fn token(&mut self, byte: u8, depth: &mut u32) -> Option<bool> {
        match byte {
            b'\n' => {
                // Where a comment is before it, that has been said.
                if *depth == 0 && !self.in_comment {
                    self.ends_code(self.at);
                }
                self.in_comment = false;
                self.at += 1;
                return Some(*depth == 0);
            }
            b'#' => {
                self.ends_code(self.at);
                self.in_comment = true;
                self.comment();
                return Some(false);
            }
            b'"' | b'\'' => {
                self.string(byte, 0)?;
                return Some(false);
            }
            b'\r' if !self.starts_with(b"\r\n") => return None,
            b'\\' => self.at += if self.starts_with(b"\\\r\n") { 2 } else { 1 },
            b'(' | b'[' | b'{' => *depth += 1,
            b')' | b']' | b'}' => *depth = depth.saturating_sub(1),
            _ => {}
        }
        self.at += 1;
        Some(false)
    }

    /// Goes behind the `:` of a function's header and the end of its line; whether its body is
    /// below. Where it is on the same line that line is left to be read.
    fn header(&mut self) -> Option<bool> {
        let mut depth = 0u32;
        while let Some(byte) = self.next_special() {
            if byte == b':' && depth == 0 {
                break;
            }
            // A header does not end before its colon.
            if self.token(byte, &mut depth)? {
                return None;
            }
        }
        self.at += 1;
        let is_below = self.is_end_of_line();
        self.logical_line()?;
        Some(is_below)
    }

    /// Whether nothing but a comment follows on the line.
    fn is_end_of_line(&self) -> bool {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let next = rest.iter().find(|byte| !matches!(byte, b' ' | b'\t'));
        matches!(next, None | Some(b'\n' | b'\r' | b'#'))
    }

    /// Goes behind the lines that are indented further than the header. `None` inside where the
    /// first of them is more than a docstring.
    fn suite(&mut self, header: usize) -> Option<Option<Suite>> {
        let mut column = self.indentation()?.filter(|column| *column > header)?;
        let body = self.at - column;
        let mut from = body;
        if self.is_string() {
            let before = self.at;
            if let Some(quote @ (b'"' | b'\'')) = self.next_special() {
                self.string(quote, 0)?;
            }
            if !self.is_end_of_line() {
                self.at = before;
                return Some(None);
            }
            self.logical_line()?;
            from = self.at;
            match self.next_in(header)? {
                Some(next) => column = next,
                None => return Some(None),
            }
        }
        loop {
            self.logical_line()?;
            if self.next_in(header)?.is_none() {
                return Some(Some(Suite { body, from, column }));
            }
        }
    }

    /// Goes to the first character of the next line, if that is indented further than the header;
    /// else stays.
    fn next_in(&mut self, header: usize) -> Option<Option<usize>> {
        let before = self.at;
        let next = self.indentation()?.filter(|column| *column > header);
        if next.is_none() {
            self.at = before;
        }
        Some(next)
    }

    /// Whether a string begins here.
    fn is_string(&self) -> bool {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let quote = rest.iter().take(3).position(|b| matches!(b, b'"' | b'\''));
        quote.is_some_and(|at| {
            rest.iter()
                .take(at)
                .all(|byte| b"rRbBuUfFtT".contains(byte))
        })
    }

    /// Goes behind a string, whose first quote is here.
    fn string(&mut self, quote: u8, nested: u32) -> Option<()> {
        let is_formatted = self.is_formatted();
        let triple = [quote; 3];
        let is_triple = self.starts_with(&triple);
        self.at += if is_triple { 3 } else { 1 };
        loop {
            let rest = self.bytes.get(self.at..)?;
            let next = match (is_formatted, is_triple) {
                (true, _) => {
                    let ends = |byte: &u8| *byte == quote || matches!(byte, b'\\' | b'{' | b'\n');
                    rest.iter().position(ends)
                }
                (false, true) => memchr2(quote, b'\\', rest),
                (false, false) => memchr3(quote, b'\\', b'\n', rest),
            };
            self.at += next?;
            match self.peek()? {
                b'\n' if !is_triple => return None,
                // In a formatted text a backslash does not keep a brace from being one.
                b'\\' => {
                    let next = self.bytes.get(self.at + 1);
                    let is_brace = is_formatted && matches!(next, Some(b'{' | b'}'));
                    self.at += if is_brace { 1 } else { 2 };
                }
                b'{' if self.starts_with(b"{{") => self.at += 2,
                b'{' => self.field(nested + 1)?,
                byte if byte == quote && !is_triple => {
                    self.at += 1;
                    return Some(());
                }
                byte if byte == quote && self.starts_with(&triple) => {
                    self.at += 3;
                    return Some(());
                }
                _ => self.at += 1,
            }
        }
    }

    /// Whether the prefix before a quote makes a formatted text of the string.
    fn is_formatted(&self) -> bool {
        let before = |distance: usize| {
            let at = self.at.checked_sub(distance)?;
            self.bytes.get(at).copied()
        };
        let is_word = |byte: Option<u8>| {
            byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80)
        };
        let formats = |byte: Option<u8>| matches!(byte, Some(b'f' | b'F' | b't' | b'T'));
        let is_raw = |byte: Option<u8>| matches!(byte, Some(b'r' | b'R'));
        let (last, first) = (before(1), before(2));
        (formats(last) && !is_word(first))
            || (!is_word(before(3))
                && (formats(last) && is_raw(first) || is_raw(last) && formats(first)))
    }

    /// Goes behind a replacement field, whose `{` is here.
    fn field(&mut self, nested: u32) -> Option<()> {
        if nested > MAX_NESTED {
            return None;
        }
        self.at += 1;
        let mut depth = 0u32;
        loop {
            let byte = self.next_special()?;
            match byte {
                b'}' if depth == 0 => {
                    self.at += 1;
                    return Some(());
                }
                b':' if depth == 0 => {
                    self.at += 1;
                    return self.format(nested);
                }
                b'"' | b'\'' => self.string(byte, nested)?,
                _ => {
                    self.token(byte, &mut depth)?;
                }
            }
        }
    }

    /// Goes behind the format of a replacement field and its `}`.
    fn format(&mut self, nested: u32) -> Option<()> {
        loop {
            match self.peek()? {
                b'}' => {
                    self.at += 1;
                    return Some(());
                }
                b'{' => self.field(nested + 1)?,
                _ => self.at += 1,
            }
        }
    }
}
