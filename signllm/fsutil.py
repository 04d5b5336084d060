"""Files: written by one process at a time, so that an interruption never leaves a torn one, and decoded in one way."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import io
import itertools
import os
import shlex
import shutil
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import orjson

from signllm.errors import DataError, LockedError, SignLLMError
from signllm.inputs import open_regular, read_whole, resolved
from signllm.outputs import WatchedFile, refuse_special, writing

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]  # a module that is not there

BOM = b"\xef\xbb\xbf"
"""The byte order mark that Windows editors put before UTF-8 text."""


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Call `write` on a temporary sibling, sync it, and rename it to `path`.

    The sibling is `.<name>.tmp`, so what a killed process left of it is overwritten by the next one; a process that
    writes the same file meanwhile takes `.<name>.1.tmp`. Raises OutputError where the system says no; what stood at
    `path` is then as it was, and nothing stands beside it.
    """
    with writing(path):
        refuse_special(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        file = _open_temporary(path)
        try:
            with file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
                if fcntl is not None:  # still locked: nobody takes it for a stray
                    os.replace(file.name, path)
                    return
            os.replace(file.name, path)
        except BaseException as error:
            Path(file.name).unlink(missing_ok=True)
            failure = file.raw.failure
            if failure is not None and isinstance(error, Exception) and not isinstance(error, SignLLMError):
                raise failure from error  # some libraries only say that they could not write
            raise


def _open_temporary(path: Path) -> io.BufferedWriter[WatchedFile]:
    """An empty file beside `path` that no living process writes, locked until it is closed."""
    if fcntl is None:
        return io.BufferedWriter(WatchedFile(path.with_name(f".{path.name}.{os.getpid()}.tmp"), "wb"))
    for number in itertools.count():
        temporary = path.with_name(f".{path.name}{f'.{number}' if number else ''}.tmp")
        raw = WatchedFile(temporary, "wb", opener=lambda name, flags: os.open(name, flags & ~os.O_TRUNC, 0o666))
        file = io.BufferedWriter(raw)
        if _is_mine(file, temporary):
            file.truncate()
            return file
        file.close()
    raise AssertionError("the numbers do not end")


def _is_mine(file: io.IOBase, path: Path) -> bool:
    """Lock an open file; False where a living process has it, or where it is no longer what stands at `path`."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        pass
    try:
        return os.path.samestat(os.stat(path), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def sweep(folder: Path) -> None:
    """Remove the temporary files that killed processes left in a folder; what is being written stays."""
    for stray in folder.glob(".*.tmp") if fcntl is not None else ():
        with suppress(OSError), open(stray, "r+b") as file:
            if _is_mine(file, stray):
                stray.unlink()


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    write_atomically(path, lambda file: file.write(text.encode()))


def write_json(path: Path, value: object) -> None:
    """Write indented JSON atomically; numpy scalars and arrays are allowed."""
    data = orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY) + b"\n"
    write_atomically(path, lambda file: file.write(data))


def file_sha256(path: Path) -> str:
    """Hex digest of a file's content. Raises DataError where it cannot be read."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def code_sha256(root: Path, files: Iterable[Path]) -> str:
    """Hex digest of the names below `root` and the content of source files, in this order."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def file_identity(path: Path) -> tuple[int, ...]:
    """What tells a file's content from what it holds after it was written anew; OSError where there is no such file."""
    stat = path.stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def file_stamps(files: Iterable[Path], root: Path) -> Iterator[tuple[str, int, int]]:
    """Name below `root`, size and time of each file once; what is not there is left out."""
    seen: set[str] = set()
    for file in files:
        if str(file) not in seen and file.exists():
            stat = file.stat()
            yield os.path.relpath(file, root), stat.st_size, stat.st_mtime_ns
        seen.add(str(file))


def decode(data: bytes, path: Path) -> str:
    """UTF-8 text, or UTF-16 with its mark, without the mark; DataError names the first line of `path` that is not."""
    try:
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return data.decode("utf-16")
        return data.removeprefix(BOM).decode()
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path}:{line}: not UTF-8 text; save the file as UTF-8") from None


def read_text(path: Path) -> str:
    """The text of a UTF-8 file. Raises DataError where it cannot be read or decoded."""
    return decode(read_bytes(path), path)


def read_bytes(path: Path) -> bytes:
    """The content of a regular file, of 512 MB at most. Raises DataError where it cannot be read."""
    return read_whole(path)


def read_lines(path: Path) -> list[str]:
    """The lines of a UTF-8 file without surrounding blanks, empty ones included.

    Only \\n and \\r\\n end a line: a text may hold any other character that Unicode calls a line separator.
    """
    lines = [line.strip() for line in read_text(path).split("\n")]
    return lines[:-1] if lines[-1] == "" else lines


def parse_json(data: bytes, name: str | Path, remedy: str = "") -> object:
    """The value of a JSON text, with or without a byte order mark; DataError says where `name` is not JSON."""
    try:
        return orjson.loads(data.removeprefix(BOM))
    except orjson.JSONDecodeError as error:
        raise DataError(f"{name}: not JSON ({error}){'; ' if remedy else ''}{remedy}") from None


def read_json(path: Path) -> object:
    """The value of a JSON file. Raises DataError where it cannot be read or is not JSON."""
    return parse_json(read_bytes(path), path)


@contextmanager
def hold(target: Path) -> Iterator[None]:
    """Let no other process write `target`, a file or folder that need not be there yet, until the block ends.

    The lock is the operating system's, on the hidden sibling `.<name>.lock`: it ends with the process, however that
    ends, and moves with no renaming of `target`. Within a process it may be held more than once. Raises LockedError
    that says who holds it, OutputError where the system lets nothing be written there. Nothing stays behind, not even
    folders that were made for the lock.
    """
    place = resolved(target)
    if place in _held:
        _held[place].depth += 1
    else:
        with writing(target):
            _held[place] = _Hold(place)
    held = _held[place]
    try:
        yield
    finally:
        held.depth -= 1
        if not held.depth:
            _held.pop(place, None)
            held.release()


class _Hold:
    """A lock of this process on a place, with a note of who holds it beside the lock."""

    def __init__(self, place: Path):
        from filelock import FileLock, Timeout  # 18 ms that whoever only signs a text should not pay

        self.depth = 1
        self._note = place.with_name(f".{place.name}.holder")
        self._path = place.with_name(f".{place.name}.lock")
        while True:
            self._made = [folder for folder in place.parents if not folder.exists()]
            place.parent.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(self._path, timeout=_LOCK_WAIT_S)
            try:
                self._lock.acquire()
                break
            except Timeout:
                raise LockedError(f"{place}: {_holder(self._note)}; wait for it, or end it") from None
            except FileNotFoundError:  # another process removed the folder that it had made for its own lock
                continue
        since = datetime.now().astimezone().isoformat(" ", "seconds")
        facts = {"pid": os.getpid(), "host": socket.gethostname(), "since": since, "command": shlex.join(sys.orig_argv)}
        with suppress(OSError):  # a full disk: the lock holds without its note
            self._note.write_bytes(orjson.dumps(facts))

    def release(self) -> None:
        """Remove lock and note while they are ours, then let go."""
        for path in (self._note, self._path):
            with suppress(OSError):
                path.unlink()
        self._lock.release()
        for folder in self._made:
            with suppress(OSError):  # not empty: it is of use
                folder.rmdir()


_LOCK_WAIT_S = 0.2  # a holder that is just letting go is no reason to refuse
_held: dict[Path, _Hold] = {}
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_held.clear)  # the lock stays with the parent


def _holder(note: Path) -> str:
    """Who holds a lock, as far as its note can be read."""
    try:
        facts = orjson.loads(note.read_bytes())
        who = f"process {facts['pid']} on {facts['host']} is writing it since {facts['since']}"
        return f"{who} ({facts['command'][:_COMMAND_CHARS]})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process is writing it"


_COMMAND_CHARS = 200


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A new folder to write into, which takes the place of `target` at the end of the block; it is gone after an error.

    What stood at `target` is there until then. Raises LockedError where another process writes it, OutputError where
    the system does not let it be written.
    """
    beside = target.with_name(f".{target.name}.tmp")
    with hold(target), writing(target):
        restore_folder(target)
        shutil.rmtree(beside, ignore_errors=True)  # of a killed process
        try:
            beside.mkdir()
            yield beside
            replace_folder(beside, target)
        finally:
            shutil.rmtree(beside, ignore_errors=True)


def replace_folder(new: Path, target: Path) -> None:
    """Put the folder `new` in the place of `target`, which is the old or the new one at every instant; remove the old.

    Where the system cannot exchange two folders in one step (Linux can, on most file systems), the old one stands at
    `.<name>.old` for an instant; `restore_folder` brings it back after a kill. Whoever calls either holds `target`.
    """
    old = _old(target)
    if not target.exists():
        os.replace(new, target)
    elif _exchange(new, target):
        old = new
    else:
        shutil.rmtree(old, ignore_errors=True)
        os.replace(target, old)
        os.replace(new, target)
    shutil.rmtree(old, ignore_errors=True)


def restore_folder(target: Path) -> None:
    """Undo or end what a killed `replace_folder` left half done."""
    old = _old(target)
    if old.exists() and not target.exists():
        os.replace(old, target)
    shutil.rmtree(old, ignore_errors=True)


def _old(target: Path) -> Path:
    return target.with_name(f".{target.name}.old")


def _exchange(one: Path, other: Path) -> bool:
    """Let two paths change places in one step; False where system or file system cannot."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    if renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EXDEV):
        return False
    raise OSError(number, os.strerror(number), str(other))


_AT_FDCWD, _RENAME_EXCHANGE = -100, 2  # of Linux
