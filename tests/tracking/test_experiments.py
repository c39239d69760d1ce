"""Experiments, as MLflow's stores treat them."""

import pytest
from mlflow.entities import ExperimentTag, ViewType

from tracking.checks import refused


def test_an_experiment_is_what_it_was_made(client, name):
    made = client.create_experiment(name, "s3://bucket/there", {"team": "trees", "empty": ""})
    experiment = client.get_experiment(made)
    assert experiment.experiment_id == made
    assert experiment.name == name
    assert experiment.artifact_location == "s3://bucket/there"
    assert experiment.lifecycle_stage == "active"
    assert experiment.tags == {"team": "trees", "empty": ""}
    assert experiment.creation_time == experiment.last_update_time > 1_700_000_000_000
    assert client.get_experiment_by_name(name).experiment_id == made


def test_ids_are_texts(client, name):
    assert isinstance(client.create_experiment(name), str)


def test_names_are_unique_even_among_the_deleted(client, experiment, name):
    refused("RESOURCE_ALREADY_EXISTS", name, client.create_experiment, name)
    client.delete_experiment(experiment)
    refused("RESOURCE_ALREADY_EXISTS", name, client.create_experiment, name)


def test_names_differ_by_case_and_blanks(client, name):
    ids = {client.create_experiment(n) for n in (name, name.upper(), f"{name} x", f"{name}  x")}
    assert len(ids) == 4


@pytest.mark.parametrize(
    "strange", ["Größe 🌲", "a'b\"c", "50%_of", "a/b", "a\\b", "a&b=c?d#e", "--", "{}", "[x]"]
)
def test_strange_names_are_kept(client, name, strange):
    made = client.create_experiment(name + strange)
    assert client.get_experiment(made).name == name + strange
    assert client.get_experiment_by_name(name + strange).experiment_id == made


@pytest.mark.parametrize("missing", [None, ""])
def test_a_name_is_needed(client, missing):
    refused("INVALID_PARAMETER_VALUE", "", client.create_experiment, missing)


def test_a_name_of_500_characters_is_the_longest(client, name):
    longest = name + "x" * (500 - len(name))
    assert client.get_experiment(client.create_experiment(longest)).name == longest
    refused("INVALID_PARAMETER_VALUE", "500", client.create_experiment, longest + "x")


def test_what_does_not_exist(client, name):
    assert client.get_experiment_by_name(name) is None
    missing = "987654321"
    message = refused("RESOURCE_DOES_NOT_EXIST", missing, client.get_experiment, missing)
    assert "No Experiment with id=987654321 exists" in message
    refused("RESOURCE_DOES_NOT_EXIST", missing, client.delete_experiment, missing)
    refused("RESOURCE_DOES_NOT_EXIST", missing, client.restore_experiment, missing)
    refused("RESOURCE_DOES_NOT_EXIST", missing, client.rename_experiment, missing, "x")
    refused("RESOURCE_DOES_NOT_EXIST", missing, client.set_experiment_tag, missing, "k", "v")


def test_deleting_and_restoring(client, experiment, name):
    run = client.create_run(experiment).info.run_id
    client.delete_experiment(experiment)
    assert client.get_experiment(experiment).lifecycle_stage == "deleted"
    assert client.get_experiment_by_name(name).lifecycle_stage == "deleted"
    assert client.get_run(run).info.lifecycle_stage == "deleted"
    refused("RESOURCE_DOES_NOT_EXIST", experiment, client.delete_experiment, experiment)
    refused("INVALID_PARAMETER_VALUE", "active", client.create_run, experiment)
    client.restore_experiment(experiment)
    assert client.get_experiment(experiment).lifecycle_stage == "active"
    assert client.get_run(run).info.lifecycle_stage == "active"
    refused("RESOURCE_DOES_NOT_EXIST", experiment, client.restore_experiment, experiment)


def test_renaming(client, experiment, name):
    client.set_experiment_tag(experiment, "kept", "yes")
    before = client.get_experiment(experiment)
    client.rename_experiment(experiment, f"{name} anew")
    after = client.get_experiment(experiment)
    assert after.name == f"{name} anew"
    assert after.tags == {"kept": "yes"}
    assert after.artifact_location == before.artifact_location
    assert after.last_update_time >= before.last_update_time
    assert client.get_experiment_by_name(name) is None
    assert client.get_experiment_by_name(f"{name} anew").experiment_id == experiment


def test_a_name_that_is_taken_cannot_be_given(client, experiment, name):
    client.create_experiment(f"{name} other")
    with pytest.raises(Exception, match=r"(?i)exist|unique"):
        client.rename_experiment(experiment, f"{name} other")
    assert client.get_experiment(experiment).name == name


def test_the_deleted_are_not_renamed(client, experiment):
    client.delete_experiment(experiment)
    refused("INVALID_STATE", "non-active", client.rename_experiment, experiment, "x")


def test_tags_are_set_overwritten_and_removed(client, experiment):
    client.set_experiment_tag(experiment, "a", "1")
    client.set_experiment_tag(experiment, "b", "2")
    client.set_experiment_tag(experiment, "a", "3")
    assert client.get_experiment(experiment).tags == {"a": "3", "b": "2"}
    long = "x" * 5000
    client.set_experiment_tag(experiment, "long", long)
    assert client.get_experiment(experiment).tags["long"] == long
    if hasattr(client, "delete_experiment_tag"):
        client.delete_experiment_tag(experiment, "a")
        client.delete_experiment_tag(experiment, "long")
        assert client.get_experiment(experiment).tags == {"b": "2"}
        refused("RESOURCE_DOES_NOT_EXIST", "a", client.delete_experiment_tag, experiment, "a")


def test_tags_of_the_deleted_stay(client, experiment):
    client.delete_experiment(experiment)
    refused("INVALID_PARAMETER_VALUE", "active", client.set_experiment_tag, experiment, "a", "1")


@pytest.mark.parametrize(
    ("key", "value", "saying"),
    [
        ("k" * 251, "v", "250"),
        pytest.param("k", "v" * 20001, "20000", marks=pytest.mark.not_in("3.0", "it allowed less")),
        ("", "v", ""),
        ("a\nb", "v", ""),
    ],
)
def test_limits_of_tags(client, experiment, key, value, saying):
    refused("INVALID_PARAMETER_VALUE", saying, client.set_experiment_tag, experiment, key, value)
    assert client.get_experiment(experiment).tags == {}


def test_two_experiments_do_not_share_a_place(client, name):
    places = {
        client.get_experiment(client.create_experiment(f"{name} {n}")).artifact_location
        for n in range(3)
    }
    assert len(places) == 3


class TestSearch:
    """`search_experiments`: names are under a prefix, for other experiments are there too."""

    @pytest.fixture
    def five(self, client, name):
        made = {}
        for n, suffix in enumerate(["a", "b", "C", "d", "e"]):
            tags = {"even": str(n % 2 == 0), "n": str(n)} if suffix != "e" else {}
            made[suffix] = client.create_experiment(f"{name}/{suffix}", tags=tags)
        client.delete_experiment(made["b"])
        return made

    @pytest.fixture
    def search(self, client, name, five):
        def search(more="", **options):
            condition = f"name LIKE '{name}/%'" + (f" AND {more}" if more else "")
            listed = client.search_experiments(filter_string=condition, **options)
            return "".join(e.name.rpartition("/")[2] for e in listed)

        return search

    def test_the_newest_comes_first(self, search):
        assert search() == "edCa"

    @pytest.mark.parametrize(
        ("view", "expected"),
        [(ViewType.ACTIVE_ONLY, "edCa"), (ViewType.DELETED_ONLY, "b"), (ViewType.ALL, "edCba")],
    )
    def test_views(self, search, view, expected):
        assert search(view_type=view) == expected

    @pytest.mark.parametrize(
        ("condition", "expected"),
        [
            ("tags.even = 'True'", "Ca"),
            ("tag.even = 'True'", "Ca"),
            ("tags.even != 'True'", "d"),
            ("tags.n LIKE '%3%'", "d"),
            ("tags.even ILIKE 't%'", "Ca"),
            ("tags.even LIKE 't%'", ""),
            ("tags.`n` = '0' AND tags.even = 'True'", "a"),
            ("tags.even = 'True' AND tags.n = '3'", ""),
            ("name LIKE '%c'", ""),
            ("name ILIKE '%c'", "C"),
            ("attribute.name LIKE '%C'", "C"),
            ("creation_time > 0", "edCa"),
            ("creation_time < 0", ""),
            ("last_update_time >= 1", "edCa"),
        ],
    )
    def test_conditions(self, search, condition, expected):
        assert search(condition) == expected

    def test_one_by_name(self, client, name, five):
        listed = client.search_experiments(filter_string=f"name = '{name}/d'")
        assert [e.experiment_id for e in listed] == [five["d"]]
        listed = client.search_experiments(filter_string=f"name != '{name}/d'", max_results=50000)
        ids = {e.experiment_id for e in listed}
        assert five["d"] not in ids
        assert five["a"] in ids

    @pytest.mark.parametrize(
        ("order", "expected"),
        [
            (["name"], "Cade"),
            (["name DESC"], "edaC"),
            (["attribute.name ASC"], "Cade"),
            (["creation_time"], "aCde"),
            (["creation_time DESC"], "edCa"),
            (["last_update_time ASC", "name"], "aCde"),
        ],
    )
    def test_orders(self, search, order, expected):
        assert search(order_by=order) == expected

    def test_order_by_id_is_by_number(self, client, name):
        ids = [client.create_experiment(f"{name}.{n}") for n in range(11)]
        listed = client.search_experiments(
            filter_string=f"name LIKE '{name}.%'", order_by=["experiment_id"]
        )
        assert [e.experiment_id for e in listed] == ids

    def test_pages(self, client, name, five):
        condition, seen, token = f"name LIKE '{name}/%'", [], None
        for _ in range(10):
            page = client.search_experiments(
                ViewType.ALL, 2, condition, order_by=["creation_time"], page_token=token
            )
            seen.append("".join(e.name[-1] for e in page))
            token = page.token
            if not token:
                break
        assert seen == ["ab", "Cd", "e"]

    @pytest.mark.parametrize(
        "condition",
        [
            "name",
            "name =",
            "name = x",
            "name > 'x'",
            "names = 'x'",
            "tags.a > 'x'",
            "creation_time = 'x'",
            "name = 'a' OR name = 'b'",
            "param.a = 'b'",
            "metrics.a > 1",
            "'a' = name",
            ";",
        ],
    )
    def test_what_is_no_filter(self, client, condition):
        refused("INVALID_PARAMETER_VALUE", "", client.search_experiments, filter_string=condition)

    @pytest.mark.parametrize("order", ["names", "name SIDEWAYS", "tags.a", "name; DROP", ""])
    def test_what_is_no_order(self, client, order):
        refused("INVALID_PARAMETER_VALUE", "", client.search_experiments, order_by=[order])

    @pytest.mark.parametrize("results", [0, -1, 50001])
    def test_bounds_of_a_page(self, client, results):
        refused("INVALID_PARAMETER_VALUE", "max_results", client.search_experiments, 1, results)

    def test_a_token_of_nobody(self, client):
        with pytest.raises(Exception, match=r"(?i)token"):
            client.search_experiments(page_token="no token")


def test_tags_given_at_creation_are_checked(client, name):
    store = client._tracking_client.store
    refused(
        "INVALID_PARAMETER_VALUE",
        "",
        store.create_experiment,
        name,
        None,
        [ExperimentTag("k" * 251, "v")],
    )
    assert client.get_experiment_by_name(name) is None
