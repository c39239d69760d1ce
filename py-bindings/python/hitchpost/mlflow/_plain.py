"""Tracking through the Kubeflow Model Registry API alone (`v1alpha3`), of whatever server.

That API has no search of runs by their metrics or params, changes one resource at a time, and
replaces what it changes. So what belongs together is read, merged and written here: right for one
writer, while two that write tags of the same run at the same moment may lose one. What upstream's
server does wrong is made good as far as a client can:

* Any change of a run, experiment or model sets status and state to their defaults where they are
  not sent: they are always sent.
* Custom properties are replaced as a whole: they are sent as a whole.
* A name stays forever: a renamed experiment has its name in a custom property.
* A metric that is logged late hides a newer one: the newer is put back.
* Two points of a metric in the same millisecond collide: the second is sent again.
* The history of `loss` comes with that of `val_loss`: it is left out.
* A step has 32 bits, a value is finite, a name has 255 characters, and no run ends before it
  starts: what does not fit is kept in a custom property.
* `a_b` is taken for `axb`, as names are compared by LIKE: the second of two gets another name.
"""

from __future__ import annotations

import hashlib
import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import NOT_IMPLEMENTED
from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT, MLFLOW_RUN_NAME
from mlflow.utils.search_utils import SearchExperimentsUtils, SearchUtils

from . import _entities as entities
from ._change import Change
from ._errors import RefusedError, refused, translate
from ._extension import Points
from ._search import DEFAULT_EXPERIMENT_ORDER, RunGrammar, states, token_text
from .client import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mlflow.entities import Experiment, LoggedModel, Run

    from ._extension import Columns
    from ._search import Clause, ExperimentSearch, ModelSearch, RunSearch
    from .client import Client

Json = dict[str, Any]

_PAGE = 1000
# What upstream's server sets to its default where it is not sent.
_DEFAULTED = ("artifactType", "state", "status")
_VALUE = "hitchpost.value"
_STEP = "hitchpost.step"
_KEY = "hitchpost.key"
_METRIC_MODEL = "hitchpost.modelId"
_METRIC_DATASET = "hitchpost.datasetName"
_METRIC_DIGEST = "hitchpost.datasetDigest"
_PARTS = {"modelId": _METRIC_MODEL, "datasetName": _METRIC_DATASET, "datasetDigest": _METRIC_DIGEST}
_STEPS = range(-(2**31), 2**31)
# Of so many runs each is asked for what was logged; of more, their experiment is.
_FEW = 5
# So much of a name leaves room for what upstream's server adds, within its 255 characters.
_LONGEST = 200
_TRIES = 5
# So many models are asked about at once.
_IDS = 100
# So many data sets MLflow shows.
_DATASETS = 1000


class Plain:
    """The registry as upstream's API offers it."""

    def __init__(self, client: Client) -> None:
        self._client = client
        try:
            self._api = client.api()
        except ApiError as error:
            raise translate(error) from error
        if not self._api.endswith("/v1alpha3"):
            raise MlflowException(
                f"the model registry at {client.uri} has no experiments: it serves "
                f"`{self._api}` only, and they are a part of `v1alpha3`. Use an older model "
                "registry, or `hitchpost model-registry`",
                error_code=NOT_IMPLEMENTED,
            )

    def _call(self, method: str, path: str, *arguments: Any) -> Json:  # noqa: ANN401 JSON
        try:
            answer: Json = getattr(self._client, method)(self._api + path, *arguments)
        except ApiError as error:
            raise refused(error) from error
        return answer

    def _all(self, path: str, **params: object) -> Iterator[Json]:
        """All resources of a list, page by page."""
        token = ""
        while True:
            page = self._call(
                "get", path, {**params, "pageSize": _PAGE, "nextPageToken": token or None}
            )
            yield from page.get("items") or ()
            following = page.get("nextPageToken") or ""
            if not following or following == token:
                return
            token = following

    # Experiments

    def create_experiment(self, name: str, location: str, tags: Mapping[str, str]) -> Json:
        """Create an experiment."""
        if self.experiment_named(name) is not None:
            raise RefusedError("taken", f"there is an experiment of the name {name}")
        properties = {**tags, entities.LOCATION: location}
        if len(name) <= _LONGEST:
            try:
                return self._create_experiment(name, properties)
            except RefusedError as error:
                # The name is that of an experiment that was renamed, or somebody was faster.
                if error.reason != "taken" or self.experiment_named(name) is not None:
                    raise
        unique = f"{name[:_LONGEST]}-{time.time_ns():x}"
        return self._create_experiment(unique, {**properties, entities.NAME: name})

    def _create_experiment(self, name: str, properties: Mapping[str, str]) -> Json:
        body = {"name": name, "customProperties": entities.strings(properties)}
        return self._call("post", "/experiments", body)

    def experiment(self, experiment_id: str) -> Json:
        """The experiment of an ID."""
        return self._by_id("/experiments", experiment_id)

    def _by_id(self, path: str, resource_id: str) -> Json:
        if int(resource_id) >= 2**31:
            raise RefusedError("missing")
        return self._call("get", f"{path}/{resource_id}")

    def experiment_named(self, name: str) -> Json | None:
        """The experiment of a name, where there is one."""
        try:
            found = self._call("get", "/experiment", {"name": name})
        except RefusedError:
            found = None
        if found is not None and entities.experiment_name(found) == name:
            return found
        for each in self._all("/experiments"):
            if entities.experiment_name(each) == name:
                return each
        return None

    def search_experiments(self, search: ExperimentSearch) -> tuple[list[Experiment], str | None]:
        """A page of experiments."""
        _ = search.where, search.order
        wanted = states(search.view_type)
        found = [
            search.make(each)
            for each in self._all("/experiments")
            if each.get("state", "LIVE") in wanted
        ]
        found = SearchExperimentsUtils.filter(found, search.filter_string)
        found = SearchExperimentsUtils.sort(found, search.order_by or DEFAULT_EXPERIMENT_ORDER)
        page, token = SearchUtils.paginate(found, search.page_token, search.max_results)
        return page, token_text(token) or None

    def update_experiment(self, experiment_id: str, change: Change) -> Json:
        """Change an experiment."""
        resource = self.experiment(experiment_id)
        if change.name is not None:
            named = self.experiment_named(change.name)
            if named is not None and named["id"] != resource["id"]:
                raise RefusedError("taken", f"there is an experiment of the name {change.name}")
            change = replace(change, name=None, put={**change.put, entities.NAME: change.name})
        changed = self._patch(f"/experiments/{experiment_id}", resource, change)
        if change.cascade:
            state = Change({"state": changed["state"]})
            for run in self._all(f"/experiments/{experiment_id}/experiment_runs"):
                if run.get("state") != changed["state"]:
                    self._patch(f"/experiment_runs/{run['id']}", run, state)
        return changed

    def _patch(self, path: str, resource: Json, change: Change) -> Json:
        _require(resource, change.required)
        properties = dict(resource.get("customProperties") or {})
        for key in change.remove:
            if key not in properties:
                raise RefusedError("no-property", key)
            del properties[key]
        if change.body.keys() <= {"requireState"}:
            return resource
        body = {key: resource[key] for key in _DEFAULTED if key in resource}
        body |= change.fields
        body["customProperties"] = properties | entities.strings(change.put)
        if "artifactType" in resource:
            body["customProperties"] |= _injected(resource)
        elif "endTimeSinceEpoch" in change.fields:
            body["customProperties"].pop(entities.END, None)
            end = body["endTimeSinceEpoch"]
            if int(end) < int(resource.get("startTimeSinceEpoch") or 0):
                del body["endTimeSinceEpoch"]
                body["customProperties"][entities.END] = entities.string(end)
        return self._call("patch", path, body)

    # Runs

    def create_run(self, experiment_id: str, body: Json) -> Json:
        """Create a run in an experiment that is not deleted."""
        _require(self.experiment(experiment_id), "LIVE")
        return self._call("post", "/experiment_runs", {**body, "experimentId": experiment_id})

    def run(self, run_id: str) -> Json:
        """A run with all its data."""
        resource = self._by_id("/experiment_runs", run_id)
        return _run_data(resource, self._all(f"/experiment_runs/{run_id}/artifacts"))

    def update_run(self, run_id: str, change: Change) -> Json:
        """Change a run."""
        resource = self._by_id("/experiment_runs", run_id)
        return self._patch(f"/experiment_runs/{run_id}", resource, change)

    def log_batch(self, run_id: str, batch: Mapping[str, Sequence[Json]]) -> None:
        """Write metrics, params and tags; nothing where a param would change."""
        resource = self._by_id("/experiment_runs", run_id)
        _require(resource, "LIVE")
        path = f"/experiment_runs/{run_id}/artifacts"
        params, metrics = batch.get("params") or (), batch.get("metrics") or ()
        if params:
            logged = _by_key(self._all(path, artifactType="parameter"))
            for param in params:
                if param["key"] in logged and logged[param["key"]]["value"] != param["value"]:
                    raise RefusedError(
                        "param-conflict", f"param `{param['key']}` has another value"
                    )
            for param in params:
                if param["key"] not in logged:
                    body = _parameter(param, logged.values())
                    logged[param["key"]] = self._call("post", path, body)
        if metrics:
            self._log_metrics(path, metrics)
        if tags := {tag["key"]: tag["value"] for tag in batch.get("tags") or ()}:
            self._patch(f"/experiment_runs/{run_id}", resource, Change(put=tags))

    def _log_metrics(self, path: str, points: Sequence[Json]) -> None:
        logged = _by_key(self._all(path, artifactType="metric"))
        latest = dict(logged)
        # The last one that is written is the one that the registry takes for the latest.
        newest: dict[str, Json] = {}
        for identity, point in sorted({_identity(point): point for point in points}.items()):
            key = point["key"]
            if key in logged and identity == _identity(_point(logged[key])):
                continue
            latest[key] = self._log_metric(path, _metric(point, latest.values()))
            newest[key] = point
        for key, point in newest.items():
            before = logged.get(key)
            if before is not None and _recency(_point(before)) > _recency(point):
                body = _metric(_point(before), ())
                del body["name"]
                body["customProperties"] |= _injected(before)
                self._call("patch", f"/artifacts/{before['id']}", body)

    def _log_metric(self, path: str, body: Json) -> Json:
        for _ in range(_TRIES):
            try:
                return self._call("post", path, body)
            except (RefusedError, MlflowException) as error:
                # Upstream's history tells the points of a metric apart by the millisecond, and
                # of two that write the first one of a metric it refuses the second.
                if getattr(error, "reason", None) != "taken" and "history" not in str(error):
                    raise
                time.sleep(0.002)
        return self._call("post", path, body)

    def log_datasets(self, run_id: str, datasets: Sequence[Json]) -> None:
        """Write data sets that a run read."""
        _require(self._by_id("/experiment_runs", run_id), "LIVE")
        path = f"/experiment_runs/{run_id}/artifacts"
        there = list(self._all(path, artifactType="dataset-artifact"))
        logged = {(entities.dataset_name(each), each.get("digest")) for each in there}
        names = {each.get("name") for each in there}
        for dataset in datasets:
            if (dataset["name"], dataset["digest"]) not in logged:
                body = {key: value for key, value in dataset.items() if key != "tags"}
                body["artifactType"] = "dataset-artifact"
                properties = dict(dataset["tags"])
                if len(body["name"]) > _LONGEST or body["name"] in names:
                    properties[entities.NAME] = body["name"]
                    body["name"] = _digest(f"{body['name']}@{body['digest']}")
                names.add(body["name"])
                body["customProperties"] = entities.strings(properties)
                self._call("post", path, body)

    def search_runs(self, search: RunSearch) -> tuple[list[Run], str | None]:
        """A page of runs with all their data."""
        _ = search.order
        query = _pushed_down(search.where)
        wanted = states(search.view_type)
        found: list[Run] = []
        for experiment_id in dict.fromkeys(search.experiment_ids):
            path = f"/experiments/{experiment_id}/experiment_runs"
            try:
                runs = [
                    each
                    for each in self._all(path, filterQuery=query)
                    if each.get("state", "LIVE") in wanted
                ]
            except RefusedError:
                continue
            found += map(search.make, self._data(experiment_id, runs))
        found = RunGrammar.filter(found, search.filter_string)
        found = RunGrammar.sort(found, search.order_by)
        page, token = SearchUtils.paginate(found, search.page_token, search.max_results)
        return page, token_text(token) or None

    def _data(self, experiment_id: str, runs: Sequence[Json]) -> Iterator[Json]:
        if len(runs) <= _FEW:
            for run in runs:
                yield _run_data(run, self._all(f"/experiment_runs/{run['id']}/artifacts"))
            return
        artifacts: dict[str, list[Json]] = {}
        for each in self._of_experiment(experiment_id):
            artifacts.setdefault(each.get("experimentRunId", ""), []).append(each)
        for run in runs:
            yield _run_data(run, artifacts.get(run["id"], ()))

    def _of_experiment(self, experiment_id: str, **params: object) -> Iterator[Json]:
        return self._all("/artifacts", filterQuery=f"experimentId = {experiment_id}", **params)

    def datasets(self, experiment_ids: Sequence[str]) -> list[Json]:
        """The data sets of experiments."""
        found: dict[tuple[str, ...], Json] = {}
        for experiment_id in experiment_ids:
            for each in self._of_experiment(experiment_id, artifactType="dataset-artifact"):
                context = entities.own(each, MLFLOW_DATASET_CONTEXT)
                name, digest = entities.dataset_name(each), each.get("digest") or ""
                found[experiment_id, name, digest, context or ""] = {
                    "experimentId": experiment_id,
                    "name": name,
                    "digest": digest,
                    "context": context,
                }
        return list(found.values())[:_DATASETS]

    # Metrics

    def metric_history(self, run_id: str, key: str, wanted: Points) -> Columns:
        """Points of a metric: steps, timestamps, values."""
        self._by_id("/experiment_runs", run_id)
        path = f"/experiment_runs/{run_id}/metric_history"
        names = [key, _digest(key)] if _is_awkward(key) else [key]
        points = [
            point
            for name in names
            for point in map(_point, self._all(path, name=name))
            if point["key"] == key
        ]
        if wanted.start is not None and wanted.end is not None:
            points = [point for point in points if wanted.start <= point["step"] <= wanted.end]
        first, second = sorted(("step", "timestamp"), key=wanted.order.__ne__)
        points.sort(key=lambda point: (point[first], point[second], _rank(point["value"])))
        if wanted.maximum is not None and wanted.maximum < len(points):
            points = [points[index] for index in _spread(len(points), wanted.maximum)]
        return (
            [point["step"] for point in points],
            [point["timestamp"] for point in points],
            [point["value"] for point in points],
        )

    def metric_page(
        self, run_id: str, key: str, max_results: int | None, page_token: str | None
    ) -> tuple[Columns, str | None]:
        """Some points of a metric, and the token of the next ones."""
        steps, timestamps, values = self.metric_history(run_id, key, Points())
        start = SearchUtils.parse_start_offset_from_page_token(page_token)
        end = len(steps) if max_results is None else start + max_results
        columns = steps[start:end], timestamps[start:end], values[start:end]
        more = end < len(steps)
        return columns, token_text(SearchUtils.create_page_token(end)) if more else None

    # Logged models

    def create_model(self, body: Json) -> Json:
        """Create a model in an experiment that is not deleted."""
        body = dict(body)
        experiment_id = body.pop("experimentId")
        run_id = body.pop("experimentRunId", None)
        _require(self.experiment(experiment_id), "LIVE")
        body["artifactType"] = "model-artifact"
        body["customProperties"] |= entities.strings({entities.MODEL_EXPERIMENT: experiment_id})
        if run_id is not None:
            try:
                return self._call("post", f"/experiment_runs/{run_id}/artifacts", body)
            except RefusedError as error:
                # MLflow takes any run as the source, also none.
                if error.reason != "missing":
                    raise
        return self._call("post", "/artifacts", body)

    def model(self, model_id: str) -> Json:
        """A model with its metrics."""
        model = self._model(model_id)
        query = f"{_METRIC_MODEL} = '{model_id}'"
        return {"model": model, "metrics": self._model_points(query).get(model_id, ())}

    def _model_points(self, query: str) -> dict[str, list[Json]]:
        """The points of metrics of models, by model, the latest first."""
        found: dict[str, list[Json]] = {}
        for each in self._all("/experiment_runs/metric_history", filterQuery=query):
            point = {**_point(each), "runId": each.get("experimentRunId")}
            found.setdefault(point.get("modelId", ""), []).append(point)
        for points in found.values():
            points.sort(key=lambda point: (point["timestamp"], point["step"]), reverse=True)
        return found

    def _model(self, model_id: str) -> Json:
        if model_id.startswith("m-"):
            found = self._call("get", "/artifact", {"externalId": model_id})
        else:
            found = self._by_id("/artifacts", model_id)
        if found.get("artifactType") != "model-artifact":
            raise RefusedError("missing")
        return found

    def update_model(self, model_id: str, change: Change) -> Json:
        """Change a model."""
        artifact = self._model(model_id)
        return self._patch(f"/artifacts/{artifact['id']}", artifact, change)

    def search_models(self, search: ModelSearch) -> tuple[list[LoggedModel], Any]:
        """A page of models with their metrics."""
        _ = search.where, search.order
        models: dict[str, Json] = {}
        metrics: dict[str, list[Json]] = {}
        for experiment_id in dict.fromkeys(search.experiment_ids):
            own = f"{entities.MODEL_EXPERIMENT} = '{experiment_id}'"
            for query in (f"experimentId = {experiment_id}", own):
                for each in self._all(
                    "/artifacts", artifactType="model-artifact", filterQuery=query
                ):
                    of = entities.own(each, entities.MODEL_EXPERIMENT) or experiment_id
                    if of == experiment_id and not entities.is_deleted(each):
                        models[each["id"]] = each
        # A run of any experiment may have measured a model.
        ids = [entities.model_id_of(each) for each in models.values()]
        for start in range(0, len(ids), _IDS):
            some = ", ".join(f"'{each}'" for each in ids[start : start + _IDS])
            metrics |= self._model_points(f"{_METRIC_MODEL} IN ({some})")
        return search.page(
            search.make({"model": each, "metrics": metrics.get(entities.model_id_of(each))})
            for each in models.values()
        )


def _require(resource: Json, state: str | None) -> None:
    if state is not None and resource.get("state", "LIVE") != state:
        raise RefusedError("wrong-state", f"the state is {resource.get('state')}")


def _run_data(run: Json, artifacts: Iterable[Json]) -> Json:
    data: Json = {"run": run, "metrics": [], "params": [], "artifacts": []}
    for each in artifacts:
        kind = each.get("artifactType")
        if kind == "metric":
            data["metrics"].append(_point(each))
        elif kind == "parameter":
            data["params"].append({"key": _key(each), "value": each.get("value") or ""})
        else:
            data["artifacts"].append(each)
    return data


def _key(artifact: Json) -> str:
    return entities.own(artifact, _KEY) or artifact.get("name") or ""


def _by_key(artifacts: Iterable[Json]) -> dict[str, Json]:
    return {_key(artifact): artifact for artifact in artifacts}


def _name(key: str, others: Iterable[Json]) -> tuple[str, dict[str, str]]:
    """The name that the artifact of a key gets among others, and the key where it is another."""
    if _is_awkward(key):
        taken = {_key(other): str(other.get("name")) for other in others}
        name = taken.get(key)
        if name is None:
            # Two that upstream's server takes for the same are the same for LIKE either way.
            alike = (_like(each, key) or _like(key, each) for each in taken.values())
            name = _digest(key) if _is_unfit(key) or any(alike) else key
        return name, {} if name == key else {_KEY: key}
    return key, {}


def _is_awkward(key: str) -> bool:
    return _is_unfit(key) or any(each in key for each in "_%")


def _is_unfit(key: str) -> bool:
    # Upstream's server takes what stands before `:` and after `__` for its own.
    return len(key) > _LONGEST or ":" in key or "__" in key


def _digest(key: str) -> str:
    return f"sha256-{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def _like(text: str, pattern: str) -> bool:
    return bool(SearchUtils.get_comparison_func("LIKE")(text, pattern))


def _injected(artifact: Json) -> dict[str, Json]:
    """What links an artifact to its run, for upstream's server, which drops it on a change."""
    parts = zip(entities.INJECTED, ("experimentId", "experimentRunId"), strict=True)
    return {
        key: {"metadataType": "MetadataIntValue", "int_value": artifact[part]}
        for key, part in parts
        if artifact.get(part)
    }


def _parameter(param: Json, others: Iterable[Json]) -> Json:
    name, properties = _name(param["key"], others)
    return {
        "artifactType": "parameter",
        "name": name,
        "value": param["value"],
        "parameterType": "string",
        "customProperties": entities.strings(properties),
    }


def _metric(point: Json, others: Iterable[Json]) -> Json:
    value, step = point["value"], point["step"]
    name, properties = _name(point["key"], others)
    properties |= {key: point[part] for part, key in _PARTS.items() if part in point}
    if not math.isfinite(value):
        properties[_VALUE] = str(value)
        value = 0.0
    if step not in _STEPS:
        properties[_STEP] = str(step)
        step = 0
    return {
        "artifactType": "metric",
        "name": name,
        "value": value,
        "timestamp": str(point["timestamp"]),
        "step": step,
        # Those of the point before would stay otherwise.
        "customProperties": entities.strings(properties),
    }


def _point(metric: Json) -> Json:
    time_of = metric.get("timestamp") or metric.get("createTimeSinceEpoch") or 0
    point = {
        "key": _key(metric),
        "value": float(entities.own(metric, _VALUE) or metric.get("value") or 0.0),
        "timestamp": int(time_of),
        "step": int(entities.own(metric, _STEP) or metric.get("step") or 0),
    }
    for part, key in _PARTS.items():
        if (value := entities.own(metric, key)) is not None:
            point[part] = value
    return point


def _rank(value: float) -> tuple[bool, float]:
    return (True, 0.0) if math.isnan(value) else (False, value)


def _recency(point: Json) -> tuple[Any, ...]:
    return point["step"], point["timestamp"], _rank(point["value"]), point["key"]


def _identity(point: Json) -> tuple[Any, ...]:
    return *_recency(point), *(point.get(part) or "" for part in _PARTS)


def _spread(total: int, wanted: int) -> list[int]:
    """So many indices of as many, evenly spaced, the first and the last among them."""
    return sorted({round(index * (total - 1) / (wanted - 1)) for index in range(wanted)})


def _pushed_down(where: Sequence[Clause]) -> str | None:
    """What of a filter of runs upstream's server evaluates as MLflow does."""
    clauses = []
    for clause in where:
        key, value = clause["key"], clause.get("value")
        if clause["comparator"] != "=" or not isinstance(value, str) or not _plain_text(value):
            continue
        if (clause["type"] == "attribute" and key in ("status", "owner")) or (
            clause["type"] == "tag" and key != MLFLOW_RUN_NAME and _plain_text(key)
        ):
            clauses.append(f"`{key}` = '{value}'")
    return " AND ".join(clauses) or None


def _plain_text(text: str) -> bool:
    return text.isascii() and all(each.isalnum() or each in "-_." for each in text)
