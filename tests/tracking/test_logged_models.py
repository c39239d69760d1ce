"""Logged models, and what runs say of them and of their data."""

import math

import pytest
from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
    LoggedModelParameter,
    LoggedModelStatus,
    LoggedModelTag,
)

from tracking.checks import refused


@pytest.fixture
def model(client, experiment, run):
    return client.create_logged_model(
        experiment, "tree", run, tags={"t": "1"}, params={"depth": "3"}, model_type="Agent"
    )


def test_a_model_is_what_it_was_made(client, experiment, run, model):
    got = client.get_logged_model(model.model_id)
    for each in (model, got):
        assert each.model_id.startswith("m-")
        assert each.experiment_id == experiment
        assert each.name == "tree"
        assert each.source_run_id == run
        assert each.model_type == "Agent"
        assert each.status == LoggedModelStatus.PENDING
        assert each.tags == {"t": "1"}
        assert each.params == {"depth": "3"}
        assert not each.metrics
        assert each.creation_timestamp == each.last_updated_timestamp > 1_700_000_000_000
        assert each.artifact_location.endswith(f"/models/{each.model_id}/artifacts")
        place = client.get_experiment(experiment).artifact_location
        assert each.artifact_location.startswith(place)


def test_a_model_without_a_name_gets_one(client, experiment):
    assert client.create_logged_model(experiment).name


def test_names_may_repeat(client, experiment):
    models = [client.create_logged_model(experiment, "same") for _ in range(3)]
    assert len({model.model_id for model in models}) == 3
    assert len({model.artifact_location for model in models}) == 3


@pytest.mark.parametrize("name", ["a/b", "a.b", "a:b", "a%b", 'a"b', "a'b"])
def test_names_that_are_none(client, experiment, name):
    refused("INVALID_PARAMETER_VALUE", "", client.create_logged_model, experiment, name)


def test_what_does_not_exist(client):
    missing = "m-" + "0" * 32
    for call in (client.get_logged_model, client.delete_logged_model):
        refused("RESOURCE_DOES_NOT_EXIST", missing, call, missing)
    refused(
        "RESOURCE_DOES_NOT_EXIST",
        missing,
        client.finalize_logged_model,
        missing,
        LoggedModelStatus.READY,
    )
    store = client._tracking_client.store
    tags = [LoggedModelTag("a", "b")]
    refused("RESOURCE_DOES_NOT_EXIST", missing, store.set_logged_model_tags, missing, tags)
    refused("RESOURCE_DOES_NOT_EXIST", "987654321", client.create_logged_model, "987654321")


@pytest.mark.parametrize("status", [LoggedModelStatus.READY, LoggedModelStatus.FAILED])
def test_finalizing(client, model, status):
    assert client.finalize_logged_model(model.model_id, status).status == status
    got = client.get_logged_model(model.model_id)
    assert got.status == status
    assert got.last_updated_timestamp >= got.creation_timestamp
    client.set_logged_model_tags(model.model_id, {"another": "tag"})
    assert client.get_logged_model(model.model_id).status == status


def test_deleting(client, experiment, model):
    client.delete_logged_model(model.model_id)
    refused("RESOURCE_DOES_NOT_EXIST", model.model_id, client.get_logged_model, model.model_id)
    assert client.search_logged_models([experiment]) == []


def test_tags(client, model):
    client.set_logged_model_tags(model.model_id, {"t": "2", "u": "größe"})
    assert client.get_logged_model(model.model_id).tags == {"t": "2", "u": "größe"}
    client.delete_logged_model_tag(model.model_id, "t")
    assert client.get_logged_model(model.model_id).tags == {"u": "größe"}
    refused("RESOURCE_DOES_NOT_EXIST", "t", client.delete_logged_model_tag, model.model_id, "t")


def test_params_are_added(client, model):
    store = client._tracking_client.store
    store.log_logged_model_params(model.model_id, [LoggedModelParameter("p", "x" * 500)])
    assert client.get_logged_model(model.model_id).params == {"depth": "3", "p": "x" * 500}


def test_many_params_and_tags(client, experiment):
    params = {f"p{n}": str(n) for n in range(250)}
    model = client.create_logged_model(experiment, params=params, tags={"a": "b"})
    assert client.get_logged_model(model.model_id).params == params


def test_a_deleted_experiment_takes_none(client, experiment):
    client.delete_experiment(experiment)
    refused("INVALID_PARAMETER_VALUE", "active", client.create_logged_model, experiment)


def test_metrics_of_a_model(client, experiment, run, model):
    client.log_metric(run, "f1", 0.5, 100, 1, model_id=model.model_id)
    client.log_metric(
        run, "f1", 0.75, 200, 2, model_id=model.model_id, dataset_name="d", dataset_digest="x"
    )
    client.log_metric(run, "other", 1.0)
    metrics = client.get_logged_model(model.model_id).metrics
    seen = sorted(
        (m.key, m.value, m.timestamp, m.step, m.dataset_name, m.dataset_digest, m.run_id)
        for m in metrics
        if m.step
    )
    assert seen[-1] == ("f1", 0.75, 200, 2, "d", "x", run)
    assert client.get_run(run).data.metrics == {"f1": 0.75, "other": 1.0}


def test_inputs_and_outputs_of_a_run(client, experiment, run, model):
    other = client.create_logged_model(experiment, "other")
    client.log_outputs(run, [LoggedModelOutput(model.model_id, 3)])
    client._tracking_client.store.log_inputs(run, models=[LoggedModelInput(other.model_id)])
    got = client.get_run(run)
    assert [(o.model_id, o.step) for o in got.outputs.model_outputs] == [(model.model_id, 3)]
    assert [i.model_id for i in got.inputs.model_inputs] == [other.model_id]


def test_datasets_of_a_run(client, experiment, run):
    wine = Dataset("wine", "d1", "local", '{"uri": "x"}', "schema", "profile")
    beer = Dataset("beer", "d2", "code", "{}")
    client.log_inputs(
        run,
        [
            DatasetInput(wine, [InputTag("mlflow.data.context", "train"), InputTag("k", "v")]),
            DatasetInput(beer),
        ],
    )
    client.log_inputs(run, [DatasetInput(wine, [InputTag("mlflow.data.context", "again")])])
    inputs = {i.dataset.name: i for i in client.get_run(run).inputs.dataset_inputs}
    assert set(inputs) == {"wine", "beer"}
    assert dict(inputs["wine"].dataset) == dict(wine)
    assert (inputs["beer"].dataset.schema, inputs["beer"].dataset.profile) == (None, None)
    assert {t.key: t.value for t in inputs["wine"].tags} == {
        "mlflow.data.context": "train",
        "k": "v",
    }
    (searched,) = client.search_runs([experiment])
    assert len(searched.inputs.dataset_inputs) == 2


@pytest.mark.parametrize(
    "dataset",
    [
        Dataset("n" * 501, "d", "s", "{}"),
        Dataset("n", "d" * 37, "s", "{}"),
        Dataset("n", "d", "s", "{" * 65536),
        Dataset("n", "d", "s", "{}", "s" * 1048576),
    ],
    ids=["long name", "long digest", "long source", "long schema"],
)
def test_limits_of_datasets(client, run, dataset):
    refused("INVALID_PARAMETER_VALUE", "", client.log_inputs, run, [DatasetInput(dataset)])
    assert client.get_run(run).inputs.dataset_inputs == []


def test_datasets_of_experiments(client, name):
    experiments = [client.create_experiment(f"{name} {n}") for n in range(2)]
    for n, experiment in enumerate(experiments):
        for context in ("train", "train", "test"):
            run = client.create_run(experiment).info.run_id
            tags = [InputTag("mlflow.data.context", context)]
            client.log_inputs(run, [DatasetInput(Dataset(f"d{n}", "x", "s", "{}"), tags)])
    summaries = client._tracking_client.store._search_datasets(experiments)
    assert sorted((s.experiment_id, s.name, s.digest, s.context) for s in summaries) == sorted(
        (experiment, f"d{n}", "x", context)
        for n, experiment in enumerate(experiments)
        for context in ("train", "test")
    )


@pytest.fixture(scope="module")
def five(backend):
    """What the tests of `search_logged_models` search."""
    client = backend.client()
    experiment = client.create_experiment(f"models {backend.name}")
    run = client.create_run(experiment).info.run_id
    ids = {}
    for n, name in enumerate("abcde"):
        model = client.create_logged_model(
            experiment,
            name,
            run if n % 2 == 0 else None,
            tags={"odd": str(n % 2)} if name != "e" else {},
            params={"n": str(n)},
            model_type="Agent" if n < 2 else "Tree",
        )
        ids[name] = model.model_id
        if name in "abc":
            client.log_metric(run, "f1", n / 10, 1, n, model_id=model.model_id)
            dataset = {"dataset_name": f"data-{name}", "dataset_digest": "x"}
            client.log_metric(run, "on", 5 - n, 1, n, model_id=model.model_id, **dataset)
        if name in "ad":
            client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    return experiment, ids, run


class TestSearch:
    @pytest.fixture
    def search(self, backend, five):
        def search(filter_string=None, order=(("name", True),), **options):
            order_by = [{"field_name": field, "ascending": up} for field, up in order]
            listed = backend.client().search_logged_models(
                [five[0]], filter_string, order_by=order_by or None, **options
            )
            return "".join(model.name for model in listed)

        return search

    @pytest.mark.parametrize(
        ("condition", "expected"),
        [
            (None, "abcde"),
            ("", "abcde"),
            ("name = 'a'", "a"),
            ("name != 'a'", "bcde"),
            ("name LIKE '%'", "abcde"),
            ("name ILIKE 'B'", "b"),
            ("name IN ('a', 'c')", "ac"),
            ("name NOT IN ('a', 'c')", "bde"),
            ("attributes.name = 'a'", "a"),
            ("model_type = 'Agent'", "ab"),
            ("creation_timestamp > 0", "abcde"),
            ("creation_time < 5", ""),
            ("last_updated_timestamp >= 1", "abcde"),
            ("tags.odd = '1'", "bd"),
            ("tags.odd != '1'", "ac"),
            ("params.n = '2'", "c"),
            ("params.n LIKE '%'", "abcde"),
            ("metrics.f1 >= 0.1", "bc"),
            ("metrics.f1 < 0.1", "a"),
            ("metrics.f1 != 0.1", "ac"),
            ("metrics.f1 >= 0 AND tags.odd = '0'", "ac"),
            ("metrics.none > 0", ""),
            ("metrics.f1 > nan", ""),
            ("metrics.f1 < inf", "abc"),
            ("creation_time > nan", ""),
            ("name = a", "a"),
            ("params.n = 2", "c"),
            ("tags.`odd` = '1'", "bd"),
        ],
    )
    def test_conditions(self, search, condition, expected):
        assert search(condition) == expected

    @pytest.mark.not_on("mlflow", "its SQL store compares the number of a status with its name")
    def test_by_status(self, search):
        assert search("status = 'READY'") == "ad"
        assert search("status != 'READY'") == "bce"

    def test_by_ids(self, search, five):
        _, ids, run = five
        assert search(f"model_id = '{ids['b']}'") == "b"
        assert search(f"source_run_id = '{run}'") == "ace"

    @pytest.mark.parametrize(
        ("order", "expected"),
        [
            ([], "edcba"),
            ([("name", False)], "edcba"),
            ([("creation_timestamp", True)], "abcde"),
            ([("creation_time", False)], "edcba"),
            ([("model_type", True), ("name", False)], "baedc"),
            ([("metrics.f1", True)], "abced"),
            ([("metrics.f1", False)], "cbaed"),
            ([("metrics.on", True), ("name", True)], "cbade"),
            ([("source_run_id", True), ("name", True)], "acebd"),
        ],
    )
    def test_orders(self, search, order, expected):
        assert search(order=order) == expected

    @pytest.mark.parametrize(
        ("datasets", "condition", "expected"),
        [
            ([{"dataset_name": "data-a"}], None, "a"),
            ([{"dataset_name": "data-a"}, {"dataset_name": "data-b"}], None, "ab"),
            ([{"dataset_name": "data-a", "dataset_digest": "x"}], "metrics.on > 4", "a"),
            ([{"dataset_name": "data-a", "dataset_digest": "y"}], None, ""),
            ([{"dataset_name": "data-b"}], "metrics.f1 > 0", ""),
        ],
    )
    def test_datasets(self, search, datasets, condition, expected):
        assert search(condition, datasets=datasets) == expected

    def test_pages(self, backend, five, search):
        client, seen, token = backend.client(), "", None
        order = [{"field_name": "metrics.f1", "ascending": True}]
        for _ in range(5):
            page = client.search_logged_models(
                [five[0]], max_results=2, order_by=order, page_token=token
            )
            assert len(page) <= 2
            seen += "".join(model.name for model in page)
            token = page.token
            if not token:
                break
        assert seen == search(order=[("metrics.f1", True)])

    def test_results_carry_all_data(self, backend, five):
        models = {m.name: m for m in backend.client().search_logged_models([five[0]])}
        assert models["c"].params == {"n": "2"}
        assert models["c"].tags == {"odd": "0"}
        assert models["c"].source_run_id == five[2]
        assert {m.key: m.value for m in models["c"].metrics} == {"f1": 0.2, "on": 3}
        assert models["b"].source_run_id is None

    @pytest.mark.parametrize(
        ("condition", "message"),
        [
            ("name", "Invalid filter string: 'name'. Expected a list of comparisons"),
            ("nothing = 'x'", "Invalid filter string: \"nothing = 'x'\". Expected a list"),
            ("name = 'a' OR name = 'b'", "Expected a list of comparisons separated by 'AND'"),
            (";", "Invalid filter string: ';'. Expected a list of comparisons"),
            ("name = 'a'; name = 'b'", "Expected a single SQL expression."),
            ("name = ", "Invalid filter string"),
            ("name > 1", "Invalid comparison operator for attributes.name: '>'. Expected one of ("),
            ("tags.odd > 'a'", "Invalid comparison operator for tags.odd: '>'. Expected one of ("),
            ("metrics.f1 LIKE 1", "Invalid comparison operator for metrics.f1: 'LIKE'. Expected"),
            (
                "creation_time LIKE 'x'",
                "Invalid comparison operator for attributes.creation_timestamp_ms: 'LIKE'",
            ),
            (
                "metric.f1 > 1",
                "Invalid entity type: 'metric'. Expected one of ['attributes', 'metrics', "
                "'params', 'tags'].",
            ),
        ],
    )
    @pytest.mark.not_in("3.0.", "its messages are those of a newer MLflow")
    def test_what_is_no_filter(self, backend, five, condition, message):
        refused(
            "INVALID_PARAMETER_VALUE",
            message,
            backend.client().search_logged_models,
            [five[0]],
            condition,
        )

    @pytest.mark.not_on("mlflow", "these errors of its SQL store are internal ones, and say less")
    @pytest.mark.parametrize(
        ("condition", "message"),
        [
            ("metrics.f1 > 'a'", "could not convert string to float"),
            ("creation_time > 'a'", "could not convert string to float"),
            ("attributes.unheard = 'x'", "Invalid attribute key 'unheard' specified"),
            ("metrics. = 1", "Invalid attribute key 'metrics.' specified"),
            ("tags.odd IN (1)", "While parsing a list in the query"),
        ],
    )
    def test_what_cannot_be_compared(self, backend, five, condition, message):
        refused(
            "INVALID_PARAMETER_VALUE",
            message,
            backend.client().search_logged_models,
            [five[0]],
            condition,
        )

    @pytest.mark.parametrize("field", ["nothing", "params.n", "tags.odd"])
    def test_what_is_no_order(self, backend, five, field):
        refused(
            "INVALID_PARAMETER_VALUE",
            "Invalid order by field name",
            backend.client().search_logged_models,
            [five[0]],
            order_by=[{"field_name": field}],
        )


def test_any_run_may_be_the_source(client, name, run):
    other = client.create_experiment(f"{name}-other")
    model = client.create_logged_model(other, "a", run)
    assert client.get_logged_model(model.model_id).source_run_id == run
    assert [found.model_id for found in client.search_logged_models([other])] == [model.model_id]


def test_a_metric_that_is_not_a_number(client, experiment, run, model):
    client.log_metric(run, "f1", math.nan, model_id=model.model_id)
    assert math.isnan(client.get_run(run).data.metrics["f1"])


def test_tags_of_entities_are_accepted(client, experiment):
    store = client._tracking_client.store
    model = store.create_logged_model(
        experiment, tags=[LoggedModelTag("a", "b")], params=[LoggedModelParameter("c", "d")]
    )
    assert (model.tags, model.params) == ({"a": "b"}, {"c": "d"})
