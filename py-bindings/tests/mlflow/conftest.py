"""A model registry, as its command starts it."""

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from hitchpost.mlflow.client import Client

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"

# The variables of the tests' user are gone by the time a fixture runs.
COMMAND = os.environ.get("HITCHPOST") or shutil.which(
    "hitchpost", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}"
)

OTHER = os.environ.get("HITCHPOST_TEST_MODEL_REGISTRY")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """HOST:PORT of a model registry."""
    folder = tmp_path_factory.mktemp("registry")
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [COMMAND, "model-registry", "--port", "0", "--store", f"sqlite://{folder}/registry.db"],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        address = process.stdout.readline().rpartition("http://")[2].strip()
        assert address, (folder / "log").read_text()
        yield address
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


@pytest.fixture(scope="session")
def registry_uri(request: pytest.FixtureRequest) -> str:
    """The URI of a model registry, which may be another one that a variable names."""
    return OTHER or f"modelregistry://{request.getfixturevalue('server')}"


@pytest.fixture(params=["extension", "plain"])
def mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """By the extension of our own server, or by upstream's API alone."""
    if request.param == "plain":
        monkeypatch.setattr(Client, "features", lambda _: frozenset())
    return request.param


@pytest.fixture
def store(registry_uri: str, mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A tracking store."""
    from hitchpost.mlflow.tracking_store import TrackingStore

    del mode
    monkeypatch.chdir(tmp_path)
    return TrackingStore(registry_uri)


@pytest.fixture
def name() -> str:
    """A name that nothing has yet."""
    return f"n-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def experiment(store, name: str) -> str:
    """The ID of an empty experiment."""
    return store.create_experiment(name)


@pytest.fixture
def run(store, experiment: str) -> str:
    """The ID of an empty run."""
    return store.create_run(experiment, "ada", 1000, [], "first").info.run_id
