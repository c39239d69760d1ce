//! Tests of the crate as its users see it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure of a test is the report"
)]

mod ahead;
mod certainty;
mod hostile;
mod service;

use hitchpost_schema_gen::{Analysis, Entry, MemoryTree, Options, analyse};

const MAIN: &str = "svc/main.py";

/// What is read of the application in `svc/main.py`.
fn read(files: &[(&str, &str)]) -> Analysis {
    let tree: MemoryTree = files.iter().copied().collect();
    let options = Options {
        site_packages: vec!["lib".to_owned()],
        ..Options::default()
    };
    analyse(&tree, &Entry::parse(MAIN), &options)
}

/// `METHOD path` of all operations.
fn operations(analysis: &Analysis) -> Vec<String> {
    let all = analysis.contract.operations.iter();
    all.map(|operation| format!("{} {}", operation.method, operation.path.value))
        .collect()
}

/// The number of the line that ends in the comment `# HERE`, if one does.
fn marked(source: &str) -> Option<u32> {
    let line = source.lines().position(|line| line.ends_with("# HERE"))?;
    Some(u32::try_from(line).unwrap() + 1)
}
