"""Tracking through the extension of Hitchpost's own server: a request for each operation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mlflow.store.tracking import SEARCH_MAX_RESULTS_THRESHOLD

from . import _entities as entities
from ._errors import RefusedError, refused, translate
from ._search import states, token_text
from .client import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlflow.entities import Experiment, LoggedModel, Run

    from ._change import Change
    from ._search import ExperimentSearch, ModelSearch, RunSearch
    from .client import Client

Json = dict[str, Any]
Columns = tuple[list[int], list[int], list[float]]
"""Points of a metric: steps, timestamps, values."""

_BASE = "/api/hitchpost/v1"
_V1ALPHA3 = "/api/model_registry/v1alpha3"


@dataclass(frozen=True)
class Points:
    """Which points of a metric: those of steps, in an order, evenly spaced where too many."""

    order: Literal["timestamp", "step"] = "timestamp"
    start: int | None = None
    end: int | None = None
    maximum: int | None = None


class Extension:
    """The registry as Hitchpost's server offers it."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def _get(self, path: str, params: Mapping[str, Any] | None = None) -> Json:
        try:
            answer: Json = self._client.get(path, params)
        except ApiError as error:
            raise refused(error) from error
        return answer

    def _post(
        self,
        path: str,
        body: Json,
        *,
        idempotent: bool = False,
        params: Mapping[str, str | None] | None = None,
    ) -> Json:
        try:
            answer: Json = self._client.post(path, body, params=params, idempotent=idempotent)
        except ApiError as error:
            raise refused(error) from error
        return answer

    def _search(self, path: str, body: Json) -> Json:
        try:
            page: Json = self._client.post(f"{_BASE}/{path}", body, idempotent=True)
        except ApiError as error:
            raise translate(error) from error
        return page

    def _update(self, path: str, change: Change) -> Json:
        # Done twice it is as done once, unless it asks for what it changes.
        repeatable = not change.remove and "state" not in change.fields
        return self._post(f"{_BASE}/{path}/update", change.body, idempotent=repeatable)

    # Experiments

    def create_experiment(self, name: str, location: str, tags: Mapping[str, str]) -> Json:
        """Create an experiment."""
        own = {entities.LOCATION: location}
        body = {"name": name, "customProperties": entities.strings({**tags, **own})}
        return self._post(f"{_V1ALPHA3}/experiments", body)

    def experiment(self, experiment_id: str) -> Json:
        """The experiment of an ID."""
        return self._get(f"{_V1ALPHA3}/experiments/{experiment_id}")

    def experiment_named(self, name: str) -> Json | None:
        """The experiment of a name, where there is one."""
        try:
            return self._get(f"{_V1ALPHA3}/experiment", {"name": name})
        except RefusedError:
            return None

    def search_experiments(self, search: ExperimentSearch) -> tuple[list[Experiment], str | None]:
        """A page of experiments."""
        body = {
            "states": states(search.view_type),
            "where": search.where,
            "orderBy": search.order,
            "pageSize": search.max_results,
            "pageToken": token_text(search.page_token),
        }
        page = self._search("experiments/search", body)
        return list(map(search.make, page["items"])), page.get("nextPageToken") or None

    def update_experiment(self, experiment_id: str, change: Change) -> Json:
        """Change an experiment."""
        return self._update(f"experiments/{experiment_id}", change)

    # Runs

    def create_run(self, experiment_id: str, body: Json) -> Json:
        """Create a run in an experiment that is not deleted."""
        body = {**body, "experimentId": experiment_id}
        live = {"requireState": "LIVE"}
        return self._post(f"{_BASE}/experiments/{experiment_id}/experiment_runs", body, params=live)

    def run(self, run_id: str) -> Json:
        """A run with all its data."""
        return self._get(f"{_BASE}/experiment_runs/{run_id}/data")

    def update_run(self, run_id: str, change: Change) -> Json:
        """Change a run."""
        return self._update(f"experiment_runs/{run_id}", change)

    def log_batch(self, run_id: str, batch: Json) -> None:
        """Write metrics, params and tags: all or nothing."""
        self._post(f"{_BASE}/experiment_runs/{run_id}/log_batch", batch, idempotent=True)

    def log_datasets(self, run_id: str, datasets: Sequence[Json]) -> None:
        """Write data sets that a run read."""
        body = {"datasets": list(datasets)}
        self._post(f"{_BASE}/experiment_runs/{run_id}/log_inputs", body, idempotent=True)

    def search_runs(self, search: RunSearch) -> tuple[list[Run], str | None]:
        """A page of runs with all their data."""
        body = {
            "experimentIds": list(search.experiment_ids),
            "states": states(search.view_type),
            "where": search.where,
            "orderBy": search.order,
            "pageSize": search.max_results,
            "pageToken": token_text(search.page_token),
            "includeData": True,
        }
        page = self._search("experiment_runs/search", body)
        with entities.uncollected():
            runs = list(map(search.make, page["items"]))
        return runs, page.get("nextPageToken") or None

    def datasets(self, experiment_ids: Sequence[str]) -> list[Json]:
        """The data sets of experiments."""
        ids = {"experimentIds": ",".join(experiment_ids)}
        return list(self._get(f"{_BASE}/experiment_runs/datasets", ids)["items"])

    # Metrics

    def metric_history(self, run_id: str, key: str, wanted: Points) -> Columns:
        """Points of a metric: steps, timestamps, values."""
        path = f"{_BASE}/experiment_runs/{run_id}/metric_history"
        params = {
            "name": key,
            "orderBy": wanted.order,
            "startStep": wanted.start,
            "endStep": wanted.end,
            "maxPoints": wanted.maximum,
        }
        try:
            return self._client.metric_history(path, params)
        except ApiError as error:
            raise refused(error) from error

    def metric_page(
        self, run_id: str, key: str, max_results: int | None, page_token: str | None
    ) -> tuple[Columns, str | None]:
        """Some points of a metric, and the token of the next ones."""
        path = f"{_BASE}/experiment_runs/{run_id}/metric_history"
        params = {"name": key, "pageSize": max_results, "pageToken": page_token}
        page = self._get(path, params)
        columns = page["steps"], page["timestamps"], [float(value) for value in page["values"]]
        return columns, page.get("nextPageToken") or None

    # Logged models

    def create_model(self, body: Json) -> Json:
        """Create a model in an experiment that is not deleted."""
        body = {**body, "artifactType": "model-artifact"}
        path = f"{_BASE}/experiments/{body.pop('experimentId')}/logged_models"
        params = {"requireState": "LIVE", "experimentRunId": body.pop("experimentRunId", None)}
        try:
            return self._post(path, body, params=params)
        except RefusedError as error:
            # MLflow takes any run as the source, also none, and one of another experiment.
            about_run = error.reason in ("missing", "belongs-elsewhere")
            if params.pop("experimentRunId") is None or not about_run:
                raise
        return self._post(path, body, params=params)

    def model(self, model_id: str) -> Json:
        """A model with its metrics."""
        return self._get(f"{_BASE}/logged_models/{model_id}/data")

    def update_model(self, model_id: str, change: Change) -> Json:
        """Change a model."""
        return self._update(f"logged_models/{model_id}", change)

    def search_models(self, search: ModelSearch) -> tuple[list[LoggedModel], Any]:
        """A page of models with their metrics."""
        where = search.where
        deleted = {"comparator": "NOT IN", "value": list(entities.DELETED_STATES)}
        body: Json = {
            "experimentIds": list(search.experiment_ids),
            "where": [
                {"type": "attribute", "key": "state", **deleted},
                {"type": "tag", "key": entities.MODEL_DELETED, "comparator": "IS NULL"},
                *(where or ()),
            ],
            "orderBy": search.order,
        }
        if where is not None:
            body |= {"pageSize": search.max_results, "pageToken": search.page_token or ""}
            page = self._search("logged_models/search", body)
            return list(map(search.make, page["items"])), page.get("nextPageToken") or None
        return search.page(self._all_models(search, body))

    def _all_models(self, search: ModelSearch, body: Json) -> Iterator[LoggedModel]:
        body = {**body, "pageSize": SEARCH_MAX_RESULTS_THRESHOLD, "pageToken": ""}
        while True:
            page = self._search("logged_models/search", body)
            yield from map(search.make, page["items"])
            if not page.get("nextPageToken"):
                return
            body["pageToken"] = page["nextPageToken"]
