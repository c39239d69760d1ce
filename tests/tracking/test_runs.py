"""Runs: what they are, how they change, what is written to them."""

import re

import pytest
from mlflow.entities import Param, RunTag

from tracking.checks import failure, refused


def test_a_run_is_what_it_was_made(client, experiment):
    made = client.create_run(experiment, 1_234_567, {"a": "1", "mlflow.user": "ada"}, "first")
    for run in (made, client.get_run(made.info.run_id)):
        assert run.info.experiment_id == experiment
        assert run.info.run_name == "first"
        assert run.info.start_time == 1_234_567
        assert run.info.end_time is None
        assert run.info.status == "RUNNING"
        assert run.info.lifecycle_stage == "active"
        assert run.data.tags == {"a": "1", "mlflow.user": "ada", "mlflow.runName": "first"}
        assert run.data.metrics == {}
        assert run.data.params == {}


def test_a_run_without_a_name_gets_one(client, experiment):
    run = client.get_run(client.create_run(experiment).info.run_id)
    assert run.info.run_name
    assert run.data.tags["mlflow.runName"] == run.info.run_name


def test_the_name_may_be_given_as_a_tag(client, experiment):
    run = client.create_run(experiment, tags={"mlflow.runName": "by tag"})
    assert client.get_run(run.info.run_id).info.run_name == "by tag"


def test_two_names_that_differ_are_refused(client, experiment):
    refused(
        "INVALID_PARAMETER_VALUE",
        "Both 'run_name' argument and 'mlflow.runName' tag are specified",
        client.create_run,
        experiment,
        tags={"mlflow.runName": "b"},
        run_name="a",
    )


def test_names_may_repeat(client, experiment):
    runs = [client.create_run(experiment, run_name="same") for _ in range(3)]
    assert len({run.info.run_id for run in runs}) == 3
    assert {client.get_run(run.info.run_id).info.run_name for run in runs} == {"same"}


def test_the_start_is_now_when_not_given(client, experiment):
    before = client.create_run(experiment).info.start_time
    assert 1_700_000_000_000 < before <= client.create_run(experiment).info.start_time


def test_artifacts_of_runs_are_apart(client, experiment):
    runs = [client.create_run(experiment) for _ in range(3)]
    places = {run.info.artifact_uri for run in runs}
    assert len(places) == 3
    for run in runs:
        assert run.info.artifact_uri.startswith(client.get_experiment(experiment).artifact_location)
        assert run.info.artifact_uri.endswith("/artifacts")
        assert client.get_run(run.info.run_id).info.artifact_uri == run.info.artifact_uri


def test_artifacts_lie_where_the_experiment_says(client, name):
    experiment = client.create_experiment(name, "s3://bucket/root")
    run = client.create_run(experiment)
    assert re.fullmatch(r"s3://bucket/root/[0-9a-f-]{32,36}/artifacts", run.info.artifact_uri)


def test_what_does_not_exist(client):
    missing = "0" * 32
    for call in (client.get_run, client.delete_run, client.restore_run, client.set_terminated):
        refused("RESOURCE_DOES_NOT_EXIST", missing, call, missing)
    refused("RESOURCE_DOES_NOT_EXIST", missing, client.log_metric, missing, "a", 1.0)
    refused("RESOURCE_DOES_NOT_EXIST", missing, client.log_param, missing, "a", 1)
    refused("RESOURCE_DOES_NOT_EXIST", missing, client.set_tag, missing, "a", 1)
    refused("RESOURCE_DOES_NOT_EXIST", "987654321", client.create_run, "987654321")


@pytest.mark.parametrize("strange", ["", "a/b", "../x", "a?b", "a b", "' OR 1=1 --", "x" * 300])
def test_ids_that_are_none(client, strange):
    error = failure(client.get_run, strange)
    assert error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}


@pytest.mark.parametrize("status", ["FINISHED", "FAILED", "KILLED"])
def test_the_end(client, run, status):
    client.set_terminated(run, status, 1_999_999_999_999)
    info = client.get_run(run).info
    assert (info.status, info.end_time) == (status, 1_999_999_999_999)


def test_a_run_may_go_on(client, run):
    client.set_terminated(run, "FINISHED", 5)
    client.update_run(run, status="RUNNING")
    assert client.get_run(run).info.status == "RUNNING"


def test_renaming(client, run):
    client.set_tag(run, "kept", "yes")
    client.update_run(run, name="anew")
    after = client.get_run(run)
    assert after.info.run_name == "anew"
    assert after.data.tags["mlflow.runName"] == "anew"
    assert after.data.tags["kept"] == "yes"
    client.set_tag(run, "mlflow.runName", "by tag")
    assert client.get_run(run).info.run_name == "by tag"


def test_nothing_that_is_written_changes_the_status(client, experiment, run):
    client.set_terminated(run, "FAILED", 77)
    client.set_tag(run, "a", "b")
    client.log_param(run, "p", "q")
    client.log_metric(run, "m", 1.0)
    client.delete_tag(run, "a")
    client.update_run(run, name="another")
    info = client.get_run(run).info
    assert (info.status, info.end_time, info.lifecycle_stage) == ("FAILED", 77, "active")


def test_deleting_and_restoring(client, experiment, run):
    client.log_metric(run, "m", 1.0)
    client.set_terminated(run, "FINISHED", 5)
    client.delete_run(run)
    deleted = client.get_run(run)
    assert deleted.info.lifecycle_stage == "deleted"
    assert deleted.data.metrics == {"m": 1.0}
    for write in (
        lambda: client.log_metric(run, "m", 2.0),
        lambda: client.log_param(run, "p", "q"),
        lambda: client.set_tag(run, "a", "b"),
        lambda: client.delete_tag(run, "mlflow.runName"),
        lambda: client.log_batch(run, params=[Param("a", "b")]),
        lambda: client.update_run(run, name="x"),
    ):
        refused("INVALID_PARAMETER_VALUE", "must be in the 'active' state", write)
    client.delete_run(run)
    client.restore_run(run)
    client.restore_run(run)
    restored = client.get_run(run).info
    assert (restored.lifecycle_stage, restored.status, restored.end_time) == (
        "active",
        "FINISHED",
        5,
    )


class TestTags:
    def test_set_overwritten_removed(self, client, run):
        client.set_tag(run, "a", "1")
        client.set_tag(run, "b", "")
        client.set_tag(run, "a", "2")
        tags = client.get_run(run).data.tags
        assert (tags["a"], tags["b"]) == ("2", "")
        client.delete_tag(run, "a")
        assert "a" not in client.get_run(run).data.tags
        refused("RESOURCE_DOES_NOT_EXIST", "a", client.delete_tag, run, "a")

    def test_what_a_server_adds_is_no_tag(self, client, experiment):
        run = client.create_run(experiment, tags={"only": "this"}, run_name="x")
        client.log_metric(run.info.run_id, "m", 1)
        client.set_terminated(run.info.run_id)
        tags = client.get_run(run.info.run_id).data.tags
        assert tags == {"only": "this", "mlflow.runName": "x"}

    @pytest.mark.parametrize(
        "value", ["größe 🌲", "'", '"', "\\", "a\nb", "%", "NaN", "null", "1", "x" * 8000, "{}"]
    )
    def test_values_are_kept(self, client, run, value):
        client.set_tag(run, "key", value)
        assert client.get_run(run).data.tags["key"] == value

    @pytest.mark.parametrize("key", ["a.b", "a/b", "a b", "a-b", "a_b", "a:b", "x" * 250])
    def test_keys_are_kept(self, client, run, key):
        client.set_tag(run, key, "v")
        assert client.get_run(run).data.tags[key] == "v"

    @pytest.mark.parametrize(
        ("key", "value", "saying"),
        [
            ("x" * 251, "v", "250"),
            ("k", "v" * 8001, "8000"),
            ("", "v", ""),
            ("a\0b", "v", ""),
            ("../a", "v", ""),
            ("/a", "v", ""),
            ("a//b", "v", ""),
        ],
    )
    def test_limits(self, client, run, key, value, saying, monkeypatch):
        monkeypatch.setenv("MLFLOW_TRUNCATE_LONG_VALUES", "false")
        refused("INVALID_PARAMETER_VALUE", saying, client.set_tag, run, key, value)

    def test_long_values_are_cut_where_mlflow_says_so(self, client, run, monkeypatch):
        monkeypatch.setenv("MLFLOW_TRUNCATE_LONG_VALUES", "true")
        client.set_tag(run, "k", "v" * 9000)
        assert client.get_run(run).data.tags["k"] == "v" * 8000


class TestParams:
    @pytest.mark.parametrize("value", ["1", "", "größe 🌲", "a\nb", "x" * 6000, "1e-300", "None"])
    def test_values_are_kept(self, client, run, value):
        client.log_param(run, "p", value)
        assert client.get_run(run).data.params == {"p": value}

    def test_anything_becomes_a_text(self, client, run):
        for n, value in enumerate([1, 1.5, None, True, [1], {"a": 1}]):
            client.log_param(run, f"p{n}", value)
            assert client.get_run(run).data.params[f"p{n}"] == str(value)

    def test_the_same_again_is_fine(self, client, run):
        client.log_param(run, "p", "1")
        client.log_param(run, "p", "1")
        assert client.get_run(run).data.params == {"p": "1"}

    def test_another_value_is_refused(self, client, run):
        client.log_param(run, "p", "1")
        message = refused(
            "INVALID_PARAMETER_VALUE",
            "Changing param values is not allowed",
            client.log_param,
            run,
            "p",
            "2",
        )
        assert "'p'" in message
        assert client.get_run(run).data.params == {"p": "1"}

    @pytest.mark.parametrize(
        ("key", "value", "saying"),
        [("x" * 251, "v", "250"), ("k", "v" * 6001, "6000"), ("", "v", ""), ("a$", "v", "")],
    )
    def test_limits(self, client, run, key, value, saying, monkeypatch):
        monkeypatch.setenv("MLFLOW_TRUNCATE_LONG_VALUES", "false")
        refused("INVALID_PARAMETER_VALUE", saying, client.log_param, run, key, value)
        assert client.get_run(run).data.params == {}


class TestBatches:
    def test_all_kinds_at_once(self, client, run):
        from mlflow.entities import Metric

        client.log_batch(
            run,
            [Metric("m", 1.0, 10, 0), Metric("m", 2.0, 11, 1), Metric("n", -1, 12, 5)],
            [Param("p", "1"), Param("q", "2")],
            [RunTag("t", "1"), RunTag("u", "2")],
        )
        data = client.get_run(run).data
        assert data.metrics == {"m": 2.0, "n": -1.0}
        assert data.params == {"p": "1", "q": "2"}
        assert (data.tags["t"], data.tags["u"]) == ("1", "2")

    def test_nothing(self, client, run):
        client.log_batch(run)
        assert client.get_run(run).data.params == {}

    def test_the_last_of_equal_tags_wins(self, client, run):
        client.log_batch(run, tags=[RunTag("t", "1"), RunTag("t", "2")])
        assert client.get_run(run).data.tags["t"] == "2"

    @pytest.mark.parametrize("values", ["11", "12"])
    def test_a_param_twice(self, client, run, values):
        refused(
            "INVALID_PARAMETER_VALUE",
            "Duplicate parameter keys have been submitted: ['p']",
            client.log_batch,
            run,
            params=[Param("p", value) for value in values],
        )
        assert client.get_run(run).data.params == {}

    def test_a_param_that_changes_stops_all_params(self, client, run):
        client.log_param(run, "p", "1")
        refused(
            "INVALID_PARAMETER_VALUE",
            "Changing param values is not allowed",
            client.log_batch,
            run,
            params=[Param("a", "1"), Param("p", "2"), Param("z", "3")],
        )
        assert client.get_run(run).data.params == {"p": "1"}

    @pytest.mark.parametrize(
        "batch",
        [
            {"params": 101},
            {"tags": 101},
            {"metrics": 1001},
            {"metrics": 900, "params": 60, "tags": 41},
        ],
        ids=str,
    )
    def test_limits_of_a_request(self, client, run, batch):
        from mlflow.entities import Metric

        make = {
            "metrics": lambda n: Metric(f"k{n}", n, n, 0),
            "params": lambda n: Param(f"k{n}", "v"),
            "tags": lambda n: RunTag(f"k{n}", "v"),
        }
        given = {kind: [make[kind](n) for n in range(count)] for kind, count in batch.items()}
        store = client._tracking_client.store
        refused(
            "INVALID_PARAMETER_VALUE",
            "A batch logging request can contain at most",
            store.log_batch,
            run,
            given.get("metrics", []),
            given.get("params", []),
            given.get("tags", []),
        )
        data = client.get_run(run).data
        assert (data.metrics, data.params) == ({}, {})

    def test_a_full_batch(self, client, run):
        from mlflow.entities import Metric

        client._tracking_client.store.log_batch(
            run,
            [Metric(f"m{n}", n, n, 0) for n in range(800)],
            [Param(f"p{n}", str(n)) for n in range(100)],
            [RunTag(f"t{n}", str(n)) for n in range(100)],
        )
        data = client.get_run(run).data
        assert data.metrics == {f"m{n}": float(n) for n in range(800)}
        assert data.params == {f"p{n}": str(n) for n in range(100)}
        assert {k: v for k, v in data.tags.items() if k[0] == "t"} == {
            f"t{n}": str(n) for n in range(100)
        }

    def test_without_waiting(self, client, run):
        client.log_metric(run, "m", 1.0, synchronous=False)
        client.log_param(run, "p", "1", synchronous=False)
        client.set_tag(run, "t", "2", synchronous=False)
        client.log_batch(run, params=[Param("q", "2")], synchronous=False).wait()
        client._tracking_client.store.flush_async_logging()
        data = client.get_run(run).data
        assert data.metrics == {"m": 1.0}
        assert data.params == {"p": "1", "q": "2"}
        assert data.tags["t"] == "2"
