//! Prints the OpenAPI document of a service, or the schema of one of its types.
//!
//! `cargo run --example openapi -- FILE.py[:attr] | package.module[:attr] [--root DIR]…
//! [--site-packages DIR]… [--env NAME=VALUE]… [--assume NAME==VERSION]… [--stats]`, or
//! `--schema FILE.py:Name --mode validation|serialization`.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use hitchpost_schema_gen::{
    Diagnostic, Entry, Options, SchemaMode, SourceTree, Version, analyse, schema,
};

struct Disk;

impl SourceTree for Disk {
    fn read(&self, path: &str) -> Result<Option<Arc<str>>, String> {
        match std::fs::read(path) {
            Ok(bytes) => String::from_utf8(bytes)
                .map(|text| Some(Arc::from(text)))
                .map_err(|error| format!("is no UTF-8: {error}")),
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(error.to_string()),
        }
    }

    fn is_folder(&self, path: &str) -> bool {
        std::path::Path::new(path).is_dir()
    }
}

fn tell(diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        let file = diagnostic.file.as_deref().unwrap_or("-");
        let line = diagnostic
            .line
            .map(|line| format!(":{line}"))
            .unwrap_or_default();
        eprintln!("{file}{line}: {} [{}]", diagnostic.message, diagnostic.code);
    }
}

fn main() -> ExitCode {
    let mut options = Options::default();
    let (mut entry, mut schema_of, mut mode, mut stats) =
        (None, None, SchemaMode::Validation, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut next = || arguments.next().unwrap_or_default();
        match argument.as_str() {
            "--root" => options.roots.push(next()),
            "--site-packages" => options.site_packages.push(next()),
            "--env" => {
                let pair = next();
                let (name, value) = pair.split_once('=').unwrap_or((&pair, ""));
                options
                    .environment
                    .push((name.to_owned(), value.to_owned()));
            }
            "--assume" => {
                let pair = next();
                let (name, version) = pair.split_once("==").unwrap_or((&pair, ""));
                let version = Version::parse(version);
                match name {
                    "fastapi" => options.versions.fastapi = version,
                    "pydantic" => options.versions.pydantic = version,
                    "python" => options.versions.python = version,
                    _ => {}
                }
            }
            "--stats" => stats = true,
            "--schema" => schema_of = Some(next()),
            "--mode" => {
                if next() == "serialization" {
                    mode = SchemaMode::Serialization;
                }
            }
            _ => entry = Some(argument),
        }
    }
    let document = if let Some(name) = schema_of {
        let (document, diagnostics) = schema(&Disk, &Entry::parse(&name), mode, &options);
        tell(&diagnostics);
        document
    } else if let Some(entry) = entry {
        let start = Instant::now();
        let analysis = analyse(&Disk, &Entry::parse(&entry), &options);
        let elapsed = start.elapsed();
        tell(&analysis.diagnostics);
        if stats {
            for assumed in &analysis.versions {
                eprintln!("{} {} ({})", assumed.name, assumed.version, assumed.from);
            }
            let stats = analysis.stats;
            eprintln!(
                "{} files, {} bytes, {} operations, {} types, {elapsed:?}",
                stats.files, stats.bytes, stats.operations, stats.types
            );
        }
        analysis.document
    } else {
        eprintln!("usage: openapi FILE.py[:attr] | package.module[:attr] …");
        return ExitCode::from(2);
    };
    let Some(document) = document else {
        return ExitCode::FAILURE;
    };
    match serde_json::to_string_pretty(&document) {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
