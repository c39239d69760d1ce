"""Experiments of the tracking store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow.entities import Experiment, ExperimentTag, ViewType
from mlflow.store.entities.paged_list import PagedList
from mlflow.store.tracking import SEARCH_MAX_RESULTS_DEFAULT
from mlflow.utils.uri import resolve_uri_if_local
from mlflow.utils.validation import (
    _validate_experiment_artifact_location_length,
    _validate_experiment_name,
    _validate_experiment_tag,
)

from . import _entities as entities
from . import _search as search
from ._answers import about_experiment, no_experiment, not_renamed
from ._base import Base, check_tag_key
from ._change import Change
from ._errors import RefusedError

if TYPE_CHECKING:
    from ._base import Json


class Experiments(Base):
    """Create, find, change, delete and restore experiments."""

    def search_experiments(
        self,
        view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int = SEARCH_MAX_RESULTS_DEFAULT,
        filter_string: str | None = None,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[Experiment]:
        """The experiments that a filter matches, in order, by pages."""
        search.check_max_results(max_results)
        found, token = self._registry.search_experiments(
            search.ExperimentSearch(
                view_type, filter_string, order_by, max_results, page_token, self._experiment
            )
        )
        return PagedList(found, token)

    def create_experiment(
        self,
        name: str,
        artifact_location: str | None = None,
        tags: list[ExperimentTag] | None = None,
    ) -> str:
        """Create an experiment and give its ID."""
        _validate_experiment_name(name)
        if artifact_location:
            artifact_location = resolve_uri_if_local(artifact_location)
            _validate_experiment_artifact_location_length(artifact_location)
        for tag in tags or ():
            _validate_experiment_tag(tag.key, tag.value)
            check_tag_key(tag.key)
        values = {tag.key: str(tag.value) for tag in tags or ()}
        with about_experiment("", name=name):
            return str(self._create_experiment(name, artifact_location, values)["id"])

    def get_experiment(self, experiment_id: str) -> Experiment:
        """The experiment of an ID, also a deleted one."""
        with about_experiment(experiment_id):
            return self._experiment(self._registry.experiment(self._number(experiment_id)))

    def get_experiment_by_name(self, experiment_name: str) -> Experiment | None:
        """The experiment of a name, also a deleted one; none if there is none."""
        with about_experiment(experiment_name):
            found = self._registry.experiment_named(experiment_name)
        return None if found is None else self._experiment(found)

    def delete_experiment(self, experiment_id: str) -> None:
        """Delete an experiment and its runs; they can be restored."""
        self._move(experiment_id, "LIVE", "ARCHIVED")

    def restore_experiment(self, experiment_id: str) -> None:
        """Restore a deleted experiment and its runs."""
        self._move(experiment_id, "ARCHIVED", "LIVE")

    def _move(self, experiment_id: str, before: str, after: str) -> None:
        with about_experiment(experiment_id, wrong_state=no_experiment(experiment_id)):
            self._registry.update_experiment(
                self._number(experiment_id),
                Change(fields={"state": after}, required=before, cascade=True),
            )

    def rename_experiment(self, experiment_id: str, new_name: str) -> None:
        """Give an experiment another name, which no other one has."""
        _validate_experiment_name(new_name)
        with about_experiment(experiment_id, name=new_name, wrong_state=not_renamed()):
            self._registry.update_experiment(
                self._number(experiment_id), Change(name=new_name, required="LIVE")
            )

    def set_experiment_tag(self, experiment_id: str, tag: ExperimentTag) -> None:
        """Set a tag of an experiment."""
        _validate_experiment_tag(tag.key, tag.value)
        check_tag_key(tag.key)
        with about_experiment(experiment_id):
            self._registry.update_experiment(
                self._number(experiment_id),
                Change(put={tag.key: str(tag.value)}, required="LIVE"),
            )

    def delete_experiment_tag(self, experiment_id: str, key: str) -> None:
        """Delete a tag of an experiment."""
        with about_experiment(experiment_id, tag=key):
            if key.startswith(entities.OWN):
                raise RefusedError("no-property")
            self._registry.update_experiment(
                self._number(experiment_id), Change(remove=[key], required="LIVE")
            )

    def _experiment(self, resource: Json) -> Experiment:
        found = entities.experiment(resource, self.artifact_root_uri)
        self._locations[found.experiment_id] = found.artifact_location
        return found
