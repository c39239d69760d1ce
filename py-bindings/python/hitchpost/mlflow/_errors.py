"""Faults of the registry as exceptions of MLflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import (
    ENDPOINT_NOT_FOUND,
    FEATURE_DISABLED,
    INTERNAL_ERROR,
    INVALID_PARAMETER_VALUE,
    NOT_IMPLEMENTED,
    PERMISSION_DENIED,
    REQUEST_LIMIT_EXCEEDED,
    RESOURCE_ALREADY_EXISTS,
    RESOURCE_DOES_NOT_EXIST,
    TEMPORARILY_UNAVAILABLE,
    UNAUTHENTICATED,
)

if TYPE_CHECKING:
    from .client import ApiError

_CODES = {
    400: INVALID_PARAMETER_VALUE,
    401: UNAUTHENTICATED,
    403: PERMISSION_DENIED,
    404: RESOURCE_DOES_NOT_EXIST,
    409: RESOURCE_ALREADY_EXISTS,
    410: FEATURE_DISABLED,
    413: INVALID_PARAMETER_VALUE,
    422: INVALID_PARAMETER_VALUE,
    429: REQUEST_LIMIT_EXCEEDED,
    501: NOT_IMPLEMENTED,
    502: TEMPORARILY_UNAVAILABLE,
    503: TEMPORARILY_UNAVAILABLE,
    504: TEMPORARILY_UNAVAILABLE,
}


def translate(error: ApiError) -> MlflowException:
    """The exception of MLflow that says what `error` says."""
    if error.status is None:
        code = TEMPORARILY_UNAVAILABLE
    elif error.status == 404 and error.code == "http-404":
        # Without a body of the registry it is the path that does not exist.
        code = ENDPOINT_NOT_FOUND
    else:
        code = _CODES.get(error.status, INTERNAL_ERROR)
    text = f"{error.message}: {error.help}" if getattr(error, "help", None) else error.message
    return MlflowException(text, error_code=code)


class RefusedError(Exception):
    """What the registry refused for a reason that MLflow has words of its own for.

    `reason` is one of `missing`, `taken`, `wrong-state`, `belongs-elsewhere`, `no-property` and
    `param-conflict`.
    """

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(message or reason)
        self.reason = reason
        self.message = message or reason


def refused(error: ApiError) -> RefusedError | MlflowException:
    """The reason of a refusal, or `error` as an exception of MLflow."""
    if error.code in ("wrong-state", "belongs-elsewhere", "no-property", "param-conflict"):
        return RefusedError(error.code, error.message)
    if error.status == 404 and error.code != "http-404":
        return RefusedError("missing", error.message)
    if error.status == 409:
        return RefusedError("taken", error.message)
    return translate(error)
