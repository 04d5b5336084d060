"""Imports go one way: a module imports its own folder or lower ranks only."""

import ast
import re
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "signllm"

FOUNDATION = ("__init__", "errors", "fsutil", "languages", "sampling")
RANKS = {
    "foundation": 0,
    "config": 1, "device": 1, "pose": 1,
    "data": 2, "models": 2,
    "learning": 3,
    "judges": 4, "metrics": 4, "inference": 4,
    "training": 5, "evaluation": 5,
    "viewing": 6,
    "cli": 7,
    "__main__": 8,
}  # fmt: skip


def room_of_name(name: str) -> str:
    """The room of a module below `signllm`; the files at the bottom are one room."""
    return "foundation" if name in FOUNDATION or name not in RANKS else name


def imports_of(path: Path):
    """(line, imported signllm room) of every import, also those inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "signllm":
            parts = node.module.split(".")
            rooms = [parts[1]] if len(parts) > 1 else [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            rooms = [
                (alias.name.split(".") + ["__init__"])[1]
                for alias in node.names
                if alias.name.split(".")[0] == "signllm"
            ]
        else:
            continue
        for room in rooms:
            yield node.lineno, room_of_name(room)


def room_of(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    name = relative.parts[0] if len(relative.parts) > 1 else relative.stem
    return "foundation" if name in FOUNDATION else name


def test_every_room_has_a_rank():
    assert {room_of(path) for path in PACKAGE.rglob("*.py")} <= set(RANKS)


def test_the_ranks_are_those_of_the_contributors_guide():
    """Each row of its table is `| rank | `name`, `name/` | what |`."""
    told = {}
    for line in (PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines():
        if row := re.match(r"\| (\d) \| ([^|]+) \|", line):
            told |= {name: int(row[1]) for name in re.findall(r"`(\w+)(?:\.py|/)`", row[2])}
    own = {name: RANKS[room_of_name(name)] for name in told}
    assert told == own
    assert {room_of_name(name) for name in told} == set(RANKS)


def test_imports_go_to_the_same_room_or_downwards():
    faults = []
    for path in sorted(PACKAGE.rglob("*.py")):
        own = room_of(path)
        for line, room in imports_of(path):
            if room != own and RANKS[room] >= RANKS[own]:
                faults.append(f"{path.relative_to(PACKAGE.parent)}:{line} ({own}) imports {room}")
    assert not faults, "\n".join(faults)


def test_only_the_command_line_prints():
    faults = []
    for path in PACKAGE.rglob("*.py"):
        if room_of(path) == "cli":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
                faults.append(f"{path}:{node.lineno}")
    assert not faults


def test_files_are_small_rooms():
    long = {str(p): n for p in PACKAGE.rglob("*.py") if (n := len(p.read_text(encoding="utf-8").splitlines())) > 400}
    assert not long
