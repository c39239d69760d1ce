//! Read records, resolve what a step needs, explain a refusal.
//!
//! Run with `cargo run -p hitchpost --example resolve`.

use hitchpost::{OnAmbiguity, Registry, Requirement, RunContext, Zone};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let registry = Registry::from_yaml(include_str!("tools/serving.yaml"))?;
    let platform =
        [Requirement::service_type("seldon-core-api".parse()?).named("platform".parse()?)];

    let alpha = RunContext::new(Zone::Unknown).project("alpha".parse()?);
    let step = registry.resolve(&platform, &alpha);
    println!("{}", serde_json::to_string_pretty(&step)?);

    let gamma = RunContext::new(Zone::Unknown).project("gamma".parse()?);
    for explanation in registry.explain(&platform, &gamma, OnAmbiguity::Fail) {
        println!("{}: {}", explanation.name, explanation.message);
    }
    Ok(())
}
