"""The program under test, run once for each case."""

import json
import os
import shlex
import shutil
import subprocess
import time
from dataclasses import dataclass
from typing import Any

from .cases import SERVICES, Case
from .sources import HERE

# The command that the arguments are appended to.
SETTING = "HITCHPOST"
DEFAULT = str(HERE.parents[1] / "target" / "release" / "hitchpost")

# More than any case may take: what takes longer counts as hanging.
SECONDS_FOR_ONE_CASE = 10
SECONDS_FOR_A_SERVICE = 120
PROCESSES = 2

# What a Rust program exits with when it panics.
PANIC = 101


@dataclass(frozen=True)
class Answer:
    """What the program said: a document, or why there is none. `diagnostics` is its other output.
    `fault` is set when it did what it never may: crash or hang."""

    document: Any
    failure: str | None
    fault: bool
    seconds: float
    diagnostics: str


def program() -> list[str]:
    """The command as it is set. Raises `FileNotFoundError` if there is no such program."""
    words = shlex.split(os.environ.get(SETTING) or shlex.quote(DEFAULT))
    if not words or shutil.which(words[0]) is None:
        raise FileNotFoundError(f"no program `{' '.join(words)}`: build it, or set {SETTING}")
    return words


def command(case: Case) -> list[str]:
    """The command line for a case."""
    words = program()
    target = f"{case.path}:{case.attribute}"
    words += ["openapi", target, "--no-cache"]
    if case.mode is not None:
        words += ["--schema", case.mode]
    for root in case.roots:
        words += ["--root", str(root)]
    if case.site_packages:
        words += ["--site-packages", str(case.site_packages)]
    for name, value in case.environment.items():
        words += ["--env", f"{name}={value}"]
    return words


def ask(case: Case) -> Answer:
    """Runs the program for one case."""
    limit = SECONDS_FOR_A_SERVICE if case.suite == SERVICES else SECONDS_FOR_ONE_CASE
    start = time.perf_counter()
    try:
        done = subprocess.run(command(case), capture_output=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        reason = f"took longer than {limit} s"
        return Answer(None, reason, fault=True, seconds=limit, diagnostics="")
    seconds = time.perf_counter() - start
    diagnostics = done.stderr.decode(errors="replace")
    last = (diagnostics.strip().splitlines() or [""])[-1]
    document, failure = None, None
    if done.returncode:
        failure = f"exit code {done.returncode}: {last}"
    else:
        try:
            document = json.loads(done.stdout)
        except ValueError as error:
            failure = f"no JSON: {error}"
        if failure is None and not isinstance(document, dict):
            document, failure = None, f"no document, but {done.stdout[:40].decode()}"
    fault = done.returncode < 0 or done.returncode == PANIC
    return Answer(document, failure, fault, seconds, diagnostics)
