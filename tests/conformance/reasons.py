"""Why a case is left out, or hard: what `reasons.toml` says."""

import tomllib

from .sources import HERE


def reasons(kind: str, suite: str) -> dict[str, str]:
    """The modules of a suite of which there is something to say: `left-out` or `dynamic`."""
    listed = tomllib.loads((HERE / "reasons.toml").read_text(encoding="utf-8"))
    known: dict[str, str] = listed[kind].get(suite, {})
    return known
