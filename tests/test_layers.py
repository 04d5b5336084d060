"""Imports go one way: a module imports its own folder or lower ranks only, and no two modules import each other."""

import ast
import re
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "signllm"

FOUNDATION = (
    "__init__",
    "errors",
    "fsutil",
    "hooks",
    "inputs",
    "language_file",
    "languages",
    "outputs",
    "packed",
    "sampling",
    "sign_languages",
    "suffixes",
    "tensor_file",
    "typed",
)
RANKS = {
    "foundation": 0,
    "config": 1, "device": 1, "pose": 1, "text": 1,
    "aligning": 2, "learning": 2, "lifting": 2,
    "data": 3, "models": 3, "retargeting": 3,
    "judges": 4, "metrics": 4, "inference": 4,
    "training": 5, "evaluation": 5,
    "composing": 6, "viewing": 6, "sharing": 6,
    "serving": 7,
    "cli": 8,
    "__main__": 9,
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


def modules_of(package: Path) -> dict[str, Path]:
    """Every module below a package's folder, by dotted name."""
    named = {}
    for path in package.rglob("*.py"):
        parts = path.relative_to(package.parent).with_suffix("").parts
        named[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return named


def imported_modules(path: Path, name: str, known) -> dict[str, int]:
    """The modules of the package that a file imports anywhere (in functions and under TYPE_CHECKING too): name -> line.

    `from package.folder import name` means the module `name` where there is one, else the folder's `__init__`.
    """
    found = {}
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
            source = ".".join(filter(None, (above, node.module)))
            targets = [f"{source}.{a.name}" if f"{source}.{a.name}" in known else source for a in node.names]
        else:
            continue
        for target in targets:
            if target in known and target != name:
                found.setdefault(target, node.lineno)
    return found


def circles(package: Path) -> list[str]:
    """Every import that lies on a circle of modules, as `file:line imports module`."""
    modules = modules_of(package)
    graph = {name: imported_modules(path, name, modules) for name, path in modules.items()}

    def reaches(start: str, goal: str) -> bool:
        seen, queue = set(), [start]
        while queue:
            module = queue.pop()
            if module == goal:
                return True
            if module not in seen:
                seen.add(module)
                queue += graph[module]
        return False

    return [
        f"{modules[name].relative_to(package.parent)}:{line} imports {target}, which imports it back"
        for name, targets in sorted(graph.items())
        for target, line in targets.items()
        if reaches(target, name)
    ]


def test_no_two_modules_import_each_other():
    assert not circles(PACKAGE)


def test_circles_are_found_in_functions_over_others_and_under_type_checking(tmp_path):
    house = tmp_path / "house"
    (house / "room").mkdir(parents=True)
    files = {
        "__init__.py": "",
        "room/__init__.py": "from house.room.first import A",
        "room/first.py": "def run():\n    from house.room import second",
        "room/second.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from house.room.third import C",
        "room/third.py": "from . import first",
        "room/alone.py": "import house.room.first\nfrom house.room import A",
    }
    for name, text in files.items():
        (house / name).write_text(text)
    assert [line.split(",")[0] for line in circles(house)] == [
        "house/room/first.py:2 imports house.room.second",
        "house/room/second.py:3 imports house.room.third",
        "house/room/third.py:1 imports house.room.first",
    ]


def test_modules_are_imported_by_name_in_two_places_below_the_command_line():
    """Elsewhere the ranks could be got round."""
    users = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if room_of(path) != "cli"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Name | ast.Attribute | ast.alias)
        and {"import_module", "__import__"} & {getattr(node, key, None) for key in ("id", "attr", "name")}
    }
    assert users == {"__init__.py", "hooks.py"}


def test_every_hook_leads_to_a_module():
    from signllm.hooks import MODULES

    assert set(MODULES.values()) <= set(modules_of(PACKAGE))


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
