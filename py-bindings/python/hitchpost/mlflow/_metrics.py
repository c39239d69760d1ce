"""The history of metrics of the tracking store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow.entities import Metric
from mlflow.entities.metric import MetricWithRunId
from mlflow.exceptions import MlflowException
from mlflow.store.entities.paged_list import PagedList

from . import _entities as entities
from ._answers import about_run
from ._base import Base, identifier
from ._extension import Points

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


class Metrics(Base):
    """Read all points of metrics."""

    def get_metric_history(
        self,
        run_id: str,
        metric_key: str,
        max_results: int | None = None,
        page_token: str | None = None,
    ) -> PagedList[Metric]:
        """The points of a metric by timestamp, step and value; all where there is no maximum."""
        token = None
        if max_results == 0:
            return PagedList([], None)
        with about_run(run_id):
            number = identifier(run_id)
            if max_results is None and not page_token:
                columns = self._registry.metric_history(number, metric_key, Points())
            else:
                columns, token = self._registry.metric_page(
                    number, metric_key, max_results, page_token
                )
        with entities.uncollected():
            points = [
                Metric(metric_key, value, timestamp, step)
                for step, timestamp, value in zip(*columns, strict=True)
            ]
        return PagedList(points, token)

    def get_metric_history_bulk(
        self, run_ids: Sequence[str], metric_key: str, max_results: int | None
    ) -> list[MetricWithRunId]:
        """The points of a metric of several runs, by run; at most so many altogether."""
        found: list[MetricWithRunId] = []
        for run_id in sorted(run_ids):
            history = self.get_metric_history(run_id, metric_key)
            found += [MetricWithRunId(point, run_id) for point in history]
            if max_results is not None and len(found) >= max_results:
                return found[:max_results]
        return found

    def get_max_step_for_metric(self, run_id: str, metric_key: str) -> int:
        """The greatest step of a metric, which is that of its latest point."""
        with about_run(run_id):
            data = self._registry.run(identifier(run_id))
        return max(
            (each["step"] for each in data["metrics"] if each["key"] == metric_key), default=0
        )

    def get_metric_history_bulk_interval_from_steps(
        self, run_id: str, metric_key: str, steps: Collection[int], max_results: int
    ) -> list[MetricWithRunId]:
        """The points of a metric at some steps, by step; at most so many."""
        wanted = set(steps)
        if not wanted:
            return []
        history = self._by_step(run_id, metric_key, Points("step", min(wanted), max(wanted)))
        return [point for point in history if point.step in wanted][:max_results]

    def get_metric_history_bulk_interval(
        self,
        run_ids: Sequence[str],
        metric_key: str,
        max_results: int,
        start_step: int | None,
        end_step: int | None,
    ) -> list[MetricWithRunId]:
        """Points of a metric of several runs, of each at most so many, evenly spaced by step."""
        if (start_step is None) != (end_step is None):
            raise MlflowException.invalid_parameter_value(
                "Both start_step and end_step must be specified together, or neither may be "
                "specified."
            )
        found: list[MetricWithRunId] = []
        for run_id in run_ids:
            # The first and the last are always among them; of one alone, MLflow wants the last.
            wanted = Points("step", start_step, end_step, max(2, max_results))
            sample = self._by_step(run_id, metric_key, wanted)
            found += sample if max_results > 1 else sample[-1:]
        return found

    def _by_step(self, run_id: str, key: str, wanted: Points) -> list[MetricWithRunId]:
        with about_run(run_id):
            columns = self._registry.metric_history(identifier(run_id), key, wanted)
        return [
            MetricWithRunId(Metric(key, value, timestamp, step), run_id)
            for step, timestamp, value in zip(*columns, strict=True)
        ]
