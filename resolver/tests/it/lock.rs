//! Pins, and how they differ from what is chosen later.

use hitchpost_resolver::{
    Drift, DriftKind, Lock, LockError, NO_STEP, Resolution, parse_requirements,
};

use crate::bound::resolve;

const STORES: &str = "
name: stores
product: minio
instances:
  - name: main
    location: local
    services:
      - name: models
        service: s3
        auth: none
        endpoints:
          - { name: near, type: internal, url: 'http://models:9000' }
";

fn stored(requirements: &str, records: &str) -> Resolution {
    let resolution = resolve(
        records,
        &parse_requirements("needs", requirements.as_bytes()).unwrap(),
        &[],
    );
    assert!(resolution.is_complete(), "{:?}", resolution.failures);
    resolution
}

#[test]
fn a_lock_is_ordered_json_without_values() {
    let resolution = stored("[{name: b, service: s3}, {name: a, service: s3}]", STORES);
    let lock = Lock::of("trainer", &resolution);
    insta::assert_snapshot!(lock, @r#"
    {
      "version": 1,
      "steps": {
        "trainer": {
          "a": {
            "extension": "stores",
            "instance": "main",
            "service": "models",
            "endpoint": "near",
            "profile": null,
            "revision": 7
          },
          "b": {
            "extension": "stores",
            "instance": "main",
            "service": "models",
            "endpoint": "near",
            "profile": null,
            "revision": 7
          }
        }
      }
    }
    "#);
    assert_eq!(Lock::parse(&lock.to_string()), Ok(lock));
}

#[test]
fn each_kind_of_drift_is_told() {
    let before = stored(
        "[{name: kept, service: s3}, {name: gone, service: s3}]",
        STORES,
    );
    let mut lock = Lock::of("trainer", &before);
    assert_eq!(lock.check("trainer", &before), Ok(()));

    let moved = STORES
        .replace("name: main", "name: other")
        .replace("near", "nearer");
    let now = stored(
        "[{name: kept, service: s3}, {name: added, service: s3}]",
        &moved,
    );
    let drift = lock.check("trainer", &now).unwrap_err();
    let told: Vec<String> = drift
        .iter()
        .map(|drift| format!("{}: {drift}", drift.kind.code()))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @"
    unlocked: `added` of step `trainer` is not locked; it is now `stores/other/models` through `nearer` at revision 7
    gone: `gone` of step `trainer` is no longer bound; it was `stores/main/models` through `near` at revision 7
    moved: `kept` of step `trainer` has another instance: `main` became `other`, endpoint: `near` became `nearer`
    ");
    insta::assert_json_snapshot!(drift[2], @r#"
    {
      "step": "trainer",
      "name": "kept",
      "code": "moved",
      "locked": {
        "extension": "stores",
        "instance": "main",
        "service": "models",
        "endpoint": "near",
        "profile": null,
        "revision": 7
      },
      "found": {
        "extension": "stores",
        "instance": "other",
        "service": "models",
        "endpoint": "nearer",
        "profile": null,
        "revision": 7
      }
    }
    "#);

    assert_eq!(lock.update("trainer", &now), drift);
    assert_eq!(lock.update("trainer", &now), []);
    assert_eq!(lock.check("trainer", &now), Ok(()));
}

#[test]
fn a_changed_record_is_drift_though_the_choice_is_the_same() {
    let mut resolution = stored("[{name: storage, service: s3}]", STORES);
    let lock = Lock::of(NO_STEP, &resolution);
    resolution.bindings[0].pin.revision = 9;
    let drift = lock.check(NO_STEP, &resolution).unwrap_err();
    assert!(matches!(
        &drift[..],
        [Drift {
            kind: DriftKind::Revised {
                locked: 7,
                found: 9,
                ..
            },
            ..
        }]
    ));
    insta::assert_snapshot!(drift[0], @"`storage` is bound to `stores`, which was changed: revision 7 became 9");
}

#[test]
fn a_step_that_was_never_locked_has_drifted() {
    let resolution = stored("[{name: storage, service: s3}]", STORES);
    let mut lock = Lock::of("trainer", &resolution);
    assert!(lock.check("predictor", &resolution).is_err());
    lock.update("predictor", &resolution);
    lock.retain(|step| step == "predictor");
    assert_eq!(lock.steps().collect::<Vec<_>>(), ["predictor"]);
}

#[test]
fn what_is_no_lock_is_refused() {
    let cases = [
        (
            "",
            "line 1, column 0 of the lock: EOF while parsing a value",
        ),
        (
            r#"{"version": 2, "steps": {}, "more": 1}"#,
            "the lock has version 2, and only 1 is known",
        ),
        (
            r#"{"version": 1, "steps": {}, "more": 1}"#,
            "line 1, column 34 of the lock: unknown field `more`, expected `version` or `steps`",
        ),
        (
            r#"{"version": 1}"#,
            "line 1, column 14 of the lock: missing field `steps`",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(
            Lock::parse(text).unwrap_err().to_string(),
            message,
            "{text}"
        );
    }
    assert_eq!(
        Lock::parse(r#"{"version": 2}"#),
        Err(LockError::Version { found: 2 })
    );
}
