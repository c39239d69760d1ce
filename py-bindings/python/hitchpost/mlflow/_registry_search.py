"""Searching for registered models and their versions in MLflow's grammar.

MLflow reads the grammar; what it says of a bad one is its own. The server looks for what it can,
and what it finds is looked through here, as the grammar says more than filters of the server can.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.utils.search_utils import SearchModelUtils, SearchModelVersionUtils, SearchUtils

from ._entities import NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlflow.entities.model_registry import ModelVersion, RegisteredModel

Json = dict[str, Any]
Order = list[tuple[str, bool]]

IS_PROMPT = "mlflow.prompt.is_prompt"
RUN = "hitchpost.runId"

_NUMBERS = {"version_number"}
_NUMBER_COMPARATORS = {"=", "!=", ">", ">=", "<", "<="}
_TAG_COMPARATORS = {"=", "!=", "LIKE", "ILIKE"}
_TEXT_COMPARATORS = {*_TAG_COMPARATORS, "IN", "NOT IN"}
_LISTS = {"name", "run_id"}


def check_max_results(max_results: int, threshold: int) -> None:
    """Refuses what is no size of a page."""
    if not isinstance(max_results, int) or max_results < 1:
        raise _invalid(
            f"Invalid value for max_results. It must be a positive integer, but got {max_results}"
        )
    if max_results > threshold:
        raise _invalid(
            "Invalid value for request parameter max_results. It must be at most "
            f"{threshold}, but got value {max_results}"
        )


def model_clauses(filter_string: str | None) -> list[Json]:
    """The conditions of a search for registered models; all must be met."""
    return [_checked(it) for it in SearchModelUtils.parse_search_filter(filter_string)]


def version_clauses(filter_string: str | None) -> list[Json]:
    """The conditions of a search for versions; all must be met."""
    return [_checked(it) for it in SearchModelVersionUtils.parse_search_filter(filter_string)]


def asks_for_prompts(clauses: list[Json]) -> bool:
    """Whether prompts are wanted. They are kept as models, and not found otherwise."""
    for clause in clauses:
        if clause["type"] == "tag" and clause["key"] == IS_PROMPT:
            return (clause["comparator"], clause["value"].lower()) in {
                ("=", "true"),
                ("!=", "false"),
            }
    return False


def without_prompts(clauses: list[Json]) -> list[Json]:
    """The conditions without those of prompts, which models do not have."""
    return [it for it in clauses if it["type"] != "tag" or it["key"] != IS_PROMPT]


def meets(entity: RegisteredModel | ModelVersion, clauses: list[Json]) -> bool:
    """Whether a model or a version meets all conditions."""
    return all(_meets(entity, clause) for clause in clauses)


def _meets(entity: RegisteredModel | ModelVersion, clause: Json) -> bool:
    key, comparator, wanted = clause["key"], clause["comparator"], clause["value"]
    if clause["type"] == "tag":
        # The tags that MLflow shows leave out the one of prompts.
        value = entity._tags.get(key)
    elif key == "version_number":
        value = _number(entity)
    else:
        value = getattr(entity, "source" if key == "source_path" else key)
    if value is None:
        return False
    if comparator in {"IN", "NOT IN"}:
        return bool((value in wanted) == (comparator == "IN"))
    return bool(SearchUtils.get_comparison_func(comparator)(value, wanted))


def _checked(clause: Json) -> Json:
    key, comparator, value = clause["key"], clause["comparator"].upper(), clause["value"]
    if clause["type"] == "tag":
        if comparator not in _TAG_COMPARATORS:
            raise _invalid(f"Invalid comparator for tag: {comparator}")
    elif key in _NUMBERS:
        if comparator not in _NUMBER_COMPARATORS:
            raise _invalid(f"Invalid comparator for attribute {key}: {comparator}")
        try:
            if isinstance(value, float):
                raise ValueError
            value = int(value)
        except (TypeError, ValueError):
            message = f"Invalid value for numeric attribute '{key}': {value!r}"
            raise _invalid(message) from None
    elif comparator not in _TEXT_COMPARATORS or (
        comparator in {"IN", "NOT IN"} and key not in _LISTS
    ):
        raise _invalid(f"Invalid comparator for attribute: {comparator}")
    return {**clause, "comparator": comparator, "value": value}


def model_order(order_by: list[str] | None) -> Order:
    """The fields to order registered models by, and whether they ascend."""
    order: Order = []
    for clause in order_by or ():
        key, ascending = SearchUtils.parse_order_by_for_search_registered_models(clause)
        # What MLflow calls `timestamp` is the time of the last change.
        order.append((key if key == "name" else "last_updated_timestamp", ascending))
    return _complete(order, order_by, [("name", True)])


def version_order(order_by: list[str] | None) -> Order:
    """The fields to order versions by, and whether they ascend."""
    order: Order = []
    order_by = order_by or ["last_updated_timestamp DESC", "name ASC", "version_number DESC"]
    for clause in order_by:
        of = SearchModelVersionUtils.parse_order_by_for_search_model_versions(clause)
        _, key, ascending = of
        order.append((key, ascending))
    return _complete(order, order_by, [("name", True), ("version_number", False)])


def _complete(order: Order, order_by: list[str] | None, last: Order) -> Order:
    keys = [key for key, _ in order]
    if len(set(keys)) < len(keys):
        raise MlflowException(f"`order_by` contains duplicate fields: {order_by}")
    return order + [(key, ascending) for key, ascending in last if key not in keys]


def ordered(found: list[tuple[Json, Any]], order: Order) -> list[tuple[Json, Any]]:
    """What was found, each with its entity, in order."""

    def value(entity: RegisteredModel | ModelVersion, key: str) -> Any:  # noqa: ANN401
        return _number(entity) if key == "version_number" else getattr(entity, key)

    for key, ascending in reversed(order):
        found = sorted(found, key=lambda it: value(it[1], key), reverse=not ascending)
    return found


def _number(entity: Any) -> int:  # noqa: ANN401  a version
    return int(entity.version)


def for_the_server(
    clauses: list[Json], attributes: Mapping[str, Callable[[str], list[str]]]
) -> list[str]:
    """Filters that find at least what meets the conditions."""
    filters: list[str] = []
    for clause in clauses:
        key, value = clause["key"], clause["value"]
        if clause["comparator"] != "=" or not isinstance(value, str):
            continue
        if clause["type"] == "tag" and key != IS_PROMPT:
            filters += with_property(key, value)
        elif clause["type"] == "attribute" and key in attributes:
            filters += attributes[key](value)
    return filters


def with_name(name: str) -> list[str]:
    """A filter that finds the model of a name, among others."""
    quoted = _quoted(name)
    return [] if quoted is None else [f"(name = {quoted} OR `{NAME}` = {quoted})"]


def with_run(run_id: str) -> list[str]:
    """A filter that finds the versions of a run, among others."""
    return with_property(RUN, run_id)


def with_property(key: str, value: str) -> list[str]:
    """A filter that finds what has a custom property of this value, among others."""
    quoted = _quoted(value)
    return [] if quoted is None or "`" in key else [f"`{key}` = {quoted}"]


def _quoted(text: str) -> str | None:
    """A text in a filter; none for one that its grammar cannot hold."""
    if "\\" in text or not text:
        return None
    return next((f"{quote}{text}{quote}" for quote in "\"'" if quote not in text), None)


def _invalid(message: str) -> MlflowException:
    return MlflowException(message, INVALID_PARAMETER_VALUE)
