//! A registry, a caller and what they need, in as few words as they take.

use std::{fmt::Write, sync::Arc};

use hitchpost_registry_core::{Catalogue, Extension, Severity, parse_records};
use hitchpost_resolver::{
    Explanation, OnAmbiguity, Requirement, Resolution, ResolveOptions, RunContext, Snapshot,
    Verdict, Zone, parse_requirements,
};

use crate::name;

pub(crate) struct Scenario {
    snapshot: Snapshot,
    caller: RunContext,
    on_ambiguity: OnAmbiguity,
}

/// Records in YAML, which must have no error.
#[track_caller]
pub(crate) fn parsed(yaml: &str) -> Vec<Extension> {
    let (records, findings) = parse_records("records.yaml", yaml.as_bytes(), Catalogue::builtin());
    let errors: Vec<_> = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    records
}

#[track_caller]
pub(crate) fn needs(yaml: &str) -> Vec<Requirement> {
    parse_requirements("needs.yaml", yaml.as_bytes()).unwrap()
}

impl Scenario {
    /// A registry of records, and a caller of whom nothing is known.
    #[track_caller]
    pub(crate) fn new(records: &str) -> Self {
        let records = parsed(records);
        let catalogue = Arc::new(Catalogue::builtin().clone());
        Self {
            snapshot: Snapshot::build(7, records.iter().map(|record| (record, 7)), catalogue),
            caller: RunContext::new(Zone::Unknown),
            on_ambiguity: OnAmbiguity::Fail,
        }
    }

    /// Another caller: `project=alpha group=g group=h zone=eu now=2030-01-01T00:00:00Z`.
    pub(crate) fn caller(mut self, words: &str) -> Self {
        self.caller = RunContext::new(Zone::Unknown);
        for word in words.split_whitespace() {
            let (key, value) = word.split_once('=').unwrap();
            match key {
                "project" => self.caller.project = Some(name(value)),
                "user" => self.caller.user = Some(name(value)),
                "group" => self.caller.groups.push(name(value)),
                "workflow" => self.caller.workflow = Some(name(value)),
                "zone" => self.caller.zone = Zone::known(value).unwrap(),
                "now" => self.caller.now = Some(value.parse().unwrap()),
                _ => panic!("{key}"),
            }
        }
        self
    }

    /// Of equals the first by name is taken.
    pub(crate) fn first(mut self) -> Self {
        self.on_ambiguity = OnAmbiguity::First;
        self
    }

    #[track_caller]
    pub(crate) fn resolve(&self, requirements: &str) -> Resolution {
        let options = ResolveOptions {
            on_ambiguity: self.on_ambiguity,
            ..ResolveOptions::default()
        };
        self.resolve_with(requirements, options)
    }

    #[track_caller]
    pub(crate) fn resolve_with(
        &self,
        requirements: &str,
        options: ResolveOptions<'_>,
    ) -> Resolution {
        self.snapshot
            .resolve(&needs(requirements), &self.caller, options)
    }

    /// Every requirement with its outcome and its candidates.
    #[track_caller]
    pub(crate) fn explain(&self, requirements: &str) -> String {
        let explanations =
            self.snapshot
                .explain(&needs(requirements), &self.caller, self.on_ambiguity);
        explanations.iter().map(rendered).collect()
    }

    /// What one selector gets: `record/instance/service endpoint profile`, or the failure's code.
    /// Where it is ambiguous, also what is.
    #[track_caller]
    pub(crate) fn choose(&self, selector: &str) -> String {
        let requirements = needs(&format!("{{name: x, {selector}}}"));
        let explanation = self
            .snapshot
            .explain(&requirements, &self.caller, self.on_ambiguity)
            .remove(0);
        let choice = self
            .snapshot
            .choose(&requirements, &self.caller, self.on_ambiguity)
            .remove(0);
        if let Some((extension, instance, service)) = choice.names() {
            let mut text = format!("{extension}/{instance}/{service}");
            for part in [choice.endpoint(), choice.profile()] {
                write!(text, " {}", part.unwrap_or("-")).unwrap();
            }
            return text;
        }
        let mut text = choice
            .failure()
            .map_or_else(|| "skipped".to_owned(), |code| code.to_string());
        for tied in explanation
            .candidates
            .iter()
            .filter(|one| one.verdict == Verdict::Tied)
        {
            write!(
                text,
                " {}/{}/{}",
                tied.extension, tied.instance, tied.service
            )
            .unwrap();
        }
        text
    }

    /// The message by which one selector fails.
    #[track_caller]
    pub(crate) fn failure(&self, selector: &str) -> String {
        let resolution = self.resolve(&format!("{{name: x, {selector}}}"));
        let [failure] = resolution.failures.as_slice() else {
            panic!("{resolution:#?}")
        };
        format!("{}: {}", failure.code, failure.message)
    }
}

fn rendered(explanation: &Explanation) -> String {
    let mut text = explanation.name.to_string();
    if let Some(code) = explanation.code {
        write!(text, " fails, {code}").unwrap();
    }
    writeln!(text, ": {}", explanation.message).unwrap();
    for one in &explanation.candidates {
        write!(text, "  {}/{}/{}", one.extension, one.instance, one.service).unwrap();
        if one.alternative > 0 {
            write!(text, " (alternative {})", one.alternative).unwrap();
        }
        let verdict = match one.verdict {
            Verdict::Chosen => "chosen".to_owned(),
            Verdict::Outranked { rule } => format!(
                "outranked, {}",
                serde_json::to_value(rule).unwrap().as_str().unwrap()
            ),
            Verdict::Tied => "tied".to_owned(),
            Verdict::Rejected { code } => format!("rejected, {code}"),
            Verdict::NotTaken => "not taken".to_owned(),
        };
        writeln!(text, " {verdict}: {}", one.message).unwrap();
    }
    if explanation.hidden > 0 {
        writeln!(text, "  {} hidden", explanation.hidden).unwrap();
    }
    text
}

/// Checks what selectors get: one `selector => outcome` in a line.
#[track_caller]
pub(crate) fn check(scenario: &Scenario, cases: &[(&str, &str)]) {
    for (selector, expected) in cases {
        assert_eq!(scenario.choose(selector), *expected, "{selector}");
    }
}
