//! Stage 7: the requirements of one step, solved together.

use crate::scenario::{Scenario, check};

/// Two installations of a tracker; the newer has no store.
fn registry() -> Scenario {
    Scenario::new(
        "
- name: mlflow
  product: mlflow
  instances:
    - { name: new, version: 2.0.0, services: [{ name: tracking }] }
    - { name: old, version: 1.0.0, services: [{ name: tracking }, { name: store }] }
- { name: minio, instances: [{ name: one, services: [{ name: s3 }] }] }
",
    )
}

#[test]
fn same_instance_as_moves_a_choice_to_a_lower_ranked_candidate() {
    check(
        &registry(),
        &[("service: tracking", "mlflow/new/tracking - -")],
    );
    insta::assert_snapshot!(
        registry().explain("[{name: t, service: tracking}, {name: s, service: store, same_instance_as: t}]"), @"
    t: `mlflow/old/tracking` without an endpoint, with no account
      mlflow/new/tracking not taken: it ranks higher, but its instance cannot provide the whole group
      mlflow/old/tracking chosen: `mlflow/old/tracking` without an endpoint, with no account
    s: `mlflow/old/store` without an endpoint, with no account
      mlflow/old/store chosen: `mlflow/old/store` without an endpoint, with no account
    "
    );
    // In whichever order they stand.
    insta::assert_snapshot!(
        registry().explain("[{name: s, service: store, same_instance_as: t}, {name: t, service: tracking}]"), @"
    s: `mlflow/old/store` without an endpoint, with no account
      mlflow/old/store chosen: `mlflow/old/store` without an endpoint, with no account
    t: `mlflow/old/tracking` without an endpoint, with no account
      mlflow/new/tracking not taken: it ranks higher, but its instance cannot provide the whole group
      mlflow/old/tracking chosen: `mlflow/old/tracking` without an endpoint, with no account
    "
    );
}

#[test]
fn what_comes_first_in_the_step_decides() {
    let registry = Scenario::new(
        "
- name: tool
  instances:
    - { name: a, services: [{ name: x }, { name: y, endpoints: [{ name: e, url: http://a }] }] }
    - { name: b, default: true, services: [{ name: x }] }
",
    );
    // The second can be left out, so the first keeps its best.
    insta::assert_snapshot!(
        registry.explain("[{name: x, service: x}, {name: y, service: y, same_instance_as: x, optional: true}]"), @"
    x: `tool/b/x` without an endpoint, with no account
      tool/a/x outranked, default: `tool/b/x` ranks before it: it is marked `default: true`
      tool/b/x chosen: `tool/b/x` without an endpoint, with no account
    y: nothing meets it, and it is optional
      tool/a/y not taken: it is eligible, but its instance does not provide the whole group
    "
    );
    // Here it comes first, and having it is better than not.
    insta::assert_snapshot!(
        registry.explain("[{name: y, service: y, same_instance_as: x, optional: true}, {name: x, service: x}]"), @"
    y: `tool/a/y` by endpoint `e`, with no account
      tool/a/y chosen: `tool/a/y` by endpoint `e`, with no account
    x: `tool/a/x` without an endpoint, with no account
      tool/a/x chosen: `tool/a/x` without an endpoint, with no account
      tool/b/x not taken: it ranks higher, but its instance cannot provide the whole group
    "
    );
}

#[test]
fn a_group_that_no_instance_meets_is_unsatisfiable() {
    insta::assert_snapshot!(
        registry().explain("[{name: t, service: tracking}, {name: o, service: s3, same_instance_as: t}]"), @"
    t fails, unsatisfiable-group: no single instance provides all of `t`, `o`
      mlflow/new/tracking not taken: it is eligible, but its instance does not provide the whole group
      mlflow/old/tracking not taken: it is eligible, but its instance does not provide the whole group
    o fails, unsatisfiable-group: no single instance provides all of `t`, `o`
      minio/one/s3 not taken: it is eligible, but its instance does not provide the whole group
    "
    );
    // A member that fails by itself says so.
    insta::assert_snapshot!(
        registry().explain("[{name: t, service: tracking}, {name: o, service: s4, same_instance_as: t}]"), @"
    t fails, unsatisfiable-group: no single instance provides all of `t`, `o`
      mlflow/new/tracking not taken: it is eligible, but its instance does not provide the whole group
      mlflow/old/tracking not taken: it is eligible, but its instance does not provide the whole group
    o fails, absent: nothing registered matches service `s4`; `hitchpost get` lists what is registered
    "
    );
}

#[test]
fn a_group_is_ambiguous_where_two_instances_are_equal_for_all_its_members() {
    let registry = || {
        Scenario::new(
            "{name: tool, instances: [{name: a, services: [{name: x}, {name: y}]}, {name: b, services: [{name: x}, {name: y}]}]}",
        )
    };
    let step = "[{name: x, service: x}, {name: y, service: y, same_instance_as: x}]";
    insta::assert_snapshot!(registry().explain(step), @"
    x fails, ambiguous: `tool/a/x`, `tool/b/x` are equally good; narrow the requirement, or mark one `default: true`
      tool/a/x tied: no rule tells it from the others
      tool/b/x tied: no rule tells it from the others
    y fails, ambiguous: `tool/a/y`, `tool/b/y` are equally good; narrow the requirement, or mark one `default: true`
      tool/a/y tied: no rule tells it from the others
      tool/b/y tied: no rule tells it from the others
    ");
    insta::assert_snapshot!(registry().first().explain(step), @"
    x: `tool/a/x` without an endpoint, with no account
      tool/a/x chosen: `tool/a/x` without an endpoint, with no account
      tool/b/x not taken: another instance was taken for the whole group
    y: `tool/a/y` without an endpoint, with no account
      tool/a/y chosen: `tool/a/y` without an endpoint, with no account
      tool/b/y not taken: another instance was taken for the whole group
    ");
}

#[test]
fn references_in_a_circle_or_to_nothing_are_unsatisfiable() {
    let mut text = String::new();
    for step in [
        "[{name: a, service: s3, same_instance_as: a}]",
        "[{name: a, service: s3, same_instance_as: b}, {name: b, service: s3, same_instance_as: a}]",
        "[{name: a, service: s3, same_instance_as: nothing}, {name: b, service: s3, same_instance_as: a}, {name: c, service: s3}]",
    ] {
        for failure in registry().resolve(step).failures {
            text += &format!("{} {}: {}\n", failure.name, failure.code, failure.message);
        }
    }
    insta::assert_snapshot!(text, @"
    a unsatisfiable-group: `same_instance_as` goes in a circle: `a` → `a`
    a unsatisfiable-group: `same_instance_as` goes in a circle: `a` → `b` → `a`
    b unsatisfiable-group: `same_instance_as` goes in a circle: `b` → `a` → `b`
    a unsatisfiable-group: `same_instance_as` names `nothing`, which is no requirement of the step
    b unsatisfiable-group: `same_instance_as` leads to no requirement of the step, from `a` on
    ");
}

#[test]
fn an_optional_requirement_is_left_out_where_nothing_meets_it() {
    let resolution =
        registry().resolve("[{name: a, service: s4, optional: true}, {name: b, service: s3}]");
    assert!(resolution.is_complete());
    assert_eq!(
        resolution
            .bindings
            .iter()
            .map(|one| one.name.as_str())
            .collect::<Vec<_>>(),
        ["b"]
    );
    assert_eq!(
        registry().choose("service: s3, optional: true"),
        "minio/one/s3 - -"
    );
    // It can be done without, but not written wrongly.
    assert_eq!(
        registry().choose("optional: true, service: s3, version: '>=latest'"),
        "bad-constraint"
    );
    // It does not hide that there are several.
    let two = Scenario::new(
        "{name: t, instances: [{name: a, services: [{name: x}]}, {name: b, services: [{name: x}]}]}",
    );
    assert_eq!(
        two.choose("service: x, optional: true"),
        "ambiguous t/a/x t/b/x"
    );
}

#[test]
fn of_alternatives_the_first_that_can_be_satisfied_is_taken() {
    check(
        &registry(),
        &[
            (
                "any_of: [{service: tracking}, {service: s3}]",
                "mlflow/new/tracking - -",
            ),
            (
                "any_of: [{service: seldon}, {service: s3}]",
                "minio/one/s3 - -",
            ),
            (
                "any_of: [{service: tracking, version: '>=3'}, {service: s3}]",
                "minio/one/s3 - -",
            ),
            ("any_of: [{service: seldon}, {service: kserve}]", "absent"),
            // The nearest miss of any alternative.
            (
                "any_of: [{service: seldon}, {service: tracking, version: '>=3'}]",
                "version-mismatch",
            ),
            // What the requirement states holds for each of its alternatives.
            (
                "product: mlflow, any_of: [{service: s3}, {service: store}]",
                "mlflow/old/store - -",
            ),
        ],
    );
    insta::assert_snapshot!(registry().explain("{name: x, any_of: [{service: seldon}, {service: s3}, {service: tracking}]}"), @"
    x: `minio/one/s3` without an endpoint, with no account
      minio/one/s3 (alternative 1) chosen: `minio/one/s3` without an endpoint, with no account
      mlflow/new/tracking (alternative 2) not taken: another alternative was taken
      mlflow/old/tracking (alternative 2) not taken: another alternative was taken
    ");
}

#[test]
fn an_alternative_that_is_ambiguous_does_not_give_way_to_the_next() {
    let two = Scenario::new(
        "{name: t, instances: [{name: a, services: [{name: x}]}, {name: b, services: [{name: x}, {name: y}]}]}",
    );
    assert_eq!(
        two.choose("any_of: [{service: x}, {service: y}]"),
        "ambiguous t/a/x t/b/x"
    );
}

#[test]
fn in_a_group_an_earlier_alternative_outweighs_a_better_instance() {
    let registry = Scenario::new(
        "
- name: tool
  instances:
    - { name: a, services: [{ name: x }, { name: first }] }
    - { name: b, services: [{ name: x }, { name: second }] }
",
    );
    let step = "[{name: y, any_of: [{service: first}, {service: second}]}, {name: x, service: x, same_instance_as: y}]";
    insta::assert_snapshot!(registry.explain(step), @"
    y: `tool/a/first` without an endpoint, with no account
      tool/a/first chosen: `tool/a/first` without an endpoint, with no account
      tool/b/second (alternative 1) not taken: another alternative was taken
    x: `tool/a/x` without an endpoint, with no account
      tool/a/x chosen: `tool/a/x` without an endpoint, with no account
      tool/b/x not taken: another instance was taken for the whole group
    ");
}
