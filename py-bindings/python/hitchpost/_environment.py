"""The environment of a step, for a while in this process."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from ._hitchpost import Resolution


class Environment:
    """A context manager that sets the variables of a step in `os.environ`.

    Made by `Registry.environment`. On exit each variable is what it was on entry, whatever
    happened to it in between; other variables are left alone. It may be entered again, also while
    it is entered. Secrets are opened on entry. Threads share the environment.
    """

    __module__ = "hitchpost"

    def __init__(self, resolution: Resolution) -> None:
        self._resolution = resolution
        self._before: list[dict[str, str | None]] = []

    def __enter__(self) -> Resolution:
        """Sets the variables, and returns what was resolved."""
        variables = self._resolution.reveal_env()
        self._before.append({name: os.environ.get(name) for name in variables})
        try:
            os.environ.update(variables)
        except BaseException:
            self._restore()
            raise
        return self._resolution

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._restore()

    def _restore(self) -> None:
        for name, value in self._before.pop().items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
