//! YAML and JSON as people and programs write them.

use hitchpost_registry_core::{Catalogue, Code, Document, Extension, SecretValue, parse_records};
use proptest::prelude::*;

use crate::{parse, rendered, sound};

const RECORD: &str = "\
name: tool
product: mlflow
instances:
  - name: default
    version: 1.10
    services:
      - name: api
        configuration:
          - name: INSECURE
            value: False
";

fn value(records: &[Extension]) -> &str {
    &records[0].instances[0].services[0].configuration[0].value
}

#[test]
fn line_breaks_and_marks_do_not_matter() {
    let plain = sound(RECORD);
    for text in [
        RECORD.replace('\n', "\r\n"),
        RECORD.replace('\n', "\r"),
        format!("\u{feff}{RECORD}"),
        format!("# yaml-language-server: $schema=record.json\n---\n{RECORD}...\n"),
        format!("%YAML 1.2\n---\n{RECORD}"),
    ] {
        assert_eq!(sound(&text), plain, "{text:?}");
    }
}

#[test]
fn scalars_have_one_string_form() {
    let records = sound(RECORD);
    assert_eq!(
        records[0].instances[0].version.as_ref().unwrap().as_str(),
        "1.10",
        "digits stay as written"
    );
    for (written, read) in [
        ("False", "false"),
        ("TRUE", "true"),
        ("'False'", "False"),
        ("!!str False", "False"),
        ("1.10", "1.10"),
        ("0x1F", "0x1F"),
        ("1e3", "1e3"),
        ("007", "007"),
        ("yes", "yes"),
        ("\"\"", ""),
        ("'~'", "~"),
        ("2024-05-10", "2024-05-10"),
        ("|\n              a\n              b\n", "a\nb\n"),
        ("\"a\\tb\"", "a\tb"),
    ] {
        assert_eq!(
            value(&sound(&RECORD.replace("False", written))),
            read,
            "{written}"
        );
    }
    for nothing in ["null", "~", ""] {
        let (_, findings) = parse(&RECORD.replace("False", nothing));
        assert_eq!(
            findings
                .iter()
                .map(|finding| finding.code)
                .collect::<Vec<_>>(),
            [Code::MissingKey],
            "{nothing}"
        );
    }
    let (_, findings) =
        parse("name: t\ninstances: [{name: a, services: [{name: s, profiles: [null]}]}]");
    assert_eq!(
        findings[0].code,
        Code::WrongType,
        "nothing is no name: {}",
        rendered(&findings)
    );
}

#[test]
fn json_is_read() {
    let plain = sound(RECORD);
    let json = serde_json::to_string(&plain[0]).unwrap();
    let pretty = serde_json::to_string_pretty(&plain[0]).unwrap();
    for text in [
        json.clone(),
        pretty.clone(),
        pretty.replace("  ", "\t"),
        pretty.replace("  ", "\t").replace('\n', "\r\n"),
        format!("[{json}]"),
        format!("[\n\t{json}\n]\n"),
    ] {
        assert_eq!(sound(&text), plain, "{text}");
    }
    assert_eq!(sound("[]\n---\n{\"name\":\"t\",\"version\":1}").len(), 1);
}

/// Python's `json` writes characters beyond the basic plane as surrogate pairs.
#[test]
fn json_escapes_are_read() {
    let with = |escaped: &str| {
        format!("{{\"name\": \"t\", \"version\": \"1\", \"description\": \"{escaped}\"}}")
    };
    for (escaped, read) in [
        ("\\ud83d\\ude80", "🚀"),
        ("a\\uD83D\\uDE80b \\u00e9 \\/", "a🚀b é /"),
        ("\\\\ud83d\\\\ude80", "\\ud83d\\ude80"),
        ("\\\\\\ud83d\\ude80", "\\🚀"),
    ] {
        assert_eq!(sound(&with(escaped))[0].description, read, "{escaped}");
    }
    let (_, findings) = parse(&with("\\ud83d"));
    assert_eq!(
        findings[0].code,
        Code::Syntax,
        "half a pair is no character"
    );
    let yaml = "{name: t, version: 1, description: '\\ud83d\\ude80'}";
    assert_eq!(
        sound(yaml)[0].description,
        "\\ud83d\\ude80",
        "YAML's single quotes know no escapes"
    );
}

#[test]
fn anchors_and_merge_keys_are_followed() {
    let records = sound(
        "\
name: tool
instances:
  - &base
    name: one
    location: eu
    services:
      - name: api
        endpoints: &ends
          - { name: public, url: http://tool }
  - <<: *base
    name: two
  - <<: [{location: us}, *base]
    name: three
    services:
      - name: api
        endpoints: *ends
",
    );
    let instances = &records[0].instances;
    assert_eq!(
        instances
            .iter()
            .map(|i| i.name.as_str())
            .collect::<Vec<_>>(),
        ["one", "two", "three"]
    );
    assert_eq!(
        instances
            .iter()
            .map(|i| i.location.as_str())
            .collect::<Vec<_>>(),
        ["eu", "eu", "us"]
    );
    assert_eq!(instances[0].services, instances[1].services);
    assert_eq!(instances[0].services, instances[2].services);
    let (_, findings) = parse("name: t\nversion: 1\n<<: [a, b]\n");
    assert_eq!(
        findings
            .iter()
            .filter(|finding| finding.code == Code::WrongType)
            .count(),
        2
    );
}

#[test]
fn several_documents_and_lists_mix() {
    let text = "# first\n---\nname: a\nversion: 1\n---\n# nothing\n---\n- {name: b, version: 2}\n- {name: c, version: 3}\n...\n";
    assert_eq!(
        sound(text)
            .iter()
            .map(|record| record.name.as_str())
            .collect::<Vec<_>>(),
        ["a", "b", "c"]
    );
}

#[test]
fn nothing_is_reported_as_such() {
    for text in [
        "",
        "\n\n",
        "# only a comment\n",
        "---\n---\n",
        "\u{feff}",
        "null",
    ] {
        let (records, findings) = parse(text);
        assert!(records.is_empty());
        assert_eq!(
            findings
                .iter()
                .map(|finding| finding.code)
                .collect::<Vec<_>>(),
            [Code::Empty],
            "{text:?}"
        );
    }
}

#[test]
fn a_mapping_will_do_for_a_list_of_pairs() {
    let list =
        sound("name: t\nversion: 1\nconfiguration: [{name: A, value: 1}, {name: B, value: x}]\n");
    let map = sound("name: t\nversion: 1\nconfiguration: {A: 1, B: x}\n");
    assert_eq!(list, map);
    assert_eq!(
        list[0].instances[0].profiles[0].configuration[0].value,
        SecretValue::from_text("1")
    );
}

/// A block of YAML-ish text: more likely to reach deep places than arbitrary characters.
fn yamlish() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "name",
        "instances",
        "services",
        "profiles",
        "configuration",
        "value",
        "url",
        "scope",
        ": ",
        ":",
        "- ",
        "-",
        "\n",
        "\n  ",
        "\n    ",
        "\r",
        "\t",
        " ",
        "[",
        "]",
        "{",
        "}",
        ",",
        "&a ",
        "*a",
        "<<: *a",
        "|\n",
        ">-\n",
        "\"",
        "'",
        "#",
        "!!str ",
        "!",
        "---\n",
        "...\n",
        "?",
        "%",
        "@",
        "é",
        "🚀",
        "\\u",
        "\\ud83d",
        "1.10",
        "False",
        "~",
        "http://u:p@h",
        "ref+",
        "=",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "\0",
    ]);
    prop::collection::vec(token, 0..60).prop_map(|tokens| tokens.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse_records("bytes", &bytes, Catalogue::builtin());
    }

    /// Every finding stands in the text, and its excerpt underlines a part of itself.
    #[test]
    fn text_never_panics(text in prop_oneof![yamlish(), any::<String>()]) {
        let (_, findings) = parse_records("text", text.as_bytes(), Catalogue::builtin());
        for finding in findings {
            if let Some(excerpt) = &finding.excerpt {
                prop_assert!(excerpt.underline.end <= excerpt.text.chars().count(), "{finding:?}");
                prop_assert!(!excerpt.text.contains('\n'));
            }
            if let Some(span) = finding.span {
                prop_assert!(span.start <= span.end, "{finding:?}");
            }
        }
        if let Ok(document) = Document::parse("text", text.as_bytes()) {
            let shown = format!("{document:?}");
            prop_assert!(!shown.contains("1.10"));
        }
    }
}
