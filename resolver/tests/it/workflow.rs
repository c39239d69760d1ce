//! Workflow files: what steps need, and what becomes of their expressions.

use std::fmt::Write;

use hitchpost_registry_core::{Diagnostic, Diagnostics};
use hitchpost_resolver::{EnvValue, Requirement, Resolution, Selector, Step, Workflow};
use indexmap::IndexMap;
use secrecy::ExposeSecret;

use crate::{
    bound::{open, resolve},
    name,
};

/// The founding proposal's minimal records.
const MINIMAL: &str = concat!(
    include_str!("../../../registry-core/tests/fixtures/founding/minimal-1-mlflow-global.yaml"),
    "\n---\n",
    include_str!(
        "../../../registry-core/tests/fixtures/founding/minimal-2-kfserving-local-cluster.yaml"
    ),
);

/// Its workflow for them, without the `[...]` that stands for what is left out.
const MINIMAL_WORKFLOW: &str = "
steps:
  - name: trainer
    image: '{{ steps.builder.outputs.mlflow-env }}'
    inputs:
      - codeset:
          name: '{{ inputs.mlflow-codeset }}'
          path: '/project'
      - extension:
          name: mlflow-global
    outputs:
      - name: mlflow-model-url
  - name: predictor
    image: ghcr.io/fuseml/kfserving-predictor:0.1
    inputs:
      - name: model
        value: '{{ steps.trainer.outputs.mlflow-model-url }}'
      - name: predictor
        value: '{{ inputs.predictor }}'
      - codeset:
          name: '{{ inputs.mlflow-codeset }}'
          path: '/project'
      - extension:
          name: kfserving-local-cluster
    outputs:
      - name: prediction-url
";

const EXTENDED_TRAINER: &str = "
steps:
  - name: trainer
    image: '{{ steps.builder.outputs.mlflow-env }}'
    inputs:
      - codeset:
          name: '{{ inputs.mlflow-codeset }}'
          path: '/project'
    extensions:
      - name: mlflow-tracker
        product: mlflow
        instance: mlflow-global
        service: mlflow-tracker
      - name: mlflow-storage
        product: mlflow
        instance: mlflow-global
        service: mlflow-storage
    outputs:
      - name: mlflow-model-url
";

const EXTENDED_PREDICTOR: &str = "
steps:

  - name: predictor
    image: ghcr.io/fuseml/kfserving-predictor:0.1
    inputs:
      - name: model
        value: '{{ steps.trainer.outputs.mlflow-model-url }}'
      - name: predictor
        value: '{{ inputs.predictor }}'
      - codeset:
          name: '{{ inputs.mlflow-codeset }}'
          path: '/project'
    extensions:
      - name: kfserving
        service: kfserving-api
        version: \">=0.4.0\"
    outputs:
      - name: prediction-url
";

fn read(text: &str) -> Workflow {
    Workflow::parse("workflow.yaml", text.as_bytes())
        .unwrap_or_else(|findings| panic!("{}", listed(&findings)))
}

fn listed(findings: &Diagnostics) -> String {
    findings
        .iter()
        .map(Diagnostic::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

fn bound(step: &Step, records: &str) -> Resolution {
    let resolution = resolve(records, step.requirements(), step.variables());
    assert!(resolution.is_complete(), "{:?}", resolution.failures);
    resolution
}

fn shown(environment: &IndexMap<String, EnvValue>) -> String {
    environment
        .iter()
        .fold(String::new(), |mut text, (name, value)| {
            writeln!(text, "{name}={} ({})", value.shown(), value.origin()).unwrap();
            text
        })
}

#[test]
fn the_minimal_example_gets_its_records() {
    let workflow = read(MINIMAL_WORKFLOW);
    assert_eq!(workflow.name(), None);
    assert_eq!(workflow.steps().len(), 2);
    let trainer = workflow.step("trainer").unwrap();
    let record = name("mlflow-global");
    assert_eq!(
        trainer.requirements(),
        [Requirement::extension(record.clone()).named(record)]
    );
    let resolution = bound(trainer, MINIMAL);
    insta::assert_snapshot!(shown(&trainer.environment(&resolution).unwrap()));
    // Without expressions of ours a step stays as it is.
    let expanded = serde_json::to_value(trainer.expanded(&resolution).unwrap()).unwrap();
    insta::assert_json_snapshot!(expanded);

    let predictor = workflow.step("predictor").unwrap();
    insta::assert_snapshot!(shown(
        &predictor.environment(&bound(predictor, MINIMAL)).unwrap()
    ));
}

#[test]
fn the_extended_examples_select_by_service() {
    let trainer = read(EXTENDED_TRAINER);
    let selector = |service: &str| Selector {
        product: Some(name("mlflow")),
        instance: Some(name("mlflow-global")),
        service: Some(name(service)),
        ..Selector::default()
    };
    let wanted = ["mlflow-tracker", "mlflow-storage"]
        .map(|service| Requirement::new(selector(service)).named(name(service)));
    assert_eq!(trainer.steps()[0].requirements(), wanted);

    let predictor = read(EXTENDED_PREDICTOR);
    let records =
        include_str!("../../../registry-core/tests/fixtures/founding/extended-5-kfserving.yaml");
    let resolution = bound(&predictor.steps()[0], records);
    let binding = resolution.binding("kfserving").unwrap();
    assert_eq!(
        (binding.extension.as_str(), binding.service.as_str()),
        ("kfserving", "API")
    );
}

/// A tracker without accounts and a store with one.
const TOOLS: &str = "
name: mlflow
product: mlflow
configuration:
  - { name: experiment, value: iris }
instances:
  - name: main
    version: '2.9.2'
    location: local
    services:
      - name: tracking
        service: mlflow-tracking
        auth: none
        endpoints:
          - { name: near, type: internal, url: 'http://mlflow:5000' }
      - name: store
        service: s3
        profiles: [writer]
        endpoints:
          - { name: near, type: internal, url: 'http://store:9000' }
      - name: bare
        service: in-house
        auth: none
    profiles:
      - name: writer
        configuration:
          - { name: AWS_ACCESS_KEY_ID, value: AKIA-THE-KEY }
          - { name: AWS_SECRET_ACCESS_KEY, value: the-secret }
          - { name: dotted.key, value: x }
---
name: nameless
product: in-house
instances:
  - name: other
    location: local
    services:
      - { name: queue, service: queue, auth: none }
";

/// A step that requires all of [`TOOLS`]; what is given stands behind its name.
fn step_with(rest: &str) -> Workflow {
    read(&format!(
        "
name: training
steps:
  - name: trainer
    extensions:
      - {{ name: tracker, service: mlflow-tracking }}
      - {{ name: tracker.store, service: s3 }}
      - {{ name: queue, service: queue }}
      - {{ name: absent, service: kafka, optional: true }}
    {rest}
"
    ))
}

#[test]
fn expressions_are_expanded_everywhere() {
    let workflow = step_with(
        r#"
    image: "{{ inputs.registry }}/trainer:{{extensions.tracker.version}}"
    args:
      - --tracker={{ extensions.tracker.url }}?product={{	extensions.tracker.product
        }}&at={{ extensions.tracker.instance }}
      - '{"json": {{{ extensions.tracker.cfg.experiment }}}}'
      - --key={{ extensions.tracker.store.cfg.AWS_ACCESS_KEY_ID }}
      - "{{ extensions.tracker.store.cfg.dotted.key }}"
      - '{{ steps.a.outputs.b }}{{inputs.c}} {{ extensionsx.y }} {{ extensions_old.z }} }} {{'
      - '{{ inputs.{{ extensions.tracker.product }} }}'
    retries: 3
    resources: { gpu: true, memory: 1.5, hex: 0x1F, none: ~ }
    env:
      - { name: TRACKER, value: 'at {{ extensions.tracker.url }}' }
      - { name: AWS_ACCESS_KEY_ID, value: own }
      - { name: PORT, value: 8080 }
      - { name: PAIR, value: '{{ extensions.tracker.store.cfg.AWS_ACCESS_KEY_ID }}:{{ extensions.tracker.store.cfg.AWS_SECRET_ACCESS_KEY }}' }
      - { name: EMPTY, value: '' }
"#,
    );
    assert_eq!(workflow.name(), Some(&name("training")));
    let step = workflow.step("trainer").unwrap();
    let resolution = bound(step, TOOLS);

    let expanded = step.expanded(&resolution).unwrap();
    insta::assert_json_snapshot!(expanded);
    let revealed = expanded.revealed(&mut open).unwrap();
    assert_eq!(revealed["args"][2], "--key=AKIA-THE-KEY");
    assert_eq!(revealed["env"][3]["value"], "AKIA-THE-KEY:the-secret");

    let environment = step.environment(&resolution).unwrap();
    insta::assert_snapshot!(shown(&environment));
    assert!(environment["PAIR"].is_secret());
    assert_eq!(
        environment["PAIR"]
            .reveal(&mut open)
            .unwrap()
            .expose_secret(),
        "AKIA-THE-KEY:the-secret"
    );
    for debug in [
        format!("{expanded:?}"),
        format!("{environment:?}"),
        format!("{workflow:?}"),
        format!("{resolution:?}"),
    ] {
        assert!(
            !debug.contains("THE-KEY") && !debug.contains("the-secret"),
            "{debug}"
        );
    }
}

#[test]
fn an_expression_without_a_value_is_an_error() {
    let expressions = [
        "extensions.traker.url",
        "extensions.other.url",
        "extensions.tracker.uri",
        "extensions.tracker.sku",
        "extensions.tracker",
        "extensions.tracker.",
        "extensions.tracker.cfg",
        "extensions.tracker.cfg.",
        "extensions.tracker.cfg.experimnt",
        "extensions.tracker.url | upper",
        "extensions",
        "extensions.",
        "extensions['tracker'].url",
        "extensions .tracker.url",
        "extensions.queue.url",
        "extensions.queue.version",
        "extensions.queue.cfg.KEY",
        "extensions.absent.url",
    ];
    let told: Vec<String> = expressions
        .map(|expression| {
            let workflow = step_with(&format!("env: {{ VALUE: \"x {{{{ {expression} }}}} y\" }}"));
            let step = workflow.step("trainer").unwrap();
            let findings = step.environment(&bound(step, TOOLS)).unwrap_err();
            assert_eq!(
                listed(&findings),
                listed(&step.expanded(&bound(step, TOOLS)).unwrap_err())
            );
            assert_eq!(findings[0].path, "/steps/0/env/VALUE");
            listed(&findings)
        })
        .into();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn an_expression_that_does_not_end_is_an_error() {
    for text in [
        "a {{ extensions.tracker.url }",
        "{{ extensions.tracker.url {{ inputs.x }}",
    ] {
        let workflow = step_with(&format!("args: ['{text}']"));
        let step = workflow.step("trainer").unwrap();
        let findings = step.expanded(&bound(step, TOOLS)).unwrap_err();
        assert_eq!(
            listed(&findings),
            "workflow.yaml:10:12: error[unknown-expression]: an expression of `extensions.` is not closed (add `}}`)"
        );
    }
}

#[test]
fn variables_that_decide_which_code_runs_are_refused() {
    let workflow = step_with("env: { PATH: /bin, LD_PRELOAD: x, 1A: y, FINE: z }");
    let step = workflow.step("trainer").unwrap();
    insta::assert_snapshot!(listed(&step.environment(&bound(step, TOOLS)).unwrap_err()), @r"
    workflow.yaml:10:12: error[invalid-variable]: `PATH` cannot be set: it decides which code a program runs (choose another name)
    workflow.yaml:10:24: error[invalid-variable]: `LD_PRELOAD` cannot be set: it decides which code a program runs (choose another name)
    workflow.yaml:10:39: error[invalid-variable]: `1A` is no name of an environment variable (use letters, digits and `_`, and do not begin with a digit)
    ");
}

/// Two bindings may disagree on what the step sets itself.
#[test]
fn the_steps_own_value_settles_a_collision() {
    let records = "
- name: one
  configuration: [{ name: MODE, value: a }]
- name: two
  configuration: [{ name: MODE, value: b }]
";
    let records = &records.replace("\n- ", "\n---\n  ").replace("\n  ", "\n");
    let inputs = "
steps:
  - name: s
    inputs: [{ extension: { name: one } }, { extension: { name: two } }]
    env: [{ name: OTHER, value: c }]
";
    let colliding = read(inputs);
    let resolution = resolve(
        records,
        colliding.steps()[0].requirements(),
        colliding.steps()[0].variables(),
    );
    assert_eq!(resolution.failures[0].code.as_str(), "env-collision");
    let settled = read(&inputs.replace("OTHER", "MODE"));
    let step = &settled.steps()[0];
    assert_eq!(
        shown(&step.environment(&bound(step, records)).unwrap()),
        "MODE=c (step/s)\n"
    );
}

#[test]
fn what_is_no_workflow_is_refused() {
    let cases = [
        "",
        "[a]",
        "name: x",
        "steps: { a: b }",
        "steps: [a, { image: b }]",
        "steps: [{ name: a }, { name: a }]",
        "steps: [{ name: a }]\n---\nsteps: []",
        "steps: [{ name: a, extensions: [{ service: s3 }] }]",
        "steps: [{ name: a, extensions: [{ name: x, service: s3 }], inputs: [{ extension: { name: x } }] }]",
        "steps: [{ name: a, extensions: [{ name: x, serivce: s3 }] }]",
        "steps: [{ name: a, env: x }]",
        "steps: [{ name: a, env: [{ name: A }, { value: B }] }]",
        "steps: [{ name: a, env: [{ name: A, value: 1 }, { name: A, value: 2 }] }]",
        "steps: [{ name: a, env: { A: [b] } }]",
        "steps: [{ name: a, env: { A: \"\\0\" } }]",
    ];
    let told = cases.map(|text| {
        let findings = Workflow::parse("workflow.yaml", text.as_bytes()).unwrap_err();
        format!("{text:?}\n{}", listed(&findings))
    });
    insta::assert_snapshot!(told.join("\n\n"));
}

#[test]
fn a_step_is_found_by_its_name() {
    let workflow = read(MINIMAL_WORKFLOW);
    let told = ["trianer", "x"].map(|name| workflow.step(name).unwrap_err().to_string());
    assert_eq!(
        told,
        [
            "the workflow has no step `trianer`; did you mean `trainer`?",
            "the workflow has no step `x`; its steps are `trainer`, `predictor`",
        ]
    );
}
