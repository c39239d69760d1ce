"""A server that answers what it is told to, and keeps what it was asked."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator
    from types import TracebackType


@dataclass
class Answer:
    status: int = 200
    body: object = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    drop: bool = False
    """Close the connection without a word."""
    reset: bool = False
    """The same, rudely."""
    close: bool = False
    """Close the connection after the answer, without saying so."""


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    peer: int

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Loopback:
    def __init__(self, context: ssl.SSLContext | None = None, port: int = 0) -> None:
        self.asked: list[Asked] = []
        self.answers: list[Answer] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.port = self._server.server_address[1]

    def __enter__(self) -> Loopback:
        self._thread.start()
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def then(self, *answers: Answer) -> Loopback:
        """What comes next, one for each request; `200 {}` after them."""
        self.answers += answers
        return self

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        loopback = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # An answer must not wait for the acknowledgement of its headers.
            disable_nagle_algorithm = True

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except OSError:
                    self.close_connection = True

            def do_GET(self) -> None:
                self.answer()

            def do_POST(self) -> None:
                self.answer()

            def do_PATCH(self) -> None:
                self.answer()

            def do_DELETE(self) -> None:
                self.answer()

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                peer = self.client_address[1]
                asked = Asked(self.command, self.path, headers, body, peer)
                with loopback._lock:
                    loopback.asked.append(asked)
                    answer = loopback.answers.pop(0) if loopback.answers else Answer()
                time.sleep(answer.delay)
                if answer.drop or answer.reset:
                    if answer.reset:
                        linger = struct.pack("ii", 1, 0)
                        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    else:
                        self.connection.shutdown(socket.SHUT_RDWR)
                    self.close_connection = True
                    return
                text = (
                    answer.body
                    if isinstance(answer.body, bytes)
                    else json.dumps(answer.body).encode()
                )
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if "Content-Length" not in answer.headers:
                    self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)
                self.wfile.flush()
                self.close_connection = answer.close

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def values() -> Iterator[object]:
    """What JSON can hold."""
    yield from [None, True, False, 0, -1, 2**63 - 1, -(2**63), 2**64 - 1, 0.1, -1e300, 5e-324]
    yield from ["", 'ü\n"\\\0\U0001f600', [], {}, [[1], {"a": [None]}], {"": {"a.b": "c", "ä": 1}}]
