//! How long the resolver takes, beside a scan of all records and an indexed SQLite table.
//!
//! Prints the targets of the resolver and whether they hold. `HITCHPOST_BENCH=10000,100000` names
//! other sizes.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    clippy::disallowed_methods,
    reason = "a benchmark that fails is the report"
)]

mod peers;
mod registry;

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use hitchpost_registry_core::Catalogue;
use hitchpost_resolver::{
    FailureCode, OnAmbiguity, Requirement, ResolveOptions, RunContext, Snapshot,
};

fn main() {
    let sizes =
        std::env::var("HITCHPOST_BENCH").unwrap_or_else(|_| "10000,100000,1000000".to_owned());
    println!(
        "clock: {:?} for an empty measurement, which every figure includes",
        median(&mut measure(10_000, |_| ()))
    );
    for size in sizes.split(',').map(|size| size.trim().parse().unwrap()) {
        run(size, 50);
        run(size, 5_000);
    }
}

/// How long each call takes.
fn measure<T>(calls: usize, mut call: impl FnMut(usize) -> T) -> Vec<Duration> {
    (0..calls)
        .map(|index| {
            let start = Instant::now();
            black_box(call(index));
            start.elapsed()
        })
        .collect()
}

/// For each of some questions, asked in turn, the median of its calls: what it takes by itself,
/// without what else the machine does at times.
fn medians<T>(calls: usize, questions: usize, call: impl FnMut(usize) -> T) -> Vec<Duration> {
    let times = measure(calls, call);
    (0..questions)
        .map(|question| {
            median(
                &mut times
                    .iter()
                    .skip(question)
                    .step_by(questions)
                    .copied()
                    .collect::<Vec<_>>(),
            )
        })
        .collect()
}

fn median(times: &mut [Duration]) -> Duration {
    percentile(times, 50)
}

fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times[(times.len() - 1) * percent / 100]
}

fn once<T>(call: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let value = call();
    (value, start.elapsed())
}

fn line(what: &str, times: &mut [Duration], target: Option<Duration>) -> Duration {
    let (half, most) = (percentile(times, 50), percentile(times, 99));
    let verdict = match target {
        None => String::new(),
        Some(target) if most <= target => format!("   target {target:?}: met"),
        Some(target) => format!("   target {target:?}: NOT met"),
    };
    println!("  {what:<42} p50 {half:>10.2?}   p99 {most:>10.2?}{verdict}");
    half
}

fn single(what: &str, time: Duration, target: Option<Duration>) {
    let verdict = match target {
        None => String::new(),
        Some(target) if time <= target => format!("   target {target:?}: met"),
        Some(target) => format!("   target {target:?}: NOT met"),
    };
    println!("  {what:<42} {time:>14.2?}{verdict}");
}

fn choose(snapshot: &Snapshot, (caller, requirement): &(RunContext, Requirement)) -> bool {
    snapshot.choose(std::slice::from_ref(requirement), caller, OnAmbiguity::Fail)[0]
        .failure()
        .is_none()
}

fn run(services: usize, types: usize) {
    println!("\n{services} services of {types} types");
    let pools = registry::Pools::new(types);
    let records = registry::records(&pools, services);
    let catalogue = Arc::new(Catalogue::default());
    let (snapshot, built) = once(|| {
        Snapshot::build(
            1,
            records.iter().map(|record| (record, 1)),
            Arc::clone(&catalogue),
        )
    });
    single("snapshot: build", built, None);
    let (texts, others) = snapshot.memory();
    let each = others as f64 / snapshot.services() as f64;
    let verdict = if each <= 300.0 { "met" } else { "NOT met" };
    println!(
        "  {:<42} {each:>12.1} B   target 300 B: {verdict} (texts: {:.1} B)",
        "memory: a service beyond its texts",
        texts as f64 / services as f64
    );
    let image = snapshot.to_image().unwrap();
    let mut opened: Vec<Duration> = (0..5)
        .map(|_| once(|| Snapshot::from_image(&image, Arc::clone(&catalogue)).unwrap()).1)
        .collect();
    let target = match services {
        100_000 => Some(Duration::from_millis(50)),
        1_000_000 => Some(Duration::from_millis(500)),
        _ => None,
    };
    single(
        &format!("snapshot: open an image of {} MB", image.len() / 1_000_000),
        median(&mut opened),
        target,
    );
    let edited = Arc::new(records[records.len() / 2].clone());
    let change = || [(edited.name.clone(), Some((Arc::clone(&edited), 2)))];
    line(
        "snapshot: publish one edit",
        &mut measure(200, |_| snapshot.with_changes(2, change())),
        None,
    );

    let questions = registry::questions(&pools, records.len(), 2_000);
    let answered = questions
        .iter()
        .filter(|question| choose(&snapshot, question))
        .count();
    println!(
        "  {} questions, of which {answered} have one answer",
        questions.len()
    );
    let rounds = questions.len() * 10;
    let at = |index: usize| &questions[index % questions.len()];
    let target = match (services, types) {
        (10_000, _) => Some(Duration::from_micros(1)),
        (1_000_000, 50) => Some(Duration::from_micros(15)),
        _ => Some(Duration::from_micros(2)),
    };
    measure(rounds, |index| choose(&snapshot, at(index)));
    let chosen = line(
        "choose: one requirement",
        &mut measure(rounds, |index| choose(&snapshot, at(index))),
        target,
    );
    line(
        "choose: the same, each question's median",
        &mut medians(rounds, questions.len(), |index| {
            choose(&snapshot, at(index))
        }),
        target,
    );
    let after = snapshot.with_changes(2, change());
    line(
        "choose: the same after an edit",
        &mut measure(rounds, |index| choose(&after, at(index))),
        None,
    );
    kinds(&snapshot, &questions);
    outcomes(&snapshot, &questions);

    let steps: Vec<(RunContext, Vec<Requirement>)> = questions
        .chunks_exact(4)
        .map(|four| {
            (
                four[0].0.clone(),
                four.iter()
                    .map(|(_, requirement)| requirement.clone())
                    .collect(),
            )
        })
        .collect();
    let step = |index: usize| &steps[index % steps.len()];
    line(
        "choose: a step of 4 requirements",
        &mut measure(rounds / 4, |index| {
            step(index)
                .pipe(|(caller, four)| snapshot.choose(four, caller, OnAmbiguity::Fail).len())
        }),
        None,
    );
    // A step that has a binding for each; an explanation lists all candidates, however many.
    let bound: Vec<_> = questions
        .iter()
        .filter(|question| choose(&snapshot, question))
        .take(200)
        .collect();
    let resolved = line(
        "resolve: with binding and environment",
        &mut measure(bound.len() * 5, |index| {
            let (caller, requirement) = bound[index % bound.len()];
            snapshot.resolve(
                std::slice::from_ref(requirement),
                caller,
                ResolveOptions::default(),
            )
        }),
        None,
    );
    let mut listed = 0;
    let explained = line(
        "explain",
        &mut measure(bound.len(), |index| {
            let (caller, requirement) = bound[index];
            let explained =
                snapshot.explain(std::slice::from_ref(requirement), caller, OnAmbiguity::Fail);
            listed += explained[0].candidates.len();
            explained
        }),
        None,
    );
    let candidates = listed as f64 / bound.len() as f64;
    println!(
        "  {:<42} {:>12.1} x resolution, for {candidates:.0} candidates: {:.2?} each",
        "explanation: ratio",
        explained.as_secs_f64() / resolved.as_secs_f64(),
        explained.div_f64(candidates)
    );

    let rows = peers::rows(&records);
    let few = &questions[..if services > 100_000 { 40 } else { 200 }];
    let sqlite = peers::Sqlite::new(&rows);
    for (caller, requirement) in few {
        let selector = &requirement.alternatives[0].selector;
        let answer = snapshot.choose(std::slice::from_ref(requirement), caller, OnAmbiguity::Fail)
            [0]
        .names();
        assert_eq!(
            answer,
            peers::scan(&rows, selector, caller),
            "{selector:?} {caller:?}"
        );
        assert_eq!(
            answer,
            sqlite.query(selector, caller),
            "{selector:?} {caller:?}"
        );
    }
    let selector = |index: usize| {
        (
            &few[index % few.len()].1.alternatives[0].selector,
            &few[index % few.len()].0,
        )
    };
    let scanned = line(
        "peer: scan of all records in memory",
        &mut measure(few.len(), |index| {
            selector(index).pipe(|(selector, caller)| peers::scan(&rows, selector, caller))
        }),
        None,
    );
    let queried = line(
        "peer: indexed SQLite table in memory",
        &mut measure(few.len() * 3, |index| {
            selector(index).pipe(|(selector, caller)| sqlite.query(selector, caller))
        }),
        None,
    );
    let ratio = |time: Duration| time.as_secs_f64() / chosen.as_secs_f64();
    println!(
        "  median times the resolver's: scan {:.0} x, SQLite {:.0} x, same answers",
        ratio(scanned),
        ratio(queried)
    );
}

/// The choice by what comes out.
fn outcomes(snapshot: &Snapshot, questions: &[(RunContext, Requirement)]) {
    let outcome = |(caller, requirement): &(RunContext, Requirement)| match snapshot.choose(
        std::slice::from_ref(requirement),
        caller,
        OnAmbiguity::Fail,
    )[0]
    .failure()
    {
        None => "  of those: chosen",
        Some(FailureCode::Ambiguous) => "  of those: ambiguous",
        Some(_) => "  of those: failed, after a look at all",
    };
    for word in [
        "  of those: chosen",
        "  of those: ambiguous",
        "  of those: failed, after a look at all",
    ] {
        let these: Vec<_> = questions
            .iter()
            .filter(|question| outcome(question) == word)
            .collect();
        if !these.is_empty() {
            line(
                word,
                &mut measure(these.len() * 10, |index| {
                    choose(snapshot, these[index % these.len()])
                }),
                None,
            );
        }
    }
}

/// The choice by what is asked for.
fn kinds(snapshot: &Snapshot, questions: &[(RunContext, Requirement)]) {
    let kind = |requirement: &Requirement| {
        let selector = &requirement.alternatives[0].selector;
        match () {
            () if selector.extension.is_some() => "  of those: a record and its instance",
            () if selector.category.is_some() => "  of those: a category and version",
            () if selector.product.is_some() => "  of those: a product and zone",
            () if !selector.labels.is_empty() => "  of those: a type and label",
            () if selector.version.is_some() => "  of those: a type and version",
            () if selector.endpoint.is_some() => "  of those: a type and endpoint",
            () => "  of those: a type",
        }
    };
    let mut words: Vec<&str> = questions
        .iter()
        .map(|(_, requirement)| kind(requirement))
        .collect();
    words.sort_unstable();
    words.dedup();
    for word in words {
        let these: Vec<_> = questions
            .iter()
            .filter(|(_, requirement)| kind(requirement) == word)
            .collect();
        line(
            word,
            &mut measure(these.len() * 10, |index| {
                choose(snapshot, these[index % these.len()])
            }),
            None,
        );
    }
}

trait Pipe: Sized {
    fn pipe<T>(self, call: impl FnOnce(Self) -> T) -> T {
        call(self)
    }
}

impl<T> Pipe for T {}
