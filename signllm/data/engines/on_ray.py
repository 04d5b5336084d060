"""The work on a Ray cluster: https://docs.ray.io. Ray is an extra: `pip install -r requirements-ray.txt`.

Every machine of the cluster needs this package in the same version, and sees the files under the same paths. A chunk
whose process or machine dies is given to another one; what is written does not depend on it.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from signllm.data.engines.mapping import CHUNKS_EACH, Engine, Item, Result, Shared, in_order
from signllm.errors import ConfigError, WorkerError

ADDRESS = "RAY_ADDRESS"
_MOST_RETRIES = 5
"""A chunk that has killed so many processes is at fault itself."""
_CONNECT_S = 5.0
_STARTS = 3
_QUIET = {"logging_level": "error", "log_to_driver": False, "configure_logging": False}
_STORE_BYTES = 256 << 20
"""Of a cluster of our own: only the chunks under way lie in it."""


class OnRay:
    """On the cluster that this process is connected to, so many chunks at once as it has processors, or `workers`."""

    def __init__(self, ray: ModuleType, workers: int):
        self._ray, self._workers = ray, workers

    def map(
        self, work: Callable[[Shared, list[Item]], Result], shared: Shared, chunks: Iterable[list[Item]]
    ) -> Iterator[Result]:
        """As `Engine.map`."""
        ray = self._ray
        task = ray.remote(_in_folder).options(num_cpus=1, max_retries=_MOST_RETRIES)
        everywhere = ray.put((os.getcwd(), work, shared))
        try:
            yield from in_order(
                lambda chunk: task.remote(everywhere, chunk), ray.get, chunks, CHUNKS_EACH * self._workers
            )
        except ray.exceptions.RayTaskError as error:
            raise WorkerError(f"a worker of the cluster failed: {error.cause!r}; {_NEEDED}") from error
        except ray.exceptions.RayError as error:
            raise WorkerError(
                f"the Ray cluster could not do its part ({type(error).__name__}: {_first_line(error)}); run the"
                f" command again, it goes on where it stopped; {_NEEDED}"
            ) from error


_NEEDED = "every machine of the cluster needs the same version of this package, and the files under the same paths"


def _in_folder(everywhere: tuple[str, Callable[[Any, Any], Any], Any], chunk: list) -> Any:
    """The work in the folder of the process that gave it: paths may be relative."""
    folder, work, shared = everywhere
    if os.getcwd() != folder:
        os.chdir(folder)
    return work(shared, chunk)


@contextmanager
def on_ray(workers: int | None, address: str | None = None) -> Iterator[Engine]:
    """An engine on the cluster at `address`, or at RAY_ADDRESS, else on one of our own on this machine.

    `workers`: so many are at work at once; None and 0 mean as many as the cluster has processors. Raises ConfigError
    where Ray is not installed, WorkerError where there is no such cluster, or none can be started. A cluster of our
    own ends with the block.
    """
    try:
        import ray
    except ImportError:
        raise ConfigError(
            "--engine ray needs the package ray: pip install -r requirements-ray.txt, or pip install signllm[ray]"
        ) from None
    mine = not ray.is_initialized()
    if mine:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        address = address or os.environ.get(ADDRESS)
        if address:
            _connect(ray, address)
        else:
            _start(ray, workers)
    try:
        processors = int(ray.cluster_resources().get("CPU", 1))
        yield OnRay(ray, min(workers or processors, processors) or 1)
    finally:
        if mine:
            ray.shutdown()


def _connect(ray: ModuleType, address: str) -> None:
    """Join the cluster at this address. Raises WorkerError where there is none."""
    try:
        _check_reachable(address)
        ray.init(address=address, **_QUIET)
    except Exception as error:  # of every kind: Ray raises bare ones, too
        raise WorkerError(
            f"no Ray cluster answers at {address} ({_first_line(error)}); start one with 'ray start --head', and"
            f" give its address by --ray_address or {ADDRESS}"
        ) from error


def _start(ray: ModuleType, workers: int | None) -> None:
    """Start a cluster of our own, also where another one runs on this machine. Raises WorkerError.

    Ray gives its parts 30 s to start and raises a bare Exception after them, so on a busy machine it is tried again.
    """
    for left in reversed(range(_STARTS)):
        try:
            ray.init(
                address="local",
                num_cpus=workers or None,
                include_dashboard=False,
                object_store_memory=_STORE_BYTES,
                **_QUIET,
            )
            return
        except Exception as error:
            ray.shutdown()
            if not left:
                raise WorkerError(
                    f"Ray did not start on this machine in {_STARTS} attempts ({_first_line(error)}); it may be too"
                    " busy or short of memory: run the command again later, or with --engine processes"
                ) from error


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


def _check_reachable(address: str) -> None:
    """Raise OSError where nothing listens: Ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host, int(port)), timeout=_CONNECT_S).close()
