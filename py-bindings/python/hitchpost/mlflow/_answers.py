"""What the registry refuses, in MLflow's words."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import (
    INVALID_PARAMETER_VALUE,
    INVALID_STATE,
    RESOURCE_ALREADY_EXISTS,
    RESOURCE_DOES_NOT_EXIST,
)

from ._errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator


def no_experiment(experiment_id: str) -> MlflowException:
    """There is no such experiment."""
    return MlflowException(
        f"No Experiment with id={experiment_id} exists", error_code=RESOURCE_DOES_NOT_EXIST
    )


def no_run(run_id: str) -> MlflowException:
    """There is no such run."""
    return MlflowException(f"Run with id={run_id} not found", error_code=RESOURCE_DOES_NOT_EXIST)


def no_model(model_id: str) -> MlflowException:
    """There is no such model."""
    return MlflowException(
        f"Logged model with ID '{model_id}' not found.", error_code=RESOURCE_DOES_NOT_EXIST
    )


def not_active(what: str, identifier: str) -> MlflowException:
    """A deleted experiment or run is written to."""
    return MlflowException(
        f"The {what} {identifier} must be in the 'active' state. Current state is deleted.",
        error_code=INVALID_PARAMETER_VALUE,
    )


def not_renamed() -> MlflowException:
    """A deleted experiment is renamed."""
    return MlflowException("Cannot rename a non-active experiment.", error_code=INVALID_STATE)


@contextmanager
def about_experiment(
    experiment_id: str,
    *,
    name: str | None = None,
    tag: str | None = None,
    wrong_state: MlflowException | None = None,
) -> Iterator[None]:
    """Say what is refused of an experiment, of the `name` and the `tag` that it is about."""
    try:
        yield
    except RefusedError as error:
        if error.reason == "missing":
            raise no_experiment(experiment_id) from error
        if error.reason == "wrong-state":
            raise (wrong_state or not_active("experiment", experiment_id)) from error
        if error.reason == "no-property":
            raise MlflowException(
                f"No tag with name: {tag} in experiment with id {experiment_id}",
                error_code=RESOURCE_DOES_NOT_EXIST,
            ) from error
        raise MlflowException(
            f"Experiment(name={name}) already exists. Error: {error.message}",
            error_code=RESOURCE_ALREADY_EXISTS,
        ) from error


@contextmanager
def about_run(run_id: str, *, tag: str | None = None) -> Iterator[None]:
    """Say what is refused of a run, of the `tag` that it is about."""
    try:
        yield
    except RefusedError as error:
        if error.reason == "missing":
            raise no_run(run_id) from error
        if error.reason == "wrong-state":
            raise not_active("run", run_id) from error
        if error.reason == "no-property":
            raise MlflowException(
                f"No tag with name: {tag} in run with id {run_id}",
                error_code=RESOURCE_DOES_NOT_EXIST,
            ) from error
        raise MlflowException(error.message, error_code=INVALID_PARAMETER_VALUE) from error


@contextmanager
def about_model(model_id: str, *, tag: str | None = None) -> Iterator[None]:
    """Say what is refused of a logged model, of the `tag` that it is about."""
    try:
        yield
    except RefusedError as error:
        if error.reason == "missing":
            raise no_model(model_id) from error
        if error.reason == "no-property":
            raise MlflowException(
                f"No tag with key {tag!r} found for model with ID {model_id!r}.",
                error_code=RESOURCE_DOES_NOT_EXIST,
            ) from error
        raise MlflowException(error.message, error_code=INVALID_PARAMETER_VALUE) from error
