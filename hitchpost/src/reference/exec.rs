use std::{
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use hitchpost_registry_core::Reference;
use secrecy::SecretString;

use super::{
    ReferenceFailure,
    file::{bounded, text},
};

/// The time that a program has, unless the reference says otherwise; as in vals.
const TIMEOUT: u64 = 30;
/// The most time that a reference may give.
const MAX_TIMEOUT: u64 = 600;

/// The standard output of a program, run without a shell: `COMMAND/ARG/ARG`, or an absolute path,
/// which takes its arguments from `?args=ARG,ARG` alone. `?trim=false` keeps the white space at
/// the end; `?env_NAME=TEXT` sets a variable. The program reads nothing, and what it writes to
/// standard error is dropped.
pub(super) fn run(reference: &Reference, path: &str) -> Result<SecretString, ReferenceFailure> {
    let mut command = Command::new(program(path));
    command.args(path.split('/').skip(1).filter(|_| !path.starts_with('/')));
    let (mut seconds, mut trim) = (TIMEOUT, true);
    for (name, value) in reference.parameters() {
        match (name.as_str(), name.strip_prefix("env_")) {
            ("args", _) => {
                command.args(value.split(','));
            }
            ("timeout", _) => {
                let given = value.parse().ok().filter(|n| (1..=MAX_TIMEOUT).contains(n));
                seconds = given.ok_or(ReferenceFailure::Value {
                    parameter: "timeout",
                    expected: "a number of seconds from 1 to 600",
                })?;
            }
            ("trim", _) => trim = value != "false",
            (_, Some(variable)) if !variable.is_empty() => {
                command.env(variable, value);
            }
            _ => {
                return Err(ReferenceFailure::Parameter {
                    parameter: name,
                    backend: "exec".to_owned(),
                });
            }
        }
    }
    command.stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let failed = |error| ReferenceFailure::Start { error };
    let mut child = command.spawn().map_err(failed)?;
    let deadline = Instant::now() + Duration::from_secs(seconds);
    let (sender, output) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        // On its own thread, as a child of the program may hold the pipe open for ever.
        thread::spawn(move || sender.send(bounded(stdout)));
    }
    let slow = ReferenceFailure::Slow { seconds };
    let Some(status) = wait(&mut child, deadline).map_err(failed)? else {
        return Err(slow);
    };
    let left = deadline.saturating_duration_since(Instant::now());
    let output = output.recv_timeout(left).map_err(|_| slow)?;
    // First, as a program that nobody listens to any more fails for that.
    let output = output.map_err(failed)?.ok_or(ReferenceFailure::TooLarge)?;
    if !status.success() {
        return Err(ReferenceFailure::Program { status });
    }
    let output = text(&output)?;
    Ok(if trim {
        output.trim_end_matches([' ', '\t', '\n', '\r'])
    } else {
        output
    }
    .into())
}

/// The program that a path names.
pub(super) fn program(path: &str) -> &str {
    if path.starts_with('/') {
        return path;
    }
    path.split('/').next().unwrap_or(path)
}

/// Waits for the end of a program; at the deadline it is stopped, and there is none.
fn wait(child: &mut Child, deadline: Instant) -> std::io::Result<Option<ExitStatus>> {
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(pause.min(left));
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}
