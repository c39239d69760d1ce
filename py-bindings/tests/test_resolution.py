import json
from datetime import datetime, timezone
from pathlib import Path

import pytest
import yaml
from dotenv import dotenv_values

import hitchpost

REDACTED = "[REDACTED]"


def test_a_binding_has_all_that_was_chosen(registry: hitchpost.Registry) -> None:
    storage = registry.resolve(service="s3", version=">=4", project="alpha")
    assert (storage.name, storage.extension, storage.product) == ("default", "minio", "minio")
    assert (storage.instance, storage.version, storage.zone) == ("main", "4.1.3", "eu")
    assert (storage.service, storage.service_type) == ("s3", "s3")
    assert (storage.category, storage.profile) == ("object-storage", "alpha")
    assert storage.url == "https://minio.example.com"
    assert storage.endpoint == hitchpost.Endpoint("public", "external", storage.url)
    assert storage.expires_at == datetime(2099, 1, 1, tzinfo=timezone.utc)
    assert storage.pin == hitchpost.Pin("minio", "main", "s3", "public", "alpha", 1)
    assert storage["BUCKET"] == "models"
    assert [(entry.name, entry.origin) for entry in storage.configuration] == [
        ("BUCKET", "service/s3"),
        ("AWS_ACCESS_KEY_ID", "profile/alpha"),
        ("AWS_SECRET_ACCESS_KEY", "profile/alpha"),
    ]
    assert "BUCKET" in storage
    assert "NOTHING" not in storage
    with pytest.raises(KeyError, match="there is no configuration value `NOTHING`"):
        storage["NOTHING"]


def test_the_context_decides(registry: hitchpost.Registry) -> None:
    assert registry.resolve(service="s3", project="beta").profile == "beta"
    assert registry.resolve(service="s3", project="beta", zone="eu").url == "http://minio:9000"
    with pytest.raises(hitchpost.ResolutionError) as refused:
        registry.resolve(service="s3", project="gamma")
    assert refused.value.code == "profile-mismatch"
    (failure,) = refused.value.failures
    assert failure.candidates[0].reason == "profile-mismatch"
    assert isinstance(refused.value, LookupError)


@pytest.mark.parametrize(
    "wanted",
    [
        {"extension": "minio"},
        {"product": "minio"},
        {"instance": "main", "service": "s3"},
        {"service_type": "s3"},
        {"service_name": "s3"},
        {"category": "object-storage"},
        {"labels": {"team": "data"}},
        {"service": "s3", "endpoint": "external", "profile": "alpha"},
    ],
)
def test_each_field_selects(registry: hitchpost.Registry, wanted: dict[str, str]) -> None:
    assert registry.resolve(project="alpha", **wanted).extension == "minio"
    explanation = registry.explain(project="alpha", **wanted)
    assert [candidate.verdict for candidate in explanation.candidates] == ["chosen"]


def test_each_part_of_the_caller_counts() -> None:
    profiles = [
        {"name": scope, "scope": scope, scope: "x", "configuration": {"WHO": scope}}
        for scope in ("project", "user", "group", "workflow")
    ]
    instance = {"name": "main", "services": [{"name": "s3"}], "profiles": profiles}
    registry = hitchpost.Registry.open("memory:")
    registry.apply({"name": "minio", "instances": [instance]})
    assert registry.resolve(service="s3", project="x").profile == "project"
    assert registry.resolve(service="s3", user="x").profile == "user"
    assert registry.resolve(service="s3", groups=["y", "x"]).profile == "group"
    assert registry.resolve(service="s3", workflow="x").profile == "workflow"
    with pytest.raises(TypeError):
        registry.resolve(service="s3", groups="x")


def test_ambiguity_is_an_error_unless_told(registry: hitchpost.Registry) -> None:
    registry.apply(
        {
            "name": "other",
            "product": "mlflow",
            "instances": [
                {
                    "name": "main",
                    "version": "2.10",
                    "location": "eu",
                    "services": [
                        {
                            "name": "mlflow-tracking",
                            "endpoints": [
                                {
                                    "name": "public",
                                    "url": "https://other.example.com",
                                    "type": "external",
                                }
                            ],
                        }
                    ],
                }
            ],
        }
    )
    with pytest.raises(hitchpost.ResolutionError) as ambiguous:
        registry.resolve(service="mlflow-tracking")
    assert ambiguous.value.code == "ambiguous"
    first = registry.resolve(service="mlflow-tracking", on_ambiguity="first")
    assert first.extension == "mlflow"
    with pytest.raises(hitchpost.UsageError) as error:
        registry.resolve(service="s3", on_ambiguity="last")  # type: ignore[arg-type]
    assert (error.value.code, error.value.path) == ("invalid-choice", "on_ambiguity")


def test_the_environment_is_projected(registry: hitchpost.Registry) -> None:
    storage = registry.resolve(
        service="s3", project="alpha", prefix="STORE_", env={"STORE": "url", "BUCKET": "BUCKET"}
    )
    assert storage.env["STORE"] == "https://minio.example.com"
    assert storage.env["BUCKET"] == "models"
    assert storage.env["STORE_AWS_ENDPOINT_URL_S3"] == "https://minio.example.com"
    assert isinstance(storage.env["STORE_AWS_SECRET_ACCESS_KEY"], hitchpost.Secret)
    assert storage.reveal_env()["STORE_AWS_SECRET_ACCESS_KEY"] == "geheim"
    with pytest.raises(TypeError):
        storage.env["STORE"] = "elsewhere"  # type: ignore[index]
    with pytest.raises(hitchpost.UsageError) as error:
        registry.resolve(service="s3", env={"PATH": "url"})
    assert (error.value.code, error.value.path) == ("invalid-variable", "env")


def test_the_json_is_that_of_the_command(registry: hitchpost.Registry) -> None:
    needs = [{"name": "storage", "service": "s3"}, {"name": "queue", "service": "kafka"}]
    step = registry.resolve_all(needs, project="alpha")
    document = step.to_dict()
    assert list(document) == ["revision", "bindings", "failures"]
    (binding,) = document["bindings"]
    assert binding == step["storage"].to_dict()
    assert list(binding) == [
        "name", "extension", "product", "instance", "version", "service", "type", "category",
        "endpoint", "profile", "zone", "expires_at", "configuration", "env", "pin",
    ]  # fmt: skip
    assert binding["env"]["AWS_SECRET_ACCESS_KEY"] == REDACTED
    assert document["failures"][0]["code"] == "absent"
    opened = step["storage"].to_dict(reveal=True)
    assert opened == step.to_dict(reveal=True)["bindings"][0]
    assert opened["env"]["AWS_SECRET_ACCESS_KEY"] == "geheim"
    assert json.loads(json.dumps(document)) == document


def test_requirements_are_resolved_together(registry: hitchpost.Registry) -> None:
    step = registry.resolve_all(
        [
            {
                "name": "tracker",
                "any_of": [{"service": "kserve-api"}, {"service": "mlflow-tracking"}],
            },
            {"name": "queue", "service": "kafka", "optional": True},
            {"name": "storage", "service": "s3", "version": "<4"},
        ],
        project="alpha",
    )
    assert [binding.name for binding in step.bindings] == ["tracker"]
    assert "tracker" in step
    assert "queue" not in step
    assert [(failure.name, failure.code) for failure in step.failures] == [
        ("storage", "version-mismatch")
    ]
    with pytest.raises(hitchpost.ResolutionError) as error:
        step.raise_for_failures()
    assert error.value.path == "storage"
    explanations = registry.explain_all([{"name": "a", "service": "s3"}], project="beta")
    assert [(it.name, it.code) for it in explanations] == [("a", None)]
    with pytest.raises(KeyError):
        step["storage"]


def test_malformed_requirements_are_found(registry: hitchpost.Registry) -> None:
    with pytest.raises(hitchpost.RecordError) as error:
        registry.resolve_all([{"name": "a", "servce": "s3"}, {"service": "s3"}])
    found = [(it.code, it.path, it.line) for it in error.value.diagnostics]
    assert found == [("unknown-key", "/0", None), ("missing-key", "/1", None)]
    with pytest.raises(hitchpost.ResolutionError) as bad:
        registry.resolve(service="s3", version=">=4 <")
    assert bad.value.code == "bad-constraint"


def test_equal_answers_are_equal(registry: hitchpost.Registry) -> None:
    one = registry.resolve(service="s3", project="alpha")
    same = registry.resolve(service="s3", project="alpha")
    other = registry.resolve(service="s3", project="beta")
    assert one == same
    assert one != other
    assert len({one, same, other}) == 2
    with pytest.raises(AttributeError):
        one.url = "elsewhere"  # type: ignore[misc]
    needs = [{"name": "a", "service": "mlflow-tracking"}]
    assert registry.resolve_all(needs) == registry.resolve_all(needs)


def test_a_step_of_a_workflow(registry: hitchpost.Registry, workflow: Path) -> None:
    step = registry.resolve_step(workflow, step="trainer", project="alpha")
    assert not step.failures
    assert step.env["TRACKED_BY"] == "mlflow 2.10"
    assert step.env["MLFLOW_TRACKING_URI"] == "https://mlflow.example.com"
    with pytest.raises(hitchpost.NotFoundError) as error:
        registry.resolve_step(workflow, step="tariner")
    assert (error.value.code, error.value.path) == ("unknown-step", "tariner")
    with pytest.raises(FileNotFoundError):
        registry.resolve_step("absent.yaml", step="trainer")


def test_exports_are_read_by_their_consumers(
    registry: hitchpost.Registry, workflow: Path, tmp_path: Path
) -> None:
    step = registry.resolve_step(workflow, step="trainer", project="alpha")
    variables = step.reveal_env()
    assert json.loads(step.export("json")) == variables
    for docker in (False, True):
        path = tmp_path / ".env"
        path.write_text(step.export("dotenv", docker=docker))
        assert dotenv_values(path, interpolate=False) == variables
    objects = {it["kind"]: it for it in yaml.safe_load_all(step.export("k8s", namespace="ml"))}
    assert objects["Secret"]["metadata"]["name"] == "trainer"
    assert objects["ConfigMap"]["data"]["TRACKED_BY"] == "mlflow 2.10"
    connections = json.loads(step.export("airflow"))
    assert connections["storage"]["conn_type"] == "aws"
    assert connections["storage"]["password"] == "geheim"
    with pytest.raises(hitchpost.UsageError):
        step.export("toml")  # type: ignore[arg-type]
    with pytest.raises(hitchpost.ResolutionError):
        registry.resolve_all([{"name": "a", "service": "kafka"}]).export("json")
