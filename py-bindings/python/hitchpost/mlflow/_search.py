"""MLflow's filters and orders as the extension of the server takes them.

MLflow's own parsers read the text, so what is refused is refused in MLflow's words.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlflow.entities import LoggedModelStatus, ViewType
from mlflow.exceptions import MlflowException
from mlflow.store.tracking import SEARCH_MAX_RESULTS_THRESHOLD
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NAME
from mlflow.utils.search_utils import (
    SearchExperimentsUtils,
    SearchLoggedModelsUtils,
    SearchUtils,
)

from . import _entities as entities
from . import _model_filter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mlflow.entities import Experiment, LoggedModel, Metric, Run

Clause = dict[str, Any]

DEFAULT_EXPERIMENT_ORDER = ("creation_time DESC", "experiment_id ASC")

_RUN_FIELDS = {
    "run_id": ("attribute", "id"),
    "run_name": ("tag", MLFLOW_RUN_NAME),
    "user_id": ("attribute", "owner"),
    "status": ("attribute", "status"),
    "artifact_uri": ("attribute", "externalId"),
    "start_time": ("attribute", "startTimeSinceEpoch"),
    "end_time": ("attribute", "endTimeSinceEpoch"),
}
_EXPERIMENT_FIELDS = {
    "experiment_id": "id",
    "name": "name",
    "creation_time": "createTimeSinceEpoch",
    "last_update_time": "lastUpdateTimeSinceEpoch",
}
_MODEL_FIELDS = {
    "name": ("tag", entities.NAME),
    "model_id": ("attribute", "externalId"),
    "model_type": ("tag", entities.MODEL_TYPE),
    "status": ("attribute", "state"),
    "source_run_id": ("tag", entities.MODEL_RUN),
    "creation_timestamp": ("attribute", "createTimeSinceEpoch"),
    "creation_time": ("attribute", "createTimeSinceEpoch"),
    "last_updated_timestamp": ("attribute", "lastUpdateTimeSinceEpoch"),
    "last_updated_time": ("attribute", "lastUpdateTimeSinceEpoch"),
}
_MODEL_ALIASES = {
    "creation_time": "creation_timestamp",
    "last_updated_time": "last_updated_timestamp",
}
_TYPES = {"parameter": "param"}
_NOMINAL = ("=", "!=", "IN", "NOT IN")


class _RunGrammar(SearchUtils):
    """MLflow's grammar of runs, as its newest version has it.

    MLflow 3.0 drops what has no lower-case letter from a list of IDs, and takes no fraction for a
    time.
    """

    @classmethod
    def _parse_run_ids(cls, token: Any) -> tuple[str, ...]:  # noqa: ANN401 sqlparse's
        return _list(cls, token)

    @classmethod
    def _get_value(cls, kind: str, key: str, token: Any) -> Any:  # noqa: ANN401 sqlparse's
        of: Any = super()._get_value
        value = of(kind, key, token)
        if kind == "attribute" and key in cls.NUMERIC_ATTRIBUTES and isinstance(value, str):
            return float(value)
        return value

    @classmethod
    def _does_run_match_clause(cls, run: Run, clause: Clause) -> bool:
        value = clause["value"]
        if clause["type"] == "attribute" and isinstance(value, float):
            translate: Any = cls.translate_key_alias
            found = getattr(run.info, translate(clause["key"]))
            compare: Any = SearchUtils.get_comparison_func
            return found is not None and bool(compare(clause["comparator"])(found, value))
        of: Any = super()._does_run_match_clause
        return bool(of(run, clause))


def _list(grammar: Any, token: Any) -> tuple[str, ...]:  # noqa: ANN401 MLflow's and sqlparse's
    return tuple(grammar._parse_list_from_sql_token(token))


# They have MLflow's types, which are none.
RunGrammar: Any = _RunGrammar
ModelOrder: Any = SearchLoggedModelsUtils


@dataclass(frozen=True)
class ExperimentSearch:
    """A search of experiments; `make` makes one of what the registry gives."""

    view_type: int
    filter_string: str | None
    order_by: Sequence[str] | None
    max_results: int
    page_token: str | None
    make: Callable[[dict[str, Any]], Experiment]

    @property
    def where(self) -> list[Clause]:
        """The filter, as a conjunction of clauses."""
        return experiment_filter(self.filter_string)

    @property
    def order(self) -> list[Clause]:
        """The keys of the order."""
        return experiment_order(self.order_by)


@dataclass(frozen=True)
class RunSearch:
    """A search of runs; `make` makes one of what the registry gives."""

    experiment_ids: Sequence[str]
    view_type: int
    filter_string: str | None
    order_by: Sequence[str] | None
    max_results: int
    page_token: str | None
    make: Callable[[dict[str, Any]], Run]

    @property
    def where(self) -> list[Clause]:
        """The filter, as a conjunction of clauses."""
        return run_filter(self.filter_string)

    @property
    def order(self) -> list[Clause]:
        """The keys of the order."""
        return run_order(self.order_by)


@dataclass(frozen=True)
class ModelSearch:
    """A search of logged models; `make` makes one of what the registry gives."""

    experiment_ids: Sequence[str]
    filter_string: str | None
    datasets: Sequence[dict[str, Any]] | None
    order_by: Sequence[dict[str, Any]] | None
    max_results: int
    page_token: str | None
    make: Callable[[dict[str, Any]], LoggedModel]

    @property
    def where(self) -> list[Clause] | None:
        """The filter, as a conjunction of clauses; none where it is no such."""
        return model_filter(self.filter_string, self.datasets)

    @property
    def order(self) -> list[Clause]:
        """The keys of the order."""
        return model_order(self.order_by)

    def page(self, models: Iterable[LoggedModel]) -> tuple[list[LoggedModel], int | None]:
        """The page of those of the models that the filter matches, and the offset of the next."""
        clauses = _model_filter.parse(self.filter_string)
        found = [model for model in models if _matches(model, clauses, self.datasets)]
        found = _sorted(found, self.order_by)
        start = int(self.page_token or 0)
        end = start + self.max_results
        return found[start:end], end if end < len(found) else None


def _matches(
    model: LoggedModel, clauses: Sequence[Clause], datasets: Sequence[dict[str, Any]] | None
) -> bool:
    points = [
        point
        for point in model.metrics or ()
        if not datasets or any(_is_on(point, dataset) for dataset in datasets)
    ]
    asks_for_metrics = any(clause["type"] == "metric" for clause in clauses)
    if datasets and not asks_for_metrics and not points:
        return False
    return all(_holds(model, points, clause) for clause in clauses)


def _is_on(point: Metric, dataset: dict[str, Any]) -> bool:
    return point.dataset_name == dataset["dataset_name"] and dataset.get("dataset_digest") in (
        None,
        point.dataset_digest,
    )


def _holds(model: LoggedModel, points: Sequence[Metric], clause: Clause) -> bool:
    kind, key, value = clause["type"], clause["key"], clause["value"]
    compare = RunGrammar.get_comparison_func(clause["comparator"])
    if kind == "metric":
        return any(compare(point.value, value) for point in points if point.key == key)
    if kind == "parameter":
        found = model.params.get(key)
    elif kind == "tag":
        found = model.tags.get(key)
    else:
        found = getattr(model, str(_MODEL_ALIASES.get(key, key)))
        if isinstance(found, LoggedModelStatus):
            found = found.value
    return found is not None and bool(compare(found, value))


def _sorted(
    models: list[LoggedModel], order_by: Sequence[dict[str, Any]] | None
) -> list[LoggedModel]:
    """The models in an order, those without a value last, as MLflow's SQL store has it."""
    models = sorted(models, key=lambda model: (-model.creation_timestamp, model.model_id))
    for each in reversed(order_by or ()):
        key = ModelOrder.parse_order_by_for_logged_models(each)
        valued = [(_order_value(model, key), model) for model in models]
        there = [pair for pair in valued if pair[0] is not None]
        there.sort(key=lambda pair: pair[0], reverse=not key.ascending)
        models = [model for _, model in there]
        models += [model for value, model in valued if value is None]
    return models


def _order_value(model: LoggedModel, key: SearchLoggedModelsUtils.OrderBy) -> Any:  # noqa: ANN401 any field
    entity, _, name = key.field_name.partition(".")
    if not name:
        return getattr(model, _MODEL_ALIASES.get(entity, entity))
    points = [
        point
        for point in model.metrics or ()
        if point.key == name
        and key.dataset_name in (None, point.dataset_name)
        and key.dataset_digest in (None, point.dataset_digest)
    ]
    latest = max(points, key=lambda point: (point.timestamp, point.step), default=None)
    return None if latest is None or math.isnan(latest.value) else latest.value


def states(view_type: int) -> list[str]:
    """The states of the resources that a view shows."""
    if view_type == ViewType.ALL:
        return ["LIVE", "ARCHIVED"]
    return ["ARCHIVED"] if view_type == ViewType.DELETED_ONLY else ["LIVE"]


def token_text(page_token: str | bytes | None) -> str:
    """A token as text: MLflow's own are bytes at times."""
    return page_token.decode() if isinstance(page_token, bytes) else page_token or ""


def check_max_results(max_results: int | None, *, optional: bool = False) -> None:
    """Refuse a page size as MLflow does."""
    if max_results is None and optional:
        return
    if not isinstance(max_results, int) or max_results < 1:
        message = "It must be a positive integer"
    elif max_results > SEARCH_MAX_RESULTS_THRESHOLD:
        message = f"It must be at most {SEARCH_MAX_RESULTS_THRESHOLD}"
    else:
        return
    raise MlflowException.invalid_parameter_value(
        f"Invalid value {max_results} for parameter 'max_results' supplied. {message}"
    )


_LEAST, _GREATEST = -(2**63), 2**63 - 1
_ALWAYS, _NEVER = (">=", _LEAST), ("<", _LEAST)


def _whole(comparator: str, value: float) -> tuple[str, int]:
    """The comparison of an integer of 64 bits with a number, as one with such an integer."""
    if math.isnan(value):
        return _ALWAYS if comparator == "!=" else _NEVER
    if value > _GREATEST:
        return _ALWAYS if comparator in ("<", "<=", "!=") else _NEVER
    if value < _LEAST:
        return _ALWAYS if comparator in (">", ">=", "!=") else _NEVER
    if value == int(value):
        return comparator, int(value)
    if comparator in ("=", "!="):
        return _NEVER if comparator == "=" else _ALWAYS
    if comparator in ("<", "<="):
        return "<", math.ceil(value)
    return ">", math.floor(value)


def _times(field: str, comparator: str, value: float | str) -> list[Clause]:
    if isinstance(value, str):
        value = float(value)
    comparator, number = _whole(comparator, value)
    return [{"type": "attribute", "key": field, "comparator": comparator, "value": number}]


def _without_empty_keys(clauses: list[Clause], nothing: object = "0") -> list[Clause]:
    """The clauses, where there is no metric, param or tag of an empty key."""
    kept = [clause for clause in clauses if clause["key"]]
    if any(not clause["key"] and clause["comparator"] != "IS NULL" for clause in clauses):
        kept.append(_clause("attribute", "id", "IN", [nothing]))
    return kept


def _ids(comparator: str, value: str | tuple[str, ...]) -> list[Clause]:
    # What is no number is the ID of nothing.
    given = value if isinstance(value, tuple) else (value,)
    ids = [each for each in given if each.isascii() and each.isdigit() and len(each) < 19]
    comparator = "IN" if comparator in ("=", "IN") else "NOT IN"
    if not ids and comparator == "NOT IN":
        return []
    return [_clause("attribute", "id", comparator, ids or ["0"])]


def _clause(kind: str, key: str, comparator: str, value: object) -> Clause:
    clause: Clause = {"type": kind, "key": key, "comparator": comparator}
    if not comparator.startswith("IS "):
        clause["value"] = list(value) if isinstance(value, tuple) else value
    return clause


def run_filter(filter_string: str | None) -> list[Clause]:
    """A filter of runs as a conjunction of clauses."""
    clauses: list[Clause] = []
    for parsed in RunGrammar.parse_search_filter(filter_string):
        kind, value = parsed["type"], parsed["value"]
        key = RunGrammar.translate_key_alias(parsed["key"])
        comparator = parsed["comparator"].upper()
        if RunGrammar.is_string_attribute(kind, key, comparator):
            kind, key = _RUN_FIELDS[key]
            if key == "id" and comparator in _NOMINAL:
                clauses += _ids(comparator, value)
                continue
        elif RunGrammar.is_numeric_attribute(kind, key, comparator):
            clauses += _times(_RUN_FIELDS[key][1], comparator, value)
            continue
        elif RunGrammar.is_metric(kind, comparator):
            value = float(value)
        elif not (
            RunGrammar.is_param(kind, comparator)
            or RunGrammar.is_tag(kind, comparator)
            or RunGrammar.is_dataset(kind, comparator)
        ):
            raise MlflowException.invalid_parameter_value(
                f"Invalid search expression type '{kind}'"
            )
        clauses.append(_clause(_TYPES.get(kind, kind), key, comparator, value))
    return _without_empty_keys(clauses)


def run_order(order_by: Sequence[str] | None) -> list[Clause]:
    """An order of runs."""
    keys: list[Clause] = []
    seen = set()
    for text in order_by or ():
        kind, key, ascending = RunGrammar.parse_order_by_for_search_runs(text)
        key = RunGrammar.translate_key_alias(key)
        if (kind, key) in seen:
            raise MlflowException(f"`order_by` contains duplicate fields: {order_by}")
        seen.add((kind, key))
        if kind == "attribute":
            kind, key = _RUN_FIELDS[key]
        elif kind == "dataset":
            raise MlflowException.invalid_parameter_value(f"Invalid identifier type '{kind}'")
        keys.append({"type": _TYPES.get(kind, kind), "key": key, "ascending": ascending})
    return [each for each in keys if each["key"]]


def experiment_filter(filter_string: str | None) -> list[Clause]:
    """A filter of experiments as a conjunction of clauses."""
    clauses: list[Clause] = []
    for parsed in SearchExperimentsUtils.parse_search_filter(filter_string):
        kind, key, value = parsed["type"], parsed["key"], parsed["value"]
        comparator = parsed["comparator"].upper()
        if kind == "tag":
            allowed = ("=", "!=", "LIKE", "ILIKE", "IS NULL", "IS NOT NULL")
            _check(comparator, allowed, "tag")
            clauses.append(_clause(kind, key, comparator, value))
        elif SearchExperimentsUtils.is_numeric_attribute(kind, key, comparator):
            clauses += _times(_EXPERIMENT_FIELDS[key], comparator, value)
        elif key == "experiment_id":
            _check(comparator, ("=", "!=", "IN", "NOT IN"), None)
            found = value if isinstance(value, tuple) else (value,)
            numbers = [experiment_number(each) for each in found]
            clause = _clause(kind, "id", comparator, numbers[0])
            if isinstance(value, tuple):
                clause["value"] = numbers
            clauses.append(clause)
        else:
            SearchExperimentsUtils.is_string_attribute(kind, key, comparator)
            _check(comparator, ("=", "!=", "LIKE", "ILIKE"), "string attribute")
            clauses.append(_clause(kind, _EXPERIMENT_FIELDS[key], comparator, value))
    return _without_empty_keys(clauses, 0)


def _check(comparator: str, allowed: Sequence[str], what: str | None) -> None:
    if comparator not in allowed:
        raise MlflowException.invalid_parameter_value(
            f"Invalid comparator for {what or 'experiment_id'}: {comparator}"
        )


def experiment_order(order_by: Sequence[str] | None) -> list[Clause]:
    """An order of experiments."""
    keys: list[Clause] = []
    for text in order_by or DEFAULT_EXPERIMENT_ORDER:
        kind, key, ascending = SearchExperimentsUtils.parse_order_by_for_search_experiments(text)
        if kind != "attribute":
            raise MlflowException.invalid_parameter_value(f"Invalid order_by entity: {kind}")
        keys.append({"type": kind, "key": _EXPERIMENT_FIELDS[key], "ascending": ascending})
    if not any(each["key"] == "id" for each in keys):
        keys.append({"type": "attribute", "key": "id", "ascending": False})
    return keys


def experiment_number(experiment_id: str | int) -> int:
    """The ID of an experiment as the number that it is."""
    try:
        return int(experiment_id)
    except (TypeError, ValueError):
        raise MlflowException.invalid_parameter_value(
            f"Invalid experiment ID '{experiment_id}'. Experiment ID must be a valid integer."
        ) from None


def model_filter(
    filter_string: str | None, datasets: Sequence[dict[str, Any]] | None
) -> list[Clause] | None:
    """A filter of logged models as a conjunction of clauses.

    None where it is none: with several data sets, or with one and no metric.
    """
    clauses: list[Clause] = []
    metrics = 0
    for parsed in _model_filter.parse(filter_string):
        kind, key, value = parsed["type"], parsed["key"], parsed["value"]
        comparator = parsed["comparator"]
        if kind == "metric":
            metrics += 1
            clause = _clause("metric", key, comparator, value)
            for dataset in datasets or ():
                clause["datasetName"] = dataset["dataset_name"]
                if dataset.get("dataset_digest") is not None:
                    clause["datasetDigest"] = dataset["dataset_digest"]
            clauses.append(clause)
        elif kind == "parameter":
            clauses.append(_clause("tag", entities.MODEL_PARAM + key, comparator, value))
        elif kind == "tag":
            clauses.append(_clause("tag", key, comparator, value))
        elif isinstance(value, float):
            clauses += _times(_MODEL_FIELDS[key][1], comparator, value)
        else:
            if key == "status":
                compare = RunGrammar.get_comparison_func(comparator)
                value = tuple(
                    entities.STATES[status]
                    for status in LoggedModelStatus
                    if compare(status.value, value)
                )
                comparator = "IN"
            clauses.append(_clause(*_MODEL_FIELDS[key], comparator, value))
    if datasets and (len(datasets) > 1 or not metrics):
        return None
    return _without_empty_keys(clauses)


def model_order(order_by: Sequence[dict[str, Any]] | None) -> list[Clause]:
    """An order of logged models."""
    keys: list[Clause] = []
    for each in order_by or ():
        parsed = ModelOrder.parse_order_by_for_logged_models(each)
        name = parsed.field_name
        if name.startswith("metrics."):
            key: Clause = {"type": "metric", "key": name.split(".", 1)[1]}
            if parsed.dataset_name:
                key["datasetName"] = parsed.dataset_name
            if parsed.dataset_digest:
                key["datasetDigest"] = parsed.dataset_digest
        else:
            kind, field = _MODEL_FIELDS[name]
            key = {"type": kind, "key": field}
        keys.append({**key, "ascending": bool(parsed.ascending)})
    return [each for each in keys if each["key"]]
