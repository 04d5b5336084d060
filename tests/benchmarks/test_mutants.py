"""The tool that puts faults into the code: what it changes, and whether it notices who notices."""

import ast
import sys

import pytest

from tests.conftest import ROOT

sys.path.append(str(ROOT / "benchmarks"))

import mutants
from mutation.faults import Choices, draw
from mutation.reach import files_of_tests, measure_reach
from mutation.trial import Bench, Verdict

from signllm.errors import DataError

SOURCE = '''"""Numbers and their places."""

from __future__ import annotations

SHARE = 0.5


def clipped(value: float | None, least: float = 0.0) -> float:
    """The value, but not below `least`."""
    if value is None:
        raise ValueError("no value here, give 1 or more")
    if value < least:
        return least
    return value


def unseen(value: int) -> int:
    return value + SHARE
'''
TESTS = """
from signllm.numbers.clipping import clipped

def test_low_values_are_clipped():
    assert [clipped(2.0), clipped(-3.0), clipped(-3.0, least=1.0)] == [2.0, 0.0, 1.0]

def test_none():
    try:
        clipped(None)
    except ValueError:
        return
    raise AssertionError
"""


@pytest.fixture
def repository(tmp_path):
    root = tmp_path / "repository"
    for path, content in {
        "signllm/__init__.py": "", "signllm/numbers/__init__.py": "", "signllm/numbers/clipping.py": SOURCE,
        "tests/numbers/test_clipping.py": TESTS, "tests/other/test_other.py": "def test_other():\n    assert True\n",
        "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\n',
    }.items():  # fmt: skip
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    return root


def all_faults(source=SOURCE):
    choices = Choices("clipping.py", source)
    return [fault for place in range(len(choices)) for fault in choices.faults(place)]


def test_every_fault_changes_what_programs_read_and_nothing_else():
    faults = all_faults()
    pairs = {(fault.before.strip(), fault.after.strip()) for fault in faults}
    assert {("value + SHARE", "value - SHARE"), ("< least", "<= least"), ("0.5", "1.5")} <= pairs
    original = ast.dump(ast.parse(SOURCE))
    for fault in faults:
        assert ast.dump(ast.parse(fault.source)) != original
        for kept in (
            '"""Numbers',
            "from __future__ import annotations",
            "float | None",
            "no value here, give 1 or more",
        ):
            assert kept in fault.source


def test_conditions_are_turned_round_and_statements_left_out():
    pairs = {
        (fault.before, fault.after) for fault in all_faults("def f(x):\n    if x:\n        x.sort()\n    return x\n")
    }
    assert {("if x:", "if not (x):"), ("x.sort()", "pass")} <= pairs


def test_the_draw_is_a_function_of_the_seed(repository):
    rooms = ["signllm/numbers"]
    assert draw(repository, rooms, 5, 0) == draw(repository, rooms, 5, 0) != draw(repository, rooms, 5, 1)
    places = [(fault.first_line, fault.before) for fault in draw(repository, rooms, 1000, 0)]
    assert len(places) == len(set(places)) == len(Choices("x", SOURCE))


def test_faults_are_caught_by_the_tests_that_run_their_lines(repository, tmp_path):
    path = "signllm/numbers/clipping.py"
    files = files_of_tests(repository, [path])
    assert files == ["tests/numbers/test_clipping.py"]
    reach = measure_reach(repository, [path], files, 1, tmp_path / "reach")
    low, none = (f"tests/numbers/test_clipping.py::{name}" for name in ("test_low_values_are_clipped", "test_none"))
    assert set(reach.of(path, 12, 12)) == {low}
    assert set(reach.of(path, 10, 10)) == {low, none}
    assert set(reach.of(path, 5, 5)) == {low, none}  # run when the module is imported
    choices = Choices(path, SOURCE)
    faults = [fault for place in range(len(choices)) for fault in choices.faults(place)]
    bench = Bench(repository, tmp_path / "copy")
    (smaller,) = [fault for fault in faults if (fault.before, fault.after) == ("value + SHARE", "value - SHARE")]
    (turned,) = [fault for fault in faults if fault.after == "if not (value is None):"]
    unseen, seen = (bench.try_fault(fault, reach) for fault in (smaller, turned))
    assert (unseen.caught, unseen.by) == (False, "")
    assert seen.caught
    assert seen.by in (low, none)
    assert (bench.copy / path).read_text() == SOURCE


def test_tests_that_fail_already_are_named(repository, tmp_path):
    (repository / "tests/numbers/test_clipping.py").write_text("def test_wrong():\n    assert False\n")
    with pytest.raises(DataError, match=r"tests/numbers/test_clipping\.py::test_wrong: fails as the code stands"):
        measure_reach(
            repository, ["signllm/numbers/clipping.py"], ["tests/numbers/test_clipping.py"], 1, tmp_path / "reach"
        )


def test_the_report_fails_below_the_least_share(capsys):
    verdicts = [Verdict(fault, caught, "") for fault, caught in zip(all_faults()[:4], (1, 1, 1, 0), strict=True)]
    assert mutants.report(verdicts, 75.0, 60.0) == 0
    assert mutants.report(verdicts, 76.0, 60.0) == 1
    assert "3 of 4 faults caught (75 %) in 1.0 minutes" in capsys.readouterr().out


def test_wrong_flags_are_refused(capsys):
    assert mutants.main(["--rooms", "signllm/nowhere", "--count", "0"]) == 2
    said = capsys.readouterr().err
    assert "signllm/nowhere: no such folder or file" in said
    assert "--count 0" in said
