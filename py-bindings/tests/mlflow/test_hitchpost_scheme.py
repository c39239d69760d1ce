"""`hitchpost://…` as the URI of MLflow's stores."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

import pytest
from loopback import Answer, Loopback

import hitchpost.mlflow
from hitchpost import ResolutionError, UsageError
from hitchpost.mlflow import scheme

pytest.importorskip("mlflow")

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("default")

SECRET = "geheim"


@pytest.fixture(autouse=True)
def registry(home: Path, monkeypatch: pytest.MonkeyPatch) -> hitchpost.Registry:
    """The registry that the scheme opens, which has nothing in it yet."""
    monkeypatch.setenv("HITCHPOST_STORE", f"sqlite://{home}/tools.db")
    monkeypatch.setattr(scheme, "_opened", [])
    return hitchpost.Registry.open()


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    with Loopback() as loopback:
        yield loopback


def tool(
    product: str, service: str, url: str | None, kind: str = "external", **more: Any
) -> dict[str, Any]:
    endpoints = [] if url is None else [{"name": "main", "url": url, "type": kind}]
    of_service = {"name": service, "endpoints": endpoints, "configuration": more}
    instance = {"name": "main", "version": "2.10", "location": "eu", "services": [of_service]}
    return {"name": f"the-{product}", "product": product, "instances": [instance]}


def mlflow_at(loopback: Loopback, **configuration: str) -> dict[str, Any]:
    url = f"http://127.0.0.1:{loopback.port}/mlflow"
    return tool("mlflow", "mlflow-tracking", url, **configuration)


@pytest.mark.parametrize(
    ("uri", "wanted"),
    [
        ("hitchpost://mlflow-tracking", {"service": "mlflow-tracking"}),
        ("hitchpost://?product=mlflow", {"product": "mlflow"}),
        ("hitchpost://Mine?version=>=2", {"service": "Mine", "version": ">=2"}),
        (
            "hitchpost://a?version=~1.19%20||%202&group=x&group=y&label=t=a=b",
            {
                "service": "a",
                "version": "~1.19 || 2",
                "groups": ["x", "y"],
                "labels": {"t": "a=b"},
            },
        ),
    ],
)
def test_what_is_wanted(uri: str, wanted: dict[str, Any]) -> None:
    assert scheme.wanted(uri) == wanted


def test_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HITCHPOST_PROJECT", "alpha")
    monkeypatch.setenv("HITCHPOST_USER", "ada")
    monkeypatch.setenv("HITCHPOST_ZONE", "eu")
    assert scheme.wanted("hitchpost://a?project=beta") == {
        "service": "a",
        "project": "beta",
        "user": "ada",
        "zone": "eu",
    }


@pytest.mark.parametrize(
    "uri",
    [
        "hitchpost://a/b",
        "hitchpost://user:geheim@a",
        "hitchpost://a#b",
        "hitchpost://a?versoin=2",
        "hitchpost://a?version=1&version=2",
    ],
)
def test_what_is_no_uri(uri: str) -> None:
    with pytest.raises(UsageError) as raised:
        scheme.tracking_store(uri)
    assert SECRET not in str(raised.value)


def test_what_mlflow_cannot_use(registry: hitchpost.Registry) -> None:
    registry.apply([tool("minio", "s3", "http://127.0.0.1:9000"), tool("mlflow", "mlflow", None)])
    with pytest.raises(UsageError, match=r"of the type `s3`.*mlflow-tracking"):
        scheme.tracking_store("hitchpost://s3")
    with pytest.raises(ResolutionError, match="nothing registered matches"):
        scheme.tracking_store("hitchpost://mlflow-tracking")
    registry.apply(tool("mlflow", "mlflow-tracking", None))
    with pytest.raises(UsageError, match="has no URL"):
        scheme.registry_store("hitchpost://mlflow-tracking")
    with pytest.raises(ResolutionError, match="does not satisfy >=3"):
        scheme.registry_store("hitchpost://mlflow-tracking?version=>=3")


def test_an_mlflow_server(registry: hitchpost.Registry, loopback: Loopback) -> None:
    from mlflow import MlflowClient

    registry.apply(mlflow_at(loopback, MLFLOW_TRACKING_TOKEN=SECRET))
    before = dict(os.environ)
    uri = "hitchpost://mlflow-tracking?version=>=2"
    client = MlflowClient(uri)
    found = {"experiment": {"experiment_id": "7", "name": "x"}}
    loopback.then(Answer(body=found))
    assert client.get_experiment("7").name == "x"
    (asked,) = loopback.asked
    assert asked.path == "/mlflow/api/2.0/mlflow/experiments/get?experiment_id=7"
    assert asked.headers["authorization"] == f"Bearer {SECRET}"
    loopback.asked.clear()
    loopback.then(Answer(body={"registered_model": {"name": "m"}}))
    assert client.get_registered_model("m").name == "m"
    assert loopback.asked[0].headers["authorization"] == f"Bearer {SECRET}"
    assert dict(os.environ) == before


def test_what_changes_is_noticed(registry: hitchpost.Registry, loopback: Loopback) -> None:
    registry.apply(mlflow_at(loopback, MLFLOW_TRACKING_TOKEN="old"))
    store = scheme.tracking_store("hitchpost://mlflow-tracking")
    assert store.get_host_creds().token == "old"
    account = {"MLFLOW_TRACKING_USERNAME": "ada", "MLFLOW_TRACKING_PASSWORD": SECRET}
    registry.apply(mlflow_at(loopback, **account))
    scheme._opened[0].close()
    scheme._opened.clear()
    creds = store.get_host_creds()
    assert (creds.token, creds.username, creds.password) == (None, "ada", SECRET)


def test_what_an_mlflow_server_hands_on(
    registry: hitchpost.Registry, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    registry.apply(mlflow_at(loopback, MLFLOW_TRACKING_TOKEN=SECRET))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "hitchpost://mlflow-tracking")
    found = get_artifact_repository("mlflow-artifacts:/1/a/artifacts")
    files = [{"path": "f", "is_dir": False, "file_size": 3}, {"path": "d", "is_dir": True}]
    loopback.then(Answer(body={"files": files}), Answer(body={"files": files[:1]}))
    assert [file.path for file in found.list_artifacts()] == ["d", "f"]
    # A file has nothing in it.
    assert found.list_artifacts("f") == []
    path = "/mlflow/api/2.0/mlflow-artifacts/artifacts?path=1%2Fa%2Fartifacts"
    assert loopback.paths() == [path, f"{path}%2Ff"]
    assert {it.headers["authorization"] for it in loopback.asked} == {f"Bearer {SECRET}"}

    # Another tracking server is none of it.
    loopback.asked.clear()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{loopback.port}")
    get_artifact_repository("mlflow-artifacts:/1").list_artifacts()
    assert "authorization" not in loopback.asked[0].headers


@pytest.mark.parametrize(
    ("url", "kind", "is_sent"),
    [
        ("https://mlflow.example.com", "external", True),
        ("http://mlflow.example.com", "external", False),
        ("http://127.0.0.1:5000", "external", True),
        ("http://localhost:5000", "external", True),
        ("http://127.evil.example.com", "external", False),
        ("http://mlflow.prod.svc:5000", "internal", True),
    ],
)
def test_where_the_account_goes(
    registry: hitchpost.Registry,
    caplog: pytest.LogCaptureFixture,
    url: str,
    kind: str,
    is_sent: bool,
) -> None:
    registry.apply(tool("mlflow", "mlflow-tracking", url, kind, MLFLOW_TRACKING_TOKEN=SECRET))
    creds = scheme.credentials(scheme.resolve("hitchpost://mlflow-tracking?zone=eu"))
    assert creds.host == url
    assert creds.token == (SECRET if is_sent else None)
    assert ("is not sent" in caplog.text) != is_sent
    assert SECRET not in caplog.text


def test_a_model_registry(registry: hitchpost.Registry, loopback: Loopback) -> None:
    from mlflow import MlflowClient

    url = f"http://127.0.0.1:{loopback.port}/kubeflow"
    name = "kubeflow-model-registry"
    registry.apply(tool(name, name, url, MODEL_REGISTRY_TOKEN=SECRET))
    uri = f"hitchpost://{name}"
    client = MlflowClient(uri, uri)
    loopback.then(Answer(), Answer(body={"id": "1", "name": "m"}), Answer(body={"items": []}))
    assert client.get_registered_model("m").name == "m"
    # Whatever else is asked before.
    loopback.then(*[Answer(body={"product": "other", "id": "7", "name": "x"})] * 9)
    assert client.get_experiment("7").name == "x"
    assert {it.path.split("/api")[0] for it in loopback.asked} == {"/kubeflow"}
    assert {it.headers["authorization"] for it in loopback.asked} == {f"Bearer {SECRET}"}


def test_ports_that_nobody_names(registry: hitchpost.Registry) -> None:
    for url, expected in [
        ("http://registry.svc", "modelregistry+http://registry.svc:80"),
        ("https://registry.svc/a", "modelregistry+https://registry.svc:443/a"),
        ("http://[::1]", "modelregistry+http://[::1]:80"),
        ("http://registry.svc:8080/", "modelregistry+http://registry.svc:8080/"),
    ]:
        registry.apply(tool("kubeflow-model-registry", "kubeflow-model-registry", url))
        with hitchpost.Registry.open() as now:
            assert scheme._address(now.resolve(service="kubeflow-model-registry")) == expected


def test_mlflow_finds_the_stores(server: str) -> None:
    import mlflow

    from hitchpost.mlflow.registry_store import RegistryStore
    from hitchpost.mlflow.tracking_store import TrackingStore

    for kind in ("modelregistry", "modelregistry+http", "modelregistry+https"):
        uri = f"{kind}://{server}"
        tracking = mlflow.tracking._tracking_service.utils._get_store(uri)
        assert type(tracking) is TrackingStore
        registry = mlflow.tracking._model_registry.utils._get_store(uri, uri)
        assert type(registry) is RegistryStore
        assert registry.tracking_uri == uri


def test_mlflow_is_not_imported_before_it_is_used() -> None:
    groups = ["tracking_store", "model_registry_store", "artifact_repository"]
    ours = [it for group in groups for it in entry_points(group=f"mlflow.{group}")]
    ours = [it for it in ours if it.value.startswith("hitchpost.")]
    assert len(ours) == 9
    load = "import sys, hitchpost; from importlib.metadata import entry_points\n"
    load += f"points = [it for group in {groups} for it in entry_points(group='mlflow.' + group)]\n"
    load += "loaded = [it.load() for it in points if it.value.startswith('hitchpost.')]\n"
    load += "sys.exit(len(loaded) != 9 or 'mlflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", load], check=True, timeout=60)


def test_an_mlflow_that_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlflow.version.VERSION", "2.22.1")
    for call in (hitchpost.mlflow.open_tracking_store, hitchpost.mlflow.open_registry_store):
        with pytest.raises(ImportError, match=r"needs MLflow 3 or newer; this is 2\.22\.1"):
            call("modelregistry://localhost")
