//! The Vault backend against a mock of Vault's HTTP API: what a server with a key-value engine of
//! each version answers, by <https://developer.hashicorp.com/vault/api-docs/secret/kv> and
//! <https://developer.hashicorp.com/vault/api-docs/system/internal-ui-mounts>.

use std::{fs, thread, time::Duration};

use serde_json::{Value, json};

use crate::{
    child, refused, registry, reveal,
    server::{Answer, Authority, Request, Server},
    succeed,
};

const TOKEN: &str = "hvs.geheim-token";

fn answer(status: u16, body: &Value) -> Answer {
    (
        status,
        "Content-Type: application/json\r\n",
        body.to_string(),
    )
}

/// Engines of version 2 at `kv/` and of version 1 at `old/`.
fn mock_vault(request: &Request) -> Answer {
    let errors = |status, errors: Value| answer(status, &json!({ "errors": errors }));
    if request.headers.get("x-vault-token").map(String::as_str) != Some(TOKEN) {
        return errors(403, json!(["permission denied for geheim-hint"]));
    }
    let mount = |path: &str, options: Value| {
        answer(
            200,
            &json!({ "data": { "path": path, "type": "kv", "options": options } }),
        )
    };
    let secret = |data: Value| {
        answer(
            200,
            &json!({ "lease_duration": 0, "data": { "data": data, "metadata": {} } }),
        )
    };
    let namespace = request.headers.get("x-vault-namespace").map(String::as_str);
    match (request.target.as_str(), namespace) {
        (target, None) if target.starts_with("/v1/sys/internal/ui/mounts/kv/") => {
            mount("kv/", json!({ "version": "2" }))
        }
        (target, None) if target.starts_with("/v1/sys/internal/ui/mounts/old/") => {
            mount("old/", Value::Null)
        }
        (target, Some("team")) if target.starts_with("/v1/sys/internal/ui/mounts/kv/") => {
            mount("kv/", json!({ "version": "2" }))
        }
        ("/v1/kv/data/mlflow", None) => {
            secret(json!({ "token": "geheim", "port": 8080, "nested": { "a/b": "deep" } }))
        }
        ("/v1/kv/data/mlflow?version=2", None) => secret(json!({ "token": "geheim-2" })),
        ("/v1/kv/data/mlflow", Some("team")) => secret(json!({ "token": "geheim-team" })),
        ("/v1/kv/data/a%20b/c%3Fd", None) => secret(json!({ "token": "geheim-odd" })),
        ("/v1/old/mlflow", None) => answer(
            200,
            &json!({ "lease_duration": 1, "data": { "token": "geheim-1" } }),
        ),
        ("/v1/kv/data/moved", None) => (
            307,
            "Location: http://127.0.0.1:1/v1/kv/data/moved\r\n",
            String::new(),
        ),
        ("/v1/kv/data/sealed", None) => errors(503, json!(["Vault is sealed, geheim"])),
        ("/v1/kv/data/garbage", None) => (200, "", "<html>geheim".to_owned()),
        ("/v1/kv/data/large", None) => (200, "", "x".repeat((1 << 20) + 1)),
        _ => errors(404, json!([])),
    }
}

/// A file with the token as `vault login` and people write it.
fn token_file(token: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), format!("{token}\n")).unwrap();
    file
}

#[test]
fn secrets_of_both_engine_versions_are_read() {
    let vault = Server::http(mock_vault);
    let token = token_file(TOKEN);
    let at = |path: &str, more: &str, key: &str| {
        let file = token.path().display();
        format!(
            "ref+vault://{path}?address=http://{}&token_file={file}{more}{key}",
            vault.address
        )
    };
    let registry = registry(false);
    for (path, more, key, value) in [
        ("kv/mlflow", "", "#/token", "geheim"),
        ("kv/mlflow", "", "#/port", "8080"),
        ("kv/mlflow", "", "#/nested/a~1b", "deep"),
        ("kv/mlflow", "&version=2", "#/token", "geheim-2"),
        ("kv/mlflow", "&namespace=team", "#/token", "geheim-team"),
        // The last segment is the key where there is no fragment.
        ("kv/mlflow/token", "", "", "geheim"),
        // The path as Vault's HTTP API calls it.
        ("kv/data/mlflow", "", "#/token", "geheim"),
        ("kv/a%20b/c%3Fd", "", "#/token", "geheim-odd"),
        ("old/mlflow", "", "#/token", "geheim-1"),
    ] {
        let reference = at(path, more, key);
        assert_eq!(
            reveal(&registry, &reference).expect(&reference),
            value,
            "{reference}"
        );
    }
}

#[test]
fn a_secret_is_asked_for_once_until_its_lease_ends() {
    let vault = Server::http(mock_vault);
    let token = token_file(TOKEN);
    let at = |path: &str, key: &str| {
        let file = token.path().display();
        format!(
            "ref+vault://{path}?address=http://{}&token_file={file}#/{key}",
            vault.address
        )
    };
    let registry = registry(false);
    for key in ["token", "port", "token"] {
        reveal(&registry, &at("kv/mlflow", key)).unwrap();
    }
    let asked = ["/v1/sys/internal/ui/mounts/kv/mlflow", "/v1/kv/data/mlflow"];
    assert_eq!(vault.targets(), asked);

    // The mock gives this one a lease of a second.
    for _ in 0..2 {
        reveal(&registry, &at("old/mlflow", "token")).unwrap();
    }
    assert_eq!(vault.targets().len(), 4);
    thread::sleep(Duration::from_millis(1_100));
    reveal(&registry, &at("old/mlflow", "token")).unwrap();
    assert_eq!(vault.targets().len(), 6);
}

#[test]
fn errors_tell_nothing_of_token_or_answer() {
    let vault = Server::http(mock_vault);
    let good = token_file(TOKEN);
    let bad = token_file("hvs.geheim-other");
    let split = token_file("hvs.geheim\nsplit");
    let address = format!("http://{}", vault.address);
    let closed = "http://127.0.0.1:1".to_owned();
    let user = format!("http://ada:geheim@{}", vault.address);
    for (path, key, address, token, code, reason) in [
        (
            "kv/none",
            "#/token",
            &address,
            &good,
            "no-such-value",
            "has no such secret",
        ),
        (
            "kv/mlflow",
            "#/none",
            &address,
            &good,
            "no-such-value",
            "there is no value at `/none`",
        ),
        (
            "kv/mlflow",
            "#/nested",
            &address,
            &good,
            "no-such-value",
            "`/nested` is a mapping",
        ),
        (
            "kv/mlflow",
            "#/token",
            &address,
            &bad,
            "vault-refused",
            "answered with status 403",
        ),
        (
            "kv/mlflow",
            "#/token",
            &user,
            &bad,
            "vault-refused",
            "answered with status 403",
        ),
        (
            "kv/sealed",
            "#/token",
            &address,
            &good,
            "vault-refused",
            "answered with status 503",
        ),
        (
            "kv/moved",
            "#/token",
            &address,
            &good,
            "vault-refused",
            "answered with status 307",
        ),
        (
            "kv/garbage",
            "#/token",
            &address,
            &good,
            "no-such-value",
            "there is no value at",
        ),
        (
            "kv/large",
            "#/token",
            &address,
            &good,
            "reference-too-large",
            "more than 1 MiB",
        ),
        (
            "kv/mlflow",
            "#/token",
            &address,
            &split,
            "vault-not-set-up",
            "cannot be sent",
        ),
        (
            "kv/mlflow",
            "#/token",
            &closed,
            &good,
            "vault-unreachable",
            "connection is refused",
        ),
        (
            "kv",
            "",
            &address,
            &good,
            "invalid-reference",
            "it names no key",
        ),
    ] {
        let file = token.path().display();
        let reference = format!("ref+vault://{path}?address={address}&token_file={file}{key}");
        let registry = registry(false);
        let (found, text, help) = refused(&registry, &reference);
        assert_eq!(found, code, "{text}");
        assert!(
            text.starts_with(&format!("cannot follow `ref+vault://{path}{key}`: ")),
            "{text}"
        );
        assert!(text.contains(reason), "{text}");
        let debug = format!("{:?}", reveal(&registry, &reference));
        for shown in [&text, &debug, help] {
            assert!(!shown.contains("geheim"), "{shown}");
        }
    }
}

#[test]
fn what_is_missing_or_unsafe_is_named() {
    let Some(mut child) = child("vault::what_is_missing_or_unsafe_is_named") else {
        let registry = registry(false);
        for (parameters, code, reason) in [
            ("", "vault-not-set-up", "no Vault server is named"),
            (
                "?address=https://127.0.0.1:1",
                "vault-not-set-up",
                "there is no Vault token",
            ),
            (
                "?address=vault:8200",
                "invalid-reference",
                "the parameter `address` is not an http",
            ),
            (
                "?adress=https://vault",
                "invalid-reference",
                "`vault` has no parameter `adress`",
            ),
            (
                "?auth_method=approle",
                "invalid-reference",
                "no parameter `auth_method`",
            ),
            (
                "?address=http://vault.example:8200&token_env=HP_TOKEN",
                "vault-not-set-up",
                "`http://vault.example:8200` would get the Vault token unencrypted",
            ),
            (
                "?proto=http&host=vault.example&token_env=HP_TOKEN",
                "vault-not-set-up",
                "`http://vault.example` would get the Vault token unencrypted",
            ),
            (
                "?address=https://127.0.0.1:1&token_env=HP_NONE",
                "unset-variable",
                "the environment variable `HP_NONE` is not set",
            ),
        ] {
            let reference = format!("ref+vault://kv/mlflow{parameters}#/token");
            let (found, text, _) = refused(&registry, &reference);
            assert_eq!(found, code, "{text}");
            assert!(text.contains(reason), "{text}");
        }
        return;
    };
    let home = tempfile::tempdir().unwrap();
    child
        .env_clear()
        .env(crate::CHILD, "vault::what_is_missing_or_unsafe_is_named");
    child.env("HOME", home.path()).env("HP_TOKEN", TOKEN);
    succeed(child);
}

/// Variables as for Vault's own command line, and a certificate authority of one's own.
#[test]
fn the_environment_of_vaults_own_client_counts() {
    const NAME: &str = "vault::the_environment_of_vaults_own_client_counts";
    let Some(mut first) = child(NAME) else {
        let expected = std::env::var("HP_EXPECTED").unwrap();
        let found = match reveal(&registry(false), "ref+vault://kv/mlflow#/token") {
            Ok(value) => value,
            Err(error) => format!("{} {error}", error.code()),
        };
        assert!(found.starts_with(&expected), "{found}");
        return;
    };
    let authority = Authority::new();
    let vault = Server::https(&authority, mock_vault);
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".vault-token"), TOKEN).unwrap();
    fs::write(folder.path().join("ca.pem"), &authority.pem).unwrap();
    fs::write(folder.path().join("other.pem"), Authority::new().pem).unwrap();
    let prepare = |command: &mut std::process::Command, expected: &str| {
        command
            .env_clear()
            .env(crate::CHILD, NAME)
            .env("HP_EXPECTED", expected);
        command.env(
            "VAULT_ADDR",
            format!("https://localhost:{}", vault.address.port()),
        );
        command.env("HOME", folder.path());
    };

    prepare(&mut first, "geheim");
    first.env("VAULT_CACERT", folder.path().join("ca.pem"));
    succeed(first);

    let mut team = child(NAME).unwrap();
    prepare(&mut team, "geheim-team");
    team.env("VAULT_CACERT", folder.path().join("ca.pem"))
        .env("VAULT_NAMESPACE", "team");
    team.env("VAULT_TOKEN", TOKEN).env_remove("HOME");
    succeed(team);

    let mut system = child(NAME).unwrap();
    prepare(&mut system, "geheim");
    system.env("SSL_CERT_FILE", folder.path().join("ca.pem"));
    succeed(system);

    let asked = vault.requests().len();
    let mut wrong = child(NAME).unwrap();
    prepare(
        &mut wrong,
        "vault-unreachable cannot follow `ref+vault://kv/mlflow#/token`: cannot reach",
    );
    wrong.env("VAULT_CACERT", folder.path().join("other.pem"));
    succeed(wrong);

    let mut untrusted = child(NAME).unwrap();
    prepare(&mut untrusted, "vault-unreachable ");
    succeed(untrusted);
    assert_eq!(
        vault.requests().len(),
        asked,
        "nothing is sent to a server that is not trusted"
    );
}
