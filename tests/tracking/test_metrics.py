"""Metrics: which value is the last, what the history keeps."""

import math

import pytest
from mlflow.entities import Metric

from tracking.checks import metrics_of, refused


@pytest.mark.parametrize(
    "value",
    [0.0, -1.5, 0.1, 1 / 3, 1e-300, 5e-324, 1.7976931348623157e308, 2.0**53 + 2, 1e22],
    ids=str,
)
def test_doubles_are_kept_exactly(client, run, value):
    client.log_metric(run, "m", value, timestamp=1, step=2)
    assert client.get_run(run).data.metrics["m"] == value
    assert metrics_of(client, run, "m") == [(value, 1, 2)]


def test_not_a_number(client, run):
    client.log_metric(run, "m", math.nan)
    assert math.isnan(client.get_run(run).data.metrics["m"])
    assert math.isnan(client.get_metric_history(run, "m")[0].value)


@pytest.mark.not_on("mlflow", "its SQL store writes the largest double instead")
@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_infinity(client, run, value):
    client.log_metric(run, "m", value)
    assert client.get_run(run).data.metrics["m"] == value
    assert client.get_metric_history(run, "m")[0].value == value


@pytest.mark.parametrize("value", [True, 3, "1.5"], ids=repr)
def test_what_can_be_a_number(client, run, value):
    client.log_metric(run, "m", value)
    assert client.get_run(run).data.metrics["m"] == float(value)


@pytest.mark.parametrize("value", ["high", None], ids=repr)
def test_what_is_no_number(client, run, value):
    refused("INVALID_PARAMETER_VALUE", "", client.log_metric, run, "m", value)
    assert client.get_run(run).data.metrics == {}


@pytest.mark.parametrize("step", [-1, -(2**40), 0, 7, 2**40, 2**63 - 1])
def test_steps_of_64_bits(client, run, step):
    client.log_metric(run, "m", 1.0, timestamp=3, step=step)
    assert metrics_of(client, run, "m") == [(1.0, 3, step)]


@pytest.mark.parametrize("timestamp", [0, 1, 2**40, 2**63 - 1])
def test_timestamps_of_64_bits(client, run, timestamp):
    client.log_metric(run, "m", 1.0, timestamp=timestamp)
    assert metrics_of(client, run, "m") == [(1.0, timestamp, 0)]


@pytest.mark.parametrize(
    ("points", "last"),
    [
        ([(1, 5, 0), (2, 4, 1)], 2),  # the greater step, though it is earlier
        ([(2, 4, 1), (1, 5, 0)], 2),
        ([(1, 5, 0), (2, 6, 0)], 2),  # then the later
        ([(2, 6, 0), (1, 5, 0)], 2),
        ([(1, 5, 0), (2, 5, 0)], 2),  # then the greater value
        ([(2, 5, 0), (1, 5, 0)], 2),
        ([(1, 5, -3), (2, 5, -2)], 2),
        ([(1, 5, -2), (2, 5, -3)], 1),
        ([(3, 1, 0), (1, 1, 0), (2, 1, 0)], 3),
    ],
)
@pytest.mark.parametrize("how", ["one by one", "at once"])
def test_the_last_is_that_of_the_greatest_step_time_and_value(client, run, points, last, how):
    metrics = [Metric("m", *point) for point in points]
    if how == "at once":
        client.log_batch(run, metrics)
    else:
        for metric in metrics:
            client.log_metric(run, "m", metric.value, metric.timestamp, metric.step)
    assert client.get_run(run).data.metrics == {"m": last}
    assert sorted(metrics_of(client, run, "m")) == sorted(points)


def test_the_same_point_again_is_one_point(client, run):
    client.log_batch(run, [Metric("m", 1.0, 5, 0)] * 2)
    client.log_metric(run, "m", 1.0, 5, 0)
    assert metrics_of(client, run, "m") == [(1.0, 5, 0)]


def test_values_of_one_moment_are_all_kept(client, run):
    points = [(float(n), 1_700_000_000_000, n) for n in range(50)]
    client.log_batch(run, [Metric("m", *point) for point in points])
    assert metrics_of(client, run, "m") == points


def test_a_history_is_of_one_name_exactly(client, run):
    for key in ("loss", "val_loss", "loss_", "Loss", "los ", "l_ss", "loss/train"):
        client.log_metric(run, key, len(key))
    for key in ("loss", "Loss", "los ", "l_ss", "loss/train"):
        assert [m.key for m in client.get_metric_history(run, key)] == [key]
    assert client.get_run(run).data.metrics["val_loss"] == 8


def test_no_history(client, run):
    assert client.get_metric_history(run, "none") == []


def test_a_history_of_more_than_a_page(client, run):
    expected = []
    for batch in range(3):
        points = [(n / 7, n, n) for n in range(batch * 1000, batch * 1000 + 1000)]
        client.log_batch(run, [Metric("m", *point) for point in points])
        expected += points
    assert metrics_of(client, run, "m") == expected
    assert client.get_run(run).data.metrics == {"m": expected[-1][0]}


def test_a_page_of_a_history(client, run):
    client.log_batch(run, [Metric("m", float(n), n, n) for n in range(25)])
    store, seen, token = client._tracking_client.store, [], None
    for _ in range(5):
        page = store.get_metric_history(run, "m", max_results=10, page_token=token)
        seen.append([metric.step for metric in page])
        token = page.token
        if not token:
            break
    assert seen == [list(range(10)), list(range(10, 20)), list(range(20, 25))]


def test_more_than_a_thousand_names(client, run):
    for batch in range(3):
        client.log_batch(run, [Metric(f"m{batch}.{n}", n, 1, 0) for n in range(500)])
    assert len(client.get_run(run).data.metrics) == 1500


def test_chosen_steps(client, run):
    client.log_batch(run, [Metric("m", n / 2, n, n) for n in range(30)])
    store = client._tracking_client.store
    chosen = store.get_metric_history_bulk_interval_from_steps(run, "m", [3, 5, 29, 77], 10)
    assert [(m.run_id, m.key, m.value, m.step) for m in chosen] == [
        (run, "m", 1.5, 3),
        (run, "m", 2.5, 5),
        (run, "m", 14.5, 29),
    ]


@pytest.mark.parametrize("key", ["x" * 250, "a/b c.d-e_f:g", "größe"])
def test_keys_are_kept(client, run, key):
    client.log_metric(run, key, 1.0)
    assert client.get_run(run).data.metrics == {key: 1.0}


@pytest.mark.parametrize("key", ["x" * 251, "", "a\tb;", "../a", "/a", "."])
def test_limits_of_keys(client, run, key):
    refused("INVALID_PARAMETER_VALUE", "", client.log_metric, run, key, 1.0)
    assert client.get_run(run).data.metrics == {}
