"""What is compared: suites of cases, each an application or a model with its expected document."""

import ast
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from . import pydantic_modules
from .sources import CACHE, unpacked

# The suite whose sources are given from outside.
SERVICES = "services"


@dataclass(frozen=True)
class Module:
    """A module whose applications or models are compared. `names` are its own variables."""

    name: str
    path: Path
    dotted: str
    names: tuple[str, ...]
    root: Path


@dataclass(frozen=True)
class Case:
    """One document to derive. `attribute` is the variable in `path`; `mode` is set for a model."""

    suite: str
    name: str
    path: Path
    attribute: str
    roots: tuple[Path, ...]
    expected: Path
    mode: str | None = None
    environment: dict[str, str] = field(default_factory=dict)
    site_packages: Path | None = None


@dataclass(frozen=True)
class Suite:
    """Modules of a framework. `step`: the short form takes every so manieth module."""

    name: str
    title: str
    unit: str
    modules: Callable[[], list[Module]]
    step: int


# Settings without a default in FastAPI's documentation; its own tests set them so.
ENVIRONMENT = {"settings/": {"ADMIN_EMAIL": "admin@example.com"}}


def environment(name: str) -> dict[str, str]:
    """The variables that a documentation application wants."""
    return next((value for key, value in ENVIRONMENT.items() if name.startswith(key)), {})


def fastapi_modules(folder: str) -> list[Module]:
    """The modules of a folder of FastAPI's sources that name its class. They are copied apart from
    FastAPI itself, which a service has among its installed packages, not beside it."""
    source = unpacked("fastapi")
    root = CACHE / "modules" / source.name
    for part in (folder, "scripts"):  # some tests import what maintains the repository
        shutil.copytree(source / part, root / part, dirs_exist_ok=True)
    modules = []
    for path in sorted((root / folder).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "FastAPI" not in text:
            continue
        relative = path.relative_to(root).with_suffix("")
        name = relative.relative_to(folder).as_posix()
        dotted = ".".join(relative.parts).removesuffix(".__init__")
        if names := variables(text):
            modules.append(Module(name, path, dotted, names, root))
    return modules


def pydantic_modules_of(kind: str) -> list[Module]:
    """Pydantic's examples, each written as a module of a package of its own."""
    source = unpacked("pydantic")
    root = CACHE / "modules" / source.name
    package = root / f"models_of_{kind}"
    examples = {"docstrings": pydantic_modules.documented, "tests": pydantic_modules.tested}[kind]
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").touch()
    shutil.copy(source / "tests" / "utils.py", package)
    modules = []
    for name, text in examples(source):
        path = package / f"{name}.py"
        path.write_text(text, encoding="utf-8")
        dotted = f"{package.name}.{name}"
        modules.append(Module(name, path, dotted, variables(text, classes=True), root))
    return modules


def variables(text: str, *, classes: bool = False) -> tuple[str, ...]:
    """The names that a module assigns itself, outside of functions and classes, in order."""
    names: dict[str, None] = {}

    def visit(statements: list[ast.stmt]) -> None:
        for statement in statements:
            targets: list[ast.expr] = []
            if isinstance(statement, ast.ClassDef):
                if classes:
                    names[statement.name] = None
            elif isinstance(statement, ast.Assign):
                targets = statement.targets
            elif isinstance(statement, ast.AnnAssign):
                targets = [statement.target]
            elif not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
                for block in ("body", "orelse", "finalbody"):
                    visit(getattr(statement, block, []))
            names.update(dict.fromkeys(t.id for t in targets if isinstance(t, ast.Name)))

    visit(ast.parse(text).body)
    return tuple(names)


def applications_in_functions() -> int:
    """How many applications FastAPI's tests make within functions, where no path leads to them."""
    count = 0
    for path in (unpacked("fastapi") / "tests").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                count += sum(
                    isinstance(inner, ast.Call)
                    and isinstance(inner.func, ast.Name)
                    and inner.func.id == "FastAPI"
                    for inner in ast.walk(node)
                )
    return count


SUITES = [
    Suite(
        "docs",
        "FastAPI's documentation",
        "operations",
        lambda: fastapi_modules("docs_src"),
        step=4,
    ),
    Suite("tests", "FastAPI's tests", "operations", lambda: fastapi_modules("tests"), step=6),
    Suite(
        "pydantic-docs",
        "pydantic's docstrings",
        "schemas",
        lambda: pydantic_modules_of("docstrings"),
        step=4,
    ),
    Suite(
        "pydantic-tests",
        "pydantic's tests",
        "schemas",
        lambda: pydantic_modules_of("tests"),
        step=30,
    ),
]
