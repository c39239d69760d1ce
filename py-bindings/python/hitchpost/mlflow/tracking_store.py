"""MLflow's tracking store on a model registry.

MLflow makes the store from the URI, as in `mlflow.set_tracking_uri("modelregistry://HOST")`.
Hitchpost's own server answers each operation with one request; on another server of the Kubeflow
Model Registry API (`v1alpha3`) everything works too, with more requests.

Artifacts go straight from MLflow to where they are kept, not through the registry: below
`artifact_uri` (an option of the URI), or `HITCHPOST_ARTIFACT_ROOT`, else below `./mlartifacts` of
the process that creates an experiment. The place is kept with the experiment as an absolute one,
so whoever reads a run on the same machine finds its artifacts.
"""

from __future__ import annotations

from ._experiments import Experiments
from ._metrics import Metrics
from ._models import LoggedModels
from ._runs import Runs
from ._unsupported import refuse_the_rest, unsupported

__all__ = ["TrackingStore"]


@refuse_the_rest
class TrackingStore(Experiments, Runs, Metrics, LoggedModels):
    """Experiments, runs and logged models in a model registry.

    `store_uri` names the registry (`modelregistry://HOST:PORT/PREFIX?option=value`) and
    `artifact_uri` where the artifacts of new experiments go. Nothing is requested before the
    first operation.

    Faults are MLflow's own: `MlflowException` with the error code and the message that MLflow's
    SQL store has for the fault. What a registry cannot keep, such as traces, is refused with the
    code `NOT_IMPLEMENTED`.
    """

    def link_traces_to_run(self, trace_ids: list[str], run_id: str) -> None:
        """Not supported, as all of traces; newer versions of MLflow demand the method."""
        del trace_ids, run_id
        raise unsupported("link_traces_to_run")
