use std::fmt::Write;

use anstyle::AnsiColor;
use hitchpost::{
    Explanation, Failure, FailureCode,
    resolver::{ExplainedCandidate, Verdict},
};

use super::{
    diagnostic::headline,
    style::{Style, padded, width, wrapped},
};

/// The widest that the column of names is made.
const NAMES: usize = 36;

/// Failures with their candidates.
pub(crate) fn failures(failures: &[Failure], style: Style) -> String {
    let blocks: Vec<String> = failures
        .iter()
        .map(|failure| {
            let head = format!("error[{}]", failure.code);
            let message = format!("{}: {}", failure.name, failure.message);
            headline(
                &style.strong(AnsiColor::Red, &head),
                width(&head),
                &message,
                style,
            ) + &candidates(failure.code, &failure.candidates, style)
        })
        .collect();
    blocks.join("\n")
}

/// What became of every requirement, and of every candidate for it.
pub(crate) fn explanations(explanations: &[Explanation], style: Style) -> String {
    let blocks: Vec<String> = explanations
        .iter()
        .map(|explanation| {
            let name = explanation.name.as_str();
            let (head, message) = match explanation.code {
                None => (name.to_owned(), explanation.message.clone()),
                Some(code) => (name.to_owned(), format!("{code}: {}", explanation.message)),
            };
            let mut text = headline(&style.bold(&head), width(&head), &message, style);
            match explanation.code {
                Some(code) => text.push_str(&candidates(code, &explanation.candidates, style)),
                None => text.push_str(&tree(&explanation.candidates, style)),
            }
            if explanation.hidden > 0 {
                let noun = if explanation.hidden == 1 {
                    "candidate is"
                } else {
                    "candidates are"
                };
                let _ = writeln!(text, "  {} {noun} not for this caller", explanation.hidden);
            }
            text
        })
        .collect();
    blocks.join("\n")
}

/// The candidates of a failure; of a requirement that says nothing sensible none means anything.
fn candidates(code: FailureCode, candidates: &[ExplainedCandidate], style: Style) -> String {
    match code {
        FailureCode::EmptySelector | FailureCode::BadConstraint => String::new(),
        _ => tree(candidates, style),
    }
}

/// The candidates as a tree, under a heading for each alternative where there are several.
fn tree(candidates: &[ExplainedCandidate], style: Style) -> String {
    let several = candidates.iter().any(|candidate| candidate.alternative > 0);
    let names = |candidate: &ExplainedCandidate| {
        let version = candidate
            .version
            .as_ref()
            .map_or_else(String::new, |version| format!(" {version}"));
        format!(
            "{}/{}/{}{version}",
            candidate.extension, candidate.instance, candidate.service
        )
    };
    let column = candidates
        .iter()
        .map(|candidate| width(&names(candidate)))
        .max()
        .unwrap_or(0)
        .min(NAMES);
    let mut text = String::new();
    for group in candidates.chunk_by(|a, b| a.alternative == b.alternative) {
        if let Some(first) = group.first().filter(|_| several) {
            let _ = writeln!(text, "  alternative {}", first.alternative + 1);
        }
        for (number, candidate) in group.iter().enumerate() {
            let is_last = number + 1 == group.len();
            let (branch, trunk) = if is_last {
                ("└─", "  ")
            } else {
                ("├─", "│ ")
            };
            let (word, colour) = verdict(candidate);
            let name = names(candidate);
            let verdict = match candidate.verdict {
                // The headline says how.
                Verdict::Chosen => word.to_owned(),
                _ => format!("{word}: {}", candidate.message),
            };
            let mut lines = wrapped(&verdict, style.beside(column + 7)).into_iter();
            let mut first = lines.next().unwrap_or_default();
            // The rest of a word that was broken off stays uncoloured.
            if let Some(rest) = first.strip_prefix(word) {
                first = format!("{}{rest}", style.colour(colour, word));
            }
            if width(&name) > column {
                let _ = writeln!(text, "  {branch} {name}");
                let _ = writeln!(text, "  {trunk} {}  {first}", " ".repeat(column));
            } else {
                let _ = writeln!(text, "  {branch} {}  {first}", padded(&name, column));
            }
            for line in lines {
                let _ = writeln!(text, "  {trunk} {}    {line}", " ".repeat(column));
            }
        }
    }
    text
}

const fn verdict(candidate: &ExplainedCandidate) -> (&'static str, AnsiColor) {
    match candidate.verdict {
        Verdict::Chosen => ("chosen", AnsiColor::Green),
        Verdict::Outranked { .. } => ("outranked", AnsiColor::Cyan),
        Verdict::Tied => ("tied", AnsiColor::Yellow),
        Verdict::Rejected { code } => (code.as_str(), AnsiColor::Red),
        Verdict::NotTaken => ("not taken", AnsiColor::Cyan),
    }
}
