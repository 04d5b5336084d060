"""Python processes for tests without their start: forked from a copy of the test process that has imported everything.

A test that kills a training must wait for a process that imports torch for four seconds before it does anything. Here,
after the tests are collected and before the first one runs, a server is forked from the test process, which by then
holds the modules under test; in it nothing was trained and no thread was started. A `Forked` process is forked from
that server: a process of its own, with its own number, memory, files and signals, whose exit code is the real one. It
differs in what is imported already, so what a test says about imports, start-up or /proc/PID/environ needs
`subprocess.Popen` as it is.

The fixture `forked` (conftest.py) puts `Forked` in the place of `subprocess.Popen` for a test.
"""

from __future__ import annotations

import gc
import inspect
import json
import multiprocessing
import os
import runpy
import signal
import socket
import struct
import subprocess
import sys
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import wait as ready
from pathlib import Path

# What optimisers, trainers, metrics and tables import when they are used: once here, not in each process.
LATE_IMPORTS = ("torch._dynamo", "torch.utils.tensorboard", "numba", "scipy.sparse.csgraph", "rich.table")
AVAILABLE = sys.platform == "linux"
_ADDRESS = "SIGNLLM_TEST_FORK_SERVER"  # in the environment, so that a forked process can start others
_STATUS = struct.Struct("!i")


def start() -> tuple[int, int]:
    """Fork the server from this process as it is now; returns what `stop` needs."""
    for name in LATE_IMPORTS:
        import_module(name)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(f"\0signllm-tests-{os.getpid()}-{os.urandom(8).hex()}")  # abstract: no file, gone with the server
    listener.listen(64)
    os.environ[_ADDRESS] = listener.getsockname().decode()[1:]
    ended, alive = os.pipe()  # the server ends when this process does, however that ends
    server = os.fork()
    if server == 0:
        gc.freeze()  # or what is collected one day closes a file whose number is another's by then
        _close_all_but(listener.fileno(), ended)
        try:
            _serve(listener, ended)
        finally:
            os._exit(0)
    listener.close()
    os.close(ended)
    return server, alive


def stop(server: int, alive: int) -> None:
    """End the server, and count what its processes took to this one's children."""
    os.environ.pop(_ADDRESS, None)
    os.close(alive)
    os.waitpid(server, 0)


def _serve(listener: socket.socket, ended: int) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    while ended not in ready([listener, ended]):
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            _keep(connection)
        connection.close()
        _reap()
    _reap()


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _keep(connection: socket.socket) -> None:
    """Start one process, and tell its number and its end; never returns."""
    try:
        size = _STATUS.unpack(_receive(connection, _STATUS.size))[0]
        wanted = json.loads(_receive(connection, size))
        _, files, _, _ = socket.recv_fds(connection, 1, 3)
        process = multiprocessing.get_context("fork").Process(target=_be, args=(wanted, files))
        process.start()
        connection.sendall(_STATUS.pack(process.pid))
        found = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        code = found.si_status if found.si_code == os.CLD_EXITED else -found.si_status
        connection.sendall(_STATUS.pack(code))  # before its number may be given to another process
        process.join()
    finally:
        os._exit(0)


def _be(wanted: dict, files: list[int]) -> None:
    """What the process does; multiprocessing prints what it raises, and flushes and ends it."""
    for number, file in enumerate(files):
        os.dup2(file, number)
    _close_all_but()
    for number, mode in enumerate("rww"):
        stream = open(number, mode, 1 if number == 2 else -1, closefd=False)
        name = ("stdin", "stdout", "stderr")[number]
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.settrace(None)  # of coverage
    if wanted["session"]:
        os.setsid()
    os.chdir(wanted["folder"])
    os.environ.clear()
    os.environ.update(wanted["environment"])
    subprocess.Popen = Forked
    program, *words = wanted["words"]
    if program == "-c":
        code, *words = words
        sys.argv = ["-c", *words]
        sys.path.insert(0, "")
        exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})
    else:
        sys.argv = [program, *words]
        sys.path.insert(0, str(Path(program).parent.resolve()))
        runpy.run_path(program, run_name="__main__")


def _close_all_but(*kept: int) -> None:
    for file in (int(name) for name in os.listdir("/proc/self/fd")):
        if file > 2 and file not in kept:
            with suppress(OSError):
                os.close(file)


def _receive(connection: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        more = connection.recv(size - len(found))
        if not more:
            raise EOFError
        found += more
    return found


class Forked(_Popen := subprocess.Popen):
    """`subprocess.Popen` of this Python's `-c CODE` or a script, forked from the server; of other programs, itself.

    Pipes, `communicate`, timeouts and signals are Popen's own. Replaced are the three methods by which it starts a
    process and asks for its end: the process is no child of this one.
    """

    _connection: socket.socket | None = None

    def _execute_child(self, *given):
        names = inspect.signature(_Popen._execute_child).parameters
        values = dict(zip(names, (self, *given), strict=True))
        words = [os.fsdecode(word) for word in values["args"]]
        if words[0] != sys.executable or (words[1].startswith("-") and words[1] != "-c"):
            super()._execute_child(*given)
            return
        environment = dict(os.environ if values["env"] is None else values["env"])
        wanted = {
            "words": words[1:],
            "folder": os.path.abspath(os.fsdecode(values["cwd"] or ".")),
            "environment": {os.fsdecode(key): os.fsdecode(value) for key, value in environment.items()},
            "session": values["start_new_session"],
        }
        files = [values[name] for name in ("p2cread", "c2pwrite", "errwrite")]
        pipes = [values[name] for name in ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")]
        try:
            self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._connection.connect(f"\0{os.environ[_ADDRESS]}")
            content = json.dumps(wanted).encode()
            self._connection.sendall(_STATUS.pack(len(content)) + content)
            socket.send_fds(self._connection, [b"."], [own if own != -1 else n for n, own in enumerate(files)])
            self.pid = _STATUS.unpack(_receive(self._connection, _STATUS.size))[0]
            self._child_created = True
        finally:
            self._close_pipe_fds(*pipes)

    def _ended(self, wait: bool) -> bool:
        """Whether the process has ended; sets its exit code."""
        if self._connection is not None and (wait or ready([self._connection], 0)):
            self.returncode = _STATUS.unpack(_receive(self._connection, _STATUS.size))[0]
            self._connection.close()
            self._connection = None
        return self._connection is None

    def _internal_poll(self, *given, **more):
        if self._connection is None:
            return super()._internal_poll(*given, **more)
        self._ended(wait=False)
        return self.returncode

    def _try_wait(self, wait_flags):
        if self._connection is None:
            return super()._try_wait(wait_flags)
        return (self.pid, 0) if self._ended(wait=not wait_flags) else (0, 0)

    def _handle_exitstatus(self, sts, *given):
        if self.returncode is None:
            super()._handle_exitstatus(sts, *given)
