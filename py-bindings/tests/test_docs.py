"""Every example of the documentation, and that there is documentation."""

import doctest
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

import hitchpost

NAMES = {name: getattr(hitchpost, name) for name in hitchpost.__all__}


def documented(name: str, value: object) -> Iterator[tuple[str, str | None]]:
    yield name, inspect.getdoc(value) if callable(value) else value.__doc__
    if isinstance(value, type):
        for member, inner in vars(value).items():
            if not member.startswith("_") and (callable(inner) or inspect.isdatadescriptor(inner)):
                yield f"{name}.{member}", inner.__doc__


DOCUMENTED = [("hitchpost", hitchpost.__doc__)]
DOCUMENTED += [
    it for name, value in NAMES.items() if name != "__version__" for it in documented(name, value)
]
EXAMPLES = [(name, doc) for name, doc in DOCUMENTED if doc and ">>>" in doc]


def test_everything_is_documented() -> None:
    assert [name for name, doc in DOCUMENTED if not doc] == []
    assert len(EXAMPLES) > 10


@pytest.mark.parametrize(("name", "doc"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_the_examples_are_right(name: str, doc: str) -> None:
    examples = doctest.DocTestParser().get_doctest(doc, dict(NAMES), name, None, None)
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(examples, out=report.append)
    assert runner.failures == 0, "".join(report)


def test_the_readme_names_what_there_is() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    blocks = readme.split("```python\n")[1:]
    assert blocks
    for block in blocks:
        compile(block.split("```")[0], "README.md", "exec")
