//! Tests of the crate as its users see it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure of a test is the report"
)]

mod openapi;
mod os_keyring;
mod reference;
mod server;
mod vault;
mod verify;

use std::{env, process::Command};

use hitchpost::{Keyring, ReferencePolicy, Registry, RevealError, Secret, Snapshot};
use secrecy::ExposeSecret;

/// A registry without records.
fn registry(exec: bool) -> Registry {
    let catalogue = hitchpost::Catalogue::builtin().clone();
    let snapshot = Snapshot::build(1, [], catalogue.into());
    Registry::new(snapshot.into(), Keyring::ephemeral().unwrap().into())
        .with_references(ReferencePolicy { exec })
}

/// Follows a reference.
fn reveal(registry: &Registry, reference: &str) -> Result<String, RevealError> {
    let revealed = registry.reveal(&Secret::Plain(reference.into()));
    revealed.map(|secret| secret.expose_secret().to_owned())
}

/// The code, message and help of a reference that must not lead anywhere.
#[track_caller]
fn refused(registry: &Registry, reference: &str) -> (&'static str, String, &'static str) {
    match reveal(registry, reference) {
        Err(RevealError::Reference(error)) => (error.code(), error.to_string(), error.help()),
        other => panic!("{reference}: {other:?}"),
    }
}

const CHILD: &str = "HITCHPOST_TEST_IN_CHILD";

/// A command that runs one test of this program in a process of its own, where it finds other
/// variables; `None` in that process.
fn child(test: &str) -> Option<Command> {
    if env::var(CHILD).is_ok_and(|running| running == test) {
        return None;
    }
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args([test, "--exact", "--nocapture"])
        .env(CHILD, test);
    Some(command)
}

#[track_caller]
fn succeed(mut command: Command) {
    let output = command.output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && stdout.contains("1 passed"),
        "{stdout}\n{stderr}"
    );
}
