import json
import os
import signal
import subprocess
import sys
import sysconfig
from importlib.metadata import version
from pathlib import Path

import pytest

import hitchpost
from conftest import TOOLS

HITCHPOST = Path(sysconfig.get_path("scripts")) / "hitchpost"


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([HITCHPOST, *arguments], capture_output=True, text=True, timeout=60)


def test_the_command_and_the_library_share_a_registry(home: Path) -> None:
    (home / "tools.yaml").write_text(TOOLS)
    applied = run("apply", "-f", str(home / "tools.yaml"))
    assert applied.returncode == 0, applied.stderr
    resolved = run("resolve", "--service", "s3", "--project", "alpha", "-o", "json")
    assert resolved.returncode == 0, resolved.stderr
    with hitchpost.Registry.open() as registry:
        step = registry.resolve_all([{"name": "default", "service": "s3"}], project="alpha")
        assert json.loads(resolved.stdout) == step.to_dict()


def test_exit_codes_come_through(home: Path) -> None:
    assert run("resolve", "--service", "s3").returncode == 12
    (home / "tools.yaml").write_text(TOOLS)
    run("apply", "-f", str(home / "tools.yaml"))
    assert run("resolve", "--service", "nowhere").returncode == 3
    assert run("--no-such-flag").returncode == 2


def test_the_versions_agree() -> None:
    assert run("--version").stdout.split() == ["hitchpost", hitchpost.__version__]
    assert version("hitchpost") == hitchpost.__version__


def test_run_replaces_the_process(home: Path) -> None:
    (home / "tools.yaml").write_text(TOOLS)
    run("apply", "-f", str(home / "tools.yaml"))
    show = """
import os, signal, sys
print(os.getpid(), os.environ["MLFLOW_TRACKING_URI"])
print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
sys.exit(7)
"""
    command = [HITCHPOST, "run", "--needs", "mlflow-tracking", "--", sys.executable, "-c", show]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        output, _ = process.communicate(timeout=60)
    assert output.split() == [str(process.pid), "https://mlflow.example.com", "True"]
    assert process.returncode == 7


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a named pipe")
def test_an_interrupt_ends_the_command(home: Path) -> None:
    os.mkfifo(home / "pipe")
    command = [HITCHPOST, "apply", "-f", str(home / "pipe")]
    # The pipe opens when the command reads from it, and it waits for more then.
    with subprocess.Popen(command) as process, (home / "pipe").open("w"):
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == -signal.SIGINT
