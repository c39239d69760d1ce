//! Any bytes: no panic, findings that stand in the text, and records that read back.

#![no_main]

use hitchpost_registry_core::{Catalogue, Severity, import, parse_records};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let catalogue = Catalogue::builtin();
    let (mut records, findings) = parse_records("fuzz", bytes, catalogue);
    for finding in &findings {
        if let Some(excerpt) = &finding.excerpt {
            assert!(
                excerpt.underline.end <= excerpt.text.chars().count(),
                "{finding:?}"
            );
        }
        if let Some(span) = finding.span {
            assert!(span.start <= span.end, "{finding:?}");
        }
    }
    for imported in [
        import::fuseml("fuzz", bytes, catalogue),
        import::airflow("fuzz", bytes, catalogue),
        import::kubeconfig("fuzz", bytes, catalogue),
        import::aws(Some(("fuzz", bytes)), None, catalogue),
    ] {
        sound(&imported.records);
        records.extend(imported.records);
    }
    for record in records {
        sound(&[record]);
    }
});

fn sound(records: &[hitchpost_registry_core::Extension]) {
    let printed = serde_json::to_vec(records).expect("records serialise");
    let (again, findings) = parse_records("again", &printed, Catalogue::builtin());
    assert!(
        findings
            .iter()
            .all(|finding| finding.severity != Severity::Error),
        "{findings:?}"
    );
    assert_eq!(
        serde_json::to_vec(&again).expect("records serialise"),
        printed
    );
}
