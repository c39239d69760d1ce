"""The scorer agrees with the instrument that comes with the corpus of real services.

Where the corpus is given (`HITCHPOST_CORPUS`), every document of it, unchanged and changed.
"""

import importlib.util
import json
import os
from pathlib import Path
from types import ModuleType

import pytest

from conformance.schema_graph import LEVELS
from conformance.score import compare_documents

from .mutations import MUTATIONS

CORPUS = Path(os.environ.get("HITCHPOST_CORPUS", "not given"))
INSTRUMENT = CORPUS.parents[1] / "tools" / "compare_openapi.py" if CORPUS.is_absolute() else CORPUS

# Above this many operations, a document is compared with some of its changes only.
LARGE = 100


@pytest.fixture(scope="module")
def instrument() -> ModuleType:
    spec = importlib.util.spec_from_file_location("instrument", INSTRUMENT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(not INSTRUMENT.is_file(), reason="HITCHPOST_CORPUS is not given")
@pytest.mark.parametrize(
    "path", [p for p in sorted(CORPUS.glob("*.json")) if p.stem != "manifest"], ids=lambda p: p.stem
)
def test_operations_are_counted_alike(path: Path, instrument: ModuleType):
    document = json.loads(path.read_text(encoding="utf-8"))
    large = sum(map(len, document["paths"].values())) > LARGE
    changed = [m.of(document) for m in (MUTATIONS[::10] if large else MUTATIONS)]
    for other in [document, *(one for one in changed if one is not None)]:
        ours = compare_documents(document, other)
        for level in LEVELS:
            theirs = instrument.compare(document, other, level)["tallies"]["operations_exact"]
            tally = ours.tallies[level]["operations"]
            assert [tally.exact, tally.expected, tally.derived] == theirs
