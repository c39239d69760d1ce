//! What needs no registry: help, schemas, completions, the catalogue.

use std::process::{Command, Stdio};

use insta::assert_snapshot;

use crate::support::{Home, Ran};

const COMMANDS: &[&str] = &[
    "apply",
    "diff",
    "get",
    "describe",
    "delete",
    "history",
    "catalog",
    "add",
    "import",
    "resolve",
    "run",
    "export",
    "lock",
    "verify",
    "model-registry",
    "openapi",
    "key",
    "schema",
    "completions",
];

#[test]
fn every_command_has_help_with_examples() {
    let home = Home::new();
    assert_snapshot!(home.run(&["--help"]).ok());
    for command in COMMANDS {
        let help = home.run(&[command, "--help"]).ok();
        assert!(help.contains("Examples:\n  "), "{help}");
        let long = help.lines().filter(|line| line.chars().count() > 80);
        assert_eq!(long.count(), 0, "{help}");
    }
    let codes = home.run(&["help", "exit-codes"]).ok();
    assert!(include_str!("../../README.md").contains(&codes), "{codes}");
    home.run(&[]).refused(2, "Usage: hitchpost");
    home.run(&["aply"]).refused(2, "'apply'");
    assert!(!home.database().exists());
}

#[test]
fn completions_are_scripts() {
    let home = Home::new();
    home.write("hitchpost.bash", home.run(&["completions", "bash"]).ok());
    let checked = Command::new("bash")
        .arg("-n")
        .arg(home.path().join("hitchpost.bash"))
        .output()
        .unwrap();
    assert_eq!(Ran::new(checked).err, "");
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        assert!(home.run(&["completions", shell]).ok().contains("hitchpost"));
    }
}

#[test]
fn schemas_are_printed() {
    let home = Home::new();
    for kind in ["record", "extended", "minimal", "requirements", "catalogue"] {
        let schema = home.run(&["schema", kind]).json();
        assert_eq!(
            schema["$schema"], "https://json-schema.org/draft/2020-12/schema",
            "{kind}"
        );
    }
    assert_eq!(
        home.run(&["schema"]).out,
        home.run(&["schema", "record"]).out
    );
}

#[test]
fn the_catalogue_is_shown_and_extended() {
    let mut home = Home::new();
    let listed = home.run(&["catalog", "list"]).ok();
    assert!(
        listed.lines().any(|line| line.starts_with("mlflow ")),
        "{listed}"
    );
    assert!(
        listed.lines().all(|line| line.chars().count() <= 80),
        "{listed}"
    );
    assert_snapshot!(home.seen(&["catalog", "show", "redis"]));
    assert_snapshot!(home.seen(&["catalog", "show", "in-house"]));
    home.write(
        "own/in-house.yaml",
        "product: in-house
title: In-house store
description: Our feature store
version_scheme: semver
services:
  - type: in-house
    category: feature-store
    description: Its API
    configuration: [{name: TOKEN, secret: true, required: true, description: Its token}]
    environment: [{name: IN_HOUSE_URL, value: '{url}'}]
",
    );
    home.write("own/README.md", "ours");
    let product = home
        .run(&["catalog", "show", "in-house", "--add", "own", "-o", "json"])
        .json();
    assert_eq!(product["services"][0]["type"], "in-house");
    home.set(
        "HITCHPOST_CATALOG",
        home.path().join("own").to_str().unwrap().to_owned(),
    );
    let added = home.run(&["add", "in-house", "--url", "http://features"]);
    assert!(added.err.contains("`--secret TOKEN`"), "{}", added.err);
    let bound = home
        .run(&["resolve", "--service", "in-house", "-o", "json"])
        .json();
    assert_eq!(
        bound["bindings"][0]["env"]["IN_HOUSE_URL"],
        "http://features"
    );
    home.write("own/broken.yaml", "product: broken\n");
    home.run(&["get"]).ok();
    home.run(&["resolve", "--service", "in-house"])
        .refused(1, "error[missing-key]");
}

#[test]
fn colours_are_for_terminals() {
    let mut home = Home::with_tools();
    let arguments = ["resolve", "--service", "s4"];
    let is_coloured = |home: &Home, more: &[&str]| {
        let ran = home.run(&[&arguments[..], more].concat());
        ran.err.contains('\u{1b}')
    };
    assert!(!is_coloured(&home, &[]));
    assert!(is_coloured(&home, &["--color", "always"]));
    assert!(!is_coloured(&home, &["--color", "never"]));
    home.set("NO_COLOR", "1");
    assert!(is_coloured(&home, &["--color=always"]));
}

#[test]
fn errors_are_documents_where_results_are() {
    let home = Home::new();
    home.write("bad.yaml", "{name: a, versoin: 1, instances: []}");
    let ran = home.run(&["apply", "-f", "bad.yaml", "-o", "json"]);
    let document: serde_json::Value = serde_json::from_str(&ran.err).unwrap();
    assert_eq!(
        (&document["error"]["code"], &document["error"]["exit"]),
        (&"refused".into(), &1.into())
    );
    assert_eq!(document["diagnostics"][0]["code"], "unknown-key");
    assert_eq!(ran.out, "");
    let yaml = Home::with_tools().run(&["get", "nothing", "-o", "yaml"]);
    assert!(
        yaml.err.starts_with("error:\n  code: not-found\n"),
        "{}",
        yaml.err
    );
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let home = Home::new();
    let mut child = home
        .command(&["schema"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ran = Ran::new(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
}
