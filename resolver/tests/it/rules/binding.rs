//! What a binding carries, and the documented JSON.

use hitchpost_resolver::{Resolution, Secret, Value};
use secrecy::{ExposeSecret, SecretString};

use crate::scenario::Scenario;

/// Every part of the record states `level` and one key of its own.
fn registry() -> Scenario {
    Scenario::new(
        "
name: minio
product: minio
configuration: [{ name: level, value: extension }, { name: of-extension, value: 1 }, { name: shared, value: extension }]
instances:
  - name: one
    version: 4.1.3
    location: eu
    configuration: [{ name: level, value: instance }, { name: of-instance, value: 2 }, { name: shared, value: instance }]
    services:
      - name: store
        service: s3
        configuration: [{ name: level, value: service }, { name: of-service, value: 3 }]
        endpoints:
          - { name: in, url: http://minio:9000, type: internal, configuration: [{ name: level, value: inside }] }
          - name: out
            url: https://s3.example.com
            configuration: [{ name: level, value: endpoint }, { name: of-endpoint, value: 4 }, { name: ca, value: ref+file:///ca.pem }]
      - name: other
        configuration: [{ name: of-other, value: no }]
    profiles:
      - { name: admin, group: admins, configuration: [{ name: AWS_SECRET_ACCESS_KEY, value: top-secret }] }
      - name: reader
        expires_at: 2031-01-01T00:00:00Z
        configuration: [{ name: level, value: profile }, { name: AWS_ACCESS_KEY_ID, value: reads }, { name: AWS_SECRET_ACCESS_KEY, value: quiet }]
  - name: two
    configuration: [{ name: of-two, value: no }]
    services: [{ name: third, configuration: [{ name: of-third, value: no }] }]
",
    )
    .caller("project=alpha now=2030-01-01T00:00:00Z")
}

#[test]
fn configuration_is_merged_from_the_record_inwards_and_each_value_knows_its_origin() {
    let resolution = registry().resolve("{name: x, service: s3}");
    let open = |value: &Value| match value {
        Value::Public(text) => text.clone(),
        Value::Secret(Secret::Plain(text)) => format!("secret {}", text.expose_secret()),
        Value::Secret(Secret::Sealed(_)) => panic!("nothing was sealed"),
    };
    let lines: Vec<_> = resolution.bindings[0]
        .configuration
        .iter()
        .map(|entry| {
            format!(
                "{} = {} from {}\n",
                entry.name,
                open(&entry.value),
                entry.origin
            )
        })
        .collect();
    insta::assert_snapshot!(lines.concat(), @"
    level = secret profile from profile/reader
    of-extension = 1 from extension/minio
    shared = instance from instance/one
    of-instance = 2 from instance/one
    of-service = 3 from service/store
    of-endpoint = 4 from endpoint/out
    ca = secret ref+file:///ca.pem from endpoint/out
    AWS_ACCESS_KEY_ID = secret reads from profile/reader
    AWS_SECRET_ACCESS_KEY = secret quiet from profile/reader
    ");
}

#[test]
fn the_json_is_as_documented() {
    let step = "[{name: storage, service: s3}, {name: tracker, service: mlflow-tracking}, {name: bare, service: third}]";
    insta::assert_json_snapshot!(registry().resolve(step), @r#"
    {
      "revision": 7,
      "bindings": [
        {
          "name": "storage",
          "extension": "minio",
          "product": "minio",
          "instance": "one",
          "version": "4.1.3",
          "service": "store",
          "type": "s3",
          "category": "object-storage",
          "endpoint": {
            "name": "out",
            "type": "external",
            "url": "https://s3.example.com"
          },
          "profile": "reader",
          "zone": "eu",
          "expires_at": "2031-01-01T00:00:00Z",
          "configuration": [
            {
              "name": "level",
              "value": "[REDACTED]",
              "secret": true,
              "origin": "profile/reader"
            },
            {
              "name": "of-extension",
              "value": "1",
              "secret": false,
              "origin": "extension/minio"
            },
            {
              "name": "shared",
              "value": "instance",
              "secret": false,
              "origin": "instance/one"
            },
            {
              "name": "of-instance",
              "value": "2",
              "secret": false,
              "origin": "instance/one"
            },
            {
              "name": "of-service",
              "value": "3",
              "secret": false,
              "origin": "service/store"
            },
            {
              "name": "of-endpoint",
              "value": "4",
              "secret": false,
              "origin": "endpoint/out"
            },
            {
              "name": "ca",
              "value": "[REDACTED]",
              "secret": true,
              "origin": "endpoint/out"
            },
            {
              "name": "AWS_ACCESS_KEY_ID",
              "value": "[REDACTED]",
              "secret": true,
              "origin": "profile/reader"
            },
            {
              "name": "AWS_SECRET_ACCESS_KEY",
              "value": "[REDACTED]",
              "secret": true,
              "origin": "profile/reader"
            }
          ],
          "env": {
            "AWS_ENDPOINT_URL_S3": "https://s3.example.com",
            "MLFLOW_S3_ENDPOINT_URL": "https://s3.example.com",
            "AWS_ACCESS_KEY_ID": "[REDACTED]",
            "AWS_SECRET_ACCESS_KEY": "[REDACTED]",
            "level": "[REDACTED]",
            "shared": "instance",
            "ca": "[REDACTED]"
          },
          "pin": {
            "extension": "minio",
            "instance": "one",
            "service": "store",
            "endpoint": "out",
            "profile": "reader",
            "revision": 7
          }
        },
        {
          "name": "bare",
          "extension": "minio",
          "product": "minio",
          "instance": "two",
          "version": null,
          "service": "third",
          "type": "third",
          "category": null,
          "endpoint": null,
          "profile": null,
          "zone": "local",
          "expires_at": null,
          "configuration": [
            {
              "name": "level",
              "value": "extension",
              "secret": false,
              "origin": "extension/minio"
            },
            {
              "name": "of-extension",
              "value": "1",
              "secret": false,
              "origin": "extension/minio"
            },
            {
              "name": "shared",
              "value": "extension",
              "secret": false,
              "origin": "extension/minio"
            },
            {
              "name": "of-two",
              "value": "no",
              "secret": false,
              "origin": "instance/two"
            },
            {
              "name": "of-third",
              "value": "no",
              "secret": false,
              "origin": "service/third"
            }
          ],
          "env": {
            "level": "extension",
            "shared": "extension"
          },
          "pin": {
            "extension": "minio",
            "instance": "two",
            "service": "third",
            "endpoint": null,
            "profile": null,
            "revision": 7
          }
        }
      ],
      "failures": [
        {
          "name": "tracker",
          "code": "absent",
          "message": "nothing registered matches service `mlflow-tracking`; `hitchpost get` lists what is registered",
          "candidates": []
        },
        {
          "name": "bare",
          "code": "env-collision",
          "message": "`level` gets one value from `storage` (minio/one/store profile/reader) and another from `bare` (minio/two/third extension/minio); give one of the requirements a `prefix`",
          "candidates": []
        },
        {
          "name": "bare",
          "code": "env-collision",
          "message": "`shared` gets one value from `storage` (minio/one/store instance/one) and another from `bare` (minio/two/third extension/minio); give one of the requirements a `prefix`",
          "candidates": []
        }
      ]
    }
    "#);
}

#[test]
fn the_json_shows_secrets_only_when_they_are_revealed() {
    let resolution = registry().resolve("{name: x, service: s3}");
    let shown = serde_json::to_string(&resolution).unwrap();
    assert!(
        !shown.contains("quiet") && !shown.contains("ca.pem") && shown.contains("[REDACTED]"),
        "{shown}"
    );
    assert!(!format!("{resolution:?}").contains("quiet"));
    let mut open = |secret: &Secret| match secret {
        Secret::Plain(text) => Ok::<_, ()>(SecretString::from(text.expose_secret())),
        Secret::Sealed(_) => Err(()),
    };
    let revealed = resolution.revealed(&mut open).unwrap();
    assert_eq!(
        revealed["bindings"][0]["env"]["AWS_SECRET_ACCESS_KEY"],
        "quiet"
    );
    assert_eq!(
        revealed["bindings"][0]["configuration"][0]["value"],
        "profile"
    );
    let mut refuse = |_: &Secret| Err("no key");
    assert_eq!(resolution.revealed(&mut refuse), Err("no key"));
}

#[test]
fn a_pin_names_what_was_chosen_and_the_revision_of_the_record() {
    let resolution: Resolution = registry().resolve("{name: x, service: s3}");
    insta::assert_json_snapshot!(resolution.bindings[0].pin, @r#"
    {
      "extension": "minio",
      "instance": "one",
      "service": "store",
      "endpoint": "out",
      "profile": "reader",
      "revision": 7
    }
    "#);
}
