"""What MLflow's stores may do and a model registry cannot: traces, scorers, the gateway."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any, TypeVar

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import NOT_IMPLEMENTED

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow.store.tracking.abstract_store import AbstractStore

    _Store = TypeVar("_Store", bound=type[AbstractStore])

_LEFT = {"NotImplementedError", "MlflowNotImplementedException"}


def refuse_the_rest(store: _Store) -> _Store:
    """Make what MLflow leaves to its stores and `store` does not do an exception of MLflow.

    MLflow's own are `NotImplementedError`, which its client does not expect, or no exception at
    all. What there is to refuse differs among the versions of MLflow.
    """
    left = {}
    for name in dir(store):
        # The one of the most derived class is what would be called.
        given = inspect.getattr_static(store, name)
        if inspect.isfunction(given) and not name.startswith("__") and _is_left(given):
            left[name] = given
    for name, given in left.items():
        setattr(store, name, _refusal(name, given))
    return store


def _is_left(method: Any) -> bool:  # noqa: ANN401 a function
    inner = inspect.unwrap(method)
    if not inner.__module__.startswith("mlflow."):
        return False
    return getattr(inner, "__isabstractmethod__", False) or bool(
        _LEFT.intersection(inner.__code__.co_names)
    )


def _refusal(name: str, method: Any) -> Callable[..., Any]:  # noqa: ANN401 a function
    @functools.wraps(method)
    def refuse(self: object, *_args: object, **_kwargs: object) -> None:
        raise unsupported(name)

    refuse.__isabstractmethod__ = False  # type: ignore[attr-defined]
    return refuse


def unsupported(name: str) -> MlflowException:
    """What is said of a method that a model registry has nothing for."""
    return MlflowException(
        f"{name} is not supported by the model registry: it keeps experiments, runs, models and "
        "their artifacts. Use an MLflow server for traces, evaluation data sets, scorers and the "
        "gateway",
        error_code=NOT_IMPLEMENTED,
    )
