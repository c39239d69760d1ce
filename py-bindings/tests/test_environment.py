import os
import subprocess
import sys
from pathlib import Path

import pytest

import hitchpost


def test_variables_are_set_and_restored(
    registry: hitchpost.Registry, workflow: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUCKET", "before")
    monkeypatch.setenv("OTHER", "before")
    before = dict(os.environ)
    with registry.environment(workflow, step="trainer", project="alpha") as step:
        assert step["storage"].profile == "alpha"
        assert os.environ["BUCKET"] == "models"
        assert os.environ["TRACKED_BY"] == "mlflow 2.10"
        show = "import os; print(os.environ['AWS_SECRET_ACCESS_KEY'])"
        shown = subprocess.run([sys.executable, "-c", show], capture_output=True, check=True)
        assert shown.stdout == b"geheim\n"
        del os.environ["BUCKET"]
        os.environ["AWS_SECRET_ACCESS_KEY"] = "changed"
        os.environ["OTHER"] = "after"
    assert dict(os.environ) == before | {"OTHER": "after"}


def test_variables_are_restored_after_an_exception(registry: hitchpost.Registry) -> None:
    before = dict(os.environ)
    with pytest.raises(KeyError), registry.environment(service="mlflow-tracking"):
        os.environ.pop("MLFLOW_TRACKING_URI" + os.environ.pop("MLFLOW_TRACKING_URI"))
    assert dict(os.environ) == before


def test_an_environment_can_be_entered_again(registry: hitchpost.Registry) -> None:
    before = dict(os.environ)
    alpha = registry.environment(service="s3", project="alpha")
    beta = registry.environment([{"name": "storage", "service": "s3"}], project="beta")
    with alpha:
        with beta:
            with alpha:
                assert os.environ["AWS_SECRET_ACCESS_KEY"] == "geheim"
            assert os.environ["AWS_SECRET_ACCESS_KEY"] == "vertraulich"
        assert os.environ["AWS_SECRET_ACCESS_KEY"] == "geheim"
    assert dict(os.environ) == before


def test_what_cannot_be_set_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "value").write_bytes(b"nul\0")
    values = {"FIRST": "1", "SECOND": f"ref+file://{tmp_path}/value"}
    profile = {"name": "p", "configuration": values}
    instance = {"name": "main", "services": [{"name": "s3"}], "profiles": [profile]}
    registry = hitchpost.Registry.open("memory:")
    registry.apply({"name": "minio", "instances": [instance]})
    before = dict(os.environ)
    with pytest.raises(ValueError, match="null"), registry.environment(service="s3"):
        pytest.fail("it was entered")
    assert dict(os.environ) == before


def test_what_is_not_met_is_raised_before(registry: hitchpost.Registry, workflow: Path) -> None:
    with pytest.raises(hitchpost.ResolutionError):
        registry.environment(workflow, step="trainer")
    with pytest.raises(TypeError):
        registry.environment(workflow)
    with pytest.raises(TypeError):
        registry.environment(workflow, step="trainer", service="s3")
    with pytest.raises(TypeError):
        registry.environment(step="trainer")
