use std::fmt::Write;

use anstyle::AnsiColor;
use hitchpost::{
    Diagnostic,
    core::{Excerpt, Severity},
};

use super::style::{Style, width, wrapped};

/// Findings with their source lines, underlined.
///
/// ```text
/// error[unknown-key]: unknown key `versoin`
///  --> tools.yaml:4:5
///   |
/// 4 |     versoin: …
///   |     ^^^^^^^
///   = help: did you mean `version`?
/// ```
pub(crate) fn diagnostics(findings: &[Diagnostic], style: Style) -> String {
    let blocks: Vec<String> = findings
        .iter()
        .map(|finding| block(finding, style))
        .collect();
    blocks.join("\n")
}

/// "2 errors, 1 warning".
pub(crate) fn counts(findings: &[Diagnostic]) -> String {
    let of = |severity| {
        findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    };
    let counts = [Severity::Error, Severity::Warning, Severity::Note]
        .map(|severity| (severity, of(severity)));
    let words: Vec<String> = counts
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(severity, count)| {
            format!("{count} {severity}{}", if *count == 1 { "" } else { "s" })
        })
        .collect();
    words.join(", ")
}

pub(crate) const fn colour(severity: Severity) -> AnsiColor {
    match severity {
        Severity::Error => AnsiColor::Red,
        Severity::Warning => AnsiColor::Yellow,
        Severity::Note => AnsiColor::Cyan,
    }
}

fn block(finding: &Diagnostic, style: Style) -> String {
    let colour = colour(finding.severity);
    let head = format!("{}[{}]", finding.severity, finding.code);
    let mut text = headline(
        &style.strong(colour, &head),
        width(&head),
        &finding.message,
        style,
    );
    let line = finding
        .span
        .map_or_else(String::new, |span| span.start.line.to_string());
    let margin = " ".repeat(line.len());
    let place = match finding.span {
        Some(span) => format!(
            "{}:{}:{}",
            finding.source, span.start.line, span.start.column
        ),
        None => finding.source.to_string(),
    };
    let _ = writeln!(text, "{margin}{} {place}", style.dim("-->"));
    if let Some(excerpt) = &finding.excerpt {
        let bar = style.dim("|");
        let (shown, underline) = window(excerpt, style.beside(line.len() + 3));
        let _ = writeln!(text, "{margin} {bar}");
        let _ = writeln!(text, "{} {bar} {shown}", style.dim(&line));
        if !underline.is_empty() {
            let _ = writeln!(
                text,
                "{margin} {bar} {}",
                underlined(&underline, colour, style)
            );
        }
    }
    if let Some(help) = &finding.help {
        let lines = wrapped(help, style.beside(margin.len() + 9));
        for (number, part) in lines.iter().enumerate() {
            let lead = if number == 0 {
                format!("{} help: ", style.dim("="))
            } else {
                " ".repeat(8)
            };
            let _ = writeln!(text, "{margin} {lead}{part}");
        }
    }
    text
}

/// "error[code]: message", broken to fit.
pub(crate) fn headline(head: &str, head_width: usize, message: &str, style: Style) -> String {
    let whole = format!("{}: {message}", "x".repeat(head_width));
    let lines = wrapped(&whole, style.beside(2));
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        match line.get(head_width..).filter(|_| number == 0) {
            Some(rest) => {
                let _ = writeln!(text, "{head}{rest}");
            }
            None => {
                let _ = writeln!(text, "  {line}");
            }
        }
    }
    text
}

fn underlined(underline: &str, colour: AnsiColor, style: Style) -> String {
    let spaces = underline.len() - underline.trim_start().len();
    let (indent, marks) = underline.split_at(spaces);
    format!("{indent}{}", style.strong(colour, marks))
}

/// The part of the line around the underlined place that fits, and the marks for it. A character
/// that is not printed as it is stands as `·`, so that the columns stay true.
fn window(excerpt: &Excerpt, columns: usize) -> (String, String) {
    let characters: Vec<char> = excerpt
        .text
        .chars()
        .map(|c| {
            if c.is_control() {
                if c == '\t' { ' ' } else { '·' }
            } else {
                c
            }
        })
        .collect();
    let underline = excerpt.underline.clone();
    let columns = columns.max(20);
    let first = if characters.len() <= columns {
        0
    } else {
        underline.start.saturating_sub(columns / 3)
    };
    let last = characters.len().min(first.saturating_add(columns));
    let mut shown: Vec<char> = characters.get(first..last).unwrap_or_default().to_vec();
    if let Some(edge) = shown.first_mut().filter(|_| first > 0) {
        *edge = '…';
    }
    if let Some(edge) = shown.last_mut().filter(|_| last < characters.len()) {
        *edge = '…';
    }
    let wide = |from: usize, to: usize| -> usize {
        let part: String = characters
            .get(from.min(last)..to.min(last))
            .unwrap_or_default()
            .iter()
            .collect();
        width(&part)
    };
    let marks = if underline.is_empty() {
        String::new()
    } else {
        " ".repeat(wide(first, underline.start))
            + &"^".repeat(wide(underline.start.max(first), underline.end))
    };
    (shown.into_iter().collect(), marks)
}
