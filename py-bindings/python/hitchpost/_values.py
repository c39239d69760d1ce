"""What the registry answers with: plain values that can be compared, hashed and pickled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from ._hitchpost import Secret


@dataclass(frozen=True)
class Diagnostic:
    """A finding about a source: what, where, and what to do."""

    __module__ = "hitchpost"

    code: str
    """The stable word for the rule it comes from, such as `unknown-key`."""
    severity: Literal["error", "warning", "note"]
    """Only an error refuses the source."""
    message: str
    """What is the matter; never a secret."""
    path: str
    """A JSON Pointer (RFC 6901) of the value; empty for the source as a whole."""
    source: str
    """The name of the source, usually its path."""
    line: int | None
    """The line, from 1; `None` when the source is no text, or as a whole is meant."""
    column: int | None
    """The column in characters, from 1; `None` in the source of a service."""
    help: str | None
    """What to do about it."""

    def __str__(self) -> str:
        parts = (self.source or None, self.line, self.column)
        place = ":".join(str(part) for part in parts if part is not None)
        head = f"{place}: " if place else ""
        advice = "" if self.help is None else f" ({self.help})"
        return f"{head}{self.severity}[{self.code}]: {self.message}{advice}"


@dataclass(frozen=True)
class Difference:
    """A field of a record that a change changed. Of a secret it is said only that it differs."""

    __module__ = "hitchpost"

    path: str
    """A JSON Pointer (RFC 6901) in which the parts of a list stand under their names."""
    before: str | None
    """The text before; `None` when it was not there."""
    after: str | None
    """The text after; `None` when it is gone."""


@dataclass(frozen=True)
class Change:
    """What was done to a record."""

    __module__ = "hitchpost"

    name: str
    """The record."""
    action: Literal["created", "updated", "unchanged", "deleted"]
    """What was done."""
    from_revision: int | None
    """The record's revision before; `None` when it was not there."""
    to_revision: int | None
    """The record's revision after; `None` when it is gone."""
    differences: tuple[Difference, ...]
    """For an update, what differs."""


@dataclass(frozen=True)
class Applied:
    """What became of a set of changes."""

    __module__ = "hitchpost"

    revision: int
    """The registry's revision after it; for a dry run, what it would be."""
    changes: tuple[Change, ...]
    """What was done: the given records in their order, then the deleted ones by name."""
    diagnostics: tuple[Diagnostic, ...]
    """Warnings and notes about the records."""


@dataclass(frozen=True)
class LogEntry:
    """A change in the registry's history."""

    __module__ = "hitchpost"

    revision: int
    """The registry's revision that it made, together with others of the same set."""
    at: datetime
    """When, by the clock of the program that made it; in UTC."""
    who: str
    """Who made it."""
    action: Literal["created", "updated", "deleted", "rotated"]
    """What was done."""
    name: str | None
    """The record; `None` when the whole registry is meant."""
    from_revision: int | None
    """The record's revision before; `None` when it was not there."""
    to_revision: int | None
    """The record's revision after; `None` when it is gone."""
    differences: tuple[Difference, ...]
    """For an update, what differed."""


@dataclass(frozen=True)
class Endpoint:
    """How a service is reached."""

    __module__ = "hitchpost"

    name: str
    """Its name."""
    type: Literal["internal", "external", "cluster-api", "remote"]
    """From where it can be reached."""
    url: str | None
    """Its URL; `None` only for the cluster's API."""


@dataclass(frozen=True)
class ConfigurationValue:
    """A configuration value of a binding."""

    __module__ = "hitchpost"

    name: str
    """The key."""
    value: str | Secret
    """The value."""
    origin: str
    """Which part of the record it comes from, such as `profile/team`."""


@dataclass(frozen=True)
class Pin:
    """What was chosen, and of which revision of the record. No secret."""

    __module__ = "hitchpost"

    extension: str
    """The record."""
    instance: str
    """The installation."""
    service: str
    """The service."""
    endpoint: str | None
    """The endpoint."""
    profile: str | None
    """The account."""
    revision: int
    """The registry's revision in which the record was last changed."""


@dataclass(frozen=True)
class Candidate:
    """A service that a requirement could have got, and what became of it."""

    __module__ = "hitchpost"

    extension: str
    """The record."""
    instance: str
    """The installation."""
    service: str
    """The service."""
    version: str | None
    """Its version, when known."""
    verdict: Literal["chosen", "outranked", "tied", "rejected", "not-taken"]
    """What became of it."""
    reason: str | None
    """The rule by which another ranks before it, or the code for which it was rejected."""
    message: str
    """The same in a sentence."""
    alternative: int
    """The alternative of an `any_of` that it is a candidate of, from 0."""


@dataclass(frozen=True)
class Explanation:
    """Why a requirement came out as it did."""

    __module__ = "hitchpost"

    name: str
    """The requirement's handle."""
    code: str | None
    """Why it is not met; `None` when it is, or need not be."""
    message: str
    """The outcome in a sentence; for a failure the nearest miss and what would fix it."""
    candidates: tuple[Candidate, ...]
    """Every candidate that the caller may see, by name."""
    hidden: int
    """How many candidates the caller may not see."""


@dataclass(frozen=True)
class Failure:
    """A requirement that is not met."""

    __module__ = "hitchpost"

    name: str
    """The requirement's handle."""
    code: str
    """Why: a stable word such as `absent`, `forbidden` or `ambiguous`."""
    message: str
    """Why, for people: the nearest miss, and what would fix it."""
    candidates: tuple[Candidate, ...]
    """The candidates that the caller may see, and why each was not chosen."""

    def __str__(self) -> str:
        return f"{self.name}: {self.code}: {self.message}"
