//! Texts that mean harm: each is read or refused in time that grows with its size.

use std::{fmt::Write, time::Instant};

use hitchpost_registry_core::{Catalogue, MAX_FINDINGS, import, parse_records};

/// Texts of about this many bytes, each of a shape that could cost more than its size.
fn texts(size: usize) -> Vec<(&'static str, String)> {
    let repeat = |head: &str, piece: &str| head.to_owned() + &piece.repeat(size / piece.len());
    let number = |head: &str, line: &dyn Fn(usize) -> String| {
        let mut text = head.to_owned();
        for n in 0.. {
            if text.len() >= size {
                break;
            }
            text.push_str(&line(n));
        }
        text
    };
    let nested = |levels: usize| {
        let open: String = (0..levels).fold(String::new(), |mut text, level| {
            write!(text, "&a{level} [").unwrap();
            text
        });
        format!("{open}{}{}", "1,".repeat(size / 2), "]".repeat(levels))
    };
    vec![
        (
            "unknown keys",
            number("name: t\nversion: 1\n", &|n| format!("k{n}: 1\n")),
        ),
        (
            "unknown keys on one line",
            number("{name: t, version: 1", &|n| format!(", k{n}: 1")) + "}",
        ),
        (
            "one key again and again",
            repeat("name: t\nversion: 1\n", "name: a\n"),
        ),
        (
            "pairs",
            number("name: t\nversion: 1\nconfiguration:\n", &|n| {
                format!("  K{n}: v\n")
            }),
        ),
        (
            "pairs without values",
            number("name: t\nversion: 1\nconfiguration:\n", &|n| {
                format!("  K{n}:\n")
            }),
        ),
        (
            "records",
            number("", &|n| format!("- {{name: t{n}, version: 1}}\n")),
        ),
        ("records with errors", repeat("", "- {name: t t}\n")),
        ("records that are none", repeat("[", "1,") + "1]"),
        ("documents", repeat("", "--- {name: a b}\n")),
        ("empty documents", repeat("", "---\n")),
        (
            "profiles and references",
            number("name: t\ninstances:\n", &|n| {
                format!(
                    "  - {{name: i{n}, services: [{{name: s, profiles: [q{n}]}}], profiles: [{{name: p{n}}}]}}\n"
                )
            }),
        ),
        (
            "endpoints without URLs",
            repeat(
                "name: t\ninstances:\n  - name: i\n    services:\n      - name: s\n        endpoints:\n",
                "          - name: e\n",
            ),
        ),
        ("nested anchors", nested(60)),
        (
            "an anchor and aliases",
            format!(
                "a: &a [{}]\nb: [{}*a]",
                "1,".repeat(size / 4),
                "*a,".repeat(size / 8)
            ),
        ),
        (
            "merge keys",
            format!(
                "a: &a {{{}}}\nb: [{}1]",
                numbers(size / 100),
                "{<<: *a},".repeat(size / 20)
            ),
        ),
        (
            "one long line",
            repeat("name: t\nversion: 1\ndescription: ", "x"),
        ),
        ("one long key", repeat("name: t\nversion: 1\n", "x") + ": 1"),
        (
            "one long quoted key",
            repeat("name: t\nversion: 1\n\"", "x") + "\": 1",
        ),
        ("an open quote", repeat("name: \"", "x\n")),
        ("an open bracket", repeat("name: [", "x\n")),
        ("brackets", repeat("", "[")),
        ("braces", repeat("", "{a: ")),
        ("aliases in brackets", repeat("[", "*a ")),
        ("colons in brackets", repeat("[", ": ")),
        ("quotes in brackets", repeat("[", "\"\" ")),
        ("dashes", repeat("", "- ")),
        ("questions", repeat("", "? ")),
        ("colons", repeat("", ":")),
        ("colons apart", repeat("", ": ")),
        ("bars", repeat("a: ", "|\n")),
        (
            "a long block",
            repeat("name: t\nversion: 1\ndescription: |\n", "  x\n"),
        ),
        (
            "a folded block of blank lines",
            repeat("name: t\nversion: 1\ndescription: >\n", "\n"),
        ),
        (
            "a plain text of many lines",
            repeat("name: t\nversion: 1\ndescription: x\n", "  x\n"),
        ),
        ("comments", repeat("", "#\n")),
        ("blank lines", repeat("", "\n")),
        ("spaces", repeat("", " ")),
        ("tabs", repeat("", "\t")),
        ("anchors", number("", &|n| format!("- &a{n} x\n"))),
        ("tags", repeat("", "- !a x\n")),
        ("surrogates", repeat("[\"", "\\ud83d\\ude80") + "\"]"),
        ("carriage returns", repeat("name: t\r", "\r")),
    ]
}

/// Texts for importers: what to read, of which format, and of what shape.
fn foreign(size: usize) -> Vec<(&'static str, String)> {
    let number = |head: &str, line: &dyn Fn(usize) -> String| {
        let mut text = head.to_owned();
        for n in 0.. {
            if text.len() >= size {
                break;
            }
            text.push_str(&line(n));
        }
        text
    };
    let odd = |n: usize| {
        char::from_u32(0x4e00 + (n % 20_000) as u32)
            .unwrap_or('x')
            .to_string()
            + &"ü".repeat(n / 20_000)
    };
    vec![
        (
            "airflow: names alike",
            number("", &|n| format!("\"{}\": http://h\n", odd(n))),
        ),
        (
            "airflow: extras",
            number("a:\n  conn_type: x\n  extra:\n", &|n| {
                format!("    k{n}: v\n")
            }),
        ),
        (
            "airflow: lines",
            number("", &|n| format!("K{n}=postgres://u:p@h/d?a=b\n")),
        ),
        (
            "airflow: one query",
            number("a://h?", &|n| format!("k{n}=v&")),
        ),
        ("kubeconfig", {
            let count = size / 120;
            let clusters =
                (0..count).map(|n| format!("- {{name: c{n}, cluster: {{server: 'https://h'}}}}\n"));
            let contexts = (0..count)
                .map(|n| format!("- {{name: x{n}, context: {{cluster: c{n}, user: u{n}}}}}\n"));
            let users = (0..count).map(|n| format!("- {{name: u{n}, user: {{token: t}}}}\n"));
            let [clusters, contexts, users] = [
                clusters.collect::<String>(),
                contexts.collect(),
                users.collect(),
            ];
            format!("clusters:\n{clusters}contexts:\n{contexts}users:\n{users}")
        }),
        (
            "fuseml: credentials",
            number("product: p\nservices:\n- id: s\n  credentials:\n", &|n| {
                format!("  - {{id: c{n}}}\n")
            }),
        ),
        (
            "aws: profiles",
            number("", &|n| format!("[p{n}]\naws_access_key_id=a\n")),
        ),
        (
            "aws: settings",
            number("[default]\n", &|n| format!("k{n}=a\n")),
        ),
    ]
}

fn import_any(name: &str, text: &str) -> import::Imported {
    let (catalogue, bytes) = (Catalogue::builtin(), text.as_bytes());
    match name.split(':').next() {
        Some("airflow") => import::airflow(name, bytes, catalogue),
        Some("kubeconfig") => import::kubeconfig(name, bytes, catalogue),
        Some("fuseml") => import::fuseml(name, bytes, catalogue),
        _ => import::aws(None, Some((name, bytes)), catalogue),
    }
}

fn numbers(count: usize) -> String {
    (0..count).fold(String::new(), |text, n| text + &format!("k{n}: 1,"))
}

/// Quadratic behaviour shows at this size: 512 KiB takes well under a second each where cost is
/// linear, also without optimisation, and minutes where it is not.
#[test]
fn cost_grows_with_size() {
    for (name, text) in texts(512 << 10) {
        let start = Instant::now();
        let (_, findings) = parse_records(name, text.as_bytes(), Catalogue::builtin());
        assert!(findings.len() <= MAX_FINDINGS + 1, "{name}");
        assert!(
            start.elapsed().as_secs() < 15,
            "{name}: {:?}",
            start.elapsed()
        );
    }
    for (name, text) in foreign(512 << 10) {
        let start = Instant::now();
        let imported = import_any(name, &text);
        assert!(imported.findings.len() <= MAX_FINDINGS + 1, "{name}");
        assert!(
            start.elapsed().as_secs() < 15,
            "{name}: {:?}",
            start.elapsed()
        );
    }
}

/// For `cargo test --release -- --ignored --nocapture`: the largest source that is read, and one
/// that stays below the bound on values, so that it is decoded.
#[test]
#[ignore = "takes two minutes; run it with --release"]
fn the_largest_source_takes_seconds() {
    for (name, mut text) in texts((16 << 20) - 4_096).into_iter().chain(texts(3 << 20)) {
        text.truncate(16 << 20);
        let start = Instant::now();
        let (records, findings) = parse_records(name, text.as_bytes(), Catalogue::builtin());
        let elapsed = start.elapsed();
        println!(
            "{elapsed:>10.2?}  {name}: {} records, {} findings",
            records.len(),
            findings.len()
        );
        assert!(elapsed.as_secs() < 10, "{name}");
    }
    for (name, text) in foreign(16 << 20).into_iter().chain(foreign(3 << 20)) {
        let start = Instant::now();
        let import::Imported { records, findings } = import_any(name, &text);
        let elapsed = start.elapsed();
        println!(
            "{elapsed:>10.2?}  {name}: {} records, {} findings",
            records.len(),
            findings.len()
        );
        assert!(elapsed.as_secs() < 10, "{name}");
    }
}
