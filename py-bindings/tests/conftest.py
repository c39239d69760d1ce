import os
from pathlib import Path

import pytest

import hitchpost

TOOLS = """
name: minio
product: minio
labels: {team: data}
instances:
  - name: main
    version: "4.1.3"
    location: eu
    services:
      - name: s3
        configuration: {BUCKET: models}
        endpoints:
          - {name: inside, url: "http://minio:9000", type: internal}
          - {name: public, url: "https://minio.example.com", type: external}
    profiles:
      - name: alpha
        project: alpha
        expires_at: 2099-01-01T00:00:00Z
        configuration: {AWS_ACCESS_KEY_ID: alpha-key-id, AWS_SECRET_ACCESS_KEY: geheim}
      - name: beta
        project: beta
        configuration: {AWS_ACCESS_KEY_ID: beta-key-id, AWS_SECRET_ACCESS_KEY: vertraulich}
---
name: mlflow
product: mlflow
instances:
  - name: main
    version: "2.10"
    location: eu
    services:
      - name: mlflow-tracking
        auth: none
        endpoints: [{name: public, url: "https://mlflow.example.com", type: external}]
"""

SECRETS = ["alpha-key-id", "geheim", "beta-key-id", "vertraulich"]

WORKFLOW = """
name: wine
steps:
  - name: trainer
    extensions:
      - {name: tracker, service: mlflow-tracking, version: ">=2"}
      - {name: storage, service: s3}
    env:
      - name: TRACKED_BY
        value: "{{ extensions.tracker.product }} {{ extensions.tracker.version }}"
"""


def record(name: str, value: str) -> dict[str, object]:
    """A record with a single value, which is no secret."""
    service = {"name": "api", "configuration": {"K": value}}
    return {"name": name, "instances": [{"name": "main", "services": [service]}]}


POSTGRES = os.environ.get("HITCHPOST_TEST_POSTGRES_URL")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user of their own, with nothing in the environment that others read."""
    for name in [name for name in os.environ if name.startswith(("HITCHPOST_", "AWS_", "MLFLOW_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def registry() -> hitchpost.Registry:
    return hitchpost.Registry.from_yaml(TOOLS)


@pytest.fixture
def workflow(tmp_path: Path) -> Path:
    path = tmp_path / "workflow.yaml"
    path.write_text(WORKFLOW)
    return path


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty registry."""
    url = f"sqlite://{tmp_path}/tools.db"
    if request.param == "postgres":
        if POSTGRES is None:
            pytest.skip("HITCHPOST_TEST_POSTGRES_URL names none; `make test-python` starts one")
        url = POSTGRES
        # The tests share a database, so they share the key of its secrets.
        monkeypatch.setenv("HITCHPOST_KEY", "07" * 32)
    with hitchpost.Registry.open(url) as registry:
        registry.apply([], prune=True, force=True)
    return url
