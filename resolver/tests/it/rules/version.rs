//! Stage 3: the version constraint holds.

use crate::scenario::{Scenario, check};

fn registry() -> Scenario {
    Scenario::new(
        "
name: kserve
product: kserve
instances:
  - { name: old, version: 0.3.1, services: [{ name: api, endpoints: [{ name: e, url: http://a }] }] }
  - { name: new, version: 0.5.0, services: [{ name: api, endpoints: [{ name: e, url: http://b }] }] }
  - { name: unknown, services: [{ name: api, endpoints: [{ name: e, url: http://c }] }] }
",
    )
}

#[test]
fn a_constraint_selects() {
    check(
        &registry(),
        &[
            ("service: api, version: '>=0.4.0'", "kserve/new/api e -"),
            ("service: api, version: '0.3'", "kserve/old/api e -"),
            ("service: api, version: '<0.4 || >1'", "kserve/old/api e -"),
            ("service: api, version: '>=0.6'", "version-mismatch"),
        ],
    );
}

#[test]
fn without_a_constraint_every_version_is_eligible_even_none() {
    // The one without a version does not compare with the higher of the others.
    check(
        &registry(),
        &[
            (
                "service: api",
                "ambiguous kserve/new/api kserve/unknown/api",
            ),
            ("instance: unknown", "kserve/unknown/api e -"),
        ],
    );
}

#[test]
fn an_instance_without_a_version_satisfies_no_constraint() {
    check(
        &registry(),
        &[("instance: unknown, version: '*'", "version-mismatch")],
    );
    insta::assert_snapshot!(registry().failure("instance: unknown, version: '*'"), @"version-mismatch: nearest is `kserve/unknown/api`: its version is not registered, and * is asked for");
}

#[test]
fn a_malformed_constraint_is_an_error_and_never_no_match() {
    insta::assert_snapshot!(registry().failure("service: api, version: '>=0.4 <1'"), @"bad-constraint: malformed version constraint: unexpected `<` at byte 6 of the version constraint; separate comparators by `,` when both must hold and by `||` when one is enough, and write a version without spaces or quotes");
    insta::assert_snapshot!(registry().failure("service: nothing-like-it, version: '>=latest'"), @"bad-constraint: malformed version constraint: operator `>=` needs an ordered version, and `latest` at byte 2 of the version constraint has no order in any scheme; name a version, for example `>=1.19`, or compare with `=` or `!=`");
}

#[test]
fn the_message_says_which_version_does_not_satisfy_what() {
    insta::assert_snapshot!(registry().failure("instance: old, version: '>=0.4.0'"), @"version-mismatch: nearest is `kserve/old/api`: version 0.3.1 does not satisfy >=0.4.0");
    insta::assert_snapshot!(registry().explain("{name: x, service: api, version: '>=0.6'}"), @"
    x fails, version-mismatch: nearest is `kserve/new/api`: version 0.5.0 does not satisfy >=0.6
      kserve/new/api rejected, version-mismatch: version 0.5.0 does not satisfy >=0.6
      kserve/old/api rejected, version-mismatch: version 0.3.1 does not satisfy >=0.6
      kserve/unknown/api rejected, version-mismatch: its version is not registered, and >=0.6 is asked for
    ");
    let others = Scenario::new(
        "
name: tool
instances:
  - { name: candidate, version: 2.0.0-rc.1, services: [{ name: api }] }
  - { name: dated, version: 2024-05-10, services: [{ name: api }] }
  - { name: named, version: noble, services: [{ name: api }] }
",
    );
    insta::assert_snapshot!(others.explain("{name: x, service: api, version: '>=1'}"), @"
    x fails, version-mismatch: nearest is `tool/candidate/api`: version 2.0.0-rc.1 does not satisfy >=1: a pre-release satisfies only a constraint that names a pre-release of the same release
      tool/candidate/api rejected, version-mismatch: version 2.0.0-rc.1 does not satisfy >=1: a pre-release satisfies only a constraint that names a pre-release of the same release
      tool/dated/api rejected, version-mismatch: version 2024-05-10 does not satisfy >=1: the constraint is written for versions of another scheme
      tool/named/api rejected, version-mismatch: version noble does not satisfy >=1: an opaque version has no order, only `=` and `!=` can hold for it
    ");
}
