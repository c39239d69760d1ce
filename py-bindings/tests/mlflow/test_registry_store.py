"""Registered models, as a model registry keeps them."""

from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from loopback import free_port

pytest.importorskip("mlflow")

from mlflow.entities.model_registry import ModelVersionTag, RegisteredModelTag
from mlflow.exceptions import MlflowException

from hitchpost import ApiError
from hitchpost.mlflow import _registry_base
from hitchpost.mlflow.registry_store import RegistryStore

if TYPE_CHECKING:
    from hitchpost.mlflow.client import Client

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(params=["v1alpha3", "v1"])
def store(request: pytest.FixtureRequest, registry_uri: str) -> RegistryStore:
    """A store for each version of the API."""
    store = RegistryStore(f"{registry_uri}?api={request.param}")
    if request.param == "v1" and not has_v1(store.client):
        pytest.skip("the server has no v1")
    return store


def has_v1(client: Client) -> bool:
    try:
        client.get("/api/model_registry/v1/registered_models", {"pageSize": 1})
    except ApiError as error:
        if error.status != 404:
            raise
        return False
    return True


@pytest.fixture
def name() -> str:
    return f"m-{uuid.uuid4().hex[:12]}"


def raw(store: RegistryStore, path: str, **params: str) -> dict[str, Any]:
    return store.client.get(f"{store.client.api()}/{path}", params)


def change(store: RegistryStore, path: str, **body: object) -> None:
    store.client.patch(f"{store.client.api()}/{path}", body)


def create(store: RegistryStore, path: str, **body: object) -> dict[str, Any]:
    return store.client.post(f"{store.client.api()}/{path}", body)


def refused(code: str, message: str, call: Any, *arguments: object) -> None:
    with pytest.raises(MlflowException, match=message or None) as raised:
        call(*arguments)
    assert raised.value.error_code == code


def test_how_a_model_is_kept(store: RegistryStore, name: str) -> None:
    store.create_registered_model(name, [RegisteredModelTag("team", "a")], "described")
    kept = raw(store, "registered_model", name=name)
    assert kept["description"] == "described"
    assert kept["state"] == "LIVE"
    string = {"metadataType": "MetadataStringValue", "string_value": "a"}
    assert kept["customProperties"] == {"team": string}


def test_how_a_version_is_kept(store: RegistryStore, name: str) -> None:
    store.create_registered_model(name)
    tags = [ModelVersionTag("k", "v")]
    store.create_model_version(name, "s3://b/m", "7", tags, "http://run", "first")
    model = raw(store, "registered_model", name=name)
    kept = raw(store, "model_version", name="1", parentResourceId=model["id"])
    values = {key: value["string_value"] for key, value in kept["customProperties"].items()}
    assert values == {
        "k": "v",
        "hitchpost.source": "s3://b/m",
        "hitchpost.runId": "7",
        "hitchpost.runLink": "http://run",
    }
    artifacts = raw(store, f"model_versions/{kept['id']}/artifacts")["items"]
    assert [(it["artifactType"], it["uri"]) for it in artifacts] == [("model-artifact", "s3://b/m")]
    got = store.get_model_version(name, "1")
    assert (got.source, got.run_id, got.run_link) == ("s3://b/m", "7", "http://run")
    assert (got.version, got.tags, got.description) == ("1", {"k": "v"}, "first")


def test_versions_that_others_made(store: RegistryStore, name: str) -> None:
    model = create(store, "registered_models", name=name)
    theirs = create(store, "model_versions", name="v1.2", registeredModelId=model["id"])
    artifact = {"artifactType": "model-artifact", "name": "model", "uri": "s3://theirs/m"}
    create(store, f"model_versions/{theirs['id']}/artifacts", **artifact)
    found = store.get_model_version(name, theirs["id"])
    assert (found.version, found.source) == (theirs["id"], "s3://theirs/m")
    assert store.get_model_version_download_uri(name, theirs["id"]) == "s3://theirs/m"
    ours = store.create_model_version(name, "s3://ours/m")
    assert int(ours.version) == int(theirs["id"]) + 1
    numbered = create(store, "model_versions", name="999999", registeredModelId=model["id"])
    create(store, "model_versions", name="2", registeredModelId=model["id"])
    versions = store.search_model_versions(f"name = '{name}'", order_by=["version_number"])
    expected = ["2", theirs["id"], ours.version, "999999"]
    assert [version.version for version in versions] == expected
    refused("RESOURCE_DOES_NOT_EXIST", "", store.get_model_version, name, numbered["id"])
    store.set_model_version_tag(name, theirs["id"], ModelVersionTag("a", "b"))
    store.set_registered_model_alias(name, "best", theirs["id"])
    assert store.get_model_version_by_alias(name, "best").tags == {"a": "b"}


def test_numbers_go_on_after_the_highest(store: RegistryStore, name: str) -> None:
    model = create(store, "registered_models", name=name)
    for number in ("1", "3", "2"):
        create(store, "model_versions", name=number, registeredModelId=model["id"])
    assert store.create_model_version(name, "s3://b/m").version == "4"


def test_properties_of_other_kinds_are_tags(store: RegistryStore, name: str) -> None:
    properties = {
        "i": {"metadataType": "MetadataIntValue", "int_value": "2147483647"},
        "d": {"metadataType": "MetadataDoubleValue", "double_value": 0.1},
        "b": {"metadataType": "MetadataBoolValue", "bool_value": True},
    }
    create(store, "registered_models", name=name, customProperties=properties)
    tags = {"i": "2147483647", "d": "0.1", "b": "true"}
    assert store.get_registered_model(name).tags == tags
    store.set_registered_model_tag(name, RegisteredModelTag("s", "x"))
    kept = raw(store, "registered_model", name=name)["customProperties"]
    assert {key: kept[key] for key in properties} == properties


def test_a_model_that_others_archive(store: RegistryStore, name: str) -> None:
    store.create_registered_model(name)
    store.create_model_version(name, "s3://b/m")
    model = raw(store, "registered_model", name=name)
    change(store, f"registered_models/{model['id']}", state="ARCHIVED")
    refused("RESOURCE_DOES_NOT_EXIST", name, store.get_registered_model, name)
    assert store.search_model_versions(f"name = '{name}'") == []
    change(store, f"registered_models/{model['id']}", state="LIVE")
    assert store.get_model_version(name, 1).source == "s3://b/m"


def test_a_version_that_others_archive(store: RegistryStore, name: str) -> None:
    store.create_registered_model(name)
    store.create_model_version(name, "s3://b/m")
    store.transition_model_version_stage(name, 1, "staging", False)
    model = raw(store, "registered_model", name=name)
    kept = raw(store, "model_version", name="1", parentResourceId=model["id"])
    change(store, f"model_versions/{kept['id']}", state="ARCHIVED")
    assert store.get_model_version(name, 1).current_stage == "Archived"
    # What is changed stays archived.
    store.set_model_version_tag(name, 1, ModelVersionTag("a", "b"))
    store.update_model_version(name, 1, "anew")
    got = store.get_model_version(name, 1)
    assert (got.current_stage, got.description, got.tags) == ("Archived", "anew", {"a": "b"})
    store.transition_model_version_stage(name, 1, "None", False)
    assert store.get_model_version(name, 1).current_stage == "None"
    kept = raw(store, f"model_versions/{kept['id']}")
    assert kept["state"] == "LIVE"


def test_a_deleted_version_says_nothing_of_what_it_was(store: RegistryStore, name: str) -> None:
    store.create_registered_model(name)
    store.create_model_version(name, "s3://secret/m", "7", description="secret")
    store.delete_model_version(name, "1")
    refused("RESOURCE_DOES_NOT_EXIST", "version=1", store.delete_model_version, name, "1")
    model = raw(store, "registered_model", name=name)
    kept = raw(store, "model_version", name="1", parentResourceId=model["id"])
    assert kept["state"] == "ARCHIVED"
    assert "secret" not in str(kept)
    assert store.search_model_versions(f"run_id = '7' and name = '{name}'") == []
    assert store.get_registered_model(name).latest_versions == []
    assert store.create_model_version(name, "s3://b/m").version == "2"


def test_a_name_can_be_used_again_and_again(store: RegistryStore, name: str) -> None:
    for turn in range(3):
        model = store.create_registered_model(name, description=str(turn))
        assert model.name == name
        refused("RESOURCE_ALREADY_EXISTS", name, store.create_registered_model, name)
        assert store.create_model_version(name, "s3://b/m").version == "1"
        assert store.get_registered_model(name).description == str(turn)
        assert len(store.search_registered_models(f"name = '{name}'")) == 1
        store.delete_registered_model(name)


def test_names_that_are_given_away(store: RegistryStore, name: str) -> None:
    a, b, c = (f"{name}-{letter}" for letter in "abc")
    first = store.create_registered_model(a, description="first")
    assert store.rename_registered_model(a, a).name == a
    store.rename_registered_model(a, b)
    store.create_registered_model(a, description="second")
    store.rename_registered_model(b, c)
    store.rename_registered_model(a, b)
    refused("RESOURCE_ALREADY_EXISTS", c, store.rename_registered_model, b, c)
    names = {model.name: model.description for model in store.search_registered_models()}
    assert {it: names.get(it) for it in (a, b, c)} == {a: None, b: "second", c: "first"}
    renamed = store.rename_registered_model(c, a)
    assert renamed.creation_timestamp == first.creation_timestamp
    assert raw(store, "registered_model", name=a)["customProperties"] == {}
    assert store.get_registered_model(a).description == "first"


def test_names_are_not_patterns(store: RegistryStore, name: str) -> None:
    store.create_registered_model(f"{name}_x")
    for pattern in (f"{name}%", f"{name}-x", f"{name[:-1]}__x", f"{name}_X"):
        refused("RESOURCE_DOES_NOT_EXIST", "", store.get_registered_model, pattern)
    store.create_registered_model(f"{name}-x", description="other")
    assert store.get_registered_model(f"{name}-x").description == "other"
    assert store.get_registered_model(f"{name}_x").description is None


@pytest.mark.parametrize("strange", ["\"'", "\\", "`", "a\"b'c\\`", "' OR 1=1 --", "\U0001f332"])
def test_strange_names_are_found(store: RegistryStore, name: str, strange: str) -> None:
    strange = name + strange
    store.create_registered_model(name)
    store.rename_registered_model(name, strange)
    store.set_registered_model_tag(strange, RegisteredModelTag("k", strange))
    assert store.get_registered_model(strange).tags == {"k": strange}
    store.create_model_version(strange, "s3://b/m", strange, [ModelVersionTag("t", strange)])
    assert store.get_model_version(strange, 1).run_id == strange
    # MLflow's grammar cannot say all of them.
    if not set(strange) & set("'\\"):
        found = store.search_model_versions(f"tags.t = '{strange}' and name = '{strange}'")
        assert [version.name for version in found] == [strange]


def test_many_versions_at_once(store: RegistryStore, name: str) -> None:
    store.create_registered_model(name)
    numbers: list[str] = []
    faults: list[BaseException] = []

    def work() -> None:
        try:
            made = [store.create_model_version(name, "s3://b/m") for _ in range(5)]
            numbers.extend(version.version for version in made)
        except BaseException as error:
            faults.append(error)

    in_threads(8, work)
    assert faults == []
    assert sorted(map(int, numbers)) == list(range(1, 41))


def test_many_tags_at_once(store: RegistryStore, name: str) -> None:
    store.create_registered_model(name)
    # Other processes are as good as other stores; another server does not know of changes.
    is_ours = "edit" in store.client.features()
    numbers = iter(range(8))

    def work() -> None:
        of_its_own = RegistryStore("", client=store.client) if is_ours else store
        thread = next(numbers)
        for turn in range(5):
            tag = RegisteredModelTag(f"{thread}-{turn}", "x")
            of_its_own.set_registered_model_tag(name, tag)

    in_threads(8, work)
    assert len(store.get_registered_model(name).tags) == 40


def in_threads(number: int, work: Any) -> None:
    threads = [threading.Thread(target=work) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_more_than_a_page(store: RegistryStore, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_registry_base, "PAGE", 2)
    for number in range(5):
        model = f"{name}-{number}"
        store.create_registered_model(model)
        store.create_model_version(model, "s3://b/m", tags=[ModelVersionTag("of", name)])
    like = f"name LIKE '{name}-%'"
    assert len(store.search_registered_models(like)) == 5
    assert len(store.search_model_versions(f"tags.of = '{name}'")) == 5
    seen: list[str] = []
    token = None
    while True:
        page = store.search_registered_models(like, 2, ["name DESC"], token)
        seen += [model.name[-1] for model in page]
        assert [len(model.latest_versions) for model in page] == [1] * len(page)
        if not (token := page.token):
            break
    assert seen == ["4", "3", "2", "1", "0"]


def test_searching_asks_a_few_times(store: RegistryStore, name: str) -> None:
    for number in range(10):
        store.create_registered_model(f"{name}-{number}", [RegisteredModelTag("of", name)])
        store.create_model_version(f"{name}-{number}", "s3://b/m", name)
    asked: list[str] = []
    get = store.client.get
    store.client.get = lambda path, params=None: asked.append(path) or get(path, params)
    assert len(store.search_registered_models(f"tags.of = '{name}'")) == 10
    assert len(asked) == 2
    asked.clear()
    assert len(store.search_model_versions(f"run_id = '{name}'")) == 10
    assert len(asked) == 2
    asked.clear()
    store.get_model_version(f"{name}-1", 1)
    assert len(asked) == 2


def test_prompts_are_apart(store: RegistryStore, name: str) -> None:
    if not hasattr(store, "create_prompt"):
        pytest.skip("this MLflow keeps prompts in another way")
    store.create_prompt(name, "described", {"t": "1"})
    store.create_prompt_version(name, "Hello {{ name }}", "first")
    assert store.search_registered_models(f"name = '{name}'") == []
    assert store.search_model_versions(f"name = '{name}'") == []
    (prompt,) = store.search_prompts(f"name = '{name}'")
    assert (prompt.name, prompt.tags) == (name, {"t": "1"})
    assert store.get_prompt_version(name, 1).template == "Hello {{ name }}"
    refused("RESOURCE_ALREADY_EXISTS", "prompt", store.create_registered_model, name)


@pytest.mark.parametrize(
    ("search", "filter_string", "message"),
    [
        ("models", "name > 'a'", "Invalid comparator for attribute: >"),
        ("models", "version_number = 1", "Invalid attribute key"),
        ("models", "tags.a > 'b'", "Invalid comparator for tag: >"),
        ("versions", "version_number LIKE '1'", "Invalid comparator for attribute version_number"),
        ("versions", "version_number > 1.5", "Invalid value for numeric attribute"),
        ("versions", "source_path IN ('a')", ""),
        ("versions", "run_id > 'a'", "Invalid comparator for attribute: >"),
    ],
)
def test_bad_filters(store: RegistryStore, search: str, filter_string: str, message: str) -> None:
    call = store.search_registered_models if search == "models" else store.search_model_versions
    refused("INVALID_PARAMETER_VALUE", message, call, filter_string)


def test_bad_pages_and_orders(store: RegistryStore) -> None:
    for call in (store.search_registered_models, store.search_model_versions):
        for size in (0, -1, 10**6, "1"):
            refused("INVALID_PARAMETER_VALUE", "max_results", call, None, size)
        refused("INVALID_PARAMETER_VALUE", "page token", call, None, 1, None, "no token")
        refused("INVALID_PARAMETER_VALUE", "", call, None, 1, ["nothing"])
        refused("INTERNAL_ERROR", "duplicate fields", call, None, 1, ["name", "name DESC"])


def test_a_server_that_is_away() -> None:
    store = RegistryStore(f"modelregistry://127.0.0.1:{free_port()}?retries=0")
    refused("TEMPORARILY_UNAVAILABLE", "cannot be reached", store.get_registered_model, "m")
