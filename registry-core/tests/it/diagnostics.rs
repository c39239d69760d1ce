//! Every code is provoked, and what a person sees of each is held.

use std::{collections::BTreeSet, fmt::Write};

use hitchpost_registry_core::{
    Catalogue, Code, Diagnostics, MAX_FINDINGS, MAX_SOURCE_BYTES, Severity, parse_records,
};

use crate::{fixtures, parse, rendered};

/// Codes of requirements and workflows, which the resolver reads; it provokes them.
const OF_REQUIREMENTS: &[Code] = &[Code::UnknownExpression, Code::InvalidVariable];

/// Codes of importers, which provoke them below.
const OF_IMPORTS: &[Code] = &[Code::NotImported, Code::AdaptedName];

/// Inputs that are too large or too odd for a file.
fn generated() -> Vec<(Code, Vec<u8>)> {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let before = format!("*a{}, ", level - 1).repeat(10);
        writeln!(bomb, "a{level}: &a{level} [{before}]").unwrap();
    }
    let many = (0..MAX_FINDINGS + 5).fold("name: t\nversion: 1\n".to_owned(), |text, n| {
        text + &format!("x{n}: 1\n")
    });
    vec![
        (Code::SourceTooLarge, vec![b' '; MAX_SOURCE_BYTES + 1]),
        (Code::NotUtf8, b"name: t\nversion: \xff\n".to_vec()),
        (Code::TooDeep, "[".repeat(10_000).into_bytes()),
        (
            Code::TooDeep,
            format!("{{\"name\": {}", "{\"a\":\n".repeat(10_000)).into_bytes(),
        ),
        (
            Code::TooDeep,
            (0..1_000)
                .fold(String::new(), |text, n| text + &" ".repeat(n) + "-\n")
                .into_bytes(),
        ),
        (Code::TooManyNodes, bomb.into_bytes()),
        (Code::TooManyFindings, many.into_bytes()),
    ]
}

fn codes(findings: &Diagnostics) -> BTreeSet<Code> {
    findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn every_code_is_provoked() {
    let mut provoked: BTreeSet<Code> = OF_REQUIREMENTS.iter().copied().collect();
    for (name, bytes) in fixtures("invalid") {
        let code: Code = name
            .trim_end_matches(".yaml")
            .parse()
            .expect("a fixture is named after a code");
        let (_, findings) = parse_records(&name, &bytes, Catalogue::builtin());
        assert!(
            codes(&findings).contains(&code),
            "{name}:\n{}",
            rendered(&findings)
        );
        provoked.insert(code);
        insta::with_settings!({ snapshot_suffix => code.as_str(), omit_expression => true }, {
            insta::assert_snapshot!("invalid", rendered(&findings));
        });
    }
    let mut shown = String::new();
    for (code, bytes) in generated() {
        let (records, findings) = parse_records("generated.yaml", &bytes, Catalogue::builtin());
        assert!(
            codes(&findings).contains(&code),
            "{code}:\n{}",
            rendered(&findings)
        );
        assert!(records.is_empty());
        provoked.insert(code);
        shown += &rendered(&findings[findings.len() - 1..]);
    }
    insta::assert_snapshot!("generated", shown);
    let text =
        b"clusters: [{name: a b, cluster: {server: 'https://a', certificate-authority: ca.crt}}]\n\
        contexts: [{name: c, context: {cluster: a b}}]\n";
    let imported =
        hitchpost_registry_core::import::kubeconfig("config", text, Catalogue::builtin());
    assert_eq!(
        codes(&imported.findings),
        OF_IMPORTS.iter().copied().collect()
    );
    provoked.extend(OF_IMPORTS);
    let missing: Vec<_> = Code::ALL
        .iter()
        .filter(|code| !provoked.contains(code))
        .collect();
    assert!(missing.is_empty(), "no fixture provokes {missing:?}");
}

#[test]
fn a_code_reads_back() {
    for code in Code::ALL {
        assert_eq!(code.as_str().parse(), Ok(*code));
    }
    assert!("no-such-code".parse::<Code>().is_err());
}

/// All that is wrong is reported at once, in the order of the source.
#[test]
fn all_problems_are_reported() {
    let (records, findings) = parse(
        "\
name: tool
produkt: mlflow
instances:
  - name: my instance
    version: 1.10
    services:
      - name: api
        auth: maybe
        auth: none
        endpoints:
          - {name: public, url: ftp//nowhere, type: extern}
    profiles:
      - name: account
        scope: projects
        configuration: [{name: TOKEN}]
---
name: sound
version: 1
---
- name: list
  version: 1
- nam: list
",
    );
    insta::assert_snapshot!(rendered(&findings));
    assert_eq!(
        records
            .iter()
            .map(|record| record.name.as_str())
            .collect::<Vec<_>>(),
        ["sound", "list"]
    );
}

/// A later stage looks at a part only when its form is sound; a sound part of a record is still
/// looked at when another part of it is not.
#[test]
fn notes_and_warnings_refuse_nothing() {
    let (records, findings) =
        parse("name: t\nproduct: nowhere-known\ninstances: [{name: a, scope: user}]\n");
    assert_eq!(
        codes(&findings),
        BTreeSet::from([Code::UnknownProduct, Code::NobodyAdmitted])
    );
    assert!(
        findings
            .iter()
            .all(|finding| finding.severity != Severity::Error)
    );
    assert_eq!(records.len(), 1);
}
