"""Ways to change a document, each with the levels at which its operations stay the same."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from conformance.facts import METHODS
from conformance.schema_graph import LEVELS, MAPS_OF_SCHEMAS, SCHEMAS, UNORDERED

ALL = tuple(LEVELS)


class Mutation(NamedTuple):
    """`apply` changes a document in place, and says whether there was something to change."""

    name: str
    apply: Callable[[dict], bool]
    same_at: tuple[str, ...]

    def of(self, document: dict) -> dict | None:
        """The changed document, or None if there is nothing to change."""
        changed = copy.deepcopy(document)
        return changed if self.apply(changed) else None


def operations(document: dict) -> list[dict]:
    items = document.get("paths", {}).values()
    return [item[method] for item in items for method in METHODS if method in item]


def contents(operation: dict) -> Iterator[dict]:
    """The media types of an operation's body and responses."""
    for holder in [operation.get("requestBody", {}), *operation["responses"].values()]:
        yield from holder.get("content", {}).values()


def schemas(schema: Any) -> Iterator[dict]:
    """A schema and those within it."""
    if isinstance(schema, dict):
        yield schema
        for key, value in schema.items():
            inner = []
            if key in MAPS_OF_SCHEMAS and isinstance(value, dict):
                inner = list(value.values())
            elif key in SCHEMAS:
                inner = [value]
            elif key in (*UNORDERED, "prefixItems"):
                inner = value
            for one in inner:
                yield from schemas(one)


def used(document: dict) -> list[dict]:
    """The schemas that operations use, components once each."""
    found, waiting, passed = [], [], set()
    for operation in operations(document):
        waiting += [parameter.get("schema") for parameter in operation.get("parameters", [])]
        waiting += [media.get("schema") for media in contents(operation)]
    components = document.get("components", {}).get("schemas", {})
    while waiting:
        for schema in schemas(waiting.pop()):
            found.append(schema)
            name = str(schema.get("$ref", "")).removeprefix("#/components/schemas/")
            if name in components and name not in passed:
                passed.add(name)
                waiting.append(components[name])
    return found


def reordered(value: Any) -> Any:
    """All keys the other way round."""
    if isinstance(value, dict):
        return {key: reordered(item) for key, item in reversed(value.items())}
    return [reordered(item) for item in value] if isinstance(value, list) else value


def reorder_keys(document: dict) -> bool:
    changed = reordered(document)
    document.clear()
    document.update(changed)
    return True


def reverse_lists(document: dict) -> bool:
    lists = [s[key] for s in used(document) for key in (*UNORDERED, "required") if key in s]
    lists += [
        operation["parameters"] for operation in operations(document) if "parameters" in operation
    ]
    for items in lists:
        items.reverse()
    return any(len(items) > 1 for items in lists)


def rename_component(document: dict) -> bool:
    components = document.get("components", {}).get("schemas", {})
    if not components:
        return False
    name = next(reversed(components))
    text = json.dumps(document).replace(f'/schemas/{name}"', f'/schemas/Renamed{name}"')
    document.clear()
    document.update(json.loads(text))
    document["components"]["schemas"][f"Renamed{name}"] = document["components"]["schemas"].pop(
        name
    )
    return True


def write_in_place(document: dict) -> bool:
    """References of responses and bodies replaced by what they refer to."""
    components = document.get("components", {}).get("schemas", {})
    changed = False
    for media in (media for operation in operations(document) for media in contents(operation)):
        schema = media.get("schema") or {}
        if schema.keys() == {"$ref"}:
            media["schema"] = copy.deepcopy(components[schema["$ref"].rpartition("/")[2]])
            changed = True
    return changed


def change_first(
    pick: Callable[[dict], list], change: Callable[[Any], object]
) -> Callable[[dict], bool]:
    """A mutation of the first of the places that `pick` finds."""

    def apply(document: dict) -> bool:
        places = pick(document)
        if places:
            change(places[0])
        return bool(places)

    return apply


def change_all(
    pick: Callable[[dict], list], change: Callable[[Any], object]
) -> Callable[[dict], bool]:
    """A mutation of all places that `pick` finds."""

    def apply(document: dict) -> bool:
        places = pick(document)
        for place in places:
            change(place)
        return bool(places)

    return apply


def parameters(document: dict) -> list[dict]:
    return [p for operation in operations(document) for p in operation.get("parameters", [])]


def with_key(key: str) -> Callable[[dict], list]:
    return lambda document: [schema for schema in used(document) if schema.get(key)]


def with_media(document: dict) -> list[dict]:
    return [media for operation in operations(document) for media in contents(operation)]


def methods(document: dict) -> list[dict]:
    """Path items."""
    return [item for item in document.get("paths", {}).values() if item.keys() & METHODS]


def retitle(schema: dict) -> None:
    schema["title"] = "Another"


def change_type(schema: dict) -> None:
    schema["type"] = "integer" if schema["type"] != "integer" else "string"


def move_status(operation: dict) -> None:
    operation["responses"]["299"] = operation["responses"].pop(next(iter(operation["responses"])))


def describe(operation: dict) -> None:
    operation.update(description="Another", operationId="another", tags=["another"])


def add_path(document: dict) -> bool:
    operation = {"responses": {"200": {"description": "OK"}}}
    document.setdefault("paths", {})["/added"] = {"get": operation}
    return True


MUTATIONS = [
    Mutation("the order of keys", reorder_keys, ALL),
    Mutation("the order of sets", reverse_lists, ALL),
    Mutation("the name of a component", rename_component, ALL),
    Mutation("references written in place", write_in_place, ALL),
    Mutation("an added operation", add_path, ALL),
    Mutation("titles", change_all(with_key("title"), retitle), ("std", "core")),
    Mutation("texts of an operation", change_first(operations, describe), ("core",)),
    Mutation("a removed path", change_first(methods, dict.clear), ()),
    Mutation("a renamed parameter", change_first(parameters, lambda p: p.update(name="other")), ()),
    Mutation(
        "an optional parameter",
        change_first(parameters, lambda p: p.update(required=not p.get("required"))),
        (),
    ),
    Mutation("another type", change_first(with_key("type"), change_type), ()),
    Mutation(
        "a removed property",
        change_first(with_key("properties"), lambda s: s["properties"].popitem()),
        (),
    ),
    Mutation(
        "a field not required",
        change_first(with_key("required"), lambda s: s["required"].pop()),
        (),
    ),
    Mutation(
        "an added constraint",
        change_first(with_key("type"), lambda s: s.update(maxLength=12345)),
        (),
    ),
    Mutation("a removed member", change_first(with_key("anyOf"), lambda s: s["anyOf"].pop()), ()),
    Mutation(
        "another default", change_first(with_key("default"), lambda s: s.update(default="odd")), ()
    ),
    Mutation("another status", change_first(operations, move_status), ()),
    Mutation(
        "a removed body",
        change_first(
            lambda d: [o for o in operations(d) if "requestBody" in o],
            lambda o: o.pop("requestBody"),
        ),
        (),
    ),
    Mutation(
        "another schema", change_first(with_media, lambda m: m.update(schema={"type": "odd"})), ()
    ),
    Mutation(
        "added security", change_first(operations, lambda o: o.update(security=[{"odd": []}])), ()
    ),
]
