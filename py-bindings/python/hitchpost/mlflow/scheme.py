"""`hitchpost://SERVICE?FIELD=VALUE&…`: where MLflow keeps things, as the registry of tools says.

The service is wanted by type or name, as in `Registry.resolve`. The fields are those of a
requirement (`extension`, `product`, `instance`, `version`, `endpoint`, `profile`,
`label=NAME=VALUE`, …) and of who asks (`project`, `user`, `group`, `workflow`, `zone`), for which
`HITCHPOST_PROJECT`, `HITCHPOST_USER` and `HITCHPOST_ZONE` hold otherwise. The registry is the one
that `Registry.open()` opens.

What is found is an MLflow server, which MLflow's own stores then talk to, or a model registry,
which the stores of this package do. Its account goes with the requests: no variable of the
environment is set. It is sent over https, over plain http to this machine, and over plain http to
an internal endpoint.

>>> wanted("hitchpost://mlflow-tracking?version=>=2&label=team=data")
{'service': 'mlflow-tracking', 'version': '>=2', 'labels': {'team': 'data'}}
"""

from __future__ import annotations

import logging
import os
import threading
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import hitchpost
from hitchpost._errors import UsageError

from .uri import query

if TYPE_CHECKING:
    from mlflow.store.artifact.artifact_repo import ArtifactRepository
    from mlflow.store.model_registry.abstract_store import AbstractStore as RegistryStore
    from mlflow.store.tracking.abstract_store import AbstractStore as TrackingStore
    from mlflow.utils.rest_utils import MlflowHostCreds

    from .client import Client

_logger = logging.getLogger("hitchpost.mlflow")

FIELDS = [
    "extension",
    "product",
    "instance",
    "service",
    "service_type",
    "service_name",
    "category",
    "version",
    "endpoint",
    "profile",
    "project",
    "user",
    "workflow",
    "zone",
    "on_ambiguity",
]
CONTEXT = {"project": "HITCHPOST_PROJECT", "user": "HITCHPOST_USER", "zone": "HITCHPOST_ZONE"}

MLFLOW = frozenset({"mlflow-tracking", "mlflow-registry"})
MODEL_REGISTRY = frozenset({"kubeflow-model-registry"})


def tracking_store(store_uri: str, artifact_uri: str | None = None) -> TrackingStore:
    """The tracking store of what is found."""
    found = resolve(store_uri)
    if found.service_type in MLFLOW:
        from mlflow.store.tracking.rest_store import RestStore

        return RestStore(lambda: credentials(resolve(store_uri)))
    from .tracking_store import TrackingStore

    return TrackingStore(_address(found), artifact_uri, client=_client(found))


def registry_store(store_uri: str, tracking_uri: str | None = None) -> RegistryStore:
    """The store of registered models of what is found."""
    found = resolve(store_uri)
    if found.service_type in MLFLOW:
        from mlflow.store.model_registry.rest_store import RestStore

        return RestStore(lambda: credentials(resolve(store_uri)))
    from .registry_store import RegistryStore

    return RegistryStore(_address(found), tracking_uri, client=_client(found))


def artifact_repository(
    artifact_uri: str, *more: str | None, **named: str | None
) -> ArtifactRepository:
    """The artifacts of an MLflow server that hands them on itself (`mlflow-artifacts:`).

    MLflow looks for them at the tracking URI, which must be one of http. Where it is one of this
    scheme, they are at the server that is found; otherwise this is what MLflow does.
    """
    from mlflow.store.artifact.mlflow_artifacts_repo import MlflowArtifactsRepository
    from mlflow.tracking import get_tracking_uri

    given = more[0] if more else named.get("tracking_uri")
    uri = given or get_tracking_uri()
    if not uri.startswith("hitchpost:"):
        return MlflowArtifactsRepository(artifact_uri, *more, **named)
    from ._artifacts import Artifacts

    return Artifacts(artifact_uri, *more, **named)


_opened: list[hitchpost.Registry] = []
_opening = threading.Lock()


def resolve(uri: str) -> hitchpost.Binding:
    """What the URI stands for now: an MLflow server or a model registry, which has a URL.

    Raises `UsageError`, `ResolutionError` or `StoreError`.
    """
    with _opening:
        if not _opened:
            _opened.append(hitchpost.Registry.open())
    found = _opened[0].resolve(**wanted(uri))
    if found.service_type not in MLFLOW | MODEL_REGISTRY:
        message = f"`{found.service}` of `{found.extension}` is of the type `{found.service_type}`"
        known = ", ".join(sorted(MLFLOW | MODEL_REGISTRY))
        raise UsageError(message, "wrong-service", "store_uri", f"MLflow can use {known}")
    if found.url is None:
        message = f"`{found.service}` of `{found.extension}` has no URL"
        raise UsageError(message, "no-url", "store_uri")
    return found


def wanted(uri: str) -> dict[str, Any]:
    """The arguments of `Registry.resolve` that stand in a URI and in the environment.

    Raises `UsageError`.
    """
    parts = urlsplit(uri)
    fields: dict[str, Any] = {}
    if parts.path.strip("/") or "@" in parts.netloc or parts.fragment:
        message = "a URI of hitchpost is `hitchpost://SERVICE?FIELD=VALUE&…`"
        raise UsageError(message, "invalid-uri", "store_uri")
    if parts.netloc:
        fields["service"] = unquote(parts.netloc)
    for name, value in query(parts.query):
        if name == "group":
            fields.setdefault("groups", []).append(value)
        elif name == "label":
            label, _, text = value.partition("=")
            fields.setdefault("labels", {})[label] = text
        elif name in FIELDS and name not in fields:
            fields[name] = value
        else:
            why = "stands twice" if name in FIELDS else "is no field of a requirement"
            help = f"there are {', '.join(FIELDS)}, group, label"
            raise UsageError(f"`{name}` {why}", "invalid-uri", "store_uri", help)
    for field, variable in CONTEXT.items():
        if field not in fields and (given := os.environ.get(variable)):
            fields[field] = given
    return fields


def credentials(found: hitchpost.Binding, host: str | None = None) -> MlflowHostCreds:
    """How MLflow reaches a server of its own."""
    from mlflow.utils.rest_utils import MlflowHostCreds

    def value(name: str) -> str | None:
        return _text(found, f"MLFLOW_TRACKING_{name}")

    given: dict[str, Any] = {
        "client_cert_path": value("CLIENT_CERT_PATH"),
        "server_cert_path": value("SERVER_CERT_PATH"),
        "ignore_tls_verification": (value("INSECURE_TLS") or "").lower() in {"1", "true"},
    }
    if _may_have_secrets(found):
        for name in ("USERNAME", "PASSWORD", "TOKEN", "AUTH"):
            given[name.lower()] = value(name)
    return MlflowHostCreds(host or found.url, **given)


def _client(found: hitchpost.Binding) -> Client:
    """A client of a model registry, with the account that was found."""
    from .client import connect

    return connect(
        _address(found),
        token=_text(found, "MODEL_REGISTRY_TOKEN"),
        token_file=_text(found, "KF_PIPELINES_SA_TOKEN_PATH"),
        ca_cert=_text(found, "MODELREGISTRY_CA_CERT_PATH"),
        token_over_http=_may_have_secrets(found),
    )


def _address(found: hitchpost.Binding) -> str:
    """The URI of a model registry that has a URL."""
    parts = urlsplit(found.url or "")
    host = parts.netloc.rpartition("@")[2]
    if parts.port is None:
        host = f"{host.rstrip(':')}:{443 if parts.scheme == 'https' else 80}"
    return f"modelregistry+{parts.scheme}://{host}{parts.path}"


def _may_have_secrets(found: hitchpost.Binding) -> bool:
    """Whether secrets may be sent: over https, to this machine, or within the caller's own zone."""
    parts = urlsplit(found.url or "")
    host = (parts.hostname or "").rstrip(".")
    is_internal = found.endpoint is not None and found.endpoint.type in {"internal", "cluster-api"}
    if parts.scheme == "https" or is_internal or _is_loopback(host):
        return True
    _logger.warning(
        "The account of `%s` is not sent to %s: it is plain http and not internal",
        found.extension,
        host,
    )
    return False


def _is_loopback(host: str) -> bool:
    """Whether a host is this machine. `localhost` is by RFC 6761, section 6.3."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _text(found: hitchpost.Binding, key: str) -> str | None:
    value = found.get(key)
    return value.reveal() if isinstance(value, hitchpost.Secret) else value
