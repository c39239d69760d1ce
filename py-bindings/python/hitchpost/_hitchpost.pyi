import builtins
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType, TracebackType
from typing import Any, Final, Literal, TypeVar, final, overload

from ._environment import Environment
from ._values import (
    Applied,
    ConfigurationValue,
    Endpoint,
    Explanation,
    Failure,
    LogEntry,
    Pin,
)

_Default = TypeVar("_Default")

__all__ = [
    "Binding",
    "Registry",
    "Resolution",
    "Secret",
    "TrackingClient",
    "__version__",
    "main",
    "openapi",
]

_Parameter = str | int | float | None | Sequence[str | int | float]

__version__: Final[str]

def main() -> int: ...
def openapi(
    entry: str | os.PathLike[str],
    /,
    *,
    root: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None = None,
    site_packages: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None = None,
    env: Mapping[str, str] | None = None,
    versions: Mapping[Literal["fastapi", "pydantic", "python"], str] | None = None,
    version: Literal["3.1", "3.0"] = "3.1",
    strict: bool = False,
    cache: bool = True,
) -> dict[str, Any]: ...

@final
class Registry:
    @staticmethod
    def open(url: str | os.PathLike[str] | None = None, /) -> Registry: ...
    @staticmethod
    def from_yaml(text: str, /) -> Registry: ...
    @property
    def revision(self) -> int: ...
    def apply(
        self,
        source: str | os.PathLike[str] | dict[str, Any] | Sequence[dict[str, Any]],
        /,
        *,
        prune: bool = False,
        dry_run: bool = False,
        force: bool = False,
        expect: Mapping[str, int] | None = None,
        who: str | None = None,
    ) -> Applied: ...
    def get(self, name: str, /) -> dict[str, Any]: ...
    def list(self) -> builtins.list[dict[str, Any]]: ...
    def delete(
        self,
        name: str,
        /,
        *,
        force: bool = False,
        expect: int | None = None,
        who: str | None = None,
    ) -> Applied: ...
    def history(
        self, name: str | None = None, /, *, limit: int | None = None
    ) -> builtins.list[LogEntry]: ...
    def resolve(
        self,
        *,
        extension: str | None = None,
        product: str | None = None,
        instance: str | None = None,
        service: str | None = None,
        service_type: str | None = None,
        service_name: str | None = None,
        category: str | None = None,
        version: str | None = None,
        labels: Mapping[str, str] | None = None,
        endpoint: str | None = None,
        profile: str | None = None,
        env: Mapping[str, str] | None = None,
        prefix: str | None = None,
        project: str | None = None,
        user: str | None = None,
        groups: Sequence[str] | None = None,
        workflow: str | None = None,
        zone: str | None = None,
        on_ambiguity: Literal["fail", "first"] = "fail",
    ) -> Binding: ...
    def resolve_all(
        self,
        requirements: Sequence[dict[str, Any]],
        /,
        *,
        project: str | None = None,
        user: str | None = None,
        groups: Sequence[str] | None = None,
        workflow: str | None = None,
        zone: str | None = None,
        on_ambiguity: Literal["fail", "first"] = "fail",
    ) -> Resolution: ...
    def resolve_step(
        self,
        path: str | os.PathLike[str],
        /,
        *,
        step: str,
        project: str | None = None,
        user: str | None = None,
        groups: Sequence[str] | None = None,
        workflow: str | None = None,
        zone: str | None = None,
        on_ambiguity: Literal["fail", "first"] = "fail",
    ) -> Resolution: ...
    def explain(
        self,
        *,
        extension: str | None = None,
        product: str | None = None,
        instance: str | None = None,
        service: str | None = None,
        service_type: str | None = None,
        service_name: str | None = None,
        category: str | None = None,
        version: str | None = None,
        labels: Mapping[str, str] | None = None,
        endpoint: str | None = None,
        profile: str | None = None,
        env: Mapping[str, str] | None = None,
        prefix: str | None = None,
        project: str | None = None,
        user: str | None = None,
        groups: Sequence[str] | None = None,
        workflow: str | None = None,
        zone: str | None = None,
        on_ambiguity: Literal["fail", "first"] = "fail",
    ) -> Explanation: ...
    def explain_all(
        self,
        requirements: Sequence[dict[str, Any]],
        /,
        *,
        project: str | None = None,
        user: str | None = None,
        groups: Sequence[str] | None = None,
        workflow: str | None = None,
        zone: str | None = None,
        on_ambiguity: Literal["fail", "first"] = "fail",
    ) -> tuple[Explanation, ...]: ...
    def environment(
        self,
        needs: str | os.PathLike[str] | Sequence[dict[str, Any]] | None = None,
        /,
        *,
        step: str | None = None,
        extension: str | None = None,
        product: str | None = None,
        instance: str | None = None,
        service: str | None = None,
        service_type: str | None = None,
        service_name: str | None = None,
        category: str | None = None,
        version: str | None = None,
        labels: Mapping[str, str] | None = None,
        endpoint: str | None = None,
        profile: str | None = None,
        env: Mapping[str, str] | None = None,
        prefix: str | None = None,
        project: str | None = None,
        user: str | None = None,
        groups: Sequence[str] | None = None,
        workflow: str | None = None,
        zone: str | None = None,
        on_ambiguity: Literal["fail", "first"] = "fail",
    ) -> Environment: ...
    def close(self) -> None: ...
    def __enter__(self) -> Registry: ...
    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

@final
class Resolution:
    @property
    def revision(self) -> int: ...
    @property
    def bindings(self) -> tuple[Binding, ...]: ...
    @property
    def failures(self) -> tuple[Failure, ...]: ...
    @property
    def env(self) -> MappingProxyType[str, str | Secret]: ...
    def raise_for_failures(self) -> None: ...
    def reveal_env(self) -> dict[str, str]: ...
    def to_dict(self, *, reveal: bool = False) -> dict[str, Any]: ...
    def export(
        self,
        format: Literal["json", "shell", "dotenv", "k8s", "airflow"],
        /,
        *,
        docker: bool = False,
        name: str | None = None,
        namespace: str | None = None,
    ) -> str: ...
    def __getitem__(self, handle: str, /) -> Binding: ...
    def __contains__(self, handle: str, /) -> bool: ...
    def __eq__(self, other: object, /) -> bool: ...

@final
class Binding:
    @property
    def name(self) -> str: ...
    @property
    def extension(self) -> str: ...
    @property
    def product(self) -> str: ...
    @property
    def instance(self) -> str: ...
    @property
    def version(self) -> str | None: ...
    @property
    def service(self) -> str: ...
    @property
    def service_type(self) -> str: ...
    @property
    def category(self) -> str | None: ...
    @property
    def endpoint(self) -> Endpoint | None: ...
    @property
    def url(self) -> str | None: ...
    @property
    def profile(self) -> str | None: ...
    @property
    def zone(self) -> str: ...
    @property
    def expires_at(self) -> datetime | None: ...
    @property
    def configuration(self) -> tuple[ConfigurationValue, ...]: ...
    @property
    def env(self) -> MappingProxyType[str, str | Secret]: ...
    @property
    def pin(self) -> Pin: ...
    @overload
    def get(self, key: str, default: None = None, /) -> str | Secret | None: ...
    @overload
    def get(self, key: str, default: _Default, /) -> str | Secret | _Default: ...
    def reveal_env(self) -> dict[str, str]: ...
    def to_dict(self, *, reveal: bool = False) -> dict[str, Any]: ...
    def __getitem__(self, key: str, /) -> str | Secret: ...
    def __contains__(self, key: str, /) -> bool: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Secret:
    def reveal(self) -> str: ...
    def __format__(self, format_spec: str, /) -> str: ...

@final
class TrackingClient:
    def __new__(
        cls,
        url: str,
        /,
        *,
        token: str | None = None,
        token_file: str | os.PathLike[str] | None = None,
        ca: bytes | None = None,
        connect_timeout: float = 5.0,
        timeout: float = 120.0,
        retries: int = 5,
        login_help: str | None = None,
    ) -> TrackingClient: ...
    @property
    def url(self) -> str: ...
    def request(
        self,
        method: Literal["GET", "POST", "PATCH", "PUT", "DELETE"],
        path: str,
        /,
        *,
        params: Mapping[str, _Parameter] | None = None,
        json: object = None,
        idempotent: bool | None = None,
    ) -> Any: ...  # noqa: ANN401  JSON
    def metric_history(
        self, path: str, /, *, params: Mapping[str, _Parameter] | None = None
    ) -> tuple[builtins.list[int], builtins.list[int], builtins.list[float]]: ...
