"""The result of a case: the answer of the program, compared with the expected document."""

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

from .accepted import Standing
from .analyser import PROCESSES, Answer, ask
from .cases import Case
from .differences import (
    Difference,
    document_differences,
    operation_differences,
    order_differences,
    schema_differences,
)
from .schema_graph import LEVELS, Json
from .score import Score, compare_documents, compare_schemas
from .validity import is_valid

# What marks a fact that could not be proved.
UNKNOWN = "x-hitchpost-unknown"

# After so many crashes and hangs, the rest of a suite is not tried.
MOST_FAULTS = 12

# The level at which causes are counted.
LEVEL = "strict"


@dataclass(frozen=True)
class Result:
    """A case with its score. `causes` counts the operations that each cause touches; `certain`
    are the operations that differ at `std`, though nothing in them is marked unknown."""

    case: Case
    answer: Answer
    score: Score
    standing: Standing
    causes: dict[str, int]
    certain: list[str]


def results(cases: list[Case]) -> Iterator[Result]:
    """The results of all cases, in their order, up to the last crash or hang that is tolerated."""
    faults = 0
    with ProcessPoolExecutor(PROCESSES) as pool:
        for one in pool.map(result, cases):
            yield one
            faults += one.answer.fault
            if faults == MOST_FAULTS:
                pool.shutdown(cancel_futures=True)
                return


def result(case: Case) -> Result:
    """Runs the program for a case, and compares what it answers."""
    answer = ask(case)
    expected = json.loads(case.expected.read_text(encoding="utf-8"))
    derived = {} if answer.document is None else answer.document
    if case.mode:
        score = compare_schemas(expected, derived)
        invalid = False
    else:
        score = compare_documents(expected, derived)
        # Byte for byte FastAPI's own: no better and no worse.
        invalid = (
            score.whole not in ("bytes", "none") and not is_valid(derived) and is_valid(expected)
        )
    causes: dict[str, int] = {}
    if answer.document is None:
        causes["no document"] = score.total
    else:
        for found in differences(expected, derived, score, LEVEL).values():
            for cause in {difference.cause for difference in found}:
                causes[cause] = causes.get(cause, 0) + 1
    return Result(
        case, answer, score, Standing.of(score, invalid=invalid), causes, certain(derived, score)
    )


def differences(
    expected: Any, derived: Any, score: Score, level: str
) -> dict[str, list[Difference]]:
    """The differences at a level: of each operation that is not identical, and of the rest."""
    if score.whole == level == "strict":
        return {"order": order_differences(expected, derived)}
    if not isinstance(derived, dict) or score.malformed:
        return {"document": [Difference("", "not a document", expected, derived)]}
    if score.inexact[level] == [("schema",)]:
        return {"schema": schema_differences(expected, derived, level)}
    found = {
        " ".join(place[1:]): operation_differences(expected, derived, place, level)
        for place in score.inexact[level]
    }
    if (
        score.whole not in {"bytes", *list(LEVELS)[: list(LEVELS).index(level) + 1]}
        and score.tallies
    ):
        found["document"] = document_differences(expected, derived, level)
    return {place: of_place for place, of_place in found.items() if of_place}


def certain(derived: Any, score: Score) -> list[str]:
    """The derived operations that are wrong at `std` without a mark that says so."""
    if not isinstance(derived, dict) or not score.tallies:
        return []
    wrong = []
    for kind, path, method in [*score.inexact["std"], *score.extra_places]:
        item = (derived.get(kind) or {}).get(path) or {}
        if method in item and UNKNOWN not in reachable(derived, item[method]):
            wrong.append(f"{method.upper()} {path}")
    return wrong


def reachable(document: Json, value: Any) -> str:
    """The text of a part of a document and of all components that it refers to."""
    components = (document.get("components") or {}).get("schemas") or {}
    texts, waiting, passed = [], [json.dumps(value)], set()
    while waiting:
        text = waiting.pop()
        texts.append(text)
        for name in references(text):
            if name in components and name not in passed:
                passed.add(name)
                waiting.append(json.dumps(components[name]))
    return "\n".join(texts)


def references(text: str) -> Iterable[str]:
    """The names of the components that a JSON text refers to."""
    start = '"#/components/schemas/'
    return (part.partition('"')[0] for part in text.split(start)[1:])
