"""TLS, tokens, Kubernetes' files; and that a token is never shown."""

from __future__ import annotations

import logging
import urllib.error
import urllib.request
import uuid

import pytest

pytest.importorskip("cryptography")
pytest.importorskip("hitchpost.mlflow")

from hitchpost.mlflow.auth import ServiceAccount
from hitchpost.mlflow.client import connect
from tracking.certificates import Authority
from tracking.checks import failure
from tracking.processes import Hitchpost
from tracking.test_use import use

TOKEN = "geheim-token-4711"
OTHER = "another-token-0815"


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.fixture
def tokens(tmp_path):
    file = tmp_path / "tokens"
    file.write_text(f"{TOKEN}\n{OTHER}\n")
    return file


@pytest.fixture
def secure(authority, tokens, store, tmp_path):
    """Our server, with TLS and tokens, telling of each request."""
    certificate, key = authority.server("localhost", "127.0.0.1")
    options = ["--tls-cert", str(certificate), "--tls-key", str(key)]
    options += ["--token-file", str(tokens), "--log-requests"]
    with Hitchpost(store, tmp_path / "log", *options) as server:
        yield server


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch) -> None:
    for name in (
        "MODEL_REGISTRY_TOKEN",
        "MODEL_REGISTRY_TOKEN_FILE",
        "MODELREGISTRY_CA_CERT_PATH",
    ):
        monkeypatch.delenv(name, raising=False)


def client_of(uri: str):
    """A client of MLflow whose store has not been made before."""
    from mlflow import MlflowClient

    separator = "&" if "?" in uri else "?"
    return MlflowClient(f"{uri}{separator}timeout={30 + uuid.uuid4().int % 1000}")


def error_of(call, *arguments) -> str:
    message = str(failure(call, *arguments))
    assert TOKEN not in message
    return message


def test_everything_over_tls_with_a_token(secure, authority, tmp_path):
    import sys

    used = use(
        sys.executable,
        secure.tracking_uri,
        tmp_path,
        MODELREGISTRY_CA_CERT_PATH=str(authority.file),
        MODEL_REGISTRY_TOKEN=TOKEN,
    )
    assert "registry" in used
    assert "/experiment_runs" in secure.log()
    assert TOKEN not in secure.log()


def test_the_ways_to_name_an_authority(secure, authority, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("MODEL_REGISTRY_TOKEN", TOKEN)
    client_of(f"{secure.tracking_uri}?ca_cert={authority.file}").search_experiments()
    monkeypatch.setenv("MODELREGISTRY_CA_CERT_PATH", str(authority.file))
    client_of(secure.tracking_uri).search_experiments()
    assert TOKEN not in caplog.text
    said = "Using CA certificate from environment variable MODELREGISTRY_CA_CERT_PATH: "
    assert said + str(authority.file) in caplog.text


def test_an_unknown_authority_is_not_trusted(secure, tmp_path, monkeypatch):
    monkeypatch.setenv("MODEL_REGISTRY_TOKEN", TOKEN)
    other = Authority(tmp_path, "other")
    for uri in (secure.tracking_uri, f"{secure.tracking_uri}?ca_cert={other.file}"):
        message = error_of(client_of(f"{uri}").search_experiments)
        assert "certificate" in message.lower()


def test_a_certificate_of_another_name_is_not_trusted(authority, store, tmp_path):
    certificate, key = authority.server("elsewhere.example")
    options = ["--tls-cert", str(certificate), "--tls-key", str(key)]
    with Hitchpost(store, tmp_path / "log", *options) as server:
        client = client_of(f"{server.tracking_uri}?ca_cert={authority.file}")
        assert "certificate" in error_of(client.search_experiments).lower()


@pytest.mark.parametrize("content", [None, "no certificate", ""])
def test_an_authority_that_cannot_be_used_is_an_error(secure, tmp_path, monkeypatch, content):
    file = tmp_path / "named.crt"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("MODELREGISTRY_CA_CERT_PATH", str(file))
    message = error_of(lambda: client_of(secure.tracking_uri).search_experiments())
    assert str(file) in message or "certificate" in message.lower()


class TestTokens:
    @pytest.fixture
    def uri(self, secure, authority) -> str:
        return f"{secure.tracking_uri}?ca_cert={authority.file}"

    @pytest.mark.parametrize("token", [None, "wrong", TOKEN + "x", TOKEN[:-1], TOKEN.upper()])
    def test_who_has_none_is_not_let_in(self, uri, monkeypatch, token):
        from mlflow.exceptions import MlflowException

        if token:
            monkeypatch.setenv("MODEL_REGISTRY_TOKEN", token)
        with pytest.raises(MlflowException) as caught:
            client_of(uri).search_experiments()
        assert caught.value.get_http_status_code() == 401
        assert "MODEL_REGISTRY_TOKEN" in str(caught.value)
        if token:
            assert token not in str(caught.value)

    @pytest.mark.parametrize("token", [TOKEN, OTHER, f"  {TOKEN}\n"])
    def test_every_token_of_the_file_is_good(self, uri, monkeypatch, token):
        monkeypatch.setenv("MODEL_REGISTRY_TOKEN", token)
        client_of(uri).search_experiments()

    def test_files(self, uri, tmp_path, monkeypatch):
        file = tmp_path / "mine"
        file.write_text(f"{TOKEN}\n")
        client_of(f"{uri}&token_file={file}").search_experiments()
        monkeypatch.setenv("MODEL_REGISTRY_TOKEN_FILE", str(file))
        client_of(uri).search_experiments()

    def test_a_file_is_read_again_when_it_changes(self, uri, tmp_path):
        file = tmp_path / "mine"
        file.write_text("old")
        client = client_of(f"{uri}&token_file={file}")
        error_of(client.search_experiments)
        replaced(file, TOKEN)
        client.search_experiments()

    def test_the_servers_file_is_read_again_when_it_changes(self, uri, tokens, monkeypatch):
        import time

        monkeypatch.setenv("MODEL_REGISTRY_TOKEN", "a-new-one")
        client = client_of(uri)
        error_of(client.search_experiments)
        replaced(tokens, "a-new-one\n")
        deadline = time.monotonic() + 15
        while True:
            try:
                client.search_experiments()
                break
            except Exception:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def test_kubernetes(self, secure, authority, tmp_path, caplog):
        caplog.set_level(logging.INFO)
        account = ServiceAccount(tmp_path / "sa-token", tmp_path / "sa-ca.crt")
        account.token.write_text(TOKEN)
        account.ca.write_bytes(authority.file.read_bytes())
        client = connect(secure.tracking_uri, service_account=account)
        client.get("/api/model_registry/v1alpha3/experiments")
        assert f"Using Kubernetes default CA certificate: {account.ca}" in caplog.text
        # Kubernetes gives out a new one from time to time.
        replaced(account.token, "no longer good")
        error_of(client.get, "/api/model_registry/v1alpha3/experiments")
        replaced(account.token, OTHER)
        client.get("/api/model_registry/v1alpha3/experiments")

    def test_the_health_needs_none(self, secure, authority):
        import ssl

        context = ssl.create_default_context(cafile=authority.file)
        with urllib.request.urlopen(f"{secure.url}/readyz/health", context=context) as answer:
            assert answer.status == 200
        for path in ("/api/model_registry/v1alpha3/experiments", "/api/hitchpost/v1/features"):
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(f"{secure.url}{path}", context=context)
            assert caught.value.code == 401


def replaced(file, content: str) -> None:
    """As Kubernetes does it: another file takes the name, and nothing of the old one is kept."""
    new = file.with_suffix(".new")
    new.write_text(content)
    new.replace(file)


class TestPlainHttp:
    @pytest.fixture
    def plain(self, tokens, store, tmp_path):
        with Hitchpost(store, tmp_path / "log", "--token-file", str(tokens)) as server:
            yield server

    def test_no_token_is_sent(self, plain, monkeypatch):
        monkeypatch.setenv("MODEL_REGISTRY_TOKEN", TOKEN)
        message = error_of(client_of(plain.tracking_uri).search_experiments)
        assert "plain http" in message

    def test_unless_told_to(self, plain, monkeypatch):
        monkeypatch.setenv("MODEL_REGISTRY_TOKEN", TOKEN)
        client_of(f"{plain.tracking_uri}?token_over_http=true").search_experiments()


def test_nobody_shows_the_token(secure, authority, monkeypatch, caplog, capfd):
    """Not in logs, not in messages, not in representations, not at the server."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("MODEL_REGISTRY_TOKEN", TOKEN)
    client = client_of(f"{secure.tracking_uri}?ca_cert={authority.file}")
    store = client._tracking_client.store
    experiment = client.create_experiment("shown?")
    error_of(client.get_run, "0" * 32)
    error_of(client.create_experiment, "shown?")
    secure.kill()
    error_of(client.get_experiment, experiment)
    said = [repr(client), repr(store), repr(vars(store)), caplog.text, secure.log()]
    said += capfd.readouterr()
    for text in said:
        assert TOKEN not in text
