//! The variables that a step gets.

use hitchpost_resolver::{Resolution, ResolveOptions, Secret, is_settable};
use secrecy::{ExposeSecret, SecretString};

use crate::scenario::Scenario;

fn opened(secret: &Secret) -> Option<SecretString> {
    match secret {
        Secret::Plain(text) => Some(SecretString::from(text.expose_secret())),
        Secret::Sealed(_) => None,
    }
}

/// Each variable of a complete resolution, with its origin.
#[track_caller]
fn variables(resolution: &Resolution) -> String {
    assert!(resolution.is_complete(), "{:#?}", resolution.failures);
    let mut open = |secret: &Secret| opened(secret).ok_or(());
    let lines = resolution.environment().into_iter().map(|(name, value)| {
        let secret = if value.is_secret() { " (secret)" } else { "" };
        format!(
            "{name}={}{secret} from {}\n",
            value.reveal(&mut open).unwrap().expose_secret(),
            value.origin()
        )
    });
    lines.collect()
}

fn storage(configuration: &str, secret: &str) -> Scenario {
    Scenario::new(&format!(
        "
name: minio
product: minio
instances:
  - name: one
    version: 4.1.3
    services:
      - {{ name: s3, endpoints: [{{ name: e, url: http://minio:9000 }}], configuration: [{configuration}] }}
    profiles: [{{ name: p, configuration: [{secret}] }}]
"
    ))
}

const ACCOUNT: &str =
    "{name: AWS_ACCESS_KEY_ID, value: me}, {name: AWS_SECRET_ACCESS_KEY, value: quiet}";

#[test]
fn the_projection_of_the_service_type_comes_first() {
    insta::assert_snapshot!(variables(&storage("", ACCOUNT).resolve("{name: x, service: s3}")), @"
    AWS_ENDPOINT_URL_S3=http://minio:9000 from catalogue
    MLFLOW_S3_ENDPOINT_URL=http://minio:9000 from catalogue
    AWS_ACCESS_KEY_ID=me (secret) from profile/p
    AWS_SECRET_ACCESS_KEY=quiet (secret) from profile/p
    ");
}

#[test]
fn configuration_keys_that_are_names_of_variables_are_set_verbatim_over_the_projection() {
    let configuration = "{name: MLFLOW_S3_ENDPOINT_URL, value: http://proxy}, {name: bucket, value: data}, {name: not-a-name, value: 1},
        {name: 1ST, value: 1}, {name: PATH, value: /evil}, {name: LD_PRELOAD, value: /evil.so}";
    insta::assert_snapshot!(variables(&storage(configuration, ACCOUNT).resolve("{name: x, service: s3}")), @"
    AWS_ENDPOINT_URL_S3=http://minio:9000 from catalogue
    MLFLOW_S3_ENDPOINT_URL=http://proxy from service/s3
    AWS_ACCESS_KEY_ID=me (secret) from profile/p
    AWS_SECRET_ACCESS_KEY=quiet (secret) from profile/p
    bucket=data from service/s3
    ");
}

#[test]
fn a_prefix_renames() {
    let registry = storage(
        "{name: bucket, value: data}, {name: D_PRELOAD, value: /evil.so}",
        ACCOUNT,
    );
    insta::assert_snapshot!(variables(&registry.resolve("{name: x, service: s3, prefix: SRC_}")), @"
    SRC_AWS_ENDPOINT_URL_S3=http://minio:9000 from catalogue
    SRC_MLFLOW_S3_ENDPOINT_URL=http://minio:9000 from catalogue
    SRC_AWS_ACCESS_KEY_ID=me (secret) from profile/p
    SRC_AWS_SECRET_ACCESS_KEY=quiet (secret) from profile/p
    SRC_bucket=data from service/s3
    SRC_D_PRELOAD=/evil.so from service/s3
    ");
    // Nor can a prefix complete the name of what cannot be set.
    assert!(
        !variables(&registry.resolve("{name: x, service: s3, prefix: L}")).contains("LD_PRELOAD=")
    );
}

#[test]
fn the_explicit_map_comes_last_and_is_not_prefixed() {
    let step = "{name: x, service: s3, prefix: SRC_, env: {STORE: url, RELEASE: version, WHAT: product, WHERE: instance,
        BUCKET: bucket, KEY: AWS_SECRET_ACCESS_KEY, SRC_AWS_ACCESS_KEY_ID: bucket}}";
    insta::assert_snapshot!(variables(&storage("{name: bucket, value: data}", ACCOUNT).resolve(step)), @"
    SRC_AWS_ENDPOINT_URL_S3=http://minio:9000 from catalogue
    SRC_MLFLOW_S3_ENDPOINT_URL=http://minio:9000 from catalogue
    SRC_AWS_ACCESS_KEY_ID=data from service/s3
    SRC_AWS_SECRET_ACCESS_KEY=quiet (secret) from profile/p
    SRC_bucket=data from service/s3
    STORE=http://minio:9000 from requirement/x
    RELEASE=4.1.3 from requirement/x
    WHAT=minio from requirement/x
    WHERE=one from requirement/x
    BUCKET=data from service/s3
    KEY=quiet (secret) from profile/p
    ");
}

#[test]
fn a_variable_made_of_what_the_binding_does_not_have_is_an_error() {
    let registry = Scenario::new("{name: minio, instances: [{name: one, services: [{name: s3}]}]}");
    for source in ["bucket", "url", "version"] {
        let message = registry.failure(&format!("service: s3, env: {{STORE: {source}}}"));
        assert_eq!(
            message,
            format!(
                "absent: `STORE` is to be set from `{source}`, which `minio/one/s3` does not have"
            )
        );
    }
}

#[test]
fn variables_that_decide_which_code_runs_cannot_be_set() {
    for name in [
        "PATH",
        "LD_PRELOAD",
        "LD_ANYTHING",
        "DYLD_INSERT_LIBRARIES",
        "PYTHONPATH",
        "BASH_ENV",
        "NODE_OPTIONS",
    ] {
        assert_eq!(
            is_settable(name).unwrap_err().to_string(),
            format!("`{name}` cannot be set: it decides which code a program runs")
        );
    }
    for name in ["", "1A", "A-B", "A B", "Ä", "A=B", "A\0"] {
        assert!(is_settable(name).is_err(), "{name:?}");
    }
    for name in ["_", "a", "PATHS", "MY_PATH", "LDX", "AWS_ACCESS_KEY_ID"] {
        assert_eq!(is_settable(name), Ok(()));
    }
}

/// Two stores with an account each, and a step that needs both.
fn two(first: &str, second: &str) -> Scenario {
    let one = |name: &str, key: &str| {
        format!(
            "- {{name: {name}, product: minio, instances: [{{name: one, services: [{{name: s3}}],
                profiles: [{{name: p, configuration: [{{name: AWS_ACCESS_KEY_ID, value: {key}}}]}}],
                configuration: [{{name: region, value: eu}}]}}]}}\n"
        )
    };
    Scenario::new(&(one("a", first) + &one("b", second)))
}

const BOTH: &str = "[{name: x, extension: a}, {name: y, extension: b}]";

#[test]
fn one_name_with_two_values_is_an_error_that_names_both_origins() {
    let resolution = two("me", "you").resolve(BOTH);
    let messages: Vec<_> = resolution
        .failures
        .iter()
        .map(|one| format!("{} {}: {}\n", one.name, one.code, one.message))
        .collect();
    insta::assert_snapshot!(messages.concat(), @"y env-collision: `AWS_ACCESS_KEY_ID` gets one value from `x` (a/one/s3 profile/p) and another from `y` (b/one/s3 profile/p); give one of the requirements a `prefix`");
    // A prefix keeps them apart; so does a step that sets the variable itself.
    assert!(
        two("me", "you")
            .resolve("[{name: x, extension: a}, {name: y, extension: b, prefix: B_}]")
            .is_complete()
    );
    let options = ResolveOptions {
        overridden: &["AWS_ACCESS_KEY_ID".to_owned()],
        ..ResolveOptions::default()
    };
    assert!(two("me", "you").resolve_with(BOTH, options).is_complete());
}

#[test]
fn one_name_with_one_value_is_none() {
    assert!(two("me", "me").resolve(BOTH).is_complete());
}

#[test]
fn secrets_are_compared_by_what_they_say_where_they_can_be_opened() {
    // A value of which a part is secret is not the same text as one that is public.
    let registry = Scenario::new(
        "
- { name: a, instances: [{ name: one, services: [{ name: x }], profiles: [{ name: p, configuration: [{ name: KEY, value: same }] }] }] }
- { name: b, instances: [{ name: one, services: [{ name: x }], configuration: [{ name: KEY, value: same }] }] }
",
    );
    assert_eq!(
        registry.resolve(BOTH).failures.len(),
        1,
        "nothing opens them: they count as different"
    );
    let options = ResolveOptions {
        open: Some(&opened),
        ..ResolveOptions::default()
    };
    assert!(registry.resolve_with(BOTH, options).is_complete());
    let options = ResolveOptions {
        open: Some(&opened),
        ..ResolveOptions::default()
    };
    let differ = two("me", "you").resolve_with(BOTH, options);
    assert_eq!(differ.failures.len(), 1);
    assert!(
        !serde_json::to_string(&differ).unwrap().contains("you"),
        "a collision does not tell the values"
    );
}
