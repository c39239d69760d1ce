//! Every code by which a requirement fails, and how requirements themselves are refused.

use hitchpost_resolver::{FailureCode, parse_requirements};

use crate::scenario::Scenario;

fn registry() -> Scenario {
    Scenario::new(
        "
- name: seldon-core
  product: seldon
  instances:
    - name: production
      version: 0.3.1
      location: prod
      services:
        - name: api
          service: seldon-core-api
          endpoints: [{ name: cluster, url: http://seldon, type: internal }, { name: out, url: http://seldon.example.com }]
      profiles: [{ name: project-alpha, project: alpha, configuration: [{ name: token, value: quiet }] }]
    - { name: hidden, project: alpha, services: [{ name: covert }] }
- name: pair
  configuration: [{ name: KEY, value: one }]
  instances: [{ name: a, services: [{ name: twin }] }, { name: b, services: [{ name: twin }, { name: left }] }]
- { name: other, configuration: [{ name: KEY, value: two }], instances: [{ name: a, services: [{ name: right }] }] }
",
    )
    .caller("project=beta")
}

#[test]
fn each_code_has_its_message() {
    let steps = [
        "{name: x, service: kserve}",
        "{name: x, extension: seldon-core, service: ap}",
        "{name: x, service: covert}",
        "{name: x, service: seldon-core-api, endpoint: cluster}",
        "{name: x, service: seldon-core-api, version: '>=0.4.0'}",
        "{name: x, service: seldon-core-api}",
        "{name: x, service: twin}",
        "[{name: x, service: left}, {name: y, service: right}]",
        "{name: x}",
        "{name: x, service: left, version: '>>1'}",
        "[{name: x, service: left}, {name: y, service: right, same_instance_as: x}]",
    ];
    let mut seen = Vec::new();
    let mut text = String::new();
    for step in steps {
        for failure in registry().resolve(step).failures {
            text += &format!(
                "{step}\n  {} {}: {}\n",
                failure.name, failure.code, failure.message
            );
            seen.push(failure.code);
        }
    }
    insta::assert_snapshot!(text, @"
    {name: x, service: kserve}
      x absent: nothing registered matches service `kserve`; did you mean `kserve-api`?
    {name: x, extension: seldon-core, service: ap}
      x absent: nothing registered matches extension `seldon-core`, service `ap`; what is there offers `seldon-core-api`
    {name: x, service: covert}
      x forbidden: one candidate is registered, but not for this caller
    {name: x, service: seldon-core-api, endpoint: cluster}
      x unreachable: nearest is `seldon-core/production/api`: internal endpoint needs zone `prod`; the caller's zone is unknown
    {name: x, service: seldon-core-api, version: '>=0.4.0'}
      x version-mismatch: nearest is `seldon-core/production/api`: version 0.3.1 does not satisfy >=0.4.0
    {name: x, service: seldon-core-api}
      x profile-mismatch: nearest is `seldon-core/production/api`: profile `project-alpha` admits project alpha; the caller is in project beta
    {name: x, service: twin}
      x ambiguous: `pair/a/twin`, `pair/b/twin` are equally good; narrow the requirement, or mark one `default: true`
    [{name: x, service: left}, {name: y, service: right}]
      y env-collision: `KEY` gets one value from `x` (pair/b/left extension/pair) and another from `y` (other/a/right extension/other); give one of the requirements a `prefix`
    {name: x}
      x empty-selector: it states nothing to select by; add `service`, `extension`, `category` or the like
    {name: x, service: left, version: '>>1'}
      x bad-constraint: malformed version constraint: unknown operator `>>` at byte 0 of the version constraint; use one of `=`, `!=`, `>`, `>=`, `<`, `<=`, `~`, `^`
    [{name: x, service: left}, {name: y, service: right, same_instance_as: x}]
      x unsatisfiable-group: no single instance provides all of `x`, `y`
    [{name: x, service: left}, {name: y, service: right, same_instance_as: x}]
      y unsatisfiable-group: no single instance provides all of `x`, `y`
    ");
    let missing: Vec<_> = FailureCode::ALL
        .iter()
        .filter(|code| !seen.contains(code))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn codes_print_as_they_serialise() {
    for code in FailureCode::ALL {
        assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
    }
}

#[test]
fn all_failures_of_a_step_come_in_one_answer() {
    let step = "[{name: a, service: kserve}, {name: b, service: left}, {name: c, service: twin}, {name: d}]";
    let resolution = registry().resolve(step);
    let failed: Vec<_> = resolution
        .failures
        .iter()
        .map(|one| (one.name.as_str(), one.code.as_str()))
        .collect();
    assert_eq!(
        failed,
        [("a", "absent"), ("c", "ambiguous"), ("d", "empty-selector")]
    );
    assert_eq!(resolution.bindings.len(), 1);
}

#[test]
fn requirements_that_cannot_be_read_are_refused_with_all_findings() {
    let text = "
- { service: s3 }
- { name: a, service: s3, servise: x }
- { name: a, service: s3, prefix: 1X, env: { PATH: url, OK: url } }
- { name: b, any_of: [{ service: x, optional: true }, { service: y, same_instance_as: a }] }
- { name: c, labels: [a], optional: maybe }
";
    let findings = parse_requirements("needs.yaml", text.as_bytes()).unwrap_err();
    let lines: Vec<_> = findings
        .iter()
        .map(|finding| format!("{finding}\n"))
        .collect();
    insta::assert_snapshot!(lines.concat(), @"
    needs.yaml:2:3: error[missing-key]: `name` is missing (add `name: …`, the handle by which the step calls it)
    needs.yaml:3:27: error[unknown-key]: unknown key `servise` (did you mean `service`?)
    needs.yaml:4:11: error[duplicate-name]: a second requirement is named `a` (a handle is unique in its step)
    needs.yaml:4:35: error[invalid-variable]: `1X` is no name of an environment variable (use letters, digits and `_`, and do not begin with a digit)
    needs.yaml:4:46: error[invalid-variable]: `PATH` cannot be set: it decides which code a program runs (choose another name)
    needs.yaml:5:47: error[unknown-key]: `optional` belongs to the requirement, not to an alternative of it (move it up)
    needs.yaml:5:87: error[unknown-key]: `same_instance_as` belongs to the requirement, not to an alternative of it (move it up)
    needs.yaml:6:22: error[wrong-type]: expected a mapping, found a list
    needs.yaml:6:37: error[wrong-type]: expected `true` or `false`, found `maybe`
    ");
    assert!(parse_requirements("needs.yaml", b"").is_err());
}
