//! Registries from text, with secrets that are not sealed.

use std::{convert::Infallible, sync::Arc};

use hitchpost_registry_core::{Catalogue, Severity, parse_records};
use hitchpost_resolver::{
    Requirement, Resolution, ResolveOptions, RunContext, Secret, Snapshot, Zone,
};
use secrecy::SecretString;

/// A registry of these records, all of revision 7.
pub(crate) fn registry(records: &str) -> Snapshot {
    let (records, findings) = parse_records("records", records.as_bytes(), Catalogue::builtin());
    assert!(
        findings
            .iter()
            .all(|finding| finding.severity != Severity::Error),
        "{findings:#?}"
    );
    Snapshot::build(
        7,
        records.iter().map(|record| (record, 7)),
        Arc::new(Catalogue::builtin().clone()),
    )
}

/// What a caller in the zone `local` gets.
pub(crate) fn resolve(
    records: &str,
    requirements: &[Requirement],
    overridden: &[String],
) -> Resolution {
    let caller = RunContext::new(Zone::known("local").unwrap());
    registry(records).resolve(
        requirements,
        &caller,
        ResolveOptions {
            overridden,
            ..ResolveOptions::default()
        },
    )
}

/// Opens what was never sealed.
pub(crate) fn open(secret: &Secret) -> Result<SecretString, Infallible> {
    match secret {
        Secret::Plain(plain) => Ok(plain.clone()),
        Secret::Sealed(_) => panic!("nothing was sealed"),
    }
}
