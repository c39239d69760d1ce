"""Hitchpost's main job, with a real MLflow server.

Registers tools, resolves what the steps of a workflow need, runs a training step that finds its
tracking server only through the registry, moves the server, and runs the same step again.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import hitchpost

HERE = Path(__file__).parent
WIDTH = 78


def main() -> None:
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hitchpost-demo-") as folder:
        demo = Demo(Path(folder))
        try:
            demo.run()
        finally:
            demo.stop()
    print(f"\nDone in {time.monotonic() - started:.1f} s. To try next:\n")
    print("    . .venv/bin/activate")
    print("    hitchpost catalog list")
    print("    hitchpost apply -f examples/tools")
    print("    hitchpost resolve --service mlflow-tracking --zone local --explain")
    print("    hitchpost export --format shell --service mlflow-tracking --zone local")


class Demo:
    """One run of the demo, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.servers: list[subprocess.Popen[bytes]] = []
        self.environment = {
            **os.environ,
            "HITCHPOST_STORE": f"sqlite://{folder}/registry.db",
            "HITCHPOST_KEY_FILE": str(folder / "key"),
            "HITCHPOST_ZONE": "local",
            "GIT_PYTHON_REFRESH": "quiet",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "COLUMNS": str(WIDTH),
        }
        os.environ.update(self.environment)

    def run(self) -> None:
        first_port, second_port = free_port(), free_port()
        first = self.start_mlflow(first_port)

        heading("1. Register the tools: once, where they are and who may use which account")
        tools = self.folder / "tools"
        shutil.copytree(HERE / "tools", tools)
        self.point_record(tools / "mlflow.yaml", 5000, first_port)
        self.hitchpost("apply", "-f", str(tools))
        self.hitchpost("get")

        heading("2. What does the training step need, and what does it get?")
        self.show_workflow("trainer")
        self.hitchpost("resolve", *self.step("trainer"), "--explain")

        heading("3. Run it: the script finds MLflow only through its environment")
        self.wait_for(first_port)
        train = ("run", *self.step("trainer"), "--", sys.executable, str(HERE / "train.py"))
        # The new server starts while the old one is still at work.
        self.start_mlflow(second_port)
        self.hitchpost(*train)
        self.read_back(first_port)

        heading(
            f"4. The server moves from port {first_port} to {second_port}; its record is updated"
        )
        self.wait_for(second_port)
        first.terminate()
        self.point_record(tools / "mlflow.yaml", first_port, second_port)
        self.hitchpost("diff", "-f", str(tools))
        self.hitchpost("apply", "-f", str(tools))

        heading("5. The same step again, untouched")
        first.wait(timeout=10)
        self.hitchpost(*train)
        self.read_back(second_port)

        heading("6. A portable step: KServe where there is one, else Seldon Core")
        self.show_workflow("predictor")
        self.hitchpost("resolve", *self.step("predictor"), "--project", "alpha")
        print("\n  ... and where KServe is not within reach:\n")
        self.hitchpost("resolve", *self.step("predictor"), "--project", "alpha", "--zone", "edge")

        heading("7. A step that cannot be served says why")
        self.hitchpost("resolve", *self.step("archiver"), "--project", "alpha", expected=7)
        self.hitchpost("resolve", "--service", "seldon-core-api", "--project", "gamma", expected=8)

        heading("8. The same from Python")
        self.from_python()

    def from_python(self) -> None:
        registry = hitchpost.Registry.open()
        platform = registry.resolve(service="seldon-core-api", project="alpha")
        print("  >>> registry = hitchpost.Registry.open()")
        print('  >>> platform = registry.resolve(service="seldon-core-api", project="alpha")')
        print(f"  >>> platform.url\n  {platform.url!r}")
        print(f'  >>> platform["CLIENT_KEY"]\n  {platform["CLIENT_KEY"]!r}')

    def step(self, name: str) -> tuple[str, ...]:
        return ("-f", str(HERE / "workflow.yaml"), "--step", name)

    def hitchpost(self, *arguments: str, expected: int = 0) -> None:
        shown = " ".join(quoted(argument, self.folder) for argument in arguments)
        print(f"  $ hitchpost {shown}")
        done = subprocess.run(
            ["hitchpost", *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        for line in done.stdout.splitlines():
            print(f"  {line.replace(str(self.folder), '…')}")
        if expected:
            print(f"  (exit code {done.returncode})")
        print()
        if done.returncode != expected:
            sys.exit(f"exit code {done.returncode} where {expected} was expected")

    def show_workflow(self, step: str) -> None:
        """Print a step of the workflow as it is written."""
        lines = (HERE / "workflow.yaml").read_text().splitlines()
        start = lines.index(f"  - name: {step}")
        print(f"  {lines[start]}")
        for line in lines[start + 1 :]:
            if line.startswith("  - name:"):
                break
            print(f"  {line}")
        print()

    def point_record(self, record: Path, old_port: int, new_port: int) -> None:
        record.write_text(record.read_text().replace(f":{old_port}", f":{new_port}"))

    def start_mlflow(self, port: int) -> subprocess.Popen[bytes]:
        """Start MLflow's server application.

        `mlflow server` starts the same command after loading all of MLflow to read its own
        options; without that detour the server is up in half the time.
        """
        command = [sys.executable, "-m", "uvicorn", "mlflow.server.fastapi_app:app"]
        command += ["--host", "127.0.0.1", "--port", str(port)]
        environment = {
            **os.environ,
            "_MLFLOW_SERVER_FILE_STORE": f"sqlite:///{self.folder}/mlflow.db",
            "_MLFLOW_SERVER_ARTIFACT_ROOT": str(self.folder / "artifacts"),
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        }
        with (self.folder / f"mlflow-{port}.log").open("wb") as log:
            server = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        self.servers.append(server)
        return server

    def wait_for(self, port: int) -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2):
                    return
            except OSError:
                time.sleep(0.05)
        log = (self.folder / f"mlflow-{port}.log").read_text()
        sys.exit(f"the MLflow server did not start:\n{log}")

    def read_back(self, port: int) -> None:
        """Ask the server itself for the runs it has."""
        body = b'{"experiment_ids": ["1"], "max_results": 10}'
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/api/2.0/mlflow/runs/search",
            data=body,
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            runs = json.load(response)["runs"]
        print(f"  The server on port {port} has {len(runs)} run(s):")
        for run in runs:
            metrics = {metric["key"]: metric["value"] for metric in run["data"]["metrics"]}
            tags = {tag["key"]: tag["value"] for tag in run["data"]["tags"]}
            print(
                f"    {run['info']['run_id']}  accuracy {metrics['accuracy']:.3f}"
                f"  tracked by {tags['tracked_by']}"
            )

    def stop(self) -> None:
        for server in self.servers:
            server.kill()
            server.wait()


def heading(text: str) -> None:
    print(f"\n{text}\n{'─' * min(len(text), WIDTH)}\n")


def quoted(argument: str, folder: Path) -> str:
    short = argument.replace(str(folder), "…").replace(str(HERE), "examples")
    short = short.replace(sys.executable, "python")
    return f"'{short}'" if any(c in short for c in " <>*") else short


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    main()
