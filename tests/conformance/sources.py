"""The source distributions of the frameworks, fetched once, checked against their hashes."""

import hashlib
import subprocess
import sys
import tarfile
from pathlib import Path

HERE = Path(__file__).parent
# Beside what cargo builds: git ignores it, and cleaning removes it.
CACHE = HERE.parents[1] / "target" / "conformance"


LIST = HERE / "sources.txt"


def unpacked(package: str) -> Path:
    """The folder of a package's sources."""
    folder = CACHE / "sources" / hashlib.sha256(LIST.read_bytes()).hexdigest()[:12]
    if not folder.exists():
        fetch(folder)
    [info] = folder.glob(f"{package}-*/PKG-INFO")
    return info.parent


def fetch(folder: Path) -> None:
    """Downloads and unpacks what `sources.txt` lists. Pip reads their metadata, so their build
    back ends have to be installed."""
    unfinished = folder.with_suffix(".unfinished")
    unfinished.mkdir(parents=True, exist_ok=True)
    options = ["--quiet", "--no-deps", "--no-binary=:all:", "--no-build-isolation"]
    hashes = ["--require-hashes", f"--requirement={LIST}"]
    command = [sys.executable, "-m", "pip", "download", *options, *hashes, f"--dest={unfinished}"]
    subprocess.run(command, check=True)
    for archive in unfinished.glob("*.tar.gz"):
        with tarfile.open(archive) as files:
            files.extractall(unfinished, filter="data")
        archive.unlink()
    unfinished.rename(folder)
