"""The kills of one scenario: what each leaves at once, and what there is in the end."""

from __future__ import annotations

import random
import shutil
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

from killing.scenarios import Scenario
from killing.victim import Ending, Kill, run
from tests.helpers.outcomes import differences
from tests.helpers.processes import all_end, marked

SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
ALIVE_S = 10.0
MOST_KILLS = 4  # of one chain
COLUMNS = {
    "scenario": 29, "kills": 5, "KILL": 5, "TERM": 5, "INT": 5, "at files": 8,
    "chains": 6, "torn": 5, "alive": 5, "stray": 5, "lost": 5, "seconds": 7,
}  # fmt: skip


class Trial:
    """Kills a scenario; `faults` says in words what the table counts."""

    def __init__(self, scenario: Scenario, folder: Path, draw: random.Random):
        self.scenario, self.folder, self.draw = scenario, folder, draw
        self.counts: Counter[str] = Counter()
        self.faults: list[str] = []

    def run(self, kills: int) -> dict[str, Any]:
        """Kill so many times; return the row of the table."""
        started = time.monotonic()
        shutil.rmtree(self.folder, ignore_errors=True)
        shared = self.folder / "shared"
        shared.mkdir(parents=True)
        self._prepare(shared)
        expected, straight = self._straight(shared)
        while self.counts["kills"] < kills and len(self.faults) < 20:
            self.counts["chains"] += 1
            self._chain(shared, expected, straight, min(self.draw.randint(1, MOST_KILLS), kills - self.counts["kills"]))
        row = {name: self.counts[name] for name in COLUMNS}
        return row | {"scenario": self.scenario.name, "seconds": round(time.monotonic() - started)}

    def _prepare(self, shared: Path) -> None:
        """In a process of its own: this one must not have trained when others are forked from it."""
        log = self.folder / "prepare.log"
        if run(lambda: (self.scenario.prepare(shared), 0)[1], shared, log, "SIGNLLM_PREPARES").code:
            raise SystemExit(f"{self.scenario.name} cannot be prepared; see {log}")

    def _straight(self, shared: Path) -> tuple[dict, Ending]:
        root = self._fresh(shared, "straight")
        ending = self._command(shared, root)
        if ending.code:
            raise SystemExit(f"{self.scenario.name} fails without a kill; see {root.with_suffix('.log')}")
        return self.scenario.outcome(root), ending

    def _fresh(self, shared: Path, name: str) -> Path:
        root = self.folder / name
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True)
        self.scenario.begin(shared, root)
        return root

    def _command(self, shared: Path, root: Path, kill: Kill | None = None) -> Ending:
        """Run to the end or the kill; count what lives on afterwards."""
        if self.scenario.in_seconds:
            time.sleep(1.0 - time.time() % 1.0)
        with marked() as (mark, _):
            ending = run(lambda: self.scenario.command(shared, root), root, root.with_suffix(".log"), mark, kill)
            if not all_end(mark, ALIVE_S):
                self._fault("alive", root, kill, "processes of it live on")
        return ending

    def _chain(self, shared: Path, expected: dict, straight: Ending, kills: int) -> None:
        """Kill up to so many times, let it end, compare."""
        faults = len(self.faults)
        root = self._fresh(shared, f"chain_{self.counts['chains']}")
        for _ in range(kills):
            kill = self._choose(straight)
            ending = self._command(shared, root, kill)
            if ending.code == 0:  # it ended before
                break
            self.counts["kills"] += 1
            self.counts[kill.signal.name.removeprefix("SIG")] += 1
            self.counts["at files"] += kill.operation is not None
            if ending.code not in (-kill.signal, 130):
                self._fault("lost", root, kill, f"it ended with {ending.code}")
            for fault in self.scenario.check(root):
                self._fault("torn", root, kill, fault)
        ending = self._command(shared, root)
        if ending.code:
            self._fault("lost", root, None, f"going on ended with {ending.code}")
            return
        found = self.scenario.outcome(root)
        for stray in found.get("strays", ()):
            self._fault("stray", root, None, stray)
        for name in differences({**found, "strays": []}, {**expected, "strays": []}, self.scenario.tolerance):
            self._fault("lost", root, None, f"{name} differs from that of {self.folder / 'straight'}")
        if len(self.faults) == faults:
            shutil.rmtree(root)

    def _choose(self, straight: Ending) -> Kill:
        number = self.draw.choice(SIGNALS)
        if self.draw.random() < 0.5 and straight.operations:
            return Kill(number, operation=self.draw.randint(1, straight.operations))
        return Kill(number, seconds=self.draw.uniform(0, straight.seconds))

    def _fault(self, kind: str, root: Path, kill: Kill | None, text: str) -> None:
        self.counts[kind] += 1
        self.faults.append(f"{kind}: {root.name} {kill or 'at the end'}: {text}")
