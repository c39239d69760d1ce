"""Resources of the registry as entities of MLflow.

How one is kept in the other:

* A tag is a custom property of the same key, a string. Properties of another kind, written by
  others, are read as their text.
* What MLflow knows and the registry has no field for is kept in custom properties whose keys begin
  with `hitchpost.`; they are no tags.
* The name of a run is its tag `mlflow.runName`; the name of the resource is unique and never
  changes. A run that has no such tag is named as its resource.
* The artifact location of a run is its `externalId`.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mlflow.entities import (
    Dataset,
    DatasetInput,
    Experiment,
    ExperimentTag,
    InputTag,
    LifecycleStage,
    LoggedModel,
    LoggedModelInput,
    LoggedModelOutput,
    LoggedModelStatus,
    Metric,
    Run,
    RunData,
    RunInfo,
    RunInputs,
    RunOutputs,
)
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NAME
from mlflow.utils.uri import append_to_uri_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Json = dict[str, Any]

OWN = "hitchpost."
NAME = "hitchpost.name"
LOCATION = "hitchpost.artifactLocation"
END = "hitchpost.endTime"
INPUT = "hitchpost.input."
OUTPUT = "hitchpost.output."
MODEL_TYPE = "hitchpost.modelType"
MODEL_EXPERIMENT = "hitchpost.experimentId"
MODEL_PARAM = "hitchpost.param."
MODEL_STATUS = "hitchpost.status"
MODEL_RUN = "hitchpost.sourceRunId"
MODEL_DELETED = "hitchpost.deleted"

# What the published plugin (model-registry-mlflow) keeps in custom properties of a model.
_FOREIGN = "mlflow__"
_FOREIGN_PARAM = "param_"

# What upstream's server adds to the custom properties of every artifact of a run.
INJECTED = ("experiment_id", "experiment_run_id")

STATES = {
    LoggedModelStatus.UNSPECIFIED: "UNKNOWN",
    LoggedModelStatus.PENDING: "PENDING",
    LoggedModelStatus.READY: "LIVE",
    LoggedModelStatus.FAILED: "ABANDONED",
}
STATUSES = {state: status for status, state in STATES.items()}
DELETED_STATES = ("MARKED_FOR_DELETION", "DELETED")


@contextmanager
def uncollected() -> Iterator[None]:
    """Build many entities: all of them stay, so looking for garbage among them is in vain.

    It would take longer than building them.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def string(value: str) -> Json:
    """The text as a custom property."""
    return {"metadataType": "MetadataStringValue", "string_value": value}


def strings(values: Mapping[str, str]) -> dict[str, Json]:
    """The texts as custom properties."""
    return {key: string(value) for key, value in values.items()}


def text(value: Json) -> str:
    """A custom property as text."""
    if value.get("metadataType") == "MetadataBoolValue":
        return "true" if value.get("bool_value") else "false"
    for field in ("string_value", "int_value", "double_value", "struct_value"):
        if field in value:
            return str(value[field])
    return ""


def tags(resource: Json) -> dict[str, str]:
    """The tags of a resource."""
    found = {}
    for key, value in (resource.get("customProperties") or {}).items():
        if not key.startswith(OWN):
            string_value = value.get("string_value")
            found[key] = text(value) if string_value is None else string_value
    return found


def properties(resource: Json, prefix: str) -> dict[str, str]:
    """The custom properties of keys that begin with `prefix`, by what follows it."""
    return {
        key[len(prefix) :]: text(value)
        for key, value in (resource.get("customProperties") or {}).items()
        if key.startswith(prefix)
    }


def own(resource: Json, key: str) -> str | None:
    """The custom property `key`, where the resource has it."""
    value = (resource.get("customProperties") or {}).get(key)
    return None if value is None else text(value)


def time(value: str | int | None) -> int | None:
    """A time of the registry in milliseconds since the epoch; none for 0."""
    return int(value) or None if value else None


def _stage(resource: Json) -> str:
    archived = resource.get("state") == "ARCHIVED"
    return str(LifecycleStage.DELETED if archived else LifecycleStage.ACTIVE)


def experiment_name(resource: Json) -> str:
    """The name that MLflow knows the experiment by."""
    return own(resource, NAME) or str(resource["name"])


def experiment_location(resource: Json, root: str) -> str:
    """Where the artifacts of an experiment are.

    One that another client created may have none of its own: it gets one below `root`.
    """
    location = own(resource, LOCATION)
    if location is None:
        external = resource.get("externalId") or ""
        # The published plugin keeps the location there.
        below = append_to_uri_path(root, str(resource["id"]))
        location = external if "/" in external else str(below)
    return location


def experiment(resource: Json, root: str) -> Experiment:
    """An experiment; `root` is where artifacts are whose place nobody said."""
    return Experiment(
        experiment_id=str(resource["id"]),
        name=experiment_name(resource),
        artifact_location=experiment_location(resource, root),
        lifecycle_stage=_stage(resource),
        tags=[ExperimentTag(key, value) for key, value in tags(resource).items()],
        creation_time=time(resource.get("createTimeSinceEpoch")),
        last_update_time=time(resource.get("lastUpdateTimeSinceEpoch")),
    )


def run_name(resource: Json) -> str:
    """The name of a run."""
    return own(resource, MLFLOW_RUN_NAME) or own(resource, NAME) or resource.get("name") or ""


def run_info(resource: Json, location: Callable[[str], str]) -> RunInfo:
    """What a run is; `location` gives the artifact location of an experiment."""
    run_id = str(resource["id"])
    experiment_id = str(resource["experimentId"])
    uri = resource.get("externalId") or ""
    if "/" not in uri:
        uri = append_to_uri_path(location(experiment_id), run_id, "artifacts")
    start = resource.get("startTimeSinceEpoch") or resource.get("createTimeSinceEpoch") or 0
    return RunInfo(
        run_id=run_id,
        experiment_id=experiment_id,
        user_id=resource.get("owner") or "unknown",
        status=resource.get("status") or "RUNNING",
        start_time=int(start),
        end_time=time(own(resource, END) or resource.get("endTimeSinceEpoch")),
        lifecycle_stage=_stage(resource),
        artifact_uri=uri,
        run_name=run_name(resource),
    )


def metric(found: Json, run_id: str | None = None) -> Metric:
    """The latest point of a metric."""
    return Metric(
        found["key"],
        float(found["value"]),
        found["timestamp"],
        found["step"],
        model_id=found.get("modelId"),
        dataset_name=found.get("datasetName"),
        dataset_digest=found.get("datasetDigest"),
        run_id=run_id,
    )


def run(found: Json, location: Callable[[str], str]) -> Run:
    """A run with all its data: `run`, `metrics`, `params` and `artifacts`."""
    resource = found["run"]
    data = RunData([metric(point) for point in found.get("metrics") or ()])
    data.params.update({param["key"]: param["value"] for param in found.get("params") or ()})
    data.tags.update(tags(resource))
    inputs, outputs, datasets = _links(resource, found.get("artifacts") or ())
    return Run(
        run_info(resource, location),
        data,
        RunInputs(dataset_inputs=datasets, model_inputs=inputs),
        RunOutputs(model_outputs=outputs),
    )


def _links(
    resource: Json, artifacts: list[Json] | tuple[()]
) -> tuple[list[LoggedModelInput], list[LoggedModelOutput], list[DatasetInput]]:
    inputs = [LoggedModelInput(model_id) for model_id in properties(resource, INPUT)]
    outputs = []
    for name in properties(resource, OUTPUT):
        step, _, model_id = name.partition(".")
        outputs.append(LoggedModelOutput(model_id, int(step)))
    datasets = []
    for artifact in artifacts:
        kind = artifact.get("artifactType")
        if kind == "dataset-artifact":
            datasets.append(dataset_input(artifact))
        elif kind == "model-artifact" and properties(artifact, _FOREIGN):
            model = model_id_of(artifact)
            if own(artifact, "mlflow__model_io_type") == "input":
                inputs.append(LoggedModelInput(model))
            else:
                outputs.append(LoggedModelOutput(model, int(own(artifact, "mlflow__step") or 0)))
    outputs.sort(key=lambda output: output.step)
    return inputs, outputs, datasets


def dataset_name(artifact: Json) -> str:
    """The name of a data set."""
    return own(artifact, NAME) or artifact.get("name") or ""


def dataset_input(artifact: Json) -> DatasetInput:
    """A data set that a run read."""
    dataset = Dataset(
        name=dataset_name(artifact),
        digest=artifact.get("digest") or "",
        source_type=artifact.get("sourceType") or "",
        source=artifact.get("source") or "",
        schema=artifact.get("schema"),
        profile=artifact.get("profile"),
    )
    found = tags(artifact)
    for key in INJECTED:
        found.pop(key, None)
    return DatasetInput(dataset, [InputTag(key, value) for key, value in found.items()])


def model_id_of(artifact: Json) -> str:
    """The ID that MLflow knows a model by."""
    external = artifact.get("externalId") or ""
    return external if external.startswith("m-") else str(artifact["id"])


def is_deleted(artifact: Json) -> bool:
    """Whether a model is deleted; it stays so, whatever status it gets."""
    return artifact.get("state") in DELETED_STATES or own(artifact, MODEL_DELETED) is not None


def logged_model(found: Json) -> LoggedModel:
    """A model with its metrics: `model` and `metrics`."""
    artifact = found["model"]
    foreign = properties(artifact, _FOREIGN)
    model_tags = tags(artifact)
    params = properties(artifact, MODEL_PARAM)
    for key in list(model_tags):
        if key in INJECTED or (foreign and key.startswith(_FOREIGN)):
            del model_tags[key]
        elif foreign and key.startswith(_FOREIGN_PARAM):
            params[key[len(_FOREIGN_PARAM) :]] = model_tags.pop(key)
    model_id = model_id_of(artifact)
    experiment_id = (
        own(artifact, MODEL_EXPERIMENT)
        or artifact.get("experimentId")
        or foreign.get("experiment_id")
        or ""
    )
    return LoggedModel(
        experiment_id=str(experiment_id),
        model_id=model_id,
        name=own(artifact, NAME) or foreign.get("name") or artifact.get("name") or model_id,
        artifact_location=artifact.get("uri") or "",
        creation_timestamp=int(artifact.get("createTimeSinceEpoch") or 0),
        last_updated_timestamp=int(artifact.get("lastUpdateTimeSinceEpoch") or 0),
        model_type=own(artifact, MODEL_TYPE) or foreign.get("model_type"),
        source_run_id=own(artifact, MODEL_RUN)
        or artifact.get("experimentRunId")
        or foreign.get("source_run_id"),
        # A deleted one still has the status that it had.
        status=STATUSES.get(artifact.get("state") or "UNKNOWN")
        or LoggedModelStatus(own(artifact, MODEL_STATUS) or "UNSPECIFIED"),
        tags=model_tags,
        params=params,
        metrics=[
            metric({**point, "modelId": model_id}, run_id=point.get("runId"))
            for point in found.get("metrics") or ()
        ],
    )
