"""Putting a fault into a copy of the code and running tests until one of them sees it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mutation.faults import Fault
from mutation.reach import COMPILED, PYTEST, Reach, environment, files_of_tests

FIRST_TESTS_S = 60.0  # of the tests that run a faulty line, so many seconds' worth of the quick ones come first
PATIENCE = 10.0  # a test that takes so many times as long as it should has met an endless loop
SHORTEST_S = 120.0
_NOT_COPIED = shutil.ignore_patterns(".*_cache", ".git", ".venv", "datasets", "checkpoints", "logs", "outputs", "cache")


@dataclass(frozen=True)
class Verdict:
    """Whether a fault was caught, and by what: a test, 'import', or 'time'."""

    fault: Fault
    caught: bool
    by: str


class Bench:
    """A copy of the repository to spoil. `shared` beside the repository stands beside the copy, too."""

    def __init__(self, root: Path, folder: Path):
        self.copy = folder / root.name
        shutil.copytree(root, self.copy, ignore=_NOT_COPIED)
        if (root.parent / "shared").exists():
            (folder / "shared").symlink_to((root.parent / "shared").resolve())

    def try_fault(self, fault: Fault, reach: Reach) -> Verdict:
        """First the tests that run the faulty line, then all others of the files that belong to the module."""
        file = self.copy / fault.path
        sound = file.read_bytes()
        compiled = bool(COMPILED.search(fault.source))
        file.write_text(fault.source, encoding="utf-8")
        try:
            near = _quick_ones(reach.of(fault.path, fault.first_line, fault.last_line), reach)
            settings = {"NUMBA_DISABLE_JIT": "1"} if compiled else {}  # compiling takes longer than the tests
            by = self._run(near, sum(reach.seconds.get(test, 0.0) for test in near), settings) if near else None
            if by is None:
                files = files_of_tests(self.copy, [fault.path])
                total = sum(time for test, time in reach.seconds.items() if test.partition("::")[0] in files)
                with tempfile.TemporaryDirectory() as cache:  # callers in other files have the compiled fault inlined
                    settings = {"NUMBA_CACHE_DIR": cache} if compiled else {}
                    by = self._run(files, total + 120.0 * compiled, settings)
            return Verdict(fault, by is not None, by or "")
        finally:
            file.write_bytes(sound)

    def _run(self, tests: Sequence[str], seconds: float, settings: dict[str, str]) -> str | None:
        """What saw the fault; None where all tests passed."""
        command = [*PYTEST, "-x", "-p", "no:xdist", "--no-header", "--tb=no", *tests]
        process = subprocess.Popen(
            command, cwd=self.copy, env=environment(**settings), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, start_new_session=True,
        )  # fmt: skip
        try:
            output, _ = process.communicate(timeout=max(SHORTEST_S, PATIENCE * seconds))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return "time"
        if process.returncode == 0:
            return None
        if process.returncode == 4 and "::" in "".join(tests):  # the fault renamed a test that is made from the code
            return self._run(sorted({test.partition("::")[0] for test in tests}), seconds, settings)
        failed = [line.split(" ")[1] for line in output.splitlines() if line.startswith(("FAILED ", "ERROR "))]
        return failed[0] if process.returncode == 1 and failed else "import"


def _quick_ones(tests: Sequence[str], reach: Reach) -> list[str]:
    """Tests, quick ones first, up to FIRST_TESTS_S; at least one where there is one."""
    chosen, total = [], 0.0
    for test in tests:
        total += reach.seconds.get(test, 0.0)
        if chosen and total > FIRST_TESTS_S:
            break
        chosen.append(test)
    return chosen
