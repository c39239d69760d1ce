"""Registered models and versions as resources of a model registry: finding, showing, changing."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mlflow.entities.model_registry import (
    ModelVersion,
    ModelVersionTag,
    RegisteredModel,
    RegisteredModelAlias,
    RegisteredModelTag,
)
from mlflow.entities.model_registry.model_version_stages import STAGE_ARCHIVED, STAGE_NONE
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST
from mlflow.store.model_registry.abstract_store import AbstractStore
from mlflow.utils.validation import _validate_model_name, _validate_model_version

from . import _registry_search as search
from ._entities import NAME, own, strings, tags, time
from ._errors import translate
from ._registry_search import IS_PROMPT, RUN
from .client import ApiError, Client, connect

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Json = dict[str, Any]

ALIAS = "hitchpost.alias."
DELETED = "hitchpost.deleted"
LINK = "hitchpost.runLink"
MODEL = "hitchpost.modelId"
SOURCE = "hitchpost.source"
STAGE = "hitchpost.stage"
STORAGE = "hitchpost.storageLocation"

LIVE = 'state = "LIVE"'
PAGE = 1000


class Base(AbstractStore):
    """What the operations of the store are made of."""

    def __init__(
        self, store_uri: str, tracking_uri: str | None = None, *, client: Client | None = None
    ) -> None:
        super().__init__(store_uri, tracking_uri)  # type: ignore[no-untyped-call]
        self.tracking_uri = tracking_uri
        self.client = connect(store_uri) if client is None else client
        # Properties are replaced as a whole: threads of this store must not do it at once.
        self._changing = threading.RLock()

    # How they are found.

    def _find(self, name: str) -> Json | None:
        """The model that has a name for MLflow now."""
        try:
            model: Json = self._get("registered_model", {"name": name})
        except ApiError as error:
            if error.status != 404:
                raise
        else:
            if has_name(model, name):
                return model
        # It was renamed to it, or a deleted one has the name.
        found = self._list("registered_models", [*search.with_name(name), LIVE])
        return next((model for model in found if has_name(model, name)), None)

    def _model(self, name: str) -> Json:
        _validate_model_name(name)
        if (model := self._find(name)) is None:
            message = f"Registered Model with name={name} not found"
            raise MlflowException(message, RESOURCE_DOES_NOT_EXIST)
        return model

    def _model_version(self, name: str, version: int | str) -> tuple[Json, Json]:
        _validate_model_name(name)
        _validate_model_version(version)
        model = self._model(name)
        return model, self._version_of(model, int(version))

    def _version_of(self, model: Json, number: int) -> Json:
        found: Json | None = None
        try:
            found = self._get(
                "model_version", {"name": str(number), "parentResourceId": model["id"]}
            )
        except ApiError as error:
            if error.status != 404:
                raise
        if found is None or found.get("name") != str(number):
            found = self._by_id(model, number)
        if found is None or is_deleted(found):
            message = f"Model Version (name={name_of(model)}, version={number}) not found"
            raise MlflowException(message, RESOURCE_DOES_NOT_EXIST)
        return found

    def _by_id(self, model: Json, number: int) -> Json | None:
        try:
            found: Json = self._get(f"model_versions/{number}")
        except ApiError as error:
            # An id that no version can have is a bad one.
            if error.status not in {400, 404}:
                raise
            return None
        is_it = found.get("registeredModelId") == model["id"] and number_of(found) == number
        return found if is_it else None

    def _versions(self, model: Json) -> list[Json]:
        found = self._list(f"registered_models/{model['id']}/versions", [])
        return [version for version in found if not is_deleted(version)]

    def _candidates(self, clauses: list[Json]) -> Iterator[tuple[Json, Json]]:
        """Versions among which are those that meet the clauses, with their models."""
        filters = search.for_the_server(clauses, {"run_id": search.with_run})
        equal = [it for it in clauses if it["type"] == "attribute" and it["comparator"] == "="]
        names = [it["value"] for it in equal if it["key"] == "name"]
        if names:
            if (model := self._find(names[0])) is not None:
                for version in self._list(f"registered_models/{model['id']}/versions", filters):
                    yield model, version
            return
        if versions := self._list("model_versions", filters):
            found = self._list("registered_models", [LIVE])
            models = {model["id"]: model for model in found if is_live(model)}
            for version in versions:
                if (model := models.get(version["registeredModelId"])) is not None:
                    yield model, version

    # How they are shown.

    def _registered(
        self, model: Json, versions: list[ModelVersion] | None = None
    ) -> RegisteredModel:
        return RegisteredModel(
            name=name_of(model),
            creation_timestamp=time(model.get("createTimeSinceEpoch")),
            last_updated_timestamp=time(model.get("lastUpdateTimeSinceEpoch")),
            description=model.get("description"),
            latest_versions=versions or [],
            tags=[RegisteredModelTag(key, value) for key, value in tags(model).items()],
            aliases=[
                RegisteredModelAlias(alias, str(number))
                for alias, number in aliases_of(model).items()
            ],
        )

    def _with_versions(self, models: list[Json]) -> list[RegisteredModel]:
        """Registered models with the latest version of each stage."""
        if len(models) == 1:
            versions = self._versions(models[0])
        elif models:
            ids = ", ".join(model["id"] for model in models)
            versions = self._list("model_versions", [f"registeredModelId IN ({ids})"])
        of: dict[str, list[Json]] = {model["id"]: [] for model in models}
        for version in versions if models else ():
            if not is_deleted(version) and version["registeredModelId"] in of:
                of[version["registeredModelId"]].append(version)
        return [self._registered(model, self._latest(model, of[model["id"]])) for model in models]

    def _latest(self, model: Json, versions: list[Json]) -> list[ModelVersion]:
        latest: dict[str, Json] = {}
        for version in sorted(versions, key=number_of):
            latest[stage_of(version)] = version
        return [self._version(model, version) for version in latest.values()]

    def _version(self, model: Json, version: Json) -> ModelVersion:
        """A version, whose number is a text as it is from MLflow's own server."""
        number = number_of(version)
        return ModelVersion(
            name=name_of(model),
            version=str(number),
            creation_timestamp=time(version.get("createTimeSinceEpoch")) or 0,
            last_updated_timestamp=time(version.get("lastUpdateTimeSinceEpoch")),
            description=version.get("description"),
            user_id=version.get("author"),
            current_stage=stage_of(version),
            source=self._source(version),
            run_id=own(version, RUN),
            run_link=own(version, LINK),
            tags=[ModelVersionTag(key, value) for key, value in tags(version).items()],
            aliases=[alias for alias, of in aliases_of(model).items() if of == number],
            model_id=own(version, MODEL),
        )

    def _source(self, version: Json) -> str:
        """Where a version came from; for one that others made, where its model is."""
        if (source := own(version, SOURCE)) is not None:
            return source
        path = f"model_versions/{version['id']}/artifacts"
        found = self._list(path, [], {"artifactType": "model-artifact"})
        return next((artifact["uri"] for artifact in found if artifact.get("uri")), "")

    # How they are changed.

    def _move(self, version: Json, stage: str) -> Json:
        state = "ARCHIVED" if stage == STAGE_ARCHIVED else "LIVE"
        if stage in {STAGE_NONE, STAGE_ARCHIVED}:
            return self._change("model_versions", version, remove=[STAGE], state=state)
        return self._change("model_versions", version, put={STAGE: stage}, state=state)

    def _drop(self, version: Json) -> None:
        gone = [SOURCE, STORAGE, RUN, LINK, MODEL]
        fields = {"state": "ARCHIVED", "description": ""}
        self._change("model_versions", version, {DELETED: "true"}, gone, **fields)

    def _remove(self, kind: str, resource: Json, keys: list[str]) -> None:
        if any(key in (resource.get("customProperties") or {}) for key in keys):
            self._change(kind, resource, remove=keys)

    def _change(
        self,
        kind: str,
        resource: Json,
        put: Mapping[str, str] | None = None,
        remove: Iterable[str] = (),
        **fields: str,
    ) -> Json:
        """Changes properties and fields.

        Hitchpost's own server changes what is named; any other is told all of the properties, and
        forgets what somebody else changed meanwhile.
        """
        properties = resource.get("customProperties") or {}
        present = [key for key in remove if key in properties]
        if "edit" in self.client.features():
            path = f"/api/hitchpost/v1/{kind}/{resource['id']}/update"
            body = {"fields": fields, "set": dict(put or {}), "remove": present}
            try:
                changed: Json = self.client.post(path, body, idempotent=True)
            except ApiError as error:
                # Others were faster, or this is another try.
                if error.code != "no-property":
                    raise
                resource = self._get(f"{kind}/{resource['id']}")
                return self._change(kind, resource, put, present, **fields)
            return changed
        # Upstream's server makes live what is changed without saying its state.
        body = {"state": resource.get("state", "LIVE"), **fields}
        if put or present:
            kept = {key: value for key, value in properties.items() if key not in present}
            body["customProperties"] = {**kept, **strings(put or {})}
        path = f"{self.client.api()}/{kind}/{resource['id']}"
        patched: Json = self.client.patch(path, body, idempotent=True)
        return patched

    def _post(self, path: str, body: Json) -> Json:
        created: Json = self.client.post(f"{self.client.api()}/{path}", body)
        return created

    def _get(self, path: str, params: Json | None = None) -> Json:
        found: Json = self.client.get(f"{self.client.api()}/{path}", params)
        return found

    def _list(self, path: str, wanted: list[str], params: Json | None = None) -> list[Json]:
        """All pages of a list."""
        query: Json = {**(params or {}), "pageSize": PAGE}
        query["filterQuery"] = " AND ".join(wanted) or None
        found: list[Json] = []
        token = None
        while True:
            page = self._get(path, {**query, "nextPageToken": token})
            found += page.get("items") or ()
            after = page.get("nextPageToken")
            if not after or after == token or not page.get("items"):
                return found
            token = after


@contextmanager
def faults() -> Iterator[None]:
    """Faults of the registry as exceptions of MLflow."""
    try:
        yield
    except ApiError as error:
        raise translate(error) from error


def name_of(model: Json) -> str:
    return own(model, NAME) or str(model["name"])


def is_live(model: Json) -> bool:
    return model.get("state") != "ARCHIVED"


def has_name(model: Json, name: str) -> bool:
    return name_of(model) == name and is_live(model)


def number_of(version: Json) -> int:
    name = str(version["name"])
    is_number = name.isascii() and name.isdigit() and name == str(int(name))
    return int(name if is_number else version["id"])


def aliases_of(model: Json) -> dict[str, int]:
    properties = model.get("customProperties") or {}
    keys = [key for key in properties if key.startswith(ALIAS)]
    return {key[len(ALIAS) :]: int(own(model, key) or 0) for key in keys}


def stage_of(version: Json) -> str:
    if version.get("state") == "ARCHIVED":
        return str(STAGE_ARCHIVED)
    return own(version, STAGE) or str(STAGE_NONE)


def is_deleted(version: Json) -> bool:
    return own(version, DELETED) is not None and version.get("state") == "ARCHIVED"


def is_prompt(resource: Json) -> bool:
    return (own(resource, IS_PROMPT) or "").lower() == "true"
