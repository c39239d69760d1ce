//! The programs that read what is exported. One that cannot be had says why, and its test passes
//! without it.

#![expect(
    clippy::disallowed_methods,
    reason = "the library is pure; what reads its exports is not"
)]

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::LazyLock,
};

/// Runs a program with a text on its standard input; its standard output.
///
/// # Errors
/// What it says when it fails or cannot be started.
pub(crate) fn run(command: &mut Command, input: &str) -> Result<Vec<u8>, String> {
    let streams = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = streams
        .spawn()
        .map_err(|error| format!("{command:?}: {error}"))?;
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child
        .wait_with_output()
        .map_err(|error| error.to_string())?;
    // A program that fails does not read its input to the end.
    let written = writer.join().unwrap();
    if !output.status.success() {
        return Err(format!(
            "{command:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    written.map_err(|error| error.to_string())?;
    Ok(output.stdout)
}

/// A program, or why it cannot be had, which is printed.
fn available<'f, T>(what: &str, found: &'f Result<T, String>) -> Option<&'f T> {
    found
        .as_ref()
        .inspect_err(|reason| eprintln!("not tested with {what}: {reason}"))
        .ok()
}

/// The folder with the programs that are part of the tests.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/consumers")
}

/// The parsers of Docker Compose and of `docker run`: Go programs, by the name of the parser.
pub(crate) fn env_file(parser: &str) -> Option<Command> {
    static PROGRAM: LazyLock<Result<PathBuf, String>> = LazyLock::new(|| {
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("envfiles");
        let mut go = Command::new("go");
        go.args(["build", "-o"])
            .arg(&program)
            .arg(".")
            .current_dir(folder().join("envfiles"));
        run(&mut go, "").map(|_| program)
    });
    available("Docker's parsers", &PROGRAM).map(|program| {
        let mut command = Command::new(program);
        command.arg(parser);
        command
    })
}

/// A Python that has the packages of `tests/consumers/requirements.txt`: the one that
/// `HITCHPOST_TEST_PYTHON` names, else one with a virtual environment of its own.
pub(crate) fn python() -> Option<Command> {
    static PYTHON: LazyLock<Result<PathBuf, String>> = LazyLock::new(|| {
        if let Some(named) = std::env::var_os("HITCHPOST_TEST_PYTHON") {
            return Ok(named.into());
        }
        let requirements = folder().join("requirements.txt");
        let wanted = std::fs::read_to_string(&requirements).map_err(|error| error.to_string())?;
        let environment = Path::new(env!("CARGO_TARGET_TMPDIR")).join("consumers");
        let (python, installed) = (
            environment.join("bin/python"),
            environment.join("installed.txt"),
        );
        if std::fs::read_to_string(&installed).is_ok_and(|installed| installed == wanted) {
            return Ok(python);
        }
        run(
            Command::new("python3")
                .args(["-m", "venv", "--clear"])
                .arg(&environment),
            "",
        )?;
        let mut pip = Command::new(&python);
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--require-hashes",
            "--requirement",
        ])
        .arg(&requirements);
        run(&mut pip, "")?;
        std::fs::write(&installed, wanted).map_err(|error| error.to_string())?;
        Ok(python)
    });
    available("the Python packages", &PYTHON).map(Command::new)
}

/// A Python that has a module, as [`python`].
pub(crate) fn python_with(module: &str) -> Option<Command> {
    let imports = run(python()?.args(["-c", &format!("import {module}")]), "");
    available(module, &imports)?;
    python()
}

/// A script of the tests.
pub(crate) fn script(name: &str) -> PathBuf {
    folder().join(name)
}
