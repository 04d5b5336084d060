"""Where work on many things is done, a chunk at a time: ENGINES is the registry.

An engine maps a function over chunks and gives the results in the order of the chunks, with only a few chunks under
way, so memory stays small however many there are. What comes out does not depend on the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from signllm.data.engines.mapping import Engine
from signllm.data.engines.on_ray import on_ray
from signllm.data.engines.processes import in_processes
from signllm.errors import did_you_mean

PROCESSES, RAY = "processes", "ray"
ENGINES: dict[str, Callable[[int | None, str | None], AbstractContextManager[Engine]]] = {
    PROCESSES: in_processes,
    RAY: on_ray,
}
"""`ENGINES[name](workers, address)` is an engine until its `with` block ends."""


def open_engine(name: str, workers: int | None = None, address: str | None = None) -> AbstractContextManager[Engine]:
    """The engine of this name with so many workers, 0 for as many as there are cores.

    None is what is usual for it: a single process, or all of a cluster. `address` is a cluster's.
    """
    return ENGINES[name](workers, address)


def engine_faults(name: str, workers: int | None, address: str | None) -> list[str]:
    """What is wrong with what the user says of the engine."""
    faults = []
    if workers is not None and workers < 0:
        faults.append(f"--workers is {workers}; expected a number of processes, or 0 for one for each core")
    if name not in ENGINES:
        faults.append(f"unknown --engine '{name}'{did_you_mean(name, ENGINES)}; known: {', '.join(ENGINES)}")
    if address is not None and name != RAY:
        faults.append(f"--ray_address {address} is for --engine {RAY}, the engine is {name}")
    return faults
