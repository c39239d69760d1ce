//! What changes the registry, and what shows it.

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::{Home, TOOLS};

#[test]
fn applying_twice_changes_once() {
    let home = Home::new();
    home.write("tools.yaml", TOOLS);
    assert_snapshot!(home.seen(&["apply", "-f", "tools.yaml", "--dry-run"]));
    assert_snapshot!(home.seen(&["apply", "-f", "tools.yaml"]));
    assert_snapshot!(home.seen(&["apply", "-f", "tools.yaml"]));
    assert_eq!(home.run(&["apply", "-f", "tools.yaml", "-q"]).ok(), "");
    let document = home
        .run(&["apply", "-f", "tools.yaml", "-o", "json"])
        .json();
    assert_eq!(document["revision"], 1);
    assert_eq!(document["changes"][0]["action"], "unchanged");
    assert_eq!(document["diagnostics"], Value::Array(Vec::new()));
}

#[test]
fn records_are_listed_and_described() {
    let home = Home::with_tools();
    assert_snapshot!(home.seen(&["get"]));
    assert_snapshot!(home.seen(&["describe", "minio"]));
    assert_snapshot!(home.seen(&["get", "minio", "-o", "yaml"]));
    assert_snapshot!(home.seen(&["get", "minoi"]));
    assert_snapshot!(Home::new().seen(&["get"]));
    let emptied = Home::with_tools();
    emptied.run(&["delete", "minio", "mlflow"]).ok();
    assert_snapshot!(emptied.seen(&["get"]));
    let document = home.run(&["describe", "mlflow", "-o", "json"]).json();
    assert_eq!(
        (&document["revision"], &document["record"]["name"]),
        (&1.into(), &"mlflow".into())
    );
}

#[test]
fn what_is_printed_can_be_applied() {
    let home = Home::with_tools();
    let odd = "{name: odd, instances: [{name: a, configuration: {A: 'yes', B: '012', C: 'null', D: '- x: y', \
               E: \"two\\nlines\\t\", F: '', G: ' pad ', H: '~', I: '1e3', J: '[REDACTED', K: '#', L: \"\\u001b[0m\"}}]}";
    home.write("odd.yaml", odd);
    home.run(&["apply", "-f", "odd.yaml"]).ok();
    for format in ["yaml", "json"] {
        let printed = home.run(&["get", "-o", format]).ok();
        let again = home
            .run_with(&["apply", "-f", "-", "-o", "json"], printed)
            .json();
        let actions: Vec<&Value> = again["changes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|change| &change["action"])
            .collect();
        assert_eq!(actions, ["unchanged"; 3], "{format}");
    }
    let shown = home.run(&["describe", "odd"]).ok();
    assert!(!shown.contains('\u{1b}'), "{shown}");
}

#[test]
fn a_change_is_shown_made_and_remembered() {
    let home = Home::with_tools();
    home.write(
        "tools.yaml",
        TOOLS
            .replace("4.1.3", "4.2.0")
            .replace("geheim-token", "geheim-other"),
    );
    assert_snapshot!(home.seen(&["diff", "-f", "tools.yaml"]));
    assert_eq!(
        home.run(&["get", "-o", "json"]).json()[0]["instances"][0]["version"],
        "4.1.3"
    );
    home.run(&["apply", "-f", "tools.yaml"]).ok();
    assert_snapshot!(home.seen(&["history"]));
    assert_snapshot!(home.seen(&["history", "mlflow", "--limit", "1"]));
    home.run(&["history", "nothing"])
        .refused(3, "error[not-found]");
}

#[test]
fn a_folder_is_pruned_to() {
    let home = Home::with_tools();
    home.write("tools/b.yml", "{name: b, instances: [{name: x}]}");
    home.write(
        "tools/a.json",
        r#"{"name": "a", "instances": [{"name": "x"}]}"#,
    );
    home.write("tools/notes.txt", "not a record");
    assert_snapshot!(home.seen(&["apply", "-f", "tools", "--prune"]));
    home.write("empty/notes.txt", "");
    home.run(&["apply", "-f", "empty", "--prune"])
        .refused(1, "error[empty-folder]");
}

#[test]
fn a_lost_update_is_refused() {
    let home = Home::with_tools();
    home.write("a.yaml", "{name: a, instances: [{name: x}]}");
    home.run(&["apply", "-f", "a.yaml", "--if-revision", "0"])
        .ok();
    home.run(&["apply", "-f", "a.yaml", "--if-revision", "1"])
        .refused(1, "error[conflict]");
    home.run(&["apply", "-f", "tools.yaml", "--if-revision", "1"])
        .refused(2, "error[one-record]");
    home.run(&["delete", "a", "--if-revision", "1"])
        .refused(1, "error[conflict]");
    home.run(&["delete", "a", "--if-revision", "2"]).ok();
}

#[test]
fn deletion_is_of_all_or_none() {
    let home = Home::with_tools();
    home.write(
        "fixed.yaml",
        "{name: fixed, immutable: true, instances: [{name: x}]}",
    );
    home.run(&["apply", "-f", "fixed.yaml"]).ok();
    home.run(&["delete", "mlflow", "nothing"])
        .refused(3, "`nothing`");
    home.run(&["delete", "mlflow", "fixed"])
        .refused(1, "error[immutable]");
    assert_eq!(
        home.run(&["get", "-o", "json"])
            .json()
            .as_array()
            .unwrap()
            .len(),
        3
    );
    assert_snapshot!(home.seen(&["delete", "mlflow", "fixed", "--force"]));
}

#[test]
fn a_tool_is_added_from_the_catalogue() {
    let home = Home::new();
    let url = ["--url", "http://mlflow:5000"];
    let add = |more: &[&str], input: &str| home.run_with(&[&["add"], more, &url].concat(), input);
    add(&["mlflow", "--version", "2.10"], "").ok();
    add(&["mlflow"], "").refused(1, "error[already-registered]");
    add(&["mlfow"], "").refused(3, "did you mean `mlflow`?");
    add(&["mlflow", "--service", "s4"], "").refused(3, "it has `mlflow-tracking`");
    add(&["mlflow", "--name", "b", "--set", "token=geheim"], "")
        .refused(2, "error[secret-on-command-line]");
    add(&["mlflow", "--name", "b", "--secret", "token=geheim"], "")
        .refused(2, "error[secret-on-command-line]");
    add(&["mlflow", "--name", "b", "--secret", "token"], "").refused(1, "error[unusable-secret]");
    add(
        &[
            "mlflow", "--name", "b", "--secret", "token", "--secret", "user",
        ],
        "geheim",
    )
    .refused(2, "error[standard-input-twice]");
    home.run(&["add", "mlflow", "--name", "b", "--url", "mlflow"])
        .refused(1, "--> --url");
    let dry = home.run(&[
        "add",
        "minio",
        "--url",
        "http://minio:9000",
        "--zone",
        "eu",
        "--set",
        "AWS_REGION=x",
        "--dry-run",
    ]);
    assert_snapshot!(dry.out);
    home.write("password", "geheim-2\n");
    add(
        &[
            "mlflow",
            "--name",
            "c",
            "--secret",
            "token",
            "--secret",
            "user=@password",
        ],
        "geheim-1\n",
    )
    .ok();
    let bound = home
        .run(&["resolve", "--extension", "c", "--reveal", "-o", "json"])
        .json();
    let env = &bound["bindings"][0]["env"];
    assert_eq!(
        (
            &env["MLFLOW_TRACKING_TOKEN"],
            &env["MLFLOW_TRACKING_USERNAME"]
        ),
        (&"geheim-1".into(), &"geheim-2".into())
    );
    let unknown = add(&["in-house", "--service", "features"], "");
    assert!(
        unknown.err.contains("note[unknown-product]"),
        "{}",
        unknown.err
    );
}

#[test]
fn tools_are_imported() {
    let home = Home::new();
    home.write(
        "aws/credentials",
        "[default]\naws_access_key_id = geheim-id\naws_secret_access_key = geheim-key\n",
    );
    home.write("aws/config", "[default]\nregion = eu-central-1\n");
    home.write("binding/db/type", "postgresql");
    home.write("binding/db/host", "db");
    home.write("binding/db/password", "geheim");
    home.write(
        "airflow.json",
        r#"{"cache": "redis://:geheim@cache:6379/0"}"#,
    );
    home.write("other.yaml", "{a: b}");
    assert_snapshot!(home.seen(&[
        "import",
        "aws",
        "aws/config",
        "aws/credentials",
        "--dry-run"
    ]));
    home.run(&["import", "aws", "aws/config", "aws/credentials"])
        .ok();
    home.run(&["import", "servicebinding", "binding/db"]).ok();
    home.run(&["import", "airflow", "airflow.json"]).ok();
    assert_snapshot!(home.seen(&["get"]));
    home.run(&["import", "aws", "aws/config", "aws/config"])
        .refused(2, "error[malformed-argument]");
    assert_eq!(home.run(&["import", "kubeconfig", "other.yaml"]).code, 1);
}

#[test]
fn the_key_is_shown_and_changed() {
    let home = Home::with_tools();
    let key = home.read(".config/hitchpost/key");
    let before = home.run(&["key", "show", "-o", "json"]).json();
    assert_eq!(before["keys"].as_array().unwrap().len(), 1);
    assert_eq!(before["keys"][0]["needed"], true);
    home.run(&["key", "rotate"]).ok();
    let after = home.run(&["key", "show", "-o", "json"]).json();
    assert_eq!(after["keys"][1]["id"], before["keys"][0]["id"]);
    assert_eq!(
        (&after["keys"][0]["needed"], &after["keys"][1]["needed"]),
        (&true.into(), &false.into())
    );
    home.run(&["key", "rotate", "--forget-old"]).ok();
    assert_eq!(home.read(".config/hitchpost/key").lines().count(), 1);
    let text = home.run(&["key", "show"]).ok() + &after.to_string();
    assert!(!text.contains(key.trim()));
    let revealed = home
        .run(&["resolve", "--extension", "mlflow", "--reveal"])
        .ok();
    assert!(revealed.contains("geheim-token"));
    let (one, other) = (
        home.run(&["key", "generate"]).ok(),
        home.run(&["key", "generate"]).ok(),
    );
    assert!(one != other && one.len() == 45, "{one}");
}
