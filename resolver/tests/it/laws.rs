//! What holds for every registry, caller and step.

use std::sync::Arc;

use hitchpost_registry_core::{Catalogue, Extension, Instance};
use hitchpost_resolver::{
    Binding, Explanation, ImageError, OnAmbiguity, OriginKind, Requirement, ResolveOptions,
    RunContext, Secret, Snapshot, Value, Verdict,
};
use secrecy::ExposeSecret;

use crate::{
    generate::{Rng, caller, cases, extension, on_ambiguity, records, requirements},
    oracle::{admits, applicable, is_expired},
    snapshot,
};

/// Everything that can be asked of a snapshot, as text.
fn answers(
    snapshot: &Snapshot,
    requirements: &[Requirement],
    caller: &RunContext,
    on_ambiguity: OnAmbiguity,
) -> String {
    let options = ResolveOptions {
        on_ambiguity,
        ..ResolveOptions::default()
    };
    let resolution =
        serde_json::to_string_pretty(&snapshot.resolve(requirements, caller, options)).unwrap();
    let explanations =
        serde_json::to_string_pretty(&snapshot.explain(requirements, caller, on_ambiguity))
            .unwrap();
    format!("{resolution}\n{explanations}")
}

#[track_caller]
fn each(default: u64, mut check: impl FnMut(&mut Rng, Vec<Extension>)) {
    for seed in 0..cases(default) {
        let mut rng = Rng::new(seed);
        let records = records(&mut rng);
        check(&mut rng, records);
    }
}

fn shuffle(rng: &mut Rng, records: &mut [Extension]) {
    rng.shuffle(records);
    for instance in records.iter_mut().flat_map(|record| &mut record.instances) {
        rng.shuffle(&mut instance.profiles);
        rng.shuffle(&mut instance.services);
        for service in &mut instance.services {
            rng.shuffle(&mut service.endpoints);
            rng.shuffle(&mut service.profiles);
        }
    }
    for record in records {
        rng.shuffle(&mut record.instances);
    }
}

#[test]
fn the_order_of_records_and_their_parts_is_irrelevant() {
    each(500, |rng, mut records| {
        let (requirements, caller, on_ambiguity) =
            (requirements(rng), caller(rng), on_ambiguity(rng));
        let before = answers(&snapshot(&records), &requirements, &caller, on_ambiguity);
        shuffle(rng, &mut records);
        let after = answers(&snapshot(&records), &requirements, &caller, on_ambiguity);
        assert_eq!(before, after, "{requirements:?}\n{caller:?}");
    });
}

#[test]
fn an_instance_that_offers_nothing_eligible_may_as_well_be_absent() {
    let mut removed = 0;
    each(1_000, |rng, records| {
        let (requirements, caller, on_ambiguity) =
            (requirements(rng), caller(rng), on_ambiguity(rng));
        let options = ResolveOptions {
            on_ambiguity,
            ..ResolveOptions::default()
        };
        let whole = snapshot(&records);
        let bindings = whole.resolve(&requirements, &caller, options).bindings;
        let explanations = whole.explain(&requirements, &caller, on_ambiguity);
        let is_eligible = |extension: &Extension, instance: &Instance| {
            explanations
                .iter()
                .flat_map(|one| &one.candidates)
                .any(|one| {
                    one.extension == extension.name
                        && one.instance == instance.name
                        && !matches!(one.verdict, Verdict::Rejected { .. })
                })
        };
        let mut fewer = records.clone();
        for extension in &mut fewer {
            let whole = extension.clone();
            extension
                .instances
                .retain(|instance| is_eligible(&whole, instance));
            removed += whole.instances.len() - extension.instances.len();
        }
        let after = snapshot(&fewer)
            .resolve(&requirements, &caller, options)
            .bindings;
        assert_eq!(bindings, after, "{requirements:?}\n{caller:?}\n{records:?}");
    });
    assert!(removed > 500);
}

#[test]
fn changes_over_a_base_answer_as_a_snapshot_built_anew() {
    each(500, |rng, records| {
        let catalogue = Arc::new(Catalogue::default());
        // Some records are new, some were other ones before, some others are deleted.
        let mut before: Vec<Extension> = Vec::new();
        for record in &records {
            match rng.below(3) {
                0 => {}
                1 => before.push(record.clone()),
                _ => before.push(extension(rng, record.name.clone())),
            }
        }
        let deleted = crate::name("deleted");
        before.push(extension(rng, deleted.clone()));
        let mut present = Snapshot::build(
            1,
            before.iter().map(|record| (record, 1)),
            Arc::clone(&catalogue),
        );
        let mut changes: Vec<_> = records
            .iter()
            .map(|record| (record.name.clone(), Some((Arc::new(record.clone()), 1))))
            .collect();
        changes.push((deleted, None));
        rng.shuffle(&mut changes);
        for (revision, change) in (2..).zip(changes) {
            present = present.with_changes(revision, [change]);
        }
        let (requirements, caller, on_ambiguity) =
            (requirements(rng), caller(rng), on_ambiguity(rng));
        let anew = Snapshot::build(
            present.revision(),
            records.iter().map(|record| (record, 1)),
            catalogue,
        );
        assert_eq!(
            answers(&present, &requirements, &caller, on_ambiguity),
            answers(&anew, &requirements, &caller, on_ambiguity),
            "{requirements:?}\n{caller:?}\n{records:?}"
        );
        assert_eq!(present.to_image(), None);
    });
}

#[test]
fn an_image_answers_as_what_it_was_made_of() {
    each(500, |rng, records| {
        let original = snapshot(&records);
        let image = original.to_image().unwrap();
        let read = Snapshot::from_image(&image, Arc::new(Catalogue::default())).unwrap();
        assert_eq!(read.to_image().unwrap(), image);
        assert_eq!(
            (read.revision(), read.services()),
            (original.revision(), original.services())
        );
        let (requirements, caller, on_ambiguity) =
            (requirements(rng), caller(rng), on_ambiguity(rng));
        assert_eq!(
            answers(&read, &requirements, &caller, on_ambiguity),
            answers(&original, &requirements, &caller, on_ambiguity)
        );
    });
}

#[test]
fn a_damaged_image_is_refused() {
    let catalogue = Arc::new(Catalogue::default());
    let open = |image: &[u8]| Snapshot::from_image(image, Arc::clone(&catalogue));
    for seed in 0..3 {
        let mut image = snapshot(&records(&mut Rng::new(seed))).to_image().unwrap();
        for length in 0..image.len() {
            assert!(open(&image[..length]).is_err(), "cut to {length}");
        }
        for byte in 0..image.len() {
            let bit = 1 << (byte % 8);
            image[byte] ^= bit;
            assert!(open(&image).is_err(), "byte {byte}");
            image[byte] ^= bit;
        }
        image.push(0);
        assert_eq!(open(&image).unwrap_err(), ImageError::Damaged);
    }
    assert_eq!(
        open(b"{\"revision\": 7}  ").unwrap_err(),
        ImageError::Format
    );
}

/// What a caller may receive, restated on the records: the values of this profile, in this binding.
fn may_receive(
    records: &[Extension],
    caller: &RunContext,
    binding: &Binding,
    profile: &str,
) -> bool {
    let record = records
        .iter()
        .find(|record| record.name == binding.extension)
        .unwrap();
    let instance = record
        .instances
        .iter()
        .find(|instance| instance.name == binding.instance)
        .unwrap();
    let service = instance
        .services
        .iter()
        .find(|service| service.name == binding.service)
        .unwrap();
    let endpoint = binding.endpoint.as_ref().map(|bound| {
        service
            .endpoints
            .iter()
            .find(|one| one.name == bound.name)
            .unwrap()
    });
    admits(&instance.admission, caller)
        && applicable(instance, service, endpoint).iter().any(|one| {
            one.name == *profile && admits(&one.admission, caller) && !is_expired(one, caller)
        })
}

#[test]
fn nobody_receives_a_value_of_a_profile_that_does_not_admit_them() {
    const CALLERS: u64 = 64;
    let mut received = 0_u64;
    for seed in 0..cases(40_000).div_ceil(CALLERS) {
        let mut rng = Rng::new(seed);
        let records = records(&mut rng);
        let snapshot = snapshot(&records);
        let steps: Vec<_> = (0..8).map(|_| requirements(&mut rng)).collect();
        for index in 0..CALLERS {
            let step = &steps[usize::try_from(index).unwrap() % steps.len()];
            let caller = caller(&mut rng);
            let options = ResolveOptions {
                on_ambiguity: OnAmbiguity::First,
                ..ResolveOptions::default()
            };
            for binding in snapshot.resolve(step, &caller, options).bindings {
                for entry in &binding.configuration {
                    let Value::Secret(Secret::Plain(value)) = &entry.value else {
                        continue;
                    };
                    let place = format!(
                        "SECRET {}/{}/{}",
                        binding.extension, binding.instance, entry.origin.name
                    );
                    assert_eq!(value.expose_secret(), place);
                    assert_eq!(
                        (entry.origin.kind, binding.profile.as_ref()),
                        (OriginKind::Profile, Some(&entry.origin.name))
                    );
                    assert!(
                        may_receive(&records, &caller, &binding, entry.origin.name.as_str()),
                        "seed {seed}: {place}\n{caller:?}\n{step:?}\n{records:?}"
                    );
                    received += 1;
                }
            }
        }
    }
    assert!(received > 1_000, "{received}");
}

#[test]
fn an_explanation_agrees_with_the_choice_and_names_nothing_hidden_or_secret() {
    each(2_000, |rng, records| {
        let (requirements, caller, on_ambiguity) =
            (requirements(rng), caller(rng), on_ambiguity(rng));
        let snapshot = snapshot(&records);
        let choices = snapshot.choose(&requirements, &caller, on_ambiguity);
        let explanations = snapshot.explain(&requirements, &caller, on_ambiguity);
        for (choice, explanation) in choices.iter().zip(&explanations) {
            assert_eq!(choice.failure(), explanation.code);
            let chosen = explanation
                .candidates
                .iter()
                .filter(|one| one.verdict == Verdict::Chosen);
            let chosen: Vec<_> = chosen
                .map(|one| {
                    (
                        one.extension.as_str(),
                        one.instance.as_str(),
                        one.service.as_str(),
                    )
                })
                .collect();
            assert_eq!(
                chosen,
                choice.names().into_iter().collect::<Vec<_>>(),
                "{explanation:#?}\n{records:?}"
            );
            for one in &explanation.candidates {
                let record = records
                    .iter()
                    .find(|record| record.name == one.extension)
                    .unwrap();
                let instance = record
                    .instances
                    .iter()
                    .find(|instance| instance.name == one.instance)
                    .unwrap();
                assert!(admits(&instance.admission, &caller), "{explanation:#?}");
            }
            let ambiguous = explanation.code == Some(hitchpost_resolver::FailureCode::Ambiguous);
            let tied = explanation
                .candidates
                .iter()
                .filter(|one| one.verdict == Verdict::Tied)
                .count();
            assert!(
                !ambiguous || tied > 0 || is_grouped(&requirements, explanation),
                "{explanation:#?}\n{requirements:#?}\n{caller:?}\n{records:?}"
            );
            assert!(
                !explanation.message.is_empty()
                    && explanation
                        .candidates
                        .iter()
                        .all(|one| !one.message.is_empty())
            );
        }
        assert!(!answers(&snapshot, &requirements, &caller, on_ambiguity).contains("SECRET"));
    });
}

/// Whether the requirement shares its instance with others, which may be what is ambiguous.
fn is_grouped(requirements: &[Requirement], explanation: &Explanation) -> bool {
    let own = requirements
        .iter()
        .find(|one| one.name == explanation.name)
        .unwrap();
    own.same_instance_as.is_some()
        || requirements
            .iter()
            .any(|one| one.same_instance_as.as_ref() == Some(&own.name))
}
