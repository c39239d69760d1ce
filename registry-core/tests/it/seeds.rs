//! The seeds of the fuzz targets, replayed on any toolchain.

use std::{fs, path::Path};

use hitchpost_registry_core::{Catalogue, Constraint, Version, import, parse_records};

fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/seeds")
        .join(target);
    let files = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let seeds: Vec<_> = files
        .map(|path| (path.display().to_string(), fs::read(&path).unwrap()))
        .collect();
    assert!(!seeds.is_empty(), "{}", folder.display());
    seeds
}

/// Each seed reaches something: a record of the product's forms or of another format.
#[test]
fn records() {
    for (seed, bytes) in seeds("records") {
        let catalogue = Catalogue::builtin();
        let (records, findings) = parse_records(&seed, &bytes, catalogue);
        let imported = [
            import::fuseml(&seed, &bytes, catalogue),
            import::airflow(&seed, &bytes, catalogue),
            import::kubeconfig(&seed, &bytes, catalogue),
            import::aws(Some((&seed, &bytes)), None, catalogue),
        ];
        let reached =
            !records.is_empty() || imported.iter().any(|imported| !imported.records.is_empty());
        assert!(
            reached || findings.iter().any(|finding| !finding.path.is_empty()),
            "{seed}"
        );
    }
}

#[test]
fn constraints() {
    for (seed, bytes) in seeds("constraint") {
        let text = String::from_utf8(bytes).unwrap();
        let (constraint, versions) = text.split_once('\n').unwrap();
        let constraint =
            Constraint::parse(constraint).unwrap_or_else(|error| panic!("{seed}: {error}"));
        let again = Constraint::parse(&constraint.to_string()).unwrap();
        for version in versions.lines().map(|line| Version::infer(line).unwrap()) {
            assert_eq!(
                constraint.matches(&version),
                again.matches(&version),
                "{seed}: {version}"
            );
        }
    }
}
