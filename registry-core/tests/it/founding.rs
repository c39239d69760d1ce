//! The eight records that the product's founding proposal prints.

use hitchpost_registry_core::{Catalogue, Code, Severity, parse_records};

use crate::{fixtures, rendered};

#[test]
fn load_as_printed() {
    for (name, bytes) in fixtures("founding") {
        let (records, findings) = parse_records(&name, &bytes, Catalogue::builtin());
        insta::with_settings!({ snapshot_suffix => name.trim_end_matches(".yaml"), omit_expression => true }, {
            insta::assert_json_snapshot!("record", records);
            if !findings.is_empty() {
                insta::assert_snapshot!("findings", rendered(&findings));
            }
        });
        let errors = findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .count();
        assert_eq!(
            (records.len(), errors),
            if name.contains("s3-storage") {
                (0, 2)
            } else {
                (1, 0)
            },
            "{name}"
        );
    }
}

/// The fourth record names, in its first instance, a profile that the second defines, and in its
/// second one that nobody does.
#[test]
fn profiles_of_another_instance_are_refused_with_their_place() {
    let (_, bytes) = fixtures("founding")
        .into_iter()
        .find(|(name, _)| name.contains("s3-storage"))
        .unwrap();
    let (_, findings) = parse_records("s3.yaml", &bytes, Catalogue::builtin());
    let found: Vec<_> = findings
        .iter()
        .filter(|finding| finding.code == Code::UnknownProfile)
        .collect();
    let [first, second] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(first.path, "/instances/0/services/0/profiles/0");
    let lines: Vec<_> = std::str::from_utf8(&bytes).unwrap().lines().collect();
    let at = first.span.unwrap().start;
    assert_eq!(
        &lines[at.line as usize - 1][at.column as usize - 1..],
        "local-minio"
    );
    assert!(
        first
            .help
            .as_ref()
            .unwrap()
            .contains("defined in instance `aws`"),
        "{:?}",
        first.help
    );
    assert_eq!(second.path, "/instances/1/services/0/profiles/0");
}

/// A value of the minimal form is secret unless the catalogue knows its key as public.
#[test]
fn minimal_values_are_secret_unless_known_as_public() {
    let (_, bytes) = fixtures("founding")
        .into_iter()
        .find(|(name, _)| name.contains("mlflow-global"))
        .unwrap();
    let (records, _) = parse_records("mlflow.yaml", &bytes, Catalogue::builtin());
    let instance = &records[0].instances[0];
    let public: Vec<_> = instance.services[0]
        .configuration
        .iter()
        .map(|entry| entry.name.as_str())
        .collect();
    assert_eq!(public, ["MLFLOW_TRACKING_URI", "MLFLOW_S3_ENDPOINT_URL"]);
    let secret: Vec<_> = instance.profiles[0]
        .configuration
        .iter()
        .map(|entry| entry.name.as_str())
        .collect();
    assert_eq!(secret, ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]);

    let (records, _) = parse_records("mlflow.yaml", &bytes, &Catalogue::default());
    assert_eq!(
        records[0].instances[0].profiles[0].configuration.len(),
        4,
        "nothing is known"
    );
}
