import math
import os

import pytest

pytest.importorskip("mlflow")

from mlflow.entities import Metric, ViewType
from mlflow.exceptions import MlflowException

LARGEST = 2**63 - 1
OTHER = os.environ.get("HITCHPOST_TEST_MODEL_REGISTRY")


def points(metrics):
    return [(metric.step, metric.timestamp, metric.value) for metric in metrics]


def log(store, run, key, logged):
    for step, timestamp, value in logged:
        store.log_metric(run, Metric(key, value, timestamp, step))


@pytest.mark.parametrize(
    "value", [0.1 + 0.2, 1e-320, 632 / 7, 1.7976931348623157e308, 2**53 + 1.0, math.inf, -math.inf]
)
def test_values_survive(store, run, value):
    log(store, run, "m", [(0, 1, value)])
    found = store.get_run(run).data.metrics["m"]
    (point,) = store.get_metric_history(run, "m")
    for each in (found, point.value):
        assert isinstance(each, float)
        assert math.copysign(1, each) == math.copysign(1, value)
        assert each == value


def test_not_a_number_survives(store, experiment, run):
    log(store, run, "m", [(0, 1, math.nan)])
    assert math.isnan(store.get_run(run).data.metrics["m"])
    assert math.isnan(store.get_metric_history(run, "m")[0].value)
    (found,) = store.search_runs([experiment], "", ViewType.ALL)
    assert math.isnan(found.data.metrics["m"])
    # A number that follows is a number.
    log(store, run, "m", [(1, 1, 2.0)])
    assert store.get_run(run).data.metrics == {"m": 2.0}


def test_integers_of_64_bits_survive(store, run, mode):
    logged = [(-LARGEST, 1, 1.0), (-1, 2, 2.0), (0, LARGEST, 3.0), (LARGEST, 0, 4.0)]
    log(store, run, "m", logged)
    by_timestamp = sorted(logged, key=lambda point: point[1])
    assert points(store.get_metric_history(run, "m")) == by_timestamp
    if mode == "extension" or OTHER:
        # Without the extension our own server takes the steps that upstream's can keep.
        assert store.get_run(run).data.metrics == {"m": 4.0}


@pytest.mark.parametrize("backwards", [False, True])
def test_the_latest_is_that_of_the_greatest_step_timestamp_and_value(store, run, backwards):
    logged = [(-3, 900, 900.0), (0, 100, 1000.0), (3, 40, 100.0), (3, 50, 10.0), (3, 50, 20.0)]
    log(store, run, "m", reversed(logged) if backwards else logged)
    assert store.get_run(run).data.metrics == {"m": 20.0}
    assert sorted(points(store.get_metric_history(run, "m"))) == logged
    assert store.get_max_step_for_metric(run, "m") == 3


def test_the_latest_within_a_batch(store, run):
    batch = [Metric("m", 3.0, 1, 2), Metric("m", 9.0, 9, 1), Metric("n", 1.0, 1, 1)]
    store.log_batch(run, batch, [], [])
    assert store.get_run(run).data.metrics == {"m": 3.0, "n": 1.0}
    # The same batch again, as when an answer was lost, changes nothing.
    store.log_batch(run, batch, [], [])
    assert store.get_run(run).data.metrics == {"m": 3.0, "n": 1.0}


def test_a_history_is_of_one_name_exactly(store, run):
    keys = ["loss", "val_loss", "val-loss", "loss_", "Loss", "l_ss", "a:loss", "loss__1", "x/loss"]
    for number, key in enumerate(keys):
        log(store, run, key, [(0, 1, float(number))])
    assert store.get_run(run).data.metrics == {key: float(n) for n, key in enumerate(keys)}
    for number, key in enumerate(keys):
        (point,) = store.get_metric_history(run, key)
        assert (point.key, point.value) == (key, number)
    assert store.get_metric_history(run, "%loss") == []
    assert store.get_metric_history(run, "none") == []


def test_pages_of_a_history(store, run):
    store.log_batch(run, [Metric("m", float(n), 1000 + n, n) for n in range(10)], [], [])
    found, token, sizes = [], None, []
    while True:
        page = store.get_metric_history(run, "m", max_results=4, page_token=token)
        found += points(page)
        sizes.append(len(page))
        token = page.token
        if token is None:
            break
    assert sizes == [4, 4, 2]
    assert found == [(n, 1000 + n, float(n)) for n in range(10)]
    assert store.get_metric_history(run, "m").token is None
    assert store.get_metric_history(run, "m", max_results=0) == []
    with pytest.raises(MlflowException) as error:
        store.get_metric_history(run, "m", max_results=1, page_token="nonsense")
    assert error.value.error_code == "INVALID_PARAMETER_VALUE"


def test_histories_of_several_runs(store, experiment):
    runs = [store.create_run(experiment, "a", 0, [], None).info.run_id for _ in range(2)]
    for number, run in enumerate(runs):
        log(store, run, "m", [(step, step, float(number)) for step in range(3)])
    found = store.get_metric_history_bulk(runs, "m", None)
    expected = [(run, step) for run in sorted(runs) for step in range(3)]
    assert [(each.run_id, each.step) for each in found] == expected
    assert len(store.get_metric_history_bulk(runs, "m", 4)) == 4


def test_a_sample_of_a_history(store, run):
    store.log_batch(run, [Metric("m", float(n), 1000 + n, n) for n in range(100)], [], [])
    store.log_batch(run, [Metric("same", float(n), 1000 + n, 0) for n in range(100)], [], [])

    def steps(key="m", results=10, start=None, end=None):
        found = store.get_metric_history_bulk_interval([run], key, results, start, end)
        assert {(each.run_id, each.key) for each in found} <= {(run, key)}
        return [each.step for each in found], [each.value for each in found]

    sampled, _ = steps()
    assert len(sampled) == 10
    assert (sampled[0], sampled[-1]) == (0, 99)
    assert steps(results=320, start=20, end=30)[0] == list(range(20, 31))
    assert steps(results=1)[0] == [99]
    assert steps(key="none")[0] == []
    _, values = steps(key="same")
    assert len(values) == 10
    assert (values[0], values[-1]) == (0.0, 99.0)
    with pytest.raises(MlflowException, match="Both start_step and end_step"):
        steps(start=1)
    found = store.get_metric_history_bulk_interval_from_steps(run, "m", [50, 3, 7, 1000], 2)
    assert [each.step for each in found] == [3, 7]
