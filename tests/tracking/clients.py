"""What both versions of upstream's Python client do with a server, through their public API.

The package is `model-registry`: up to 0.3.11 it speaks `v1alpha3`, from 0.3.12 on `v1`. One version
of it fits into an environment, so each has a test file and an environment of its own.
"""

from __future__ import annotations

import asyncio
import enum
import importlib.metadata
import inspect
import json
import os
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import urlparse

import pytest

from tracking.certificates import Authority
from tracking.processes import Hitchpost

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Tests would ask for nothing else, and an outdated client tells nobody.
os.environ.setdefault("DO_NOT_TRACK", "1")


def require(version: str) -> None:
    """Skips a file whose client is not installed here: `v1alpha3` or `v1`."""
    try:
        found = importlib.metadata.version("model-registry")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("model-registry is not installed", allow_module_level=True)
    speaks = "v1alpha3" if tuple(map(int, found.split(".")[:3])) <= (0, 3, 11) else "v1"
    if speaks != version:
        pytest.skip(f"model-registry {found} speaks {speaks}", allow_module_level=True)


def connect(server: Hitchpost, **options: object):
    """The client of a server without TLS."""
    from model_registry import ModelRegistry

    address = urlparse(server.url)
    return ModelRegistry(
        f"{address.scheme}://{address.hostname}",
        address.port,
        author="tester",
        is_secure=False,
        user_token=options.get("token", "none"),
    )


@pytest.fixture
def server(store: str, tmp_path: Path) -> Iterator[Hitchpost]:
    with Hitchpost(store, tmp_path / "log") as server:
        yield server


@pytest.fixture
def registry(server: Hitchpost):
    return connect(server)


def register(registry, name: str, version: str = "1", **options: object):
    return registry.register_model(
        name,
        f"s3://models/{name}",
        version=version,
        model_format_name="onnx",
        model_format_version="1",
        **options,
    )


class RegisteredModels:
    """Registered models, their versions and artifacts: the same in both versions."""

    def test_what_is_registered_is_found(self, registry):
        properties = {"text": "ä 🚂", "number": 0.1, "count": -999_999_999, "flag": True}
        made = register(
            registry,
            "resnet",
            storage_key="key",
            storage_path="path",
            service_account_name="account",
            version_description="the first",
            metadata=properties,
        )
        model = registry.get_registered_model("resnet")
        assert (model.id, model.name, model.owner, model.state.value) == (
            made.id,
            "resnet",
            "tester",
            "LIVE",
        )
        version = registry.get_model_version("resnet", "1")
        assert (version.author, version.description) == ("tester", "the first")
        assert version.custom_properties == properties
        artifact = registry.get_model_artifact("resnet", "1")
        assert (artifact.uri, artifact.model_format_name, artifact.storage_key) == (
            "s3://models/resnet",
            "onnx",
            "key",
        )
        assert artifact.service_account_name == "account"

    def test_what_is_not_there_is_none(self, registry):
        from model_registry.exceptions import StoreError

        assert registry.get_registered_model("nobody") is None
        with pytest.raises(StoreError, match="does not exist"):
            registry.get_model_version("nobody", "1")
        register(registry, "resnet")
        assert registry.get_model_version("resnet", "2") is None

    def test_a_version_is_registered_once(self, registry):
        from model_registry.exceptions import StoreError

        register(registry, "resnet")
        with pytest.raises(StoreError, match="already exists"):
            register(registry, "resnet")
        register(registry, "resnet", "2")
        assert [v.name for v in registry.get_model_versions("resnet").order_by_id()] == ["1", "2"]

    def test_a_change_changes_nothing_else(self, registry):
        register(registry, "resnet", metadata={"kept": "yes"})
        model = registry.get_registered_model("resnet")
        model.description = "a network"
        assert registry.update(model).description == "a network"
        version = registry.get_model_version("resnet", "1")
        version.description = "new"
        version.custom_properties["added"] = 1
        registry.update(version)
        version = registry.get_model_version("resnet", "1")
        assert version.custom_properties == {"kept": "yes", "added": 1}
        assert (version.description, version.author) == ("new", "tester")
        artifact = registry.get_model_artifact("resnet", "1")
        artifact.uri = "s3://elsewhere"
        registry.update(artifact)
        artifact = registry.get_model_artifact("resnet", "1")
        assert (artifact.uri, artifact.model_format_version) == ("s3://elsewhere", "1")

    def test_archived_is_kept_by_later_changes(self, registry):
        from model_registry.types import RegisteredModelState

        register(registry, "resnet")
        model = registry.get_registered_model("resnet")
        model.state = RegisteredModelState.ARCHIVED
        registry.update(model)
        model = registry.get_registered_model("resnet")
        model.description = "later"
        registry.update(model)
        assert registry.get_registered_model("resnet").state is RegisteredModelState.ARCHIVED

    def test_pages_are_followed_to_their_end(self, registry):
        names = [f"model-{number:02}" for number in range(12)]
        for name in names:
            register(registry, name)
        pager = registry.get_registered_models().page_size(5)
        assert [model.name for model in pager.order_by_id()] == names
        assert [model.name for model in pager.order_by_id().descending()] == names[::-1]
        assert {model.name for model in pager.order_by_creation_time()} == set(names)
        register(registry, names[0], "2")
        newest = next(iter(pager.order_by_update_time().descending()))
        assert newest.name in names

    def test_with_tokens_over_tls(self, store: str, tmp_path: Path):
        from model_registry import ModelRegistry
        from mr_openapi.exceptions import UnauthorizedException

        authority = Authority(tmp_path)
        certificate, key = authority.server("localhost")
        tokens = tmp_path / "tokens"
        tokens.write_text("right\n")
        options = ("--tls-cert", certificate, "--tls-key", key, "--token-file", tokens)
        with Hitchpost(store, tmp_path / "log", *map(str, options)) as server:

            def connected(token: str):
                return ModelRegistry(
                    "https://localhost",
                    server.port,
                    author="tester",
                    user_token=token,
                    custom_ca=str(authority.file),
                )

            register(connected("right"), "resnet")
            assert connected("right").get_registered_model("resnet").name == "resnet"
            with pytest.raises(UnauthorizedException):
                connected("wrong").get_registered_model("resnet")
        assert "right" not in server.log()


def generated(server: Hitchpost, use) -> None:
    """Runs `use(api, models)` with the package's generated API, which checks every answer."""
    import mr_openapi

    async def run() -> None:
        async with mr_openapi.ApiClient(mr_openapi.Configuration(host=server.url)) as client:
            await use(mr_openapi.ModelRegistryServiceApi(client), mr_openapi)

    asyncio.new_event_loop().run_until_complete(run())


# What upstream's document lacks: of refused params, and in `v1`, of what artifacts belong to.
MORE = {"conflicts", "experimentId", "experimentRunId"}


class Generated:
    """Every operation that both versions have, through the generated API."""

    def test_every_operation_is_understood(self, server: Hitchpost):
        generated(server, registry_operations)

    def test_all_kinds_of_properties_come_back(self, server: Hitchpost):
        generated(server, property_kinds)

    def test_errors_have_the_classes_of_their_statuses(self, server: Hitchpost):
        generated(server, errors)

    def test_fields_and_words_are_those_of_the_document(self, server: Hitchpost):
        """The package's models are made from upstream's document."""
        import mr_openapi

        with urllib.request.urlopen(f"{server.url}/openapi.json") as answer:
            schemas = json.load(answer)["components"]["schemas"]
        words = [set(schema["enum"]) for schema in schemas.values() if "enum" in schema]
        suffix = "" if hasattr(mr_openapi, "Experiment") else "V1"
        compared = 0
        for name, model in inspect.getmembers(mr_openapi, inspect.isclass):
            schema = schemas.get(name + suffix, schemas.get(name))
            if issubclass(model, enum.Enum):
                assert {member.value for member in model} in words, name
            elif schema is None or "actual_instance" in getattr(model, "model_fields", {}):
                continue
            else:
                fields = {field.alias or key for key, field in model.model_fields.items()}
                more = set(schema["properties"]) - fields
                assert fields <= set(schema["properties"]), name
                assert more <= MORE, name
            compared += 1
        assert compared > 50


async def registry_operations(api, m) -> None:
    model = await api.create_registered_model(
        m.RegisteredModelCreate(
            name="model",
            external_id="x-1",
            owner="me",
            language=["en"],
            tasks=["text"],
            license="apache-2.0",
            readme="# Read me",
        )
    )
    assert (await api.get_registered_model(model.id)) == model
    assert (await api.find_registered_model(external_id="x-1")) == model
    assert (await api.get_registered_models(filter_query="owner = 'me'")).items == [model]
    changed = await api.update_registered_model(model.id, m.RegisteredModelUpdate(maturity="GA"))
    assert (changed.maturity, changed.language, changed.owner) == ("GA", ["en"], "me")

    version = await api.create_model_version(
        m.ModelVersionCreate(name="one", registered_model_id=model.id)
    )
    two = await api.create_registered_model_version(
        model.id, m.ModelVersion(name="two", registered_model_id=model.id)
    )
    found = await api.find_model_version(name="two", parent_resource_id=model.id)
    assert found == two == await api.get_model_version(two.id)
    listed = await api.get_registered_model_versions(model.id, order_by=m.OrderByField.ID)
    assert [one.name for one in listed.items] == ["one", "two"]
    assert (await api.get_model_versions(page_size="1")).size == 1
    changed = await api.update_model_version(two.id, m.ModelVersionUpdate(author="me"))
    assert changed.author == "me"

    files = await api.create_model_artifact(m.ModelArtifactCreate(name="files", uri="s3://f"))
    assert (await api.get_model_artifact(files.id)).uri == "s3://f"
    changed = await api.update_model_artifact(
        files.id, m.ModelArtifactUpdate(state=m.ArtifactState.LIVE)
    )
    assert (changed.state, changed.uri) == (m.ArtifactState.LIVE, "s3://f")
    assert files.id in [one.id for one in (await api.get_model_artifacts()).items]
    doc = await api.create_artifact(
        m.ArtifactCreate(m.DocArtifactCreate(name="doc", artifact_type="doc-artifact"))
    )
    assert doc.actual_instance.artifact_type == "doc-artifact"
    doc = await api.update_artifact(
        doc.actual_instance.id,
        m.ArtifactUpdate(m.DocArtifactUpdate(uri="s3://d", artifact_type="doc-artifact")),
    )
    assert (await api.get_artifact(doc.actual_instance.id)) == doc
    upserted = await api.upsert_model_version_artifact(
        version.id,
        m.Artifact(m.ModelArtifact(name="weights", uri="s3://w", artifact_type="model-artifact")),
    )
    weights = upserted.actual_instance
    found = await api.find_model_artifact(name="weights", parent_resource_id=version.id)
    assert found == weights
    assert (await api.find_artifact(name="weights", parent_resource_id=version.id)) == upserted
    below = await api.get_model_version_artifacts(
        version.id, artifact_type=m.ArtifactTypeQueryParam.MODEL_MINUS_ARTIFACT
    )
    assert below.items == [upserted]
    assert len((await api.get_artifacts(sort_order=m.SortOrder.DESC)).items) == 3

    place = await api.create_serving_environment(m.ServingEnvironmentCreate(name="place"))
    assert (await api.get_serving_environment(place.id)) == place
    assert (await api.find_serving_environment(name="place")) == place
    changed = await api.update_serving_environment(
        place.id, m.ServingEnvironmentUpdate(description="there")
    )
    assert (await api.get_serving_environments()).items == [changed]
    service = await api.create_inference_service(
        m.InferenceServiceCreate(
            name="service", registered_model_id=model.id, serving_environment_id=place.id
        )
    )
    assert service.desired_state is m.InferenceServiceState.DEPLOYED
    other = await api.create_environment_inference_service(
        place.id,
        m.InferenceServiceCreate(
            name="other",
            registered_model_id=model.id,
            serving_environment_id=place.id,
            model_version_id=version.id,
        ),
    )
    assert (await api.get_inference_service(other.id)) == other
    found = await api.find_inference_service(name="other", parent_resource_id=place.id)
    assert found == other
    changed = await api.update_inference_service(other.id, m.InferenceServiceUpdate(runtime="fast"))
    assert changed.runtime == "fast"
    assert len((await api.get_inference_services()).items) == 2
    assert len((await api.get_environment_inference_services(place.id)).items) == 2
    assert (await api.get_inference_service_model(service.id)).id == model.id
    assert (await api.get_inference_service_version(service.id)).id == two.id
    assert (await api.get_inference_service_version(other.id)).id == version.id
    serve = await api.create_inference_service_serve(
        other.id, m.ServeModelCreate(name="serve", model_version_id=version.id)
    )
    assert (await api.get_inference_service_serves(other.id)).items == [serve]


async def property_kinds(api, m) -> None:
    values = [
        m.MetadataIntValue(int_value="-123", metadata_type="MetadataIntValue"),
        m.MetadataDoubleValue(double_value=5e-324, metadata_type="MetadataDoubleValue"),
        m.MetadataStringValue(string_value="ü\n'\"\\", metadata_type="MetadataStringValue"),
        m.MetadataStructValue(struct_value="e30=", metadata_type="MetadataStructValue"),
        m.MetadataProtoValue(type="t", proto_value="AQI=", metadata_type="MetadataProtoValue"),
        m.MetadataBoolValue(bool_value=False, metadata_type="MetadataBoolValue"),
    ]
    properties = {str(number): m.MetadataValue(value) for number, value in enumerate(values)}
    made = await api.create_registered_model(
        m.RegisteredModelCreate(name="model", custom_properties=properties)
    )
    assert made.custom_properties == properties
    assert (await api.get_registered_model(made.id)).custom_properties == properties


async def errors(api, m) -> None:
    create = m.RegisteredModelCreate(name="model")
    await api.create_registered_model(create)
    cases = [
        (409, api.create_registered_model(create)),
        (404, api.get_registered_model("999")),
        (404, api.find_registered_model(name="nobody")),
        (400, api.find_registered_model()),
        (400, api.get_registered_model("abc")),
        (400, api.get_registered_models(filter_query="name =")),
        (400, api.get_registered_models(next_page_token="nonsense")),
    ]
    for status, call in cases:
        with pytest.raises(m.ApiException) as caught:
            await call
        assert caught.value.status == status, caught.value
        assert caught.value.headers["content-type"] == "application/json"
