"""Imports go one way: a module imports its own folder or lower ranks only."""

import ast
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "signllm"

RANKS = {
    "__init__": 0, "errors": 0, "fsutil": 0, "sampling": 0, "languages": 1, "config": 2, "device": 2, "pose": 2,
    "data": 3, "models": 3, "metrics": 4, "inference": 4, "training": 5, "viewing": 5, "cli": 6,
}  # fmt: skip


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
            yield node.lineno, room if room in RANKS else "__init__"


def room_of(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def test_every_room_has_a_rank():
    assert {room_of(path) for path in PACKAGE.rglob("*.py")} <= set(RANKS)


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
