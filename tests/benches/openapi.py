"""What it costs to read a service's document from its source, beside what its framework needs.

Run by a Python that has FastAPI (that of the conformance tests), with the folder `tests` on
`PYTHONPATH`. Whole processes are timed, each the fastest of several:

- FastAPI's documentation application of several files, beside the same with
  `python -c "import …; app.openapi()"`;
- real services where `HITCHPOST_CORPUS` and `HITCHPOST_CORPUS_SOURCES` name them, beside the time
  that their import took where the expected document was made (`wall_s` of the manifest: another
  machine, with all their dependencies installed).

Parsing alone is the parser's time for the same files, nothing else done with them.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from conformance import services
from conformance.sources import unpacked

PROJECT = Path(__file__).parents[2]
PROGRAM = PROJECT / "target" / "release" / "hitchpost"
ROUNDS = 7
REAL = ("prefect", "polar")

FASTER_THAN_IMPORT = 100
AFTER_AN_EDIT_MS = 20
TIMES_PARSING = 1.5


@dataclass(frozen=True)
class Run:
    """One process: milliseconds from start to end, its peak memory in MiB, what it said."""

    milliseconds: float
    mebibytes: float
    said: str


def run(command: list[str], environment: dict[str, str]) -> Run:
    with tempfile.TemporaryFile("w+") as said:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=said, env=os.environ | environment
        )
        _, status, usage = os.wait4(process.pid, 0)
        milliseconds = (time.perf_counter() - start) * 1e3
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{text}")
    return Run(milliseconds, usage.ru_maxrss / 1024, text)


def fastest(command: list[str], environment: dict[str, str], rounds: int = ROUNDS) -> Run:
    return min((run(command, environment) for _ in range(rounds)), key=lambda run: run.milliseconds)


def number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    if found is None:
        raise SystemExit(f"`{pattern}` is not in what --stats says:\n{text}")
    return float(found[1])


def verdict(met: bool) -> str:
    return "met" if met else "NOT met"


def measure(
    name: str,
    entry: Path,
    attribute: str,
    roots: list[Path],
    variables: dict[str, str],
    *,
    site_packages: list[Path],
    reference: tuple[str, float],
) -> None:
    """Prints the figures of one service."""
    command = [str(PROGRAM), "openapi", f"{entry}:{attribute}"]
    command += [word for root in roots for word in ("--root", str(root))]
    command += [word for folder in site_packages for word in ("--site-packages", str(folder))]
    command += [word for item in variables.items() for word in ("--env", "=".join(item))]
    with tempfile.TemporaryDirectory() as cache:
        environment = {"XDG_CACHE_HOME": cache}
        cold = fastest([*command, "--no-cache"], environment)
        # It parses all files once more to say how long that takes.
        said = fastest([*command, "--no-cache", "--stats"], environment).said
        # Once to fill the cache: from the next it is found.
        run(command, environment)
        cached = fastest(command, environment)
        edited = after_an_edit(command, environment)
    files, size = (int(number(p, said)) for p in (r"files +(\d+)", r"(\d+) bytes"))
    parsing = number(r"parsing +([\d.]+) ms", said)
    total = number(r"total +([\d.]+) ms", said)
    what, milliseconds = reference
    ratio = milliseconds / cold.milliseconds
    print(f"{name}: {files} files, {size / 1e6:.2f} MB")
    print(f"  {what:<36}{milliseconds:10.1f} ms")
    print(
        f"  {'hitchpost openapi':<36}{cold.milliseconds:10.1f} ms  1/{ratio:.0f}; "
        f"at least 1/{FASTER_THAN_IMPORT}: {verdict(ratio >= FASTER_THAN_IMPORT)}"
    )
    print(f"  {'  without the process':<36}{total:10.1f} ms  {size / total / 1e3:.0f} MB/s")
    print(
        f"  {'  parsing alone':<36}{parsing:10.1f} ms  {size / parsing / 1e3:.0f} MB/s; all of it "
        f"is {total / parsing:.2f} times that, at most {TIMES_PARSING}: "
        f"{verdict(total <= TIMES_PARSING * parsing)}"
    )
    print(f"  {'  nothing changed':<36}{cached.milliseconds:10.1f} ms")
    print(
        f"  {'  one file changed':<36}{edited:10.1f} ms  at most {AFTER_AN_EDIT_MS}: "
        f"{verdict(edited <= AFTER_AN_EDIT_MS)}"
    )
    print(f"  {'  peak memory':<36}{cold.mebibytes:10.1f} MiB")


def after_an_edit(command: list[str], environment: dict[str, str]) -> float:
    """The time for a service of which one file is not as the cache knows it: its entry, in a file
    beside it to which a line is added each time."""
    entry, attribute = command[2].rsplit(":", 1)
    source = Path(entry)
    copy = source.with_name(f"{source.stem}_edited.py")
    times = []
    try:
        for round_ in range(ROUNDS):
            shutil.copy(source, copy)
            with copy.open("a") as file:
                file.write(f"\n# {round_}\n")
            changed = [*command[:2], f"{copy}:{attribute}", *command[3:]]
            times.append(run(changed, environment).milliseconds)
    finally:
        copy.unlink(missing_ok=True)
    return min(times)


def main() -> None:
    subprocess.run(
        ["cargo", "build", "--release", "--locked", "--quiet", "-p", "hitchpost-cli"],
        cwd=PROJECT,
        check=True,
    )
    root = unpacked("fastapi")
    module = "docs_src.bigger_applications.app.main"
    script = (
        f"import sys; sys.path.insert(0, {str(root)!r}); from {module} import app; app.openapi()"
    )
    imported = fastest([sys.executable, "-c", script], {})
    measure(
        "FastAPI's documentation",
        root / (module.replace(".", "/") + ".py"),
        "app",
        [root],
        {},
        site_packages=[Path(sysconfig.get_path("purelib"))],
        reference=("import app; app.openapi()", imported.milliseconds),
    )
    if not services.given():
        print(f"no real services: {services.EXPECTED} and {services.SOURCES} are not set")
        return
    manifest = services.manifest()
    for case in services.cases():
        if case.name in REAL:
            measure(
                case.name,
                case.path,
                case.attribute,
                list(case.roots),
                case.environment,
                site_packages=[case.site_packages] if case.site_packages else [],
                reference=(
                    "its import, on another machine",
                    manifest[case.name]["wall_s"] * 1e3,
                ),
            )


if __name__ == "__main__":
    main()
