"""The server itself: an address, a clean start and a clean stop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn

from signllm.errors import ConfigError
from signllm.serving.guard import App

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def listen(host: str, port: int) -> socket.socket:
    """A socket at an address, so that one that is taken is known before any model is loaded. Raises ConfigError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"--host {host}: no such address ({error})") from None
    family, kind, protocol, _, address = found[0]
    opened = socket.socket(family, kind, protocol)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
        opened.listen(2048)  # two servers could be bound to one port, but not listen at it
    except OSError as error:
        opened.close()
        raise ConfigError(_refused(host, port, error)) from None
    return opened


def _refused(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"--port {port}: another program listens at {host}:{port}; choose another port, or 0 for any free one"
    if error.errno == errno.EACCES:
        return f"--port {port}: ports below 1024 need rights that you lack; choose a higher one"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"--host {host}: this machine does not have that address; 127.0.0.1 is itself, 0.0.0.0 all it has"
    return f"--host {host} --port {port}: cannot be listened at ({error.strerror or error})"


class _Server(uvicorn.Server):
    """Ctrl-C and SIGTERM stop it once: requests in flight end, then `run` returns. A second Ctrl-C does not wait."""

    ready: Callable[[], None] | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:  # uvicorn raises the signal again at the end
        try:
            before = {number: signal.signal(number, self.handle_exit) for number in _STOP_SIGNALS}
        except ValueError:  # not the main thread
            before = {}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self.ready is not None:
            self.ready()


def make_server(app: App, ready: Callable[[], None] | None = None, stop_seconds: int = 10) -> uvicorn.Server:
    """A server that calls `ready` when it answers. `stop_seconds`: how long a stop waits for requests in flight."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        http="h11",
        h11_max_incomplete_event_size=16 * 1024,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=stop_seconds,
        lifespan="on",
    )
    server = _Server(config)
    server.ready = ready
    return server


def run(app: App, opened: socket.socket, ready: Callable[[], None]) -> None:
    """Serve until a signal stops it."""
    server = make_server(app, ready)
    with contextlib.suppress(asyncio.CancelledError):
        server.run(sockets=[opened])
