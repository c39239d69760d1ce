"""Real services: their sources and expected documents are not part of the project, but given.

`HITCHPOST_CORPUS`              the folder of expected documents, with `manifest.json`
`HITCHPOST_CORPUS_SOURCES`      a folder with a checked-out repository each, named `owner+name`
`HITCHPOST_CORPUS_SITE_PACKAGES`  optional: installed packages, for each service in a folder with
                                its name, or one for all
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from .cases import SERVICES, Case
from .schema_graph import Json
from .sources import CACHE

EXPECTED, SOURCES, SITE_PACKAGES = (
    "HITCHPOST_CORPUS",
    "HITCHPOST_CORPUS_SOURCES",
    "HITCHPOST_CORPUS_SITE_PACKAGES",
)


def given() -> bool:
    """Whether the services can be analysed here."""
    return bool(os.environ.get(EXPECTED) and os.environ.get(SOURCES))


def missing(cases: list[Case]) -> list[str]:
    """The services of the manifest without sources."""
    return sorted(manifest().keys() - {case.name for case in cases})


def manifest() -> dict[str, Json]:
    text = Path(os.environ[EXPECTED], "manifest.json").read_text(encoding="utf-8")
    return dict(sorted(json.loads(text).items()))


def cases() -> Iterator[Case]:
    """The services whose sources are there. The manifest's way to the application, `entry`,
    becomes a module of its own, beside their sources."""
    for name, service in manifest().items():
        repository = Path(os.environ[SOURCES], service["repo"].replace("/", "+"))
        if not repository.is_dir():
            continue
        entry = CACHE / "entries" / name / "entry.py"
        entry.parent.mkdir(parents=True, exist_ok=True)
        entry.write_text(service["entry"].strip() + "\n", encoding="utf-8")
        yield Case(
            SERVICES,
            name,
            entry,
            "app",
            tuple((repository / path).resolve() for path in service["source_paths"]),
            Path(os.environ[EXPECTED], f"{name}.json"),
            environment=service["env"],
            site_packages=installed_for(name),
        )


def installed_for(name: str) -> Path | None:
    if not (folder := os.environ.get(SITE_PACKAGES)):
        return None
    own = Path(folder, name)
    return own if own.is_dir() else Path(folder)
