"""What people do with MLflow, from the first line to the loaded model: a program of its own, as it
is run by every MLflow that is supported.

    python -m tracking.use TRACKING_URI ARTIFACTS

It prints one line at its end, and fails where something is not as it should be.
"""

from __future__ import annotations

import sys
import uuid
from importlib.util import find_spec
from pathlib import Path

import mlflow
from mlflow import MlflowClient


def main() -> None:
    uri, artifacts = sys.argv[1], Path(sys.argv[2])
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    name = f"iris-{uuid.uuid4().hex[:8]}"
    mlflow.create_experiment(name, artifact_location=artifacts.as_uri())
    experiment = mlflow.set_experiment(name)
    runs(experiment.experiment_id, artifacts)
    if find_spec("sklearn") is None:
        print(f"mlflow {mlflow.__version__}: runs, search, artifacts")
        return
    autolog(name)
    model(name)
    print(f"mlflow {mlflow.__version__}: runs, search, artifacts, autolog, models, registry")


def runs(experiment: str, artifacts: Path) -> None:
    """Nested runs, search, artifacts."""
    with mlflow.start_run(run_name="sweep", tags={"team": "trees"}) as parent:
        for depth in (1, 2, 3):
            with mlflow.start_run(run_name=f"depth {depth}", nested=True):
                mlflow.log_params({"depth": depth, "criterion": "gini"})
                for step in range(5):
                    mlflow.log_metrics({"loss": 1 / (step + depth), "step": step}, step=step)
        mlflow.log_text("no model yet", "notes/readme.txt")
        mlflow.log_dict({"best": 3}, "best.json")
        mlflow.set_tag("done", "yes")
    client = MlflowClient()
    children = client.search_runs(
        [experiment],
        f"tags.mlflow.parentRunId = '{parent.info.run_id}' AND params.depth != '2'",
        order_by=["metrics.loss ASC"],
    )
    assert [run.info.run_name for run in children] == ["depth 3", "depth 1"]
    assert children[0].data.metrics == {"loss": 1 / 7, "step": 4.0}
    assert children[0].info.status == "FINISHED"
    assert children[0].info.end_time >= children[0].info.start_time
    history = client.get_metric_history(children[0].info.run_id, "loss")
    assert [metric.step for metric in history] == [0, 1, 2, 3, 4]
    assert client.get_run(parent.info.run_id).data.tags["done"] == "yes"
    listed = {file.path for file in client.list_artifacts(parent.info.run_id)}
    assert listed == {"notes", "best.json"}
    uri = client.get_run(parent.info.run_id).info.artifact_uri
    assert uri.startswith(artifacts.as_uri())
    assert mlflow.artifacts.load_dict(f"{uri}/best.json") == {"best": 3}
    try:
        with mlflow.start_run(run_name="fails"):
            raise ValueError("on purpose")
    except ValueError:
        pass
    (failed,) = client.search_runs([experiment], "attributes.run_name = 'fails'")
    assert failed.info.status == "FAILED"


def autolog(name: str) -> None:
    """scikit-learn's autologging, which logs in batches, with datasets and a model."""
    from sklearn.datasets import load_iris
    from sklearn.tree import DecisionTreeClassifier

    # The model is logged below: finding out what it requires takes a process of its own.
    mlflow.sklearn.autolog(log_models=False, silent=True)
    features, targets = load_iris(return_X_y=True, as_frame=True)
    with mlflow.start_run(run_name="autolog") as run:
        tree = DecisionTreeClassifier(max_depth=2, random_state=0).fit(features, targets)
        tree.score(features, targets)
    mlflow.sklearn.autolog(disable=True)
    client = MlflowClient()
    got = client.get_run(run.info.run_id)
    assert got.data.params["max_depth"] == "2"
    assert got.data.metrics["training_accuracy_score"] > 0.9
    assert got.data.tags["estimator_name"] == "DecisionTreeClassifier"
    assert got.inputs.dataset_inputs, "the data was not logged"
    found = mlflow.search_runs(
        experiment_names=[name], filter_string="metrics.training_accuracy_score > 0.9"
    )
    assert list(found["tags.estimator_name"]) == ["DecisionTreeClassifier"]


def model(name: str) -> None:
    """A model is logged, registered, called champion, and loaded."""
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    features, targets = load_iris(return_X_y=True, as_frame=True)
    fitted = LogisticRegression(max_iter=500).fit(features, targets)
    with mlflow.start_run(run_name="model") as run:
        info = mlflow.sklearn.log_model(
            fitted, name="classifier", registered_model_name=name, pip_requirements=[]
        )
        mlflow.log_metric("accuracy", 0.97, model_id=info.model_id)
    client = MlflowClient()
    logged = client.get_logged_model(info.model_id)
    assert logged.source_run_id == run.info.run_id
    assert {metric.key: metric.value for metric in logged.metrics} == {"accuracy": 0.97}
    outputs = client.get_run(run.info.run_id).outputs.model_outputs
    assert [output.model_id for output in outputs] == [info.model_id]
    (version,) = client.search_model_versions(f"name = '{name}'")
    assert version.run_id == run.info.run_id
    client.set_registered_model_alias(name, "champion", version.version)
    for uri in (info.model_uri, f"models:/{name}@champion", f"models:/{name}/{version.version}"):
        loaded = mlflow.sklearn.load_model(uri)
        assert (loaded.predict(features) == fitted.predict(features)).all()
    found = mlflow.search_logged_models(
        filter_string="metrics.accuracy > 0.9", output_format="list"
    )
    assert info.model_id in [each.model_id for each in found]


if __name__ == "__main__":
    main()
