use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

/// Every secret of the tests has this in it.
pub(crate) const SECRET: &str = "geheim";

pub(crate) const TOOLS: &str = "
name: minio
description: Object store of the team
labels: {team: ml}
instances:
  - name: main
    version: 4.1.3
    version_scheme: semver
    location: eu
    services:
      - name: s3
        endpoints:
          - {name: public, url: 'https://minio.example.org'}
          - {name: cluster, url: 'http://minio.minio:9000', type: internal}
    profiles:
      - name: alpha
        project: alpha
        configuration: {AWS_ACCESS_KEY_ID: geheim-id, AWS_SECRET_ACCESS_KEY: geheim-key}
  - name: old
    version: 3.0.0
    version_scheme: semver
    location: eu
    services: [{name: s3, endpoints: [{name: public, url: 'https://old.example.org'}]}]
---
name: mlflow
version: '2.10'
configuration: {MLFLOW_TRACKING_URI: 'http://mlflow:5000', MLFLOW_TRACKING_TOKEN: geheim-token}
";

pub(crate) const WORKFLOW: &str = "
name: training
steps:
  - name: trainer
    extensions:
      - {name: store, service: s3, version: '>=4'}
    env:
      - {name: PLACE, value: 'at {{ extensions.store.url }}'}
      - {name: BOTH, value: 'k={{ extensions.store.cfg.AWS_SECRET_ACCESS_KEY }}'}
";

/// A user's home: a folder with nothing in it, and an environment with nothing else.
pub(crate) struct Home {
    folder: TempDir,
    variables: Vec<(&'static str, String)>,
}

/// What a run of the program gave.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            variables: Vec::new(),
        }
    }

    /// A home in which [`TOOLS`] are registered, with the files `tools.yaml` and `workflow.yaml`.
    pub(crate) fn with_tools() -> Self {
        let home = Self::new();
        home.write("tools.yaml", TOOLS);
        home.write("workflow.yaml", WORKFLOW);
        assert_eq!(home.run(&["apply", "-f", "tools.yaml"]).code, 0);
        home
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path().join(".local/share/hitchpost/registry.db")
    }

    /// Sets a variable for the runs to come.
    pub(crate) fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.variables.push((name, value.into()));
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hitchpost"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .envs([
                ("HOME", self.path().to_str().unwrap()),
                ("USER", "ada"),
                ("COLUMNS", "80"),
            ])
            .env("PATH", std::env::var_os("PATH").unwrap())
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, "")
    }

    /// Runs with a text on standard input. Unless it is asked for, no output has a secret in it.
    pub(crate) fn run_with(&self, arguments: &[&str], input: impl AsRef<[u8]>) -> Ran {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that does not read to the end is no failure here.
        let _ = child.stdin.take().unwrap().write_all(input.as_ref());
        let ran = Ran::new(child.wait_with_output().unwrap());
        let gives_secrets = arguments.contains(&"--reveal")
            || matches!(arguments.first(), Some(&("export" | "run")));
        assert!(
            gives_secrets || !ran.out.contains(SECRET),
            "{arguments:?} prints a secret:\n{}",
            ran.out
        );
        assert!(
            !ran.err.contains(SECRET),
            "{arguments:?} says a secret:\n{}",
            ran.err
        );
        assert!(!ran.err.contains("panicked"), "{}", ran.err);
        ran
    }

    /// Everything that a person sees, as one text in which nothing changes from run to run.
    pub(crate) fn seen(&self, arguments: &[&str]) -> String {
        let Ran { code, out, err } = self.run(arguments);
        let err = if err.is_empty() {
            err
        } else {
            format!("-- standard error\n{err}")
        };
        let text = format!(
            "$ hitchpost {}\n{out}{err}-- exit code {code}\n",
            arguments.join(" ")
        );
        let text = text.replace(self.path().to_str().unwrap(), "~");
        let line = |line: &str| match line
            .find("20")
            .filter(|at| line.get(at + 19..at + 20) == Some("Z"))
        {
            Some(at) => format!("{}[time]{}", &line[..at], &line[at + 20..]),
            None => line.to_owned(),
        };
        text.lines().map(line).collect::<Vec<_>>().join("\n")
    }
}

impl Ran {
    pub(crate) fn new(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        self.out
    }

    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }

    /// Checks that it ended with a code, saying this much.
    #[track_caller]
    pub(crate) fn refused(&self, code: i32, saying: &str) {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        // Lines are broken to fit.
        let text = self.err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(saying), "`{saying}` is not in:\n{}", self.err);
    }
}
