import pytest

pytest.importorskip("mlflow")

from mlflow.entities import Experiment, ExperimentTag, ViewType
from mlflow.exceptions import MlflowException

from hitchpost.mlflow.tracking_store import TrackingStore


def refused(code, message, call, *arguments, **named):
    with pytest.raises(MlflowException) as error:
        call(*arguments, **named)
    assert error.value.error_code == code
    assert message in error.value.message


def test_what_is_created_is_read(store, name):
    tags = [ExperimentTag("a", "1"), ExperimentTag("long", "x" * 5_000)]
    made = store.create_experiment(name, "s3://bucket/here", tags)
    for found in (store.get_experiment(made), store.get_experiment_by_name(name)):
        assert found.experiment_id == made
        assert found.name == name
        assert found.artifact_location == "s3://bucket/here"
        assert found.lifecycle_stage == "active"
        assert found.tags == {"a": "1", "long": "x" * 5_000}
        assert found.creation_time > 1_700_000_000_000
        assert found.last_update_time >= found.creation_time
        found.to_proto()


def test_ids_that_are_none(store):
    refused("RESOURCE_DOES_NOT_EXIST", "No Experiment with id=", store.get_experiment, "999999")
    refused("RESOURCE_DOES_NOT_EXIST", "No Experiment with id=", store.get_experiment, "9" * 40)
    refused("RESOURCE_DOES_NOT_EXIST", "No Experiment with id=", store.get_experiment, "-1")
    message = "Invalid experiment ID 'x'. Experiment ID must be a valid integer."
    refused("INVALID_PARAMETER_VALUE", message, store.get_experiment, "x")
    refused("INVALID_PARAMETER_VALUE", "Invalid experiment ID", store.get_experiment, "1/../2")
    assert store.get_experiment_by_name("nobody") is None


def test_names_are_unique_and_renamed(store, name):
    first, second = store.create_experiment(name), store.create_experiment(f"{name}-2")
    taken = f"Experiment(name={name}) already exists"
    refused("RESOURCE_ALREADY_EXISTS", taken, store.create_experiment, name)
    refused("RESOURCE_ALREADY_EXISTS", taken, store.rename_experiment, second, name)
    store.rename_experiment(first, f"{name}-3")
    assert store.get_experiment(first).name == f"{name}-3"
    assert store.get_experiment_by_name(f"{name}-3").experiment_id == first
    assert store.get_experiment_by_name(name) is None
    # The name that it had is free, for a new one and for another one.
    third = store.create_experiment(name)
    assert store.get_experiment_by_name(name).experiment_id == third
    store.rename_experiment(third, f"{name}-4")
    store.rename_experiment(first, name)
    assert store.get_experiment_by_name(name).experiment_id == first


def test_deleted_experiments_and_their_runs(store, experiment, name):
    runs = [store.create_run(experiment, "ada", 0, [], None).info.run_id for _ in range(3)]
    store.delete_run(runs[0])
    store.delete_experiment(experiment)
    assert store.get_experiment(experiment).lifecycle_stage == "deleted"
    assert store.get_experiment_by_name(name).experiment_id == experiment
    assert {store.get_run(run).info.lifecycle_stage for run in runs} == {"deleted"}
    inactive = f"The experiment {experiment} must be in the 'active' state"
    tag = ExperimentTag("a", "b")
    refused("INVALID_PARAMETER_VALUE", inactive, store.set_experiment_tag, experiment, tag)
    refused("INVALID_PARAMETER_VALUE", inactive, store.delete_experiment_tag, experiment, "a")
    refused("INVALID_PARAMETER_VALUE", inactive, store.create_run, experiment, "a", 0, [], None)
    refused("INVALID_STATE", "Cannot rename", store.rename_experiment, experiment, "other")
    gone = f"No Experiment with id={experiment} exists"
    refused("RESOURCE_DOES_NOT_EXIST", gone, store.delete_experiment, experiment)
    store.restore_experiment(experiment)
    assert {store.get_run(run).info.lifecycle_stage for run in runs} == {"active"}
    refused("RESOURCE_DOES_NOT_EXIST", gone, store.restore_experiment, experiment)


def test_tags(store, experiment):
    store.set_experiment_tag(experiment, ExperimentTag("a", "1"))
    store.set_experiment_tag(experiment, ExperimentTag("a", "2\n3"))
    store.set_experiment_tag(experiment, ExperimentTag("b", ""))
    assert store.get_experiment(experiment).tags == {"a": "2\n3", "b": ""}
    store.delete_experiment_tag(experiment, "a")
    assert store.get_experiment(experiment).tags == {"b": ""}
    missing = f"No tag with name: a in experiment with id {experiment}"
    refused("RESOURCE_DOES_NOT_EXIST", missing, store.delete_experiment_tag, experiment, "a")


@pytest.mark.parametrize("key", ["hitchpost.name", "hitchpost.artifactLocation"])
def test_what_the_plugin_keeps_is_no_tag(store, experiment, key):
    assert key not in store.get_experiment(experiment).tags
    tag = ExperimentTag(key, "x")
    refused("INVALID_PARAMETER_VALUE", "kept for the plugin", store.set_experiment_tag, "1", tag)
    refused("RESOURCE_DOES_NOT_EXIST", key, store.delete_experiment_tag, experiment, key)


def test_the_default_experiment_is_there_when_it_is_asked_for(store):
    default = store.get_experiment("0")
    assert default.name == Experiment.DEFAULT_EXPERIMENT_NAME
    assert store.get_experiment(default.experiment_id).name == "Default"
    run = store.create_run("0", "ada", 0, [], None)
    assert run.info.experiment_id == default.experiment_id
    found = store.search_runs(["0"], f"run_id = '{run.info.run_id}'", ViewType.ALL)
    assert [each.info.run_id for each in found] == [run.info.run_id]


def names(store, condition, **options):
    return [each.name for each in store.search_experiments(filter_string=condition, **options)]


def test_search(store, name):
    tags = {"a": "x", "b": "X", "c": None}
    made = {}
    for letter, value in tags.items():
        given = [] if value is None else [ExperimentTag("t", value)]
        made[f"{name}-{letter}"] = store.create_experiment(f"{name}-{letter}", tags=given)
    a, b, c = made
    ours = f"name LIKE '{name}-%'"
    assert names(store, ours, order_by=["name"]) == [a, b, c]
    assert names(store, ours, order_by=["name DESC"]) == [c, b, a]
    assert names(store, ours, order_by=["experiment_id DESC"]) == [c, b, a]
    assert names(store, f"name = '{a}'") == [a]
    assert names(store, f"name ILIKE '{a.upper()}'") == [a]
    assert names(store, f"{ours} AND name != '{a}'", order_by=["name"]) == [b, c]
    assert names(store, f"{ours} AND tags.t = 'x'") == [a]
    assert names(store, f"{ours} AND tags.t ILIKE 'X'", order_by=["name"]) == [a, b]
    assert names(store, f"{ours} AND tags.t != 'x'") == [b]
    assert names(store, f"{ours} AND creation_time > 5", order_by=["name"]) == [a, b, c]
    assert names(store, f"{ours} AND creation_time < 5") == []
    store.delete_experiment(made[b])
    assert names(store, ours, order_by=["name"]) == [a, c]
    assert names(store, ours, view_type=ViewType.DELETED_ONLY) == [b]
    assert names(store, ours, view_type=ViewType.ALL, order_by=["name"]) == [a, b, c]


def test_search_by_pages(store, name):
    made = [store.create_experiment(f"{name}-{number}") for number in range(7)]
    found, token = [], None
    while True:
        page = store.search_experiments(
            max_results=3,
            filter_string=f"name LIKE '{name}-%'",
            order_by=["experiment_id"],
            page_token=token,
        )
        found += [each.experiment_id for each in page]
        token = page.token
        if not token:
            break
        assert len(page) == 3
    assert found == made


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("name > 'a'", "Invalid comparator '>' not one of"),
        ("creation_time LIKE 'a'", "Expected numeric value type"),
        ("tags.t > 'a'", "Invalid comparator for tag: >"),
        ("attribute.wrong = 'a'", "Invalid attribute key 'wrong' specified"),
        ("metrics.a > 1", "Invalid entity type 'metrics'"),
        ("name", "Invalid clause(s) in filter string: name"),
    ],
)
def test_what_is_no_filter(store, condition, message):
    call = store.search_experiments
    refused("INVALID_PARAMETER_VALUE", message, call, filter_string=condition)


@pytest.mark.parametrize("results", [None, 0, -1, 50_001])
def test_bounds_of_a_page(store, results):
    message = f"Invalid value {results} for parameter 'max_results' supplied"
    refused("INVALID_PARAMETER_VALUE", message, store.search_experiments, max_results=results)


def test_an_experiment_of_others_has_a_place_below_the_root(store, registry_uri, name):
    made = store._client.post("/api/model_registry/v1alpha3/experiments", {"name": name})
    other = TrackingStore(registry_uri, "s3://bucket/root")
    found = other.get_experiment(made["id"])
    assert found.artifact_location == f"s3://bucket/root/{made['id']}"
    assert found.tags == {}
