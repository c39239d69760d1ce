//! A secret never shows: not in `Debug`, not in JSON, not in a finding.

use hitchpost_registry_core::{Catalogue, Code, Document, REDACTED, SecretValue, parse_records};

use crate::{parse, rendered, sound};

const SECRET: &str = "Hunter2Kd83hs";

/// Parses a text that has [`SECRET`] in it, and looks for it in everything that can be printed.
#[track_caller]
fn check(text: &str) {
    assert!(text.contains("Hunter2"), "{text}");
    for text in [
        text.to_owned(),
        text.replace('\n', "\r\n"),
        text.replace('\n', "\r"),
    ] {
        let (records, findings) = parse(&text);
        let printed = [
            format!("{records:?}"),
            serde_json::to_string(&records).unwrap(),
            format!("{findings:?}"),
            serde_json::to_string(&findings).unwrap(),
            rendered(&findings),
            format!("{:?}", Document::parse("test.yaml", text.as_bytes())),
        ];
        for printed in printed {
            assert!(!printed.contains("Hunter2"), "{text}\n→ {printed}");
        }
    }
}

/// A record whose first profile has this for its configuration.
fn profile(configuration: &str) -> String {
    format!(
        "name: tool\ninstances:\n  - name: default\n    profiles:\n      - name: account\n        configuration{configuration}\n"
    )
}

/// Ways to write the configuration, sound or not; `S` is the secret.
const CONFIGURATIONS: &[&str] = &[
    // sound
    ": [{name: TOKEN, value: S}]",
    ":\n          - name: TOKEN\n            value: S",
    ":\n          - {value: 'S', name: TOKEN}",
    ": {TOKEN: S}",
    ": {TOKEN: \"S\", OTHER: 'S'}",
    ":\n          TOKEN: S",
    ":\n          TOKEN: |\n            -----BEGIN S-----\n            S\n            -----END S-----",
    ":\n          TOKEN: >-\n            S\n\n            S",
    ":\n          TOKEN: \"a\n            S\n            b\"",
    ":\n          TOKEN: a\n            S\n            b",
    ":\n          TOKEN: &token S\n          OTHER: *token",
    ":\n          - &pair {name: TOKEN, value: S}\n          - <<: *pair\n            name: OTHER",
    ":\n          TOKEN: http://user:S@host/path",
    ":\n          TOKEN: !!str S",
    // keys that no form knows
    ":\n          - name: TOKEN\n            vlaue: S",
    ":\n          - {nme: TOKEN, vlue: S}",
    ":\n          - {TOKEN: S}",
    ":\n          - TOKEN: S",
    ":\n          - name: TOKEN\n            value: a\n            other: S",
    "s:\n          - name: TOKEN\n            value: S",
    "s: {TOKEN: S}",
    // wrong types
    ": S",
    ": [S]",
    ": [TOKEN, S]",
    ": [[TOKEN, S]]",
    ":\n          - TOKEN=S",
    ": {TOKEN=S}",
    ": {TOKEN=S: }",
    ": {\"TOKEN=S\": a}",
    ":\n          TOKEN=S: a",
    ": {S}",
    ": {TOKEN: [S]}",
    ": {TOKEN: {S: a}}",
    ": {TOKEN: {a: S}}",
    ": {TOKEN: {S}}",
    ": {TOKEN: a,S}",
    ": {TOKEN: a, \"S\"}",
    ": [{name: TOKEN, value: a,S}]",
    ": [{name: TOKEN, value: [S]}]",
    ": [{name: TOKEN, value: {S}}]",
    ": [{name: TOKEN, value: {S: S}}]",
    ": [{name: [S], value: a}]",
    ": [{name: {S: a}, value: a}]",
    ":\n          - name:\n              S: a\n            value: a",
    ": [{name: 'my S', value: a}]",
    ": [{name: TOKEN}, {value: S}]",
    ": [{value: S}]",
    ": [{name: TOKEN, value: &S }]",
    ": [{name: TOKEN, value: !S }]",
    ": [{name: TOKEN, value: !<S> }]",
    ": [{name: TOKEN, value: *S }]",
    ": [{name: TOKEN, value: @S }]",
    ": [{name: TOKEN, value: %S }]",
    ": [{name: TOKEN, value: a #S }]",
    ": [{name: TOKEN, value: \"a\\0S\"}]",
    ": {TOKEN: \"\\0S\"}",
    ": {TOKEN: ref+S}",
    ": {TOKEN: ref+VAULT://S}",
    ": {TOKEN: ref+vault:S}",
    // findings on the same line
    ": [{name: TOKEN, value: S}, {name: TOKEN, value: S}]",
    ": [{name: TOKEN, value: S, value: S}]",
    ": {TOKEN: S, TOKEN: S}",
    ": {a: [], TOKEN: S}",
    ": {a: [], TOKEN: S} # S",
    ": [] # was: {TOKEN: S}",
    ": 7 # was: {TOKEN: S}",
    ": {<<: {TOKEN: S}, TOKEN: S, a: []}",
    ": {<<: [S], a: []}",
    // syntax errors
    ": {TOKEN: S",
    ": {TOKEN: \"S}",
    ": {TOKEN: 'S}",
    ": [{name: TOKEN, value: S]",
    ":\n          TOKEN: \"S",
    ":\n          TOKEN: 'S' S",
    ":\n          TOKEN: \"S\" S",
    ":\n          TOKEN: S: S",
    ":\n          TOKEN:\n            S: S: S",
    ":\n          TOKEN:\n            \"S: S",
    ":\n          TOKEN: \"\\xS\"",
    ":\n          TOKEN: \"\n           S: a",
    ":\n\t  TOKEN: S",
    ":\n          TOKEN: S\n         OTHER: S",
    ":\n          TOKEN: |\n            S\n         S",
    ":\n          TOKEN: |\n            S\n         S: a",
    ":\n          - name: TOKEN\n           value: S",
    ":\n          - name: TOKEN\n           S",
    ":\n          TOKEN: `S`",
    ":\n          TOKEN: @S",
    ":\n          ? [S]\n          : S",
    ":\n          TOKEN: ]S",
    ":\n          TOKEN: S\n  }",
    ":\n          TOKEN: {\"private_key\":\n            \"S\": }",
];

#[test]
fn values_of_profiles_never_show() {
    for configuration in CONFIGURATIONS {
        let configuration = configuration.replace('S', SECRET);
        check(&profile(&configuration));
        // With more findings around it, and with the whole profile on one line.
        check(
            &profile(&configuration)
                .replace("name: account", "name: account\n        scop: global"),
        );
        check(&profile(&configuration).replace("name: tool", "name: my tool"));
        check(&format!(
            "{}    services: [{{name: a, profiles: [b]}}]\n",
            profile(&configuration)
        ));
        if !configuration.contains('\n') {
            let line = format!(
                "{{name: a b, scop: x, configuration{configuration}, scope: nobody, default: 7}}"
            );
            check(&format!(
                "name: tool\ninstances: [{{name: default, profiles: [{line}]}}]\n"
            ));
            check(&format!(
                "name: tool\ninstances: [{{name: default, profiles: {line}}}]\n"
            ));
        }
    }
}

#[test]
fn values_of_the_minimal_form_never_show() {
    for configuration in CONFIGURATIONS.iter().filter(|text| !text.starts_with('s')) {
        let configuration = configuration.replace('S', SECRET).replace("\n    ", "\n");
        check(&format!(
            "name: tool\nversion: 1\nconfiguration{configuration}\n"
        ));
        check(&format!(
            "name: tool\nversion: 1\nunknown: 1\nconfiguration{configuration}\n"
        ));
    }
}

#[test]
fn secrets_under_other_keys_never_show() {
    for text in [
        "name: tool\ninstances: [{name: a, profile: [{name: b, configuration: {TOKEN: S}}]}]",
        "name: tool\ninstances: [{name: a, profiles: {name: b, configuration: {TOKEN: S}}}]",
        "name: tool\ninstances: [{name: a, profiles: [S]}]",
        "name: tool\ninstances: [{name: a, profiles: S}]",
        "name: tool\ninstances: [{name: a, profiles: [{name: b, password: S}]}]",
        "name: tool\ninstances: [{name: a, profiles: [{name: b, default: [S], scope: [S]}]}]",
        "name: tool\ncredentials: S\nversion: 1",
        "name: tool\npassword: S\ninstances: []",
        "S",
        "- S",
        "- [S]",
        "{S}",
        "name: {S}\nversion: 1",
    ] {
        check(&text.replace('S', SECRET));
    }
}

#[test]
fn credentials_in_urls_never_show() {
    let endpoint = |url: &str| {
        format!(
            "name: t\ninstances: [{{name: a, services: [{{name: s, endpoints: [{{name: e, url: {url}}}]}}]}}]\n"
        )
    };
    for url in [
        "http://user:S@host",
        "https://S@host/path",
        "http://user:S@",
        "http://user:S@host:port",
        "user:S@host:80",
        "http//user:S@host",
        "'http://user: S@host'",
        "http://user:a/S@host",
        "S",
        "[http://user:S@host]",
        "{http://user:S@host: a}",
        "\"http://user:S@host",
    ] {
        let text = endpoint(url).replace("S", SECRET);
        check(&text);
        check(&text.replace("url:", "ulr:"));
        let (records, findings) = parse(&text);
        assert!(records.is_empty() && !findings.is_empty(), "{url}");
    }
    // Where everybody may see the value, a URL with a password is refused; without one it is not.
    let (_, findings) = parse(
        "name: t\ninstances: [{name: a, configuration: {DB: 'postgres://u:p@h/d', OTHER: 'ssh://git@h'}}]\n",
    );
    assert_eq!(
        findings
            .iter()
            .map(|f| (f.code, f.path.as_str()))
            .collect::<Vec<_>>(),
        [(Code::CredentialsInUrl, "/instances/0/configuration/DB")]
    );
    // In the minimal form it makes a public key secret.
    let text = "name: t\nversion: 1\nconfiguration: {MLFLOW_TRACKING_URI: 'http://u:S@mlflow'}\n"
        .replace('S', SECRET);
    check(&text);
    assert_eq!(
        sound(&text)[0].instances[0].profiles[0].configuration.len(),
        1
    );
}

/// A value that is shown in one place and secret in another is not shown.
#[test]
fn an_alias_does_not_uncover_a_value() {
    let text = "\
name: t
instances:
  - name: a
    profiles:
      - {name: p, configuration: {TOKEN: &t \"Hunter2\"}, defualt: true}
      - {name: q, configuration: {TOKEN: *t}, defualt: true}
";
    check(text);
    let (_, findings) = parse(text);
    assert_eq!(
        findings[0].excerpt.as_ref().unwrap().text,
        "      - {name: p, configuration: {TOKEN: [REDACTED]}, defualt: [REDACTED]}"
    );
    assert_eq!(
        findings[1].excerpt.as_ref().unwrap().text,
        "      - {name: q, configuration: {TOKEN: … defualt: [REDACTED]}"
    );
}

/// What is printed can be applied again: the mark stands for the value that is stored.
#[test]
fn a_redacted_value_reads_back_as_one() {
    let records =
        sound(&profile(": {TOKEN: Hunter2}").replace("name: tool", "name: tool\nproduct: mlflow"));
    let json = serde_json::to_vec(&records).unwrap();
    assert!(String::from_utf8_lossy(&json).contains(REDACTED));
    let (again, findings) = parse_records("again.json", &json, Catalogue::builtin());
    assert!(findings.is_empty(), "{}", rendered(&findings));
    assert_eq!(
        again[0].instances[0].profiles[0].configuration[0].value,
        SecretValue::Redacted
    );
    assert_ne!(again, records);
}
