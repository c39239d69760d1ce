//! Stage 2: the instance's scope admits the caller.

use crate::scenario::Scenario;

fn registry() -> Scenario {
    Scenario::new(
        "
name: minio
instances:
  - { name: for-alpha, project: alpha, services: [{ name: s3, endpoints: [{ name: e, url: http://a }] }] }
  - { name: for-ann, user: ann, services: [{ name: s3, endpoints: [{ name: e, url: http://b }] }] }
  - { name: for-ops, groups: [ops, admins], services: [{ name: s3, endpoints: [{ name: e, url: http://c }] }] }
  - { name: for-nightly, workflow: nightly, services: [{ name: s3, endpoints: [{ name: e, url: http://d }] }] }
",
    )
}

#[test]
fn each_scope_admits_whom_it_lists() {
    for (caller, expected) in [
        ("", "forbidden"),
        (
            "project=beta user=bob group=dev workflow=daily zone=local",
            "forbidden",
        ),
        ("project=alpha", "minio/for-alpha/s3 e -"),
        ("user=ann", "minio/for-ann/s3 e -"),
        ("group=dev group=admins", "minio/for-ops/s3 e -"),
        ("workflow=nightly", "minio/for-nightly/s3 e -"),
        // The name alone is not enough: it is a project, not a user, that is admitted.
        ("user=alpha group=alpha workflow=alpha", "forbidden"),
    ] {
        assert_eq!(
            registry().caller(caller).choose("service: s3"),
            expected,
            "{caller}"
        );
    }
}

#[test]
fn every_further_list_must_name_the_caller_too() {
    let registry = || {
        Scenario::new(
            "{name: minio, instances: [{name: one, scope: user, users: [ann, bob], projects: [alpha],
              services: [{name: s3, endpoints: [{name: e, url: http://a}]}]}]}",
        )
    };
    assert_eq!(
        registry()
            .caller("user=ann project=alpha")
            .choose("service: s3"),
        "minio/one/s3 e -"
    );
    assert_eq!(
        registry()
            .caller("user=ann project=beta")
            .choose("service: s3"),
        "forbidden"
    );
    assert_eq!(
        registry().caller("user=ann").choose("service: s3"),
        "forbidden"
    );
    assert_eq!(
        registry().caller("project=alpha").choose("service: s3"),
        "forbidden"
    );
}

#[test]
fn what_the_caller_may_not_see_is_counted_and_never_named() {
    insta::assert_snapshot!(registry().caller("project=beta").explain("{name: x, service: s3}"), @"
    x fails, forbidden: 4 candidates are registered, none of them for this caller
      4 hidden
    ");
    insta::assert_snapshot!(registry().caller("project=alpha").explain("{name: x, service: s3}"), @"
    x: `minio/for-alpha/s3` by endpoint `e`, with no account
      minio/for-alpha/s3 chosen: `minio/for-alpha/s3` by endpoint `e`, with no account
      3 hidden
    ");
    let resolution =
        serde_json::to_string(&registry().resolve("{name: x, extension: minio}")).unwrap();
    assert!(!resolution.contains("for-"), "{resolution}");
}

#[test]
fn an_instance_that_lists_nobody_admits_nobody() {
    let registry = Scenario::new(
        "{name: minio, instances: [{name: one, scope: project, services: [{name: s3, endpoints: [{name: e, url: http://a}]}]}]}",
    );
    assert_eq!(
        registry.caller("project=alpha").choose("service: s3"),
        "forbidden"
    );
}

#[test]
fn absent_does_not_suggest_what_is_hidden() {
    let registry = Scenario::new(
        "
- { name: secret-tool, instances: [{ name: one, project: alpha, services: [{ name: covert-api }] }] }
- { name: open-tool, instances: [{ name: one, services: [{ name: plain-api }] }] }
",
    );
    insta::assert_snapshot!(registry.failure("service: covert-apis"), @"absent: nothing registered matches service `covert-apis`; `hitchpost get` lists what is registered");
    insta::assert_snapshot!(registry.failure("service: plain-apis"), @"absent: nothing registered matches service `plain-apis`; did you mean `plain-api`?");
}
