"""When are two JSON Schemas the same? When their expansions are, infinite ones included.

All schema objects of the documents under comparison become nodes of one graph, in which a schema
that is nothing but a reference *is* what it refers to. The nodes are then divided into classes by
partition refinement (Paige and Tarjan, 1987, in the simple quadratic form): two nodes are in one
class if and only if no path of keywords leads from them to a difference. Names of components
therefore do not matter, nor does what is written in place and what by reference.

Also without meaning: the order of keys, of `required` and of the members of `anyOf`, `oneOf` and
`allOf`; `1.0` for `1`; `{"anyOf": [X]}` for `X`; a list of types for an `anyOf` of one type each.
"""

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

# A JSON object.
Json = dict[str, Any]

METADATA = {"description", "summary", "operationId", "tags", "example", "examples", "externalDocs"}

# What a level of comparison leaves out, wherever it is a keyword (and not the name of a property).
LEVELS: dict[str, frozenset[str]] = {
    "strict": frozenset(),
    "std": frozenset({"title"}),
    "core": frozenset({"title", *METADATA}),
}

MAPS_OF_SCHEMAS = {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"}
SCHEMAS = {
    "additionalItems", "additionalProperties", "contains", "contentSchema", "else", "if", "items",
    "not", "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties",
}  # fmt: skip
UNORDERED = ("anyOf", "oneOf", "allOf")


def canonical(value: Any) -> str:
    """A text that is equal for equal JSON: keys in order, whole numbers as integers."""
    return json.dumps(with_integers(value), sort_keys=True, ensure_ascii=False)


def with_integers(value: Any) -> Any:
    if isinstance(value, float) and abs(value) < 1e15 and value == int(value):
        return int(value)
    if isinstance(value, dict):
        return {key: with_integers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [with_integers(item) for item in value]
    return value


def resolve(document: Any, pointer: str) -> Any:
    """What a reference within a document points at, or None.

    >>> resolve({"a": [{"b/c": 1}]}, "#/a/0/b~1c")
    1
    """
    if not pointer.startswith("#"):
        return None
    here = document
    for part in unquote(pointer[1:]).split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        if isinstance(here, dict) and part in here:
            here = here[part]
        elif isinstance(here, list) and part.isdigit() and int(part) < len(here):
            here = here[int(part)]
        else:
            return None
    return here


# Where an edge starts: the keyword, whether its children have an order, and their names.
Port = tuple[str, bool, tuple[str, ...]]


class SchemaGraph:
    """The schemas of some documents, as one graph."""

    def __init__(self, level: str) -> None:
        self.ignored = LEVELS[level]
        self._labels: list[Any] = []
        self._edges: list[list[tuple[Port, list[int]]]] = []
        self._known: dict[Any, int] = {}
        self._made: list[Json] = []  # known by identity, so kept alive

    def add(self, document: Any, schema: Any) -> int:
        """Adds a schema with everything that it leads to; gives its node."""
        schema = self._without_detours(document, schema)
        if not isinstance(schema, dict):
            return self._leaf(("value", canonical(schema)))
        if id(schema) in self._known:
            return self._known[id(schema)]
        self._made.append(schema)
        node = self._known[id(schema)] = self._new()
        self._fill(node, document, schema)
        return node

    def classes(self) -> list[int]:
        """The class of every node."""
        shapes = [(label, tuple(port for port, _ in edges)) for label, edges in self._nodes()]
        classes = numbered(shapes)
        count = len(set(classes))
        while True:
            classes = numbered(
                (
                    classes[node],
                    tuple(
                        tuple(in_order([classes[child] for child in children], ordered))
                        for (_, ordered, _), children in edges
                    ),
                )
                for node, (_, edges) in enumerate(self._nodes())
            )
            if len(set(classes)) == count:
                return classes
            count = len(set(classes))

    def _nodes(self) -> Iterable[tuple[Any, list[tuple[Port, list[int]]]]]:
        return zip(self._labels, self._edges, strict=True)

    def _new(self, label: Any = None) -> int:
        self._labels.append(label)
        self._edges.append([])
        return len(self._labels) - 1

    def _leaf(self, label: tuple[str, str]) -> int:
        if label not in self._known:
            self._known[label] = self._new(label)
        return self._known[label]

    def _without_detours(self, document: Any, schema: Any) -> Any:
        """Follows what only points elsewhere: lone references, and combinations of one schema."""
        passed = set()
        while isinstance(schema, dict) and id(schema) not in passed:
            passed.add(id(schema))
            live = [key for key in schema if key not in self.ignored]
            if len(live) != 1:
                break
            [key] = live
            value = schema[key]
            if key == "$ref" and isinstance(value, str):
                target = resolve(document, value)
                schema = {"dangling reference": value} if target is None else target
            elif key in UNORDERED and isinstance(value, list) and len(value) == 1:
                schema = value[0]
            else:
                break
        return schema

    def _fill(self, node: int, document: Any, schema: Json) -> None:
        types = schema.get("type")
        combined = any(key in schema for key in (*UNORDERED, "prefixItems"))
        if isinstance(types, list) and not combined:
            schema = {"anyOf": [of_one_type(schema, one, self.ignored) for one in types]}
        facts = []
        edges = self._edges[node]

        def connect(keyword: str, children: Any, names: Any = (), *, ordered: bool = True) -> None:
            nodes = [self.add(document, child) for child in children]
            edges.append(((keyword, ordered, tuple(names)), nodes))

        for key in sorted(schema.keys() - self.ignored):
            value = schema[key]
            if key in MAPS_OF_SCHEMAS and isinstance(value, dict):
                names = sorted(value)
                connect(key, [value[name] for name in names], names)
            elif key in SCHEMAS:
                connect(key, [value])
            elif key in UNORDERED and isinstance(value, list):
                connect(key, value, ordered=False)
            elif key == "prefixItems" and isinstance(value, list):
                connect(key, value)
            elif key == "$ref" and isinstance(value, str):
                connect(key, [self._alias(value)])
            elif key == "discriminator" and isinstance(value, dict):
                mapping = value.get("mapping") or {}
                names = sorted(mapping)
                connect(key, [self._alias(mapping[name]) for name in names], names)
                facts.append((key, canonical(value.get("propertyName"))))
            elif key == "required" and isinstance(value, list):
                facts.append((key, canonical(sorted(map(str, value)))))
            else:
                facts.append((key, canonical(value)))
        # The number of children without names belongs to the node itself.
        sizes = tuple(len(children) for _, children in edges)
        self._labels[node] = ("schema", tuple(facts), sizes)

    def _alias(self, reference: Any) -> Any:
        """A schema that is only a reference; any other text stands for itself."""
        return {"$ref": reference} if str(reference).startswith("#") else reference


def of_one_type(schema: Json, one: str, ignored: frozenset[str]) -> Json:
    """What a schema with a list of types says of one of them: of `null` nothing but that."""
    if one == "null":
        return {"type": one}
    return {key: value for key, value in schema.items() if key not in ignored} | {"type": one}


def in_order(classes: list[int], ordered: bool) -> list[int]:
    return classes if ordered else sorted(classes)


def numbered(keys: Any) -> list[int]:
    """Numbers in the place of keys: equal ones for equal keys."""
    numbers: dict[Any, int] = {}
    return [numbers.setdefault(key, len(numbers)) for key in keys]
