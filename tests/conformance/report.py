"""What the run prints: the score of each suite, and what differs, by cause."""

from collections import Counter

from .facts import AUTOMATIC, CATEGORIES
from .results import Result
from .schema_graph import LEVELS
from .score import WHOLE, Tally

# How many causes a suite lists.
CAUSES = 25

# The width of the first column.
LABEL = 28


def summary(title: str, unit: str, results: list[Result]) -> str:
    """The figures of a suite."""
    total = sum(r.score.total for r in results)
    lines = [f"\n{title}: {len(results)} documents, {total} {unit}"]
    exact = {level: sum(r.score.exact[level] for r in results) for level in LEVELS}
    lines.append(
        row(f"identical {unit}", {k: f"{v} ({percent(v, total)})" for k, v in exact.items()})
    )
    wholes = Counter(r.score.whole for r in results)
    lines.append(row("byte for byte", {"documents": str(wholes[WHOLE[0]])}))
    if unit == "operations":
        places = {level: WHOLE.index(level) + 1 for level in LEVELS}
        up_to = {level: str(sum(wholes[w] for w in WHOLE[:n])) for level, n in places.items()}
        lines.append(row("identical documents", up_to))
        lines += categories(results)
        wrong = [f"{r.case.name} {place}" for r in results for place in r.certain]
        lines += named("wrong, not marked unknown", wrong)
        lines += named("not valid OpenAPI", [r.case.name for r in results if r.standing.invalid])
    failures = [f"{r.case.name} ({r.answer.failure})" for r in results if r.answer.failure]
    lines += named("no document", failures)
    lines += named("CRASHED OR HUNG", [r.case.name for r in results if r.answer.fault])
    seconds = sorted(r.answer.seconds for r in results)
    if seconds:
        middle, longest = seconds[len(seconds) // 2] * 1000, seconds[-1] * 1000
        lines.append(row("ms per document", {"median": f"{middle:.0f}", "most": f"{longest:.0f}"}))
    return "\n".join(lines)


def categories(results: list[Result]) -> list[str]:
    """Recall and precision of the facts of each category: found at all, and identical at `std`."""
    lines = [f"  {'':{LABEL}}{'found: recall  precision':30}identical: recall  precision"]
    for category in CATEGORIES:
        if category == AUTOMATIC:
            continue
        t = sum((r.score.tallies["std"][category] for r in results), Tally())
        if t.expected or t.derived:
            found = f"{percent(t.found, t.expected):>13}{percent(t.found, t.derived):>11}"
            exact = f"{percent(t.exact, t.expected):>17}{percent(t.exact, t.derived):>11}"
            lines.append(f"  {category:{LABEL}}{found}  {exact}   of {t.expected}")
    return lines


def causes(results: list[Result]) -> str:
    """What differs, by cause, the most frequent first."""
    counts: Counter[str] = Counter()
    documents: dict[str, list[str]] = {}
    for r in results:
        for cause, count in r.causes.items():
            counts[cause] += count
            documents.setdefault(cause, []).append(r.case.name)
    lines = [
        f"  {count:6}  {cause}  (in {len(documents[cause])}, e.g. {documents[cause][0]})"
        for cause, count in counts.most_common(CAUSES)
    ]
    if len(counts) > CAUSES:
        lines.append(f"          and {len(counts) - CAUSES} other causes")
    return "\n".join(["  what differs at strict, in how many places:", *lines]) if lines else ""


def shortfalls(results: list[Result], explained: dict[str, str]) -> str:
    """The documents with operations that are not identical at `std`, one by one."""
    lines = []
    for r in results:
        if r.score.exact["std"] != r.score.total or r.score.extra:
            why = explained.get(r.case.name.split(":")[0])
            lines.append(f"  {r.case.name}: {r.standing}" + (f" — {why}" if why else ""))
    return "\n".join(["  not identical at std:", *lines]) if lines else ""


def row(label: str, cells: dict[str, str]) -> str:
    return f"  {label:{LABEL}}" + "   ".join(f"{name} {cell}" for name, cell in cells.items())


def named(label: str, names: list[str]) -> list[str]:
    """How many, and the first of them."""
    if not names:
        return [f"  {label:{LABEL}}0"]
    some = "; ".join(names[:8]) + (f"; and {len(names) - 8} more" if len(names) > 8 else "")
    return [f"  {label:{LABEL}}{len(names)}: {some}"]


def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "none"
