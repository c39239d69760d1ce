import re
import threading

import pytest

pytest.importorskip("mlflow")

from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
    Metric,
    Param,
    RunStatus,
    RunTag,
    ViewType,
)
from mlflow.exceptions import MlflowException
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NAME


def refused(code, message, call, *arguments, **named):
    with pytest.raises(MlflowException) as error:
        call(*arguments, **named)
    assert error.value.error_code == code
    assert message in error.value.message


def data(store, run):
    return store.get_run(run).data


def test_what_is_created_is_read(store, experiment):
    made = store.create_run(experiment, "ada", 1234, [RunTag("a", "1")], "first")
    for found in (made, store.get_run(made.info.run_id)):
        assert found.info.experiment_id == experiment
        assert found.info.user_id == "ada"
        assert found.info.run_name == "first"
        assert found.info.start_time == 1234
        assert found.info.end_time is None
        assert found.info.status == "RUNNING"
        assert found.info.lifecycle_stage == "active"
        assert found.data.tags == {"a": "1", MLFLOW_RUN_NAME: "first"}
        assert found.inputs.dataset_inputs == found.inputs.model_inputs == []
        assert found.outputs.model_outputs == []
        found.to_proto()


def test_no_two_runs_share_a_place(store, name):
    # Also where experiments do.
    experiments = [store.create_experiment(f"{name}-{n}", "s3://bucket/x") for n in range(2)]
    runs = [store.create_run(each, "a", 0, [], "same").info for each in experiments * 2]
    places = {run.artifact_uri for run in runs}
    assert len(places) == len(runs)
    for place in places:
        assert re.fullmatch("s3://bucket/x/[0-9a-f]{32}/artifacts", place)
    assert {store.get_run(run.run_id).info.artifact_uri for run in runs} == places


def test_names(store, experiment, run):
    store.update_run_info(run, None, None, "second")
    assert store.get_run(run).info.run_name == data(store, run).tags[MLFLOW_RUN_NAME] == "second"
    store.set_tag(run, RunTag(MLFLOW_RUN_NAME, "third"))
    assert store.get_run(run).info.run_name == "third"
    store.log_batch(run, [], [], [RunTag(MLFLOW_RUN_NAME, "fourth")])
    store.update_run_info(run, RunStatus.FINISHED, 2000, "")
    assert store.get_run(run).info.run_name == "fourth"
    store.delete_tag(run, MLFLOW_RUN_NAME)
    assert MLFLOW_RUN_NAME not in data(store, run).tags
    assert store.get_run(run).info.run_name == "fourth"
    tags = [RunTag(MLFLOW_RUN_NAME, "b")]
    message = "Both 'run_name' argument and 'mlflow.runName' tag are specified"
    refused("INVALID_PARAMETER_VALUE", message, store.create_run, experiment, "a", 0, tags, "a")
    assert store.create_run(experiment, "a", 0, [], "").info.run_name


def test_no_change_resets_another(store, experiment, run):
    store.update_run_info(run, RunStatus.FAILED, 2000, None)
    store.set_tag(run, RunTag("a", "b"))
    store.delete_tag(run, "a")
    store.log_param(run, Param("p", "1"))
    store.log_metric(run, Metric("m", 1, 1, 0))
    store.update_run_info(run, None, None, "renamed")
    store.log_outputs(run, [LoggedModelOutput("m-" + "0" * 32, 1)])
    store.delete_run(run)
    store.restore_run(run)
    info = store.get_run(run).info
    assert (info.status, info.end_time, info.user_id) == ("FAILED", 2000, "ada")
    assert info.experiment_id == experiment
    # A run may end before it started, as clocks differ, and go on after its end.
    assert store.update_run_info(run, RunStatus.KILLED, 5, None).end_time == 5
    assert store.update_run_info(run, RunStatus.RUNNING, None, None).status == "RUNNING"


def test_deleted_runs_are_not_written_to(store, experiment, run):
    store.delete_run(run)
    store.delete_run(run)
    inactive = f"The run {run} must be in the 'active' state. Current state is deleted."
    calls = [
        (store.log_metric, Metric("m", 1, 1, 0)),
        (store.log_param, Param("p", "1")),
        (store.set_tag, RunTag("t", "1")),
        (store.delete_tag, MLFLOW_RUN_NAME),
        (store.log_batch, [Metric("m", 1, 1, 0)], [], []),
        (store.update_run_info, RunStatus.FINISHED, 1, None),
        (store.log_inputs, [DatasetInput(Dataset("n", "d", "t", "s"))]),
        (store.log_outputs, [LoggedModelOutput("m-" + "0" * 32, 1)]),
    ]
    for call, *arguments in calls:
        refused("INVALID_PARAMETER_VALUE", inactive, call, run, *arguments)
    assert data(store, run).metrics == data(store, run).params == {}
    found = store.search_runs([experiment], "", ViewType.DELETED_ONLY)
    assert [each.info.run_id for each in found] == [run]
    store.restore_run(run)
    store.log_metric(run, Metric("m", 1, 1, 0))
    assert data(store, run).metrics == {"m": 1}


@pytest.mark.parametrize("unknown", ["999999", "0", "a1b2", "9" * 30])
def test_runs_that_are_none(store, unknown):
    message = f"Run with id={unknown} not found"
    calls = [
        (store.get_run,),
        (store.delete_run,),
        (store.restore_run,),
        (store.update_run_info, RunStatus.FINISHED, 1, None),
        (store.log_metric, Metric("m", 1, 1, 0)),
        (store.log_batch, [], [], []),
        (store.set_tag, RunTag("a", "b")),
        (store.delete_tag, "a"),
        (store.get_metric_history, "m"),
        (store.log_inputs,),
        (store.log_outputs, []),
    ]
    for call, *arguments in calls:
        refused("RESOURCE_DOES_NOT_EXIST", message, call, unknown, *arguments)


@pytest.mark.parametrize("strange", ["1/2", "../1", "1?x=1", "", "a b"])
def test_ids_are_no_paths(store, strange):
    refused("RESOURCE_DOES_NOT_EXIST", "not found", store.get_run, strange)


def test_params_stay_as_they_are(store, run):
    store.log_batch(run, [], [Param("a", "1"), Param("b", "")], [])
    store.log_batch(run, [], [Param("a", "1"), Param("c", "x" * 6000)], [])
    changed = "Changing param values is not allowed. "
    single = f"{changed}Param with key='a' was already logged with value='1' for run ID='{run}'."
    refused("INVALID_PARAMETER_VALUE", single, store.log_param, run, Param("a", "2"))
    several = f"{changed}Params were already logged='[{{'key': 'a', 'old_value': '1', 'new"
    arguments = run, [Metric("m", 1, 1, 0)], [Param("a", "2"), Param("d", "1")], [RunTag("t", "1")]
    refused("INVALID_PARAMETER_VALUE", several, store.log_batch, *arguments)
    # Nothing of that batch was written.
    found = data(store, run)
    assert found.params == {"a": "1", "b": "", "c": "x" * 6000}
    assert found.metrics == {}
    assert "t" not in found.tags


def test_limits_of_a_batch(store, run, monkeypatch):
    def batch(metrics=0, params=0, tags=0):
        return (
            run,
            [Metric(f"m{n}", n, 1, 0) for n in range(metrics)],
            [Param(f"p{n}", str(n)) for n in range(params)],
            [RunTag(f"t{n}", str(n)) for n in range(tags)],
        )

    code = "INVALID_PARAMETER_VALUE"
    refused(code, "at most 1000 metrics. Got 1001", store.log_batch, *batch(1001))
    refused(code, "at most 100 params. Got 101", store.log_batch, *batch(0, 101))
    refused(code, "at most 100 tags. Got 101", store.log_batch, *batch(0, 0, 101))
    refused(code, "at most 1000 metrics, params, and tags", store.log_batch, *batch(990, 10, 1))
    twice = [Param("a", "1"), Param("a", "2")]
    refused(code, "Duplicate parameter keys", store.log_batch, run, [], twice, [])
    bad = [Metric("ok", 1, 1, 0), Metric("a!", 1, 1, 0)]
    refused(code, "parameter 'metrics[1].name'", store.log_batch, run, bad, [], [])
    missing = [Metric("a", None, 1, 0)]
    refused(code, "parameter 'metrics[0].value'", store.log_batch, run, missing, [], [])
    refused(code, "parameter 'value'", store.log_metric, run, missing[0])
    monkeypatch.setenv("MLFLOW_TRUNCATE_LONG_VALUES", "false")
    refused(code, "maximum length of 6000", store.log_param, run, Param("p", "x" * 6001))
    refused(code, "maximum length of 8000", store.set_tag, run, RunTag("t", "x" * 8001))
    assert data(store, run).metrics == data(store, run).params == {}


def test_a_batch(store, run):
    store.log_batch(run, [], [], [])
    metrics = [Metric("m", n, n, n) for n in range(800)]
    params = [Param(f"p{n}", str(n)) for n in range(100)]
    tags = [RunTag(f"t{n % 50}", str(n)) for n in range(100)]
    store.log_batch(run, metrics, params, tags)
    found = data(store, run)
    assert found.metrics == {"m": 799}
    assert found.params == {param.key: param.value for param in params}
    assert found.tags == {tag.key: tag.value for tag in tags} | {MLFLOW_RUN_NAME: "first"}
    assert [m.value for m in store.get_metric_history(run, "m")] == list(range(800))


def test_tags(store, run):
    store.set_tag(run, RunTag("a", "1"))
    store.set_tag(run, RunTag("a", "2"))
    store.set_tag(run, RunTag("b.c/d", "x"))
    assert data(store, run).tags == {"a": "2", "b.c/d": "x", MLFLOW_RUN_NAME: "first"}
    store.delete_tag(run, "a")
    missing = f"No tag with name: a in run with id {run}"
    refused("RESOURCE_DOES_NOT_EXIST", missing, store.delete_tag, run, "a")
    assert data(store, run).tags == {"b.c/d": "x", MLFLOW_RUN_NAME: "first"}


@pytest.mark.parametrize("mode", ["extension"], indirect=True)
def test_a_key_that_upstreams_server_takes_for_its_own(store, run):
    store.set_tag(run, RunTag("experiment_id", "x"))
    assert data(store, run).tags == {"experiment_id": "x", MLFLOW_RUN_NAME: "first"}


def test_later_by_threads(store, run):
    operations = [store.log_metric_async(run, Metric("m", n, n, n)) for n in range(50)]
    operations += [
        store.log_param_async(run, Param("p", "1")),
        store.set_tag_async(run, RunTag("t", "1")),
    ]
    for operation in operations:
        operation.wait()
    store.shut_down_async_logging()
    found = data(store, run)
    assert (found.metrics.keys(), found.params, found.tags["t"]) == ({"m"}, {"p": "1"}, "1")
    assert len(store.get_metric_history(run, "m")) == 50


def test_no_point_is_lost_among_threads(store, run, mode):
    threads, points = (8, 250) if mode == "extension" else (4, 10)

    def log(thread):
        for n in range(points):
            store.log_metric(run, Metric(f"m{thread % 2}", n, n, thread * points + n))

    running = [threading.Thread(target=log, args=(thread,)) for thread in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    history = [m.step for key in ("m0", "m1") for m in store.get_metric_history(run, key)]
    assert sorted(history) == list(range(threads * points))


def test_datasets(store, experiment, run):
    first = Dataset("d", "1", "local", '{"path": "x"}', "schema", "profile")
    tags = [InputTag("mlflow.data.context", "train"), InputTag("k", "v")]
    store.log_inputs(run, [DatasetInput(first, tags), DatasetInput(first)])
    # What was logged stays; another digest is another data set.
    store.log_inputs(run, [DatasetInput(Dataset("d", "1", "other", "s"), [])])
    store.log_inputs(run, [DatasetInput(Dataset("d", "2", "local", "s"), [])])
    other = store.create_run(experiment, "ada", 0, [], None).info.run_id
    store.log_inputs(other, [DatasetInput(first, [InputTag("mlflow.data.context", "test")])])
    found = {each.dataset.digest: each for each in store.get_run(run).inputs.dataset_inputs}
    assert found.keys() == {"1", "2"}
    assert dict(found["1"].dataset) == dict(first)
    assert {tag.key: tag.value for tag in found["1"].tags} == {tag.key: tag.value for tag in tags}
    assert found["2"].dataset.schema is None
    assert found["2"].tags == []
    listed = store.search_runs([experiment], "dataset.context = 'test'", ViewType.ALL)
    assert [each.info.run_id for each in listed] == [other]
    summaries = {(s.name, s.digest, s.context) for s in store._search_datasets([experiment])}
    assert summaries == {("d", "1", "train"), ("d", "1", "test"), ("d", "2", None)}


def test_bad_datasets(store, run):
    with pytest.raises(TypeError, match="should be a list"):
        store.log_inputs(run, "d")
    for field in ("name", "digest", "source_type", "source"):
        given = {"name": "n", "digest": "d", "source_type": "t", "source": "s", field: None}
        bad = [DatasetInput(Dataset(**given))]
        message = f"Dataset {field} cannot be None"
        refused("INVALID_PARAMETER_VALUE", message, store.log_inputs, run, bad)
    long = [DatasetInput(Dataset("n" * 501, "d", "t", "s"))]
    refused("INVALID_PARAMETER_VALUE", "'name' exceeds", store.log_inputs, run, long)


def test_models_that_a_run_read_and_made(store, run):
    ids = [f"m-{n:032x}" for n in range(3)]
    store.log_inputs(run, models=[LoggedModelInput(ids[0])])
    store.log_outputs(run, [LoggedModelOutput(ids[1], 10), LoggedModelOutput(ids[2], 2)])
    store.log_outputs(run, [LoggedModelOutput(ids[1], 11)])
    found = store.get_run(run)
    assert [each.model_id for each in found.inputs.model_inputs] == [ids[0]]
    outputs = [(each.model_id, each.step) for each in found.outputs.model_outputs]
    assert outputs == [(ids[2], 2), (ids[1], 10), (ids[1], 11)]
    assert data(store, run).tags == {MLFLOW_RUN_NAME: "first"}
