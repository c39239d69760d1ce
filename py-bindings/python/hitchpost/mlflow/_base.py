"""What the parts of the tracking store have in common: the registry and its artifacts' place."""

from __future__ import annotations

import os
import re
import threading
import uuid
from typing import TYPE_CHECKING, Any

from mlflow.entities import Experiment
from mlflow.exceptions import MlflowException
from mlflow.store.tracking.abstract_store import AbstractStore
from mlflow.utils.uri import append_to_uri_path, resolve_uri_if_local

from . import _entities as entities
from ._errors import RefusedError, translate
from ._extension import Extension
from ._plain import Plain
from ._search import experiment_number
from .client import ApiError, connect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .client import Client

Json = dict[str, Any]

ARTIFACT_ROOT = "HITCHPOST_ARTIFACT_ROOT"
_DEFAULT_ARTIFACT_ROOT = "./mlartifacts"
_ID = re.compile(r"[1-9][0-9]{0,17}")


class Base(AbstractStore):
    """A store on the registry that `store_uri` names, or that `client` calls.

    Nothing is requested before the first operation.
    """

    def __init__(
        self,
        store_uri: str | None = None,
        artifact_uri: str | None = None,
        *,
        client: Client | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]   # MLflow's has no types
        self._client = client or connect(store_uri or os.environ["MLFLOW_TRACKING_URI"])
        root = (
            artifact_uri
            or self._client.options.get("artifact_uri")
            or os.environ.get(ARTIFACT_ROOT)
            or _DEFAULT_ARTIFACT_ROOT
        )
        self.artifact_root_uri: str = resolve_uri_if_local(root)
        self._lock = threading.Lock()
        self._found: Extension | Plain | None = None
        self._locations: dict[str, str] = {}
        self._default: str | None = None

    @property
    def _registry(self) -> Extension | Plain:
        """The registry, by the means that its server has."""
        if self._found is None:
            with self._lock:
                if self._found is None:
                    self._found = self._connect()
        return self._found

    def _connect(self) -> Extension | Plain:
        try:
            if "search-runs" in self._client.features():
                return Extension(self._client)
        except ApiError as error:
            raise translate(error) from error
        return Plain(self._client)

    def _location(self, experiment_id: str) -> str:
        """Where the artifacts of an experiment are, which never changes."""
        location = self._locations.get(experiment_id)
        if location is None:
            resource = self._registry.experiment(experiment_id)
            location = entities.experiment_location(resource, self.artifact_root_uri)
            self._locations[experiment_id] = location
        return location

    def _number(self, experiment_id: str | int | None) -> str:
        """The ID of an experiment in the registry.

        MLflow's experiment 0 is there without anybody creating it. In the registry it is the
        experiment of the name `Default`, which is created when it is first asked for.
        """
        number = experiment_number(experiment_id or 0)
        if number == 0:
            if self._default is None:
                self._default = self._default_experiment()
            return self._default
        return identifier(str(number))

    def _default_experiment(self) -> str:
        name = Experiment.DEFAULT_EXPERIMENT_NAME
        found = self._registry.experiment_named(name)
        if found is None:
            try:
                found = self._create_experiment(name, None, {})
            except RefusedError:
                # Somebody else was faster.
                found = self._registry.experiment_named(name)
                if found is None:
                    raise
        return str(found["id"])

    def _create_experiment(self, name: str, location: str | None, tags: Mapping[str, str]) -> Json:
        # The ID is not known yet, and is not unique among registries that share a root.
        location = location or append_to_uri_path(self.artifact_root_uri, uuid.uuid4().hex)
        return self._registry.create_experiment(name, location, tags)


def is_identifier(text: str) -> bool:
    """Whether it can be the ID of a resource of the registry."""
    return _ID.fullmatch(text) is not None


def identifier(text: str) -> str:
    """The ID of a resource of the registry; what cannot be one is missing."""
    if not is_identifier(text):
        raise RefusedError("missing")
    return text


def check_tag_key(key: str) -> None:
    """Refuse a tag that would be taken for what the plugin itself keeps."""
    if key.startswith(entities.OWN):
        raise MlflowException.invalid_parameter_value(
            f"Invalid value '{key}' for parameter 'key' supplied: keys that begin with "
            f"'{entities.OWN}' are kept for the plugin"
        )
