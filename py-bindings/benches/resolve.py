"""What a resolution costs from Python, beside the same from Rust, in one run.

Build an optimised module first: `maturin develop --release`. The choice may cost 2 µs more than
from Rust.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import hitchpost

SERVICES = 10_000
TYPES = 2_000
LIMIT = 2_000

MANIFEST = Path(__file__).parents[1] / "Cargo.toml"


def records() -> list[dict[str, object]]:
    """Five candidates for each type, of which one fits."""
    return [
        {
            "name": f"tool-{n}",
            "instances": [
                {
                    "name": "main",
                    "version": f"{n // TYPES}.1.3",
                    "location": "eu",
                    "services": [
                        {
                            "name": "api",
                            "service": f"type-{n % TYPES}",
                            "configuration": {"REGION": "eu"},
                            "endpoints": [
                                {"name": "public", "url": f"http://t{n}:80", "type": "external"}
                            ],
                        }
                    ],
                    "profiles": [
                        {"name": "alpha", "project": "alpha", "configuration": {"TOKEN": f"s{n}"}}
                    ],
                }
            ],
        }
        for n in range(SERVICES)
    ]


def measure(call: Callable[[], object]) -> float:
    """The median of 200 rounds of 500 calls, in nanoseconds a call."""
    rounds = []
    for _ in range(200):
        start = time.perf_counter_ns()
        for _ in range(500):
            call()
        rounds.append((time.perf_counter_ns() - start) / 500)
    return statistics.median(rounds)


def in_rust(path: Path) -> dict[str, float]:
    command = ["cargo", "bench", "--profile=release", "--quiet", "--bench=resolve"]
    command += ["--manifest-path", str(MANIFEST)]
    environment = os.environ | {"HITCHPOST_BENCH_RECORDS": str(path)}
    run = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    lines = (line.rsplit(": ", 1) for line in run.stdout.splitlines())
    return {name: float(nanoseconds) for name, nanoseconds in lines}


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records.json"
        path.write_text(json.dumps(records()))
        rust = in_rust(path)
        registry = hitchpost.Registry.open("memory:")
        registry.apply(path)

        def resolve() -> hitchpost.Binding:
            return registry.resolve(service="type-7", version=">=4", project="alpha", zone="eu")

        binding = resolve()
        python = measure(resolve)
    nothing = measure(lambda: None)
    extra = python - nothing - rust["resolve"]
    print(f"{SERVICES} services, {TYPES} types; nanoseconds a call, and as a multiple of Rust's")
    for name, nanoseconds in rust.items():
        print(f"  Rust    {name:24}{nanoseconds:8.0f}  {nanoseconds / rust['resolve']:5.2f}")
    print(f"  Python  {'resolve':24}{python:8.0f}  {python / rust['resolve']:5.2f}")
    for name, call in {
        "url": lambda: binding.url,
        "a public value": lambda: binding["REGION"],
        "a secret value": lambda: binding["TOKEN"],
        "env": lambda: binding.env,
        "reveal_env": binding.reveal_env,
    }.items():
        nanoseconds = measure(call)
        print(f"  Python  {name:24}{nanoseconds:8.0f}  {nanoseconds / rust['resolve']:5.2f}")
    print(f"Python adds {extra:.0f} ns to a resolution; at most {LIMIT} are allowed")
    return extra > LIMIT


if __name__ == "__main__":
    sys.exit(main())
