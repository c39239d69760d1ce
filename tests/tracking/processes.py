"""The servers that the tests talk to, each a process of its own."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

DEADLINE = 180
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


def hitchpost() -> str:
    """The command under test: `HITCHPOST`, else the one of this Python, else that on the PATH."""
    beside = Path(sys.executable).with_name("hitchpost")
    named = os.environ.get("HITCHPOST")
    return named or (str(beside) if beside.exists() else shutil.which("hitchpost") or "hitchpost")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Way:
    """A port that hands on what it gets to a server. While it is closed, nothing listens there."""

    def __init__(self, host: str, port: int) -> None:
        self.server = (host, port)
        self.port = 0
        self.sockets: list[socket.socket] = []

    def __enter__(self) -> Way:
        self.open()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def open(self) -> None:
        listener = socket.create_server(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        self.sockets = [listener]
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def close(self) -> None:
        for each in self.sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(self.server)
                self.sockets += [near, far]
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self._hand_on, args=pair, daemon=True).start()

    def _hand_on(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                sink.sendall(data)
        for each in (source, sink):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


class Server:
    """A process that listens, with its log. Killed when the `with` block ends."""

    def __init__(
        self, command: list[str], log: Path, environment: dict[str, str] | None = None
    ) -> None:
        self.command = command
        self.log_file = log
        self.environment = {**os.environ, **(environment or {})}
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *_exception: object) -> None:
        self.kill()

    def start(self) -> None:
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment,
            )
        self.wait_until_it_answers()

    def wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + DEADLINE
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.command} did not start:\n{self.log()}")
            time.sleep(0.01)

    def answers(self) -> bool:
        raise NotImplementedError

    def log(self) -> str:
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def kill(self) -> None:
        """SIGKILL to it and all that it started: nothing can be written out any more."""
        if self.process is not None and self.process.poll() is None:
            for process in self.family():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            self.process.wait()

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=DEADLINE)

    def family(self) -> list[int]:
        """The process and all that it started."""
        children: dict[int, list[int]] = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError, ValueError):
                fields = stat.read_text().rpartition(")")[2].split()
                children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
        found = [self.process.pid]
        for process in found:
            found += children.get(process, [])
        return found

    def cpu_seconds(self) -> float:
        """User and system time of the whole family, ended children included."""
        total = 0
        for process in self.family():
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
                total += sum(int(field) for field in fields[11:15])
        return total / CLOCK_TICKS

    def memory_mebibytes(self) -> float:
        """What the whole family holds now, shared pages divided among those that share them."""
        total = 0
        for process in self.family():
            with contextlib.suppress(OSError):
                rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
                total += int(re.search(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)[1])
        return total / 1024


class Hitchpost(Server):
    """`hitchpost model-registry` on a store. It says itself where it listens."""

    def __init__(
        self, store: str, log: Path, *options: str, port: int = 0, **environment: str
    ) -> None:
        self.port = port
        self.url = ""
        command = [hitchpost(), "model-registry", "--host", "127.0.0.1", "--port", str(port)]
        super().__init__([*command, "--store", store, *options], log, environment)

    def start(self) -> None:
        self.listened_before = self.log().count("listening on ")
        super().start()

    def answers(self) -> bool:
        said = re.findall(r"listening on (https?://\S+)", self.log())
        if len(said) <= self.listened_before:
            return False
        self.url = said[-1].rstrip("/")
        self.port = int(self.url.rpartition(":")[2])
        # A server that is started again listens where it did.
        self.command[self.command.index("--port") + 1] = str(self.port)
        return True

    @property
    def tracking_uri(self) -> str:
        scheme = "modelregistry+https" if self.url.startswith("https") else "modelregistry"
        return f"{scheme}://{self.url.partition('://')[2]}"


class Http(Server):
    """A server that is up when it answers a GET with 200."""

    health = ""

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.health, timeout=2):
                return True
        except OSError:
            return False


class Mlflow(Http):
    """`mlflow server` with its SQL store. One worker, and nothing beside it: the leanest way."""

    def __init__(self, store: str, artifacts: Path, log: Path, workers: int = 1) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.health = f"{self.url}/health"
        command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", store]
        command += ["--artifacts-destination", str(artifacts), "--workers", str(workers)]
        command += ["--host", "127.0.0.1", "--port", str(port)]
        quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
        super().__init__(command, log, quiet)

    @property
    def tracking_uri(self) -> str:
        return self.url


class Upstream(Http):
    """Kubeflow's own model registry, on an empty database."""

    def __init__(self, program: Path, database: str, log: Path) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.health = f"{self.url}/readyz/health"
        command = [str(program), "proxy", "--hostname", "127.0.0.1", "--port", str(port)]
        command += ["--embedmd-database-type", "postgres"]
        command += ["--embedmd-database-dsn", f"{database}?sslmode=disable"]
        super().__init__(command, log)

    @property
    def tracking_uri(self) -> str:
        return f"modelregistry://{self.url.partition('://')[2]}"
