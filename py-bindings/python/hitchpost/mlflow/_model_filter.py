"""Filters of logged models, in the grammar and with the refusals of MLflow's SQL store.

MLflow's other grammar of them, that of its file store, takes other things for right. The SQL
store's own parser wants SQLAlchemy, which `mlflow-skinny` does not have.
"""

from __future__ import annotations

import ast
import re
from typing import Any

import sqlparse
from mlflow.exceptions import MlflowException
from mlflow.utils.search_utils import _join_in_comparison_tokens

_KINDS = {"attributes": "attribute", "metrics": "metric", "params": "parameter", "tags": "tag"}
_FIELD = re.compile(r"([a-z]+)\.(.+)")
_ATTRIBUTES = {
    "name": "name",
    "model_id": "model_id",
    "model_type": "model_type",
    "status": "status",
    "source_run_id": "source_run_id",
    "creation_time": "creation_timestamp_ms",
    "creation_timestamp": "creation_timestamp_ms",
    "last_updated_time": "last_updated_timestamp_ms",
    "last_updated_timestamp": "last_updated_timestamp_ms",
}
"""What a model can be found by, with its column in MLflow's database."""
_NUMBERS = ("<", "<=", ">", ">=", "=", "!=")
_TEXTS = ("=", "!=", "LIKE", "ILIKE", "IN", "NOT IN")

Condition = dict[str, Any]
_refused = MlflowException.invalid_parameter_value


def parse(filter_string: str | None) -> list[Condition]:
    """The conditions that all have to hold: each has `type`, `key`, `comparator` and `value`.

    A value is a number for metrics and times, a tuple of texts for lists, and else a text.
    """
    if not filter_string:
        return []
    invalid = f"Invalid filter string: {filter_string!r}."
    statements = sqlparse.parse(filter_string)
    if len(statements) != 1:
        raise _refused(f"{invalid} Expected a single SQL expression.")
    join: Any = _join_in_comparison_tokens
    conditions = []
    for token in join(statements[0].tokens):
        if isinstance(token, sqlparse.sql.Comparison):
            conditions.append(_condition(token))
        elif token.value.strip().upper() != "AND":
            raise _refused(
                f"{invalid} Expected a list of comparisons separated by 'AND' "
                "(e.g. 'metrics.loss > 0.1 AND params.lr = 0.01')."
            )
    return conditions


def _condition(comparison: Any) -> Condition:  # noqa: ANN401 sqlparse's
    parts = [str(token) for token in comparison.tokens if not token.is_whitespace]
    if len(parts) != 3:
        raise _refused(f"Invalid comparison: {comparison}. Expected a comparison with 3 tokens.")
    field, comparator, text = parts[0], parts[1].upper(), parts[2]
    kind, key = "attributes", field
    if match := _FIELD.fullmatch(field):
        kind, key = match.groups()
        if kind not in _KINDS:
            expected = list(_KINDS)
            raise _refused(f"Invalid entity type: {kind!r}. Expected one of {expected}.")
    key = _unquoted(key, '`"')
    column = _ATTRIBUTES.get(key, key)
    is_number = kind == "metrics" or (kind == "attributes" and column.endswith("_ms"))
    allowed = _NUMBERS if is_number else _TEXTS
    if comparator not in allowed:
        shown = column if kind == "attributes" else key
        raise _refused(
            f"Invalid comparison operator for {kind}.{shown}: {comparator!r}. "
            f"Expected one of {allowed}."
        )
    if kind == "attributes" and key not in _ATTRIBUTES:
        raise _refused(
            f"Invalid attribute key '{key}' specified. Valid keys are {list(_ATTRIBUTES)}"
        )
    try:
        value = float(text) if is_number else _text(comparator, text)
    except (SyntaxError, ValueError) as error:
        raise _refused(str(error)) from error
    return {"type": _KINDS[kind], "key": key, "comparator": comparator, "value": value}


def _text(comparator: str, text: str) -> str | tuple[str, ...]:
    if comparator not in ("IN", "NOT IN"):
        return _unquoted(text, "'\"")
    values = ast.literal_eval(text)
    values = (values,) if isinstance(values, str) else values
    if not isinstance(values, tuple) or not all(isinstance(value, str) for value in values):
        message = f"While parsing a list in the query, expected string values, found {text}"
        raise ValueError(message)
    return values


def _unquoted(text: str, quotes: str) -> str:
    for quote in quotes:
        if len(text) > 1 and text.startswith(quote) and text.endswith(quote):
            return text[1:-1]
    return text
