"""Real use, by every MLflow that is supported: `tracking.use`, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

VENVS = Path(__file__).parents[2] / "target" / "tracking"


def use(python: Path | str, uri: str, folder: Path, **environment: str) -> str:
    done = subprocess.run(
        [str(python), "-m", "tracking.use", uri, str(folder)],
        cwd=Path(__file__).parents[1],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout.splitlines()[-1]


def test_by_this_mlflow(backend, tmp_path):
    assert "runs, search, artifacts, autolog" in use(sys.executable, backend.uri, tmp_path)


@pytest.mark.parametrize(
    ("venv", "did"),
    [
        ("oldest", "mlflow 3.0.1: runs, search, artifacts, autolog, models, registry"),
        ("skinny", "mlflow 3.17.2: runs, search, artifacts"),
    ],
)
def test_by_another_mlflow(backend, tmp_path, venv, did):
    python = VENVS / venv / "bin" / "python"
    if not python.exists():
        pytest.skip(f"{python} is missing; `make test-tracking` makes it")
    if backend.name == "mlflow" and venv == "skinny":
        pytest.skip("mlflow-skinny has no SQL store")
    # Another version has another schema of its own.
    own = f"sqlite:///{tmp_path}/own.db"
    uri = own if backend.name == "mlflow" else backend.uri
    assert use(python, uri, tmp_path) == did
