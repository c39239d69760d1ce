//! What gives a step its environment.

use std::{
    io::{BufRead, BufReader},
    os::unix::{fs::PermissionsExt, process::ExitStatusExt},
    process::Stdio,
};

use crate::support::{Home, Ran, SECRET};

fn mode(home: &Home, path: &str) -> u32 {
    std::fs::metadata(home.path().join(path))
        .unwrap()
        .permissions()
        .mode()
        & 0o777
}

#[test]
fn a_program_gets_the_environment_and_its_exit_code_passes_through() {
    let mut home = Home::with_tools();
    home.set("INHERITED", "yes");
    home.set("AWS_ACCESS_KEY_ID", "stale");
    let script = r#"echo "$INHERITED $AWS_ACCESS_KEY_ID $AWS_ENDPOINT_URL_S3"; exit 42"#;
    let ran = home.run(&[
        "run",
        "--needs",
        "s3>=4",
        "--project",
        "alpha",
        "--",
        "sh",
        "-c",
        script,
    ]);
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (42, "yes geheim-id https://minio.example.org\n")
    );
    let own = home.run(&[
        "run",
        "-f",
        "workflow.yaml",
        "--step",
        "trainer",
        "--project",
        "alpha",
        "--",
        "sh",
        "-c",
        "echo $PLACE $BOTH",
    ]);
    assert_eq!(own.ok(), "at https://minio.example.org k=geheim-key\n");
    let two = home.run(&[
        "run",
        "--needs",
        "mlflow-tracking",
        "--needs",
        "s3 <4",
        "--",
        "sh",
        "-c",
        "echo $MLFLOW_TRACKING_URI $AWS_ENDPOINT_URL_S3",
    ]);
    assert_eq!(two.ok(), "http://mlflow:5000 https://old.example.org\n");
}

#[test]
fn nothing_is_run_when_something_is_not_met() {
    let home = Home::with_tools();
    let touch = ["--", "touch", "ran"];
    let run = |arguments: &[&str]| home.run(&[&["run"], arguments, &touch].concat());
    let failed = run(&["--needs", "s3>=4"]);
    failed.refused(8, "profile `alpha` admits project alpha");
    failed.refused(8, "nothing was run");
    run(&["--needs", "s3>=5", "--needs", "nothing"]).refused(7, "error[absent]: nothing");
    run(&["--needs", "s3>>5"]).refused(10, "error[bad-constraint]");
    run(&["--needs", ">=5"]).refused(2, "error[invalid-name]");
    run(&[]).refused(2, "error[no-requirement]");
    run(&["--needs", "s3<4", "--locked"]).refused(1, "error[no-lock]");
    assert!(!home.path().join("ran").exists());
    home.run(&["run", "--needs", "s3<4", "--", "no-such-program"])
        .refused(127, "error[cannot-run]");
    home.write("plain", "");
    home.run(&["run", "--needs", "s3<4", "--", "./plain"])
        .refused(126, "error[cannot-run]");
}

#[test]
fn a_program_takes_the_place_of_the_command() {
    let home = Home::with_tools();
    let arguments = [
        "run",
        "--needs",
        "s3>=4",
        "--project",
        "alpha",
        "--",
        "sh",
        "-c",
        "echo $$; exec sleep 60",
    ];
    let mut child = home
        .command(&arguments)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert_eq!(line.trim(), child.id().to_string());
    let process = format!("/proc/{}/cmdline", child.id());
    assert!(!std::fs::read_to_string(process).unwrap().contains(SECRET));
    std::process::Command::new("kill")
        .args(["-TERM", line.trim()])
        .status()
        .unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(15));
}

#[test]
fn a_program_starts_with_the_usual_signals() {
    let home = Home::with_tools();
    // With SIGPIPE ignored, `yes` would complain and end with 1.
    let script = "yes | head -1; echo ${PIPESTATUS[0]}";
    let ran = home.run(&["run", "--needs", "s3<4", "--", "bash", "-c", script]);
    assert_eq!(ran.ok(), "y\n141\n");
}

#[test]
fn variables_are_exported() {
    let home = Home::with_tools();
    let export = |format: &str, more: &[&str]| {
        let all = [
            &[
                "export",
                "--format",
                format,
                "--needs",
                "s3>=4",
                "--project",
                "alpha",
            ],
            more,
        ]
        .concat();
        home.run(&all)
    };
    let json = export("json", &[]).json();
    assert_eq!(json["AWS_SECRET_ACCESS_KEY"], "geheim-key");
    home.write("env.sh", export("shell", &[]).ok());
    let shell = std::process::Command::new("sh")
        .args(["-c", ". ./env.sh; printenv AWS_SECRET_ACCESS_KEY"])
        .current_dir(home.path())
        .output()
        .unwrap();
    assert_eq!(Ran::new(shell).ok(), "geheim-key\n");
    assert!(
        export("dotenv", &[])
            .ok()
            .contains("AWS_SECRET_ACCESS_KEY='geheim-key'\n")
    );
    assert_eq!(
        export("dotenv", &["--docker", "--output", "run.env"]).ok(),
        ""
    );
    assert!(
        home.read("run.env")
            .contains("AWS_SECRET_ACCESS_KEY=geheim-key\n")
    );
    assert_eq!(mode(&home, "run.env"), 0o600);
    let connections = export("airflow", &[]).json();
    assert_eq!(connections["s3"]["password"], "geheim-key");
    home.run(&["export", "--format", "shell", "--docker", "--needs", "s3<4"])
        .refused(2, "--docker");
    export("k8s", &["--name", "Not_a_name"]).refused(1, "error[invalid-name]");
    home.run(&["export", "--format", "shell", "--needs", "s3>=4"])
        .refused(8, "profile-mismatch");
}

#[test]
fn secrets_of_kubernetes_stand_in_one_object() {
    let home = Home::with_tools();
    let arguments = [
        "export",
        "--format",
        "k8s",
        "-f",
        "workflow.yaml",
        "--step",
        "trainer",
        "--project",
        "alpha",
    ];
    let manifest = home.run(&arguments).ok();
    assert!(
        manifest.contains("name: trainer") && !manifest.contains(SECRET),
        "{manifest}"
    );
    home.run(&[&arguments[..], &["--output", "k8s"]].concat())
        .ok();
    assert_eq!(
        (mode(&home, "k8s"), mode(&home, "k8s/secret.yaml")),
        (0o700, 0o600)
    );
    assert!(home.read("k8s/env.yaml").contains("secretKeyRef"));
}

#[test]
fn a_service_binding_changes_as_a_whole() {
    let home = Home::with_tools();
    let arguments = [
        "export",
        "--format",
        "servicebinding",
        "--needs",
        "s3",
        "--project",
        "alpha",
    ];
    home.run(&arguments).refused(2, "--output");
    let arguments = [&arguments[..], &["--output", "bindings"]].concat();
    home.run(&arguments).ok();
    assert_eq!(home.read("bindings/s3/password"), "geheim-key");
    assert_eq!(mode(&home, "bindings/s3/password"), 0o400);
    let old = [
        "export",
        "--format",
        "servicebinding",
        "--needs",
        "s3<4",
        "--output",
        "bindings",
    ];
    home.run(&old).ok();
    assert_eq!(home.read("bindings/s3/uri"), "https://old.example.org");
    assert!(!home.path().join("bindings/s3/password").exists());
    let hidden = std::fs::read_dir(home.path().join("bindings/s3")).unwrap();
    let hidden = hidden.filter(|entry| {
        entry
            .as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .starts_with("..")
    });
    assert_eq!(hidden.count(), 2);
    // It can be read back.
    let imported = home
        .run(&[
            "import",
            "servicebinding",
            "bindings/s3",
            "--dry-run",
            "-o",
            "json",
        ])
        .json();
    assert_eq!(imported[0]["instances"][0]["services"][0]["service"], "s3");
    home.write("mine/s3/notes", "not to be touched");
    let into = [
        "export",
        "--format",
        "servicebinding",
        "--needs",
        "s3<4",
        "--output",
        "mine",
    ];
    home.run(&into).refused(1, "error[unwritable-file]");
    assert_eq!(
        std::fs::read_dir(home.path().join("mine/s3"))
            .unwrap()
            .count(),
        1
    );
}

#[test]
fn score_asks_on_standard_input() {
    let home = Home::with_tools();
    let resource = r#"{"resource_type": "s3", "resource_id": "app.default#s3", "resource_params": {"version": ">=4"}}"#;
    let answer = home
        .run_with(
            &["export", "--format", "score", "--project", "alpha"],
            resource,
        )
        .json();
    assert_eq!(answer["resource_outputs"]["secret_key"], "geheim-key");
    assert_eq!(
        home.run_with(&["export", "--format", "score"], "nonsense")
            .code,
        1
    );
}

#[test]
fn services_are_verified() {
    let home = Home::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    home.run(&["add", "minio", "--url", &url]).ok();
    home.run(&["add", "redis", "--url", "redis://127.0.0.1:1"])
        .ok();
    let sick = home.run(&["verify", "redis", "--timeout", "2"]);
    assert_eq!(sick.code, 6, "{}", sick.out);
    assert!(
        sick.out
            .contains("redis/default/redis/default  unreachable"),
        "{}",
        sick.out
    );
    let reports = home
        .run(&["verify", "redis", "--timeout", "2", "-o", "json"])
        .json();
    assert_eq!(reports[0]["outcome"], "unreachable");
    home.run(&["verify", "nothing"])
        .refused(3, "error[not-found]");
}
