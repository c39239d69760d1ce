"""Requests made up from the server's own OpenAPI document, right ones and wrong ones.

`schemathesis` sends them and checks every answer: statuses and bodies are the documented ones, what
breaks the document is refused, what follows it is accepted, and nobody gets in without a token.
What a document cannot say is in `schemathesis_hooks.py`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tracking.processes import Hitchpost

pytest.importorskip("schemathesis")

# More is asked for by hand.
EXAMPLES = os.environ.get("TRACKING_EXAMPLES", "4")

CONFIGURATION = """\
[generation]
# A null character is refused everywhere: PostgreSQL has none in its texts.
allow-x00 = false
"""


def test_nothing_is_found(store: str, tmp_path: Path):
    tokens = tmp_path / "tokens"
    tokens.write_text("right\n")
    configuration = tmp_path / "schemathesis.toml"
    configuration.write_text(CONFIGURATION)
    with Hitchpost(store, tmp_path / "log", "--token-file", str(tokens)) as server:
        command = [Path(sys.executable).with_name("schemathesis")]
        command += ["--config-file", configuration, "run", f"{server.url}/openapi.json"]
        command += ["--checks", "all", "--max-examples", EXAMPLES, "--seed", "1"]
        command += ["--header", "Authorization: Bearer right", "--no-color"]
        environment = {
            **os.environ,
            "SCHEMATHESIS_HOOKS": "tracking.schemathesis_hooks",
            "PYTHONPATH": str(Path(__file__).parents[1]),
        }
        ended = subprocess.run(
            command, check=False, cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert ended.returncode == 0, ended.stdout[-20_000:] + ended.stderr[-2_000:]
        assert server.process.poll() is None
    assert " 500 " not in server.log()
