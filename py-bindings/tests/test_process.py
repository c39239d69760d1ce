"""What concerns the process as a whole: forks, start-up, output."""

import multiprocessing
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conftest import record

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

import hitchpost

FORK = multiprocessing.get_context("fork")


def in_child(registry: hitchpost.Registry, name: str, results: "Queue[object]") -> None:
    try:
        registry.apply(record(name, name))
        results.put((registry.resolve(extension=name)["K"], registry.resolve(extension="a")["K"]))
    except BaseException as error:
        results.put(error)
        raise


def test_a_forked_child_goes_on(url: str) -> None:
    registry = hitchpost.Registry.open(url)
    registry.apply(record("a", "a"))
    results: Queue[object] = FORK.Queue()
    children = [FORK.Process(target=in_child, args=(registry, f"c{n}", results)) for n in range(4)]
    for child in children:
        child.start()
        registry.apply(record("a", "a"))
    found = [results.get(timeout=60) for _ in children]
    for child in children:
        child.join(timeout=60)
    assert [child.exitcode for child in children] == [0] * 4
    assert sorted(map(str, found)) == sorted(str((f"c{n}", "a")) for n in range(4))
    assert [it["name"] for it in registry.list()] == ["a", "c0", "c1", "c2", "c3"]
    registry.close()


# Python 3.12 and later tell of threads, of which there are some here.
forks_with_threads = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")


@forks_with_threads
def test_a_fork_while_threads_write_loses_nothing(tmp_path: Path) -> None:
    """The child writes after the parent has closed the database: nothing of either is lost."""
    path = tmp_path / "tools.db"
    registry = hitchpost.Registry.open(path)
    registry.apply(record("a", "a"))
    done = threading.Event()

    def write(thread: int) -> int:
        written = 0
        while not done.is_set():
            registry.apply(record(f"t{thread}-{written}", f"t{thread}-{written}"))
            written += 1
        return written

    results: Queue[object] = FORK.Queue()
    with ThreadPoolExecutor(2) as pool:
        counts = [pool.submit(write, n) for n in range(2)]
        children = []
        for n in range(5):
            child = FORK.Process(target=in_child, args=(registry, f"c{n}", results))
            child.start()
            children.append(child)
        done.set()
        written = [count.result(timeout=60) for count in counts]
    registry.close()
    found = [results.get(timeout=60) for _ in children]
    for child in children:
        child.join(timeout=60)
    assert sorted(map(str, found)) == sorted(str((f"c{n}", "a")) for n in range(5))
    expected = {"a"} | {f"c{n}" for n in range(5)}
    expected |= {f"t{thread}-{n}" for thread in range(2) for n in range(written[thread])}
    with hitchpost.Registry.open(path) as registry:
        assert {it["name"] for it in registry.list()} == expected


@forks_with_threads
def test_a_registry_in_memory_stays_with_its_process() -> None:
    registry = hitchpost.Registry.open("memory:")
    registry.apply(record("a", "a"))
    results: Queue[object] = FORK.Queue()
    child = FORK.Process(target=in_child, args=(registry, "b", results))
    child.start()
    error = results.get(timeout=60)
    child.join(timeout=60)
    assert isinstance(error, hitchpost.StoreError)
    assert error.code == "forked"
    registry.apply(record("b", "b"))
    assert registry.resolve(extension="b")["K"] == "b"


def test_another_process_sees_a_change_at_once(url: str) -> None:
    with hitchpost.Registry.open(url) as registry:
        registry.apply(record("a", "a"))
        assert registry.resolve(extension="a")["K"] == "a"
        code = f"""
import hitchpost
hitchpost.Registry.open({url!r}).apply({record("a", "b")!r})
"""
        subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
        threading.Event().wait(0.1)
        assert registry.resolve(extension="a")["K"] == "b"


def test_others_run_while_a_call_waits(tmp_path: Path) -> None:
    """Another program holds the lock, and this thread goes on counting."""
    path = tmp_path / "tools.db"
    registry = hitchpost.Registry.open(path)
    registry.apply([])
    hold = f"""
import sqlite3, sys
database = sqlite3.connect({str(path)!r}, isolation_level=None)
database.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", hold], stdin=pipe, stdout=pipe) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with ThreadPoolExecutor(1) as pool:
            applied = pool.submit(registry.apply, record("a", "a"))
            counted = sum(1 for _ in range(100_000))
            assert not applied.done()
            assert counted == 100_000
            assert holder.stdin is not None
            holder.stdin.close()
            assert applied.result(timeout=60).revision == 1
    registry.close()


def test_the_import_is_quick_and_silent() -> None:
    """The best of five, by the processor's time: the machine may be busy."""
    measure = """
import time
start = time.process_time()
import hitchpost
print(time.process_time() - start)
"""
    runs = [
        subprocess.run([sys.executable, "-c", measure], capture_output=True, check=True, text=True)
        for _ in range(5)
    ]
    assert [run.stderr for run in runs] == [""] * 5
    assert min(float(run.stdout) for run in runs) < 0.05


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are not listed here")
def test_the_import_starts_no_thread() -> None:
    count = "import os, hitchpost; print(len(os.listdir('/proc/self/task')))"
    run = subprocess.run([sys.executable, "-c", count], capture_output=True, check=True, text=True)
    assert run.stdout == "1\n"
