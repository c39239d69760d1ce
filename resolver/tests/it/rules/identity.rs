//! Stage 1: product, extension, instance, service, category and labels match exactly.

use crate::scenario::{Scenario, check};

fn registry() -> Scenario {
    Scenario::new(
        "
- name: storage
  product: minio
  labels: { tier: gold, team: data }
  instances:
    - name: paris
      location: eu
      services:
        - { name: s3, type: objects, category: bucket, endpoints: [{ name: e, url: http://a }] }
        - { name: console, type: s3, category: screen, endpoints: [{ name: e, url: http://b }] }
- name: tracking
  product: mlflow
  labels: { tier: silver }
  instances:
    - name: tokyo
      location: jp
      services:
        - { name: artifacts, type: s3, category: bucket, endpoints: [{ name: e, url: http://c }] }
        - { name: api, type: mlflow-tracking, endpoints: [{ name: e, url: http://d }] }
",
    )
}

#[test]
fn each_field_selects_by_itself() {
    check(
        &registry(),
        &[
            (
                "extension: tracking, service: api",
                "tracking/tokyo/api e -",
            ),
            (
                "product: mlflow, service: s3",
                "tracking/tokyo/artifacts e -",
            ),
            ("instance: tokyo, service: api", "tracking/tokyo/api e -"),
            ("service_type: objects", "storage/paris/s3 e -"),
            ("service_name: artifacts", "tracking/tokyo/artifacts e -"),
            ("category: screen", "storage/paris/console e -"),
            (
                "labels: {tier: silver}, service: s3",
                "tracking/tokyo/artifacts e -",
            ),
            ("zone: jp, service: s3", "tracking/tokyo/artifacts e -"),
        ],
    );
}

#[test]
fn all_fields_that_are_given_must_match() {
    check(
        &registry(),
        &[
            ("extension: storage, product: mlflow", "absent"),
            ("extension: storage, instance: tokyo", "absent"),
            ("service: s3, category: screen", "storage/paris/console e -"),
            (
                "service: s3, service_name: artifacts",
                "tracking/tokyo/artifacts e -",
            ),
            ("service: s3, category: bucket, product: minio", "absent"),
            (
                "labels: {tier: gold, team: data}, service: s3",
                "storage/paris/console e -",
            ),
            ("labels: {tier: gold, team: web}", "absent"),
            ("service: s3, zone: us", "absent"),
            ("service: s3, service_type: objects", "absent"),
        ],
    );
}

#[test]
fn names_match_exactly() {
    check(
        &registry(),
        &[
            ("extension: Storage", "absent"),
            ("service: mlflow", "absent"),
            ("product: min", "absent"),
            ("labels: {tier: Gold}", "absent"),
        ],
    );
}

#[test]
fn service_names_a_service_of_the_record_first_by_name_then_by_type() {
    check(
        &registry(),
        &[
            // `s3` is the name of one service of this record and the type of another.
            ("extension: storage, service: s3", "storage/paris/s3 e -"),
            ("instance: paris, service: s3", "storage/paris/s3 e -"),
            // Here it is a type only.
            (
                "extension: tracking, service: s3",
                "tracking/tokyo/artifacts e -",
            ),
            (
                "instance: tokyo, service: s3",
                "tracking/tokyo/artifacts e -",
            ),
            (
                "extension: storage, service: objects",
                "storage/paris/s3 e -",
            ),
        ],
    );
}

#[test]
fn service_without_a_record_is_a_service_type() {
    check(
        &registry(),
        &[
            ("service: objects", "storage/paris/s3 e -"),
            ("service: console", "absent"),
            ("product: minio, service: s3", "storage/paris/console e -"),
            (
                "labels: {tier: gold}, service: s3",
                "storage/paris/console e -",
            ),
        ],
    );
}

#[test]
fn two_services_of_one_instance_that_match_are_ambiguous() {
    check(
        &registry(),
        &[(
            "extension: storage",
            "ambiguous storage/paris/console storage/paris/s3",
        )],
    );
    assert_eq!(
        registry().first().choose("extension: storage"),
        "storage/paris/console e -"
    );
}

#[test]
fn a_selector_of_a_handle_only_is_an_error() {
    for selector in [
        "optional: false",
        "endpoint: e",
        "profile: p",
        "zone: eu",
        "labels: {}",
        "any_of: [{zone: eu}]",
    ] {
        assert_eq!(registry().choose(selector), "empty-selector", "{selector}");
    }
}
