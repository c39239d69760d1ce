"""The messages of TRACKING.md are those that are said."""

from __future__ import annotations

import http.server
import logging
import re
import threading
from pathlib import Path

import pytest

pytest.importorskip("cryptography")

from mlflow import MlflowClient

from tracking.certificates import Authority
from tracking.checks import failure
from tracking.processes import Hitchpost, free_port

PAGE = (Path(__file__).parents[2] / "py-bindings" / "TRACKING.md").read_text()
MESSAGES = re.findall(r"```text\n(.*)\n```", PAGE.partition("## Troubleshooting")[2])

SITUATIONS = {}


def situation(function):
    SITUATIONS[function.__name__] = function
    return function


def message_of(call, *arguments, **options) -> str:
    return str(failure(call, *arguments, **options))


class Answering:
    """A server that gives every path the status of `answers`, and else 404."""

    def __init__(self, answers: dict[str, bytes]) -> None:
        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_arguments: object) -> None:
                pass

            def do_GET(self) -> None:
                found = [body for path, body in answers.items() if self.path.startswith(path)]
                body = found[0] if found else b""
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> str:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"modelregistry://127.0.0.1:{self.server.server_address[1]}"

    def __exit__(self, *_exception: object) -> None:
        self.server.shutdown()
        self.server.server_close()


@situation
def nobody_answers(tmp_path, monkeypatch):
    uri = f"modelregistry://127.0.0.1:{free_port()}?retries=0"
    return message_of(MlflowClient(uri).search_experiments)


@situation
def something_else_answers(tmp_path, monkeypatch):
    with Answering({}) as uri:
        return message_of(MlflowClient(uri).search_experiments)


@situation
def only_v1(tmp_path, monkeypatch):
    empty = b'{"items":[],"size":0,"pageSize":0,"nextPageToken":""}'
    with Answering({"/api/model_registry/v1/": empty}) as uri:
        return message_of(MlflowClient(uri).search_experiments)


def with_tokens(tmp_path, uri_options=""):
    tokens = tmp_path / "tokens"
    tokens.write_text("right\n")
    store = f"sqlite://{tmp_path}/registry.db"
    with Hitchpost(store, tmp_path / "log", "--token-file", str(tokens)) as server:
        return message_of(MlflowClient(server.tracking_uri + uri_options).search_experiments)


@situation
def no_token(tmp_path, monkeypatch):
    return with_tokens(tmp_path)


@situation
def a_token_in_the_clear(tmp_path, monkeypatch):
    monkeypatch.setenv("MODEL_REGISTRY_TOKEN", "right")
    return with_tokens(tmp_path)


@situation
def a_wrong_token(tmp_path, monkeypatch):
    monkeypatch.setenv("MODEL_REGISTRY_TOKEN", "wrong")
    return with_tokens(tmp_path, "?token_over_http=true")


@situation
def an_unknown_authority(tmp_path, monkeypatch):
    certificate, key = Authority(tmp_path).server("127.0.0.1")
    options = ["--tls-cert", str(certificate), "--tls-key", str(key)]
    with Hitchpost(f"sqlite://{tmp_path}/registry.db", tmp_path / "log", *options) as server:
        return message_of(MlflowClient(server.tracking_uri).search_experiments)


@situation
def an_authority_that_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("MODELREGISTRY_CA_CERT_PATH", "/etc/nowhere/ca.crt")
    uri = f"modelregistry+https://127.0.0.1:{free_port()}"
    return message_of(lambda: MlflowClient(uri).search_experiments())


@situation
def another_scheme(tmp_path, monkeypatch):
    message = message_of(lambda: MlflowClient("modelregistri://x").search_experiments())
    return message.strip().partition(" '")[0]


@situation
def a_misspelt_option(tmp_path, monkeypatch):
    uri = "modelregistry://127.0.0.1?timeuot=3"
    return message_of(lambda: MlflowClient(uri).search_experiments())


@situation
def traces(tmp_path, monkeypatch):
    with Hitchpost(f"sqlite://{tmp_path}/registry.db", tmp_path / "log") as server:
        return message_of(MlflowClient(server.tracking_uri).search_traces, locations=["1"])


@situation
def the_log_of_an_authority(tmp_path, monkeypatch):
    file = Authority(tmp_path).file
    monkeypatch.setenv("MODELREGISTRY_CA_CERT_PATH", str(file))
    return logged(f"modelregistry+https://127.0.0.1:{free_port()}?retries=0").replace(
        str(file), "/path/to/ca.crt"
    )


@situation
def the_log_of_the_systems_authorities(tmp_path, monkeypatch):
    return logged(f"modelregistry+https://127.0.0.1:{free_port()}?retries=0")


def logged(uri: str) -> str:
    """The line about certificates that a client logs at INFO."""
    said: list[str] = []
    handler = logging.Handler(logging.INFO)
    handler.emit = lambda record: said.append(record.getMessage())
    logger = logging.getLogger("hitchpost.mlflow.client")
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.INFO)
    try:
        message_of(lambda: MlflowClient(uri).search_experiments())
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    (line,) = [line for line in said if line.startswith("Using ")]
    return line


def test_every_message_has_its_situation():
    assert len(MESSAGES) == len(SITUATIONS)


@pytest.mark.parametrize("name", SITUATIONS)
def test_what_is_said(name, tmp_path, monkeypatch):
    for variable in ("MODEL_REGISTRY_TOKEN", "MODELREGISTRY_CA_CERT_PATH"):
        monkeypatch.delenv(variable, raising=False)
    said = SITUATIONS[name](tmp_path, monkeypatch)
    assert re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:8080", said) in MESSAGES
