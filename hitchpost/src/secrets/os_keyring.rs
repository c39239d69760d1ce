//! The operating system's keyring, reached by the program that the system has for it.
//!
//! - Linux: `secret-tool` of libsecret, for every keyring that offers the [Secret Service];
//! - macOS: `security`, for the login keychain.
//!
//! The keys are one item: service `hitchpost`, account `registry-key`, the keys parted by commas,
//! the current one first. They go to the program on its standard input, never on its command
//! line, where other users would see them.
//!
//! The tests run `secret-tool` with a real keyring. Nothing runs `security`: what it is told and
//! what its exit codes mean follows its manual page, and the tests check the text alone.
//!
//! [Secret Service]: https://specifications.freedesktop.org/secret-service/latest/

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use zeroize::Zeroizing;

use super::{
    error::{KeyError, KeyOrigin},
    key::{self, KeyEncryptionKey},
    key_file,
};

/// How long a program may take: it may be asking the user to unlock the keyring.
const PATIENCE: Duration = Duration::from_secs(60);

/// More than this of what a program says is not read.
const LONGEST: usize = 16 * 1024;

/// 32 bytes in base64 without padding.
const SHORTEST_KEY: usize = 43;

/// A program that reaches the keyring.
#[derive(Debug, Clone, Copy)]
enum Tool {
    SecretTool,
    Security,
}

const TOOL: Tool = if cfg!(target_os = "macos") {
    Tool::Security
} else {
    Tool::SecretTool
};

/// Reads the keys; none when the keyring has no such item.
pub(super) fn read() -> Result<Vec<KeyEncryptionKey>, KeyError> {
    match TOOL.lookup()? {
        Some(text) => key::parse(&text, &KeyOrigin::OsKeyring),
        None => Ok(Vec::new()),
    }
}

/// Makes the item with a new key, unless somebody else just did.
pub(super) fn create() -> Result<(), KeyError> {
    let _lock = lock()?;
    match TOOL.lookup()? {
        Some(_) => Ok(()),
        None => TOOL.store(&key::encode(&key::generate()?)),
    }
}

/// Puts a new key before the others.
pub(super) fn add() -> Result<(), KeyError> {
    let _lock = lock()?;
    let old = TOOL.lookup()?.unwrap_or_default();
    let new = key::encode(&key::generate()?);
    let keys: Vec<&str> = [new.as_str()]
        .into_iter()
        .chain(key::words(&old).map(|(_, word)| word))
        .collect();
    TOOL.store(&Zeroizing::new(keys.join(",")))
}

/// Removes every key but the current one.
pub(super) fn keep_first() -> Result<(), KeyError> {
    let _lock = lock()?;
    let text = TOOL.lookup()?.unwrap_or_default();
    let (_, first) = key::words(&text).next().ok_or(KeyError::Empty {
        origin: KeyOrigin::OsKeyring,
    })?;
    TOOL.store(first)
}

/// Holds off the user's other programs that would change the item: a key that one of them replaces
/// without having seen it is lost. Released when it is dropped.
fn lock() -> Result<File, KeyError> {
    let path = key_file::folder()?.join("keyring.lock");
    let locked = || {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(key_file::folder_of(&path))?;
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)?;
        file.lock()?;
        Ok(file)
    };
    locked().map_err(KeyError::io("lock", &path))
}

impl Tool {
    const fn program(self) -> &'static str {
        match self {
            Self::SecretTool => "secret-tool",
            Self::Security => "security",
        }
    }

    /// The text of the item; `None` when there is no such item.
    fn lookup(self) -> Result<Option<Zeroizing<String>>, KeyError> {
        let answer = match self {
            Self::SecretTool => self.ask(&attributes("lookup"), "")?,
            Self::Security => self.ask(
                &[
                    "find-generic-password",
                    "-s",
                    "hitchpost",
                    "-a",
                    "registry-key",
                    "-w",
                ],
                "",
            )?,
        };
        if answer.is_success {
            return Ok(Some(answer.said));
        }
        match self {
            // It says nothing both when there is no such item and when the keyring stays locked.
            Self::SecretTool if answer.complaint.is_empty() => {
                let found = self.ask(&attributes("search"), "")?;
                match found.said.is_empty() {
                    true if found.is_success => Ok(None),
                    true => Err(self.refused(found)),
                    false => Err(KeyError::KeyringLocked),
                }
            }
            Self::Security if answer.code == Some(SECURITY_NO_ITEM) => Ok(None),
            _ => Err(self.refused(answer)),
        }
    }

    /// Stores the text in place of what the item has, and makes sure that it is there: who loses a
    /// key loses every secret.
    fn store(self, text: &str) -> Result<(), KeyError> {
        let answer = match self {
            Self::SecretTool => {
                let mut arguments = attributes("store");
                arguments.insert(1, "--label=Hitchpost registry key");
                self.ask(&arguments, text)?
            }
            Self::Security => self.ask(&["-i"], &security_command(text))?,
        };
        if !answer.is_success {
            return Err(self.refused(answer));
        }
        match self.lookup()? {
            Some(kept) if *kept == text => Ok(()),
            _ => Err(KeyError::KeyringUnreachable {
                program: self.program(),
                answer: "it does not give back what it was given".to_owned(),
            }),
        }
    }

    fn ask(self, arguments: &[&str], input: &str) -> Result<Answer, KeyError> {
        let mut command = Command::new(self.program());
        // The answers are told apart by their words.
        command.args(arguments).env("LC_ALL", "C");
        ask(self.program(), command, input, PATIENCE)
    }

    fn refused(self, answer: Answer) -> KeyError {
        let is_locked = match self {
            Self::SecretTool => answer.complaint.contains("locked"),
            Self::Security => answer
                .code
                .is_some_and(|code| SECURITY_LOCKED.contains(&code)),
        };
        if is_locked {
            return KeyError::KeyringLocked;
        }
        KeyError::KeyringUnreachable {
            program: self.program(),
            answer: match answer.complaint.is_empty() {
                true => "it gives no reason".to_owned(),
                false => answer.complaint,
            },
        }
    }
}

/// `errSecItemNotFound` (-25300) as an exit code. Source: Security framework, SecBase.h.
const SECURITY_NO_ITEM: i32 = 44;

/// `errSecInteractionNotAllowed` (-25308), `errSecAuthFailed` (-25293) and `userCanceledErr` (-128)
/// as exit codes. Source: Security framework, SecBase.h; MacErrors.h.
const SECURITY_LOCKED: [i32; 3] = [36, 51, 128];

fn attributes(action: &str) -> Vec<&str> {
    vec![action, "service", "hitchpost", "account", "registry-key"]
}

/// The line that `security -i` reads. Keys have no character that it takes for something else.
fn security_command(text: &str) -> Zeroizing<String> {
    Zeroizing::new(format!(
        "add-generic-password -U -s hitchpost -a registry-key -l \"Hitchpost registry key\" -w {text}\n"
    ))
}

/// What a program answered.
#[derive(Debug)]
struct Answer {
    is_success: bool,
    code: Option<i32>,
    said: Zeroizing<String>,
    /// The first line of what it says is wrong.
    complaint: String,
}

/// Runs a program to its end, or ends it when it takes too long.
fn ask(
    program: &'static str,
    mut command: Command,
    input: &str,
    patience: Duration,
) -> Result<Answer, KeyError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => KeyError::NoKeyringProgram { program },
        _ => KeyError::KeyringUnreachable {
            program,
            answer: error.to_string(),
        },
    };
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not read it has a reason, and gives it.
        let _ = stdin.write_all(input.as_bytes());
    }
    let deadline = Instant::now() + patience;
    // A pipe holds more than these programs say, so none waits for its reader.
    let status = loop {
        match child.try_wait().map_err(failed)? {
            Some(status) => break status,
            None if Instant::now() < deadline => thread::sleep(Duration::from_millis(5)),
            None => {
                // Gone already if it cannot be ended.
                let _ = child.kill();
                let _ = child.wait();
                return Err(KeyError::KeyringSilent {
                    program,
                    seconds: patience.as_secs(),
                });
            }
        }
    };
    let said = read_all(child.stdout.take()).map_err(failed)?;
    let complaint = read_all(child.stderr.take()).map_err(failed)?;
    Ok(Answer {
        is_success: status.success(),
        code: status.code(),
        said: match str::from_utf8(&said) {
            Ok(text) => Zeroizing::new(text.trim_end_matches('\n').to_owned()),
            Err(_) => {
                return Err(KeyError::Malformed {
                    origin: KeyOrigin::OsKeyring,
                    line: 1,
                });
            }
        },
        complaint: first_line(program, &String::from_utf8_lossy(&complaint), input),
    })
}

fn read_all(pipe: Option<impl Read>) -> io::Result<Zeroizing<Vec<u8>>> {
    // With room for all of it, so that growing leaves no copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 64));
    if let Some(pipe) = pipe {
        pipe.take(LONGEST as u64).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// The first line of a complaint, without the program's name. `security` may repeat the command
/// that it was given: a line that has a key in it is left away.
fn first_line(program: &str, complaint: &str, input: &str) -> String {
    let line = complaint.lines().find(|line| !line.trim().is_empty());
    let line = line.unwrap_or_default();
    let mut words = input.split([' ', ',', '\n']);
    if words.any(|word| word.len() >= SHORTEST_KEY && line.contains(word)) {
        return String::new();
    }
    line.trim_start_matches(program)
        .trim_start_matches(": ")
        .chars()
        .filter(|c| !c.is_control())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, input: &str, patience: Duration) -> Result<Answer, KeyError> {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        ask("sh", command, input, patience)
    }

    #[test]
    fn a_program_that_does_not_answer_is_ended() {
        let begun = Instant::now();
        let error = shell("exec sleep 600", "", Duration::from_millis(200)).unwrap_err();
        assert_eq!(error.code(), "keyring-silent");
        assert!(begun.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn what_a_program_says_is_kept_and_a_key_in_a_complaint_is_not() {
        let key = "A".repeat(SHORTEST_KEY);
        let answer = shell("cat; echo 'sh: not today' >&2; exit 3", &key, PATIENCE).unwrap();
        assert_eq!(*answer.said, key);
        assert_eq!((answer.is_success, answer.code), (false, Some(3)));
        assert_eq!(answer.complaint, "not today");
        let input = security_command(&format!("{key},{key}"));
        let answer = shell("cat >&2", &input, PATIENCE).unwrap();
        assert_eq!(answer.complaint, "");
    }

    #[test]
    fn a_program_that_does_not_read_or_says_no_text_is_no_panic() {
        let long = "A".repeat(1 << 12);
        assert!(shell("exit 0", &long, PATIENCE).unwrap().is_success);
        let error = shell("printf '\\377'", "", PATIENCE).unwrap_err();
        assert_eq!(error.code(), "malformed-key");
    }

    /// The text alone: `security` is a program of macOS.
    #[test]
    fn security_is_told_the_keys_on_its_standard_input() {
        assert_eq!(
            *security_command("Zmlyc3Q=,c2Vjb25k"),
            "add-generic-password -U -s hitchpost -a registry-key -l \"Hitchpost registry key\" \
             -w Zmlyc3Q=,c2Vjb25k\n"
        );
        for (code, expected) in [
            (SECURITY_LOCKED[0], "keyring-locked"),
            (1, "keyring-unreachable"),
        ] {
            let answer = Answer {
                is_success: false,
                code: Some(code),
                said: Zeroizing::default(),
                complaint: String::new(),
            };
            assert_eq!(Tool::Security.refused(answer).code(), expected);
        }
    }
}
