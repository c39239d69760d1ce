"""The modules with models that pydantic's source distribution carries.

It carries no manual, but two bodies of small, complete examples:

- the fenced Python blocks of its docstrings and README, which are its API documentation;
- its test functions, each of which defines the models that it checks. Of a function that takes no
  fixtures, the definitions (imports, classes, functions, assignments) become a module, after
  those definitions of the test file that they need.
"""

import ast
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

FENCED = re.compile(
    r"^([ \t]*)```py(?:thon)?\b([^\n]*)\n(.*?)^\1```[ \t]*$", re.MULTILINE | re.DOTALL
)

# Read only for compatibility: pydantic's first major version within the second.
OLD = "pydantic/v1/"

DEFINITIONS = (
    ast.Import,
    ast.ImportFrom,
    ast.ClassDef,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.Assign,
    ast.AnnAssign,
    ast.TypeAlias if hasattr(ast, "TypeAlias") else ast.Assign,
)


def documented(source: Path) -> Iterator[tuple[str, str]]:
    """The examples of the docstrings: a name and the text of the module."""
    for path in [source / "README.md", *sorted((source / "pydantic").rglob("*.py"))]:
        relative = path.relative_to(source).as_posix()
        if relative.startswith(OLD):
            continue
        name = re.sub(
            r"\W", "_", relative.removesuffix(".py").removesuffix(".md").removeprefix("pydantic/")
        )
        for number, block in enumerate(FENCED.finditer(path.read_text(encoding="utf-8")), 1):
            text = textwrap.dedent(block[3])
            if 'test="skip"' not in block[2] and is_python_with_classes(text):
                yield f"{name}_{number}", text


def tested(source: Path) -> Iterator[tuple[str, str]]:
    """The definitions of the test functions: a name and the text of the module."""
    for path in sorted((source / "tests").rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        try:
            tree = ast.parse(text)
        except SyntaxError:  # syntax of a newer Python
            continue
        lines = text.splitlines()
        file = re.sub(r"\W", "_", path.relative_to(source / "tests").with_suffix("").as_posix())
        for function in tree.body:
            if isinstance(function, ast.FunctionDef) and function.name.startswith("test_"):
                own = [s for s in function.body if isinstance(s, DEFINITIONS)]
                if not arguments(function) and any(isinstance(s, ast.ClassDef) for s in own):
                    statements = [*needed(tree.body, own), *own]
                    yield (
                        f"{file}__{function.name.removeprefix('test_')}",
                        "\n".join(source_of(s, lines) for s in statements) + "\n",
                    )


def is_python_with_classes(text: str) -> bool:
    try:
        return any(isinstance(s, ast.ClassDef) for s in ast.parse(text).body)
    except SyntaxError:
        return False


def arguments(function: ast.FunctionDef) -> bool:
    a = function.args
    return bool(a.posonlyargs or a.args or a.kwonlyargs or a.vararg or a.kwarg)


def needed(top: list[ast.stmt], own: list[ast.stmt]) -> list[ast.stmt]:
    """The statements of a file that the given ones depend on, in the file's order."""
    wanted = used(own)
    found: set[int] = set()
    while True:
        new = [
            s
            for s in top
            if id(s) not in found
            and (
                is_future(s)
                or (isinstance(s, (*DEFINITIONS, ast.If, ast.Try)) and bound(s) & wanted)
            )
        ]
        if not new:
            return [s for s in top if id(s) in found]
        found.update(map(id, new))
        wanted |= used(new)


def is_future(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"


def bound(statement: ast.stmt) -> set[str]:
    """The names that a statement gives to its module."""
    names = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.alias):
            names.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        if isinstance(statement, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            break
    return names


def used(statements: list[ast.stmt]) -> set[str]:
    """The names that statements read, those within quoted annotations included."""
    names = set()
    for statement in statements:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name):
                names.add(node.id)
            elif (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and len(node.value) < 200
            ):
                names.update(re.findall(r"[^\W\d]\w*", node.value))
    return names


def source_of(statement: ast.stmt, lines: list[str]) -> str:
    """The lines of a statement, its decorators included, moved to the left margin."""
    decorators = getattr(statement, "decorator_list", [])
    first = min([statement.lineno, *(d.lineno for d in decorators)])
    indent = " " * statement.col_offset
    return "\n".join(line.removeprefix(indent) for line in lines[first - 1 : statement.end_lineno])
