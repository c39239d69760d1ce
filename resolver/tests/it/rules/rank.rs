//! Stage 6: which of the eligible candidates is best.

use crate::scenario::{Scenario, check};

/// Instances of one record, each with an `s3` that can be reached from everywhere.
fn instances(instances: &[&str]) -> Scenario {
    let instances: Vec<String> = instances
        .iter()
        .map(|one| {
            format!("{{{one}, services: [{{name: s3, endpoints: [{{name: e, url: http://a}}]}}]}}")
        })
        .collect();
    Scenario::new(&format!(
        "{{name: minio, product: minio, instances: [{}]}}",
        instances.join(", ")
    ))
}

#[test]
fn each_rule_outweighs_all_that_follow() {
    let caller = "project=alpha zone=eu";
    for (better, worse, rule) in [
        (
            "name: b, version: 1.0.0-rc.1, project: alpha",
            "name: a, version: 2.0.0, default: true, location: eu",
            "caller-specific",
        ),
        (
            "name: b, version: 1.0.0-rc.1, default: true",
            "name: a, version: 2.0.0, location: eu",
            "default",
        ),
        (
            "name: b, version: 1.0.0",
            "name: a, version: 2.0.0-rc.1, location: eu",
            "release",
        ),
        (
            "name: b, version: 1.0.0, location: eu",
            "name: a, version: 2.0.0, location: us",
            "nearer-zone",
        ),
        (
            "name: b, version: 1.10.0",
            "name: a, version: 1.9.0",
            "higher-version",
        ),
    ] {
        for order in [[better, worse], [worse, better]] {
            let registry = instances(&order).caller(caller);
            assert_eq!(registry.choose("service: s3"), "minio/b/s3 e -", "{rule}");
            let explained = registry.explain("{name: x, service: s3}");
            assert!(
                explained.contains(&format!("minio/a/s3 outranked, {rule}:")),
                "{explained}"
            );
        }
    }
}

#[test]
fn a_zone_that_is_not_known_is_near_to_nothing() {
    let registry = instances(&[
        "name: a, version: 1.0.0, location: eu",
        "name: b, version: 2.0.0, location: us",
    ]);
    assert_eq!(registry.choose("service: s3"), "minio/b/s3 e -");
}

#[test]
fn a_default_is_no_way_past_a_constraint() {
    let registry = instances(&[
        "name: a, version: 1.0.0, default: true",
        "name: b, version: 2.0.0",
    ]);
    check(
        &registry,
        &[
            ("service: s3", "minio/a/s3 e -"),
            ("service: s3, version: '>=2'", "minio/b/s3 e -"),
        ],
    );
}

#[test]
fn instances_that_are_equal_are_ambiguous_and_listed() {
    let registry = || {
        instances(&[
            "name: b, version: v1.0",
            "name: a, version: 1.0.0",
            "name: c, version: 0.9.0",
        ])
    };
    insta::assert_snapshot!(registry().explain("{name: x, service: s3}"), @"
    x fails, ambiguous: `minio/a/s3`, `minio/b/s3` are equally good; narrow the requirement, or mark one `default: true`
      minio/a/s3 tied: no rule tells it from the others
      minio/b/s3 tied: no rule tells it from the others
      minio/c/s3 outranked, higher-version: `minio/a/s3` ranks before it: it has the higher version
    ");
    assert_eq!(registry().first().choose("service: s3"), "minio/a/s3 e -");
    insta::assert_snapshot!(registry().first().explain("{name: x, service: s3}"), @"
    x: `minio/a/s3` by endpoint `e`, with no account
      minio/a/s3 chosen: `minio/a/s3` by endpoint `e`, with no account
      minio/b/s3 outranked, name: `minio/a/s3` ranks before it: it comes first by name
      minio/c/s3 outranked, higher-version: `minio/a/s3` ranks before it: it has the higher version
    ");
}

#[test]
fn versions_compare_only_within_one_product_and_scheme() {
    let record = |name: &str, product: &str, version: &str| {
        format!(
            "- {{name: {name}, product: {product}, instances: [{{name: one{version}, services: [{{name: s3, endpoints: [{{name: e, url: http://a}}]}}]}}]}}\n"
        )
    };
    let two = |a: &str, b: &str| Scenario::new(&(record("a", "p", a) + &record("b", "p", b)));
    // Of one product, even in two records.
    assert_eq!(
        two(", version: 1.0.0", ", version: 2.0.0").choose("service: s3"),
        "b/one/s3 e -"
    );
    // Without a version, or of another scheme, nothing compares.
    let tied = "ambiguous a/one/s3 b/one/s3";
    assert_eq!(two(", version: 1.0.0", "").choose("service: s3"), tied);
    assert_eq!(
        two(", version: 1.0.0", ", version: 2024-05-10").choose("service: s3"),
        tied
    );
    assert_eq!(
        two(", version: noble", ", version: jammy").choose("service: s3"),
        tied
    );
    assert_eq!(two("", "").choose("service: s3"), tied);
    // Of each product the highest is left.
    let three = record("a", "p", ", version: 1.0.0")
        + &record("b", "q", ", version: 2.0.0")
        + &record("c", "p", ", version: 3.0.0");
    assert_eq!(
        Scenario::new(&three).choose("service: s3"),
        "ambiguous b/one/s3 c/one/s3"
    );
}

#[test]
fn names_decide_only_where_the_caller_asks_for_the_first() {
    let registry = || {
        Scenario::new(
            "
- { name: b, instances: [{ name: one, services: [{ name: s3 }] }] }
- { name: a, instances: [{ name: two, services: [{ name: s3 }] }, { name: one, services: [{ name: z, type: s3 }, { name: s3 }] }] }
",
        )
    };
    assert_eq!(
        registry().choose("service: s3"),
        "ambiguous a/one/s3 a/one/z a/two/s3 b/one/s3"
    );
    assert_eq!(registry().first().choose("service: s3"), "a/one/s3 - -");
}
