"""The URIs of a model registry, as MLflow is given them.

`modelregistry://HOST[:PORT][/PREFIX][?OPTION=VALUE&…]`, where `modelregistry` and
`modelregistry+http` speak http (port 8080 when none is given), and `modelregistry+https` speaks
https (port 443). The prefix stands before the API's own path, as behind an ingress.

>>> parse("modelregistry+https://registry.example.com/kubeflow?timeout=30").url
'https://registry.example.com:443/kubeflow'
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from hitchpost._errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMES = {"modelregistry": "http", "modelregistry+http": "http", "modelregistry+https": "https"}
PORTS = {"http": 8080, "https": 443}

OPTIONS: Mapping[str, str] = {
    "api": "`v1alpha3` or `v1`, when it is not to be found out",
    "artifact_uri": "where artifacts are kept",
    "ca_cert": "the path of the certificate authorities to trust (PEM)",
    "connect_timeout": "seconds to connect",
    "retries": "how often a call is tried again",
    "timeout": "seconds to wait for the server",
    "token_file": "the path of the bearer token",
    "token_over_http": "`true` to send the token over plain http too",
}
"""What may stand after the `?`."""


@dataclass(frozen=True)
class Address:
    """Where a model registry is, and how it is spoken to."""

    url: str
    """`http` or `https`, with host, port and prefix, without a slash at the end."""
    options: Mapping[str, str]
    """The options of the URI, by name."""

    @property
    def is_secure(self) -> bool:
        """Whether nobody on the way can read what is sent."""
        return self.url.startswith("https:")


def parse(uri: str) -> Address:
    """Reads a URI.

    Raises `UsageError`; the URI is not in its message, as it may have a password in it.

    >>> parse("modelregistry://localhost").url
    'http://localhost:8080'
    >>> parse("modelregistry://[::1]:9000/a/?retries=0")
    Address(url='http://[::1]:9000/a', options={'retries': '0'})
    >>> parse("modelregistry://localhost?timeuot=3")
    Traceback (most recent call last):
    hitchpost.UsageError: there is no option `timeuot` in the URI ... (did you mean `timeout`?)
    """
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError as error:
        raise _malformed(str(error)) from None
    scheme = SCHEMES.get(parts.scheme)
    if scheme is None:
        raise _malformed(f"its scheme is not one of {', '.join(SCHEMES)}")
    if "@" in parts.netloc:
        raise _malformed("a user or a password in it is not used", "give a token")
    if not parts.hostname:
        raise _malformed("it has no host")
    if parts.fragment:
        raise _malformed("there is something after `#`")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    url = f"{scheme}://{host}:{port or PORTS[scheme]}{parts.path.rstrip('/')}"
    return Address(url, _options(parts.query))


def query(text: str) -> list[tuple[str, str]]:
    """The names and values of a query. A `+` stands for itself, as it does in versions.

    >>> query("version=>=2&label=team%3Ddata")
    [('version', '>=2'), ('label', 'team=data')]
    """
    pairs = (pair.partition("=") for pair in text.split("&") if pair)
    return [(unquote(name), unquote(value)) for name, _, value in pairs]


def _options(text: str) -> dict[str, str]:
    options: dict[str, str] = {}
    for name, value in query(text):
        if name == "token":
            raise _malformed("a token would be shown with it", "use MODEL_REGISTRY_TOKEN")
        if name not in OPTIONS:
            near = difflib.get_close_matches(name, OPTIONS, 1)
            help = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(OPTIONS)}"
            message = f"there is no option `{name}` in the URI of a model registry"
            raise UsageError(message, "unknown-option", "store_uri", help)
        if name in options:
            raise _malformed(f"it has `{name}` twice")
        options[name] = value
    return options


def _malformed(why: str, help: str | None = None) -> UsageError:
    message = f"the URI of the model registry cannot be used: {why}"
    return UsageError(message, "invalid-uri", "store_uri", help)
