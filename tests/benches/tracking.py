"""What tracking costs: through the plugin on `hitchpost model-registry`, beside `mlflow server`.

    python -m benches.tracking [sqlite] [postgres]

in the folder `tests`, by a Python with MLflow and the package. Both servers
have a database of the same kind and are asked in turn by one client at a time, on the same machine:

- `log_metric`: one metric a call;
- `log_batch`: a hundred metrics a call;
- `search_runs`: a page of 1,000 of 10,000 runs with metrics, params and tags, by a filter and an
  order;
- history: all of a metric of 100,000 points.

The time is the client's, the best round of several; CPU is what the server's processes took
meanwhile (`/proc`), without the database's own process where it has one; memory is what they hold
at the end. Both keep what they acknowledge: SQLite with its full synchronisation, PostgreSQL as
`POSTGRES` was started.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tracking.conftest import POSTGRES, database
from tracking.processes import Hitchpost, Mlflow, Server, hitchpost

if TYPE_CHECKING:
    from collections.abc import Callable

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

RUNS = int(os.environ.get("TRACKING_RUNS", "10000"))
POINTS = int(os.environ.get("TRACKING_POINTS", "100000"))
FASTER = 5
LESS_CPU = 10
START_MS = 100


@dataclass
class Cost:
    """Of one call: milliseconds of the client, milliseconds of CPU of the server."""

    milliseconds: float
    cpu: float


def fill(client) -> tuple[str, str]:
    """What is searched and read back: the experiment, and the run of the long history."""
    from mlflow.entities import Metric, Param, RunTag

    searched = client.create_experiment("searched")
    for n in range(RUNS):
        run = client.create_run(searched, start_time=n + 1).info.run_id
        client.log_batch(
            run,
            [Metric(f"m{k}", (n * 7919 % RUNS) / RUNS + k, n, 0) for k in range(3)],
            [Param(f"p{k}", str(n % 10)) for k in range(3)],
            [RunTag("team", f"t{n % 4}")],
        )
    long = client.create_run(searched, start_time=RUNS + 1).info.run_id
    for start in range(0, POINTS, 1000):
        points = range(start, min(start + 1000, POINTS))
        client.log_batch(long, [Metric("loss", 1 / (n + 1), n, n) for n in points])
    return searched, long


class Contestant:
    """A server that was filled, and a run to log to."""

    def __init__(self, name: str, server: Server, filled: tuple[str, str]) -> None:
        from mlflow import MlflowClient

        self.name = name
        self.server = server
        self.searched, self.long = filled
        self.client = MlflowClient(server.tracking_uri)
        self.run = self.client.create_run(self.client.create_experiment("logged")).info.run_id
        self.step = 0

    def log_metric(self) -> None:
        self.step += 1
        self.client.log_metric(self.run, "loss", self.step / 7, self.step, self.step)

    def log_batch(self) -> None:
        from mlflow.entities import Metric

        self.step += 1
        self.client.log_batch(
            self.run, [Metric(f"k{n}", self.step / 7, self.step, self.step) for n in range(100)]
        )

    def search_runs(self) -> None:
        found = self.client.search_runs(
            [self.searched],
            "metrics.m0 > 0.25 AND tags.team != 't3'",
            max_results=1000,
            order_by=["metrics.m0 DESC"],
        )
        assert len(found) == min(1000, len(found)) > 0
        assert len(found[0].data.metrics) == 3

    def history(self) -> None:
        assert len(self.client.get_metric_history(self.long, "loss")) == POINTS

    def cost(self, work: Callable[[], None], calls: int, rounds: int) -> Cost:
        work()
        times = []
        cpu = self.server.cpu_seconds()
        for _ in range(rounds):
            started = time.perf_counter()
            for _ in range(calls):
                work()
            times.append((time.perf_counter() - started) * 1e3 / calls)
        spent = (self.server.cpu_seconds() - cpu) * 1e3 / (rounds * calls)
        return Cost(min(times), spent)


def verdict(met: bool) -> str:
    return "met" if met else "NOT met"


def compare(kind: str) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=disk())))
        if kind == "sqlite":
            stores = [f"sqlite:///{folder}/mlflow.db", f"sqlite://{folder}/registry.db"]
        else:
            if POSTGRES is None:
                print("\npostgres: HITCHPOST_TEST_POSTGRES_URL names no server")
                return
            stores = [stack.enter_context(database()) for _ in range(2)]
            stores[0] = stores[0].replace("postgres://", "postgresql+psycopg2://")
        print(f"\n{kind}: {RUNS:,} runs, {POINTS:,} points", flush=True)
        theirs = Contestant("mlflow server", *started_mlflow(stores[0], folder, stack))
        ours = Contestant("hitchpost", *started_hitchpost(stores[1], folder, stack))
        print(
            f"  {'':<14}{'mlflow server':>18}{'hitchpost':>14}{'times':>8}"
            f"{'CPU':>14}{'CPU':>10}{'times':>8}"
        )
        for name, calls, rounds in (
            ("log_metric", 100, 5),
            ("log_batch", 20, 5),
            ("search_runs", 1, 5),
            ("history", 1, 3),
        ):
            costs = [each.cost(getattr(each, name), calls, rounds) for each in (theirs, ours)]
            show(name, *costs)
        for each in (theirs, ours):
            print(f"  {each.name:<16} holds {each.server.memory_mebibytes():7.1f} MiB")


def started_mlflow(store: str, folder: Path, stack: ExitStack) -> tuple[Server, tuple[str, str]]:
    """Filled past the server, which would take minutes, and SQLite in memory."""
    from mlflow import MlflowClient

    file = folder / "mlflow.db"
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as fast:
        direct = store.replace(str(file), f"{fast}/mlflow.db")
        filled = fill(MlflowClient(direct))
        if direct != store:
            shutil.copy(f"{fast}/mlflow.db", file)
    server = Mlflow(store, folder / "artifacts", folder / "mlflow.log")
    return stack.enter_context(server), filled


def started_hitchpost(store: str, folder: Path, stack: ExitStack) -> tuple[Server, tuple[str, str]]:
    from mlflow import MlflowClient

    server = stack.enter_context(Hitchpost(store, folder / "hitchpost.log"))
    return server, fill(MlflowClient(server.tracking_uri))


def show(name: str, theirs: Cost, ours: Cost) -> None:
    faster = theirs.milliseconds / ours.milliseconds
    # A clock tick is the least that /proc knows.
    less = theirs.cpu / ours.cpu if ours.cpu else float("inf")
    print(
        f"  {name:<14}{theirs.milliseconds:>15.2f} ms{ours.milliseconds:>11.2f} ms{faster:>7.1f}x"
        f"{theirs.cpu:>11.2f} ms{ours.cpu:>7.2f} ms{less:>7.1f}x"
        f"   {FASTER}x {verdict(faster >= FASTER)}, CPU {LESS_CPU}x {verdict(less >= LESS_CPU)}",
        flush=True,
    )


def start() -> None:
    """From the start of the process, with nothing there, to the line that says it listens."""
    times = []
    for _ in range(7):
        with tempfile.TemporaryDirectory(dir=disk()) as folder:
            environment = {"PATH": os.environ["PATH"], "HOME": folder, "XDG_DATA_HOME": folder}
            began = time.perf_counter()
            process = subprocess.Popen(
                [hitchpost(), "model-registry", "--port", "0"],
                stdout=subprocess.PIPE,
                env=environment,
                text=True,
            )
            line = process.stdout.readline()
            times.append((time.perf_counter() - began) * 1e3)
            process.kill()
            process.wait()
            process.stdout.close()
            assert line.startswith("listening on "), line
    median = statistics.median(times)
    print(
        f"start, nothing configured: {median:.1f} ms (of {len(times)}, {min(times):.1f} to "
        f"{max(times):.1f}), at most {START_MS} ms: {verdict(median < START_MS)}"
    )


def disk() -> str | None:
    """A folder on a disk, as /tmp may be memory: `TMPDIR` names another."""
    return os.environ.get("TMPDIR")


if __name__ == "__main__":
    start()
    for kind in sys.argv[1:] or ["sqlite", "postgres"]:
        compare(kind)
