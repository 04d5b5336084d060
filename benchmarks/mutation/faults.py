"""Which single faults can be put into a file, and a random draw of them.

The faults are those of mutmut (operators swapped, numbers one off, arguments left out, values replaced by None, ...), a
condition turned round, and a statement left out. mutmut itself draws no samples and leaves out decorated functions: all
compiled kernels and properties. Annotations, decorators, imports and what people read (documentation, errors, warnings,
formatted strings, strings with blanks) stay as they are.
"""

from __future__ import annotations

import ast
import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import libcst as cst
import libcst.matchers as m
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators

_FOR_READERS = ("warn", "warning", "info", "debug", "print", "did_you_mean")
_UNTOUCHED = (
    cst.Annotation, cst.Decorator, cst.Import, cst.ImportFrom, cst.Raise, cst.Assert, cst.FormattedString,
    cst.ConcatenatedString,
)  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """One change of one file: the lines that it touches (from 1), code before and after, and the whole new file."""

    path: str
    first_line: int
    last_line: int
    before: str
    after: str
    source: str

    def __str__(self) -> str:
        return f"{self.path}:{self.first_line}: {_shown(self.before)}  ->  {_shown(self.after)}"


def _shown(code: str, most: int = 120) -> str:
    line = " ".join(code.split())
    return line if len(line) <= most else f"{line[: most // 2]} ... {line[-most // 2 :]}"


def turned_condition(node: cst.If) -> Iterator[cst.CSTNode]:
    """`if x` becomes `if not (x)`."""
    inner = node.test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    yield node.with_changes(test=cst.UnaryOperation(cst.Not(), inner))


def left_out_statement(node: cst.Expr) -> Iterator[cst.CSTNode]:
    """A call whose result nobody takes becomes `pass`."""
    if isinstance(node.value, cst.Call):
        yield cst.Pass()


OPERATORS = [*mutation_operators, (cst.If, turned_condition), (cst.Expr, left_out_statement)]


class _Collector(cst.CSTVisitor):
    """The nodes of a file that can be changed, where they stand, and what can stand in their place."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        self.found: list[tuple[cst.CSTNode, CodeRange, list[cst.CSTNode]]] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, _UNTOUCHED) or _is_for_readers(node):
            return False
        if changed := [new for kind, operator in OPERATORS if isinstance(node, kind) for new in operator(node)]:
            self.found.append((node, self.get_metadata(PositionProvider, node), changed))
        return True


def _is_for_readers(node: cst.CSTNode) -> bool:
    """Whether people or type checkers, not programs, read it."""
    if isinstance(node, cst.SimpleString):
        return " " in node.raw_value or "\n" in node.raw_value
    if isinstance(node, cst.If):
        return m.matches(node.test, m.Name("TYPE_CHECKING"))
    if isinstance(node, cst.Expr):
        return _is_for_readers(node.value)
    if isinstance(node, cst.Call):
        called = node.func.attr if isinstance(node.func, cst.Attribute) else node.func
        name = called.value if isinstance(called, cst.Name) else ""
        return name in _FOR_READERS or name.endswith("Error") or name == "cast"
    return False


class Choices:
    """The places of one file that can be changed, `len(choices)` of them."""

    def __init__(self, path: str, source: str):
        wrapper = MetadataWrapper(cst.parse_module(source), unsafe_skip_copy=True)
        collector = _Collector()
        wrapper.visit(collector)
        self.path, self.module, self._found = path, wrapper.module, collector.found
        self._tree = ast.dump(ast.parse(source))

    def __len__(self) -> int:
        return len(self._found)

    def faults(self, place: int, rng: random.Random | None = None) -> Iterator[Fault]:
        """The faults of one place that compile and are no mere rewriting, in random order or as they come."""
        node, where, changed = self._found[place]
        for new in rng.sample(changed, len(changed)) if rng else changed:
            source = self.module.deep_replace(node, new).code
            try:
                tree = ast.dump(ast.parse(source))
            except SyntaxError:
                continue
            if tree != self._tree:
                first = where.start.line
                last = first if isinstance(node, cst.If) else where.end.line
                before, after = (self.module.code_for_node(n) for n in (node, new))
                if isinstance(node, cst.If):
                    before, after = (code.partition("\n")[0] for code in (before.lstrip(), after.lstrip()))
                yield Fault(self.path, first, last, before, after, source)


def draw(root: Path, rooms: Sequence[str], count: int, seed: int) -> list[Fault]:
    """`count` faults of the Python files in these folders and files, each place of the code as probable as another.

    Of a place one fault is taken, no place twice; fewer come back where there are fewer places.
    """
    paths = sorted({path for room in rooms for path in _python_files(root / room)})
    files = [Choices(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")) for path in paths]
    places = [(choices, place) for choices in files for place in range(len(choices))]
    rng = random.Random(seed)
    rng.shuffle(places)
    drawn: list[Fault] = []
    for choices, place in places:
        if len(drawn) == count:
            break
        drawn += itertools.islice(choices.faults(place, rng), 1)
    return drawn


def _python_files(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(path.rglob("*.py"))
