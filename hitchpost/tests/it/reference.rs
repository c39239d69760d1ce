use std::{fs, path::Path, time::Instant};

use crate::{child, refused, registry, reveal, succeed};

#[test]
fn variables_are_read_where_they_are_used() {
    let Some(mut child) = child("reference::variables_are_read_where_they_are_used") else {
        let registry = registry(false);
        for (reference, value) in [
            ("ref+env://HP_TOKEN", "geheim"),
            ("ref+env://HP_EMPTY", ""),
            ("ref+env://HP_YAML#/user/name", "ada"),
            ("ref+envsubst://$HP_TOKEN", "geheim"),
            ("ref+envsubst://${HP_TOKEN}@$HP_HOST:5432", "geheim@db:5432"),
            ("ref+envsubst://a$$b${HP_NONE:-c}${HP_EMPTY:-d}", "a$bcd"),
        ] {
            assert_eq!(
                reveal(&registry, reference).expect(reference),
                value,
                "{reference}"
            );
        }
        for (reference, code, message) in [
            (
                "ref+env://HP_NONE",
                "unset-variable",
                "cannot follow `ref+env://HP_NONE`: the environment variable `HP_NONE` is not set",
            ),
            (
                "ref+envsubst://geheim-${HP_NONE}",
                "unset-variable",
                "cannot follow `ref+envsubst://…`: the environment variable `HP_NONE` is not set",
            ),
            (
                "ref+envsubst://geheim-${HP_TOKEN",
                "invalid-reference",
                "cannot follow `ref+envsubst://…`: the text has a `$` without the name of a variable",
            ),
            (
                "ref+env://HP_CHAIN",
                "chained-reference",
                "cannot follow `ref+env://HP_CHAIN`: it leads to another reference",
            ),
            (
                "ref+env://HP_TOKEN?pad=geheim",
                "invalid-reference",
                "cannot follow `ref+env://HP_TOKEN`: `env` has no parameter `pad`",
            ),
            (
                "ref+echo://geheim",
                "unsupported-reference",
                "cannot follow `ref+echo://…`: the backend `echo` is not supported",
            ),
        ] {
            let (found, text, help) = refused(&registry, reference);
            assert_eq!((found, text.as_str()), (code, message));
            assert!(!help.is_empty());
        }
        return;
    };
    child
        .env("HP_TOKEN", "geheim")
        .env("HP_EMPTY", "")
        .env("HP_HOST", "db");
    child
        .env("HP_YAML", "user: {name: ada}")
        .env("HP_CHAIN", "ref+env://HP_TOKEN");
    child.env_remove("HP_NONE");
    succeed(child);
}

/// The folder's files, and a reference to one of them.
fn files() -> (tempfile::TempDir, impl Fn(&str) -> String) {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &[u8]| fs::write(folder.path().join(name), content).unwrap();
    write("plain", b"geheim\n");
    write("a b", b"spaced");
    write("binary", &[0xff, 0x00]);
    write("large", &vec![b'x'; (1 << 20) + 1]);
    write("limit", &vec![b'x'; 1 << 20]);
    write("chain", b"ref+env://PATH");
    write(
        "tree.yaml",
        b"a: {b: geheim, 'c/d': slash, n: 0123, f: 1.10, t: true, e: '', z: ~}\nl: [x, {k: y}]\n",
    );
    write(
        "tree.json",
        br#"{"user": {"name": "ada", "big": 12345678901234567890123}}"#,
    );
    write("broken.yaml", b"a: b\ngeheim: [unclosed\n");
    let root = folder.path().to_str().unwrap().to_owned();
    (folder, move |rest| format!("ref+file://{root}/{rest}"))
}

#[test]
fn files_are_read() {
    let (_folder, at) = files();
    let registry = registry(false);
    let limit = "x".repeat(1 << 20);
    for (rest, value) in [
        // Nothing is cut off, as in vals.
        ("plain", "geheim\n"),
        ("plain/", "geheim\n"),
        ("a%20b", "spaced"),
        ("limit", &limit),
        ("binary?encode=base64", "/wA="),
        ("tree.yaml#/a/b", "geheim"),
        ("tree.yaml#a/b", "geheim"),
        ("tree.yaml#/a/b+", "geheim"),
        ("tree.yaml#/a/c~1d", "slash"),
        ("tree.yaml#/a/n", "0123"),
        ("tree.yaml#/a/f", "1.10"),
        ("tree.yaml#/a/t", "true"),
        ("tree.yaml#/a/e", ""),
        ("tree.yaml#/l/1/k", "y"),
        ("tree.json#/user/name", "ada"),
        ("tree.json#/user/big", "12345678901234567890123"),
    ] {
        assert_eq!(reveal(&registry, &at(rest)).expect(rest), value, "{rest}");
    }
}

#[test]
fn files_that_cannot_be_read_say_why() {
    let (folder, at) = files();
    let registry = registry(false);
    let path = |name: &str| folder.path().join(name).display().to_string();
    for (rest, code, reason) in [
        (
            "none",
            "unreadable-file",
            format!("cannot read `{}`: No such file", path("none")),
        ),
        (
            "",
            "unreadable-file",
            format!("`{}` is not a regular file", folder.path().display()),
        ),
        (
            "large",
            "reference-too-large",
            "it leads to more than 1 MiB".to_owned(),
        ),
        ("binary", "malformed-referent", "it is not UTF-8".to_owned()),
        (
            "binary#/a",
            "malformed-referent",
            "it is not UTF-8".to_owned(),
        ),
        (
            "chain",
            "chained-reference",
            "it leads to another reference".to_owned(),
        ),
        (
            "tree.yaml#/a/x/y",
            "no-such-value",
            "there is no value at `/a/x`".to_owned(),
        ),
        (
            "tree.yaml#/a/z",
            "no-such-value",
            "there is no value at `/a/z`".to_owned(),
        ),
        (
            "tree.yaml#/l/2",
            "no-such-value",
            "there is no value at `/l/2`".to_owned(),
        ),
        (
            "tree.yaml#/a",
            "no-such-value",
            "`/a` is a mapping".to_owned(),
        ),
        (
            "broken.yaml#/a",
            "malformed-referent",
            "it leads to no YAML or JSON, which the fragment needs (line ".to_owned(),
        ),
        (
            "plain?encode=hex",
            "invalid-reference",
            "the parameter `encode` is not".to_owned(),
        ),
    ] {
        let (found, text, _) = refused(&registry, &at(rest));
        assert_eq!(found, code, "{text}");
        let named = at(rest).split('?').next().unwrap().to_owned();
        assert!(
            text.starts_with(&format!("cannot follow `{named}`: {reason}")),
            "{text}"
        );
        assert!(!text.contains("geheim"), "{text}");
    }
}

/// Opening a pipe for reading waits until somebody writes.
#[test]
fn a_pipe_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo")
        .arg(&pipe)
        .status()
        .unwrap();
    assert!(made.success());
    let (code, _, _) = refused(&registry(false), &format!("ref+file://{}", pipe.display()));
    assert_eq!(code, "unreadable-file");
}

#[test]
fn a_file_is_seen_from_the_working_folder() {
    let Some(mut child) = child("reference::a_file_is_seen_from_the_working_folder") else {
        let value = reveal(&registry(false), "ref+file://sub/secret").unwrap();
        assert_eq!(value, "geheim");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("sub")).unwrap();
    fs::write(folder.path().join("sub/secret"), "geheim").unwrap();
    child.current_dir(folder.path());
    succeed(child);
}

#[test]
fn programs_run_only_where_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let reference = format!("ref+exec://touch?args={}", trace.display());
    let (code, text, help) = refused(&registry(false), &reference);
    assert_eq!(code, "exec-denied");
    assert_eq!(
        text,
        "cannot follow `ref+exec://touch`: running programs is switched off"
    );
    assert!(help.contains("where the registry is opened"), "{help}");
    assert!(!trace.exists());
    assert_eq!(reveal(&registry(true), &reference).unwrap(), "");
    assert!(trace.exists());
}

#[test]
fn programs_give_values() {
    let registry = registry(true);
    for (reference, value) in [
        ("ref+exec://echo/geheim", "geheim"),
        ("ref+exec://echo/a/b?args=c%20d,e", "a b c d e"),
        ("ref+exec://echo/geheim?trim=false", "geheim\n"),
        // No shell stands between.
        ("ref+exec://echo/$HOME;true", "$HOME;true"),
        (
            "ref+exec:///bin/sh?args=-c,printf%20%22$HP%22&env_HP=geheim",
            "geheim",
        ),
        (
            r#"ref+exec://echo?args={"user": {"name": "ada"}}#/user/name"#,
            "ada",
        ),
        // Nobody has to close its standard input, and its messages are not the value.
        (
            "ref+exec:///bin/sh?args=-c,cat;echo%20noise%20>%262;echo%20geheim",
            "geheim",
        ),
    ] {
        assert_eq!(
            reveal(&registry, reference).expect(reference),
            value,
            "{reference}"
        );
    }
}

#[test]
fn programs_that_fail_say_how() {
    let registry = registry(true);
    for (reference, code, reason) in [
        (
            "ref+exec://hitchpost-no-such-program/geheim",
            "exec-failed",
            "cannot start the program: ",
        ),
        (
            "ref+exec:///bin/sh?args=-c,echo%20geheim;echo%20geheim%20>%262;exit%203",
            "exec-failed",
            "the program ended with exit status: 3",
        ),
        (
            "ref+exec://echo?timeout=0",
            "invalid-reference",
            "the parameter `timeout` is not a number",
        ),
        (
            "ref+exec://echo?tiemout=1",
            "invalid-reference",
            "`exec` has no parameter `tiemout`",
        ),
        (
            "ref+exec://head?args=-c,2000000,/dev/zero",
            "reference-too-large",
            "it leads to more than 1 MiB",
        ),
        (
            "ref+exec://printf?args=\\377",
            "malformed-referent",
            "it is not UTF-8",
        ),
    ] {
        let (found, text, _) = refused(&registry, reference);
        assert_eq!(found, code, "{text}");
        let (_, after) = text.split_once("`: ").unwrap();
        assert!(after.starts_with(reason), "{text}");
        assert!(!text.contains("geheim"), "{text}");
    }
}

#[test]
fn programs_end_in_time() {
    let registry = registry(true);
    for reference in [
        "ref+exec://sleep/60?timeout=1",
        // The program ends; what it started holds its output open.
        "ref+exec:///bin/sh?args=-c,sleep%205%26&timeout=1",
    ] {
        let start = Instant::now();
        let (code, text, _) = refused(&registry, reference);
        assert_eq!(code, "exec-failed");
        assert!(
            text.ends_with("the program did not end within 1 s"),
            "{text}"
        );
        assert!(
            start.elapsed().as_secs() < 4,
            "{reference}: {:?}",
            start.elapsed()
        );
    }
}

/// Several values of one output, and the same value again, need one run.
#[test]
fn a_program_runs_once_for_several_values() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("secrets");
    let runs = folder.path().join("runs");
    fs::write(
        &script,
        format!(
            "echo run >> {}; echo '{{user: ada, password: geheim}}'",
            runs.display()
        ),
    )
    .unwrap();
    let at = |key: &str| format!("ref+exec:///bin/sh?args={}#/{key}", script.display());
    let count = |path: &Path| fs::read_to_string(path).unwrap().lines().count();

    let registry = registry(true);
    for (key, value) in [("user", "ada"), ("password", "geheim"), ("user", "ada")] {
        assert_eq!(reveal(&registry.clone(), &at(key)).unwrap(), value);
    }
    assert_eq!(count(&runs), 1);
    let debug = format!("{registry:?}");
    assert!(
        !debug.contains("geheim") && !debug.contains("ada"),
        "{debug}"
    );

    // Another registry keeps its own.
    reveal(&crate::registry(true), &at("user")).unwrap();
    assert_eq!(count(&runs), 2);
}
