//! Bad input: a coded message, the place, what to do, and nothing half-written.

use std::{fs, os::unix::fs::PermissionsExt, process::Stdio};

use insta::assert_snapshot;
use sqlx::{Connection, Executor, SqliteConnection};

use crate::support::{Home, Ran, TOOLS};

#[test]
fn findings_are_shown_where_they_are() {
    let home = Home::new();
    home.write(
        "bad.yaml",
        "name: a
instances:
  - name: x
    versoin: 1.0
    services:
      - name: s
        service: s3
        profiles: [missing]
        endpoints: {bad: 1}
    profiles:
      - name: p
        configuration: {SECRET: geheim, OTHER: [geheim, 2]}
---
name: mlflow
version: not.a.version!
configuration: {A: geheim}
---
name: 名前
instances: [{name: 1}]
",
    );
    home.write("worse.yaml", "name: b\nconfiguration: {A: \"geheim\n");
    assert_snapshot!(home.seen(&["apply", "-f", "bad.yaml"]));
    assert_snapshot!(home.seen(&["apply", "-f", "bad.yaml", "-f", "worse.yaml", "-q"]));
    assert!(!home.database().exists(), "a refused file makes no store");
}

#[test]
fn names_are_unique_across_files() {
    let home = Home::new();
    home.write("tools/a.yaml", "{name: one, instances: [{name: x}]}");
    home.write(
        "tools/b.yaml",
        "- name: two\n  instances: [{name: x}]\n- name: one\n  instances: [{name: x}]\n",
    );
    assert_snapshot!(home.seen(&["apply", "-f", "tools"]));
}

#[test]
fn each_bad_text_is_refused() {
    let home = Home::with_tools();
    let before = home.run(&["get", "-o", "json"]).ok();
    let deep = format!("a: {}{}", "[".repeat(10_000), "]".repeat(10_000));
    let cases: [(&[u8], &str); 7] = [
        (b"name: \xff\xfe", "error[not-utf8]"),
        (b"", "error[empty]"),
        (b"name: [", "error[syntax]"),
        (deep.as_bytes(), "error[too-deep]"),
        (b"{name: a, instances: {}}", "error[wrong-type]"),
        (
            b"{name: a, instances: [{name: x, version: one, version_scheme: semver}]}",
            "error[invalid-version]",
        ),
        (
            b"{name: a, instances: [{name: x}, {name: x}]}",
            "error[duplicate-name]",
        ),
    ];
    for (text, saying) in cases {
        let path = home.write("bad.yaml", text);
        home.run(&["apply", "-f", "tools.yaml", "-f", path.to_str().unwrap()])
            .refused(1, saying);
        home.run_with(&["apply", "-f", "-"], text)
            .refused(1, saying);
    }
    assert_eq!(home.run(&["get", "-o", "json"]).ok(), before);
    home.run(&["apply", "-f", "nowhere.yaml"])
        .refused(1, "error[unreadable-file]: cannot read `nowhere.yaml`");
    home.write("circle.yaml", "[{name: a, service: s3, same_instance_as: b}, {name: b, service: s3, same_instance_as: a}]");
    home.run(&["resolve", "-r", "circle.yaml"])
        .refused(11, "circle");
}

#[test]
fn a_huge_file_is_refused_unread() {
    let home = Home::new();
    let file = fs::File::create(home.path().join("huge.yaml")).unwrap();
    file.set_len(100 << 20).unwrap();
    home.run(&["apply", "-f", "huge.yaml"])
        .refused(1, "error[source-too-large]");
    // Standard input has no size before it is read.
    let mut child = home
        .command(&["apply", "-f", "-"])
        .stdin(file_to_read(&home))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let code = child.wait().unwrap().code();
    assert_eq!(code, Some(1));
}

fn file_to_read(home: &Home) -> fs::File {
    fs::File::open(home.path().join("huge.yaml")).unwrap()
}

#[test]
fn a_key_that_is_lost_is_missed() {
    let mut home = Home::with_tools();
    let arguments = ["resolve", "--extension", "mlflow", "--reveal"];
    let file = home.path().join(".config/hitchpost/key");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    home.run(&arguments).refused(13, "error[exposed-key-file]");
    fs::remove_file(&file).unwrap();
    home.run(&arguments).refused(13, "error[missing-key]");
    home.run(&["apply", "-f", "tools.yaml"])
        .refused(13, "error[missing-key]");
    assert!(!file.exists());
    home.run(&["get"]).ok();
    home.set(
        "HITCHPOST_KEY",
        home.run(&["key", "generate"]).ok().trim().to_owned(),
    );
    home.run(&arguments).refused(13, "error[wrong-key]");
    home.write("tools.yaml", TOOLS.replace("geheim-token", "geheim-new"));
    home.run(&["apply", "-f", "tools.yaml"])
        .refused(13, "error[wrong-key]");
    home.set("HITCHPOST_KEY", "geheim");
    home.run(&arguments).refused(13, "error[malformed-key]");
}

#[test]
fn a_store_that_cannot_be_used_says_why() {
    let home = Home::with_tools();
    let with =
        |store: &str, arguments: &[&str]| home.run(&[&["--store", store], arguments].concat());
    let at = |path: &str| format!("sqlite://{}/{path}", home.path().display());
    with("redis://x", &["get"]).refused(2, "error[invalid-url]");
    with("sqlite:relative.db", &["get"]).refused(2, "error[invalid-url]");
    with("postgres://ada:geheim@127.0.0.1:1/db", &["get"]).refused(12, "error[unreachable]");
    home.write("junk.db", "junk".repeat(1_000));
    with(&at("junk.db"), &["get"]).refused(12, "error[not-a-database]");
    let database = format!("{}?mode=ro", at(".local/share/hitchpost/registry.db"));
    with(&database, &["get"]).ok();
    with(&database, &["delete", "mlflow"]).refused(12, "error[read-only]");
    with(&format!("{}?mode=ro", at("nowhere.db")), &["get"]).refused(12, "error[no-registry]");
    assert!(!home.path().join("nowhere.db").exists());
}

#[test]
fn a_mistyped_store_is_told_and_not_made() {
    let home = Home::with_tools();
    let folder = home.path().join("new");
    let url = format!("sqlite://{}/nowhere.db", folder.display());
    let with = |arguments: &[&str]| home.run(&[&["--store", &url], arguments].concat());
    for arguments in [
        &["get"][..],
        &["describe", "minio"],
        &["history"],
        &["delete", "minio"],
        &["verify"],
        &["resolve", "--service", "s3"],
        &["lock", "-f", "workflow.yaml"],
        &["run", "--needs", "s3", "--", "true"],
        &["key", "show"],
        &["key", "rotate"],
    ] {
        let told = with(arguments);
        told.refused(12, "error[no-registry]");
        told.refused(12, "a registry is made when records are first applied");
    }
    let would = with(&["apply", "-f", "tools.yaml", "--dry-run"]).ok();
    assert!(
        would.contains("would become revision 1: 2 created"),
        "{would}"
    );
    let would = with(&["diff", "-f", "tools.yaml"]).ok();
    assert!(
        would.contains("would become revision 1: 2 created"),
        "{would}"
    );
    assert!(!folder.exists());
    with(&["apply", "-f", "tools.yaml"]).ok();
    with(&["get", "minio"]).ok();
}

#[test]
fn two_writers_at_once_both_write() {
    let home = Home::with_tools();
    let children: Vec<_> = (0..8)
        .map(|number| {
            home.write(
                &format!("{number}.yaml"),
                format!("{{name: t{number}, instances: [{{name: x}}]}}"),
            );
            let file = format!("{number}.yaml");
            home.command(&["apply", "-f", &file])
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in children {
        Ran::new(child.wait_with_output().unwrap()).ok();
    }
    assert_eq!(
        home.run(&["get", "-o", "json"])
            .json()
            .as_array()
            .unwrap()
            .len(),
        10
    );
    let revisions: Vec<_> = home
        .run(&["history", "-o", "json"])
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["revision"].as_u64().unwrap())
        .collect();
    assert_eq!(revisions, [9, 8, 7, 6, 5, 4, 3, 2, 1, 1]);
}

#[test]
fn a_database_that_is_locked_or_newer_is_left_alone() {
    let home = Home::with_tools();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let url = format!("sqlite://{}", home.database().display());
    let mut connection = runtime.block_on(SqliteConnection::connect(&url)).unwrap();
    runtime
        .block_on(connection.execute("BEGIN IMMEDIATE"))
        .unwrap();
    home.run(&["get"]).ok();
    home.run(&["delete", "mlflow"])
        .refused(12, "error[database-locked]");
    runtime.block_on(connection.execute("ROLLBACK")).unwrap();
    runtime
        .block_on(connection.execute("UPDATE hitchpost_migration SET version = 99"))
        .unwrap();
    home.run(&["get"]).refused(12, "error[newer-database]");
    home.run(&["apply", "-f", "tools.yaml"])
        .refused(12, "error[newer-database]");
}

#[test]
fn postgresql_is_a_store_like_another() {
    let server = hitchpost_tests::postgres::shared().unwrap();
    let mut home = Home::with_tools();
    home.set("HITCHPOST_STORE", server.create_database("cli").unwrap());
    home.run(&["get"]).refused(12, "error[no-registry]");
    home.run(&["apply", "-f", "tools.yaml"]).ok();
    let run = home.run(&[
        "run",
        "--needs",
        "s3>=4",
        "--project",
        "alpha",
        "--",
        "printenv",
        "AWS_ACCESS_KEY_ID",
    ]);
    assert_eq!(run.ok(), "geheim-id\n");
    home.run(&["key", "rotate"]).ok();
    let actions: Vec<String> = home
        .run(&["history", "-o", "json"])
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["action"].to_string())
        .collect();
    assert_eq!(actions, ["\"rotated\"", "\"created\"", "\"created\""]);
}
