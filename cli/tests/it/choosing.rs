//! What resolves.

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::Home;

#[test]
fn a_requirement_is_resolved_and_explained() {
    let home = Home::with_tools();
    assert_snapshot!(home.seen(&[
        "resolve",
        "--service",
        "s3",
        "--version",
        ">=4",
        "--project",
        "alpha"
    ]));
    assert_snapshot!(home.seen(&[
        "resolve",
        "--service",
        "s3",
        "--project",
        "alpha",
        "--explain"
    ]));
    assert_snapshot!(home.seen(&["resolve", "--service", "s3", "--explain"]));
    assert_snapshot!(home.seen(&[
        "resolve",
        "-f",
        "workflow.yaml",
        "--step",
        "trainer",
        "--project",
        "alpha"
    ]));
}

#[test]
fn each_failure_has_its_exit_code() {
    let home = Home::with_tools();
    home.write(
        "more.yaml",
        "- {name: twin-a, instances: [{name: x, services: [{name: kafka, endpoints: [{name: e, url: 'kafka://a'}]}]}]}
- {name: twin-b, instances: [{name: x, services: [{name: kafka, endpoints: [{name: e, url: 'kafka://b'}]}]}]}
- {name: hidden, instances: [{name: x, users: [eve], services: [{name: vault, endpoints: [{name: e, url: 'http://v'}]}]}]}
- {name: inner, instances: [{name: x, location: prod, services: [{name: redis, endpoints: [{name: e, url: 'redis://r', type: internal}]}]}]}
",
    );
    home.run(&["apply", "-f", "more.yaml"]).ok();
    home.write("collision.yaml", "[{name: a, extension: minio, instance: old, service: s3}, {name: b, extension: minio, service: s3, version: '>=4', profile: alpha}]");
    home.write(
        "group.yaml",
        "[{name: a, service: s3}, {name: b, service: redis, same_instance_as: a}]",
    );
    let cases: [(&[&str], i32, &str); 11] = [
        (&["--service", "s4"], 3, "absent"),
        (&["--service", "kafka"], 4, "ambiguous"),
        (&["--service", "vault"], 5, "forbidden"),
        (&["--service", "redis"], 6, "unreachable"),
        (
            &["--service", "s3", "--version", ">=5"],
            7,
            "version-mismatch",
        ),
        (
            &["--service", "s3", "--version", ">=4"],
            8,
            "profile-mismatch",
        ),
        (
            &["-r", "collision.yaml", "--project", "alpha"],
            9,
            "env-collision",
        ),
        (&["--name", "x"], 10, "empty-selector"),
        (
            &["--service", "s3", "--version", ">>4"],
            10,
            "bad-constraint",
        ),
        (
            &["-r", "group.yaml", "--zone", "prod"],
            11,
            "unsatisfiable-group",
        ),
        (&["--service", "kafka", "--on-ambiguity", "first"], 0, ""),
    ];
    let mut seen = String::new();
    for (arguments, code, word) in cases {
        let arguments = [&["resolve"], arguments].concat();
        home.run(&arguments).refused(code, word);
        seen += &(home.seen(&arguments) + "\n\n");
        let document = home.run(&[&arguments[..], &["-o", "json"]].concat());
        assert_eq!(document.code, code);
        let failure = document.json()["failures"]
            .get(0)
            .map_or(Value::Null, |failure| failure["code"].clone());
        assert_eq!(failure.as_str().unwrap_or_default(), word);
        assert_eq!(document.err, "");
    }
    assert_snapshot!(seen);
}

#[test]
fn the_document_has_the_documented_shape() {
    let home = Home::with_tools();
    home.write("needs.json", r#"[{"name": "storage", "service": "s3", "version": ">=4"}, {"name": "b", "service": "none"}]"#);
    let arguments = [
        "resolve",
        "-r",
        "needs.json",
        "--project",
        "alpha",
        "-o",
        "json",
    ];
    assert_snapshot!(home.seen(&arguments));
    let explained = home.run(&[&arguments[..], &["--explain"]].concat()).json();
    let keys: Vec<&String> = explained.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["revision", "bindings", "failures", "explanations"]);
    let revealed = home.run(&[&arguments[..], &["--reveal"]].concat()).json();
    assert_eq!(
        revealed["bindings"][0]["env"]["AWS_SECRET_ACCESS_KEY"],
        "geheim-key"
    );
    let from_input = home.run_with(
        &["resolve", "-r", "-", "--project", "alpha", "-o", "json"],
        home.read("needs.json"),
    );
    assert_eq!(from_input.out, home.run(&arguments).out);
}

#[test]
fn the_flags_of_a_requirement_are_its_fields() {
    let home = Home::with_tools();
    let bound = |arguments: &[&str]| {
        let all = [&["resolve", "--project", "alpha", "-o", "json"], arguments].concat();
        let ran = home.run(&all);
        (ran.code, ran.json()["bindings"][0].clone())
    };
    let instance = |arguments: &[&str]| {
        bound(arguments).1["instance"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    assert_eq!(
        instance(&["--extension", "minio", "--instance", "old"]),
        "old"
    );
    assert_eq!(
        instance(&[
            "--product",
            "minio",
            "--service-name",
            "s3",
            "--version",
            "<4"
        ]),
        "old"
    );
    assert_eq!(instance(&["--category", "object-storage"]), "main");
    assert_eq!(
        instance(&[
            "--service-type",
            "s3",
            "--label",
            "team=ml",
            "--in-zone",
            "eu"
        ]),
        "main"
    );
    assert_eq!(bound(&["--service", "s3", "--label", "team=other"]).0, 3);
    assert_eq!(bound(&["--service", "s3", "--in-zone", "us"]).0, 3);
    assert_eq!(bound(&["--service", "none", "--optional"]).0, 0);
    let (_, named) = bound(&[
        "--service",
        "s3",
        "--name",
        "x",
        "--env",
        "BUCKETS=url",
        "--prefix",
        "P_",
        "--profile",
        "alpha",
    ]);
    assert_eq!(
        (&named["name"], &named["env"]["BUCKETS"]),
        (&"x".into(), &"https://minio.example.org".into())
    );
    assert!(named["env"].get("P_AWS_ENDPOINT_URL_S3").is_some());
    let (_, inside) = bound(&["--service", "s3", "--zone", "eu", "--endpoint", "internal"]);
    assert_eq!(inside["endpoint"]["name"], "cluster");
    let resolve = |arguments: &[&str]| home.run(&[&["resolve"], arguments].concat());
    resolve(&[]).refused(2, "error[no-requirement]");
    resolve(&[
        "-r",
        "needs.yaml",
        "-f",
        "workflow.yaml",
        "--step",
        "trainer",
    ])
    .refused(2, "cannot be used with");
    resolve(&[
        "-f",
        "workflow.yaml",
        "--step",
        "trainer",
        "--service",
        "s3",
    ])
    .refused(2, "error[two-sources]");
    resolve(&["-f", "workflow.yaml"]).refused(2, "--step");
    resolve(&["-f", "workflow.yaml", "--step", "trianer"]).refused(3, "did you mean `trainer`");
    resolve(&["--service", "s3", "--env", "PATH=url"]).refused(2, "error[invalid-variable]");
    resolve(&["--service", "s3", "--env", "A"]).refused(2, "error[malformed-argument]");
    resolve(&["--service", "not a name"]).refused(2, "invalid value");
}

#[test]
fn the_caller_comes_from_the_environment_too() {
    let mut home = Home::with_tools();
    home.set("HITCHPOST_PROJECT", "alpha");
    home.set("HITCHPOST_ZONE", "eu");
    let document = home
        .run(&[
            "resolve",
            "--service",
            "s3",
            "--version",
            ">=4",
            "-o",
            "json",
        ])
        .json();
    assert_eq!(document["bindings"][0]["endpoint"]["name"], "cluster");
    home.run(&[
        "resolve",
        "--service",
        "s3",
        "--version",
        ">=4",
        "--project",
        "beta",
    ])
    .refused(8, "project beta");
}

#[test]
fn a_lock_holds_runs_to_it() {
    let home = Home::with_tools();
    let step = [
        "-f",
        "workflow.yaml",
        "--step",
        "trainer",
        "--project",
        "alpha",
        "--locked",
    ];
    let resolve = || home.run(&[&["resolve"], &step[..]].concat());
    resolve().refused(1, "error[no-lock]");
    assert_snapshot!(home.seen(&["lock", "-f", "workflow.yaml", "--project", "alpha"]));
    assert_snapshot!(home.read("hitchpost.lock"));
    resolve().ok();
    home.write(
        "tools.yaml",
        crate::support::TOOLS.replace("4.1.3", "4.2.0"),
    );
    home.run(&["apply", "-f", "tools.yaml"]).ok();
    resolve().refused(1, "error[drift]");
    let before = home.read("hitchpost.lock");
    assert_snapshot!(home.seen(&["lock", "-f", "workflow.yaml", "--project", "alpha"]));
    assert_eq!(home.read("hitchpost.lock"), before);
    assert_snapshot!(home.seen(&[
        "lock",
        "-f",
        "workflow.yaml",
        "--project",
        "alpha",
        "--update"
    ]));
    resolve().ok();
    assert_snapshot!(home.seen(&["lock", "-f", "workflow.yaml", "--project", "alpha"]));
    home.run(&["lock", "-f", "workflow.yaml", "--lock", "other.lock"])
        .refused(8, "profile-mismatch");
    assert!(!home.path().join("other.lock").exists());
    home.write("hitchpost.lock", "{}");
    resolve().refused(1, "error[lock-format]");
}

#[test]
fn a_variable_that_is_empty_is_not_set() {
    let mut home = Home::with_tools();
    for name in [
        "HITCHPOST_STORE",
        "HITCHPOST_PROJECT",
        "HITCHPOST_GROUPS",
        "HITCHPOST_ZONE",
        "HITCHPOST_CATALOG",
    ] {
        home.set(name, "");
    }
    home.run(&["resolve", "--service", "s3"]).ok();
    home.run(&["resolve", "--service", "s3", "--zone", "a b"])
        .refused(2, "`a b` of `--zone` is no name");
}
