"""Who asks a model registry, and whom to trust that it is one.

The token is the first of: the argument, `token_file` in the URI, `MODEL_REGISTRY_TOKEN`, the file
that `MODEL_REGISTRY_TOKEN_FILE` names, the Kubernetes service account's. Without any, calls are
anonymous. Files are read again when they change.

The certificate authorities are the first of: the argument, `ca_cert` in the URI,
`MODELREGISTRY_CA_CERT_PATH`, Kubernetes' own, the system's.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hitchpost._errors import UsageError

if TYPE_CHECKING:
    from .uri import Address

_logger = logging.getLogger("hitchpost.mlflow.client")


@dataclass(frozen=True)
class ServiceAccount:
    """The files that Kubernetes gives to a pod."""

    token: Path = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")
    """Its token, which is replaced from time to time."""
    ca: Path = Path("/run/secrets/kubernetes.io/serviceaccount/ca.crt")
    """The cluster's certificate authority."""


SERVICE_ACCOUNT = ServiceAccount()


@dataclass(frozen=True)
class Login:
    """How a client says who it is; shows no token."""

    token: str | None = field(default=None, repr=False)
    """The token itself."""
    token_file: Path | None = None
    """The file that it is in."""
    help: str = ""
    """What to do when the server does not know who asks."""


def login(
    address: Address,
    *,
    token: str | None,
    token_file: Path | None,
    token_over_http: bool,
    service_account: ServiceAccount,
) -> Login:
    """Finds the token for an address. Plain http gets none unless `token_over_http` is true.

    Raises `UsageError` for a file that is named but cannot be read.
    """
    found = _token(address, token, token_file, service_account)
    if found is None:
        return Login(help="set MODEL_REGISTRY_TOKEN, or name a file with `token_file` in the URI")
    found_token, found_file, place = found
    if not address.is_secure and not token_over_http:
        told = _logger.debug if found_file == service_account.token else _logger.warning
        told("The token from %s is not sent: %s is plain http", place, address.url)
        advice = "use https, or `token_over_http=true` in the URI where the network can be trusted"
        return Login(help=f"the token from {place} was not sent over plain http; {advice}")
    _logger.debug("Using the token from %s", place)
    return Login(found_token, found_file, f"see whether the token from {place} is still good")


def _token(
    address: Address, token: str | None, token_file: Path | None, service_account: ServiceAccount
) -> tuple[str | None, Path | None, str] | None:
    if token is not None:
        return token, None, "the argument"
    if token_file is None and "token_file" in address.options:
        token_file = Path(address.options["token_file"])
    if token_file is not None:
        return None, _readable(token_file, "token_file", "token"), f"`{token_file}`"
    if given := os.environ.get("MODEL_REGISTRY_TOKEN", "").strip():
        return given, None, "MODEL_REGISTRY_TOKEN"
    if named := os.environ.get("MODEL_REGISTRY_TOKEN_FILE"):
        path = _readable(Path(named), "MODEL_REGISTRY_TOKEN_FILE", "token")
        return None, path, f"`{path}`"
    if service_account.token.exists():
        return None, service_account.token, "the Kubernetes service account"
    return None


def authorities(
    address: Address, *, ca_cert: Path | None, service_account: ServiceAccount
) -> bytes | None:
    """The certificate authorities to trust as PEM; `None` for those of the system.

    Raises `UsageError` for a file that is named but cannot be read.
    """
    if not address.is_secure:
        _logger.debug("Using plain http, which has no certificates")
        return None
    if ca_cert is None and "ca_cert" in address.options:
        ca_cert = Path(address.options["ca_cert"])
    if ca_cert is not None:
        _logger.info("Using CA certificate: %s", ca_cert)
        return _readable(ca_cert, "ca_cert", "CA certificate").read_bytes()
    if named := os.environ.get("MODELREGISTRY_CA_CERT_PATH"):
        _logger.info(
            "Using CA certificate from environment variable MODELREGISTRY_CA_CERT_PATH: %s", named
        )
        path = _readable(Path(named), "MODELREGISTRY_CA_CERT_PATH", "CA certificate")
        return path.read_bytes()
    if service_account.ca.exists():
        _logger.info("Using Kubernetes default CA certificate: %s", service_account.ca)
        return _readable(service_account.ca, "Kubernetes", "CA certificate").read_bytes()
    _logger.info("Using system default CA bundle")
    return None


def _readable(path: Path, named_by: str, what: str) -> Path:
    try:
        path.open("rb").close()
    except OSError as error:
        message = f"the {what} `{path}` of {named_by} cannot be read: {error.strerror}"
        raise UsageError(message, "unreadable", named_by) from None
    return path
