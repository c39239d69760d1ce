import json
import threading
import time
from pathlib import Path

import pytest

import hitchpost
from conftest import SECRETS, TOOLS, record


def actions(applied: hitchpost.Applied) -> list[tuple[str, str]]:
    return [(change.name, change.action) for change in applied.changes]


def test_records_are_applied_read_and_deleted(url: str, tmp_path: Path) -> None:
    tools = tmp_path / "tools.yaml"
    tools.write_text(TOOLS)
    with hitchpost.Registry.open(url) as registry:
        before = registry.revision
        assert actions(registry.apply(tools, dry_run=True)) == [
            ("minio", "created"),
            ("mlflow", "created"),
        ]
        assert registry.revision == before
        applied = registry.apply(str(tools), who="ada")
        assert (applied.revision, registry.revision) == (before + 1, before + 1)
        assert actions(registry.apply(tools)) == [("minio", "unchanged"), ("mlflow", "unchanged")]
        assert [record["name"] for record in registry.list()] == ["minio", "mlflow"]

        minio = registry.get("minio")
        assert not any(secret in str(minio) for secret in SECRETS)
        assert actions(registry.apply(minio)) == [("minio", "unchanged")]
        minio["instances"][0]["services"][0]["configuration"][0]["value"] = "data"
        (change,) = registry.apply([minio], who="bob").changes
        assert change.differences == (
            hitchpost.Difference(
                path="/instances/main/services/s3/configuration/BUCKET",
                before="models",
                after="data",
            ),
        )
        storage = registry.resolve(service="s3", project="alpha")
        assert (storage["BUCKET"], storage["AWS_SECRET_ACCESS_KEY"].reveal()) == ("data", "geheim")

        assert actions(registry.delete("mlflow")) == [("mlflow", "deleted")]
        latest = registry.history(limit=2)
        assert [(entry.name, entry.action) for entry in latest] == [
            ("mlflow", "deleted"),
            ("minio", "updated"),
        ]
        assert latest[1].who == "bob"
        assert abs(latest[1].at.timestamp() - time.time()) < 60
        with pytest.raises(hitchpost.NotFoundError):
            registry.get("mlflow")


def test_prune_force_and_expect() -> None:
    registry = hitchpost.Registry.open("memory:")
    registry.apply(record("a", "1") | {"immutable": True})
    changed = record("a", "2") | {"immutable": True}
    with pytest.raises(hitchpost.StoreError) as refused:
        registry.apply(changed)
    assert (refused.value.code, refused.value.path) == ("immutable", "a")
    assert actions(registry.apply(changed, force=True)) == [("a", "updated")]
    with pytest.raises(hitchpost.StoreError) as conflict:
        registry.apply(record("a", "3"), force=True, expect={"a": 1})
    assert conflict.value.code == "conflict"
    other = record("b", "1")
    assert actions(registry.apply(other, prune=True)) == [("b", "created")]
    assert actions(registry.apply(other, prune=True, force=True)) == [
        ("b", "unchanged"),
        ("a", "deleted"),
    ]


def test_a_folder_is_applied_in_the_order_of_its_names(tmp_path: Path) -> None:
    folder = tmp_path / "tools"
    folder.mkdir()
    (folder / "2.json").write_text(json.dumps([record("b", "1")]))
    (folder / "1.yml").write_text("{name: c, configuration: {K: 1}}")
    (folder / "notes.txt").write_text("no record")
    registry = hitchpost.Registry.open("memory:")
    assert actions(registry.apply(folder)) == [("c", "created"), ("b", "created")]
    with pytest.raises(FileNotFoundError, match="absent"):
        registry.apply(tmp_path / "absent.yaml")
    with pytest.raises(TypeError):
        registry.apply(7)  # type: ignore[arg-type]


def test_the_default_store_is_the_users(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with hitchpost.Registry.open() as registry:
        registry.apply(record("a", "1"))
    assert (home / "data/hitchpost/registry.db").exists()
    monkeypatch.setenv("HITCHPOST_STORE", f"sqlite://{home}/named.db")
    with hitchpost.Registry.open() as registry:
        registry.apply(record("a", "1"))
    assert (home / "named.db").exists()
    odd = home / "50% # ?.db"
    with hitchpost.Registry.open(odd) as registry:
        registry.apply(record("a", "1"))
    assert odd.exists()


def test_a_registry_that_is_not_there_is_made_by_the_first_write(home: Path) -> None:
    path = home / "mistyped/tools.db"
    with hitchpost.Registry.open(path) as registry, hitchpost.Registry.open(path) as other:
        for read in (
            lambda: registry.revision,
            registry.list,
            registry.history,
            lambda: registry.get("a"),
            lambda: registry.delete("a"),
            lambda: registry.resolve(extension="a"),
        ):
            with pytest.raises(hitchpost.StoreError, match="there is no registry") as error:
                read()
            assert error.value.code == "no-registry"
        assert actions(registry.apply(record("a", "1"), dry_run=True)) == [("a", "created")]
        assert not path.parent.exists()
        registry.apply(record("a", "1"))
        assert registry.resolve(extension="a")["K"] == "1"
        assert other.resolve(extension="a")["K"] == "1"


def test_own_catalogue_files_are_read(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / "in-house.yaml"
    path.write_text("""
product: in-house
title: In-house store
description: Our feature store
version_scheme: semver
services:
  - type: in-house
    category: feature-store
    description: Its API
    environment: [{name: STORE_VERSION, value: "{version}"}]
""")
    monkeypatch.setenv("HITCHPOST_CATALOG", str(path))
    tool = {"name": "main", "version": "1.2.0", "services": [{"name": "in-house"}]}
    registry = hitchpost.Registry.open("memory:")
    registry.apply({"name": "in-house", "instances": [tool]})
    found = registry.resolve(category="feature-store")
    assert dict(found.env) == {"STORE_VERSION": "1.2.0"}
    path.write_text("name: [")
    with pytest.raises(hitchpost.RecordError):
        hitchpost.Registry.open("memory:")


def test_a_change_is_seen(url: str) -> None:
    ours, theirs = hitchpost.Registry.open(url), hitchpost.Registry.open(url)
    theirs.apply(record("a", "1"))
    assert ours.resolve(extension="a")["K"] == "1"
    theirs.apply(record("a", "2"))
    assert ours.resolve(extension="a")["K"] == "2"
    theirs.delete("a")
    with pytest.raises(hitchpost.ResolutionError):
        ours.resolve(extension="a")
    ours.close()
    theirs.close()


def test_many_changes_are_seen(tmp_path: Path) -> None:
    """So many that the snapshot is built anew, and kept for the next time."""
    path = tmp_path / "tools.db"
    with hitchpost.Registry.open(path) as registry:
        registry.apply([])
        assert registry.resolve_all([{"name": "x", "extension": "r7"}]).failures
        registry.apply([record(f"r{n}", str(n)) for n in range(1_500)])
        assert registry.resolve(extension="r7")["K"] == "7"
    with hitchpost.Registry.open(path) as registry:
        registry.apply(record("r7", "8"))
    with hitchpost.Registry.open(path) as registry:
        assert registry.resolve(extension="r7")["K"] == "8"
        assert registry.resolve(extension="r1499")["K"] == "1499"


def test_threads_share_a_registry(url: str) -> None:
    with hitchpost.Registry.open(url) as registry:
        registry.apply(record("counter", "0"))
        done = threading.Event()
        failed: list[BaseException] = []

        def follow() -> None:
            last = 0
            try:
                while not done.is_set() or last < 20:
                    now = int(str(registry.resolve(extension="counter")["K"]))
                    assert now >= last
                    last = now
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=follow) for _ in range(8)]
        for thread in threads:
            thread.start()
        for n in range(1, 21):
            registry.apply(record("counter", str(n)))
        done.set()
        for thread in threads:
            thread.join(timeout=60)
        assert not failed
        assert not any(thread.is_alive() for thread in threads)


def test_a_closed_registry_refuses(registry: hitchpost.Registry) -> None:
    storage = registry.resolve(service="s3", project="alpha")
    registry.close()
    registry.close()
    with pytest.raises(hitchpost.StoreError) as closed:
        registry.get("minio")
    assert closed.value.code == "closed"
    with pytest.raises(hitchpost.StoreError):
        registry.resolve(service="s3", project="alpha")
    assert storage["AWS_SECRET_ACCESS_KEY"].reveal() == "geheim"


def test_a_registry_shows_no_password() -> None:
    with pytest.raises(hitchpost.StoreError) as error:
        hitchpost.Registry.open("postgres://ada:geheim@127.0.0.1:1/tools")
    assert error.value.code == "unreachable"
    assert error.value.path == "postgres://127.0.0.1:1/tools"
    assert "geheim" not in repr(error.value)
    assert repr(hitchpost.Registry.open("memory:")) == "<hitchpost.Registry memory:>"


def test_a_name_stands_only_once_in_a_folder(tmp_path: Path) -> None:
    for file in ("a.yaml", "b.yaml"):
        (tmp_path / file).write_text("{name: mlflow, configuration: {EXPERIMENT: wine}}")
    with hitchpost.Registry.open("memory:") as registry:
        with pytest.raises(hitchpost.RecordError) as raised:
            registry.apply(tmp_path)
        assert raised.value.code == "duplicate-name"
        assert registry.revision == 0
