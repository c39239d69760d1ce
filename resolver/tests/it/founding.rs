//! The records and the two extended workflow selectors that the product's founding proposal
//! prints, end to end.

use std::{fs, path::Path};

use crate::scenario::Scenario;

/// The extended records of the proposal, but the fourth, which is refused.
fn registry() -> Scenario {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../registry-core/tests/fixtures/founding");
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let records = [
        "extended-1-mlflow.yaml",
        "extended-2-minio.yaml",
        "extended-3-gitea.yaml",
        "extended-5-kfserving.yaml",
        "extended-6-seldon-core.yaml",
    ];
    Scenario::new(&records.map(read).join("\n---\n"))
}

/// A step in the cluster where the tools run.
const INSIDE: &str = "zone=local project=alpha";

/// The proposal's names are of another installation (`mlflow-global`, `mlflow-tracker`); with
/// those of the record that it prints, all of the hierarchy is given.
#[test]
fn a_service_by_the_entire_hierarchy() {
    let step = "
- { name: mlflow-tracker, product: mlflow, instance: default, service: mlflow-tracking }
- { name: mlflow-storage, product: mlflow, instance: default, service: mlflow-store }
";
    insta::assert_snapshot!(registry().caller(INSIDE).explain(step), @"
    mlflow-tracker: `mlflow/default/mlflow-tracking` by endpoint `cluster`, with no account
      mlflow/default/mlflow-tracking chosen: `mlflow/default/mlflow-tracking` by endpoint `cluster`, with no account
    mlflow-storage: `mlflow/default/mlflow-store` by endpoint `cluster`, with profile `default-s3-account`
      mlflow/default/mlflow-store chosen: `mlflow/default/mlflow-store` by endpoint `cluster`, with profile `default-s3-account`
    ");
    insta::assert_json_snapshot!(registry().caller(INSIDE).resolve(step), @r#"
    {
      "revision": 7,
      "bindings": [
        {
          "name": "mlflow-tracker",
          "extension": "mlflow",
          "product": "mlflow",
          "instance": "default",
          "version": "1.19.0",
          "service": "mlflow-tracking",
          "type": "mlflow-tracking",
          "category": "experiment-tracking",
          "endpoint": {
            "name": "cluster",
            "type": "internal",
            "url": "http://mlflow"
          },
          "profile": null,
          "zone": "local",
          "expires_at": null,
          "configuration": [],
          "env": {
            "MLFLOW_TRACKING_URI": "http://mlflow"
          },
          "pin": {
            "extension": "mlflow",
            "instance": "default",
            "service": "mlflow-tracking",
            "endpoint": "cluster",
            "profile": null,
            "revision": 7
          }
        },
        {
          "name": "mlflow-storage",
          "extension": "mlflow",
          "product": "mlflow",
          "instance": "default",
          "version": "1.19.0",
          "service": "mlflow-store",
          "type": "s3",
          "category": "object-storage",
          "endpoint": {
            "name": "cluster",
            "type": "internal",
            "url": "http://mlflow-minio:9000"
          },
          "profile": "default-s3-account",
          "zone": "local",
          "expires_at": null,
          "configuration": [
            {
              "name": "AWS_ACCESS_KEY_ID",
              "value": "[REDACTED]",
              "secret": true,
              "origin": "profile/default-s3-account"
            },
            {
              "name": "AWS_SECRET_ACCESS_KEY",
              "value": "[REDACTED]",
              "secret": true,
              "origin": "profile/default-s3-account"
            }
          ],
          "env": {
            "AWS_ENDPOINT_URL_S3": "http://mlflow-minio:9000",
            "MLFLOW_S3_ENDPOINT_URL": "http://mlflow-minio:9000",
            "AWS_ACCESS_KEY_ID": "[REDACTED]",
            "AWS_SECRET_ACCESS_KEY": "[REDACTED]"
          },
          "pin": {
            "extension": "mlflow",
            "instance": "default",
            "service": "mlflow-store",
            "endpoint": "cluster",
            "profile": "default-s3-account",
            "revision": 7
          }
        }
      ],
      "failures": []
    }
    "#);
}

#[test]
fn the_selectors_as_printed_find_no_instance_of_that_name() {
    let step = "
- { name: mlflow-tracker, product: mlflow, instance: mlflow-global, service: mlflow-tracker }
- { name: mlflow-storage, product: mlflow, instance: mlflow-global, service: mlflow-storage }
";
    insta::assert_snapshot!(registry().caller(INSIDE).explain(step), @"
    mlflow-tracker fails, absent: nothing registered matches product `mlflow`, instance `mlflow-global`, service `mlflow-tracker`; did you mean `mlflow-tracking`?
    mlflow-storage fails, absent: nothing registered matches product `mlflow`, instance `mlflow-global`, service `mlflow-storage`; did you mean `mlflow-tracking`?
    ");
}

#[test]
fn a_service_by_its_type_and_a_version() {
    let step = "{ name: kfserving, service: kfserving-api, version: '>=0.4.0' }";
    insta::assert_snapshot!(registry().caller(INSIDE).explain(step), @"
    kfserving: `kfserving/local/API` by endpoint `cluster`, with no account
      kfserving/local/API chosen: `kfserving/local/API` by endpoint `cluster`, with no account
    ");
    // The cluster's API is for those inside.
    insta::assert_snapshot!(registry().explain(step), @"
    kfserving fails, unreachable: nearest is `kfserving/local/API`: the cluster API needs zone `local`; the caller's zone is unknown
      kfserving/local/API rejected, unreachable: the cluster API needs zone `local`; the caller's zone is unknown
    ");
    insta::assert_snapshot!(registry().caller(INSIDE).explain("{ name: kfserving, service: kfserving-api, version: '>=0.7' }"), @"
    kfserving fails, version-mismatch: nearest is `kfserving/local/API`: version 0.6.0 does not satisfy >=0.7
      kfserving/local/API rejected, version-mismatch: version 0.6.0 does not satisfy >=0.7
    ");
}

#[test]
fn an_account_for_each_project() {
    let step = "{ name: seldon, extension: seldon-core, service: API }";
    for project in ["alpha", "beta"] {
        let chosen = registry()
            .caller(&format!("project={project}"))
            .choose("extension: seldon-core, service: API");
        assert_eq!(
            chosen,
            format!("seldon-core/production/API cluster project-{project}")
        );
    }
    insta::assert_snapshot!(registry().caller("project=gamma").explain(step), @"
    seldon fails, profile-mismatch: nearest is `seldon-core/production/API`: profile `project-alpha` admits project alpha; the caller is in project gamma; profile `project-beta` admits project beta; the caller is in project gamma
      seldon-core/production/API rejected, profile-mismatch: profile `project-alpha` admits project alpha; the caller is in project gamma; profile `project-beta` admits project beta; the caller is in project gamma
    ");
}

#[test]
fn any_prediction_server_will_do() {
    let step = "any_of: [{service: seldon-core-api}, {service: kfserving-api}]";
    assert_eq!(
        registry().caller(INSIDE).choose(step),
        "seldon-core/production/API cluster project-alpha"
    );
    assert_eq!(
        registry().caller("zone=local project=gamma").choose(step),
        "kfserving/local/API cluster -"
    );
}

#[test]
fn a_store_that_two_records_offer_is_ambiguous_until_the_step_says_which() {
    let registry = registry().caller(INSIDE);
    assert_eq!(
        registry.choose("service: s3"),
        "ambiguous minio/mlflow-storage/s3 mlflow/default/mlflow-store"
    );
    assert_eq!(
        registry.choose("service: s3, product: minio"),
        "minio/mlflow-storage/s3 cluster default"
    );
}
