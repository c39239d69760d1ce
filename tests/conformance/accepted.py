"""The accepted scores: what is identical today, so that a fall is noticed.

`accepted.json` has for each suite what it holds (its `size`), and the cases that are not perfect. A
case that is not listed has to be identical at every level, and its whole document byte for byte.
The file is written by this program alone (`--accept`).
"""

import json
import platform
from dataclasses import dataclass
from pathlib import Path

from .schema_graph import LEVELS, Json
from .score import WHOLE, Score
from .sources import HERE

FILE = HERE / "accepted.json"

# The part of a suite that says how much there is; the rest are its cases.
SIZE = "size"

# The version of Python that the frameworks run on.
PYTHON = ".".join(platform.python_version_tuple()[:2])


@dataclass(frozen=True, order=True)
class Standing:
    """How a case stands. Of two standings, the one with every part at least as good is better."""

    total: int
    exact: tuple[int, ...]
    extra: int
    whole: str
    invalid: bool

    @classmethod
    def of(cls, score: Score, *, invalid: bool) -> "Standing":
        exact = tuple(score.exact[level] for level in LEVELS)
        return cls(score.total, exact, score.extra, score.whole, invalid)

    @classmethod
    def perfect(cls, total: int) -> "Standing":
        return cls(total, (total,) * len(LEVELS), 0, WHOLE[0], invalid=False)

    @classmethod
    def read(cls, entry: Json) -> "Standing":
        exact = tuple(entry[level] for level in LEVELS)
        extra, invalid = entry.get("extra", 0), entry.get("invalid", False)
        return cls(entry["of"], exact, extra, entry["whole"], invalid)

    def written(self) -> Json:
        entry = dict(zip(LEVELS, self.exact, strict=True)) | {"of": self.total, "whole": self.whole}
        return (
            entry
            | ({"extra": self.extra} if self.extra else {})
            | ({"invalid": True} if self.invalid else {})
        )

    def falls_from(self, other: "Standing") -> bool:
        """Whether any part is worse."""
        return (
            any(mine < theirs for mine, theirs in zip(self.exact, other.exact, strict=True))
            or self.total != other.total
            or self.extra > other.extra
            or WHOLE.index(self.whole) > WHOLE.index(other.whole)
            or self.invalid > other.invalid
        )

    def __str__(self) -> str:
        levels = ", ".join(f"{name} {n}" for name, n in zip(LEVELS, self.exact, strict=True))
        extra = f", {self.extra} extra" if self.extra else ""
        invalid = ", not valid OpenAPI" if self.invalid else ""
        return f"{levels} of {self.total}; whole: {self.whole}{extra}{invalid}"


@dataclass(frozen=True)
class Change:
    """A case whose standing is not the accepted one."""

    suite: str
    case: str
    before: Standing
    now: Standing

    @property
    def is_fall(self) -> bool:
        return self.now.falls_from(self.before)

    def __str__(self) -> str:
        return f"{self.suite} {self.case}\n    accepted: {self.before}\n    now:      {self.now}"


class Accepted:
    """The accepted scores of all suites."""

    def __init__(self, path: Path = FILE) -> None:
        self.path = path
        self.python = PYTHON
        self.suites: dict[str, dict[str, Json]] = {}
        if path.exists():
            written = json.loads(path.read_text(encoding="utf-8"))
            self.python, self.suites = written["python"], written["suites"]

    def compares(self, unit: str) -> bool:
        """Whether scores can be compared here. The schemas of models differ a little between
        versions of Python, in the names of type variables and the docstrings of its library."""
        return unit == "operations" or self.python == PYTHON

    def has(self, suite: str) -> bool:
        return suite in self.suites

    def changes(self, suite: str, standings: dict[str, Standing]) -> list[Change]:
        """The cases that stand otherwise than accepted."""
        befores = ((case, self._before(suite, case, now)) for case, now in standings.items())
        return [
            Change(suite, case, before, standings[case])
            for case, before in befores
            if before != standings[case]
        ]

    def size_change(self, suite: str, size: dict[str, int]) -> str | None:
        """What a whole suite holds, if it is not what it held when its scores were accepted."""
        before = self.suites[suite][SIZE]
        return None if size == before else f"{suite} holds {size}, accepted was {before}"

    def accept(
        self, suite: str, standings: dict[str, Standing], size: dict[str, int], *, falls: bool
    ) -> None:
        """Takes over what a whole suite scores now: rises, and if told so, falls too."""
        entries = {}
        for case, now in sorted(standings.items()):
            before = self._before(suite, case, now)
            keep = self.has(suite) and not falls and now.falls_from(before)
            standing = before if keep else now
            if standing != Standing.perfect(standing.total):
                entries[case] = standing.written()
        self.suites[suite] = {SIZE: size, **entries}

    def _before(self, suite: str, case: str, now: Standing) -> Standing:
        entry = self.suites.get(suite, {}).get(case)
        return Standing.read(entry) if entry else Standing.perfect(now.total)

    def write(self) -> None:
        """Writes the file, a line for each case."""
        suites = []
        for suite, entries in sorted(self.suites.items()):
            lines = [f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in entries.items()]
            suites.append(f"{json.dumps(suite)}: {{\n" + ",\n".join(lines) + "\n}")
        start = f'{{"python": {json.dumps(PYTHON)}, "suites": {{\n'
        self.path.write_text(start + ",\n".join(suites) + "\n}}\n", encoding="utf-8")
