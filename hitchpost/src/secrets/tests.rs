use std::{env, fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use base64::Engine;
use hitchpost_registry_core::{
    Catalogue, Extension, Sealed, SealedSecret, SecretValue, WrappedKey, parse_records,
};
use proptest::prelude::*;
use secrecy::{ExposeSecret, SecretString};

use super::{KeyError, KeyId, Keyring, OpenError, SealError};

const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// A record with two instances, of which each has a profile `main` with `KEY` and `OTHER`.
fn record(values: [&str; 4]) -> Extension {
    let value = |value: &str| format!("{value:?}");
    let [a, b, c, d] = values.map(value);
    let text = format!(
        "name: tool
instances:
  - name: first
    services: [{{name: s3, endpoints: [{{name: api, url: 'http://first'}}]}}]
    profiles: [{{name: main, configuration: [{{name: KEY, value: {a}}}, {{name: OTHER, value: {b}}}]}}]
  - name: second
    services: [{{name: s3, endpoints: [{{name: api, url: 'http://second'}}]}}]
    profiles: [{{name: main, configuration: [{{name: KEY, value: {c}}}, {{name: OTHER, value: {d}}}]}}]
"
    );
    let (mut records, findings) = parse_records("tool.yaml", text.as_bytes(), Catalogue::builtin());
    assert_eq!(records.len(), 1, "{findings:?}");
    records.remove(0)
}

fn sealed_record(keyring: &Keyring, values: [&str; 4]) -> Extension {
    let mut record = record(values);
    keyring.seal(&mut record, None).unwrap();
    record
}

/// The four secrets, in the order in which `record` takes them.
fn secrets(record: &Extension) -> Vec<SealedSecret> {
    let mut secrets = Vec::new();
    for instance in &record.instances {
        for entry in &instance.profiles[0].configuration {
            let SecretValue::Sealed(sealed) = &entry.value else {
                panic!("`{}` is not sealed", entry.name);
            };
            secrets.push(SealedSecret {
                extension: record.name.clone(),
                instance: instance.name.clone(),
                profile: instance.profiles[0].name.clone(),
                key: entry.name.as_str().into(),
                data_key: instance.data_key.clone().unwrap(),
                sealed: sealed.clone(),
            });
        }
    }
    secrets
}

fn opened(keyring: &Keyring, record: &Extension) -> Vec<String> {
    let open = |secret| keyring.open(secret).unwrap().expose_secret().to_owned();
    secrets(record).iter().map(open).collect()
}

fn set(record: &mut Extension, instance: usize, entry: usize, value: SecretValue) {
    record.instances[instance].profiles[0].configuration[entry].value = value;
}

fn cases() -> ProptestConfig {
    ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn every_text_comes_back(text in any::<String>()) {
        let keyring = Keyring::ephemeral().unwrap();
        let mut record = record(["", "b", "c", "d"]);
        set(&mut record, 0, 0, SecretValue::Plain(SecretString::from(text.as_str())));
        keyring.seal(&mut record, None).unwrap();
        prop_assert_eq!(opened(&keyring, &record), [text.as_str(), "b", "c", "d"]);
    }

    /// Any other bytes than those that were stored give an error, and no panic.
    #[test]
    fn changed_bytes_do_not_open(
        position in any::<prop::sample::Index>(),
        change in 1..=255_u8,
        length in any::<prop::sample::Index>(),
        in_data_key in any::<bool>(),
        cut in any::<bool>(),
    ) {
        let keyring = Keyring::ephemeral().unwrap();
        let mut secret = secrets(&sealed_record(&keyring, ["abc", "b", "c", "d"])).remove(0);
        let mut bytes = match in_data_key {
            true => secret.data_key.as_bytes().to_vec(),
            false => secret.sealed.as_bytes().to_vec(),
        };
        if cut {
            bytes.truncate(length.index(bytes.len()));
        } else {
            let position = position.index(bytes.len());
            bytes[position] ^= change;
        }
        match in_data_key {
            true => secret.data_key = WrappedKey::from_bytes(&bytes),
            false => secret.sealed = Sealed::from_bytes(&bytes),
        }
        prop_assert!(keyring.open(&secret).is_err());
    }

    #[test]
    fn arbitrary_bytes_do_not_open(
        data_key in prop::collection::vec(any::<u8>(), 0..100),
        sealed in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let keyring = Keyring::ephemeral().unwrap();
        let secret = secrets(&sealed_record(&keyring, ["a", "b", "c", "d"])).remove(0);
        let data_key = WrappedKey::from_bytes(&data_key);
        let sealed = Sealed::from_bytes(&sealed);
        let key_is_wrong = SealedSecret { data_key, ..secret.clone() };
        let value_is_wrong = SealedSecret { sealed, ..secret };
        prop_assert!(keyring.open(&key_is_wrong).is_err());
        prop_assert!(keyring.open(&value_is_wrong).is_err());
    }
}

#[test]
fn a_secret_opens_at_its_own_place_only() {
    let keyring = Keyring::ephemeral().unwrap();
    let record = sealed_record(&keyring, ["a", "b", "c", "d"]);
    let secrets = secrets(&record);
    let error = |secret: &SealedSecret| match keyring.open(secret) {
        Err(error @ OpenError::Tampered { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    };
    // The sealed bytes of another key of the same profile, and of another instance.
    let swapped = SealedSecret {
        sealed: secrets[1].sealed.clone(),
        ..secrets[0].clone()
    };
    assert_eq!(
        error(&swapped),
        "the stored secret of `tool/first/main/KEY` was changed or belongs to another place"
    );
    let swapped = SealedSecret {
        sealed: secrets[2].sealed.clone(),
        ..secrets[0].clone()
    };
    error(&swapped);
    // With its data key moved along, both for a keyring that has decrypted it and a fresh one.
    let moved = SealedSecret {
        instance: secrets[0].instance.clone(),
        ..secrets[2].clone()
    };
    assert_eq!(
        error(&moved),
        "the stored secret of `tool/first` was changed or belongs to another place"
    );
    // Parts that give the same text when they are joined are still different places.
    let profile = "mainK".parse().unwrap();
    let key = "EY".into();
    error(&SealedSecret {
        profile,
        key,
        ..secrets[0].clone()
    });
}

#[test]
fn sealing_again_changes_only_what_has_changed() {
    let keyring = Keyring::ephemeral().unwrap();
    let stored = sealed_record(&keyring, ["a", "b", "c", "d"]);

    let mut same = record(["a", "b", "c", "d"]);
    keyring.seal(&mut same, Some(&stored)).unwrap();
    assert_eq!(same, stored);

    let mut redacted = stored.clone();
    for (instance, entry) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        set(&mut redacted, instance, entry, SecretValue::Redacted);
    }
    keyring.seal(&mut redacted, Some(&stored)).unwrap();
    assert_eq!(redacted, stored);

    let mut read_back = stored.clone();
    keyring.seal(&mut read_back, Some(&stored)).unwrap();
    assert_eq!(read_back, stored);

    let mut changed = record(["new", "b", "c", "d"]);
    keyring.seal(&mut changed, Some(&stored)).unwrap();
    let differing: Vec<bool> = secrets(&changed)
        .iter()
        .zip(secrets(&stored))
        .map(|(new, old)| new.sealed != old.sealed)
        .collect();
    assert_eq!(differing, [true, false, false, false]);
    assert_eq!(changed.instances[0].data_key, stored.instances[0].data_key);
    assert_eq!(opened(&keyring, &changed), ["new", "b", "c", "d"]);

    let mut bare = stored.clone();
    bare.instances[0].profiles.clear();
    keyring.seal(&mut bare, Some(&stored)).unwrap();
    assert_eq!(bare.instances[0].data_key, None);
}

#[test]
fn instances_have_data_keys_of_their_own() {
    let keyring = Keyring::ephemeral().unwrap();
    let stored = sealed_record(&keyring, ["a", "a", "a", "a"]);
    let sealed = secrets(&stored);
    assert_ne!(sealed[0].data_key, sealed[2].data_key);
    // Equal values are not seen to be equal.
    assert_ne!(sealed[0].sealed, sealed[1].sealed);
}

#[test]
fn a_value_sealed_with_another_data_key_is_sealed_anew() {
    let keyring = Keyring::ephemeral().unwrap();
    let stored = sealed_record(&keyring, ["a", "b", "c", "d"]);
    let mut elsewhere = sealed_record(&keyring, ["a", "new", "c", "d"]);
    keyring.seal(&mut elsewhere, Some(&stored)).unwrap();
    assert_eq!(opened(&keyring, &elsewhere), ["a", "new", "c", "d"]);
    assert_eq!(
        elsewhere.instances[0].data_key,
        stored.instances[0].data_key
    );
    assert_eq!(elsewhere.instances[1], stored.instances[1]);
}

#[test]
fn a_mark_without_a_stored_value_is_refused() {
    let keyring = Keyring::ephemeral().unwrap();
    let mut record = record(["a", "[REDACTED]", "c", "d"]);
    let error = keyring.seal(&mut record, None).unwrap_err();
    assert!(matches!(error, SealError::NothingToKeep { .. }));
    assert_eq!(error.code(), "no-stored-secret");
    assert_eq!(
        error.to_string(),
        "`tool/first/main/OTHER` has no stored value to keep, and the record shows none"
    );
}

#[test]
fn without_the_key_the_error_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let [right, wrong] = ["first", "second"].map(|name| folder.path().join(name));
    let secret = {
        let keyring = Keyring::from_file(&right).unwrap();
        secrets(&sealed_record(&keyring, ["a", "b", "c", "d"])).remove(0)
    };
    let id = KeyId::of(&secret.data_key).unwrap();

    // No file: none is made, since a new key would be of no use.
    let error = Keyring::from_file(&wrong)
        .unwrap()
        .open(&secret)
        .unwrap_err();
    assert_eq!(error.code(), "missing-key");
    assert_eq!(
        error.to_string(),
        format!(
            "the secrets are encrypted with key `{id}`, and key file `{}` holds no key",
            wrong.display()
        )
    );
    assert!(!wrong.exists());

    let keyring = Keyring::from_text(HEX).unwrap();
    let error = keyring.open(&secret).unwrap_err();
    assert_eq!(error.code(), "wrong-key");
    let present = keyring.key_ids()[0];
    assert_eq!(
        error.to_string(),
        format!("the secrets are encrypted with key `{id}`, and at hand is `{present}`")
    );
}

#[test]
fn a_key_may_be_written_in_several_ways() {
    let bytes: Vec<u8> = (0..32).map(|byte| byte ^ 0xfb).collect();
    let engines = base64::engine::general_purpose::STANDARD;
    let padded = engines.encode(&bytes);
    let unpadded = padded.trim_end_matches('=').to_owned();
    let url_safe = base64::engine::general_purpose::URL_SAFE.encode(&bytes);
    let hexadecimal: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    assert!(padded.contains(['+', '/']), "the alphabets differ");
    let texts = [padded, unpadded, url_safe, hexadecimal];
    let ids = texts.map(|text| Keyring::from_text(&text).unwrap().key_ids());
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");

    let several = format!(
        "# current\n{HEX}, {}\n\n# the same\n{HEX}\n",
        "00".repeat(32)
    );
    assert_eq!(Keyring::from_text(&several).unwrap().key_ids().len(), 2);
}

#[test]
fn what_is_no_key_is_refused_and_not_shown() {
    let short = &HEX[..62];
    let long = format!("{HEX}00");
    let forty_eight = "QUFB".repeat(16);
    for text in [
        short,
        &long,
        &forty_eight,
        "hunter2",
        "ключ",
        "====",
        "é".repeat(32).as_str(),
    ] {
        let error = Keyring::from_text(text).unwrap_err();
        assert!(matches!(error, KeyError::Malformed { .. }), "{text}");
        assert_eq!(error.code(), "malformed-key");
        let shown = format!("{error} {error:?} {:?}", error.help());
        assert!(!shown.contains(text), "{shown}");
    }
    for text in ["", "\n", "# nothing\n"] {
        assert_eq!(Keyring::from_text(text).unwrap_err().code(), "missing-key");
    }
}

#[test]
fn no_form_of_debug_shows_a_key() {
    let keyring = Keyring::from_text(HEX).unwrap();
    let shown = format!("{keyring:?} {keyring:#?}");
    assert!(shown.contains(&keyring.key_ids()[0].to_string()));
    assert!(
        !shown.contains("00010203") && !shown.contains("0, 1, 2, 3"),
        "{shown}"
    );
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn the_key_file_is_made_when_first_needed_and_private() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hitchpost").join("key");
    let keyring = Keyring::from_file(&path).unwrap();
    assert!(!path.exists());
    let record = sealed_record(&keyring, ["a", "b", "c", "d"]);
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    let again = Keyring::from_file(&path).unwrap();
    assert_eq!(opened(&again, &record), ["a", "b", "c", "d"]);
    let entries = fs::read_dir(path.parent().unwrap()).unwrap().count();
    assert_eq!(entries, 1, "no draft is left");
}

#[test]
fn many_that_make_the_key_file_at_once_get_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let ids: Vec<Vec<KeyId>> = std::thread::scope(|scope| {
        let make = || {
            let keyring = Keyring::from_file(&path).unwrap();
            sealed_record(&keyring, ["a", "b", "c", "d"]);
            keyring.key_ids()
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(make)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(
        ids.iter().all(|id| id.len() == 1 && *id == ids[0]),
        "{ids:?}"
    );
}

#[test]
fn a_key_file_that_others_can_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    fs::write(&path, HEX).unwrap();
    for bits in [0o640, 0o604, 0o660, 0o602] {
        fs::set_permissions(&path, fs::Permissions::from_mode(bits)).unwrap();
        let error = Keyring::from_file(&path).unwrap_err();
        assert_eq!(error.code(), "exposed-key-file");
        assert!(
            error.to_string().contains(&format!("{bits:04o}")),
            "{error}"
        );
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    assert_eq!(Keyring::from_file(&path).unwrap().key_ids().len(), 1);
}

#[test]
fn a_running_program_sees_the_keys_that_are_added_to_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let running = Keyring::from_file(&path).unwrap();
    let record = sealed_record(&running, ["a", "b", "c", "d"]);

    let rotating = Keyring::from_file(&path).unwrap();
    rotating.add_key().unwrap();
    assert_eq!(mode(&path), 0o600);
    assert_eq!(rotating.key_ids()[1..], running.key_ids());
    let mut rewrapped = record.clone();
    for instance in &mut rewrapped.instances {
        let old = instance.data_key.take().unwrap();
        let new = rotating.rewrap(&old, &record.name, &instance.name).unwrap();
        assert_ne!(new, old);
        instance.data_key = Some(new);
    }
    assert_eq!(opened(&running, &rewrapped), ["a", "b", "c", "d"]);
    assert_eq!(running.key_ids(), rotating.key_ids());

    rotating.remove_old_keys().unwrap();
    let after = Keyring::from_file(&path).unwrap();
    assert_eq!(after.key_ids().len(), 1);
    assert_eq!(opened(&after, &rewrapped), ["a", "b", "c", "d"]);
    let error = after.open(&secrets(&record)[0]).unwrap_err();
    assert_eq!(error.code(), "wrong-key");

    fs::remove_file(&path).unwrap();
    assert_eq!(opened(&running, &rewrapped), ["a", "b", "c", "d"]);
}

#[test]
fn a_comment_in_the_key_file_is_not_taken_for_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    fs::write(&path, format!("# of the team\n{HEX}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let keyring = Keyring::from_file(&path).unwrap();
    let before = keyring.key_ids();
    keyring.remove_old_keys().unwrap();
    assert_eq!(Keyring::from_file(&path).unwrap().key_ids(), before);
}

#[test]
fn only_a_key_file_is_written_to() {
    for result in [
        Keyring::from_text(HEX).unwrap().add_key(),
        Keyring::ephemeral().unwrap().remove_old_keys(),
    ] {
        assert_eq!(result.unwrap_err().code(), "keys-not-in-file");
    }
}

/// Tells what `Keyring::from_environment` makes of the environment of another process.
#[test]
#[ignore = "run by `keys_come_from_the_environment`"]
fn environment() {
    let found = match Keyring::from_environment() {
        Ok(keyring) => format!("{:?} {:?}", keyring.key_ids(), keyring.origin()),
        Err(error) => format!("{}: {error}", error.code()),
    };
    println!("<{found}>");
}

#[test]
fn keys_come_from_the_environment() {
    let found = |variables: &[(&str, &str)]| {
        let output = Command::new(env::current_exe().unwrap())
            .args([
                "--exact",
                "secrets::tests::environment",
                "--ignored",
                "--nocapture",
            ])
            .env_clear()
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.split_once('<')
            .unwrap()
            .1
            .split_once(">\n")
            .unwrap()
            .0
            .to_owned()
    };
    let id = Keyring::from_text(HEX).unwrap().key_ids()[0];
    let home = ("HOME", "/nowhere/home");
    let configuration = ("XDG_CONFIG_HOME", "/nowhere/config");
    let file = ("HITCHPOST_KEY_FILE", "/nowhere/else");
    let keyring = ("HITCHPOST_KEYRING", "os");
    for (variables, expected) in [
        (
            vec![("HITCHPOST_KEY", HEX), file, home],
            format!("[{id}] Variable(\"HITCHPOST_KEY\")"),
        ),
        (
            vec![("HITCHPOST_KEY", "hunter2"), home],
            "malformed-key: line 1 of `HITCHPOST_KEY` is not a key".to_owned(),
        ),
        (
            vec![("HITCHPOST_KEY", ""), home],
            "missing-key: `HITCHPOST_KEY` holds no key".to_owned(),
        ),
        (vec![keyring, home], "[] OsKeyring".to_owned()),
        (
            vec![("HITCHPOST_KEY", HEX), keyring, home],
            format!("[{id}] Variable(\"HITCHPOST_KEY\")"),
        ),
        (
            vec![keyring, file, home],
            "[] File(\"/nowhere/else\")".to_owned(),
        ),
        (
            vec![("HITCHPOST_KEYRING", "gnome"), home],
            "unknown-keyring: `HITCHPOST_KEYRING` is `gnome`, which is no keyring".to_owned(),
        ),
        (
            vec![("HITCHPOST_KEYRING", ""), home],
            "[] File(\"/nowhere/home/.config/hitchpost/key\")".to_owned(),
        ),
        (
            vec![file, configuration, home],
            "[] File(\"/nowhere/else\")".to_owned(),
        ),
        (
            vec![configuration, home],
            "[] File(\"/nowhere/config/hitchpost/key\")".to_owned(),
        ),
        (
            vec![("XDG_CONFIG_HOME", "relative"), home],
            "[] File(\"/nowhere/home/.config/hitchpost/key\")".to_owned(),
        ),
        (
            vec![],
            "missing-key: there is no folder for the key file: neither `XDG_CONFIG_HOME` nor \
             `HOME` is set"
                .to_owned(),
        ),
    ] {
        assert_eq!(found(&variables), expected, "{variables:?}");
    }
}
