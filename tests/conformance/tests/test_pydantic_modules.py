"""Modules from pydantic's sources: each has what it needs, and nothing else."""

from pathlib import Path

from conformance import pydantic_modules

TESTS = '''
from __future__ import annotations
import pytest
from typing import Optional
from pydantic import BaseModel

Name = str
Unused = int

class Base(BaseModel):
    name: "Name"

def test_simple():
    """Checks."""
    class Model(Base):
        """A model
    of two lines."""
        other: Optional[int] = None

    assert Model.model_fields

def test_with_fixture(request):
    class Model(Base): ...

def test_without_model():
    assert Base
'''

DOCSTRINGS = '''
def documented():
    """
    ```python
    from pydantic import BaseModel

    class Model(BaseModel):
        x: int
    ```

    ```python test="skip"
    class Skipped: ...
    ```

    ```python
    print(1)
    ```
    """
'''


def written(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_test_functions(tmp_path: Path):
    written(tmp_path, "tests/test_some.py", TESTS)
    [(name, text)] = pydantic_modules.tested(tmp_path)
    assert name == "test_some__simple"
    compile(text, name, "exec")
    assert "Unused" not in text
    assert "pytest" not in text
    assert text.index("Name = str") < text.index("class Base") < text.index("class Model")
    assert text.startswith("from __future__")


def test_docstrings(tmp_path: Path):
    written(tmp_path, "README.md", "")
    written(tmp_path, "pydantic/some.py", DOCSTRINGS)
    [(name, text)] = pydantic_modules.documented(tmp_path)
    assert name == "some_1"
    assert text.startswith("from pydantic import BaseModel\n\nclass Model")
