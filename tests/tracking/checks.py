"""What several suites ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


def refused(code: str, saying: str, call: Callable, *arguments, **options) -> str:
    """The message with which MLflow refuses the call, under MLflow's error code."""
    from mlflow.exceptions import MlflowException

    with pytest.raises(MlflowException) as caught:
        call(*arguments, **options)
    assert saying in caught.value.message
    assert caught.value.error_code == code, caught.value.message
    return caught.value.message


def failure(call: Callable, *arguments, **options) -> Exception:
    """What the call raises, whatever it is."""
    try:
        call(*arguments, **options)
    except Exception as error:
        return error
    raise AssertionError("it was not refused")


def metrics_of(client, run: str, key: str) -> list[tuple[float, int, int]]:
    """The history of a metric: value, timestamp, step."""
    return [(m.value, m.timestamp, m.step) for m in client.get_metric_history(run, key)]


def found(client, experiments: str | list[str], filter_string: str = "", **options) -> list[str]:
    """The names of the runs that a search gives, in its order."""
    ids = [experiments] if isinstance(experiments, str) else experiments
    return [run.info.run_name for run in client.search_runs(ids, filter_string, **options)]
