"""Logged models of the tracking store."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

from mlflow.entities import (
    LoggedModel,
    LoggedModelParameter,
    LoggedModelStatus,
    LoggedModelTag,
)
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.store.entities.paged_list import PagedList
from mlflow.store.tracking import SEARCH_LOGGED_MODEL_MAX_RESULTS_DEFAULT
from mlflow.utils.name_utils import _generate_random_name
from mlflow.utils.search_utils import SearchLoggedModelsPaginationToken
from mlflow.utils.uri import append_to_uri_path
from mlflow.utils.validation import (
    _validate_logged_model_name,
    _validate_param,
    _validate_tag_name,
)

from . import _entities as entities
from . import _search as search
from ._answers import about_experiment, about_model
from ._base import Base, check_tag_key, is_identifier
from ._change import Change
from ._errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable

_MODEL_ID = re.compile(r"m-[0-9a-f]{32}|[1-9][0-9]{0,17}")


class LoggedModels(Base):
    """Create, find, change and delete logged models."""

    def create_logged_model(
        self,
        experiment_id: str,
        name: str | None = None,
        source_run_id: str | None = None,
        tags: list[LoggedModelTag] | None = None,
        params: list[LoggedModelParameter] | None = None,
        model_type: str | None = None,
    ) -> LoggedModel:
        """Create a model of status PENDING."""
        _validate_logged_model_name(name)
        name = name or _generate_random_name()
        model_id = f"m-{uuid.uuid4().hex}"
        values = {entities.NAME: name, entities.MODEL_STATUS: LoggedModelStatus.PENDING.value}
        if model_type is not None:
            values[entities.MODEL_TYPE] = model_type
        values |= _tags(tags or ()) | _params(params or ())
        body = {
            "name": f"{name[:200]}-{model_id[2:14]}",
            "externalId": model_id,
            "state": entities.STATES[LoggedModelStatus.PENDING],
        }
        if source_run_id:
            # It is what MLflow was told, be there such a run or not.
            values[entities.MODEL_RUN] = source_run_id
            if is_identifier(source_run_id):
                body["experimentRunId"] = source_run_id
        with about_experiment(experiment_id):
            number = self._number(experiment_id)
            location = self._location(number)
            body["uri"] = append_to_uri_path(location, "models", model_id, "artifacts")
            body["experimentId"] = number
            created = self._registry.create_model(
                {**body, "customProperties": entities.strings(values)}
            )
        return entities.logged_model({"model": created})

    def get_logged_model(self, model_id: str, allow_deleted: bool = False) -> LoggedModel:
        """A model with its metrics; a deleted one only where that is allowed."""
        with about_model(model_id):
            found = self._registry.model(_identifier(model_id))
            if not allow_deleted and entities.is_deleted(found["model"]):
                raise RefusedError("missing")
        return entities.logged_model(found)

    def finalize_logged_model(self, model_id: str, status: LoggedModelStatus) -> LoggedModel:
        """Give a model its last status."""
        status = LoggedModelStatus(status)
        with about_model(model_id):
            number = _identifier(model_id)
            self._registry.update_model(
                number,
                Change({"state": entities.STATES[status]}, {entities.MODEL_STATUS: status.value}),
            )
            return entities.logged_model(self._registry.model(number))

    def delete_logged_model(self, model_id: str) -> None:
        """Delete a model; it can still be read by its ID."""
        with about_model(model_id):
            self._registry.update_model(
                _identifier(model_id),
                Change({"state": "MARKED_FOR_DELETION"}, {entities.MODEL_DELETED: "true"}),
            )

    def set_logged_model_tags(self, model_id: str, tags: list[LoggedModelTag]) -> None:
        """Set tags of a model."""
        self._set(model_id, _tags(tags))

    def delete_logged_model_tag(self, model_id: str, key: str) -> None:
        """Delete a tag of a model."""
        with about_model(model_id, tag=key):
            number = _identifier(model_id)
            if key.startswith(entities.OWN):
                raise RefusedError("no-property")
            self._registry.update_model(number, Change(remove=[key]))

    def log_logged_model_params(self, model_id: str, params: list[LoggedModelParameter]) -> None:
        """Write params of a model."""
        self._set(model_id, _params(params))

    def _set(self, model_id: str, values: dict[str, str]) -> None:
        with about_model(model_id):
            self._registry.update_model(_identifier(model_id), Change(put=values))

    def search_logged_models(
        self,
        experiment_ids: list[str],
        filter_string: str | None = None,
        datasets: list[dict[str, Any]] | None = None,
        max_results: int | None = None,
        order_by: list[dict[str, Any]] | None = None,
        page_token: str | None = None,
    ) -> PagedList[LoggedModel]:
        """The models that a filter matches, in order, by pages."""
        if datasets and not all(each.get("dataset_name") for each in datasets):
            raise MlflowException(
                "`dataset_name` in the `datasets` clause must be specified.",
                error_code=INVALID_PARAMETER_VALUE,
            )
        max_results = max_results or SEARCH_LOGGED_MODEL_MAX_RESULTS_DEFAULT
        search.check_max_results(max_results)
        start: Any = None
        if page_token:
            token = SearchLoggedModelsPaginationToken.decode(page_token)
            token.validate(experiment_ids, filter_string, order_by)
            start = token.offset or None
        numbers = []
        for experiment_id in experiment_ids:
            with about_experiment(experiment_id):
                try:
                    numbers.append(self._number(experiment_id))
                except RefusedError:
                    continue
        wanted = search.ModelSearch(
            numbers,
            filter_string,
            datasets,
            order_by,
            max_results,
            start,
            entities.logged_model,
        )
        if not numbers:
            wanted.where, wanted.order  # noqa: B018 what is wrong with them is said anyway
            return PagedList([], None)
        found, following = self._registry.search_models(wanted)
        if following is None:
            return PagedList(found, None)
        token = SearchLoggedModelsPaginationToken(
            experiment_ids=experiment_ids,
            filter_string=filter_string,
            order_by=order_by,
            offset=following,
        )
        return PagedList(found, token.encode())


def _tags(tags: Iterable[LoggedModelTag]) -> dict[str, str]:
    found = {}
    for tag in tags:
        _validate_tag_name(tag.key)
        check_tag_key(tag.key)
        found[tag.key] = "" if tag.value is None else str(tag.value)
    return found


def _params(params: Iterable[LoggedModelParameter]) -> dict[str, str]:
    checked = [_validate_param(param.key, str(param.value)) for param in params]
    return {entities.MODEL_PARAM + param.key: param.value for param in checked}


def _identifier(model_id: str) -> str:
    if not isinstance(model_id, str) or _MODEL_ID.fullmatch(model_id) is None:
        raise RefusedError("missing")
    return model_id
