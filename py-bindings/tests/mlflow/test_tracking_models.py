import os

import pytest

pytest.importorskip("mlflow")

from mlflow.entities import (
    LoggedModelParameter,
    LoggedModelStatus,
    LoggedModelTag,
    Metric,
    RunStatus,
)
from mlflow.exceptions import MlflowException

OTHER = os.environ.get("HITCHPOST_TEST_MODEL_REGISTRY")
NONE = "m-" + "0" * 32


def refused(code, message, call, *arguments, **named):
    with pytest.raises(MlflowException) as error:
        call(*arguments, **named)
    assert error.value.error_code == code
    assert message in error.value.message


def test_what_is_created_is_read(store, experiment, run):
    made = store.create_logged_model(
        experiment,
        "model",
        run,
        [LoggedModelTag("t", "1"), LoggedModelTag("param_x", "tag")],
        [LoggedModelParameter("p", "2")],
        "Agent",
    )
    for found in (made, store.get_logged_model(made.model_id)):
        assert found.experiment_id == experiment
        assert found.name == "model"
        assert found.model_uri == f"models:/{made.model_id}"
        assert found.source_run_id == run
        assert found.status == LoggedModelStatus.PENDING
        assert found.tags == {"t": "1", "param_x": "tag"}
        assert found.params == {"p": "2"}
        assert found.model_type == "Agent"
        assert found.artifact_location.endswith(f"/models/{made.model_id}/artifacts")
        assert found.creation_timestamp > 1_700_000_000_000
        assert not found.metrics
        found.to_proto()


def test_names(store, experiment):
    same = [store.create_logged_model(experiment, "same").model_id for _ in range(2)]
    assert len(set(same)) == 2
    assert store.create_logged_model(experiment).name
    for bad in ("", "a/b", "a:b", "a.b", "a%b", "a'b", 'a"b'):
        refused(
            "INVALID_PARAMETER_VALUE",
            "Invalid model name",
            store.create_logged_model,
            experiment,
            bad,
        )


def test_where_none_is_created(store, experiment):
    gone = "No Experiment with id=999999 exists"
    refused("RESOURCE_DOES_NOT_EXIST", gone, store.create_logged_model, "999999")
    store.delete_experiment(experiment)
    inactive = "must be in the 'active' state"
    refused("INVALID_PARAMETER_VALUE", inactive, store.create_logged_model, experiment)


def test_the_status(store, experiment):
    model = store.create_logged_model(experiment).model_id
    for status in (LoggedModelStatus.READY, LoggedModelStatus.FAILED):
        assert store.finalize_logged_model(model, status).status == status
        assert store.get_logged_model(model).status == status


def test_tags_and_params(store, experiment):
    model = store.create_logged_model(experiment).model_id
    store.set_logged_model_tags(model, [LoggedModelTag("a", "1"), LoggedModelTag("b", "2")])
    store.set_logged_model_tags(model, [LoggedModelTag("a", "3")])
    store.log_logged_model_params(model, [LoggedModelParameter("a", "4")])
    store.finalize_logged_model(model, LoggedModelStatus.READY)
    store.delete_logged_model_tag(model, "b")
    found = store.get_logged_model(model)
    assert (found.tags, found.params, found.status) == ({"a": "3"}, {"a": "4"}, "READY")
    missing = f"No tag with key 'b' found for model with ID '{model}'."
    refused("RESOURCE_DOES_NOT_EXIST", missing, store.delete_logged_model_tag, model, "b")
    store.set_model_versions_tags("name", "1", model)
    assert "mlflow.modelVersions" in store.get_logged_model(model).tags


def test_deleting(store, experiment):
    model = store.create_logged_model(experiment).model_id
    store.finalize_logged_model(model, LoggedModelStatus.READY)
    store.delete_logged_model(model)
    missing = f"Logged model with ID '{model}' not found."
    refused("RESOURCE_DOES_NOT_EXIST", missing, store.get_logged_model, model)
    assert store.search_logged_models([experiment]) == []
    store.finalize_logged_model(model, LoggedModelStatus.FAILED)
    refused("RESOURCE_DOES_NOT_EXIST", missing, store.get_logged_model, model)
    assert store.search_logged_models([experiment]) == []
    assert store.get_logged_model(model, allow_deleted=True).status == LoggedModelStatus.FAILED


def test_any_run_is_a_source(store, experiment, run, name):
    other = store.create_experiment(f"{name}-2")
    for source in (run, "999999", "f" * 32):
        model = store.create_logged_model(other, "a", source).model_id
        found = store.get_logged_model(model)
        assert (found.source_run_id, found.experiment_id) == (source, other)
        (listed,) = store.search_logged_models([other], f"source_run_id = '{source}'")
        assert listed.model_id == model
    assert store.search_logged_models([experiment]) == []


@pytest.mark.parametrize("unknown", [NONE, "1/2", "999999", "", "m-x"])
def test_models_that_are_none(store, unknown):
    message = f"Logged model with ID '{unknown}' not found."
    calls = [
        (store.get_logged_model,),
        (store.delete_logged_model,),
        (store.finalize_logged_model, LoggedModelStatus.READY),
        (store.set_logged_model_tags, [LoggedModelTag("a", "1")]),
        (store.log_logged_model_params, [LoggedModelParameter("a", "1")]),
        (store.delete_logged_model_tag, "a"),
    ]
    for call, *arguments in calls:
        refused("RESOURCE_DOES_NOT_EXIST", message, call, unknown, *arguments)


def test_metrics(store, experiment, run, mode):
    if mode == "plain" and OTHER is None:
        pytest.skip("without the extension our own server keeps a point of a metric once")
    models = [store.create_logged_model(experiment, n, run).model_id for n in ("a", "b")]
    # The same value of the same moment, of two models.
    for model in models:
        metric = Metric("f1", 0.5, 1, 0, model, "data", "digest")
        store.log_batch(run, [metric], [], [])
    store.log_metric(run, Metric("f1", 0.75, 2, 1, models[1]))
    for model in models:
        points = store.get_logged_model(model).metrics
        assert {(point.key, point.run_id, point.model_id) for point in points} == {
            ("f1", run, model)
        }
        on = {(point.dataset_name, point.dataset_digest): point.value for point in points}
        assert on["data", "digest"] == 0.5
    found = store.search_logged_models([experiment], "metrics.f1 > 0.6")
    assert [model.name for model in found] == ["b"]
    assert store.get_run(run).data.metrics == {"f1": 0.75}


@pytest.fixture
def search(store, experiment, run):
    for number, name in enumerate("abc"):
        model = store.create_logged_model(
            experiment,
            name,
            run if name == "a" else None,
            [LoggedModelTag("odd", str(number % 2))],
            [LoggedModelParameter("n", str(number))],
            "Agent" if name == "a" else "Tree",
        ).model_id
        if name != "c":
            on = Metric("f1", number / 2, 1, 0, model, f"data-{name}", "x")
            store.log_metric(run, on)
            store.finalize_logged_model(model, LoggedModelStatus.READY)

    def search(condition=None, order=("name",), datasets=None):
        order_by = [
            {"field_name": field.lstrip("-"), "ascending": field[0] != "-"} for field in order
        ]
        found = store.search_logged_models([experiment], condition, datasets, None, order_by)
        return "".join(model.name for model in found)

    return search


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (None, "abc"),
        ("name = 'a'", "a"),
        ("name ILIKE 'A'", "a"),
        ("name IN ('a', 'c')", "ac"),
        ("model_type != 'Agent'", "bc"),
        ("status = 'READY'", "ab"),
        ("status LIKE 'P%'", "c"),
        ("status NOT IN ('READY')", "c"),
        ("tags.odd = '0' AND params.n = '2'", "c"),
        ("metrics.f1 < 0.5", "a"),
        ("metrics.f1 != 7", "ab"),
        ("creation_timestamp > 5", "abc"),
        ("creation_time < 5", ""),
    ],
)
def test_conditions(search, condition, expected):
    assert search(condition) == expected


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ([], "cba"),
        (["-name"], "cba"),
        (["metrics.f1"], "abc"),
        (["-metrics.f1"], "bac"),
        (["model_type", "-name"], "acb"),
        (["source_run_id", "name"], "abc"),
    ],
)
def test_orders(search, order, expected):
    assert search(order=order) == expected


@pytest.mark.parametrize(
    ("datasets", "condition", "expected"),
    [
        ([{"dataset_name": "data-a"}], None, "a"),
        ([{"dataset_name": "data-a"}, {"dataset_name": "data-b"}], None, "ab"),
        ([{"dataset_name": "data-b", "dataset_digest": "x"}], "metrics.f1 > 0", "b"),
        ([{"dataset_name": "data-b", "dataset_digest": "y"}], None, ""),
    ],
)
def test_data_sets(search, datasets, condition, expected):
    assert search(condition, datasets=datasets) == expected


def test_pages(store, name):
    experiments = [store.create_experiment(f"{name}-{n}") for n in range(2)]
    made = [store.create_logged_model(experiments[n % 2]).model_id for n in range(5)]
    found, token = [], None
    order = [{"field_name": "creation_timestamp"}, {"field_name": "model_id"}]
    while True:
        page = store.search_logged_models(
            experiments, max_results=2, order_by=order, page_token=token
        )
        found += [model.model_id for model in page]
        token = page.token
        if token is None:
            break
        message = "Experiment IDs in the page token do not match"
        refused(
            "INVALID_PARAMETER_VALUE",
            message,
            store.search_logged_models,
            experiments[:1],
            page_token=token,
        )
    assert sorted(found) == sorted(made)
    assert store.search_logged_models([]) == []


def test_what_is_no_search(store, experiment):
    call = store.search_logged_models
    code = "INVALID_PARAMETER_VALUE"
    refused(code, "Invalid attribute key 'wrong'", call, [experiment], "wrong = 'a'")
    refused(code, "`dataset_name`", call, [experiment], datasets=[{"dataset_digest": "x"}])
    wrong = [{"field_name": "wrong"}]
    refused(code, "Invalid order by field name: wrong", call, [experiment], order_by=wrong)


def test_a_model_outlives_its_run(store, experiment, run):
    model = store.create_logged_model(experiment, "a", run).model_id
    store.update_run_info(run, RunStatus.FINISHED, 1, None)
    store.delete_run(run)
    assert store.get_logged_model(model).source_run_id == run
