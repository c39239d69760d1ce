"""Tracking experiments without an MLflow server.

Starts `hitchpost model-registry` with nothing configured, points MLflow to it in one line, and does
what one does with MLflow: nested runs, a search, a model that is registered, named and loaded.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import mlflow
from mlflow import MlflowClient
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

if TYPE_CHECKING:
    from collections.abc import Iterator


def main() -> None:
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["GIT_PYTHON_REFRESH"] = "quiet"
    with tempfile.TemporaryDirectory(prefix="hitchpost-tracking-") as name:
        folder = Path(name)
        with model_registry(folder) as address:
            mlflow.set_tracking_uri(address.replace("http://", "modelregistry://"))
            mlflow.create_experiment("wine", artifact_location=(folder / "files").as_uri())
            mlflow.set_experiment("wine")
            sweep()
            use_the_best()


@contextmanager
def model_registry(folder: Path) -> Iterator[str]:
    """The server, on a free port and a SQLite file. It says where it listens."""
    command = ["hitchpost", "model-registry", "--port", "0"]
    command += ["--store", f"sqlite://{folder}/registry.db"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        print(f"$ hitchpost model-registry\n{line}", end="")
        yield line.removeprefix("listening on ").strip()
    finally:
        server.terminate()
        server.wait()


def sweep() -> None:
    """A run for each strength of regularisation, within a run for all of them."""
    features, labels = load_wine(return_X_y=True)
    with mlflow.start_run(run_name="sweep"):
        for strength in (0.001, 0.01, 1.0):
            with mlflow.start_run(run_name=f"C={strength}", nested=True):
                mlflow.log_param("C", strength)
                model = make_pipeline(StandardScaler(), LogisticRegression(C=strength))
                model.fit(features[::2], labels[::2])
                mlflow.log_metric("accuracy", model.score(features[1::2], labels[1::2]))
                mlflow.sklearn.log_model(model, name="classifier", pip_requirements=[])


def use_the_best() -> None:
    """The best run by a search; its model under a name that scripts load it by."""
    client = MlflowClient()
    experiment = client.get_experiment_by_name("wine")
    assert experiment is not None
    runs = client.search_runs(
        [experiment.experiment_id], "metrics.accuracy > 0.5", order_by=["metrics.accuracy DESC"]
    )
    for run in runs:
        print(f"  {run.info.run_name}: accuracy {run.data.metrics['accuracy']:.3f}")
    outputs = runs[0].outputs
    assert outputs is not None
    (output,) = outputs.model_outputs
    version = mlflow.register_model(f"models:/{output.model_id}", "wine")
    client.set_registered_model_alias("wine", "champion", version.version)
    model = mlflow.sklearn.load_model("models:/wine@champion")
    print(f"champion: version {version.version}, C={model[-1].C}")


if __name__ == "__main__":
    main()
