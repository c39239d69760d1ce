"""MLflow's model registry on a Kubeflow model registry.

How one is kept in the other:

* A registered model is a `RegisteredModel`, a version is a `ModelVersion` whose name is its number,
  with a `ModelArtifact` that has the location, so that what serves models finds it.
* Tags are custom properties of the same keys. What MLflow knows and the registry has no field for
  is in custom properties whose keys begin with `hitchpost.`.
* Nothing can be deleted or renamed there. A model in the state `ARCHIVED` is deleted for MLflow; a
  version is, if it is marked so, and in the stage `Archived` otherwise. A model that was renamed,
  or that has the name of a deleted one, has its name in the property `hitchpost.name`.
* A version that others made, whose name is no number, has the number of its id.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mlflow.entities.model_registry.model_version_stages import (
    ALL_STAGES,
    DEFAULT_STAGES_FOR_GET_LATEST_VERSIONS,
    STAGE_ARCHIVED,
    get_canonical_stage,
)
from mlflow.exceptions import MlflowException
from mlflow.prompt.registry_utils import handle_resource_already_exist_error
from mlflow.protos.databricks_pb2 import (
    INVALID_PARAMETER_VALUE,
    RESOURCE_ALREADY_EXISTS,
    RESOURCE_DOES_NOT_EXIST,
)
from mlflow.store.artifact.utils.models import _parse_model_uri
from mlflow.store.entities.paged_list import PagedList
from mlflow.store.model_registry import (
    SEARCH_MODEL_VERSION_MAX_RESULTS_DEFAULT,
    SEARCH_MODEL_VERSION_MAX_RESULTS_THRESHOLD,
    SEARCH_REGISTERED_MODEL_MAX_RESULTS_DEFAULT,
    SEARCH_REGISTERED_MODEL_MAX_RESULTS_THRESHOLD,
)
from mlflow.utils.search_utils import SearchUtils
from mlflow.utils.validation import (
    _validate_model_alias_name,
    _validate_model_name,
    _validate_model_renaming,
    _validate_model_version_tag,
    _validate_registered_model_tag,
    _validate_tag_name,
)

from . import _registry_search as search
from ._entities import NAME, own, string, strings
from ._registry_base import (
    ALIAS,
    LINK,
    LIVE,
    MODEL,
    SOURCE,
    STORAGE,
    Base,
    aliases_of,
    faults,
    is_deleted,
    is_live,
    is_prompt,
    name_of,
    number_of,
    stage_of,
)
from ._registry_search import IS_PROMPT, RUN
from .client import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlflow.entities import LoggedModel
    from mlflow.entities.model_registry import (
        ModelVersion,
        ModelVersionTag,
        RegisteredModel,
        RegisteredModelTag,
    )

Json = dict[str, Any]

ATTEMPTS = 100
"""How often a number is tried that others take meanwhile."""


class RegistryStore(Base):
    """Registered models and their versions, in the model registry at a URI.

    Exceptions are those of MLflow's own stores.
    """

    # Registered models.

    def create_registered_model(
        self,
        name: str,
        tags: Iterable[RegisteredModelTag] | None = None,
        description: str | None = None,
        deployment_job_id: str | None = None,
    ) -> RegisteredModel:
        """Creates a registered model."""
        _validate_model_name(name)
        given = {}
        for tag in tags or ():
            _validate_registered_model_tag(tag.key, tag.value)
            given[tag.key] = tag.value
        body: Json = {"name": name, "customProperties": strings(given)}
        if description is not None:
            body["description"] = description
        with faults():
            try:
                return self._registered(self._post("registered_models", body))
            except ApiError as error:
                if error.status != 409:
                    raise
            # The name may be that of a deleted model, which keeps it.
            if (existing := self._find(name)) is not None:
                handle_resource_already_exist_error(name, is_prompt(existing), IS_PROMPT in given)
            body["name"] = f"{name} ({uuid.uuid4().hex[:8]})"
            body["customProperties"][NAME] = string(name)
            return self._registered(self._post("registered_models", body))

    def update_registered_model(
        self, name: str, description: str | None, deployment_job_id: str | None = None
    ) -> RegisteredModel:
        """Changes the description of a registered model."""
        with faults():
            model = self._model(name)
            changed = self._change("registered_models", model, description=description or "")
            return self._with_versions([changed])[0]

    def rename_registered_model(self, name: str, new_name: str) -> RegisteredModel:
        """Renames a registered model."""
        _validate_model_renaming(new_name)
        with faults(), self._changing:
            model = self._model(name)
            if new_name != name and self._find(new_name) is not None:
                message = f"Registered Model (name={new_name}) already exists."
                raise MlflowException(message, RESOURCE_ALREADY_EXISTS)
            named = {NAME: new_name} if new_name != model["name"] else None
            changed = self._change("registered_models", model, named, [] if named else [NAME])
            return self._with_versions([changed])[0]

    def delete_registered_model(self, name: str) -> None:
        """Deletes a registered model with its versions: the registry keeps it as archived."""
        with faults():
            self._change("registered_models", self._model(name), state="ARCHIVED")

    def search_registered_models(
        self,
        filter_string: str | None = None,
        max_results: int | None = None,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[Any]:
        """Finds registered models, in MLflow's grammar; prompts only when they are asked for."""
        if max_results is None:
            max_results = SEARCH_REGISTERED_MODEL_MAX_RESULTS_DEFAULT
        search.check_max_results(max_results, SEARCH_REGISTERED_MODEL_MAX_RESULTS_THRESHOLD)
        clauses = search.model_clauses(filter_string)
        order = search.model_order(order_by)
        filters = search.for_the_server(clauses, {"name": search.with_name})
        prompts_too = search.asks_for_prompts(clauses)
        if not prompts_too:
            clauses = search.without_prompts(clauses)
        with faults():
            found = []
            for model in self._list("registered_models", [*filters, LIVE]):
                if not is_live(model) or (is_prompt(model) and not prompts_too):
                    continue
                entity = self._registered(model)
                if search.meets(entity, clauses):
                    found.append((model, entity))
            found = search.ordered(found, order)
            page, token = SearchUtils.paginate(found, page_token, max_results)
            return PagedList(self._with_versions([model for model, _ in page]), token)

    def get_registered_model(self, name: str) -> RegisteredModel:
        """A registered model by name."""
        with faults():
            return self._with_versions([self._model(name)])[0]

    def get_latest_versions(self, name: str, stages: list[str] | None = None) -> list[ModelVersion]:
        """The latest version of each stage."""
        expected = {get_canonical_stage(stage) for stage in stages or ALL_STAGES}
        with faults():
            model = self._model(name)
            latest = self._latest(model, self._versions(model))
            return [version for version in latest if version.current_stage in expected]

    def set_registered_model_tag(self, name: str, tag: RegisteredModelTag) -> None:
        """Sets a tag of a registered model."""
        _validate_model_name(name)
        _validate_registered_model_tag(tag.key, tag.value)
        with faults(), self._changing:
            self._change("registered_models", self._model(name), {tag.key: tag.value})

    def delete_registered_model_tag(self, name: str, key: str) -> None:
        """Deletes a tag of a registered model, if it is there."""
        _validate_model_name(name)
        _validate_tag_name(key)
        with faults(), self._changing:
            self._remove("registered_models", self._model(name), [key])

    # Versions.

    def create_model_version(
        self,
        name: str,
        source: str,
        run_id: str | None = None,
        tags: Iterable[ModelVersionTag] | None = None,
        run_link: str | None = None,
        description: str | None = None,
        local_model_path: str | None = None,
        model_id: str | None = None,
    ) -> ModelVersion:
        """Creates the next version of a registered model."""
        _validate_model_name(name)
        given = {}
        for tag in tags or ():
            _validate_model_version_tag(tag.key, tag.value)
            given[tag.key] = tag.value
        location, run_id = self._located(source, run_id, model_id)
        of_its_own = {
            SOURCE: source,
            STORAGE: location if location != source else None,
            RUN: run_id,
            LINK: run_link,
            MODEL: model_id,
        }
        given |= {key: value for key, value in of_its_own.items() if value is not None}
        with faults():
            model = self._model(name)
            body: Json = {"registeredModelId": model["id"], "customProperties": strings(given)}
            if description is not None:
                body["description"] = description
            version = self._numbered(model, body)
            artifact = {
                "artifactType": "model-artifact",
                "name": f"{name}/{version['name']}",
                "uri": location,
            }
            try:
                self._post(f"model_versions/{version['id']}/artifacts", artifact)
            except ApiError:
                self._drop(version)
                raise
            return self._version(model, version)

    def update_model_version(
        self, name: str, version: int | str, description: str | None = None
    ) -> ModelVersion:
        """Changes the description of a version."""
        with faults():
            model, found = self._model_version(name, version)
            changed = self._change("model_versions", found, description=description or "")
            return self._version(model, changed)

    def transition_model_version_stage(
        self, name: str, version: int | str, stage: str, archive_existing_versions: bool
    ) -> ModelVersion:
        """Moves a version to a stage, and what is there to `Archived` if that is wanted."""
        to = get_canonical_stage(stage)
        if archive_existing_versions and to not in DEFAULT_STAGES_FOR_GET_LATEST_VERSIONS:
            raise MlflowException(
                "Model version transition cannot archive existing model versions because "
                f"'{stage}' is not an Active stage. Valid stages are "
                f"{DEFAULT_STAGES_FOR_GET_LATEST_VERSIONS}"
            )
        with faults(), self._changing:
            model, found = self._model_version(name, version)
            if archive_existing_versions:
                for other in self._versions(model):
                    if other["id"] != found["id"] and stage_of(other) == to:
                        self._move(other, STAGE_ARCHIVED)
            return self._version(model, self._move(found, to))

    def delete_model_version(self, name: str, version: int | str) -> None:
        """Deletes a version. Its number is not given again."""
        with faults(), self._changing:
            model, found = self._model_version(name, version)
            number = number_of(found)
            aliases = [ALIAS + alias for alias, of in aliases_of(model).items() if of == number]
            if aliases:
                self._change("registered_models", model, remove=aliases)
            self._drop(found)

    def get_model_version(self, name: str, version: int | str) -> ModelVersion:
        """A version by the name of its model and its number."""
        with faults():
            return self._version(*self._model_version(name, version))

    def get_model_version_download_uri(self, name: str, version: int | str) -> str:
        """Where the files of a version are."""
        with faults():
            _, found = self._model_version(name, version)
            return own(found, STORAGE) or self._source(found)

    def search_model_versions(
        self,
        filter_string: str | None = None,
        max_results: int | None = None,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[Any]:
        """Finds versions, in MLflow's grammar; those of prompts only when they are asked for."""
        if max_results is None:
            max_results = SEARCH_MODEL_VERSION_MAX_RESULTS_DEFAULT
        search.check_max_results(max_results, SEARCH_MODEL_VERSION_MAX_RESULTS_THRESHOLD)
        clauses = search.version_clauses(filter_string)
        order = search.version_order(order_by)
        prompts_too = search.asks_for_prompts(clauses)
        conditions = clauses if prompts_too else search.without_prompts(clauses)
        with faults():
            found = []
            for model, version in self._candidates(clauses):
                of_prompt = is_prompt(model) or is_prompt(version)
                if is_deleted(version) or (of_prompt and not prompts_too):
                    continue
                entity = self._version(model, version)
                if search.meets(entity, conditions):
                    found.append((version, entity))
            found = search.ordered(found, order)
            page, token = SearchUtils.paginate(found, page_token, max_results)
            return PagedList([entity for _, entity in page], token)

    def set_model_version_tag(self, name: str, version: int | str, tag: ModelVersionTag) -> None:
        """Sets a tag of a version."""
        _validate_model_name(name)
        _validate_model_version_tag(tag.key, tag.value)
        with faults(), self._changing:
            _, found = self._model_version(name, version)
            self._change("model_versions", found, {tag.key: tag.value})

    def delete_model_version_tag(self, name: str, version: int | str, key: str) -> None:
        """Deletes a tag of a version, if it is there."""
        _validate_model_name(name)
        _validate_tag_name(key)
        with faults(), self._changing:
            _, found = self._model_version(name, version)
            self._remove("model_versions", found, [key])

    # Aliases.

    def set_registered_model_alias(self, name: str, alias: str, version: int | str) -> None:
        """Has an alias name a version."""
        _validate_model_name(name)
        _validate_model_alias_name(alias)
        _check_alias(alias)
        with faults(), self._changing:
            model, found = self._model_version(name, version)
            self._change("registered_models", model, {ALIAS + alias: str(number_of(found))})

    def delete_registered_model_alias(self, name: str, alias: str) -> None:
        """Deletes an alias, if it is there."""
        _validate_model_name(name)
        _validate_model_alias_name(alias)
        with faults(), self._changing:
            self._remove("registered_models", self._model(name), [ALIAS + alias])

    def get_model_version_by_alias(self, name: str, alias: str) -> ModelVersion:
        """The version that an alias names; `latest` is the one with the highest number."""
        _validate_model_name(name)
        _validate_model_alias_name(alias)
        with faults():
            model = self._model(name)
            if alias.lower() == "latest":
                versions = self._versions(model)
                if not versions:
                    message = f"Latest version not found for model {name}."
                    raise MlflowException(message, RESOURCE_DOES_NOT_EXIST)
                return self._version(model, max(versions, key=number_of))
            number = aliases_of(model).get(alias)
            if number is None:
                message = f"Registered model alias {alias} not found."
                raise MlflowException(message, INVALID_PARAMETER_VALUE)
            return self._version(model, self._version_of(model, number))

    def _await_model_version_creation(self, mv: ModelVersion, await_creation_for: int) -> None:
        """A version is ready when it is created."""

    def _located(
        self, source: str, run_id: str | None, model_id: str | None
    ) -> tuple[str, str | None]:
        """Where the files of a source are, and the run that it comes from."""
        location = source
        if urlsplit(source).scheme == "models":
            try:
                parsed = _parse_model_uri(source)
                if parsed.model_id is not None:
                    model = self._logged_model(parsed.model_id)
                    location = model.artifact_location
                    run_id = run_id or model.source_run_id
                else:
                    of = str(parsed.name), str(parsed.version)
                    location = self.get_model_version_download_uri(*of)
            except Exception as error:
                raise MlflowException(
                    "Unable to fetch model from model URI source artifact location "
                    f"'{source}'.Error: {error}"
                ) from error
        if not run_id and model_id:
            run_id = self._logged_model(model_id).source_run_id
        return location, run_id

    def _logged_model(self, model_id: str) -> LoggedModel:
        from mlflow.tracking.client import MlflowClient

        return MlflowClient(tracking_uri=self.tracking_uri).get_logged_model(model_id)

    def _numbered(self, model: Json, body: Json) -> Json:
        """Creates a version with the next number, which others may be after too."""
        versions = f"registered_models/{model['id']}/versions"
        newest: Json = {"orderBy": "ID", "sortOrder": "DESC", "pageSize": 1}
        last = max(map(number_of, self._get(versions, newest).get("items") or ()), default=0)
        for attempt in range(ATTEMPTS):
            try:
                return self._post("model_versions", {**body, "name": str(last + 1)})
            except ApiError as error:
                if error.status != 409:
                    raise
            if attempt % 10 == 9:
                # The newest need not have the highest number when others made versions too.
                last = max(map(number_of, self._list(versions, [])), default=0)
            else:
                last += 1
        raise MlflowException(
            f"Model Version creation error (name={name_of(model)}). Giving up after "
            f"{ATTEMPTS} attempts."
        )


def _check_alias(alias: str) -> None:
    if alias.lower() == "latest":
        message = "'latest' alias name (case insensitive) is reserved."
        raise MlflowException(message, INVALID_PARAMETER_VALUE)
    if alias[0] in "vV" and alias[1:].isdigit():
        raise MlflowException(f"Version alias name '{alias}' is reserved.", INVALID_PARAMETER_VALUE)
