import logging
import pickle
import threading
from pathlib import Path

import pytest

import hitchpost

APP = """
from fastapi import FastAPI
from pydantic import BaseModel
from shop.words import TITLE

app = FastAPI(title=TITLE, summary="Short")

class Item(BaseModel):
    name: str
    price: float | None = None

@app.get("/items/{item_id}")
def read_item(item_id: int) -> Item: ...
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "main.py").write_text(APP)
    (package / "words.py").write_text("TITLE = 'Shop'\n")
    return package / "main.py"


def test_a_document_is_a_dictionary(shop: Path) -> None:
    document = hitchpost.openapi(shop)
    assert document["openapi"].startswith("3.1")
    assert document["info"]["title"] == "Shop"
    price = document["components"]["schemas"]["Item"]["properties"]["price"]
    assert price["anyOf"] == [{"type": "number"}, {"type": "null"}]


def test_entries_and_folders(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = hitchpost.openapi(shop)
    root = shop.parents[1]
    assert hitchpost.openapi(f"{shop}:app", root=root, site_packages=[root]) == document
    assert hitchpost.openapi("shop.main:app", root=[str(root)]) == document
    monkeypatch.chdir(root)
    assert hitchpost.openapi("shop.main") == document
    assert hitchpost.openapi("shop/main.py", cache=False) == document


def test_the_environment_is_given(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (shop.parent / "words.py").write_text("import os\nTITLE = os.environ.get('TITLE', 'none')\n")
    monkeypatch.setenv("TITLE", "of this process")
    assert hitchpost.openapi(shop)["info"]["title"] == "none"
    assert hitchpost.openapi(shop, env={"TITLE": "given"})["info"]["title"] == "given"


def test_the_versions_are_given(shop: Path) -> None:
    def error(versions: dict[str, str]) -> dict[str, object]:
        document = hitchpost.openapi(shop, versions=versions)
        return document["components"]["schemas"]["ValidationError"]["properties"]

    assert "input" in error({})
    assert "input" not in error({"fastapi": "0.128.0"})
    with pytest.raises(hitchpost.UsageError, match="no version `three` of `flask`"):
        error({"flask": "three"})


def test_an_edit_is_seen(shop: Path) -> None:
    assert hitchpost.openapi(shop)["info"]["title"] == "Shop"
    (shop.parent / "words.py").write_text("TITLE = 'Stop'\n")
    assert hitchpost.openapi(shop)["info"]["title"] == "Stop"
    assert list((shop.parents[1] / "cache/hitchpost/openapi").iterdir())


def test_openapi_3_0_and_what_it_loses(shop: Path, caplog: pytest.LogCaptureFixture) -> None:
    document = hitchpost.openapi(shop, version="3.0")
    assert document["openapi"] == "3.0.3"
    price = document["components"]["schemas"]["Item"]["properties"]["price"]
    assert (price["type"], price["nullable"]) == ("number", True)
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("hitchpost", logging.WARNING)
    assert record.getMessage().startswith("/info/summary: warning[lost]: ")


def test_what_is_not_known_is_said(shop: Path, caplog: pytest.LogCaptureFixture) -> None:
    (shop.parent / "words.py").write_text("import socket\nTITLE = socket.gethostname()\n")
    document = hitchpost.openapi(shop)
    assert "x-hitchpost-unknown" in document["info"]["title"]
    assert caplog.records
    with pytest.raises(hitchpost.AnalysisError) as refused:
        hitchpost.openapi(shop, strict=True)
    assert refused.value.code == "not-known"
    assert {found.severity for found in refused.value.diagnostics} == {"warning"}


def test_no_application(shop: Path) -> None:
    shop.write_text("import os\n\ndef f(:\n")
    with pytest.raises(hitchpost.AnalysisError) as refused:
        hitchpost.openapi(shop)
    error = refused.value
    found = error.diagnostics[-1]
    assert (error.code, error.path) == ("syntax", f"{shop}:3")
    assert (found.severity, found.line, found.column, found.source) == ("error", 3, None, str(shop))
    assert str(found).startswith(f"{shop}:3: error[syntax]: ")
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.code, copy.diagnostics) == (error.code, error.diagnostics)


def test_what_cannot_be_read(shop: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere\.py"):
        hitchpost.openapi("nowhere.py")
    with pytest.raises(FileNotFoundError, match="missing"):
        hitchpost.openapi(shop, root="missing")
    with pytest.raises(NotADirectoryError):
        hitchpost.openapi(shop, site_packages=shop)
    with pytest.raises(hitchpost.UsageError) as refused:
        hitchpost.openapi(shop, version="2.0")  # type: ignore[arg-type]
    assert refused.value.path == "version"


def test_threads_may_read_at_once(shop: Path) -> None:
    documents: list[dict[str, object]] = []
    readers = [
        threading.Thread(target=lambda: documents.append(hitchpost.openapi(shop, cache=False)))
        for _ in range(4)
    ]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert documents == [hitchpost.openapi(shop)] * 4
