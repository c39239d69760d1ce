"""The accepted scores: a fall is told with the name of the case, and never taken over unasked."""

from pathlib import Path

from conformance.accepted import Accepted, Standing

PERFECT = Standing.perfect(2)
HALF = Standing(2, (1, 1, 2), 0, "core", invalid=False)
WORSE = Standing(2, (0, 1, 2), 0, "core", invalid=False)
SIZE = {"cases": 2, "operations": 4}


def accepted(path: Path, **standings: Standing) -> Accepted:
    scores = Accepted(path / "accepted.json")
    scores.accept("docs", standings, SIZE, falls=False)
    scores.write()
    return Accepted(path / "accepted.json")


def test_what_is_written_is_read(tmp_path: Path):
    scores = accepted(tmp_path, a=HALF, b=PERFECT)
    assert scores.changes("docs", {"a": HALF, "b": PERFECT}) == []
    assert list(scores.suites["docs"]) == ["size", "a"]


def test_falls_and_rises(tmp_path: Path):
    scores = accepted(tmp_path, a=HALF, b=PERFECT)
    [fall] = scores.changes("docs", {"a": WORSE, "b": PERFECT})
    assert fall.is_fall
    assert "docs a" in str(fall)
    [rise] = scores.changes("docs", {"a": PERFECT, "b": PERFECT})
    assert not rise.is_fall
    [unlisted] = scores.changes("docs", {"b": HALF})
    assert unlisted.is_fall


def test_any_part_that_is_worse_makes_a_fall():
    parts = {"extra": 1, "invalid": True, "whole": "differs", "exact": (2, 1, 2)}
    perfect = {"total": 2, "exact": (2, 2, 2), "extra": 0, "whole": "bytes", "invalid": False}
    for part, value in parts.items():
        assert Standing(**perfect | {part: value}).falls_from(PERFECT)
    assert not PERFECT.falls_from(PERFECT)


def test_only_rises_are_taken_over_unless_told_otherwise(tmp_path: Path):
    scores = accepted(tmp_path, a=HALF, b=HALF)
    scores.accept("docs", {"a": WORSE, "b": PERFECT}, SIZE, falls=False)
    assert [change.case for change in scores.changes("docs", {"a": WORSE, "b": PERFECT})] == ["a"]
    scores.accept("docs", {"a": WORSE, "b": PERFECT}, SIZE, falls=True)
    assert scores.changes("docs", {"a": WORSE, "b": PERFECT}) == []


def test_a_suite_that_shrinks_is_told(tmp_path: Path):
    scores = accepted(tmp_path, a=HALF)
    assert scores.size_change("docs", SIZE) is None
    assert scores.size_change("docs", SIZE | {"cases": 1}) is not None
