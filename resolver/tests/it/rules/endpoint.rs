//! Stage 4: an endpoint can be reached from the caller's zone.

use crate::scenario::{Scenario, check};

/// A service of one instance in zone `prod`, with these endpoints.
fn service(endpoints: &str) -> Scenario {
    Scenario::new(&format!(
        "{{name: minio, instances: [{{name: one, location: prod, services: [{{name: s3, endpoints: [{endpoints}]}}]}}]}}"
    ))
}

const INTERNAL: &str = "{name: in, url: http://in, type: internal}";
const CLUSTER: &str = "{name: api, type: cluster-api}";
const EXTERNAL: &str = "{name: out, url: http://out, type: external}";
const REMOTE: &str = "{name: far, url: http://far, type: remote}";

#[test]
fn internal_and_cluster_api_need_the_zone_and_the_others_do_not() {
    for (endpoint, unknown, other, same) in [
        (INTERNAL, "unreachable", "unreachable", "minio/one/s3 in -"),
        (CLUSTER, "unreachable", "unreachable", "minio/one/s3 api -"),
        (
            EXTERNAL,
            "minio/one/s3 out -",
            "minio/one/s3 out -",
            "minio/one/s3 out -",
        ),
        (
            REMOTE,
            "minio/one/s3 far -",
            "minio/one/s3 far -",
            "minio/one/s3 far -",
        ),
    ] {
        assert_eq!(
            service(endpoint).choose("service: s3"),
            unknown,
            "{endpoint}"
        );
        assert_eq!(
            service(endpoint).caller("zone=dev").choose("service: s3"),
            other,
            "{endpoint}"
        );
        assert_eq!(
            service(endpoint).caller("zone=prod").choose("service: s3"),
            same,
            "{endpoint}"
        );
    }
}

#[test]
fn remote_is_the_zone_of_no_caller() {
    let registry = Scenario::new(&format!(
        "{{name: minio, instances: [{{name: one, location: remote, services: [{{name: s3, endpoints: [{INTERNAL}]}}]}}]}}"
    ));
    insta::assert_snapshot!(registry.caller("zone=remote").failure("service: s3"), @"unreachable: nearest is `minio/one/s3`: internal endpoint of an instance in `remote`, which is no caller's zone");
}

#[test]
fn the_nearer_endpoint_is_chosen_then_the_default_then_the_first_by_name() {
    let all = [REMOTE, EXTERNAL, INTERNAL].join(", ");
    assert_eq!(
        service(&all).caller("zone=prod").choose("service: s3"),
        "minio/one/s3 in -"
    );
    assert_eq!(service(&all).choose("service: s3"), "minio/one/s3 out -");
    let equal = "{name: b, url: http://b}, {name: a, url: http://a}, {name: c, url: http://c}";
    assert_eq!(service(equal).choose("service: s3"), "minio/one/s3 a -");
    let default = "{name: b, url: http://b}, {name: a, url: http://a}, {name: c, url: http://c, default: true}";
    assert_eq!(service(default).choose("service: s3"), "minio/one/s3 c -");
    // A default is a preference among equals, not a way past what is nearer or can be reached.
    let far_default =
        format!("{EXTERNAL}, {{name: far, url: http://far, type: remote, default: true}}");
    assert_eq!(
        service(&far_default).choose("service: s3"),
        "minio/one/s3 out -"
    );
    let closed_default =
        format!("{EXTERNAL}, {{name: in, url: http://in, type: internal, default: true}}");
    assert_eq!(
        service(&closed_default).choose("service: s3"),
        "minio/one/s3 out -"
    );
}

#[test]
fn endpoint_narrows_by_name_or_type() {
    let registry = service(&[REMOTE, EXTERNAL, INTERNAL].join(", ")).caller("zone=prod");
    check(
        &registry,
        &[
            ("service: s3, endpoint: out", "minio/one/s3 out -"),
            ("service: s3, endpoint: external", "minio/one/s3 out -"),
            ("service: s3, endpoint: remote", "minio/one/s3 far -"),
            ("service: s3, endpoint: internal", "minio/one/s3 in -"),
            ("service: s3, endpoint: cluster-api", "unreachable"),
            ("service: s3, endpoint: elsewhere", "unreachable"),
        ],
    );
    insta::assert_snapshot!(registry.failure("service: s3, endpoint: elsewhere"), @"unreachable: nearest is `minio/one/s3`: it has no endpoint `elsewhere`; it has `far`, `in`, `out`");
}

#[test]
fn a_service_without_endpoints_binds_without_url_unless_one_is_asked_for() {
    let registry = service("");
    assert_eq!(registry.choose("service: s3"), "minio/one/s3 - -");
    assert_eq!(
        registry.resolve("{name: x, service: s3}").bindings[0].endpoint,
        None
    );
    insta::assert_snapshot!(registry.failure("service: s3, endpoint: external"), @"unreachable: nearest is `minio/one/s3`: it has no endpoint, and one is asked for");
}

#[test]
fn the_message_says_which_zone_is_needed() {
    insta::assert_snapshot!(service(INTERNAL).failure("service: s3"), @"unreachable: nearest is `minio/one/s3`: internal endpoint needs zone `prod`; the caller's zone is unknown");
    insta::assert_snapshot!(service(INTERNAL).caller("zone=dev").failure("service: s3"), @"unreachable: nearest is `minio/one/s3`: internal endpoint needs zone `prod`; the caller is in zone `dev`");
    insta::assert_snapshot!(service(CLUSTER).failure("service: s3"), @"unreachable: nearest is `minio/one/s3`: the cluster API needs zone `prod`; the caller's zone is unknown");
}
