//! The Rust side of `resolve.py`: the same questions to the same registry.
//!
//! `HITCHPOST_BENCH_RECORDS` names a file of records. Prints the nanoseconds of each measure.

use std::{env, error::Error, fs, hint::black_box, time::Instant};

use hitchpost::{OnAmbiguity, Registry, Requirement, RunContext, Selector, Zone, core::Constraint};

fn main() -> Result<(), Box<dyn Error>> {
    let Some(path) = env::var_os("HITCHPOST_BENCH_RECORDS") else {
        println!("run benches/resolve.py, which compares");
        return Ok(());
    };
    let registry = Registry::from_yaml(&fs::read_to_string(path)?)?;
    let snapshot = registry.snapshot();
    let caller = RunContext::new(Zone::known("eu")?).project("alpha".parse()?);
    let requirement = || -> Result<Requirement, Box<dyn Error>> {
        Ok(Requirement::new(Selector {
            service: Some("type-7".parse()?),
            version: Some(Constraint::parse(">=4")),
            ..Selector::default()
        }))
    };
    let requirements = [requirement()?];
    assert!(registry.resolve(&requirements, &caller).is_complete());
    measure("choose", || {
        snapshot.choose(&requirements, &caller, OnAmbiguity::Fail)
    });
    measure("resolve", || registry.resolve(&requirements, &caller));
    measure("parse and resolve", || {
        requirement().map(|requirement| registry.resolve(&[requirement], &caller))
    });
    Ok(())
}

/// The median of 200 rounds of 500 calls.
fn measure<T>(name: &str, call: impl Fn() -> T) {
    const CALLS: u128 = 500;
    let mut rounds: Vec<u128> = (0..200)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..CALLS {
                black_box(call());
            }
            start.elapsed().as_nanos() / CALLS
        })
        .collect();
    rounds.sort_unstable();
    if let Some(median) = rounds.get(rounds.len() / 2) {
        println!("{name}: {median}");
    }
}
