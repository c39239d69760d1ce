//! Any Python, also of several files: no panic, and documents that can be written as OpenAPI 3.0.
//!
//! A line `#### path` begins a file; what stands before the first is the service itself.

#![no_main]

use hitchpost_schema_gen::{Entry, MemoryTree, Options, analyse, openapi::v30::openapi_v30};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut parts = text.split("\n#### ");
    let main = ("app/main.py", parts.next().unwrap_or_default());
    let files = parts.filter_map(|part| part.split_once('\n'));
    let tree: MemoryTree = files.chain([main]).collect();
    let options = Options {
        roots: vec!["app".to_owned()],
        site_packages: vec!["lib".to_owned()],
        environment: vec![("MODE".to_owned(), "test".to_owned())],
        ..Options::default()
    };
    let analysis = analyse(&tree, &Entry::parse("app/main.py"), &options);
    // What a panic of the analysis becomes.
    let is_internal = |code: &str| code == "internal";
    assert!(!analysis.diagnostics.iter().any(|found| is_internal(found.code)), "{:?}", analysis.diagnostics);
    if let Some(document) = analysis.document {
        openapi_v30(&document).expect("it is an OpenAPI document");
    }
});
