"""`from signllm import ...`: the names of the package, fetched when they are first used."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import signllm


def test_every_name_is_what_its_module_has():
    assert set(signllm.__all__) - {"__version__"} == set(signllm._MODULE_OF)
    for name, module in signllm._MODULE_OF.items():
        assert getattr(signllm, name) is getattr(importlib.import_module(module), name)
    assert set(signllm.__all__) <= set(dir(signllm))


def test_type_checkers_are_told_the_same_names():
    tree = ast.parse(Path(signllm.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    told = {alias.asname: node.module for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert told == signllm._MODULE_OF


def test_importing_the_package_imports_nothing_of_it():
    code = "import sys, signllm; print([m for m in sys.modules if m.startswith(('signllm.', 'numpy', 'torch'))])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_name_that_is_not_there_is_said():
    with pytest.raises(AttributeError, match="no attribute 'Generater'"):
        _ = signllm.Generater
    with pytest.raises(ImportError):
        exec("from signllm import nothing_of_the_kind")
