//! What every backend does.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use hitchpost::{
    Catalogue, FailureCode, Registry, Requirement, Resolution, RunContext, Selector, Zone,
    resolver::Value,
};
use hitchpost_registry_core::{Extension, REDACTED, Scheme, SecretValue, Version};
use hitchpost_store::{
    Action, Applied, ApplyOptions, DeleteOptions, HistoryOptions, Image, Store, StoreError,
};
use secrecy::ExposeSecret;

use crate::database::{Database, by, name, on_backends, on_every_backend, plain_tool, token, tool};

on_every_backend! {
    what_is_applied_is_read_back
    applying_again_changes_nothing
    a_record_that_is_read_can_be_written_back
    a_value_that_is_not_shown_stays
    a_set_is_applied_whole_or_not_at_all
    a_lost_update_is_refused
    concurrent_writers_lose_nothing
    pruning_deletes_the_rest
    immutable_records_need_force
    a_dry_run_says_what_would_change
    deleting
    a_reader_follows_edits_and_large_changes
    the_log_tells_who_changed_what
    a_follower_sees_changes_within_100_ms
    a_follower_notices_another_registry
    images
    many_records
}

fn actions(applied: &Applied) -> Vec<(&str, &str)> {
    let changes = applied.changes.iter();
    changes
        .map(|change| (change.name.as_str(), change.action.as_str()))
        .collect()
}

async fn what_is_applied_is_read_back(database: Database) {
    let store = database.open().await;
    assert_eq!(store.revision().await.unwrap(), 0);
    assert_eq!(store.get(&name("a")).await.unwrap(), None);
    let given = [
        tool("b", "token b"),
        tool("a", ""),
        plain_tool("c", "http://c"),
    ];
    let applied = store.apply(&given, &by("ada")).await.unwrap();
    assert_eq!(applied.revision, 1);
    assert_eq!(
        actions(&applied),
        [("b", "created"), ("a", "created"), ("c", "created")]
    );

    let other = database.open().await;
    let listing = other.list().await.unwrap();
    assert_eq!(listing.revision, 1);
    let names: Vec<&str> = listing
        .records
        .iter()
        .map(|it| it.extension.name.as_str())
        .collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert_eq!(token(&other, "b").await, "token b");
    assert_eq!(token(&other, "a").await, "");
    for record in &listing.records {
        assert_eq!(
            other.get(&record.extension.name).await.unwrap().as_ref(),
            Some(record)
        );
        let mut stored = record.extension.clone();
        let given = given
            .iter()
            .find(|given| given.name == stored.name)
            .unwrap();
        // All but the sealing is as it was given.
        for (instance, given) in stored.instances.iter_mut().zip(&given.instances) {
            instance.data_key = None;
            instance.profiles.clone_from(&given.profiles);
        }
        assert_eq!(stored, *given);
    }
}

async fn applying_again_changes_nothing(database: Database) {
    let store = database.open().await;
    let given = [
        tool("a", "token"),
        tool("b", "token"),
        plain_tool("c", "http://c"),
    ];
    store.apply(&given, &by("ada")).await.unwrap();
    let before = store.list().await.unwrap();
    let applied = database
        .open()
        .await
        .apply(&given, &by("bob"))
        .await
        .unwrap();
    assert_eq!(applied.revision, 1);
    assert!(applied.changes.iter().all(|change| {
        change.action == Action::Unchanged && change.differences.is_empty() && change.to == Some(1)
    }));
    assert_eq!(store.list().await.unwrap(), before);
    assert_eq!(
        store
            .history(&HistoryOptions::default())
            .await
            .unwrap()
            .len(),
        3
    );

    // Of a set, only what differs is written.
    let changed = [given[0].clone(), tool("b", "other")];
    let applied = store.apply(&changed, &by("bob")).await.unwrap();
    assert_eq!(actions(&applied), [("a", "unchanged"), ("b", "updated")]);
    let [a, b] =
        [0, 1].map(|index: usize| (applied.changes[index].from, applied.changes[index].to));
    assert_eq!((a, b), ((Some(1), Some(1)), (Some(1), Some(2))));
    assert_eq!(store.get(&name("a")).await.unwrap().unwrap().revision, 1);
    assert_eq!(token(&store, "b").await, "other");
}

async fn a_record_that_is_read_can_be_written_back(database: Database) {
    let store = database.open().await;
    store
        .apply(&[tool("a", "token")], &by("ada"))
        .await
        .unwrap();
    let mut read = store.get(&name("a")).await.unwrap().unwrap().extension;
    let applied = store.apply(&[read.clone()], &by("ada")).await.unwrap();
    assert_eq!(actions(&applied), [("a", "unchanged")]);
    read.description = "new".to_owned();
    let applied = store.apply(&[read], &by("ada")).await.unwrap();
    assert_eq!(actions(&applied), [("a", "updated")]);
    assert_eq!(token(&store, "a").await, "token");
}

async fn a_value_that_is_not_shown_stays(database: Database) {
    let store = database.open().await;
    store
        .apply(&[tool("a", "token")], &by("ada"))
        .await
        .unwrap();
    let stored = store.get(&name("a")).await.unwrap().unwrap().extension;
    let printed = serde_json::to_string(&stored).unwrap();
    assert!(
        printed.contains(REDACTED) && !printed.contains("token\""),
        "{printed}"
    );
    let mut edited: Extension = serde_json::from_str(&printed).unwrap();
    edited.labels.clear();
    store.apply(&[edited], &by("ada")).await.unwrap();
    assert_eq!(token(&store, "a").await, "token");

    let error = store
        .apply(&[tool("new", REDACTED)], &by("ada"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "no-stored-secret");
    assert_eq!(
        error.to_string(),
        "cannot seal the secrets of `new`: `new/main/team/MLFLOW_TRACKING_TOKEN` has no stored \
         value to keep, and the record shows none"
    );
}

async fn a_set_is_applied_whole_or_not_at_all(database: Database) {
    let store = database.open().await;
    store
        .apply(&[tool("a", "token")], &by("ada"))
        .await
        .unwrap();
    let before = store.list().await.unwrap();
    let set = [
        tool("a", "changed"),
        tool("b", "token"),
        tool("c", REDACTED),
    ];
    let error = store.apply(&set, &by("ada")).await.unwrap_err();
    assert_eq!(error.code(), "no-stored-secret");
    let twice = [tool("b", "token"), tool("b", "token")];
    let error = store.apply(&twice, &by("ada")).await.unwrap_err();
    assert_eq!(error.code(), "duplicate-name");
    assert_eq!(store.list().await.unwrap(), before);
}

async fn a_lost_update_is_refused(database: Database) {
    let store = database.open().await;
    let expecting = |revision: u64| ApplyOptions {
        expect: [(name("a"), revision)].into(),
        ..by("ada")
    };
    let error = store
        .apply(&[tool("a", "one")], &expecting(1))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "conflict");
    assert_eq!(
        error.to_string(),
        "`a` does not exist, and revision 1 was expected"
    );
    store
        .apply(&[tool("a", "one")], &expecting(0))
        .await
        .unwrap();
    let error = store
        .apply(&[tool("a", "two")], &expecting(0))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "`a` is at revision 1, and revision 0 was expected"
    );
    store
        .apply(&[tool("a", "two")], &expecting(1))
        .await
        .unwrap();
    let error = store
        .apply(&[tool("a", "three")], &expecting(1))
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        StoreError::Conflict {
            expected: 1,
            found: Some(2),
            ..
        }
    ));
    assert_eq!(token(&store, "a").await, "two");
    // The condition is about a record, not about the registry.
    store.apply(&[tool("b", "one")], &by("ada")).await.unwrap();
    store
        .apply(&[tool("a", "three")], &expecting(2))
        .await
        .unwrap();
    let deleting = |expect| DeleteOptions {
        expect,
        ..DeleteOptions::default()
    };
    let error = store
        .delete(&[name("a")], &deleting(Some(2)))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "conflict");
    store
        .delete(&[name("a")], &deleting(Some(4)))
        .await
        .unwrap();
}

async fn concurrent_writers_lose_nothing(database: Database) {
    const WRITERS: usize = 4;
    const EACH: usize = 8;
    let store = database.open().await;
    store
        .apply(&[tool("counter", "token")], &by("ada"))
        .await
        .unwrap();
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let store = database.open().await;
        writers.push(tokio::spawn(async move {
            for step in 0..EACH {
                while !count(&store, &format!("{writer}.{step}")).await {}
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let counter = store.get(&name("counter")).await.unwrap().unwrap();
    let words: Vec<&str> = counter.extension.description.split(' ').collect();
    for writer in 0..WRITERS {
        for step in 0..EACH {
            assert!(
                words.contains(&format!("{writer}.{step}").as_str()),
                "{words:?}"
            );
        }
    }
    assert_eq!(counter.revision, 1 + (WRITERS * EACH) as u64);
    assert_eq!(store.revision().await.unwrap(), counter.revision);
    assert_eq!(token(&store, "counter").await, "token");
}

/// Adds a word to the counter's description unless another writer comes between.
async fn count(store: &Store, word: &str) -> bool {
    let stored = store.get(&name("counter")).await.unwrap().unwrap();
    let mut record = stored.extension;
    record.description = format!("{} {word}", record.description);
    let expect = [(record.name.clone(), stored.revision)].into();
    match store
        .apply(
            &[record],
            &ApplyOptions {
                expect,
                ..by("writer")
            },
        )
        .await
    {
        Ok(_) => true,
        Err(StoreError::Conflict { .. }) => false,
        Err(error) => panic!("{error}"),
    }
}

async fn pruning_deletes_the_rest(database: Database) {
    let store = database.open().await;
    let mut built_in = plain_tool("built-in", "http://built-in");
    built_in.immutable = true;
    let all = [
        tool("a", "token"),
        tool("b", "token"),
        tool("c", "token"),
        built_in,
    ];
    store.apply(&all, &by("ada")).await.unwrap();
    let pruning = ApplyOptions {
        prune: true,
        ..by("ada")
    };
    let kept = [tool("b", "changed"), tool("d", "token")];
    let applied = store.apply(&kept, &pruning).await.unwrap();
    assert_eq!(applied.revision, 2);
    assert_eq!(
        actions(&applied),
        [
            ("b", "updated"),
            ("d", "created"),
            ("a", "deleted"),
            ("c", "deleted")
        ]
    );
    let names = |listing: hitchpost_store::Listing| -> Vec<String> {
        let records = listing.records.into_iter();
        records
            .map(|record| record.extension.name.to_string())
            .collect()
    };
    assert_eq!(names(store.list().await.unwrap()), ["b", "built-in", "d"]);
    let again = store.apply(&kept, &pruning).await.unwrap();
    assert_eq!(again.revision, 2);
    let forcing = ApplyOptions {
        force: true,
        ..pruning.clone()
    };
    store.apply(&[], &forcing).await.unwrap();
    assert_eq!(names(store.list().await.unwrap()), [""; 0]);
    // A record that comes back starts anew: nothing of the old one is left to keep.
    let error = store
        .apply(&[tool("b", REDACTED)], &by("ada"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "no-stored-secret");
}

async fn immutable_records_need_force(database: Database) {
    let store = database.open().await;
    let mut record = tool("a", "token");
    record.immutable = true;
    store.apply(&[record.clone()], &by("ada")).await.unwrap();
    store.apply(&[record.clone()], &by("ada")).await.unwrap();
    for changed in [
        tool("a", "token"),
        Extension {
            description: "new".into(),
            ..record.clone()
        },
    ] {
        let error = store.apply(&[changed], &by("ada")).await.unwrap_err();
        assert_eq!(
            (error.code(), error.to_string().as_str()),
            ("immutable", "`a` is immutable")
        );
    }
    let deleting = DeleteOptions::default();
    let error = store.delete(&[name("a")], &deleting).await.unwrap_err();
    assert_eq!(error.code(), "immutable");
    record.description = "forced".into();
    let forcing = ApplyOptions {
        force: true,
        ..by("ada")
    };
    store.apply(&[record], &forcing).await.unwrap();
    let deleting = DeleteOptions {
        force: true,
        ..deleting
    };
    store.delete(&[name("a")], &deleting).await.unwrap();
}

async fn a_dry_run_says_what_would_change(database: Database) {
    let store = database.open().await;
    let dry = ApplyOptions {
        dry_run: true,
        prune: true,
        ..by("ada")
    };
    let applied = store.apply(&[tool("a", "token")], &dry).await.unwrap();
    assert_eq!(
        (applied.revision, actions(&applied)),
        (1, vec![("a", "created")])
    );
    assert_eq!(store.revision().await.unwrap(), 0);
    assert!(
        !database.keys.path().join("key").exists(),
        "a dry run makes no key"
    );

    store
        .apply(&[tool("a", "token"), tool("b", "token")], &by("ada"))
        .await
        .unwrap();
    let before = store.list().await.unwrap();
    let mut changed = tool("a", "other token");
    changed.description = String::new();
    changed.labels.insert(name("tier"), "silver".into());
    changed.configuration[0].name = "ZONE".into();
    let instance = &mut changed.instances[0];
    instance.version = Some(Version::parse("2.11", Some(Scheme::Pep440)).unwrap());
    instance.admission.projects.pop();
    instance.services[0].endpoints.swap(0, 1);
    instance.services[0].endpoints[1].url = Some("https://new".into());
    let added = SecretValue::from_text("added");
    let mut entry = instance.profiles[0].configuration[0].clone();
    entry.name = "ADDED/KEY".into();
    entry.value = added;
    instance.profiles[0].configuration.push(entry);
    changed.instances.pop();

    let applied = store.apply(&[changed], &dry).await.unwrap();
    assert_eq!(actions(&applied), [("a", "updated"), ("b", "deleted")]);
    let differences: Vec<String> = applied.changes[0]
        .differences
        .iter()
        .map(|it| format!("{}: {:?} -> {:?}", it.path, it.before, it.after))
        .collect();
    let first = "/instances/main";
    let expected = [
        "/description: Some(\"A tool named a\") -> None".to_owned(),
        "/labels/tier: Some(\"gold\") -> Some(\"silver\")".into(),
        "/configuration/REGION: Some(\"eu\") -> None".into(),
        "/configuration/ZONE: None -> Some(\"eu\")".into(),
        format!("{first}/version: Some(\"v2.10\") -> Some(\"2.11\")"),
        format!(r#"{first}/projects: Some("[\"alpha\",\"beta\"]") -> Some("[\"alpha\"]")"#),
        format!(
            r#"{first}/services/tracking/endpoints: Some("public, inner") -> Some("inner, public")"#
        ),
        format!(
            r#"{first}/services/tracking/endpoints/public/url: Some("https://a.example.org") -> Some("https://new")"#
        ),
        format!("{first}/profiles/team/configuration/ADDED~1KEY: None -> Some(\"[REDACTED]\")"),
    ];
    assert_eq!(differences[..expected.len()], expected);
    let rest = &differences[expected.len()..];
    let (last, removed) = rest.split_last().unwrap();
    assert!(
        removed.iter().all(|it| it.starts_with("/instances/old/")),
        "{removed:?}"
    );
    assert!(
        removed.iter().all(|it| it.ends_with(" -> None")),
        "{removed:?}"
    );
    assert_eq!(
        *last,
        format!(
            "{first}/profiles/team/configuration/MLFLOW_TRACKING_TOKEN: \
             Some(\"[REDACTED]\") -> Some(\"[REDACTED]\")"
        )
    );
    assert_eq!(store.list().await.unwrap(), before);
}

async fn deleting(database: Database) {
    let store = database.open().await;
    store
        .apply(&[tool("a", "token"), tool("b", "token")], &by("ada"))
        .await
        .unwrap();
    let options = DeleteOptions {
        who: "bob".to_owned(),
        ..DeleteOptions::default()
    };
    let applied = store.delete(&[name("a")], &options).await.unwrap();
    assert_eq!(
        (applied.revision, actions(&applied)),
        (2, vec![("a", "deleted")])
    );
    assert_eq!(database.open().await.get(&name("a")).await.unwrap(), None);
    assert_eq!(token(&store, "b").await, "token");
    let error = store.delete(&[name("a")], &options).await.unwrap_err();
    assert_eq!(
        (error.code(), error.to_string().as_str()),
        ("not-found", "there is no record `a`")
    );
    // All or none.
    let both = [name("b"), name("a")];
    let error = store.delete(&both, &options).await.unwrap_err();
    assert_eq!(error.code(), "not-found");
    assert_eq!(token(&store, "b").await, "token");
    assert_eq!(store.revision().await.unwrap(), 2);
    store
        .apply(&[tool("a", "again")], &by("ada"))
        .await
        .unwrap();
    let applied = store.delete(&both, &options).await.unwrap();
    assert_eq!(
        (applied.revision, actions(&applied)),
        (4, vec![("a", "deleted"), ("b", "deleted")])
    );
}

async fn a_reader_follows_edits_and_large_changes(database: Database) {
    let writer = database.open().await;
    writer
        .apply(&[tool("a", "first")], &by("ada"))
        .await
        .unwrap();
    let catalogue = Arc::new(Catalogue::builtin().clone());
    let other = database.open().await;
    let reader = other.reader(Arc::clone(&catalogue)).await.unwrap();
    assert_eq!(bound_token(&reader.current(), "a"), "first");

    writer
        .apply(&[tool("a", "second")], &by("ada"))
        .await
        .unwrap();
    assert_eq!(bound_token(&reader.current(), "a"), "first");
    assert_eq!(bound_token(&reader.refresh().await.unwrap(), "a"), "second");

    // Far more than an overlay is for: indexed anew, and kept as an image.
    let many: Vec<Extension> = (0..1_200)
        .map(|number| tool(&format!("n{number}"), "many"))
        .collect();
    writer.apply(&many, &by("ada")).await.unwrap();
    let registry = reader.refresh().await.unwrap();
    assert_eq!(registry.snapshot().changed(), 0);
    assert_eq!(bound_token(&registry, "n77"), "many");
    let image = other.read_image().await.unwrap().unwrap();
    assert_eq!(image.revision, registry.snapshot().revision());

    // Opened from the image, with what changed since on top.
    writer
        .delete(&[name("n77")], &DeleteOptions::default())
        .await
        .unwrap();
    let opened = database.open().await.reader(catalogue).await.unwrap();
    assert_eq!(opened.current().snapshot().changed(), 1);
    assert_eq!(bound_token(&opened.current(), "n78"), "many");
    let gone = resolved(&opened.current(), "n77");
    assert_eq!(gone.failures[0].code, FailureCode::Absent);
}

fn resolved(registry: &Registry, record: &str) -> Resolution {
    let tracking = |selector: &mut Selector| selector.service = Some(name("tracking"));
    let needs = [Requirement::extension(name(record)).each(tracking)];
    registry.resolve(
        &needs,
        &RunContext::new(Zone::Unknown).project(name("alpha")),
    )
}

fn bound_token(registry: &Registry, record: &str) -> String {
    let resolution = resolved(registry, record);
    let binding = &resolution.bindings[0];
    let Some(Value::Secret(secret)) = binding.get("MLFLOW_TRACKING_TOKEN") else {
        panic!("{:?}", binding.configuration);
    };
    let opened = registry.reveal(secret).unwrap();
    opened.expose_secret().to_owned()
}

async fn the_log_tells_who_changed_what(database: Database) {
    let store = database.open().await;
    store
        .apply(&[tool("a", "first secret"), tool("b", "token")], &by("ada"))
        .await
        .unwrap();
    store
        .apply(
            &[tool("a", "second secret"), tool("b", "token")],
            &by("bob"),
        )
        .await
        .unwrap();
    let options = DeleteOptions {
        who: "eve".to_owned(),
        ..DeleteOptions::default()
    };
    store.delete(&[name("b")], &options).await.unwrap();

    let log = store.history(&HistoryOptions::default()).await.unwrap();
    let told: Vec<_> = log
        .iter()
        .map(|it| {
            let extension = it.extension.as_ref().unwrap().as_str();
            (
                it.revision,
                it.who.as_str(),
                it.action.as_str(),
                extension,
                it.from,
                it.to,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (3, "eve", "deleted", "b", Some(1), None),
            (2, "bob", "updated", "a", Some(1), Some(2)),
            (1, "ada", "created", "a", None, Some(1)),
            (1, "ada", "created", "b", None, Some(1)),
        ]
    );
    assert_eq!(log[1].differences.len(), 1);
    assert_eq!(log[1].differences[0].after.as_deref(), Some(REDACTED));
    let shown = format!("{log:?} {}", serde_json::to_string(&log).unwrap());
    assert!(!shown.contains("secret\""), "{shown}");

    let of_b = HistoryOptions {
        extension: Some(name("b")),
        limit: None,
    };
    let revisions = |log: Vec<hitchpost_store::LogEntry>| -> Vec<u64> {
        log.iter().map(|entry| entry.revision).collect()
    };
    assert_eq!(revisions(store.history(&of_b).await.unwrap()), [3, 1]);
    let last = HistoryOptions {
        limit: Some(2),
        ..HistoryOptions::default()
    };
    assert_eq!(revisions(store.history(&last).await.unwrap()), [3, 2]);
}

async fn a_follower_sees_changes_within_100_ms(database: Database) {
    let [writing, reading] = [database.open().await, database.open().await];
    writing
        .apply(&[tool("a", "token"), tool("b", "token")], &by("ada"))
        .await
        .unwrap();
    let mut follower = reading.follow(0).await;
    let first = follower.next().await.unwrap();
    assert_eq!((first.revision, first.changes.len()), (1, 2));

    let mut delays = Vec::new();
    for round in 0..9 {
        let write = async {
            tokio::time::sleep(Duration::from_millis(15)).await;
            writing
                .apply(&[tool("a", &round.to_string())], &by("ada"))
                .await
                .unwrap();
            Instant::now()
        };
        let follow = async {
            let update = follower.next().await.unwrap();
            (update, Instant::now())
        };
        let (written, (update, seen)) = tokio::join!(write, follow);
        delays.push(seen.saturating_duration_since(written));
        let changes: Vec<_> = update.changes.into_iter().collect();
        let [(changed, Some(record))] = changes.as_slice() else {
            panic!("{changes:?}");
        };
        assert_eq!((changed.as_str(), record.revision), ("a", update.revision));
        assert_eq!(token(&reading, "a").await, round.to_string());
    }
    delays.sort();
    // The median: other programs on the machine may take a processor for longer than that.
    assert!(delays[4] <= Duration::from_millis(100), "{delays:?}");

    // Changes that came together are told together, and deletions too.
    writing
        .apply(&[tool("b", "new"), tool("c", "token")], &by("ada"))
        .await
        .unwrap();
    writing
        .delete(&[name("a")], &DeleteOptions::default())
        .await
        .unwrap();
    let mut changes = follower.next().await.unwrap().changes;
    while changes.len() < 3 {
        changes.extend(follower.next().await.unwrap().changes);
    }
    let told: Vec<(&str, bool)> = changes
        .iter()
        .map(|(name, record)| (name.as_str(), record.is_some()))
        .collect();
    assert_eq!(told, [("a", false), ("b", true), ("c", true)]);
    // Nothing more to tell.
    let more = tokio::time::timeout(Duration::from_millis(200), follower.next()).await;
    assert!(more.is_err(), "{more:?}");
}

async fn a_follower_notices_another_registry(database: Database) {
    let store = database.open().await;
    store
        .apply(&[tool("a", "token")], &by("ada"))
        .await
        .unwrap();
    let mut ahead = store.follow(2).await;
    let error = ahead.next().await.unwrap_err();
    assert_eq!(error.code(), "replaced");
}

async fn images(database: Database) {
    let store = database.open().await;
    assert_eq!(store.read_image().await.unwrap(), None);
    let image = |revision, length: usize| Image {
        revision,
        bytes: (0..length).map(|byte| (byte % 251) as u8).collect(),
    };
    // More than two parts, the last one not full.
    let large = image(3, 20 << 20);
    store.write_image(&large).await.unwrap();
    assert!(database.open().await.read_image().await.unwrap().unwrap() == large);
    store.write_image(&image(2, 10)).await.unwrap();
    store.write_image(&image(3, 10)).await.unwrap();
    assert_eq!(
        store.read_image().await.unwrap().unwrap().bytes.len(),
        20 << 20
    );
    store.write_image(&image(4, 10)).await.unwrap();
    assert_eq!(store.read_image().await.unwrap(), Some(image(4, 10)));
    assert_eq!(store.revision().await.unwrap(), 0);
}

async fn many_records(database: Database) {
    const COUNT: usize = 2_100;
    let store = database.open().await;
    let template = tool("template", "token");
    let records: Vec<Extension> = (0..COUNT)
        .map(|number| Extension {
            name: name(&format!("tool-{number:05}")),
            ..template.clone()
        })
        .collect();
    store.apply(&records, &by("ada")).await.unwrap();
    let listing = store.list().await.unwrap();
    assert_eq!(listing.records.len(), COUNT);
    assert_eq!(token(&store, "tool-02099").await, "token");
    let update = store.changes_since(0).await.unwrap();
    assert_eq!(update.changes.len(), COUNT);
    assert!(update.changes.into_values().flatten().eq(listing.records));
    let applied = store.apply(&records, &by("ada")).await.unwrap();
    assert_eq!(applied.revision, 1);
    let pruning = ApplyOptions {
        prune: true,
        ..by("ada")
    };
    let applied = store.apply(&records[..1], &pruning).await.unwrap();
    assert_eq!(applied.changes.len(), COUNT);
    assert_eq!(store.list().await.unwrap().records.len(), 1);
}
