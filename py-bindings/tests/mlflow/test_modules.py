"""The examples of modules, and that they need no MLflow."""

import doctest
import importlib
import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["hitchpost.mlflow.uri", "hitchpost.mlflow.scheme"])
def test_the_examples_are_right(module: str) -> None:
    done = doctest.testmod(importlib.import_module(module), optionflags=doctest.ELLIPSIS)
    assert done.attempted > 0
    assert done.failed == 0


def test_the_client_needs_no_mlflow() -> None:
    modules = "auth, client, scheme, uri"
    code = f"import sys; from hitchpost.mlflow import {modules}; sys.exit('mlflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
