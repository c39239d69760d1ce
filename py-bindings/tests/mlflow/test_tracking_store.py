"""What holds for the store as a whole."""

import inspect
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from loopback import Answer, Loopback

pytest.importorskip("mlflow")

from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, Metric, Param, RunStatus, RunTag, ViewType
from mlflow.exceptions import MlflowException
from mlflow.store.tracking.abstract_store import AbstractStore

from hitchpost.mlflow.client import Client
from hitchpost.mlflow.tracking_store import TrackingStore

pytestmark = pytest.mark.filterwarnings("default")

V1ALPHA3 = "/api/model_registry/v1alpha3"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """A folder that may be written to."""
    monkeypatch.chdir(tmp_path)


def string(value):
    return {"metadataType": "MetadataStringValue", "string_value": value}


def test_mlflow_finds_the_store(registry_uri):
    from mlflow.tracking._tracking_service.utils import _get_store

    assert isinstance(_get_store(registry_uri), TrackingStore)
    schemes = {"modelregistry", "modelregistry+http", "modelregistry+https"}
    assert schemes <= {each.name for each in entry_points(group="mlflow.tracking_store")}


def test_reading_the_entry_point_imports_no_mlflow():
    program = (
        "import sys; from importlib.metadata import entry_points\n"
        "for each in entry_points(group='mlflow.tracking_store'):\n"
        "    if each.name.startswith('modelregistry'): each.load()\n"
        "sys.exit('mlflow' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_nothing_is_asked_before_it_is_needed():
    store = TrackingStore("modelregistry://127.0.0.1:1")
    with pytest.raises(MlflowException) as error:
        store.get_run("1")
    assert error.value.error_code == "TEMPORARILY_UNAVAILABLE"
    assert "127.0.0.1:1" in error.value.message


def test_nothing_is_left_undone():
    # MLflow's abstract class leaves these without a word.
    for name in ("set_experiment_tag", "delete_experiment_tag", "get_experiment_by_name"):
        assert getattr(TrackingStore, name) is not getattr(AbstractStore, name, None)
    left = {
        name
        for name in dir(TrackingStore)
        if getattr(getattr(TrackingStore, name, None), "__isabstractmethod__", False)
    }
    assert left == set()


UNSUPPORTED = {
    "start_trace": ("t",),
    "get_trace_info": ("t",),
    "search_traces": (["1"],),
    "set_trace_tag": ("t", "k", "v"),
    "delete_trace_tag": ("t", "k"),
    "log_spans": ("1", []),
    "create_assessment": ("a",),
    "get_assessment": ("t", "a"),
    "delete_assessment": ("t", "a"),
    "create_dataset": ("n",),
    "get_dataset": ("d",),
    "search_datasets": (),
    "register_scorer": ("1", "n", "s"),
    "list_scorers": ("1",),
    "link_traces_to_run": (["t"], "1"),
    "create_gateway_secret": ("n", {}),
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_what_a_registry_cannot_do_is_said_in_mlflows_way(store, name):
    if not hasattr(AbstractStore, name):
        pytest.skip("this MLflow has no such thing")
    with pytest.raises(MlflowException) as error:
        getattr(store, name)(*UNSUPPORTED[name])
    assert error.value.error_code == "NOT_IMPLEMENTED"
    assert f"{name} is not supported by the model registry" in error.value.message


def test_no_method_fails_otherwise():
    # Whatever MLflow leaves to its stores is there, or is refused.
    for name, method in inspect.getmembers(AbstractStore, inspect.isfunction):
        names = set(inspect.unwrap(method).__code__.co_names)
        if not name.startswith("__") and "NotImplementedError" in names:
            own = getattr(TrackingStore, name)
            assert own is not method, name


def test_traces_through_the_client(registry_uri):
    client = MlflowClient(registry_uri, registry_uri)
    for call in (lambda: client.delete_traces("1", trace_ids=["t"]), lambda: client.get_trace("t")):
        with pytest.raises(MlflowException):
            call()


@pytest.fixture
def asked(monkeypatch):
    """The requests that are sent, as METHOD PATH."""
    sent = []
    for method in ("get", "post", "patch", "metric_history"):
        call = getattr(Client, method)

        def noted(self, path, *arguments, _call=call, _method=method, **named):
            sent.append(f"{_method} {path}")
            return _call(self, path, *arguments, **named)

        monkeypatch.setattr(Client, method, noted)
    return sent


@pytest.mark.parametrize("mode", ["extension"], indirect=True)
def test_an_operation_is_one_request(store, experiment, run, asked):
    store.get_experiment(experiment)
    dataset = [DatasetInput(Dataset("n", "d", "t", "s"))]
    operations = [
        lambda: store.create_run(experiment, "ada", 0, [RunTag("a", "b")], "x"),
        lambda: store.get_run(run),
        lambda: store.log_metric(run, Metric("m", 1, 1, 1)),
        lambda: store.log_batch(
            run, [Metric("m", n, 1, n) for n in range(500)], [Param("p", "1")], [RunTag("t", "1")]
        ),
        lambda: store.set_tag(run, RunTag("a", "b")),
        lambda: store.delete_tag(run, "a"),
        lambda: store.update_run_info(run, RunStatus.FINISHED, 2000, "new"),
        lambda: store.log_inputs(run, dataset),
        lambda: store.get_metric_history(run, "m"),
        lambda: store.search_runs([experiment], "metrics.m > 0", ViewType.ALL),
        lambda: store.search_experiments(),
        lambda: store.delete_run(run),
        lambda: store.restore_run(run),
        lambda: store.delete_experiment(experiment),
        lambda: store.restore_experiment(experiment),
        lambda: store.create_logged_model(experiment, "m"),
        lambda: store.search_logged_models([experiment]),
    ]
    for operation in operations:
        asked.clear()
        operation()
        assert len(asked) == 1, asked


@pytest.mark.parametrize("mode", ["plain"], indirect=True)
def test_runs_are_not_asked_one_by_one(store, experiment, asked):
    for number in range(20):
        run = store.create_run(experiment, "ada", number, [], None).info.run_id
        store.log_param(run, Param("p", str(number)))
    asked.clear()
    assert len(store.search_runs([experiment], "params.p != '3'", ViewType.ALL)) == 19
    assert len(asked) == 2, asked


def test_a_registry_without_experiments():
    missing = Answer(404, {"code": "Not Found", "message": "none"})
    with Loopback() as server:
        # Features, v1alpha3, v1.
        server.then(missing, missing, Answer(body={"items": []}))
        store = TrackingStore(f"modelregistry://127.0.0.1:{server.port}")
        with pytest.raises(MlflowException) as error:
            store.create_experiment("x")
    assert error.value.error_code == "NOT_IMPLEMENTED"
    assert "has no experiments" in error.value.message
    assert "`hitchpost model-registry`" in error.value.message


def test_experiments_that_are_gone():
    with Loopback() as server:
        server.then(
            Answer(404, {"code": "Not Found", "message": "none"}),
            Answer(body={"items": []}),
            Answer(410, {"code": "Gone", "message": "experiments were removed"}),
        )
        store = TrackingStore(f"modelregistry://127.0.0.1:{server.port}")
        with pytest.raises(MlflowException) as error:
            store.get_experiment("1")
    assert error.value.error_code == "FEATURE_DISABLED"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "UNAUTHENTICATED"),
        (403, "PERMISSION_DENIED"),
        (500, "INTERNAL_ERROR"),
        (400, "INVALID_PARAMETER_VALUE"),
    ],
)
def test_faults_of_the_server(status, code):
    answers = [Answer(status, {"code": "X", "message": "no, because"})] * 3
    features = {"product": "hitchpost", "version": "1", "features": ["search-runs"]}
    with Loopback() as server:
        server.then(Answer(body=features), *answers)
        store = TrackingStore(f"modelregistry://127.0.0.1:{server.port}")
        with pytest.raises(MlflowException) as error:
            store.log_metric("1", Metric("m", 1, 1, 1))
    assert error.value.error_code == code
    assert "no, because" in error.value.message


def test_artifacts_are_found_from_another_process(registry_uri, tmp_path):
    def python(folder, program, *arguments):
        """What a program says that runs in a folder."""
        (tmp_path / folder).mkdir()
        start = "import mlflow, sys; mlflow.set_tracking_uri(sys.argv[1])\n"
        return subprocess.run(
            [sys.executable, "-c", start + program, registry_uri, *arguments],
            cwd=tmp_path / folder,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()

    write = (
        "mlflow.create_experiment(sys.argv[2]); mlflow.set_experiment(sys.argv[2])\n"
        "with mlflow.start_run() as run: mlflow.log_text('hello', 'folder/file.txt')\n"
        "print(run.info.run_id)"
    )
    read = "print(mlflow.artifacts.load_text(f'runs:/{sys.argv[2]}/folder/file.txt'))"
    (run,) = python("here", write, tmp_path.name)
    assert python("there", read, run) == ["hello"]
    assert list(tmp_path.glob("here/mlartifacts/*/*/artifacts/folder/file.txt"))


def test_where_artifacts_go(registry_uri, tmp_path, monkeypatch, name):
    def place(store, suffix):
        return store.get_experiment(store.create_experiment(name + suffix)).artifact_location

    monkeypatch.chdir(tmp_path)
    assert place(TrackingStore(registry_uri), "a").startswith(f"{tmp_path}/mlartifacts/")
    monkeypatch.setenv("HITCHPOST_ARTIFACT_ROOT", "s3://environment")
    assert place(TrackingStore(registry_uri), "b").startswith("s3://environment/")
    optional = f"{registry_uri}?artifact_uri=s3://option/x"
    assert place(TrackingStore(optional), "c").startswith("s3://option/x/")
    assert place(TrackingStore(optional, "s3://argument"), "d").startswith("s3://argument/")
    relative = place(TrackingStore(registry_uri, "./here"), "e")
    assert Path(relative).is_absolute()


def test_what_the_published_plugin_wrote(store, name):
    client = store._client
    experiment = client.post(
        f"{V1ALPHA3}/experiments",
        {"name": name, "externalId": f"s3://b/{name}", "customProperties": {"k": string("v")}},
    )["id"]
    run = client.post(
        f"{V1ALPHA3}/experiment_runs",
        {
            "experimentId": experiment,
            "name": f"run-{name}",
            "startTimeSinceEpoch": "5",
            "owner": "ada",
            "externalId": f"s3://b/{name}/7",
            "customProperties": {
                "t": string("v"),
                "flag": {"metadataType": "MetadataBoolValue", "bool_value": True},
                "count": {"metadataType": "MetadataIntValue", "int_value": "7"},
                "ratio": {"metadataType": "MetadataDoubleValue", "double_value": 0.5},
            },
        },
    )["id"]
    artifacts = f"{V1ALPHA3}/experiment_runs/{run}/artifacts"
    for body in (
        {"artifactType": "metric", "name": "m", "value": 0.5, "timestamp": "7", "step": 1},
        {"artifactType": "parameter", "name": "p", "value": "1"},
        {"artifactType": "dataset-artifact", "name": "d", "digest": "x", "sourceType": "local"},
    ):
        client.post(artifacts, body)
    model = client.post(
        artifacts,
        {
            "artifactType": "model-artifact",
            "name": f"model-{name}",
            "uri": f"s3://b/{name}/m",
            "state": "LIVE",
            "customProperties": {
                "mlflow__name": string("model"),
                "mlflow__model_type": string("Agent"),
                "mlflow__model_io_type": string("output"),
                "param_lr": string("0.1"),
                "tag": string("v"),
            },
        },
    )["id"]
    found = store.get_experiment(experiment)
    assert (found.artifact_location, found.tags) == (f"s3://b/{name}", {"k": "v"})
    (listed,) = store.search_runs([experiment], "", ViewType.ALL)
    for read in (store.get_run(run), listed):
        assert read.info.run_name == f"run-{name}"
        assert read.info.artifact_uri == f"s3://b/{name}/7"
        assert (read.info.user_id, read.info.start_time) == ("ada", 5)
        tags = {"t": "v", "flag": "true", "count": "7", "ratio": "0.5"}
        assert read.data.tags == tags
        assert (read.data.metrics, read.data.params) == ({"m": 0.5}, {"p": "1"})
        assert [each.dataset.digest for each in read.inputs.dataset_inputs] == ["x"]
        assert [tag.key for each in read.inputs.dataset_inputs for tag in each.tags] == []
        assert [each.model_id for each in read.outputs.model_outputs] == [model]
    read = store.get_logged_model(model)
    assert (read.name, read.model_type, read.status) == ("model", "Agent", "READY")
    assert (read.params, read.tags) == ({"lr": "0.1"}, {"tag": "v"})
    assert (read.experiment_id, read.source_run_id) == (experiment, run)
