"""What differs between two documents, and the causes that many differences share."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from .facts import METHODS, Place
from .schema_graph import LEVELS, MAPS_OF_SCHEMAS, UNORDERED, Json, canonical, resolve

# Objects whose keys are names that the service chose.
NAMED = MAPS_OF_SCHEMAS | {
    "callbacks", "content", "headers", "mapping", "paths", "responses", "schemas",
    "securitySchemes", "webhooks",
}  # fmt: skip

# Where a schema begins, in a path.
WITHIN_SCHEMAS = {"schema", "schemas", "itemSchema"}

# What a value in a report may take.
WIDTH = 100


class Difference(NamedTuple):
    """One difference. `cause` is what it shares with others: where, which keyword, what of it."""

    path: str
    cause: str
    expected: Any
    derived: Any

    def __str__(self) -> str:
        sides = (("expected", self.expected), ("derived ", self.derived))
        return "\n      ".join([self.path, *(f"{side} {shown(value)}" for side, value in sides)])


class Absent:
    """What stands for a value that is not there."""

    def __repr__(self) -> str:
        return "(nothing)"


ABSENT = Absent()


def shown(value: Any) -> str:
    text = repr(value) if value is ABSENT else canonical(value)
    return text if len(text) <= WIDTH else f"{text[:WIDTH]}…"


def operation_differences(
    expected: Any, derived: Any, place: Place, level: str
) -> list[Difference]:
    """The differences of one operation (kind, path, method), through all that it refers to."""
    _, path, method = place
    walk = Walk(expected, derived, level)
    a, b = (walk.operation(document, place) for document in (expected, derived))
    if a is ABSENT or b is ABSENT:
        missing = "missing" if b is ABSENT else "extra"
        return [Difference(f"{method.upper()} {path}", f"operation {missing}", a, b)]
    return list(walk.between(a, b, [f"{method.upper()} {path}"]))


def document_differences(expected: Any, derived: Any, level: str) -> list[Difference]:
    """The differences outside of operations, and the operations that only we have."""
    walk = Walk(expected, derived, level)
    found = []
    a, b = (
        {key: value for key, value in document.items() if key not in ("paths", "webhooks")}
        for document in (expected, derived)
    )
    for section in ("schemas", "securitySchemes"):
        names = [set((d.get("components") or {}).get(section) or {}) for d in (a, b)]
        for only, word in ((names[0] - names[1], "missing"), (names[1] - names[0], "extra")):
            for name in sorted(only):
                one, other = (name, ABSENT) if word == "missing" else (ABSENT, name)
                at = f"components.{section}"
                found.append(Difference(at, f"{section} component {word}", one, other))
        for name in sorted(names[0] & names[1]):
            one, other = (d["components"][section][name] for d in (a, b))
            found += walk.between(one, other, ["components", section, name])
    for document in (a, b):
        document.pop("components", None)
    found += walk.between(a, b, [])
    for place in sorted(operations(derived) - operations(expected)):
        found += operation_differences(expected, derived, place, level)
    return found


def schema_differences(expected: Any, derived: Any, level: str) -> list[Difference]:
    """The differences of two JSON Schemas that stand alone."""
    walk = Walk(expected, derived, level)
    a, b = map(without_definitions, (expected, derived))
    return list(walk.between(a, b, ["schema"]))


def order_differences(expected: Any, derived: Any) -> list[Difference]:
    """Where equal documents are written otherwise: the first such place of each kind of object."""
    found: dict[str, Difference] = {}

    def note(path: list[str], what: str, a: Any, b: Any) -> None:
        reason = cause(path, what)
        found.setdefault(reason, Difference(".".join(path), reason, a, b))

    def between(a: Any, b: Any, path: list[str]) -> None:
        if isinstance(a, dict) and isinstance(b, dict):
            if list(a) != list(b):
                note(path, "keys in another order", list(a), list(b))
            for key in a.keys() & b.keys():
                between(a[key], b[key], [*path, key])
        elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
            for n, (one, other) in enumerate(zip(a, b, strict=True)):
                between(one, other, [*path, str(n)])
        elif json.dumps(a) != json.dumps(b):
            note(path, "written otherwise", a, b)

    between(expected, derived, [])
    return list(found.values())


def without_definitions(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    return {key: value for key, value in schema.items() if key != "$defs"}


def operations(document: Any) -> set[Place]:
    return {
        (kind, path, method)
        for kind in ("paths", "webhooks")
        for path, item in (document.get(kind) or {}).items()
        for method in METHODS
        if method in item
    }


class Walk:
    """A walk through two documents at once. What was compared once is not compared again."""

    def __init__(self, expected: Any, derived: Any, level: str) -> None:
        self.documents = (expected, derived)
        self.ignored = LEVELS[level]
        self.passed: dict[tuple[int, int], Any] = {}  # the objects too: their ids must stay theirs

    def operation(self, document: Any, place: Place) -> Any:
        here = document
        for part in place:
            here = here.get(part, ABSENT) if isinstance(here, dict) else ABSENT
        return here

    def between(self, a: Any, b: Any, path: list[str]) -> Iterator[Difference]:
        named = bool(path) and path[-1] in NAMED and path[-2:-1] != ["properties"]
        if not named:
            a, b = self.dereferenced(0, a), self.dereferenced(1, b)
        if isinstance(a, dict) and isinstance(b, dict):
            pair = (id(a), id(b))
            if pair not in self.passed:
                self.passed[pair] = (a, b)
                yield from self.between_objects(a, b, path, named)
        elif isinstance(a, list) and isinstance(b, list):
            yield from self.between_lists(a, b, path)
        elif canonical(a) != canonical(b):
            yield Difference(".".join(path), cause(path, "differs"), a, b)

    def dereferenced(self, side: int, value: Any) -> Any:
        passed = set()
        while isinstance(value, dict) and isinstance(value.get("$ref"), str):
            if value["$ref"] in passed:
                break
            passed.add(value["$ref"])
            target = resolve(self.documents[side], value["$ref"])
            if not isinstance(target, dict):
                break
            beside = {key: item for key, item in value.items() if key != "$ref"}
            value = {**target, **beside} if beside else target
        return value

    def between_objects(
        self, a: Json, b: Json, path: list[str], named: bool
    ) -> Iterator[Difference]:
        for key in [*a, *(key for key in b if key not in a)]:
            if key in self.ignored and not named:
                continue
            at = [*path, key]
            if key not in b:
                yield Difference(".".join(at), cause(at, "missing"), a[key], ABSENT)
            elif key not in a:
                yield Difference(".".join(at), cause(at, "extra"), ABSENT, b[key])
            else:
                yield from self.between(a[key], b[key], at)

    def parameters(self, side: int, items: list[Any]) -> Json:
        """Parameters by where they are and what they are called."""
        parameters = [self.dereferenced(side, item) for item in items]
        return {f"{p.get('in')} {p.get('name')}": p for p in parameters}

    def between_lists(self, a: list[Any], b: list[Any], path: list[str]) -> Iterator[Difference]:
        if path[-1] == "parameters":
            one, other = (self.parameters(side, items) for side, items in enumerate((a, b)))
            yield from self.between_objects(one, other, path, named=True)
            return
        if path[-1] in (*UNORDERED, "required", "security"):
            texts = [[canonical(item) for item in items] for items in (a, b)]
            a, b = (
                [item for item, text in zip(items, own, strict=True) if text not in other]
                for items, own, other in ((a, *texts), (b, *texts[::-1]))
            )
        for n in range(max(len(a), len(b))):
            at = [*path, str(n)]
            if n >= len(b):
                yield Difference(".".join(at), cause(at, "missing"), a[n], ABSENT)
            elif n >= len(a):
                yield Difference(".".join(at), cause(at, "extra"), ABSENT, b[n])
            else:
                yield from self.between(a[n], b[n], at)


def cause(path: list[str], what: str) -> str:
    """Where a difference is: a path without names, and of the path within a schema its last part.

    >>> cause(["GET /x", "responses", "200", "content", "text/plain", "schema", "type"], "differs")
    'responses content schema type differs'
    """
    parts = [part for before, part in zip(["", *path], path, strict=False) if before not in NAMED]
    parts = [part for part in parts if not part.isdigit() and " " not in part]
    inner = next((n for n, part in enumerate(parts) if part in WITHIN_SCHEMAS), None)
    if inner is not None and parts[inner + 1 :]:
        parts = [*parts[:inner], "schema", parts[-1]]
    return " ".join([*parts, what])
