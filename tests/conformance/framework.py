"""What the frameworks themselves say of the modules that define applications and models.

This program runs with the pinned frameworks installed, apart from the rest of the package. It
reads a list of modules as JSON from standard input, imports each in a process of its own (a fork,
so that the frameworks are loaded only once), writes the documents of what it finds there, and
prints what it found as JSON, in the order of the list:

    input:  {"root": DIR, "work": DIR, "modules": [
                {"module": "pkg.mod", "names": ["app"], "to": FILE, "environment": {NAME: VALUE}}]}
    output: [{"found": {"app": REASON | null}} | {"error": REASON}]

`names` are the module's own variables to look at; those that hold nothing with a document are not
in the answer, and those whose document could not be made are there with the reason. `to` is a path
with `{}` in the place of what tells the documents of one module apart: `app` for an application,
`Item.validation` and `Item.serialization` for a model.
"""

import dataclasses
import importlib
import json
import os
import signal
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

SECONDS_FOR_ONE_MODULE = 60
PROCESSES = 2
MODES: tuple[Literal["validation", "serialization"], ...] = ("validation", "serialization")


def documents(value: Any, name: str, module: str) -> Iterator[tuple[str, Any]]:
    """The documents of one variable's value, each with the name that tells it apart."""
    from fastapi import FastAPI
    from pydantic import BaseModel, TypeAdapter
    from typing_extensions import is_typeddict

    if isinstance(value, FastAPI):
        yield name, value.openapi()
    elif isinstance(value, type) and value.__module__ == module:
        for mode in MODES:
            if issubclass(value, BaseModel):
                yield f"{name}.{mode}", value.model_json_schema(mode=mode)
            elif dataclasses.is_dataclass(value) or is_typeddict(value):
                yield f"{name}.{mode}", TypeAdapter(value).json_schema(mode=mode)


def answer(
    module_name: str, names: list[str], to: str, environment: dict[str, str]
) -> dict[str, Any]:
    """Imports a module and writes its documents."""
    os.environ.update(environment)
    try:
        module = importlib.import_module(module_name)
    except BaseException as error:  # whatever a module does when imported, `SystemExit` included
        return {"error": reason(error)}
    found: dict[str, str | None] = {}
    for name in names:
        try:
            texts = [
                (label, json.dumps(document, ensure_ascii=False, indent=1))
                for label, document in documents(getattr(module, name, None), name, module_name)
            ]
        except Exception as error:
            found[name] = reason(error)
            continue
        for label, text in texts:
            path = Path(to.format(label))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n", encoding="utf-8")
            found[name] = None
    return {"found": found}


def reason(error: BaseException) -> str:
    """The class of an error and the first line of its message."""
    message = str(error).strip().splitlines()
    return f"{type(error).__name__}: {message[0][:160]}" if message else type(error).__name__


def start(task: dict[str, Any], to: Path) -> int:
    """Starts a process for one module, whose answer goes to a file; gives its id."""
    pid = os.fork()
    if pid:
        return pid
    signal.alarm(SECONDS_FOR_ONE_MODULE)
    silent = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silent, stream)
    warnings.simplefilter("ignore")
    to.write_text(json.dumps(answer(**task)))
    os._exit(0)  # no exit handlers: those of telemetry would wait for a network


def main() -> None:
    request = json.load(sys.stdin)
    sys.path[0] = request["root"]
    os.chdir(request["work"])
    import fastapi.openapi.utils
    import fastapi.testclient  # noqa: F401

    with tempfile.TemporaryDirectory() as folder:
        answers = []
        running: set[int] = set()
        for number, task in enumerate(request["modules"]):
            answers.append(Path(folder, str(number)))
            task["module_name"] = task.pop("module")
            running.add(start(task, answers[-1]))
            if len(running) == PROCESSES:
                running.discard(os.wait()[0])
        while running:
            running.discard(os.wait()[0])
        died = {"error": f"it died, or took longer than {SECONDS_FOR_ONE_MODULE} s"}
        print(json.dumps([json.loads(a.read_text()) if a.exists() else died for a in answers]))


if __name__ == "__main__":
    main()
