//! Source lines that are fit to be shown.
//!
//! INVARIANT: of a line only those keys and scalars are shown that are known not to be secret,
//! and the characters that hold them together. Everything else, comments too, is masked.

use std::collections::HashSet;

use super::node::{Node, NodeValue};
use crate::{
    diagnostic::{Excerpt, Location, Span},
    secret::REDACTED,
};

/// The longest line that is shown, in bytes.
const MAX_LINE: usize = 500;

/// Keys that may be shown where the text around them could be anything.
const WORDS: &[&str] = &[
    "auth",
    "category",
    "configuration",
    "default",
    "description",
    "endpoints",
    "extensions",
    "groups",
    "id",
    "immutable",
    "inputs",
    "instance",
    "instances",
    "labels",
    "location",
    "name",
    "product",
    "profile",
    "profiles",
    "project",
    "projects",
    "scope",
    "service",
    "services",
    "steps",
    "type",
    "url",
    "user",
    "users",
    "value",
    "version",
    "version_scheme",
    "workflows",
    "zone",
];

/// The line of a finding about a text of which no tree could be made. A line that looks like a
/// key could be a part of a value there, so only well-known words are shown.
pub(super) fn structural(lines: &[String], span: Span) -> Option<Excerpt> {
    let line = line_of(lines, span.start)?;
    let indent = line.len() - line.trim_start_matches([' ', '-']).len();
    let (indent, rest) = line.split_at(indent);
    let word = rest.split(':').next().filter(|word| WORDS.contains(word));
    let text = match word {
        Some(word) if word.len() == rest.len() => line.to_owned(),
        Some(word) => format!("{indent}{word}: …"),
        None => format!("{indent}…"),
    };
    let (from, width) = (column(span.start), text.chars().count());
    let underline = if from < width { from..from + 1 } else { 0..0 };
    Some(Excerpt { text, underline })
}

/// The line of a key that stands where it must not, with nothing but the key on it.
pub(super) fn key(key: &str, span: Span) -> Option<Excerpt> {
    let from = Some(column(span.start)).filter(|from| *from < MAX_LINE)?;
    let underline = from..from + key.chars().count();
    Some(Excerpt {
        text: format!("{}{key}: …", " ".repeat(from)),
        underline,
    })
}

/// Whether a text looks like a key: it may be repeated in a message.
pub(super) fn is_word(text: &str) -> bool {
    text.len() <= 100
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._+-/".contains(&b))
}

/// The lines of a document, and what of them may be shown.
pub(super) struct Shown<'d> {
    lines: &'d [String],
    /// Keys and scalars in source order, each with whether it may be shown.
    parts: Vec<(Span, bool)>,
}

impl<'d> Shown<'d> {
    pub(super) fn new(
        lines: &'d [String],
        roots: &[Node],
        shown: &HashSet<Location>,
        hidden: &HashSet<Location>,
    ) -> Self {
        let mut parts = Vec::new();
        for root in roots {
            collect(root, &mut |span| {
                let visible = shown.contains(&span.start) && !hidden.contains(&span.start);
                parts.push((span, visible));
            });
        }
        parts.sort_unstable_by_key(|(span, _)| (span.start, span.end));
        parts.dedup();
        Self { lines, parts }
    }

    /// The line where `span` starts; none when it is too long to be read anyway.
    pub(super) fn excerpt(&self, span: Span) -> Option<Excerpt> {
        let number = span.start.line;
        let line = line_of(self.lines, span.start)?;
        let on_line = |at: Location| {
            if at.line == number {
                column(at)
            } else {
                usize::MAX
            }
        };
        let first = self.parts.partition_point(|(part, _)| {
            part.end
                < Location {
                    line: number,
                    column: 1,
                }
        });
        let mut parts = self
            .parts
            .get(first..)
            .unwrap_or_default()
            .iter()
            .take_while(|(part, _)| part.start.line <= number)
            .map(|(part, visible)| {
                let from = if part.start.line == number {
                    column(part.start)
                } else {
                    0
                };
                (from, on_line(part.end), *visible)
            })
            .filter(|(from, to, _)| from < to)
            .peekable();
        let target = column(span.start)..on_line(span.end);
        let mut written = Written {
            text: String::new(),
            width: 0,
            underline: 0..0,
            target,
        };
        let mut characters = line.chars().enumerate().peekable();
        while let Some((at, character)) = characters.next() {
            while parts.next_if(|(_, to, _)| *to <= at).is_some() {}
            match parts.peek() {
                Some((from, _, true)) if *from <= at => {
                    written.push(character.to_string().as_str(), at..at + 1)
                }
                Some((from, to, false)) if *from <= at => {
                    while characters.next_if(|(next, _)| next < to).is_some() {}
                    written.push(REDACTED, at..*to);
                }
                next => {
                    let end = next.map_or(usize::MAX, |(from, ..)| *from);
                    if " \t-:,[]{}?\"'".contains(character) {
                        written.push(character.to_string().as_str(), at..at + 1);
                    } else {
                        while characters.next_if(|(next, _)| *next < end).is_some() {}
                        written.push("… ", at..end);
                    }
                }
            }
        }
        Some(written.finish())
    }
}

/// An excerpt as it grows.
struct Written {
    text: String,
    width: usize,
    underline: std::ops::Range<usize>,
    /// The columns of the source that are to be underlined.
    target: std::ops::Range<usize>,
}

impl Written {
    fn push(&mut self, piece: &str, columns: std::ops::Range<usize>) {
        let width = piece.chars().count();
        if columns.start < self.target.end && columns.end > self.target.start {
            let start = if self.underline.is_empty() {
                self.width
            } else {
                self.underline.start
            };
            self.underline = start..self.width + width;
        }
        self.width += width;
        self.text.push_str(piece);
    }

    fn finish(self) -> Excerpt {
        let text = self.text.trim_end().to_owned();
        let end = self.underline.end.min(text.chars().count());
        let underline = if self.underline.start < end {
            self.underline.start..end
        } else {
            0..0
        };
        Excerpt { text, underline }
    }
}

fn collect(node: &Node, visit: &mut impl FnMut(Span)) {
    match &node.value {
        NodeValue::Scalar { .. } => visit(node.span),
        NodeValue::Sequence(items) => items.iter().for_each(|item| collect(item, visit)),
        NodeValue::Mapping(entries) => {
            for (key, value) in entries {
                visit(key.span);
                collect(value, visit);
            }
        }
    }
}

/// The column from 0.
const fn column(at: Location) -> usize {
    (at.column as usize).saturating_sub(1)
}

fn line_of(lines: &[String], at: Location) -> Option<&str> {
    lines
        .get((at.line as usize).checked_sub(1)?)
        .map(String::as_str)
        .filter(|line| line.len() <= MAX_LINE)
}
