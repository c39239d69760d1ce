"""Servers for a whole run, and what a test gets of them."""

from __future__ import annotations

import importlib.util
import os
import tempfile
import uuid
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tracking import upstream
from tracking.processes import Hitchpost, Upstream

if TYPE_CHECKING:
    from collections.abc import Iterator

POSTGRES = os.environ.get("HITCHPOST_TEST_POSTGRES_URL")

# Where the same tests run: MLflow's own SQL store says that the tests are right.
BACKENDS = ("mlflow", "sqlite", "postgres", "upstream")

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["GIT_PYTHON_REFRESH"] = "quiet"
os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "not_on(backend, reason): the test does not hold there, and why"
    )
    config.addinivalue_line("markers", "not_in(version, reason): the same of a version of MLflow")


@dataclass(frozen=True)
class Backend:
    """A tracking server, by the URI that MLflow is given."""

    name: str
    uri: str

    def client(self):
        from mlflow import MlflowClient

        return MlflowClient(self.uri, self.uri)


def version_of_postgres() -> int:
    if POSTGRES is None:
        return 0
    import psycopg2

    connection = psycopg2.connect(POSTGRES)
    try:
        return connection.server_version // 10_000
    finally:
        connection.close()


@contextmanager
def database() -> Iterator[str]:
    """A PostgreSQL database of one's own."""
    if POSTGRES is None:
        pytest.skip("HITCHPOST_TEST_POSTGRES_URL names no server; `make test-tracking` starts one")
    import psycopg2

    name = f"tracking_{uuid.uuid4().hex[:12]}"
    connection = psycopg2.connect(POSTGRES)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name}")
        yield f"{POSTGRES.rpartition('/')[0]}/{name}"
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        connection.close()


def store_url(kind: str, folder: Path, stack: ExitStack) -> str:
    """An empty store of our server: `sqlite` or `postgres`."""
    if kind == "sqlite":
        return f"sqlite://{folder}/registry.db"
    return stack.enter_context(database())


@contextmanager
def started(name: str, folder: Path) -> Iterator[str]:
    """The URI of a backend that has just been started."""
    with ExitStack() as stack:
        if name == "mlflow":
            if importlib.util.find_spec("sqlalchemy") is None:
                pytest.skip("mlflow-skinny has no SQL store")
            # In memory where that can be: how long it takes to write is not what is tested.
            memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
            there = stack.enter_context(tempfile.TemporaryDirectory(dir=memory))
            yield f"sqlite:///{there}/mlflow.db"
        elif name == "upstream":
            if not upstream.PROGRAM.exists():
                pytest.skip("upstream's server is not built: `make test-upstream`")
            if version_of_postgres() < 16:
                pytest.skip("upstream's server needs PostgreSQL 16 or newer")
            server = Upstream(upstream.PROGRAM, stack.enter_context(database()), folder / "log")
            yield stack.enter_context(server).tracking_uri
        else:
            server = Hitchpost(store_url(name, folder, stack), folder / "log")
            yield stack.enter_context(server).tracking_uri


@pytest.fixture(scope="session", params=BACKENDS)
def backend(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    """Each of the backends in turn."""
    only = os.environ.get("TRACKING_BACKENDS")
    if only and request.param not in only.split(","):
        pytest.skip(f"TRACKING_BACKENDS is `{only}`")
    folder = tmp_path_factory.mktemp(request.param)
    previous = Path.cwd()
    # MLflow's own store puts artifacts into the folder it is used in.
    os.chdir(folder)
    try:
        with started(request.param, folder) as uri:
            yield Backend(request.param, uri)
    finally:
        os.chdir(previous)


@pytest.fixture(autouse=True)
def _not_on(request: pytest.FixtureRequest) -> None:
    for marker in request.node.iter_markers("not_on"):
        where, reason = marker.args
        if "backend" in request.fixturenames:
            here = request.getfixturevalue("backend").name
            if here in where.split(","):
                pytest.skip(reason)


@pytest.fixture(autouse=True)
def _not_in(request: pytest.FixtureRequest) -> None:
    for marker in request.node.iter_markers("not_in"):
        import mlflow

        version, reason = marker.args
        if mlflow.__version__.startswith(version):
            pytest.skip(reason)


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def kind(request: pytest.FixtureRequest) -> str:
    """The database of our own server."""
    return request.param


@pytest.fixture
def store(kind: str, tmp_path: Path) -> Iterator[str]:
    """An empty store for our server."""
    with ExitStack() as stack:
        yield store_url(kind, tmp_path, stack)


@pytest.fixture
def client(backend: Backend):
    return backend.client()


@pytest.fixture
def name() -> str:
    """A name that nothing has yet."""
    return f"n-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def experiment(client, name: str) -> str:
    """The id of an empty experiment."""
    return client.create_experiment(name)


@pytest.fixture
def run(client, experiment: str) -> str:
    """The id of an empty run."""
    return client.create_run(experiment).info.run_id
