"""Real use, by every MLflow that is supported: `tracking.use`, in a process of its own."""

import json
import os
import subprocess
import sys
import urllib.request
from collections import OrderedDict
from pathlib import Path

import pytest

from tracking.processes import Hitchpost, Mlflow, hitchpost

VENVS = Path(__file__).parents[2] / "target" / "tracking"


def use(python: Path | str, uri: str, folder: Path, **environment: str) -> str:
    done = subprocess.run(
        [str(python), "-m", "tracking.use", uri, str(folder)],
        cwd=Path(__file__).parents[1],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout.splitlines()[-1]


def test_by_this_mlflow(backend, tmp_path):
    assert "runs, search, artifacts, autolog" in use(sys.executable, backend.uri, tmp_path)


@pytest.mark.parametrize(
    ("venv", "did"),
    [
        ("oldest", "mlflow 3.0.1: runs, search, artifacts, autolog, models, registry"),
        ("skinny", "mlflow 3.17.2: runs, search, artifacts"),
    ],
)
def test_by_another_mlflow(backend, tmp_path, venv, did):
    python = VENVS / venv / "bin" / "python"
    if not python.exists():
        pytest.skip(f"{python} is missing; `make test-tracking` makes it")
    if backend.name == "mlflow" and venv == "skinny":
        pytest.skip("mlflow-skinny has no SQL store")
    # Another version has another schema of its own.
    own = f"sqlite:///{tmp_path}/own.db"
    uri = own if backend.name == "mlflow" else backend.uri
    assert use(python, uri, tmp_path) == did


def test_with_nothing_configured(tmp_path):
    """The command by itself, and a script that says where it listens."""
    nothing = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_DATA_HOME": ""}
    command = [hitchpost(), "model-registry", "--port", "0"]
    script = (
        "import mlflow, sys\n"
        "mlflow.set_tracking_uri(f'modelregistry://127.0.0.1:{sys.argv[1]}')\n"
        "with mlflow.start_run() as run:\n"
        "    mlflow.log_metric('loss', 0.5)\n"
        "    mlflow.log_text('here', 'file.txt')\n"
        "found = mlflow.get_run(run.info.run_id)\n"
        "text = mlflow.artifacts.load_text(f'{found.info.artifact_uri}/file.txt')\n"
        "print(found.data.metrics, text)\n"
    )
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=nothing, text=True) as server:
        try:
            port = server.stdout.readline().rpartition(":")[2].strip()
            said = subprocess.run(
                [sys.executable, "-c", script, port],
                cwd=tmp_path,
                env=nothing,
                capture_output=True,
                text=True,
                check=True,
            )
        finally:
            server.kill()
    assert said.stdout.splitlines()[-1] == "{'loss': 0.5} here"


def test_behind_mlflow_server(store, tmp_path, monkeypatch):
    """`mlflow server` with the registry as its store hands on artifacts, as with a store of its
    own: also those of an experiment and a run that another client of the registry has made.
    """
    from mlflow import MlflowClient
    from mlflow.tracking._tracking_service import utils

    # MLflow remembers where artifacts are by the run's id alone, which every registry has.
    monkeypatch.setattr(utils, "_artifact_repos_cache", OrderedDict())

    def create(resource: str, **fields: str) -> str:
        request = urllib.request.Request(
            f"{registry.url}/api/model_registry/v1alpha3/{resource}",
            json.dumps(fields).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["id"]

    file = tmp_path / "file.txt"
    file.write_text("here")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    with (
        Hitchpost(store, tmp_path / "registry.log") as registry,
        Mlflow(registry.tracking_uri, tmp_path / "artifacts", tmp_path / "mlflow.log") as server,
    ):
        client = MlflowClient(server.tracking_uri)
        others = create("experiments", name="another's")
        ours = client.create_experiment("ours")
        runs = [client.create_run(experiment).info.run_id for experiment in (others, ours)]
        runs.append(create("experiment_runs", experimentId=others, name="another's"))
        for run in runs:
            client.log_artifact(run, str(file))
            assert [found.path for found in client.list_artifacts(run)] == ["file.txt"]
            assert Path(client.download_artifacts(run, "file.txt")).read_text() == "here"
            assert client.get_run(run).info.artifact_uri.startswith("mlflow-artifacts:/")
        location = f"mlflow-artifacts:/{others}"
        assert client.get_experiment(others).artifact_location == location
        assert client.get_run(runs[-1]).info.artifact_uri == f"{location}/{runs[-1]}/artifacts"
    assert len(list((tmp_path / "artifacts").rglob("file.txt"))) == 3
