//! Stage 5: an account that admits the caller.

use crate::scenario::Scenario;

/// An instance whose services and profiles are these.
fn instance(services: &str, profiles: &str) -> Scenario {
    Scenario::new(&format!(
        "{{name: minio, instances: [{{name: one, services: [{services}], profiles: [{profiles}]}}]}}"
    ))
}

const S3: &str = "{name: s3, endpoints: [{name: e, url: http://a}]}";

fn s3(profiles: &str) -> Scenario {
    instance(S3, profiles)
}

#[test]
fn a_profile_referenced_nowhere_applies_to_the_whole_instance() {
    let registry = instance(
        "{name: s3, profiles: [own]}, {name: ui}",
        "{name: own}, {name: common}",
    );
    assert_eq!(registry.choose("service: ui"), "minio/one/ui - common");
    // Both apply to `s3`, and neither is more specific.
    assert_eq!(registry.choose("service: s3"), "ambiguous minio/one/s3");
    assert_eq!(
        registry.choose("service: s3, profile: own"),
        "minio/one/s3 - own"
    );
}

#[test]
fn a_profile_referenced_somewhere_applies_only_there() {
    let registry = || {
        instance(
            "{name: s3, profiles: [of-service], endpoints: [{name: a, url: http://a}]},
             {name: two, endpoints: [{name: a, url: http://a, profiles: [of-endpoint]}, {name: b, url: http://b}]},
             {name: ui, endpoints: [{name: a, url: http://a}]}",
            "{name: of-service}, {name: of-endpoint}",
        )
    };
    assert_eq!(
        registry().choose("service: s3"),
        "minio/one/s3 a of-service"
    );
    assert_eq!(
        registry().choose("service: two"),
        "minio/one/two a of-endpoint"
    );
    // Nothing applies to `ui`, so that it wants no account.
    assert_eq!(registry().choose("service: ui"), "minio/one/ui a -");
    // An account is wanted by a service when one applies to any of its endpoints.
    assert_eq!(
        registry().choose("service: two, endpoint: b"),
        "profile-mismatch"
    );
    assert_eq!(
        registry().choose("service: s3, profile: of-endpoint"),
        "profile-mismatch"
    );
    assert_eq!(
        registry().choose("service: ui, profile: of-service"),
        "profile-mismatch"
    );
}

#[test]
fn the_next_endpoint_is_taken_where_no_account_admits_to_the_nearest() {
    let registry = instance(
        "{name: s3, endpoints: [{name: a, url: http://a, profiles: [closed]}, {name: b, url: http://b, profiles: [open]}]}",
        "{name: closed, project: alpha}, {name: open}",
    );
    assert_eq!(registry.choose("service: s3"), "minio/one/s3 b open");
    assert_eq!(
        registry.caller("project=alpha").choose("service: s3"),
        "minio/one/s3 a closed"
    );
}

#[test]
fn an_empty_allow_list_admits_nobody() {
    let registry = s3("{name: p, scope: project, project: []}").caller("project=alpha user=ann");
    insta::assert_snapshot!(registry.failure("service: s3"), @"profile-mismatch: nearest is `minio/one/s3`: profile `p` of scope `project` lists nobody");
}

#[test]
fn auth_is_required_where_a_profile_applies_and_none_otherwise() {
    assert_eq!(s3("").choose("service: s3"), "minio/one/s3 e -");
    assert_eq!(s3("{name: p}").choose("service: s3"), "minio/one/s3 e p");
    assert_eq!(
        s3("{name: p, project: alpha}").choose("service: s3"),
        "profile-mismatch"
    );
}

#[test]
fn auth_as_the_record_states_it() {
    let with = |auth: &str, profiles: &str| {
        instance(
            &format!("{{name: s3, auth: {auth}, endpoints: [{{name: e, url: http://a}}]}}"),
            profiles,
        )
    };
    let (closed, open) = ("{name: p, project: alpha}", "{name: p}");
    for (auth, profiles, expected) in [
        ("required", "", "profile-mismatch"),
        ("required", closed, "profile-mismatch"),
        ("required", open, "minio/one/s3 e p"),
        ("optional", "", "minio/one/s3 e -"),
        ("optional", closed, "minio/one/s3 e -"),
        ("optional", open, "minio/one/s3 e p"),
        ("none", open, "minio/one/s3 e -"),
    ] {
        assert_eq!(
            with(auth, profiles).choose("service: s3"),
            expected,
            "{auth} {profiles}"
        );
    }
    // Whoever names a profile gets that one or nothing.
    assert_eq!(
        with("none", open).choose("service: s3, profile: p"),
        "minio/one/s3 e p"
    );
    assert_eq!(
        with("optional", closed).choose("service: s3, profile: p"),
        "profile-mismatch"
    );
    assert_eq!(
        with("none", "").choose("service: s3, profile: p"),
        "profile-mismatch"
    );
    insta::assert_snapshot!(with("required", "").failure("service: s3"), @"profile-mismatch: nearest is `minio/one/s3`: it requires an account, and no profile is registered for it");
}

#[test]
fn credentials_out_of_scope_never_turn_into_anonymous_access() {
    let registry = || s3("{name: project-alpha, project: alpha}, {name: for-ops, group: ops}");
    insta::assert_snapshot!(registry().caller("project=beta").failure("service: s3"), @"profile-mismatch: nearest is `minio/one/s3`: profile `for-ops` admits group ops; the caller states no group; profile `project-alpha` admits project alpha; the caller is in project beta");
    insta::assert_snapshot!(registry().caller("group=dev group=qa").failure("service: s3, profile: for-ops"), @"profile-mismatch: nearest is `minio/one/s3`: profile `for-ops` admits group ops; the caller is in group dev, qa");
    let people = || s3("{name: of-ann, user: ann}, {name: of-nightly, workflow: nightly}");
    insta::assert_snapshot!(people().caller("user=bob workflow=daily").failure("service: s3"), @"profile-mismatch: nearest is `minio/one/s3`: profile `of-ann` admits user ann; the caller is user bob; profile `of-nightly` admits workflow nightly; the caller is workflow daily");
    let both = || s3("{name: p, scope: user, user: ann, project: alpha}");
    insta::assert_snapshot!(both().caller("user=ann project=beta").failure("service: s3"), @"profile-mismatch: nearest is `minio/one/s3`: profile `p` admits project alpha; the caller is in project beta");
}

#[test]
fn the_most_specific_profile_wins() {
    let all = "
        {name: global}, {name: of-project, project: alpha}, {name: of-group, group: ops}, {name: of-user, user: ann},
        {name: of-user-in-project, scope: user, user: ann, project: alpha}, {name: of-workflow, workflow: nightly}";
    for (caller, expected) in [
        (
            "workflow=nightly user=ann group=ops project=alpha",
            "of-workflow",
        ),
        ("user=ann group=ops project=alpha", "of-user-in-project"),
        ("user=ann group=ops project=beta", "of-user"),
        ("group=ops project=alpha", "of-group"),
        ("project=alpha", "of-project"),
        ("project=beta user=bob group=dev workflow=daily", "global"),
    ] {
        assert_eq!(
            s3(all).caller(caller).choose("service: s3"),
            format!("minio/one/s3 e {expected}"),
            "{caller}"
        );
    }
}

#[test]
fn of_equally_specific_profiles_the_default_wins_else_it_is_ambiguous() {
    assert_eq!(
        s3("{name: a}, {name: b, default: true}").choose("service: s3"),
        "minio/one/s3 e b"
    );
    assert_eq!(
        s3("{name: a}, {name: b}").choose("service: s3"),
        "ambiguous minio/one/s3"
    );
    let two_defaults = || s3("{name: a, default: true}, {name: b, default: true}, {name: c}");
    assert_eq!(
        two_defaults().choose("service: s3"),
        "ambiguous minio/one/s3"
    );
    assert_eq!(
        two_defaults().first().choose("service: s3"),
        "minio/one/s3 e a"
    );
    insta::assert_snapshot!(two_defaults().failure("service: s3"), @"ambiguous: `minio/one/s3`: several of its profiles are equally specific; mark one `default: true`, or ask for a `profile`");
    // A default does not outweigh what is more specific.
    let registry =
        s3("{name: a, default: true}, {name: b, project: alpha}").caller("project=alpha");
    assert_eq!(registry.choose("service: s3"), "minio/one/s3 e b");
}

#[test]
fn an_expired_profile_is_not_eligible() {
    let registry = || s3("{name: p, expires_at: 2030-01-01T00:00:00Z}");
    assert_eq!(
        registry()
            .caller("now=2029-12-31T23:59:59.999999Z")
            .choose("service: s3"),
        "minio/one/s3 e p"
    );
    assert_eq!(
        registry()
            .caller("now=2030-01-01T00:00:00Z")
            .choose("service: s3"),
        "profile-mismatch"
    );
    insta::assert_snapshot!(registry().caller("now=2031-01-01T00:00:00Z").failure("service: s3"), @"profile-mismatch: nearest is `minio/one/s3`: profile `p` has expired");
    // Without a moment, nothing that expires is used.
    insta::assert_snapshot!(registry().failure("service: s3"), @"profile-mismatch: nearest is `minio/one/s3`: profile `p` expires, and the moment is not known");
    let spare = s3("{name: p, project: alpha, expires_at: 2030-01-01}, {name: spare}");
    assert_eq!(
        spare
            .caller("project=alpha now=2030-06-01T00:00:00Z")
            .choose("service: s3"),
        "minio/one/s3 e spare"
    );
}
