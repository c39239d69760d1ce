"""`model-registry` 0.3.11, the last that speaks `v1alpha3` and has experiments."""

from __future__ import annotations

import pytest

from tracking.clients import (
    Generated,
    RegisteredModels,
    generated,
    registry,  # noqa: F401
    require,
    server,  # noqa: F401
)

require("v1alpha3")


class TestRegisteredModels(RegisteredModels):
    pass


class TestGenerated(Generated):
    def test_every_operation_of_experiments_is_understood(self, server):  # noqa: F811
        generated(server, experiment_operations)


class TestExperiments:
    def test_what_a_run_logs_is_found(self, registry):  # noqa: F811
        with registry.start_experiment_run(experiment_name="trial") as run:
            run.log_param("rate", 0.1)
            run.log_param("name", "sgd")
            run.log_param("deep", True)
            run.log_metric("loss", 0.25, step=3)
            run.log_dataset("data", uri="s3://data", source_type="s3", source="s3://data")
        logs = {log.name: log for log in registry.get_experiment_run_logs(run_id=run.info.id)}
        assert sorted(logs) == ["data", "deep", "loss", "name", "rate"]
        assert (logs["loss"].value, logs["loss"].step) == (0.25, 3)
        assert (logs["rate"].value, logs["name"].value, logs["deep"].value) == (0.1, "sgd", True)
        assert logs["data"].uri == "s3://data"
        assert run.get_log("metrics", "loss").id == logs["loss"].id
        by_name = registry.get_experiment_run_logs(run_name=run.info.name, experiment_name="trial")
        assert {log.id for log in by_name} == {log.id for log in logs.values()}
        again = registry.get_experiment_run(run.info.id)
        assert (again.name, again.state.value) == (run.info.name, "LIVE")

    def test_runs_nest(self, registry):  # noqa: F811
        with (
            registry.start_experiment_run(experiment_name="trial") as outer,
            registry.start_experiment_run(nested=True) as inner,
        ):
            inner.log_metric("loss", 1.0)
        runs = {run.id: run for run in registry.get_experiment_runs(experiment_name="trial")}
        assert set(runs) == {outer.info.id, inner.info.id}
        parent = runs[inner.info.id].custom_properties["kubeflow.parent_run_id"]
        assert parent == outer.info.id

    def test_many_experiments_and_runs_are_listed(self, registry):  # noqa: F811
        names = [f"experiment-{number}" for number in range(7)]
        ids = [registry.create_experiment(name).id for name in names]
        pager = registry.get_experiments().page_size(3)
        assert [experiment.name for experiment in pager.order_by_id()] == names
        for _ in range(5):
            with registry.start_experiment_run(experiment_id=ids[0]):
                pass
        runs = registry.get_experiment_runs(experiment_id=ids[0]).page_size(2)
        assert len(list(runs.order_by_id())) == 5
        assert list(registry.get_experiment_runs(experiment_id=ids[1])) == []


async def experiment_operations(api, m) -> None:
    experiment = await api.create_experiment(m.ExperimentCreate(name="e", external_id="x"))
    assert (await api.get_experiment(experiment.id)) == experiment
    assert (await api.find_experiment(name="e")) == experiment
    assert (await api.get_experiments(filter_query="name = 'e'")).items == [experiment]
    archived = await api.update_experiment(
        experiment.id, m.ExperimentUpdate(state=m.ExperimentState.ARCHIVED)
    )
    # The client itself sends LIVE unless it is told not to.
    change = m.ExperimentUpdate(owner="me", state=None)
    changed = await api.update_experiment(experiment.id, change)
    assert (archived.state, changed.state) == (m.ExperimentState.ARCHIVED,) * 2

    run = await api.create_experiment_run(
        m.ExperimentRunCreate(
            name="r",
            experiment_id=experiment.id,
            start_time_since_epoch="1000",
            status=m.ExperimentRunStatus.SCHEDULED,
        )
    )
    assert (run.status, run.start_time_since_epoch) == (m.ExperimentRunStatus.SCHEDULED, "1000")
    other = await api.create_experiment_experiment_run(
        experiment.id, m.ExperimentRun(name="s", experiment_id=experiment.id)
    )
    assert (await api.get_experiment_run(other.id)) == other
    found = await api.find_experiment_run(name="s", parent_resource_id=experiment.id)
    assert found == other
    assert len((await api.get_experiment_runs()).items) == 2
    assert len((await api.get_experiment_experiment_runs(experiment.id)).items) == 2
    change = m.ExperimentRunUpdate(end_time_since_epoch="2000", status=None, state=None)
    ended = await api.update_experiment_run(run.id, change)
    assert (ended.end_time_since_epoch, ended.status) == ("2000", run.status)

    artifacts = [
        m.DataSet(name="data", digest="abc", source="s3://d", artifact_type="dataset-artifact"),
        m.Parameter(name="rate", value="0.1", artifact_type="parameter"),
        m.Metric(name="loss", value=0.5, step=1, timestamp="10", artifact_type="metric"),
        m.Metric(name="loss", value=0.25, step=2, timestamp="20", artifact_type="metric"),
        m.Metric(name="val_loss", value=0.75, step=1, timestamp="10", artifact_type="metric"),
    ]
    for artifact in artifacts:
        made = await api.upsert_experiment_run_artifact(run.id, m.Artifact(artifact))
        assert made.actual_instance.experiment_run_id == run.id
    listed = await api.get_experiment_run_artifacts(
        run.id, artifact_type=m.ArtifactTypeQueryParam.METRIC
    )
    latest = {one.actual_instance.name: one.actual_instance.value for one in listed.items}
    assert latest == {"loss": 0.25, "val_loss": 0.75}
    history = await api.get_experiment_run_metric_history(run.id, name="loss")
    assert [(one.step, one.value) for one in history.items] == [(1, 0.5), (2, 0.25)]
    steps = await api.get_experiment_runs_metric_history(step_ids="1")
    assert {one.name for one in steps.items} == {"loss", "val_loss"}
    with pytest.raises(m.ApiException) as caught:
        await api.get_experiment_run_metric_history("999")
    assert caught.value.status == 404
