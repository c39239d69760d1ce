"""A change of an experiment, a run or a logged model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Change:
    """What is changed in one step.

    `fields` are members of the resource, `put` are custom properties that are written and
    `remove` those that go; nothing is changed when one of the latter is not there, or when the
    state is not the `required` one. `name` renames an experiment. With `cascade` the runs of an
    experiment get its state.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    put: Mapping[str, str] = field(default_factory=dict)
    remove: Sequence[str] = ()
    required: str | None = None
    name: str | None = None
    cascade: bool = False

    @property
    def body(self) -> dict[str, Any]:
        """The change as the extension takes it."""
        parts = {
            "fields": dict(self.fields),
            "set": dict(self.put),
            "remove": list(self.remove),
            "requireState": self.required,
            "name": self.name,
            "cascade": self.cascade,
        }
        return {key: value for key, value in parts.items() if value}
