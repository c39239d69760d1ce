"""How far a derived document agrees with the expected one."""

import json
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .facts import CATEGORIES, WHOLE_DOCUMENT, Facts, MalformedError, Place, Schema, settled
from .schema_graph import LEVELS, SchemaGraph

# What a whole document can be, best first: the same bytes, or equal at a level, or not equal.
WHOLE = ("bytes", *LEVELS, "differs", "none")


class Tally(NamedTuple):
    """Facts of one category: how many there are on both sides, and how many are equal."""

    expected: int = 0
    derived: int = 0
    found: int = 0
    exact: int = 0

    def __add__(self, other: "Tally") -> "Tally":  # type: ignore[override]
        return Tally(*(a + b for a, b in zip(self, other, strict=True)))


@dataclass
class Score:
    """What is equal, at every level, between two documents.

    `total` counts what the expected document has (its operations, or the one schema), `exact`
    those of them that are identical. `whole` is one of `WHOLE`. `inexact` has the places of what is
    missing or differs, `extra_places` those of operations that only the derived document has.
    """

    total: int
    whole: str
    exact: dict[str, int]
    inexact: dict[str, list[Place]]
    extra_places: list[Place] = field(default_factory=list)
    tallies: dict[str, dict[str, Tally]] = field(default_factory=dict)
    malformed: str | None = None

    @property
    def extra(self) -> int:
        """How many operations only the derived document has."""
        return len(self.extra_places)


def compare_documents(expected: Any, derived: Any) -> Score:
    """Compares two OpenAPI documents. A derived one of another shape counts as empty."""
    malformed = None
    try:
        Facts(derived, SchemaGraph("strict"))
    except MalformedError as error:
        derived, malformed = {}, str(error)
    score = Score(0, whole_without_levels(expected, derived), {}, {}, malformed=malformed)
    for level in LEVELS:
        graph = SchemaGraph(level)
        a, b = Facts(expected, graph).by_category, Facts(derived, graph).by_category
        classes = graph.classes()
        equal = {
            category: [
                place
                for place, value in a[category].items()
                if place in b[category]
                and settled(value, classes) == settled(b[category][place], classes)
            ]
            for category in CATEGORIES
        }
        score.tallies[level] = {
            category: Tally(
                len(a[category]),
                len(b[category]),
                len(a[category].keys() & b[category].keys()),
                len(equal[category]),
            )
            for category in CATEGORIES
        }
        operations = score.tallies[level]["operations"]
        score.total = operations.expected
        score.extra_places = [place for place in b["operations"] if place not in a["operations"]]
        score.exact[level] = operations.exact
        same = set(equal["operations"])
        score.inexact[level] = [place for place in a["operations"] if place not in same]
        decisive = [score.tallies[level][category] for category in WHOLE_DOCUMENT]
        if score.whole == "differs" and all(t.expected == t.derived == t.exact for t in decisive):
            score.whole = level
    return score


def compare_schemas(expected: Any, derived: Any) -> Score:
    """Compares two JSON Schemas that stand alone, each with its own definitions."""
    score = Score(1, whole_without_levels(expected, derived), {}, {})
    for level in LEVELS:
        graph = SchemaGraph(level)
        a, b = (Schema(graph.add(document, root(document))) for document in (expected, derived))
        classes = graph.classes()
        same = settled(a, classes) == settled(b, classes)
        score.exact[level] = int(same)
        score.inexact[level] = [] if same else [("schema",)]
        if score.whole == "differs" and same:
            score.whole = level
    return score


def root(document: Any) -> Any:
    """A schema without its definitions, whose names do not matter."""
    if not isinstance(document, dict):
        return document
    return {key: value for key, value in document.items() if key != "$defs"}


def whole_without_levels(expected: Any, derived: Any) -> str:
    """`bytes` if the documents are written alike, their keys in the same order."""
    if derived is None or derived == {}:
        return "none"
    return "bytes" if json.dumps(expected) == json.dumps(derived) else "differs"
