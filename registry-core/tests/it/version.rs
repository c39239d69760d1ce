//! Versions and constraints: a table for every documented rule, laws, and two foreign oracles.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failure of a test is the report"
)]

use std::cmp::Ordering;
use std::str::FromStr;

use hitchpost_registry_core::{Constraint, ConstraintError, Scheme, Version, VersionMismatch};
use proptest::prelude::*;

fn version(text: &str) -> Version {
    Version::infer(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn version_in(scheme: Scheme, text: &str) -> Version {
    Version::parse(text, Some(scheme)).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn constraint(text: &str) -> Constraint {
    Constraint::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

/// Checks which of the space-separated `versions` satisfy `text`.
#[track_caller]
fn check(scheme: Scheme, text: &str, matching: &str, others: &str) {
    let constraint = constraint(text);
    for (versions, expected) in [(matching, true), (others, false)] {
        for candidate in versions.split_whitespace() {
            let matches = constraint.matches(&version_in(scheme, candidate));
            assert_eq!(
                matches, expected,
                "constraint `{text}`, {scheme} version `{candidate}`"
            );
        }
    }
}

#[test]
fn the_scheme_is_inferred_from_the_text() {
    let table = [
        (
            Scheme::Semver,
            "0 1 v2 1.19 1.19.0 v1.2.3 V1.2.3 1.2.3-rc.1 1.2.3+build v1.2.3-rc.1+b.2",
        ),
        (
            Scheme::Semver,
            "2024 2024.5 2024.5.1 24.10.0 20241310 20240510.1 12345678 2024.13.10",
        ),
        (
            Scheme::Semver,
            "1969.12.31 2100.10.12 4.1.3-1 7.0.5-debian-12",
        ),
        (
            Scheme::Date,
            "2024-05-10 20240510 2024.05.10 2024.10.12 2024-02-29 2099-12-31",
        ),
        (
            Scheme::Date,
            "RELEASE.2024-05-10T01-41-38Z RELEASE.2024-05-10T01-41-38Z.hotfix.abc",
        ),
        (
            Scheme::Date,
            "2024-05-10T01-41-38Z 2024-05-10T01:41:38Z RELEASE.2024-05-10",
        ),
        (
            Scheme::Pep440,
            "1.2.3.4 1.19.0rc1 1.19rc1 1.02 01.2.3 1!2.0 1.2.post1 1.0.dev3 1.19+cu118",
        ),
        (Scheme::Pep440, "2024.05.10.1 2024.5.01 1.19-rc1 v1.2.3.4"),
        (
            Scheme::Opaque,
            "noble 1.19-alpine sha256:9f86d081 RELEASE.2024-02-30T01-41-38Z 1..2 * ~ é",
        ),
        (
            Scheme::Opaque,
            "RELEASE.2024-05-10T25-41-38Z RELEASE.2024-05-10T01-41-38 2024-5-10",
        ),
        (
            Scheme::Opaque,
            "2024-05-10T01-41-38Z.a..b 2024-05T01-41-38Z RELEASE.2024-05-10T01-41-38Zx",
        ),
        (
            Scheme::Opaque,
            "1.99999999999999999999 2024-05-10T01-41Z 2024-05-10T01-41-38-00Z",
        ),
    ];
    for (scheme, texts) in table {
        for text in texts.split_whitespace() {
            assert_eq!(version(text).scheme(), scheme, "`{text}`");
            assert_eq!(version_in(scheme, text), version(text));
        }
    }
}

#[test]
fn a_version_keeps_its_text_and_its_size() {
    let padded = version("  v1.19 ");
    assert_eq!(
        (padded.as_str(), padded.to_string().as_str()),
        ("v1.19", "v1.19")
    );
    assert_eq!(serde_json::to_string(&padded).unwrap(), r#""v1.19""#);
    assert_eq!(version("Ubuntu 24.04").as_str(), "Ubuntu 24.04");
    assert_ne!(version("1.19"), version("1.19.0"));
    assert_ne!(version("1.19"), version_in(Scheme::Opaque, "1.19"));
    assert!(size_of::<Version>() <= 64);
}

#[test]
fn a_scheme_is_named_in_lower_case() {
    for scheme in Scheme::ALL {
        assert_eq!(scheme.as_str().parse(), Ok(scheme));
        let json = serde_json::to_string(&scheme).unwrap();
        assert_eq!(json, format!("\"{scheme}\""));
        assert_eq!(serde_json::from_str::<Scheme>(&json).unwrap(), scheme);
    }
    let error = Scheme::from_str("SemVer").unwrap_err();
    assert_eq!(error.code(), "version-scheme-name");
    assert!(error.to_string().contains("`SemVer`"), "{error}");
}

#[test]
fn versions_that_cannot_be_read_are_refused() {
    let long = "1".repeat(101);
    let table = [
        ("", None, "version-empty"),
        (" \t\n", None, "version-empty"),
        (&long, None, "version-too-long"),
        ("1.\t2", None, "version-control-character"),
        ("1\u{0}", Some(Scheme::Opaque), "version-control-character"),
        ("noble", Some(Scheme::Semver), "version-scheme"),
        ("1.2.3.4", Some(Scheme::Semver), "version-scheme"),
        ("1.02", Some(Scheme::Semver), "version-scheme"),
        ("1.19-rc.1", Some(Scheme::Semver), "version-scheme"),
        ("1.19+b", Some(Scheme::Semver), "version-scheme"),
        ("1.2.3-alpine", Some(Scheme::Pep440), "version-scheme"),
        ("2024-05", Some(Scheme::Date), "version-scheme"),
        ("1969-12-31", Some(Scheme::Date), "version-scheme"),
        ("2023-02-29", Some(Scheme::Date), "version-scheme"),
    ];
    for (text, scheme, code) in table {
        let error = Version::parse(text, scheme).unwrap_err();
        assert_eq!(error.code(), code, "{text:?}");
        assert!(!error.help().is_empty());
    }
    let just = "é".repeat(100);
    assert_eq!(version(&just).as_str(), just);
    let error = Version::infer("  1.2\u{7}").unwrap_err();
    assert_eq!(
        error.to_string(),
        "version has a control character at byte 5"
    );
}

#[test]
fn versions_are_ordered_within_their_scheme() {
    // Each row rises strictly; `=` joins versions that are equal.
    let table = [
        (
            Scheme::Semver,
            "0.9 1.0.0-alpha 1.0.0-alpha.1 1.0.0-rc.2 1.0.0-rc.11 1=v1.0=1.0.0+a=1.0.0+b 1.0.1 1.10 2",
        ),
        (
            Scheme::Pep440,
            "1.0.dev1 1.0a1 1.0b1 1.0rc1 1.0=1=1.0.0 1.0+local 1.0.post1 1.0.0.1 1.1 1!0.1",
        ),
        (
            Scheme::Date,
            "20240509=2024.05.09 2024-05-10T00-00-00Z=RELEASE.2024-05-10T00:00:00Z \
                        2024-05-10T01-41-38Z 2024-05-10T01-41-38Z.hotfix.a 2024-05-10T01-41-38Z.hotfix.b 2024-05-11",
        ),
        (Scheme::Date, "2024-05-10 2024-05-10T00-00-00Z"),
    ];
    for (scheme, row) in table {
        let ranks = row.split_whitespace().enumerate();
        let ranked: Vec<_> = ranks
            .flat_map(|(rank, equals)| {
                equals
                    .split('=')
                    .map(move |text| (rank, version_in(scheme, text)))
            })
            .collect();
        for (rank, version) in &ranked {
            for (other_rank, other) in &ranked {
                assert_eq!(
                    version.compare(other),
                    Some(rank.cmp(other_rank)),
                    "{version} and {other}"
                );
            }
        }
    }
}

#[test]
fn versions_of_different_schemes_and_opaque_ones_do_not_compare() {
    for scheme in Scheme::ALL {
        for other in Scheme::ALL {
            let order = version_in(scheme, "20240510").compare(&version_in(other, "20240510"));
            assert_eq!(
                order,
                (scheme == other).then_some(Ordering::Equal),
                "{scheme} and {other}"
            );
        }
    }
    assert_eq!(version("noble").compare(&version("jammy")), None);
    assert_eq!(
        version("noble").compare(&version("noble")),
        Some(Ordering::Equal)
    );
}

#[test]
fn prereleases_are_known_in_semver_and_pep440() {
    for text in [
        "1.0.0-rc.1",
        "1.0.0-0",
        "1.0rc1",
        "1.0a1",
        "1.0b1",
        "1.0.dev1",
        "1.0.post1.dev2",
    ] {
        assert!(version(text).is_prerelease(), "{text}");
    }
    for text in [
        "1.0.0",
        "1.0.0+rc.1",
        "1.0.post1",
        "1.0+rc1",
        "2024-05-10",
        "rc",
        "1.19-alpine",
    ] {
        assert!(!version(text).is_prerelease(), "{text}");
    }
}

/// Without pre-releases the rules are the same in `semver` and in `pep440`.
#[test]
fn constraints_on_releases() {
    let table = [
        ("*", "0 1.19 1.19.0 20.0.1", ""),
        ("1", "1 1.0 1.0.0 1.19.3", "0.9 2 10"),
        ("v1", "1 v1.0 1.19.3", "0.9 2"),
        ("1.19", "1.19 1.19.0 1.19.7", "1 1.18.9 1.20 2.19 11.19"),
        ("1.19.0", "1.19 1.19.0 v1.19.0", "1.19.1 1.18"),
        ("1.*", "1 1.19.3", "2 0.9"),
        ("1.19.*", "1.19.0 1.19.7", "1.20.0"),
        ("1.19.0.*", "1.19 1.19.0", "1.19.1"),
        ("=1.19", "1.19.0 1.19.7", "1.20.0"),
        ("==1.19", "1.19.0 1.19.7", "1.20.0"),
        ("=1.19.*", "1.19.0 1.19.7", "1.20.0"),
        ("=1.19.0", "1.19.0", "1.19.1"),
        ("!=1.19", "1.18.9 1.20.0", "1.19.0 1.19.7"),
        ("!=1.*", "0.1 2", "1 1.2.3"),
        ("!=1.19.0", "1.19.1 1.18", "1.19 1.19.0"),
        (">1.19", "1.20.0 2", "1.19.0 1.19.7 1.18"),
        (">1", "2 3.1", "1 1.19.7 0.1"),
        (">1.19.0", "1.19.1 1.20", "1.19 1.19.0 1.18.7"),
        (">=1.19", "1.19 1.19.7 1.20 2", "1.18.9"),
        (">=1.19.*", "1.19 1.19.7 1.20 2", "1.18.9"),
        (">=1.19.3", "1.19.3 1.20", "1.19.2"),
        ("<1.19", "1.18.9 0.1", "1.19.0 1.19.7"),
        ("<1.19.3", "1.19.2 1.19", "1.19.3 1.20"),
        ("<=1.19", "1.18 1.19 1.19.7", "1.20.0"),
        ("<=1.19.3", "1.19.3 1.0", "1.19.4"),
        ("~1", "1.0 1.19.7", "0.9 2"),
        ("~1.2", "1.2.0 1.2.9", "1.1.9 1.3.0"),
        ("~1.2.3", "1.2.3 1.2.9", "1.2.2 1.3.0"),
        ("^1", "1 1.9.9", "0.9 2"),
        ("^1.2", "1.2 1.9.9", "1.1.9 2"),
        ("^1.2.3", "1.2.3 1.9.9", "1.2.2 2"),
        ("^0.3", "0.3 0.3.9", "0.2.9 0.4 1"),
        ("^0.2.3", "0.2.3 0.2.9", "0.2.2 0.3 1.2.3"),
        ("^0.0.3", "0.0.3", "0.0.2 0.0.4 0.1"),
        ("^0.0", "0.0 0.0.9", "0.1 1"),
        ("^0", "0 0.9", "1"),
        ("^0.0.0", "0.0.0", "0.0.1"),
        ("~=1.4.5", "1.4.5 1.4.9", "1.4.4 1.5"),
        ("~=1.4", "1.4 1.9", "1.3 2"),
        (">=1.19, <2", "1.19 1.99", "1.18 2"),
        (">=1.19,<2,!=1.20", "1.19 1.21", "1.18 1.20.3 2"),
        ("1.18 || 1.20", "1.18.1 1.20.1", "1.19 2"),
        (
            ">=1, <1.5 || >=3, <3.5||7",
            "1.4 3.4 7.7",
            "0 1.5 2 3.5 6 8",
        ),
        (" >= 1.19 ,  < 2 ", "1.19", "2"),
        ("<1, >1", "", "0 1 2"),
    ];
    for (text, matching, others) in table {
        for scheme in [Scheme::Semver, Scheme::Pep440] {
            check(scheme, text, matching, others);
        }
    }
}

#[test]
fn constraints_on_semver_prereleases_and_builds() {
    let table = [
        ("*", "1.0.0", "1.0.0-rc.1"),
        (
            ">=1.0.0-rc.1",
            "1.0.0-rc.1 1.0.0-rc.2 1.0.0 1.1.0",
            "1.0.0-alpha 1.1.0-rc.1 0.9",
        ),
        (">1.0.0-rc.1", "1.0.0-rc.2 1.0.0", "1.0.0-rc.1 1.0.1-rc.1"),
        (
            "<1.0.0-rc.2",
            "1.0.0-rc.1 0.9",
            "1.0.0-rc.2 1.0.0 0.9.0-rc.1",
        ),
        ("<1.0.0", "0.9", "1.0.0-rc.1 0.9.0-rc.1"),
        ("<=1.0.0", "1.0.0", "1.0.0-rc.1"),
        ("1.0.0-rc.1", "1.0.0-rc.1 1.0.0-rc.1+b", "1.0.0-rc.2 1.0.0"),
        ("=1.0.0-rc.1", "1.0.0-rc.1", "1.0.0-rc.2 1.0.0"),
        (
            "^1.2.3-rc.1",
            "1.2.3-rc.1 1.2.3-rc.2 1.2.3 1.9",
            "1.2.3-beta 1.2.4-rc.2 2.0.0-rc.1 2",
        ),
        ("~1.2.3-rc.1", "1.2.3-rc.2 1.2.4", "1.2.4-rc.2 1.3"),
        ("1.19", "1.19.0", "1.19.0-rc.1 1.19.1-rc.1"),
        ("!=1.0.0", "1.0.1", "1.0.1-rc.1 1.0.0-rc.1"),
        // Not to be one pre-release does not ask for the others.
        ("!=1.0.0-rc.1", "1.0.0 0.9", "1.0.0-rc.1 1.0.0-rc.2"),
        // One comparator of an alternative admits, all of them limit.
        (
            ">=1.0.0-rc.1, <2",
            "1.0.0-rc.2 1.0.0 1.9",
            "2.0.0-rc.1 1.1.0-rc.1",
        ),
        (
            ">=1.0.0-rc.1, !=1.0.0-rc.2",
            "1.0.0-rc.1 1.0.0-rc.3",
            "1.0.0-rc.2",
        ),
        (">=1.0.0-rc.1, <1.0.0", "1.0.0-rc.2", "1.0.0"),
        (">=1.0.0-rc.1, *", "1.0.0-rc.2", "1.1.0-rc.1"),
        (">=1.20.0-rc.1, !=1.19", "1.20.0-rc.1", "1.19.0"),
        (">=1.20.0-rc.1, <1.20", "", "1.20.0-rc.1"),
        // An alternative does not admit for another.
        (">=3.0.0-rc.1 || 2", "2.0.0 3.0.0-rc.1", "2.0.0-rc.1"),
        ("=1.0.0", "1.0.0+a 1.0.0+b", ""),
        ("=1.0.0+a", "1.0.0 1.0.0+a 1.0.0+b", "1.0.1+a"),
        ("<=1.0.0+a", "1.0.0+b", ""),
        (">1.0.0+a", "", "1.0.0+b"),
    ];
    for (text, matching, others) in table {
        check(Scheme::Semver, text, matching, others);
    }
}

#[test]
fn constraints_on_pep440_versions() {
    let table = [
        ("*", "1.0 1.0.post1 1.0+cu118", "1.0rc1 1.0.dev1 1.0a1"),
        ("1.19", "1.19.0.4 1.19.post1 1.19+cu118", "1.19rc1 1!1.19"),
        (
            "1.19.0",
            "1.19.0.0 1.19.0+cu118",
            "1.19.0.4 1.19.0.post1 1.19.0rc1",
        ),
        ("1.19.0.*", "1.19.0.4 1.19.0.post1", "1.19.1"),
        ("1.2.3.4", "1.2.3.4", "1.2.3 1.2.3.5"),
        ("1!2", "1!2.0 1!2.9", "2.0 1!3"),
        ("==1.19.0", "1.19", "1.19.1"),
        (
            ">=1.19rc1",
            "1.19rc1 1.19rc2 1.19.0 1.20",
            "1.19b1 1.19.dev1 1.20rc1 1.18",
        ),
        (
            ">=1.19.0.dev1",
            "1.19.dev2 1.19a1 1.19rc1 1.19",
            "1.20.dev1",
        ),
        ("<1.19rc2", "1.19rc1 1.18", "1.19rc2 1.19 1.18rc1"),
        ("=1.19rc1", "1.19rc1 1.19.0rc1", "1.19rc2 1.19"),
        (">1.19", "1.20", "1.19.post1 1.19.0.1"),
        (
            ">1.19.0",
            "1.19.0.1 1.19.1.post1",
            "1.19.0.post1 1.19.0+cu118",
        ),
        (">1.19.0.post1", "1.19.0.post2", "1.19.0.post1 1.19.0"),
        (">=1.19.0", "1.19.0.post1 1.19.0+cu118", "1.19.0rc1"),
        ("=2.1.0+cu118", "2.1.0+cu118", "2.1.0 2.1.0+cu121"),
        ("!=2.1.0+cu118", "2.1.0 2.1.0+cu121", "2.1.0+cu118"),
        ("!=2.1.0", "2.1.1", "2.1.0+cu118"),
        ("~=2.2.post3", "2.2.post3 2.9", "2.2 2.2.post2 3.0"),
        ("~=1.4.5a4", "1.4.5a4 1.4.5 1.4.9", "1.4.5a3 1.4.6a1 1.5"),
        ("~1.2.3.4", "1.2.3.4 1.2.9", "1.2.3.3 1.3"),
        ("^0.0.0.4", "0.0.0.4", "0.0.0.5 0.0.1"),
    ];
    for (text, matching, others) in table {
        check(Scheme::Pep440, text, matching, others);
    }
}

#[test]
fn constraints_on_dates() {
    let table = [
        (
            "*",
            "2024-05-10 RELEASE.2024-05-10T01-41-38Z.hotfix.abc",
            "",
        ),
        (
            "2024",
            "2024-01-01 20241231 RELEASE.2024-05-10T01-41-38Z",
            "2023-12-31 2025-01-01",
        ),
        ("2024.*", "2024-01-01 20241231", "2023-12-31"),
        (
            "2024-05",
            "2024-05-01 RELEASE.2024-05-31T23-59-59Z",
            "2024-04-30 2024-06-01",
        ),
        ("2024.05", "2024-05-01", "2024-04-30"),
        ("2024.05.*", "2024-05-01", "2024-04-30"),
        ("RELEASE.2024-05", "2024-05-01", "2024-06-01"),
        (
            "2024-05-10",
            "2024.05.10 RELEASE.2024-05-10T23-59-59Z 2024-05-10T00:00:00Z.fips",
            "2024-05-11",
        ),
        ("20240510", "RELEASE.2024-05-10T23-59-59Z", "2024-05-11"),
        (
            ">2024-05-10",
            "2024-05-11 RELEASE.2024-05-11T00-00-00Z",
            "2024-05-10 RELEASE.2024-05-10T23-59-59Z",
        ),
        (
            ">=2024-05-10",
            "2024-05-10 RELEASE.2024-05-10T00-00-00Z",
            "RELEASE.2024-05-09T23-59-59Z",
        ),
        (
            "<2024-05-10",
            "RELEASE.2024-05-09T23-59-59Z",
            "2024-05-10 RELEASE.2024-05-10T00-00-00Z",
        ),
        (
            "<=2024-05-10",
            "RELEASE.2024-05-10T23-59-59Z.hotfix.a",
            "2024-05-11",
        ),
        (
            "!=2024-05-10",
            "2024-05-11",
            "2024-05-10 RELEASE.2024-05-10T23-59-59Z",
        ),
        (">=2024", "2024-01-01", "2023-12-31"),
        (
            "RELEASE.2024-05-10T01-41-38Z",
            "RELEASE.2024-05-10T01-41-38Z 2024-05-10T01:41:38Z RELEASE.2024-05-10T01-41-38Z.hotfix.abc",
            "RELEASE.2024-05-10T01-41-39Z 2024-05-10",
        ),
        (
            ">RELEASE.2024-05-10T01-41-38Z",
            "RELEASE.2024-05-10T01-41-39Z 2024-05-11",
            "RELEASE.2024-05-10T01-41-38Z.hotfix.abc 2024-05-10",
        ),
        (
            "RELEASE.2024-05-10T01-41-38Z.hotfix.abc",
            "RELEASE.2024-05-10T01-41-38Z.hotfix.abc",
            "RELEASE.2024-05-10T01-41-38Z RELEASE.2024-05-10T01-41-38Z.hotfix.abd",
        ),
        // A day is not its midnight.
        (
            "2024-05-10T00-00-00Z",
            "2024-05-10T00:00:00Z.fips",
            "2024-05-10",
        ),
        (
            "~2024-05-10",
            "2024-05-10 2024-05-31",
            "2024-05-09 2024-06-01",
        ),
        ("~2024-05", "2024-05-01", "2024-06-01"),
        (
            "^2024-05-10",
            "2024-05-10 2024-12-31",
            "2024-05-09 2025-05-10",
        ),
        (
            "~=2024-05-10",
            "2024-05-10 2024-05-31",
            "2024-05-09 2024-06-01",
        ),
        (">=2024-05, <2024-07", "2024-06-30", "2024-07-01"),
    ];
    for (text, matching, others) in table {
        check(Scheme::Date, text, matching, others);
    }
}

#[test]
fn constraints_on_opaque_versions() {
    let table = [
        ("*", "noble 1.19", ""),
        ("noble", "noble", "jammy Noble"),
        ("=noble", "noble", "jammy"),
        ("==sha256:9f86d081", "sha256:9f86d081", "sha256:0"),
        ("!=noble", "jammy", "noble"),
        ("noble || jammy", "noble jammy", "focal"),
        ("1.19", "1.19", "1.19.0 v1.19"),
        ("1.19.*", "", "1.19 1.19.0"),
        ("!=1.19.*", "1.19", ""),
        (">=1.19", "", "1.19 1.20"),
        ("<=1.19", "", "1.19"),
        ("~1.19", "", "1.19"),
        ("^1.19", "", "1.19"),
        ("~=1.19", "", "1.19"),
    ];
    for (text, matching, others) in table {
        check(Scheme::Opaque, text, matching, others);
    }
}

#[test]
fn an_operand_of_another_scheme_does_not_match_unless_negated() {
    let table = [
        (Scheme::Date, ">=1.19", "", "2024-05-10"),
        (Scheme::Date, "!=1.19", "2024-05-10", ""),
        (Scheme::Semver, ">=2024-05-10", "", "2025.1.1 2024.5.10"),
        (Scheme::Semver, "!=2024-05-10", "1.0.0", ""),
        (Scheme::Semver, ">=1.2.3.4", "", "1.3.0"),
        (Scheme::Semver, "noble", "", "1.0.0"),
        (Scheme::Semver, "!=noble", "1.0.0", ""),
        (Scheme::Semver, "noble || 1", "1.0.0", "2"),
        (Scheme::Pep440, "1.2.3-alpine", "", "1.2.3"),
        // One part as a number, three as a date.
        (Scheme::Semver, "~=20240510", "", "20240510"),
        (Scheme::Semver, "20240510", "20240510.1", "20240511"),
    ];
    for (scheme, text, matching, others) in table {
        check(scheme, text, matching, others);
    }
}

#[test]
fn a_mismatch_gives_the_nearest_reason() {
    let table = [
        ("1", "1.0.0", None),
        (">=1", "0.9", Some(VersionMismatch::Range)),
        (">=1.0.0", "1.0.0-rc.1", Some(VersionMismatch::Range)),
        (">=1", "1.1.0-rc.1", Some(VersionMismatch::PreRelease)),
        ("*", "1.1rc1", Some(VersionMismatch::PreRelease)),
        (">=1", "noble", Some(VersionMismatch::Unordered)),
        ("=1", "noble", Some(VersionMismatch::Range)),
        ("=1.*", "noble", Some(VersionMismatch::Scheme)),
        (">=1.19", "2024-05-10", Some(VersionMismatch::Scheme)),
        ("noble || >=1", "0.9", Some(VersionMismatch::Range)),
        (
            ">=1, <2 || 3",
            "3.1.0-rc.1",
            Some(VersionMismatch::PreRelease),
        ),
    ];
    for (text, candidate, expected) in table {
        let reason = constraint(text).check(&version(candidate)).err();
        assert_eq!(
            reason, expected,
            "constraint `{text}`, version `{candidate}`"
        );
    }
    let json = serde_json::to_string(&VersionMismatch::PreRelease).unwrap();
    assert_eq!(json, r#""pre-release""#);
}

#[test]
fn malformed_constraints_are_refused_where_they_go_wrong() {
    let long = format!("1.{}", "0".repeat(499));
    let many = ["1"; 33].join("||");
    let table = [
        ("", "constraint-empty", 0),
        ("  ", "constraint-empty", 0),
        (&long, "constraint-too-long", 0),
        (&many, "constraint-too-many", 96),
        (" >=1\t", "", 0),
        (" >=1\t,<2", "constraint-control-character", 4),
        (",>=1", "constraint-missing-comparator", 0),
        (">=1,", "constraint-missing-comparator", 4),
        (">=1, ,<2", "constraint-missing-comparator", 5),
        (">=1 ||", "constraint-missing-comparator", 6),
        ("||", "constraint-missing-comparator", 0),
        (">=1 || || 2", "constraint-missing-comparator", 7),
        (">=1 <2", "constraint-unexpected", 4),
        (">=1<2", "constraint-unexpected", 3),
        (">=1 | 2", "constraint-unexpected", 4),
        (">=1 ||| 2", "constraint-unexpected", 6),
        ("1.19 .0", "constraint-unexpected", 5),
        ("\"1.19\"", "constraint-unexpected", 0),
        ("1.19 - 2", "constraint-unexpected", 5),
        ("1, (2)", "constraint-unexpected", 3),
        ("1;2", "constraint-unexpected", 1),
        ("=>1", "constraint-operator", 0),
        ("1, =<2", "constraint-operator", 3),
        ("===1", "constraint-operator", 0),
        ("<>1", "constraint-operator", 0),
        ("!1", "constraint-operator", 0),
        ("~>1", "constraint-operator", 0),
        ("1 || >=", "constraint-missing-operand", 5),
        (">=, 1", "constraint-missing-operand", 0),
        (">=*", "constraint-wildcard", 2),
        ("=*", "constraint-wildcard", 1),
        ("1*", "constraint-wildcard", 0),
        ("1.*.2", "constraint-wildcard", 0),
        ("1.*.*", "constraint-wildcard", 0),
        ("1.19.0-rc.1.*", "constraint-wildcard", 0),
        ("1.19.0rc1.*", "constraint-wildcard", 0),
        ("noble.*", "constraint-wildcard", 0),
        ("1 || 1.x", "constraint-wildcard", 5),
        ("v1.2.X", "constraint-wildcard", 0),
        (">=latest", "constraint-unordered", 2),
        ("^1.19-alpine", "constraint-unordered", 1),
        (">1.99999999999999999999", "constraint-unordered", 1),
        ("~=1", "constraint-short-operand", 2),
        ("~=v1", "constraint-short-operand", 2),
        ("~=2024", "constraint-short-operand", 2),
        (">=1..19", "constraint-operand", 2),
        ("1.19.", "constraint-operand", 0),
        (">= .5", "constraint-operand", 3),
        ("=-", "constraint-operand", 1),
        ("é é", "constraint-unexpected", 3),
    ];
    for (text, code, offset) in table {
        let got = match Constraint::parse(text) {
            Ok(_) => ("", 0),
            Err(error) => {
                assert!(!error.help().is_empty());
                (error.code(), error.offset())
            }
        };
        assert_eq!(got, (code, offset), "{text:?}");
    }
}

#[test]
fn an_error_says_what_and_where() {
    let error = Constraint::parse(">=1, <latest").unwrap_err();
    assert_eq!(
        error,
        ConstraintError::UnorderedOperand {
            operator: "<".into(),
            operand: "latest".into(),
            offset: 6
        }
    );
    assert_eq!(
        error.to_string(),
        "operator `<` needs an ordered version, and `latest` at byte 6 of the version constraint \
         has no order in any scheme"
    );
}

#[test]
fn the_bounds_of_a_constraint_are_inclusive() {
    assert!(Constraint::parse(&["1"; 32].join(",")).is_ok());
    assert!(Constraint::parse(&format!("={}", "a".repeat(499))).is_ok());
}

#[test]
fn a_constraint_is_its_text() {
    let parsed: Constraint = " >=1 ,<2 ".parse().unwrap();
    assert_eq!(
        (parsed.as_str(), parsed.to_string().as_str()),
        (">=1 ,<2", ">=1 ,<2")
    );
    assert_eq!(serde_json::to_string(&parsed).unwrap(), r#"">=1 ,<2""#);
    assert_eq!(parsed, constraint(">=1 ,<2"));
    assert_ne!(parsed, constraint(">=1,<2"));
}

/// Small numbers, so that generated versions often meet.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0..4u64, 1 => 9..12u64]
}

fn full_semver() -> impl Strategy<Value = String> {
    let pre = prop_oneof![
        2 => Just(""), 1 => Just("-0"), 1 => Just("-alpha"), 1 => Just("-rc.1"), 1 => Just("-rc.2"), 1 => Just("-rc.10")
    ];
    let build = prop_oneof![4 => Just(""), 1 => Just("+b.1"), 1 => Just("+c")];
    (number(), number(), number(), pre, build).prop_map(|(major, minor, patch, pre, build)| {
        format!("{major}.{minor}.{patch}{pre}{build}")
    })
}

fn semver_text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => full_semver(),
        1 => number().prop_map(|major| format!("v{major}")),
        1 => (number(), number()).prop_map(|(major, minor)| format!("{major}.{minor}")),
    ]
}

/// A PEP 440 version of at least `least` parts; `local` says whether it may have a local part.
fn pep440_text(least: usize, local: bool) -> impl Strategy<Value = String> {
    let epoch = prop_oneof![6 => Just(""), 1 => Just("1!")];
    let pre = prop_oneof![3 => Just(""), 1 => Just("a1"), 1 => Just("rc1"), 1 => Just("rc2")];
    let post = prop_oneof![3 => Just(""), 1 => Just(".post1")];
    let dev = prop_oneof![4 => Just(""), 1 => Just(".dev1")];
    let local = if local {
        vec!["", "", "+cu118", "+cu121"]
    } else {
        vec![""]
    };
    (
        epoch,
        prop::collection::vec(number(), least..5),
        pre,
        post,
        dev,
        prop::sample::select(local),
    )
        .prop_map(|(epoch, release, pre, post, dev, local)| {
            let release = release
                .iter()
                .map(u64::to_string)
                .collect::<Vec<_>>()
                .join(".");
            format!("{epoch}{release}{pre}{post}{dev}{local}")
        })
}

fn date_text() -> impl Strategy<Value = String> {
    let day = (2023..2025u16, 1..3u8, 1..3u8);
    let clock = prop_oneof![
        Just(""),
        Just("T00-00-00Z"),
        Just("T01-41-38Z"),
        Just("T01-41-38Z.hotfix.a"),
        Just("T01-41-38Z.fips")
    ];
    (
        day,
        clock,
        prop::sample::select(vec!["-", ".", ""]),
        any::<bool>(),
    )
        .prop_map(|((year, month, day), clock, separator, prefix)| {
            let prefix = if prefix { "RELEASE." } else { "" };
            format!("{prefix}{year}{separator}{month:02}{separator}{day:02}{clock}")
        })
}

fn opaque_text() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "noble",
        "jammy",
        "1.19-alpine",
        "sha256:9f86d081",
        "1.19.0",
    ])
    .prop_map(str::to_owned)
}

/// Versions of one scheme, whichever.
fn versions<const N: usize>() -> impl Strategy<Value = [Version; N]> {
    let of = |scheme, texts: BoxedStrategy<String>| {
        let versions = texts.prop_map(move |text| version_in(scheme, &text));
        prop::collection::vec(versions, N).prop_map(|versions| versions.try_into().unwrap())
    };
    prop_oneof![
        of(Scheme::Semver, semver_text().boxed()),
        of(Scheme::Pep440, pep440_text(1, true).boxed()),
        of(Scheme::Date, date_text().boxed()),
        of(Scheme::Opaque, opaque_text().boxed()),
    ]
}

fn prerelease() -> impl Strategy<Value = Version> {
    prop_oneof![
        semver_text().prop_map(|text| version_in(Scheme::Semver, &text)),
        pep440_text(1, true).prop_map(|text| version_in(Scheme::Pep440, &text)),
    ]
    .prop_filter("a release", Version::is_prerelease)
}

/// The epoch and the parts of a `semver` or `pep440` version, read by the crate of its scheme.
fn release(version: &Version) -> (u64, pep440_rs::Version) {
    if version.scheme() == Scheme::Semver {
        let version = semver::Version::parse(version.as_str()).unwrap();
        (
            0,
            pep440_rs::Version::new([version.major, version.minor, version.patch]),
        )
    } else {
        let version = pep440_rs::Version::from_str(version.as_str()).unwrap();
        (version.epoch(), version.only_release())
    }
}

/// Constraints that are often well-formed, and sometimes nearly so.
fn constraint_text() -> impl Strategy<Value = String> {
    let operand = prop_oneof![
        semver_text(),
        pep440_text(1, true),
        date_text(),
        opaque_text(),
        number().prop_map(|n| format!("{n}.*")),
        Just("*".to_owned()),
        Just("2024-05".to_owned()),
    ];
    let operator = prop::sample::select(vec![
        "", "=", "==", "!=", ">", ">=", "<", "<=", "~", "~=", "^", "=>",
    ]);
    let separator = prop::sample::select(vec![",", " , ", "||", " || ", " "]);
    prop::collection::vec((operator, operand, separator), 1..5).prop_map(|comparators| {
        let mut text = String::new();
        for (index, (operator, operand, separator)) in comparators.iter().enumerate() {
            if index > 0 {
                text.push_str(separator);
            }
            text.push_str(operator);
            text.push_str(operand);
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_text_is_a_version_or_an_error(text in "\\PC{0,20}|[vV0-9.T:Z!+a-z -]{0,20}|\\p{Any}{0,12}") {
        match Version::infer(&text) {
            Ok(version) => {
                prop_assert_eq!(version.as_str(), text.trim());
                prop_assert_eq!(&version_in(version.scheme(), version.as_str()), &version);
                prop_assert_eq!(version.compare(&version), Some(Ordering::Equal));
                prop_assert!(constraint("*").matches(&version) != version.is_prerelease());
            }
            Err(_) => prop_assert!(text.trim().is_empty() || text.trim().contains(char::is_control)),
        }
    }

    #[test]
    fn any_text_is_a_constraint_or_an_error_inside_it(
        text in prop_oneof![
            constraint_text(), "\\PC{0,20}", "\\p{Any}{0,12}", "[0-9.*xv,|<>=!~^ a-c+-]{0,16}",
        ],
        versions in versions::<1>(),
    ) {
        match Constraint::parse(&text) {
            Ok(parsed) => {
                prop_assert_eq!(&constraint(&parsed.to_string()), &parsed);
                prop_assert_eq!(parsed.as_str(), text.trim());
                let [version] = versions;
                prop_assert_eq!(parsed.matches(&version), parsed.check(&version).is_ok());
            }
            Err(error) => {
                prop_assert!(error.offset() <= text.len());
                prop_assert!(text.is_char_boundary(error.offset()));
            }
        }
    }

    #[test]
    fn order_is_antisymmetric_and_transitive([a, b, c] in versions::<3>()) {
        prop_assert_eq!(a.compare(&b), b.compare(&a).map(Ordering::reverse));
        if let (Some(first), Some(second)) = (a.compare(&b), b.compare(&c)) {
            if first == second || second.is_eq() {
                prop_assert_eq!(a.compare(&c), Some(first));
            } else if first.is_eq() {
                prop_assert_eq!(a.compare(&c), Some(second));
            }
        }
        prop_assert_eq!(a.compare(&b).is_none(), a.scheme() == Scheme::Opaque && a != b);
    }

    #[test]
    fn equal_to_its_own_text([version] in versions::<1>()) {
        for operator in ["", "=", "=="] {
            let constraint = constraint(&format!("{operator}{version}"));
            prop_assert!(constraint.matches(&version), "{}", constraint);
        }
        let different = constraint(&format!("!={version}"));
        prop_assert!(!different.matches(&version), "{}", different);
        if version.scheme() != Scheme::Opaque {
            for operator in [">=", "<=", "~", "^"] {
                let constraint = constraint(&format!("{operator}{version}"));
                prop_assert!(constraint.matches(&version), "{}", constraint);
            }
        }
    }

    #[test]
    fn an_operator_and_its_opposite_divide_the_releases(
        [operand, version] in versions::<2>()
            .prop_filter("a pre-release", |[_, version]| !version.is_prerelease()),
    ) {
        let holds = |operator: &str| {
            constraint(&format!("{operator}{operand}")).matches(&version)
        };
        prop_assert!(holds("=") != holds("!="));
        if version.scheme() != Scheme::Opaque {
            prop_assert!(holds(">=") != holds("<"));
            let either = constraint(&format!(">={operand} || <{operand}"));
            prop_assert!(either.matches(&version), "{}", either);
            prop_assert_eq!(holds("<="), holds("<") || holds("="));
            prop_assert!(!(holds(">") && holds("<=")));
        }
    }

    #[test]
    fn a_prerelease_needs_a_comparator_that_names_its_release(
        text in constraint_text(), version in prerelease(),
    ) {
        if let Ok(parsed) = Constraint::parse(&text) && parsed.matches(&version) {
            let mut words = text.split([',', '|', ' ']);
            let named = words.any(|word| {
                let operand = word.trim_start_matches(['=', '<', '>', '~', '^']);
                Version::parse(operand, Some(version.scheme())).is_ok_and(|operand| {
                    operand.is_prerelease() && release(&operand) == release(&version)
                })
            });
            prop_assert!(named, "`{}` admits {}", text, version);
        }
    }

    /// Comparators of the `semver` crate, which has no bare meaning, `!=` or `||` like ours, and
    /// requires three parts. Its `*` and its partial operands are covered by the tables.
    #[test]
    fn agrees_with_the_semver_crate(
        comparators in prop::collection::vec(
            (prop::sample::select(vec!["=", ">", ">=", "<", "<=", "~", "^"]), full_semver()), 1..4,
        ),
        candidates in prop::collection::vec(full_semver(), 8),
    ) {
        let text = comparators.iter().map(|(operator, operand)| format!("{operator}{operand}"));
        let text = text.collect::<Vec<_>>().join(", ");
        let (ours, theirs) = (constraint(&text), semver::VersionReq::parse(&text).unwrap());
        for candidate in candidates.iter().chain(comparators.iter().map(|(_, operand)| operand)) {
            let expected = theirs.matches(&semver::Version::parse(candidate).unwrap());
            let matches = ours.matches(&version_in(Scheme::Semver, candidate));
            prop_assert_eq!(matches, expected, "constraint `{}`, version `{}`", text, candidate);
        }
    }

    /// Specifiers of `pep440_rs` with whole versions. It leaves pre-releases to its caller, so
    /// they are compared only where our rule is silent: where the operand is one of the same
    /// release, and does not exclude. Of these, its `<` admits none, where PEP 440 lets a
    /// pre-release in the operand admit those before it; there the order of versions is the oracle.
    #[test]
    fn agrees_with_pep440_rs(
        operator in prop::sample::select(vec![">=", "<=", ">", "<", "==", "!=", "~="]),
        operand in pep440_text(3, false),
        candidates in prop::collection::vec(pep440_text(3, true), 8),
    ) {
        let text = format!("{operator}{operand}");
        let ours = constraint(&text);
        let theirs = pep440_rs::VersionSpecifiers::from_str(&text).unwrap();
        let operand = pep440_rs::Version::from_str(&operand).unwrap();
let base = |version: &pep440_rs::Version| (version.epoch(), version.only_release());
        for text_of in &candidates {
            let candidate = pep440_rs::Version::from_str(text_of).unwrap();
            let named = operand.any_prerelease()
                && operator != "!="
                && base(&operand) == base(&candidate);
            let matches = ours.matches(&version_in(Scheme::Pep440, text_of));
            if candidate.any_prerelease() && !named {
                prop_assert!(!matches, "constraint `{}`, version `{}`", text, candidate);
            } else {
                let expected = if named && operator == "<" {
                    candidate.clone().without_local() < operand
                } else {
                    theirs.contains(&candidate)
                };
                prop_assert_eq!(matches, expected, "constraint `{}`, version `{}`", text, candidate);
            }
        }
    }
}
