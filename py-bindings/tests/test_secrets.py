import copy
import json
import logging
import pickle
import traceback
from pathlib import Path

import pytest

import hitchpost
from conftest import SECRETS

REDACTED = "[REDACTED]"


def assert_no_secret(text: str) -> None:
    assert not any(secret in text for secret in SECRETS), text


def test_a_secret_shows_itself_only_when_asked(registry: hitchpost.Registry) -> None:
    secret = registry.resolve(service="s3", project="alpha")["AWS_SECRET_ACCESS_KEY"]
    assert isinstance(secret, hitchpost.Secret)
    assert str(secret) == f"{secret}" == REDACTED
    assert f"{secret:>12}" == f"  {REDACTED}"
    assert repr(secret) == f"Secret({REDACTED})"
    assert secret.reveal() == "geheim"
    assert secret == secret
    assert secret != registry.resolve(service="s3", project="alpha")["AWS_SECRET_ACCESS_KEY"]
    assert secret != "geheim"
    assert not hasattr(secret, "__dict__")
    with pytest.raises(TypeError):
        hitchpost.Secret()


@pytest.mark.parametrize("of", ["Secret", "Binding", "Resolution", "Registry"])
def test_what_has_a_secret_stays_in_the_process(registry: hitchpost.Registry, of: str) -> None:
    binding = registry.resolve(service="s3", project="alpha")
    step = registry.resolve_all([{"name": "a", "service": "s3"}], project="alpha")
    secret = binding["AWS_SECRET_ACCESS_KEY"]
    value = {"Secret": secret, "Binding": binding, "Resolution": step, "Registry": registry}[of]
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError):
            pickle.dumps(value, protocol)
    with pytest.raises(TypeError):
        copy.deepcopy(value)
    with pytest.raises(TypeError):
        json.dumps(value)


def test_nothing_that_is_printed_has_a_secret(
    registry: hitchpost.Registry, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    binding = registry.resolve(service="s3", project="alpha")
    step = registry.resolve_all([{"name": "a", "service": "s3"}], project="alpha")
    values = [
        registry, binding, binding.env, binding.configuration, binding.pin, binding.to_dict(), step,
        step.bindings, step.env, step.to_dict(), registry.list(), registry.history(),
        registry.explain(service="s3", project="gamma"), registry.apply(registry.get("minio")),
        registry.environment(service="s3", project="alpha"),
    ]  # fmt: skip
    for value in values:
        assert_no_secret(repr(value) + str(value))
        logging.getLogger("test").debug("%s %r", value, value)
    assert_no_secret(caplog.text)


def test_no_traceback_has_a_secret(tmp_path: Path) -> None:
    path = tmp_path / "tools.yaml"
    path.write_text("""
name: minio
instances:
  - name: main
    servces: []
    profiles:
      - {name: a, scope: nobody, configuration: {AWS_SECRET_ACCESS_KEY: geheim, X: [vertraulich]}}
""")
    with pytest.raises(hitchpost.RecordError) as raised:
        hitchpost.Registry.open("memory:").apply(path)
    error = raised.value
    assert len(error.diagnostics) > 1
    shown = traceback.TracebackException.from_exception(error, capture_locals=True).format()
    assert_no_secret("".join(shown) + repr(error) + repr(error.diagnostics))
    found = pickle.loads(pickle.dumps(error))
    assert (found.diagnostics, str(found)) == (error.diagnostics, str(error))


def test_a_lost_key_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = {"name": "mlflow", "configuration": {"MLFLOW_TRACKING_TOKEN": "geheim"}}
    monkeypatch.setenv("HITCHPOST_KEY", "07" * 32)
    with hitchpost.Registry.open(tmp_path / "tools.db") as registry:
        registry.apply(record)
        token = registry.resolve(extension="mlflow")["MLFLOW_TRACKING_TOKEN"]
        assert isinstance(token, hitchpost.Secret)
        assert token.reveal() == "geheim"
    assert b"geheim" not in (tmp_path / "tools.db").read_bytes()
    monkeypatch.setenv("HITCHPOST_KEY", "08" * 32)
    with hitchpost.Registry.open(tmp_path / "tools.db") as registry:
        binding = registry.resolve(extension="mlflow")
        with pytest.raises(hitchpost.SecretError) as error:
            binding.reveal_env()
        assert (error.value.code, bool(error.value.help)) == ("wrong-key", True)
        with pytest.raises(hitchpost.SecretError):
            registry.apply(record | {"description": "other"})
    monkeypatch.setenv("HITCHPOST_KEY", "no key")
    with pytest.raises(hitchpost.SecretError, match="is not a key"):
        hitchpost.Registry.open(tmp_path / "tools.db")
