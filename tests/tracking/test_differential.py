"""Our store answers as MLflow's own SQL store does, whatever is done to both."""

import os
import uuid
from contextlib import ExitStack

import pytest

pytest.importorskip("sqlalchemy")

from hypothesis import HealthCheck, Phase, given, settings
from mlflow import MlflowClient

from tracking.conftest import started
from tracking.differential import Side, scripts

# The same scripts every time, unless a number of new ones is asked for. Those that fail are then
# made smaller, which takes minutes.
ASKED = os.environ.get("TRACKING_SCRIPTS")


@pytest.fixture(scope="module", params=["sqlite", "postgres", "upstream"])
def both(request, tmp_path_factory):
    """A client of MLflow's store and one of ours."""
    only = os.environ.get("TRACKING_BACKENDS")
    if only and request.param not in only.split(","):
        pytest.skip(f"TRACKING_BACKENDS is `{only}`")
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp(request.param)
        theirs = stack.enter_context(started("mlflow", folder))
        ours = stack.enter_context(started(request.param, folder))
        yield MlflowClient(theirs), MlflowClient(ours)


@settings(
    max_examples=int(ASKED or 40),
    deadline=None,
    derandomize=not ASKED,
    phases=[Phase.generate, Phase.shrink] if ASKED else [Phase.generate],
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(script=scripts)
def test_both_answer_alike(both, script):
    prefix = f"{uuid.uuid4().hex[:12]}/"
    theirs, ours = (Side(client, prefix) for client in both)
    for call in script:
        assert (call, ours.do(call)) == (call, theirs.do(call))
    for number in range(len(theirs.runs)):
        assert ours.get_run(number) == theirs.get_run(number)
    for number in range(len(theirs.experiments)):
        assert ours.get_experiment(number) == theirs.get_experiment(number)
