"""Kubeflow's own model registry, built from Go modules where that can be done.

`python -m tracking.upstream` builds it into `target/tracking/upstream` and prints the program, or
says why not. Nothing of it is part of this project: it is a peer that the same tests run against.

Two things need help. The module calls itself `github.com/kubeflow/hub` and replaces its nested
modules by folders that a module's archive does not carry: the REST API's models come from the
nested module of the old name, at the same version, and the catalogue server, whose models are not
published, is left out.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

VERSION = "v0.3.10"
MODULE = "github.com/kubeflow/model-registry"
NESTED = "pkg/openapi"
INSIDE = "github.com/kubeflow/hub"
FOLDER = Path(__file__).parents[2] / "target" / "tracking" / "upstream"
PROGRAM = FOLDER / f"model-registry-{VERSION}"
FAILED = FOLDER / "failed.txt"


class CannotBuildError(Exception):
    """Why there is no program."""


def go(*arguments: str, folder: Path) -> str:
    done = subprocess.run(
        ["go", *arguments],
        cwd=folder,
        env={**os.environ, "GOFLAGS": "-mod=mod -buildvcs=false", "GOWORK": "off"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise CannotBuildError(f"`go {' '.join(arguments)}` failed:\n{said}")
    return done.stdout


def build() -> Path:
    """The program, built unless it is there."""
    if PROGRAM.exists():
        return PROGRAM
    if shutil.which("go") is None:
        raise CannotBuildError("no `go` on the PATH")
    source = FOLDER / "source"
    shutil.rmtree(source, ignore_errors=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    module = json.loads(go("mod", "download", "-json", f"{MODULE}@{VERSION}", folder=FOLDER))
    # The module cache is read-only.
    shutil.copytree(
        module["Dir"],
        source,
        copy_function=shutil.copyfile,
        ignore=shutil.ignore_patterns("clients", "docs", "manifests", "*_test.go"),
    )
    for path in [source, *source.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    (source / "cmd" / "catalog.go").unlink()
    shutil.rmtree(source / "catalog")
    edits = [
        f"-dropreplace={INSIDE}/catalog/{NESTED}",
        f"-droprequire={INSIDE}/catalog/{NESTED}",
        f"-replace={INSIDE}/{NESTED}={MODULE}/{NESTED}@{VERSION}",
    ]
    go("mod", "edit", *edits, folder=source)
    go("build", "-o", str(PROGRAM), ".", folder=source)
    shutil.rmtree(source)
    return PROGRAM


def main() -> None:
    try:
        print(build())
    except (CannotBuildError, OSError) as error:
        FOLDER.mkdir(parents=True, exist_ok=True)
        FAILED.write_text(f"{error}\n")
        sys.exit(f"upstream's model registry {VERSION} was not built: {error}")
    FAILED.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
