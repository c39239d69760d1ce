"""The newest `model-registry`, which speaks `v1`."""

from tracking.clients import (
    Generated,
    RegisteredModels,
    generated,
    registry,  # noqa: F401
    require,
    server,  # noqa: F401
)

require("v1")


class TestRegisteredModels(RegisteredModels):
    pass


class TestGenerated(Generated):
    def test_a_step_is_a_string(self, server):  # noqa: F811
        generated(server, steps)


async def steps(api, m) -> None:
    metric = m.MetricCreate(
        name="loss", value=0.5, step="-3", timestamp="1", artifact_type="metric"
    )
    made = (await api.create_artifact(m.ArtifactCreate(metric))).actual_instance
    assert (made.value, made.step, made.timestamp) == (0.5, "-3", "1")
    changed = await api.update_artifact(
        made.id, m.ArtifactUpdate(m.MetricUpdate(step="4", artifact_type="metric"))
    )
    assert changed.actual_instance.step == "4"
