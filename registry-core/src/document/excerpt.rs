//! Source lines that are fit to be shown.
//!
//! INVARIANT: a scalar value is shown only when it is known not to be secret.

use std::collections::HashSet;

use super::node::{Node, NodeValue};
use crate::{
    diagnostic::{Excerpt, Location, Span},
    secret::REDACTED,
};

/// The line of a finding that was made before a tree stood: what follows the first colon or
/// dash-value could be anything, so only the key is shown.
pub(super) fn structural(lines: &[String], span: Span) -> Option<Excerpt> {
    let line = line_of(lines, span.start)?;
    let key = line.find(": ").map_or(line, |colon| line.split_at(colon + 1).0);
    let plain_key = key.trim_start_matches([' ', '-']).trim_end_matches(':');
    let is_key = plain_key.len() < line.trim().len()
        && plain_key.bytes().all(|b| b.is_ascii_alphanumeric() || b"._+-\"'".contains(&b));
    let text = if is_key { format!("{key} …") } else { "…".to_owned() };
    let from = (span.start.column as usize).saturating_sub(1);
    let shown = key.chars().count();
    let underline = if is_key && from < shown {
        let to = (span.end.column as usize).saturating_sub(1).clamp(from + 1, shown.max(from + 1));
        from..to
    } else {
        0..0
    };
    Some(Excerpt { text, underline })
}

/// The line at `span` with every scalar masked that is not in `shown`.
pub(super) fn masked(
    lines: &[String],
    roots: &[Node],
    shown: &HashSet<Location>,
    span: Span,
) -> Option<Excerpt> {
    let number = span.start.line;
    let line = line_of(lines, span.start)?;
    let mut hidden = Vec::new();
    for root in roots {
        collect(root, number, shown, &mut hidden);
    }
    hidden.sort_unstable();
    let mut text = String::new();
    let mut underline = (usize::MAX, 0);
    let mut written = 0;
    let mut characters = line.chars().enumerate().peekable();
    let target = (span.start.column as usize).saturating_sub(1)..if span.end.line == number {
        (span.end.column as usize).saturating_sub(1)
    } else {
        usize::MAX
    };
    let mut masks = hidden.into_iter().peekable();
    while let Some((at, character)) = characters.next() {
        let (piece, from, to) = match masks.next_if(|mask| mask.0 <= at) {
            Some((_, end)) => {
                while characters.next_if(|(next, _)| *next < end).is_some() {}
                (REDACTED.to_owned(), at, end)
            }
            None => (character.to_string(), at, at + 1),
        };
        let width = piece.chars().count();
        if from < target.end && to > target.start {
            underline = (underline.0.min(written), written + width);
        }
        written += width;
        text.push_str(&piece);
    }
    let text = text.trim_end().to_owned();
    let end = underline.1.min(text.chars().count());
    let underline = if underline.0 < end { underline.0..end } else { 0..0 };
    Some(Excerpt { text, underline })
}

/// The columns (from 0) on line `number` that belong to scalars which may not be shown.
fn collect(node: &Node, number: u32, shown: &HashSet<Location>, hidden: &mut Vec<(usize, usize)>) {
    if node.span.start.line > number || node.span.end.line < number {
        return;
    }
    match &node.value {
        NodeValue::Scalar { .. } if shown.contains(&node.span.start) => {}
        NodeValue::Scalar { .. } => {
            let from = if node.span.start.line == number { node.span.start.column as usize - 1 } else { 0 };
            let to = if node.span.end.line == number { node.span.end.column as usize - 1 } else { usize::MAX };
            if from < to {
                hidden.push((from, to));
            }
        }
        NodeValue::Sequence(items) => {
            for item in items {
                collect(item, number, shown, hidden);
            }
        }
        NodeValue::Mapping(entries) => {
            for (_, value) in entries {
                collect(value, number, shown, hidden);
            }
        }
    }
}

fn line_of(lines: &[String], at: Location) -> Option<&str> {
    lines.get((at.line as usize).checked_sub(1)?).map(String::as_str)
}
