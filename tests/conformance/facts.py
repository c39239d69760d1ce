"""An OpenAPI document as facts: each with its place, and a value that can be compared.

A value is made of texts, tuples and `Schema` (a node of a `SchemaGraph`), so that it can only be
compared once the graph's classes are known.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from .schema_graph import Json, SchemaGraph, canonical, resolve

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")

# What narrows the values of a schema, apart from its type.
CONSTRAINTS = {
    "const", "enum", "exclusiveMaximum", "exclusiveMinimum", "format", "maxItems", "maxLength",
    "maxProperties", "maximum", "minItems", "minLength", "minProperties", "minimum", "multipleOf",
    "pattern", "uniqueItems",
}  # fmt: skip

# In nearly every document of FastAPI: to find them says nothing about an analyser.
AUTOMATIC_SCHEMAS = {"HTTPValidationError", "ValidationError"}

AUTOMATIC = "automatic schemas"

CATEGORIES = (
    "operations", "parameters", "request bodies", "responses", "constraints", "component schemas",
    AUTOMATIC, "properties", "security", "security schemes", "callbacks", "document",
)  # fmt: skip

# The categories that say all of a document; the others are parts of these.
WHOLE_DOCUMENT = (
    "operations", "component schemas", AUTOMATIC, "security schemes", "document",
)  # fmt: skip


# Where a fact is; and what is comparable of it.
Place = tuple[Any, ...]
Value = tuple[Any, ...]


class Schema(NamedTuple):
    """A schema, by its node."""

    node: int


def settled(value: Any, classes: list[int]) -> Any:
    """A value with the classes of schemas in the place of their nodes."""
    if isinstance(value, Schema):
        return ("schema", classes[value.node])
    if isinstance(value, tuple):
        return tuple(settled(item, classes) for item in value)
    return value


class Facts:
    """The facts of one document, by category and place. Raises `MalformedError` for other JSON."""

    def __init__(self, document: Any, graph: SchemaGraph) -> None:
        self.document, self.graph = document, graph
        self.by_category: dict[str, dict[Place, Any]] = {name: {} for name in CATEGORIES}
        try:
            for kind in ("paths", "webhooks"):
                for path, item in (document.get(kind) or {}).items():
                    for method, operation, shared in self._operations(item):
                        self._operation_facts((kind, path, method), operation, shared)
            self._component_facts(document.get("components") or {})
            self._document_facts(document)
        except (AttributeError, TypeError, ValueError) as error:
            raise MalformedError(f"{type(error).__name__}: {error}") from error

    def _target(self, value: Any) -> Any:
        """What a reference, if it is one, points at."""
        for _ in range(20):
            if not (isinstance(value, dict) and isinstance(value.get("$ref"), str)):
                break
            value = resolve(self.document, value["$ref"])
        return value if isinstance(value, dict) else {}

    def _schema(self, schema: Any) -> Schema:
        return Schema(self.graph.add(self.document, schema))

    def _rest(self, value: Json, *known: str) -> tuple[tuple[str, str], ...]:
        """What an object says besides the known keys, and besides what the level leaves out."""
        keys = value.keys() - known - self.graph.ignored
        return tuple((key, canonical(value[key])) for key in sorted(keys))

    def _operations(self, item: Any) -> Iterator[tuple[str, Json, list[Any]]]:
        item = self._target(item)
        for method in METHODS:
            if isinstance(item.get(method), dict):
                yield method, item[method], item.get("parameters") or []

    def _operation_facts(self, place: Place, operation: Json, shared: list[Any]) -> None:
        facts = self.by_category
        facts["operations"][place] = self._operation(operation, shared)
        for parameter in self._parameters(operation, shared):
            at = (*place, str(parameter.get("in")), str(parameter.get("name")))
            facts["parameters"][at] = self._parameter(parameter)
            self._constraint_facts(at, parameter.get("schema"))
        body = self._target(operation.get("requestBody"))
        for media_type in body.get("content") or {}:
            facts["request bodies"][(*place, media_type)] = self._body(body)
        for status, response in (operation.get("responses") or {}).items():
            if not is_automatic(str(status), response):
                facts["responses"][(*place, str(status))] = self._response(response)
        if operation.get("security"):
            facts["security"][place] = self._security(operation)
        for at, callback in self._callbacks(operation):
            facts["callbacks"][(*place, *at)] = callback

    def _operation(self, operation: Json, shared: list[Any]) -> Value:
        parameters = {
            (str(parameter.get("in")), str(parameter.get("name"))): self._parameter(parameter)
            for parameter in self._parameters(operation, shared)
        }
        responses = operation.get("responses") or {}
        body = operation.get("requestBody")
        known = ("parameters", "requestBody", "responses", "callbacks", "security")
        return (
            tuple(sorted(parameters.items())),
            None if body is None else self._body(self._target(body)),
            tuple((str(status), self._response(responses[status])) for status in sorted(responses)),
            tuple(sorted(self._callbacks(operation))),
            self._security(operation),
            self._rest(operation, *known),
        )

    def _parameters(self, operation: Json, shared: list[Any]) -> Iterable[Json]:
        return [self._target(p) for p in [*shared, *(operation.get("parameters") or [])]]

    def _parameter(self, parameter: Json) -> Value:
        return (
            bool(parameter.get("required")),
            self._schema(parameter["schema"]) if "schema" in parameter else None,
            self._content(parameter),
            self._rest(parameter, "in", "name", "required", "schema", "content"),
        )

    def _body(self, body: Json) -> Value:
        rest = self._rest(body, "required", "content")
        return (bool(body.get("required")), self._content(body), rest)

    def _response(self, response: Any) -> Value:
        response = self._target(response)
        headers = response.get("headers") or {}
        return (
            self._content(response),
            tuple((name, self._header(headers[name])) for name in sorted(headers)),
            self._rest(response, "content", "headers"),
        )

    def _header(self, header: Any) -> Value:
        header = self._target(header)
        return (self._schema(header.get("schema", {})), self._rest(header, "schema"))

    def _content(self, holder: Json) -> Value:
        content = holder.get("content") or {}
        return tuple(
            (media_type, self._media(content[media_type])) for media_type in sorted(content)
        )

    def _media(self, media: Any) -> Value:
        media = media if isinstance(media, dict) else {}
        return (
            self._schema(media["schema"]) if "schema" in media else None,
            self._schema(media["itemSchema"]) if "itemSchema" in media else None,
            self._rest(media, "schema", "itemSchema"),
        )

    def _security(self, operation: Json) -> Value | None:
        security = operation.get("security")
        return None if security is None else tuple(sorted(canonical(one) for one in security))

    def _callbacks(self, operation: Json) -> Iterator[tuple[Place, Value]]:
        for name, callback in (operation.get("callbacks") or {}).items():
            for expression, item in self._target(callback).items():
                for method, inner, shared in self._operations(item):
                    yield (name, expression, method), self._operation(inner, shared)

    def _component_facts(self, components: Json) -> None:
        facts = self.by_category
        for name, schema in (components.get("schemas") or {}).items():
            if name in AUTOMATIC_SCHEMAS:
                facts[AUTOMATIC][(name,)] = self._schema(schema)
                continue
            facts["component schemas"][(name,)] = self._schema(schema)
            if not (isinstance(schema, dict) and isinstance(schema.get("properties"), dict)):
                continue
            for field, of_field in schema["properties"].items():
                required = field in (schema.get("required") or [])
                facts["properties"][name, field] = (required, self._schema(of_field))
                self._constraint_facts((name, field), of_field)
        for name, scheme in (components.get("securitySchemes") or {}).items():
            facts["security schemes"][(name,)] = canonical(self._scrubbed(scheme))

    def _constraint_facts(self, place: Place, schema: Any) -> None:
        """The constraints of a parameter or a property, those of its members and items included."""
        if not isinstance(schema, dict):
            return
        for key in schema.keys() & CONSTRAINTS:
            self.by_category["constraints"][(*place, key, canonical(schema[key]))] = True
        for key in ("anyOf", "oneOf", "allOf"):
            for member in schema.get(key) or []:
                self._constraint_facts(place, member)
        for key in ("items", "additionalProperties"):
            self._constraint_facts((*place, key), schema.get(key))

    def _document_facts(self, document: Json) -> None:
        for key in document.keys() - {"paths", "components", "webhooks"}:
            value = document[key]
            keeps_all = key == "info" and "description" not in self.graph.ignored
            self.by_category["document"][(key,)] = canonical(
                value if keeps_all else self._scrubbed(value)
            )

    def _scrubbed(self, value: Any) -> Any:
        """Without what the level leaves out, at any depth; a title beside a version is a name."""
        if isinstance(value, dict):
            return {
                key: self._scrubbed(item)
                for key, item in value.items()
                if key not in self.graph.ignored or (key == "title" and "version" in value)
            }
        if isinstance(value, list):
            return [self._scrubbed(item) for item in value]
        return value


class MalformedError(ValueError):
    """A document is not of OpenAPI's shape."""


def is_automatic(status: str, response: Any) -> bool:
    """Whether a response is FastAPI's own for requests that do not validate."""
    reference = {"$ref": "#/components/schemas/HTTPValidationError"}
    content = response.get("content") if isinstance(response, dict) else None
    return status == "422" and content == {"application/json": {"schema": reference}}
