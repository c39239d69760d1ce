use std::fmt::Write;

use anstyle::AnsiColor;
use hitchpost::{
    Explanation, Failure, FailureCode, Name,
    resolver::{ExplainedCandidate, Verdict},
};

use super::{
    diagnostic::headline,
    style::{Style, padded, width, wrapped},
};

/// The columns that there must be beside names for reasons to stand there.
const BESIDE: usize = 42;

/// Failures with their candidates.
pub(crate) fn failures(failures: &[Failure], style: Style) -> String {
    let blocks: Vec<String> = failures
        .iter()
        .map(|failure| {
            refusal(failure.code, &failure.name, &failure.message, style)
                + &candidates(failure.code, &failure.candidates, style)
        })
        .collect();
    blocks.join("\n")
}

/// What became of every requirement, and of every candidate for it.
pub(crate) fn explanations(explanations: &[Explanation], style: Style) -> String {
    let blocks: Vec<String> = explanations
        .iter()
        .map(|explanation| {
            let Explanation {
                name,
                code,
                message,
                candidates: seen,
                hidden,
            } = explanation;
            let mut text = match code {
                Some(code) => {
                    refusal(*code, name, message, style) + &candidates(*code, seen, style)
                }
                None => {
                    let head = style.bold(name.as_str());
                    headline(&head, width(name.as_str()), message, style) + &tree(seen, style)
                }
            };
            if *hidden > 0 {
                let noun = if *hidden == 1 {
                    "candidate is"
                } else {
                    "candidates are"
                };
                let _ = writeln!(text, "  {hidden} {noun} not for this caller");
            }
            text
        })
        .collect();
    blocks.join("\n")
}

/// "error[code]: handle: why".
fn refusal(code: FailureCode, name: &Name, message: &str, style: Style) -> String {
    let head = format!("error[{code}]");
    let coloured = style.strong(AnsiColor::Red, &head);
    headline(
        &coloured,
        width(&head),
        &format!("{name}: {message}"),
        style,
    )
}

/// The candidates of a failure; of a requirement that says nothing sensible none means anything.
fn candidates(code: FailureCode, candidates: &[ExplainedCandidate], style: Style) -> String {
    match code {
        FailureCode::EmptySelector | FailureCode::BadConstraint => String::new(),
        _ => tree(candidates, style),
    }
}

/// The candidates as a tree, under a heading for each alternative where there are several. What
/// became of each stands beside its name, or below it where names are long and lines are short.
fn tree(candidates: &[ExplainedCandidate], style: Style) -> String {
    let several = candidates.iter().any(|candidate| candidate.alternative > 0);
    let names = candidates.iter().map(|candidate| width(&name(candidate)));
    let column = names.max().unwrap_or(0);
    let is_beside = style.width.is_none_or(|width| column + BESIDE <= width);
    let indent = if is_beside { column + 2 } else { 2 };
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
            let mut lines = verdict(candidate, style.beside(indent + 7), style).into_iter();
            if is_beside {
                let first = lines.next().unwrap_or_default();
                let _ = writeln!(
                    text,
                    "  {branch} {}  {first}",
                    padded(&name(candidate), column)
                );
            } else {
                let _ = writeln!(text, "  {branch} {}", name(candidate));
            }
            for line in lines {
                let _ = writeln!(text, "  {trunk} {}{line}", " ".repeat(indent));
            }
        }
    }
    text
}

fn name(candidate: &ExplainedCandidate) -> String {
    let ExplainedCandidate {
        extension,
        instance,
        service,
        version,
        ..
    } = candidate;
    let version = version
        .as_ref()
        .map_or_else(String::new, |version| format!(" {version}"));
    format!("{extension}/{instance}/{service}{version}")
}

/// The lines of "word: reason", all but the first indented.
fn verdict(candidate: &ExplainedCandidate, columns: usize, style: Style) -> Vec<String> {
    let (word, colour) = word(candidate);
    let whole = match candidate.verdict {
        // The headline says how.
        Verdict::Chosen => word.to_owned(),
        _ => format!("{word}: {}", candidate.message),
    };
    let mut lines = wrapped(&whole, columns);
    for (number, line) in lines.iter_mut().enumerate() {
        match line.strip_prefix(word).filter(|_| number == 0) {
            Some(rest) => *line = format!("{}{rest}", style.colour(colour, word)),
            None => line.insert_str(0, "  "),
        }
    }
    lines
}

const fn word(candidate: &ExplainedCandidate) -> (&'static str, AnsiColor) {
    match candidate.verdict {
        Verdict::Chosen => ("chosen", AnsiColor::Green),
        Verdict::Outranked { .. } => ("outranked", AnsiColor::Cyan),
        Verdict::Tied => ("tied", AnsiColor::Yellow),
        Verdict::Rejected { code } => (code.as_str(), AnsiColor::Red),
        Verdict::NotTaken => ("not taken", AnsiColor::Cyan),
    }
}
