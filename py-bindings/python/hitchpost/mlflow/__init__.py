"""MLflow on a model registry: `mlflow.set_tracking_uri("modelregistry://localhost:8080")`.

MLflow finds the stores by the entry points of the package. Nothing of MLflow is imported until one
is made, as MLflow reads the entry points while it is imported itself.

- `modelregistry://`, `modelregistry+http://`, `modelregistry+https://`: a Kubeflow model registry,
  or `hitchpost model-registry`; `hitchpost.mlflow.uri` has the options.
- `hitchpost://SERVICE?version=>=2`: what Hitchpost's registry of tools has under that name, an
  MLflow server or a model registry; `hitchpost.mlflow.scheme` has the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow.store.artifact.artifact_repo import ArtifactRepository
    from mlflow.store.model_registry.abstract_store import AbstractStore as RegistryStore
    from mlflow.store.tracking.abstract_store import AbstractStore as TrackingStore

OLDEST = 3

__all__ = ["open_artifact_repository", "open_registry_store", "open_tracking_store"]


def open_tracking_store(store_uri: str, artifact_uri: str | None = None) -> TrackingStore:
    """The tracking store at a URI; MLflow calls it."""
    _check_version()
    if store_uri.startswith("hitchpost:"):
        from . import scheme

        return scheme.tracking_store(store_uri, artifact_uri)
    from .tracking_store import TrackingStore

    return TrackingStore(store_uri, artifact_uri)


def open_registry_store(store_uri: str, tracking_uri: str | None = None) -> RegistryStore:
    """The store of registered models at a URI; MLflow calls it."""
    _check_version()
    if store_uri.startswith("hitchpost:"):
        from . import scheme

        return scheme.registry_store(store_uri, tracking_uri)
    from .registry_store import RegistryStore

    return RegistryStore(store_uri, tracking_uri)


def open_artifact_repository(
    artifact_uri: str, *more: str | None, **named: str | None
) -> ArtifactRepository:
    """The artifacts that an MLflow server hands on itself; MLflow calls it."""
    from . import scheme

    return scheme.artifact_repository(artifact_uri, *more, **named)


def _check_version() -> None:
    """Refuses an MLflow that has no logged models in the interface of its stores."""
    from mlflow.version import VERSION

    if int(VERSION.partition(".")[0]) < OLDEST:
        message = f"hitchpost needs MLflow {OLDEST} or newer; this is {VERSION}"
        raise ImportError(message)
