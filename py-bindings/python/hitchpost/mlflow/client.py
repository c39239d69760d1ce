"""The client of a model registry's API. It needs no MLflow."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hitchpost._errors import ApiError, UsageError
from hitchpost._hitchpost import TrackingClient

from . import auth
from .uri import Address, parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    _Parameter = str | int | float | bool | None | Sequence[str | int | float]

__all__ = ["ApiError", "Client", "connect"]

VERSIONS = ("v1alpha3", "v1")
"""The API's versions, the first of which has experiments too."""

_ADVICE = "see that it is one, and that the URI has the path that stands before `/api`"


def connect(
    uri: str,
    *,
    token: str | None = None,
    token_file: str | os.PathLike[str] | None = None,
    ca_cert: str | os.PathLike[str] | None = None,
    token_over_http: bool | None = None,
    service_account: auth.ServiceAccount = auth.SERVICE_ACCOUNT,
) -> Client:
    """A client for the URI of a model registry; nothing is sent yet.

    `hitchpost.mlflow.uri` says what stands in the URI, `hitchpost.mlflow.auth` where the token and
    the certificate authorities come from. `MLFLOW_HTTP_REQUEST_TIMEOUT` and
    `MLFLOW_HTTP_REQUEST_MAX_RETRIES` hold where the URI has no `timeout` and `retries`.

    Raises `UsageError`.
    """
    address = parse(uri)
    options = address.options
    if token_over_http is None:
        token_over_http = _flag(options, "token_over_http")
    login = auth.login(
        address,
        token=token,
        token_file=None if token_file is None else Path(token_file),
        token_over_http=token_over_http,
        service_account=service_account,
    )
    ca = auth.authorities(
        address,
        ca_cert=None if ca_cert is None else Path(ca_cert),
        service_account=service_account,
    )
    http = TrackingClient(
        address.url,
        token=login.token,
        token_file=login.token_file,
        ca=ca,
        connect_timeout=_number(options, "connect_timeout", None, 5.0),
        timeout=_number(options, "timeout", "MLFLOW_HTTP_REQUEST_TIMEOUT", 120.0),
        retries=int(_number(options, "retries", "MLFLOW_HTTP_REQUEST_MAX_RETRIES", 5)),
        login_help=login.help,
    )
    return Client(http, address)


class Client:
    """Calls a model registry. Threads may share it, and a forked child may go on with it.

    `path` is that of the API, after the URI's own. `params` become the query, of which those that
    are `None` are left out. Calls that only read, and those said to be `idempotent`, are tried
    again when there is no answer; others only when they were surely not carried out.

    All calls raise `ApiError`.
    """

    def __init__(self, http: TrackingClient, address: Address) -> None:
        self._http = http
        self._address = address
        self._features: frozenset[str] | None = None
        self._api: str | None = None
        if (version := address.options.get("api")) is not None:
            if version not in VERSIONS:
                message = f"there is no version `{version}` of the API"
                help = f"there are {' and '.join(VERSIONS)}"
                raise UsageError(message, "invalid-option", "api", help)
            self._api = _base(version)

    @property
    def uri(self) -> str:
        """The http or https URL; no secret is in it."""
        return self._http.url

    @property
    def options(self) -> Mapping[str, str]:
        """The options of the URI."""
        return self._address.options

    def get(self, path: str, params: Mapping[str, _Parameter] | None = None) -> Any:  # noqa: ANN401 JSON
        """Reads; returns what the JSON says, which is an object in all of the API."""
        answer = self._http.request("GET", path, params=params)
        if not isinstance(answer, dict):
            message = f"there is no model registry at {self.uri}: the answer is no JSON object"
            raise ApiError(message, "not-json", f"GET {path}", _ADVICE, 200)
        return answer

    def post(
        self,
        path: str,
        json: object = None,
        *,
        params: Mapping[str, _Parameter] | None = None,
        idempotent: bool = False,
    ) -> Any:  # noqa: ANN401 JSON
        """Creates, or searches; returns what the JSON says, `None` for an empty answer."""
        return self._http.request("POST", path, params=params, json=json, idempotent=idempotent)

    def patch(
        self,
        path: str,
        json: object,
        *,
        params: Mapping[str, _Parameter] | None = None,
        idempotent: bool = False,
    ) -> Any:  # noqa: ANN401 JSON
        """Changes; returns what the JSON says."""
        return self._http.request("PATCH", path, params=params, json=json, idempotent=idempotent)

    def delete(self, path: str) -> Any:  # noqa: ANN401 JSON
        """Deletes; returns what the JSON says, `None` for an empty answer."""
        return self._http.request("DELETE", path)

    def metric_history(
        self, path: str, params: Mapping[str, _Parameter] | None = None
    ) -> tuple[list[int], list[int], list[float]]:
        """All pages of a metric's history: its steps, timestamps and values."""
        return self._http.metric_history(path, params=params)

    def features(self) -> frozenset[str]:
        """What the server does beyond the model registry's API: none for one that is not ours."""
        if self._features is None:
            try:
                answer = self.get("/api/hitchpost/v1/features")
            except ApiError as error:
                # Another server, or what stands before it, may answer anything to this.
                is_other = error.code == "not-json" or (
                    error.status is not None and error.status < 500 and error.status != 401
                )
                if not is_other:
                    raise
                answer = None
            is_ours = answer is not None and answer.get("product") == "hitchpost"
            self._features = frozenset(answer.get("features", ())) if is_ours else frozenset()
        return self._features

    def api(self) -> str:
        """The path of the newest version of the API that has all this plugin can use.

        The server is asked once, unless the URI names a version.
        """
        if self._api is None:
            self._api = self._probe()
        return self._api

    def _probe(self) -> str:
        gone: list[ApiError] = []
        for version in VERSIONS:
            try:
                self.get(f"{_base(version)}/registered_models", {"pageSize": 1})
            except ApiError as error:
                if error.status not in {404, 405, 410}:
                    raise
                gone.append(error)
            else:
                return _base(version)
        message = f"there is no model registry at {self.uri}: {gone[0].message}"
        raise ApiError(message, "no-api", gone[0].path, _ADVICE, gone[0].status)

    def __repr__(self) -> str:
        return f"<hitchpost.mlflow.Client {self.uri}>"


def _base(version: str) -> str:
    return f"/api/model_registry/{version}"


def _number(options: Mapping[str, str], name: str, variable: str | None, default: float) -> float:
    given = options.get(name)
    if given is None and variable is not None:
        given, name = os.environ.get(variable), variable
    if given is None:
        return default
    try:
        number = float(given)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e6:
        raise UsageError(f"`{given}` is no number for {name}", "invalid-option", name)
    return number


def _flag(options: Mapping[str, str], name: str) -> bool:
    given = options.get(name, "false").lower()
    if given not in {"true", "false"}:
        raise UsageError(f"`{given}` is not true or false", "invalid-option", name)
    return given == "true"
