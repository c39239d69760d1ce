//! Tests of the crate as its users see it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure of a test is the report"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "tests read fixtures and measure time; the crate does not"
)]

mod diagnostics;
mod docs;
mod founding;
mod hostile;
mod import;
mod schema;
mod secrets;
mod seeds;
mod syntax;
mod version;

use std::{fmt::Write, fs, path::PathBuf};

use hitchpost_registry_core::{Catalogue, Diagnostic, Diagnostics, Extension, parse_records};

fn parse(text: &str) -> (Vec<Extension>, Diagnostics) {
    parse_records("test.yaml", text.as_bytes(), Catalogue::builtin())
}

/// Parses a text that must have no findings.
#[track_caller]
fn sound(text: &str) -> Vec<Extension> {
    let (records, findings) = parse(text);
    assert!(findings.is_empty(), "{}", rendered(&findings));
    records
}

/// The findings as a person sees them: the short form, the path, and the line with what is meant.
fn rendered(findings: &[Diagnostic]) -> String {
    let mut text = String::new();
    for finding in findings {
        writeln!(text, "{finding}").unwrap();
        if !finding.path.is_empty() {
            writeln!(text, "  at {}", finding.path).unwrap();
        }
        if let Some(excerpt) = &finding.excerpt {
            let marks = "^".repeat(excerpt.underline.len());
            writeln!(text, "  | {}", excerpt.text).unwrap();
            writeln!(
                text,
                "{}",
                format!("  | {}{marks}", " ".repeat(excerpt.underline.start)).trim_end()
            )
            .unwrap();
        }
    }
    text
}

fn fixtures(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(folder);
    let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            (
                path.file_name().unwrap().to_str().unwrap().to_owned(),
                fs::read(&path).unwrap(),
            )
        })
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{}", folder.display());
    files
}
