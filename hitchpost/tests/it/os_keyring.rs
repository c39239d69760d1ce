//! The keys in the operating system's keyring.
//!
//! The error cases run stand-ins for `secret-tool`, small scripts of that name on `PATH`. What
//! works is run with the real one, and a keyring of its own in a D-Bus session of its own.

use std::{
    env, fs,
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
    thread,
};

use hitchpost::{
    Catalogue, KeyId, Keyring, OpenError, SealError,
    core::{Extension, parse_records},
};

const DRIVERS: [&str; 2] = ["os_keyring::seals_once", "os_keyring::uses_a_real_keyring"];

fn sealed(keyring: &Keyring) -> Result<Extension, SealError> {
    let text = b"name: store\nversion: 1.0\nconfiguration: {TOKEN: abc}\n";
    let (mut records, _) = parse_records("store.yaml", text, Catalogue::builtin());
    keyring.seal(&mut records[0], None)?;
    Ok(records.remove(0))
}

fn key_of(record: &Extension) -> KeyId {
    KeyId::of(record.instances[0].data_key.as_ref().unwrap()).unwrap()
}

/// This test binary as another process with an environment of its own, in which it runs a driver.
fn command(driver: &str, home: &Path, wrapper: &[&str]) -> Command {
    let own = env::current_exe().unwrap();
    let own = own.to_str().unwrap();
    let words = [own, "--exact", driver, "--ignored", "--nocapture"];
    let mut words = wrapper.iter().chain(&words);
    let mut command = Command::new(words.next().unwrap());
    command
        .args(words)
        .env_clear()
        .env("HOME", home)
        .env("XDG_RUNTIME_DIR", home)
        .env("HITCHPOST_KEYRING", "os");
    command
}

#[test]
#[ignore = "run by the tests with stand-ins"]
fn seals_once() {
    let keyring = Keyring::from_environment().unwrap();
    match sealed(&keyring) {
        Ok(record) => println!("<sealed with {}>", key_of(&record)),
        Err(error) => println!("<{}: {error}; {}>", error.code(), error.help().unwrap()),
    }
}

/// What sealing a record comes to when `secret-tool` is this script, or nothing.
fn with_stand_in(home: &Path, script: Option<&str>) -> String {
    let folder = home.join("bin");
    fs::create_dir_all(&folder).unwrap();
    if let Some(script) = script {
        let program = folder.join("secret-tool");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    }
    let output = command(DRIVERS[0], home, &[])
        .env("PATH", &folder)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let (_, said) = said.split_once('<').unwrap();
    said.split_once(">\n").unwrap().0.to_owned()
}

#[test]
#[cfg_attr(target_os = "macos", ignore = "`secret-tool` is not asked on macOS")]
fn what_is_wrong_with_the_keyring_is_told() {
    for (script, expected) in [
        (
            None,
            "no-keyring-program: there is no program `secret-tool` to reach the OS keyring; \
             install it: the package is `libsecret-tools` on Debian",
        ),
        (
            Some("echo 'secret-tool: Cannot autolaunch D-Bus without X11 $DISPLAY' >&2; exit 1"),
            "keyring-unreachable: `secret-tool` cannot use the OS keyring: Cannot autolaunch \
             D-Bus without X11 $DISPLAY; it is there within a session of the desktop",
        ),
        (
            Some("exit 3"),
            "keyring-unreachable: `secret-tool` cannot use the OS keyring: it gives no reason",
        ),
        (
            Some("[ $1 = search ] && echo label = Hitchpost; exit 1"),
            "keyring-locked: the OS keyring is locked; unlock the keyring",
        ),
        (
            Some(
                "[ $1 = search ] && exit 0\n\
                 [ $1 = store ] && echo 'secret-tool: Cannot create an item in a locked collection' >&2\n\
                 exit 1",
            ),
            "keyring-locked: the OS keyring is locked",
        ),
        (
            Some("[ $1 = lookup ] && exit 1; exit 0"),
            "keyring-unreachable: `secret-tool` cannot use the OS keyring: it does not give back \
             what it was given",
        ),
        (
            Some("echo hunter2"),
            "malformed-key: line 1 of item `hitchpost` of the OS keyring is not a key",
        ),
        (
            Some("echo"),
            "missing-key: item `hitchpost` of the OS keyring holds no key",
        ),
    ] {
        let home = tempfile::tempdir().unwrap();
        let told = with_stand_in(home.path(), script);
        assert!(told.starts_with(expected), "{script:?}: {told}");
    }
}

#[test]
#[cfg_attr(target_os = "macos", ignore = "`secret-tool` is not asked on macOS")]
fn no_key_is_on_a_command_line() {
    let home = tempfile::tempdir().unwrap();
    let keeps = "
        echo \"$@\" >> \"$HOME/lines\"
        case $1 in
            store) read -r key; printf %s \"$key\" > \"$HOME/item\" ;;
            lookup) [ -e \"$HOME/item\" ] || exit 1; read -r key < \"$HOME/item\"; printf %s \"$key\" ;;
        esac";
    let told = with_stand_in(home.path(), Some(keeps));
    assert!(told.starts_with("sealed with "), "{told}");
    assert_eq!(with_stand_in(home.path(), Some(keeps)), told);
    let item = fs::read_to_string(home.path().join("item")).unwrap();
    let key = Keyring::from_text(&item).unwrap().key_ids()[0];
    assert_eq!(told, format!("sealed with {key}"));
    let lines = fs::read_to_string(home.path().join("lines")).unwrap();
    assert!(lines.contains("store --label"), "{lines}");
    assert!(!lines.contains(item.trim()), "{lines}");
}

/// What it checks is checked here, since only this process is in the session.
#[test]
#[ignore = "run by `a_real_keyring_keeps_the_keys`"]
fn uses_a_real_keyring() {
    let missing = Keyring::from_environment().unwrap();
    missing.load().unwrap();
    assert_eq!(missing.key_ids(), []);
    let other = Keyring::ephemeral().unwrap().key_ids()[0];
    let error = missing.require(other).unwrap_err();
    assert_eq!(error.code(), "missing-key");
    assert!(
        error
            .to_string()
            .ends_with("item `hitchpost` of the OS keyring holds no key")
    );

    let records: Vec<_> = thread::scope(|scope| {
        let seal = || sealed(&Keyring::from_os_keyring()).unwrap();
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(seal)).collect();
        threads.into_iter().map(|it| it.join().unwrap()).collect()
    });
    let first = key_of(&records[0]);
    assert!(records.iter().all(|record| key_of(record) == first));

    let running = Keyring::from_os_keyring();
    running.require(first).unwrap();
    let rotating = Keyring::from_os_keyring();
    rotating.add_key().unwrap();
    let second = rotating.key_ids()[0];
    assert_eq!(rotating.key_ids(), [second, first]);
    running.require(second).unwrap();
    rotating.remove_old_keys().unwrap();
    assert_eq!(rotating.key_ids(), [second]);
    let error = Keyring::from_os_keyring().require(first).unwrap_err();
    assert_eq!(error.code(), "wrong-key");

    let own = ["service", "hitchpost", "account", "registry-key"];
    let mut store = Command::new("secret-tool")
        .args(["store", "--label=x"])
        .args(own)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    store.stdin.take().unwrap().write_all(b"hunter2").unwrap();
    assert!(store.wait().unwrap().success());
    let error = Keyring::from_os_keyring().load().unwrap_err();
    assert_eq!(error.code(), "malformed-key");
    assert!(!format!("{error:?} {error}").contains("hunter2"));

    let lock = Command::new("dbus-send")
        .args([
            "--session",
            "--print-reply",
            "--dest=org.freedesktop.secrets",
        ])
        .args([
            "/org/freedesktop/secrets",
            "org.freedesktop.Secret.Service.Lock",
        ])
        .arg("array:objpath:/org/freedesktop/secrets/collection/login")
        .output()
        .unwrap();
    assert!(lock.status.success(), "{lock:?}");
    let error = Keyring::from_os_keyring().require(first).unwrap_err();
    assert!(matches!(error, OpenError::Key(_)), "{error:?}");
    assert_eq!(error.code(), "keyring-locked");
    // Nor does it take what it cannot see for a key that is not there.
    assert_eq!(
        sealed(&Keyring::from_os_keyring()).unwrap_err().code(),
        "keyring-locked"
    );
    println!("<all of it>");
}

#[test]
fn a_real_keyring_keeps_the_keys() {
    let path = env::var_os("PATH").unwrap_or_default();
    let programs = [
        "secret-tool",
        "gnome-keyring-daemon",
        "dbus-run-session",
        "dbus-send",
    ];
    let is_there = |program: &&str| env::split_paths(&path).any(|it| it.join(program).is_file());
    if let Some(missing) = programs.iter().find(|program| !is_there(program)) {
        // Not by `eprintln`, which is shown for a test that fails only.
        let _ = writeln!(
            io::stderr(),
            "SKIPPED: a_real_keyring_keeps_the_keys, because `{missing}` is not installed"
        );
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let unlocked = "printf password | gnome-keyring-daemon --unlock --components=secrets \
                    >/dev/null && exec \"$0\" \"$@\"";
    let output = command(
        DRIVERS[1],
        home.path(),
        &["dbus-run-session", "--", "sh", "-c", unlocked],
    )
    .env("PATH", path)
    .output()
    .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("<all of it>"), "{output:?}");
}
