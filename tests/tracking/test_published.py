"""The faults of the published plugin: each passes with ours, and fails with it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tracking import published
from tracking.conftest import started

# Where `make test-tracking` puts the published plugin, which shares MLflow with this Python.
PUBLISHED = Path(__file__).parents[2] / "target" / "tracking" / "published"


def outcomes(uri: str, *options: str) -> dict[str, str | None]:
    done = subprocess.run(
        [sys.executable, "-m", "tracking.published", uri, *options],
        cwd=Path(__file__).parents[1],
        env={**os.environ, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def ours(backend):
    if backend.name == "mlflow":
        pytest.skip("these are faults of a plugin")
    return outcomes(backend.uri)


@pytest.mark.parametrize("case", published.CASES)
def test_ours_is_right(ours, case):
    assert ours[case] is None


def test_the_published_one_is_not(tmp_path):
    if not PUBLISHED.exists():
        pytest.skip("the published plugin is not installed: `make test-tracking` does")
    with started("upstream", tmp_path) as uri:
        theirs = outcomes(uri, "--published", str(PUBLISHED))
    right = {case for case, fault in theirs.items() if fault is None}
    assert right == published.GONE_UPSTREAM
