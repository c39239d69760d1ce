import math

import pytest

pytest.importorskip("mlflow")

from mlflow.entities import Metric, Param, RunStatus, RunTag, ViewType
from mlflow.exceptions import MlflowException


@pytest.fixture
def runs(store, experiment):
    """Four runs, named by a letter."""
    made = {}
    values = {"a": 1.0, "b": math.nan, "c": 3.0}
    for number, letter in enumerate("abcd"):
        run = store.create_run(experiment, "ada", number, [], letter).info.run_id
        if letter in values:
            store.log_metric(run, Metric("m", values[letter], 1, 1))
            store.log_param(run, Param("p", f"{letter.upper()}x"))
        store.set_tag(run, RunTag("even", str(number % 2 == 0)))
        made[letter] = run
    store.update_run_info(made["a"], RunStatus.FINISHED, 50, None)
    return made


@pytest.fixture
def search(store, experiment, runs):
    def search(condition="", order=("run_name",), view=ViewType.ACTIVE_ONLY):
        found = store.search_runs([experiment], condition, view, order_by=list(order))
        return "".join(run.info.run_name for run in found)

    return search


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("", "abcd"),
        ("metrics.m >= 1", "ac"),
        ("metrics.m != 1", "bc"),
        ("metrics.m = 1 and params.p LIKE 'A%'", "a"),
        ("params.p ILIKE 'a%'", "a"),
        ("params.p != 'Ax'", "bc"),
        ("tags.even = 'True'", "ac"),
        ("tags.`mlflow.runName` = 'd'", "d"),
        ("run_name = 'b'", "b"),
        ("`Run name` ILIKE 'B'", "b"),
        ("status = 'FINISHED'", "a"),
        ("status != 'FINISHED'", "bcd"),
        ("start_time > 0.5", "bcd"),
        ("start_time >= 1.0", "bcd"),
        ("start_time = 1.5", ""),
        ("start_time != 1.5", "abcd"),
        ("start_time <= 1.5", "ab"),
        ("created < 2", "ab"),
        ("end_time < 51", "a"),
        ("end_time != 1", "a"),
        ("artifact_uri LIKE '%/artifacts'", "abcd"),
        ("user_id = 'ada'", "abcd"),
        ('params.p = "\' OR 1=1 --"', ""),
    ],
)
def test_conditions(search, condition, expected):
    assert search(condition) == expected


def test_ids(search, runs):
    assert search(f"run_id = '{runs['b']}'") == "b"
    assert search(f"run_id != '{runs['b']}'") == "acd"
    assert search(f"run_id IN ('{runs['b']}', '{runs['d']}', 'none')") == "bd"
    assert search(f"run_id NOT IN ('{runs['b']}', 'none')") == "acd"
    assert search("run_id IN ('none')") == ""
    assert search("run_id != 'none'") == "abcd"
    assert search(f"run_id LIKE '{runs['b']}'") == "b"


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ([], "dcba"),
        (["start_time"], "abcd"),
        (["metrics.m"], "acbd"),
        (["metrics.m DESC"], "cabd"),
        (["tags.even", "run_name DESC"], "dbca"),
        (["params.p DESC"], "cbad"),
        (["attributes.end_time ASC", "run_name DESC"], "adcb"),
    ],
)
def test_orders(search, order, expected):
    assert search(order=order) == expected


def test_views(store, search, runs):
    store.delete_run(runs["b"])
    assert search() == "acd"
    assert search(view=ViewType.DELETED_ONLY) == "b"
    assert search(view=ViewType.ALL) == "abcd"


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("metrics.m LIKE 'a'", "Expected numeric value type for metric"),
        ("params.p > 'a'", "Invalid comparator '>'"),
        ("params.p = a", "quoted"),
        ("wrong.p = 'a'", "Invalid entity type 'wrong'"),
        ("attributes.wrong = 'a'", "Invalid attribute key 'wrong' specified"),
        ("metrics.m > 1 OR metrics.m < 2", "Invalid clause(s) in filter string: 'OR'"),
        ("metrics.m > 1; DROP TABLE runs", "multiple expression"),
    ],
)
@pytest.mark.parametrize("some", [True, False])
def test_what_is_no_filter(store, experiment, some, condition, message):
    # Also where there is no run that it could be asked of.
    with pytest.raises(MlflowException) as error:
        store.search_runs([experiment] if some else [], condition, ViewType.ALL)
    assert error.value.error_code == "INVALID_PARAMETER_VALUE"
    assert message in error.value.message


def test_what_is_no_order(store, experiment):
    for order in (["wrong"], ["metrics.m SIDEWAYS"], ["dataset.name"]):
        with pytest.raises(MlflowException) as error:
            store.search_runs([experiment], "", ViewType.ALL, order_by=order)
        assert error.value.error_code == "INVALID_PARAMETER_VALUE"
    with pytest.raises(MlflowException, match="contains duplicate fields"):
        store.search_runs([experiment], "", ViewType.ALL, order_by=["metrics.m", "metric.m DESC"])


@pytest.mark.parametrize("results", [0, -1, 50_001])
def test_bounds_of_a_page(store, experiment, results):
    message = f"Invalid value {results} for parameter 'max_results' supplied"
    with pytest.raises(MlflowException, match=message):
        store.search_runs([experiment], "", ViewType.ALL, max_results=results)


def test_pages_across_experiments(store, name):
    experiments = [store.create_experiment(f"{name}-{n}") for n in range(3)]
    made = [
        store.create_run(experiments[n % 3], "ada", n, [], str(n)).info.run_id for n in range(10)
    ]
    given = [*experiments, "999999"]
    for size, sizes in ((4, [4, 4, 2]), (5, [5, 5]), (10, [10]), (None, [10])):
        found, token, seen = [], None, []
        while True:
            page = store.search_runs(given, "", ViewType.ALL, size, ["start_time"], token)
            found += [run.info.run_id for run in page]
            seen.append(len(page))
            token = page.token
            if not token:
                break
        assert found == made
        assert seen == sizes
    assert store.search_runs([], "", ViewType.ALL) == []
    with pytest.raises(MlflowException, match="Invalid experiment ID 'x'"):
        store.search_runs(["x"], "", ViewType.ALL)


def test_more_runs_than_one_asks_for(store, experiment, mode):
    # Enough that their data come by their experiment, also with upstream's API.
    made = {}
    for number in range(12):
        run = store.create_run(experiment, "ada", number, [], str(number)).info.run_id
        store.log_batch(run, [Metric("m", float(number), 1, 0)], [Param("p", str(number))], [])
        made[run] = number
    found = store.search_runs([experiment], "metrics.m > 2", ViewType.ALL)
    assert {run.info.run_id: run.data.metrics["m"] for run in found} == {
        run: number for run, number in made.items() if number > 2
    }
    assert all(run.data.params["p"] == run.info.run_name for run in found)
