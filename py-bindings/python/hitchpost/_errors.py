"""The exceptions of the package."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._values import Diagnostic, Failure


class HitchpostError(Exception):
    """What all exceptions of the package are.

    >>> import hitchpost
    >>> try:
    ...     hitchpost.Registry.open("memory:").resolve(service="no name")
    ... except hitchpost.HitchpostError as error:
    ...     print(error.code, error.path, error.message, sep="; ")
    invalid-name; service; ' ' cannot stand in a name; letters, digits and `._+-` can
    """

    __module__ = "hitchpost"

    code: str
    """The stable word for what is wrong, such as `ambiguous`."""
    message: str
    """What is wrong, in a line; never a secret."""
    path: str | None
    """What it is about: a requirement's handle, an argument, a place in a record or file."""
    help: str | None
    """What to do about it."""

    def __init__(
        self, message: str, code: str, path: str | None = None, help: str | None = None
    ) -> None:
        # All of the arguments, so that it can be pickled.
        super().__init__(message, code, path, help)
        self.message = message
        self.code = code
        self.path = path
        self.help = help

    def __str__(self) -> str:
        return self.message if self.help is None else f"{self.message} ({self.help})"


class RecordError(HitchpostError, ValueError):
    """Records, requirements or a workflow are malformed; all findings are in `diagnostics`.

    `code`, `message`, `path` and `help` are those of the first error.

    >>> import hitchpost
    >>> try:
    ...     hitchpost.Registry.from_yaml("{name: mlflow, configuration: {}, versoin: 2.10}")
    ... except hitchpost.RecordError as error:
    ...     finding = error.diagnostics[0]
    >>> finding.code, finding.line, finding.column, finding.help
    ('unknown-key', 1, 35, 'did you mean `version`?')
    """

    __module__ = "hitchpost"

    diagnostics: tuple[Diagnostic, ...]
    """All findings, in the order of the source."""

    def __init__(
        self,
        message: str,
        code: str,
        path: str | None = None,
        help: str | None = None,
        diagnostics: tuple[Diagnostic, ...] = (),
    ) -> None:
        super().__init__(message, code, path, help)
        self.args = (message, code, path, help, diagnostics)
        self.diagnostics = diagnostics

    def __str__(self) -> str:
        return "\n".join(map(str, self.diagnostics)) or super().__str__()


class ResolutionError(HitchpostError, LookupError):
    """Requirements are not met; all failures are in `failures`.

    `code` and `message` are those of the first failure, `path` is the handle of its requirement.

    >>> import hitchpost
    >>> try:
    ...     hitchpost.Registry.open("memory:").resolve(service="s3")
    ... except hitchpost.ResolutionError as error:
    ...     error.code
    'absent'
    """

    __module__ = "hitchpost"

    failures: tuple[Failure, ...]
    """The requirements that are not met, and why."""

    def __init__(
        self,
        message: str,
        code: str,
        path: str | None = None,
        help: str | None = None,
        failures: tuple[Failure, ...] = (),
    ) -> None:
        super().__init__(message, code, path, help)
        self.args = (message, code, path, help, failures)
        self.failures = failures

    def __str__(self) -> str:
        return "\n".join(map(str, self.failures)) or super().__str__()


class AnalysisError(HitchpostError):
    """A service's source gives no OpenAPI document, or not all of it is known.

    `path` is the file, with the line where there is one.

    >>> import hitchpost, pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp(), "shop.py")
    >>> written = file.write_text("app =")
    >>> try:
    ...     hitchpost.openapi(file)
    ... except hitchpost.AnalysisError as error:
    ...     error.code
    'syntax'
    """

    __module__ = "hitchpost"

    diagnostics: tuple[Diagnostic, ...]
    """What there is to tell of the source, in the order found."""

    def __init__(
        self,
        message: str,
        code: str,
        path: str | None = None,
        help: str | None = None,
        diagnostics: tuple[Diagnostic, ...] = (),
    ) -> None:
        super().__init__(message, code, path, help)
        self.args = (message, code, path, help, diagnostics)
        self.diagnostics = diagnostics

    def __str__(self) -> str:
        return "\n".join(map(str, self.diagnostics)) or super().__str__()


class NotFoundError(HitchpostError, KeyError):
    """There is no record, binding or configuration value of that name."""

    __module__ = "hitchpost"


class StoreError(HitchpostError):
    """The store cannot be opened, refuses a change, or does not answer. Nothing was changed."""

    __module__ = "hitchpost"


class SecretError(HitchpostError):
    """A secret cannot be encrypted or opened, or its reference leads nowhere."""

    __module__ = "hitchpost"


class UsageError(HitchpostError, ValueError):
    """An argument has a value that it cannot have; `path` is its name."""

    __module__ = "hitchpost"


class ApiError(HitchpostError):
    """A server refuses a call, or does not answer; `path` is the call's method and path.

    `code` is the one that the server gives, else `http-` and the status. Without an answer it is
    `unreachable` (nothing was sent), `no-answer` (it may have been carried out), `certificate`
    (the server cannot be trusted) or `no-token` (the file of the token cannot be used).
    """

    __module__ = "hitchpost"

    status: int | None
    """The HTTP status; `None` when there is no answer."""

    def __init__(
        self,
        message: str,
        code: str,
        path: str | None = None,
        help: str | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(message, code, path, help)
        self.args = (message, code, path, help, status)
        self.status = status
