"""Runs of the tracking store, and what is logged to them."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from mlflow.entities import (
    DatasetInput,
    LoggedModelInput,
    LoggedModelOutput,
    Metric,
    Param,
    Run,
    RunInfo,
    RunStatus,
    RunTag,
    _DatasetSummary,
)
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR, INVALID_PARAMETER_VALUE
from mlflow.store.tracking import SEARCH_MAX_RESULTS_THRESHOLD
from mlflow.utils.mlflow_tags import MLFLOW_LOGGED_MODELS, MLFLOW_RUN_NAME, _get_run_name_from_tags
from mlflow.utils.name_utils import _generate_random_name
from mlflow.utils.time import get_current_time_millis
from mlflow.utils.uri import append_to_uri_path
from mlflow.utils.validation import (
    _validate_batch_log_data,
    _validate_batch_log_limits,
    _validate_dataset_inputs,
    _validate_metric,
    _validate_param,
    _validate_param_keys_unique,
    _validate_run_id,
    _validate_tag,
    missing_value,
)

from . import _entities as entities
from . import _search as search
from ._answers import about_experiment, about_run
from ._base import Base, check_tag_key, identifier
from ._change import Change
from ._errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._base import Json


class Runs(Base):
    """Create, find, change, delete and restore runs; log to them."""

    def create_run(
        self,
        experiment_id: str,
        user_id: str | None,
        start_time: int | None,
        tags: list[RunTag] | None,
        run_name: str | None,
    ) -> Run:
        """Create a run of status RUNNING."""
        tags = list(tags or ())
        for tag in tags:
            check_tag_key(tag.key)
        tagged_name = _get_run_name_from_tags(tags)
        if run_name and tagged_name and run_name != tagged_name:
            raise MlflowException(
                "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with "
                f"different values (run_name='{run_name}', mlflow.runName='{tagged_name}').",
                error_code=INVALID_PARAMETER_VALUE,
            )
        name = run_name or tagged_name or _generate_random_name()
        values = {tag.key: str(tag.value) for tag in tags} | {MLFLOW_RUN_NAME: name}
        unique = uuid.uuid4().hex
        with about_experiment(experiment_id):
            number = self._number(experiment_id)
            created = self._registry.create_run(
                number,
                {
                    "name": f"{name[:200]}-{unique[:12]}",
                    "externalId": append_to_uri_path(self._location(number), unique, "artifacts"),
                    "owner": user_id or "unknown",
                    "status": "RUNNING",
                    "state": "LIVE",
                    "startTimeSinceEpoch": str(
                        get_current_time_millis() if start_time is None else start_time
                    ),
                    "customProperties": entities.strings(values),
                },
            )
        return self._run({"run": created})

    def get_run(self, run_id: str) -> Run:
        """A run with its latest metrics, params, tags, inputs and outputs."""
        return self._run(self._data(run_id))

    def update_run_info(
        self,
        run_id: str,
        run_status: int | None,
        end_time: int | None,
        run_name: str | None,
    ) -> RunInfo:
        """Change status, end time and name of a run, each where it is given."""
        fields: dict[str, str] = {}
        if run_status is not None:
            fields["status"] = RunStatus.to_string(run_status)
        if end_time is not None:
            fields["endTimeSinceEpoch"] = str(end_time)
        with about_run(run_id):
            resource = self._registry.update_run(
                identifier(run_id),
                Change(fields, {MLFLOW_RUN_NAME: run_name} if run_name else {}, required="LIVE"),
            )
            return entities.run_info(resource, self._location)

    def delete_run(self, run_id: str) -> None:
        """Delete a run; it can be restored."""
        with about_run(run_id):
            self._registry.update_run(identifier(run_id), Change({"state": "ARCHIVED"}))

    def restore_run(self, run_id: str) -> None:
        """Restore a deleted run."""
        with about_run(run_id):
            self._registry.update_run(identifier(run_id), Change({"state": "LIVE"}))

    def _search_runs(
        self,
        experiment_ids: Sequence[str],
        filter_string: str | None,
        run_view_type: int,
        max_results: int | None,
        order_by: list[str] | None,
        page_token: str | None,
    ) -> tuple[list[Run], str | None]:
        """The runs that a filter matches, in order, by pages; all where there is no maximum."""
        search.check_max_results(max_results, optional=True)
        numbers = []
        for experiment_id in experiment_ids:
            with about_experiment(experiment_id):
                try:
                    numbers.append(self._number(experiment_id))
                except RefusedError:
                    # There is none of that ID, and so no run of it.
                    continue
        found: list[Run] = []
        while True:
            wanted = search.RunSearch(
                numbers,
                run_view_type,
                filter_string,
                order_by,
                max_results or SEARCH_MAX_RESULTS_THRESHOLD,
                page_token,
                self._run,
            )
            if not numbers:
                wanted.where, wanted.order  # noqa: B018 what is wrong with them is said anyway
                return [], None
            page, page_token = self._registry.search_runs(wanted)
            found += page
            if max_results is not None or not page_token:
                return found, page_token

    # What is logged

    def log_metric(self, run_id: str, metric: Metric) -> None:
        """Write a point of a metric."""
        _validate_metric(metric.key, metric.value, metric.timestamp, metric.step)
        self._log(run_id, [metric], [], [])

    def log_param(self, run_id: str, param: Param) -> None:
        """Write a param, which has that value from then on."""
        checked = _validate_param(param.key, param.value)
        if checked.value is None:
            raise MlflowException.invalid_parameter_value(missing_value("value"))
        self._log(run_id, [], [checked], [])

    def set_tag(self, run_id: str, tag: RunTag) -> None:
        """Set a tag of a run; the tag `mlflow.runName` is its name."""
        checked = _validate_tag(tag.key, tag.value)
        self._log(run_id, [], [], [checked])

    def delete_tag(self, run_id: str, key: str) -> None:
        """Delete a tag of a run."""
        with about_run(run_id, tag=key):
            number = identifier(run_id)
            if key.startswith(entities.OWN):
                raise RefusedError("no-property")
            kept = {}
            if key == MLFLOW_RUN_NAME:
                # The run keeps its name, as in MLflow.
                kept[entities.NAME] = entities.run_name(self._registry.run(number)["run"])
            self._registry.update_run(number, Change(put=kept, remove=[key], required="LIVE"))

    def log_batch(
        self,
        run_id: str,
        metrics: Sequence[Metric],
        params: Sequence[Param],
        tags: Sequence[RunTag],
    ) -> None:
        """Write metrics, params and tags: all or nothing."""
        _validate_run_id(run_id)
        metrics, params, tags = _validate_batch_log_data(metrics, params, tags)
        _validate_batch_log_limits(metrics, params, tags)
        _validate_param_keys_unique(params)
        self._log(run_id, metrics, params, tags)

    def _log(
        self,
        run_id: str,
        metrics: Sequence[Metric],
        params: Sequence[Param],
        tags: Sequence[RunTag],
    ) -> None:
        for tag in tags:
            check_tag_key(tag.key)
        batch: dict[str, list[Json]] = {}
        if metrics:
            batch["metrics"] = [_point(metric) for metric in metrics]
        if params:
            batch["params"] = [{"key": param.key, "value": str(param.value)} for param in params]
        if tags:
            batch["tags"] = [{"key": tag.key, "value": str(tag.value)} for tag in tags]
        with about_run(run_id):
            try:
                self._registry.log_batch(identifier(run_id), batch)
            except RefusedError as error:
                if error.reason == "param-conflict":
                    raise self._param_conflict(run_id, params, error) from error
                raise

    def _param_conflict(
        self, run_id: str, params: Sequence[Param], error: RefusedError
    ) -> MlflowException:
        logged = {param["key"]: param["value"] for param in self._data(run_id)["params"]}
        changed = [
            {"key": param.key, "old_value": logged[param.key], "new_value": str(param.value)}
            for param in params
            if logged.get(param.key, param.value) != str(param.value)
        ]
        if not changed:
            message = error.message
        elif len(params) == 1:
            (only,) = changed
            message = (
                f"Changing param values is not allowed. Param with key='{only['key']}' was already"
                f" logged with value='{only['old_value']}' for run ID='{run_id}'. Attempted"
                f" logging new value '{only['new_value']}'."
            )
        else:
            message = (
                "Changing param values is not allowed. Params were already"
                f" logged='{changed}' for run ID='{run_id}'."
            )
        return MlflowException(message, error_code=INVALID_PARAMETER_VALUE)

    def record_logged_model(self, run_id: str, mlflow_model: Any) -> None:  # noqa: ANN401 MLflow's Model
        """Note a model in the tag that MLflow keeps those of a run in."""
        from mlflow.models import Model

        if not isinstance(mlflow_model, Model):
            raise TypeError(
                f"Argument 'mlflow_model' should be mlflow.models.Model, got '{type(mlflow_model)}'"
            )
        recorded = entities.tags(self._data(run_id)["run"]).get(MLFLOW_LOGGED_MODELS)
        models = json.loads(recorded) if recorded else []
        described = (
            mlflow_model.get_tags_dict()
            if hasattr(mlflow_model, "get_tags_dict")
            else mlflow_model.to_dict()
        )
        self.set_tag(run_id, RunTag(MLFLOW_LOGGED_MODELS, json.dumps([*models, described])))

    # Inputs and outputs

    def log_inputs(
        self,
        run_id: str,
        datasets: list[DatasetInput] | None = None,
        models: list[LoggedModelInput] | None = None,
    ) -> None:
        """Write what a run read: data sets and models."""
        _validate_run_id(run_id)
        if datasets is not None and not isinstance(datasets, list):
            raise TypeError(f"Argument 'datasets' should be a list, got '{type(datasets)}'")
        for each in datasets or ():
            if each.dataset is None:
                raise MlflowException(
                    "Dataset input must have a dataset associated with it.", INTERNAL_ERROR
                )
        _validate_dataset_inputs(datasets or [])
        described: dict[tuple[str, str], Json] = {}
        for each in datasets or ():
            described.setdefault((each.dataset.name, each.dataset.digest), _dataset(each))
        with about_run(run_id):
            number = identifier(run_id)
            if described:
                self._registry.log_datasets(number, list(described.values()))
            if models or not described:
                links = {entities.INPUT + model.model_id: "" for model in models or ()}
                self._registry.update_run(number, Change(put=links, required="LIVE"))

    def log_outputs(self, run_id: str, models: list[LoggedModelOutput]) -> None:
        """Write the models that a run made, each at a step."""
        links = {f"{entities.OUTPUT}{model.step}.{model.model_id}": "" for model in models}
        with about_run(run_id):
            self._registry.update_run(identifier(run_id), Change(put=links, required="LIVE"))

    def _search_datasets(self, experiment_ids: Sequence[str]) -> list[_DatasetSummary]:
        """The data sets that runs of the experiments read; MLflow's interface shows them."""
        with about_experiment(", ".join(experiment_ids)):
            found = self._registry.datasets([self._number(each) for each in experiment_ids])
        return [
            _DatasetSummary(
                experiment_id=each["experimentId"],
                name=each["name"],
                digest=each["digest"],
                context=each.get("context"),
            )
            for each in found
        ]

    def _data(self, run_id: str) -> Json:
        with about_run(run_id):
            return self._registry.run(identifier(run_id))

    def _run(self, found: Json) -> Run:
        return entities.run(found, self._location)


def _point(metric: Metric) -> Json:
    point = {
        "key": metric.key,
        "value": float(metric.value),
        "timestamp": int(metric.timestamp),
        "step": int(metric.step),
    }
    if metric.model_id is not None:
        point["modelId"] = metric.model_id
    if metric.dataset_name is not None:
        point["datasetName"] = metric.dataset_name
        point["datasetDigest"] = metric.dataset_digest
    return point


def _dataset(given: DatasetInput) -> Json:
    dataset = given.dataset
    described = {
        "name": dataset.name,
        "digest": dataset.digest,
        "sourceType": dataset.source_type,
        "source": dataset.source,
        "tags": {tag.key: str(tag.value) for tag in given.tags},
    }
    if dataset.schema is not None:
        described["schema"] = dataset.schema
    if dataset.profile is not None:
        described["profile"] = dataset.profile
    return described
