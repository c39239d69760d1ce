//! A constraint and versions, one a line: no panic, and what is printed means the same.

#![no_main]

use hitchpost_registry_core::{Constraint, Scheme, Version};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut lines = text.split('\n');
    let Ok(constraint) = Constraint::parse(lines.next().unwrap_or_default()) else {
        return;
    };
    let again = Constraint::parse(&constraint.to_string()).expect("what is printed parses");
    for line in lines.take(8) {
        for scheme in [
            None,
            Some(Scheme::Semver),
            Some(Scheme::Pep440),
            Some(Scheme::Date),
            Some(Scheme::Opaque),
        ] {
            if let Ok(version) = Version::parse(line, scheme) {
                assert_eq!(
                    constraint.matches(&version),
                    again.matches(&version),
                    "{constraint} {version}"
                );
            }
        }
    }
});
