"""The expected documents: what the frameworks themselves say, kept in the cache."""

import hashlib
import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .cases import Case, Module, Suite, environment
from .framework import MODES
from .sources import CACHE, HERE

# Where the frameworks' modules run: some of them expect these files.
WORK_FILES = ("static/index.html", "dist/index.html", "dist/404.html")

# What the expected documents depend on.
INPUTS = (
    "framework.py",
    "oracle.py",
    "cases.py",
    "pydantic_modules.py",
    "requirements.txt",
    "sources.txt",
)


class Oracle:
    """What the frameworks say of the modules of a suite."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        self.folder = CACHE / "expected" / fingerprint() / suite.name
        self.index = self.folder / "index.json"
        self.answers: dict[str, dict[str, Any]] = {}
        if self.index.exists():
            self.answers = json.loads(self.index.read_text(encoding="utf-8"))

    def ask(self, modules: list[Module]) -> None:
        """Has the framework write the documents of these modules, those it has not yet."""
        tasks = [
            {
                "module": module.dotted,
                "names": module.names,
                "to": str(self.folder / f"{module.name}.{{}}.json"),
                "environment": environment(module.name),
            }
            for module in modules
            if module.name not in self.answers
        ]
        if not tasks:
            return
        work = CACHE / "work"
        for name in WORK_FILES:
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            (work / name).touch()
        for outdated in self.folder.parent.parent.glob("*"):
            if outdated != self.folder.parent:
                shutil.rmtree(outdated)
        request = {"root": str(modules[0].root), "work": str(work), "modules": tasks}
        program = [sys.executable, str(HERE / "framework.py")]
        done = subprocess.run(
            program, input=json.dumps(request), stdout=subprocess.PIPE, text=True, check=True
        )
        asked = [module.name for module in modules if module.name not in self.answers]
        self.answers |= dict(zip(asked, json.loads(done.stdout), strict=True))
        self.folder.mkdir(parents=True, exist_ok=True)
        self.index.write_text(json.dumps(self.answers, indent=1))

    def cases(self, module: Module) -> Iterator[Case]:
        """The cases of a module: one for each document that the framework made."""
        for name, failure in self.answers[module.name].get("found", {}).items():
            for mode in (None,) if self.suite.unit == "operations" else MODES:
                label = f"{name}.{mode}" if mode else name
                if failure is None:
                    yield Case(
                        self.suite.name,
                        f"{module.name}:{label}",
                        module.path,
                        name,
                        (module.root,),
                        self.folder / f"{module.name}.{label}.json",
                        mode,
                        environment(module.name),
                        site_packages(),
                    )

    def failures(self, modules: list[Module]) -> dict[str, str]:
        """The modules, or variables of theirs, without a document, with the reason."""
        failures = {}
        for module in modules:
            answer = self.answers[module.name]
            if "error" in answer:
                failures[module.name] = answer["error"]
            for name, failure in answer.get("found", {}).items():
                if failure is not None:
                    failures[f"{module.name}:{name}"] = failure
        return failures


def fingerprint() -> str:
    """A name for all that the expected documents depend on."""
    digest = hashlib.sha256(platform.python_version().encode())
    for name in INPUTS:
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()[:12]


def site_packages() -> Path:
    """The packages that are installed beside the frameworks."""
    import fastapi

    return Path(fastapi.__file__).parents[1]
