"""Which tests run which lines, from one run of the tests under coverage."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from coverage import CoverageData

from signllm.errors import DataError

COMPILED = re.compile(r"^@(numba\.)?njit\b", re.MULTILINE)
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
_CONFIGURATION = "[run]\ndata_file = {data}\ninclude =\n{include}"


def files_of_tests(root: Path, paths: Iterable[str]) -> list[str]:
    """The test files that mirror the folders of these modules, and those that import one of the modules."""
    modules = {path.removesuffix(".py").replace("/", ".").removesuffix(".__init__") for path in paths}
    mirrored = {"/".join(["tests", *path.split("/")[1:-1]][:2]) for path in paths}
    found = []
    for file in sorted((root / "tests").rglob("test_*.py")):
        path = file.relative_to(root).as_posix()
        if any(path.startswith(f"{folder}/") for folder in mirrored) or modules & _imported(file):
            found.append(path)
    return found


def _imported(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


@dataclass(frozen=True)
class Reach:
    """`tests[path][line]`: the tests that run a line of a function; `seconds`: how long each test takes."""

    tests: dict[str, dict[int, set[str]]]
    seconds: dict[str, float]

    def of(self, path: str, first: int, last: int) -> list[str]:
        """The tests that run one of these lines, quick ones first; of lines outside functions, those of the file."""
        lines = self.tests.get(path, {})
        wanted = [line for line in range(first, last + 1) if line in lines] or list(lines)
        found = set().union(*(lines[line] for line in wanted))
        return sorted(found, key=lambda test: (self.seconds.get(test, 0.0), test))


def measure_reach(root: Path, paths: Sequence[str], files: Sequence[str], jobs: int, folder: Path) -> Reach:
    """Run the test files under coverage. Raises DataError, with what it said, when a test fails as the code stands.

    Coverage does not see into compiled functions, so the tests of files with such functions run once more, as plain
    Python; a test that fails that way is left out.
    """
    tests, seconds, failed = _covered(root, paths, files, jobs, folder / "compiled", {})
    if failed:
        raise DataError(
            [
                f"{test}: fails as the code stands; faults are only sought among tests that pass: {said}"
                for test, said in sorted(failed.items())
            ]
        )
    compiled = [path for path in paths if COMPILED.search((root / path).read_text(encoding="utf-8"))]
    if compiled:
        plain = {"NUMBA_DISABLE_JIT": "1"}
        mirrors = [file for file in files if file in files_of_tests(root, compiled)]
        seen, slow, failed = _covered(root, compiled, mirrors, jobs, folder / "plain", plain)
        for path, lines in seen.items():
            tests[path] = {line: found - failed.keys() for line, found in lines.items()}
        seconds = {test: max(time, slow.get(test, 0.0)) for test, time in seconds.items()}
    return Reach(tests, seconds)


def _covered(
    root: Path, paths: Sequence[str], files: Sequence[str], jobs: int, folder: Path, settings: dict[str, str]
) -> tuple[dict[str, dict[int, set[str]]], dict[str, float], dict[str, str]]:
    """(tests by path and line, seconds by test, what failed tests said)"""
    folder.mkdir(parents=True)
    data, report = folder / "coverage", folder / "report.xml"
    include = "".join(f"    {root / path}\n" for path in paths)
    (folder / "coveragerc").write_text(_CONFIGURATION.format(data=data, include=include), encoding="utf-8")
    command = [*PYTEST, "--cov", f"--cov-config={folder / 'coveragerc'}", "--cov-context=test", "--cov-report="]
    command += [f"--junitxml={report}", *(["-n", str(jobs)] if jobs > 1 else []), *files]
    done = subprocess.run(command, cwd=root, env=environment(**settings), capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise DataError(f"the tests cannot run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    seconds, failed = {}, {}
    for case in ElementTree.parse(report).iter("testcase"):
        test = f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name')}"
        seconds[test] = float(case.get("time", 0))
        for outcome in (*case.iter("failure"), *case.iter("error")):
            failed[test] = f"{outcome.get('message', '')}\n{outcome.text or ''}"[-2000:]
    measured = CoverageData(str(data))
    measured.read()
    tests = {path: _tests_by_line(root, path, measured) for path in paths}
    return tests, seconds, failed


def _tests_by_line(root: Path, path: str, measured: CoverageData) -> dict[int, set[str]]:
    """Lines of functions only: what runs at import is put down to whichever test came first."""
    inside = _lines_of_functions((root / path).read_text(encoding="utf-8"))
    found = {}
    for line, contexts in measured.contexts_by_lineno(str(root / path)).items():
        tests = {context.rpartition("|")[0] for context in contexts if context}
        if line in inside and tests:
            found[line] = tests
    return found


def _lines_of_functions(source: str) -> set[int]:
    lines: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            lines |= set(range(node.body[0].lineno, node.end_lineno + 1))
    return lines


def environment(**changes: str) -> dict[str, str]:
    """That of this process, with one thread a process and no bytecode left behind."""
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1", **changes}
