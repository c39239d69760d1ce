//! How long it takes to resolve one requirement to its binding and environment and to open its
//! four secrets, with the data key already at hand.

#![allow(clippy::unwrap_used, reason = "a benchmark that fails is the report")]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use hitchpost::{Registry, Requirement, RunContext, Zone};

const TOOLS: &str = "
name: minio
product: minio
instances:
  - name: main
    version: 4.1.3
    location: eu
    configuration: [{ name: AWS_REGION, value: eu-central-1 }]
    services:
      - { name: s3, endpoints: [{ name: cluster, url: 'http://minio:9000', type: internal }] }
    profiles:
      - name: alpha
        project: alpha
        configuration:
          - { name: AWS_ACCESS_KEY_ID, value: 0123456789abcdef0123 }
          - { name: AWS_SECRET_ACCESS_KEY, value: 0123456789abcdef0123456789abcdef01234567 }
          - { name: AWS_SESSION_TOKEN, value: 0123456789abcdef0123456789abcdef01234567 }
          - { name: ENCRYPTION_KEY, value: 0123456789abcdef0123456789abcdef01234567 }
";

fn main() {
    let registry = Registry::from_yaml(TOOLS).unwrap();
    let storage = [Requirement::service_type("s3".parse().unwrap()).version(">=4")];
    let caller = RunContext::new(Zone::known("eu").unwrap()).project("alpha".parse().unwrap());
    let opened = registry
        .environment(&registry.resolve(&storage, &caller))
        .unwrap();
    println!(
        "resolve, bind, and open {} variables of which 4 are secret",
        opened.len()
    );

    let target = Duration::from_micros(10);
    let verdict = |most: Duration| if most <= target { "met" } else { "NOT met" };
    for (what, times) in [
        (
            "resolve with binding and environment",
            measure(|| drop(black_box(registry.resolve(&storage, &caller)))),
        ),
        (
            "the same, with the 4 secrets opened",
            measure(|| {
                let resolution = registry.resolve(&storage, &caller);
                drop(black_box(registry.environment(&resolution).unwrap()));
            }),
        ),
    ] {
        let at = |percent: usize| {
            times
                .get((times.len() - 1) * percent / 100)
                .copied()
                .unwrap_or_default()
        };
        println!(
            "  {what:<40} p50 {:>9.2?}   p99 {:>9.2?}   target {target:?}: {}",
            at(50),
            at(99),
            verdict(at(99))
        );
    }
}

/// The times of many single calls, in order.
fn measure(mut call: impl FnMut()) -> Vec<Duration> {
    let mut times: Vec<Duration> = (0..20_000)
        .map(|_| {
            let start = Instant::now();
            call();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times
}
