"""The processes of a training: one alone, or the ranks that torchrun started (docs/scale.md).

Each rank takes every `size`-th batch of a step. Gradients are summed in the order of the ranks, which is the order in
which one process accumulates them: N ranks take the steps of one process with `training.accumulate` = N bit for bit.
torch's DistributedDataParallel would average means, and in an order of its own. Small facts (counts, flags, rewards)
go over gloo, gradients over NCCL where they are on GPUs.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from itertools import chain, zip_longest
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from signllm.device import resolve_device
from signllm.errors import ConfigError, SignLLMError, ToldElsewhereError, WorkerError

T = TypeVar("T")
R = TypeVar("R")

START = timedelta(minutes=5)  # within which all ranks must have joined
ANSWER = timedelta(minutes=10)  # within which a rank must come to where the others wait for it
BUCKET = 1 << 25  # so many numbers are summed at once: beside the gradients that is the memory it takes, twice
_LAUNCHED = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
_MISSING = object()


def in_turn(of_ranks: Sequence[Sequence[T]]) -> list[T]:
    """What ranks did of items that were dealt to them one by one, in the order of the items."""
    return [each for each in chain.from_iterable(zip_longest(*of_ranks, fillvalue=_MISSING)) if each is not _MISSING]  # type: ignore[misc]


class Ranks:
    """One process alone: what it holds is what all hold."""

    rank, size = 0, 1
    launch = ""  # identifies what started the processes, through its restarts
    restarts = 0

    @property
    def first(self) -> bool:
        """Whether this is the rank that writes and speaks."""
        return self.rank == 0

    def device(self, name: str) -> torch.device:
        """The device of `training.device`. Raises ConfigError for one that is not there."""
        return resolve_device(name)

    def gather(self, value: T) -> list[T]:
        """Every rank's value, in their order."""
        return [value]

    def from_first(self, value: T) -> T:
        """The first rank's value, on every rank."""
        return value

    def use(self, device: torch.device) -> None:
        """From now on gradients are on a device of this type; all ranks call it."""

    def sum(self, counts: Tensor) -> Tensor:
        """The sum over ranks of whole numbers."""
        return counts

    def any(self, flags: Sequence[bool]) -> list[bool]:
        """Which of the flags are up on some rank."""
        return list(flags)

    def sum_gradients(self, parameters: Sequence[nn.Parameter], loss: Tensor) -> Tensor:
        """Give every rank the sum of all ranks' gradients; return the sum of their losses.

        A parameter of which no rank has a gradient keeps none.
        """
        return loss

    def spread(self, items: Sequence[T], work: Callable[[T], R]) -> list[R]:
        """What `work` makes of each item; every rank does its share of them."""
        return in_turn(self.gather([work(item) for item in items[self.rank :: self.size]]))

    @contextmanager
    def agreeing(self) -> Iterator[None]:
        """What fails in the block on one rank fails on all: the first raises what it was, the others leave quietly.

        Nothing within it may wait for other ranks.
        """
        yield

    def check_alike(self, facts: Mapping[str, str]) -> None:
        """Raise ConfigError unless these are the same on all ranks."""


class Processes(Ranks):
    """A rank among others. Whatever fails between them is a WorkerError."""

    def __init__(self) -> None:
        """Join the others. Raises ConfigError where they do not come together."""
        environment = os.environ
        where = f"{environment['MASTER_ADDR']}:{environment['MASTER_PORT']}"
        self.restarts = int(environment.get("TORCHELASTIC_RESTART_COUNT", 0))
        try:
            store, self.rank, self.size = next(dist.rendezvous("env://", timeout=START))
            # torchrun keeps the store: without a prefix the ranks would find the addresses of those before them
            self._store = dist.PrefixStore(f"signllm/{self.restarts}", store)
            dist.init_process_group("gloo", store=self._store, rank=self.rank, world_size=self.size, timeout=ANSWER)
        except (RuntimeError, ValueError) as error:
            raise ConfigError(_no_meeting(where, error)) from None
        self._local_rank = int(environment.get("LOCAL_RANK", self.rank))
        self._num_local = int(environment.get("LOCAL_WORLD_SIZE", self.size))
        name = environment.get("TORCHELASTIC_RUN_ID", "none")
        self.launch = name if name != "none" else f"{socket.gethostname()}:{os.getppid()}"
        self._gradients: dist.ProcessGroup | None = None  # None: the default one, over gloo

    def close(self) -> None:
        """Leave the others."""
        with suppress(RuntimeError):
            dist.destroy_process_group()

    def device(self, name: str) -> torch.device:
        """A GPU of this rank's own, or the CPU."""
        device = resolve_device(name)
        if device.type != "cuda":
            return device
        there = torch.cuda.device_count()
        if device.index is not None:
            raise ConfigError(f"training.device = {name}: each process takes a GPU of its own; use auto, cuda or cpu")
        if self._num_local > there or not dist.is_nccl_available():
            raise ConfigError(
                f"training.device = {name}: {self._num_local} processes on {socket.gethostname()}, which has {there}"
                f" GPUs{'' if dist.is_nccl_available() else ' and a PyTorch without NCCL'}; start at most one process"
                " a GPU (--nproc_per_node), or train on the CPU (--set training.device=cpu)"
            )
        torch.cuda.set_device(self._local_rank)
        return torch.device("cuda", self._local_rank)

    def use(self, device: torch.device) -> None:
        if device.type == "cuda":
            with self._answering():
                self._gradients = dist.new_group(backend="nccl", timeout=ANSWER)

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """Turn what PyTorch says of lost ranks into a WorkerError, with the fault of the lost one where it told it."""
        try:
            yield
        except RuntimeError as error:
            told = ""
            with suppress(RuntimeError):
                told = self._store.get("fault").decode() if self._store.check(["fault"]) else ""
            limit = f"{ANSWER.total_seconds() / 60:g} minutes"
            raise WorkerError(
                told
                or f"rank {self.rank} of {self.size} lost another one, or waited {limit} for it"
                f" ({_reason(error)}); its own output says why. The run goes on from last_model.pth:"
                " torchrun --max_restarts does so by itself, --resume by hand"
            ) from None

    def tell_fault(self, error: SignLLMError) -> None:
        """Leave for the other ranks why this one is gone."""
        with suppress(RuntimeError):
            self._store.set("fault", f"rank {self.rank}: {'; '.join(error.faults)}")

    def gather(self, value: T) -> list[T]:
        found: list[Any] = [None] * self.size
        with self._answering():
            dist.all_gather_object(found, value)
        return found

    def from_first(self, value: T) -> T:
        found = [value]
        with self._answering():
            dist.broadcast_object_list(found, src=0)
        return found[0]

    def sum(self, counts: Tensor) -> Tensor:
        total = counts.clone()
        with self._answering():
            dist.all_reduce(total, group=self._gradients)
        return total

    def any(self, flags: Sequence[bool]) -> list[bool]:
        found = torch.tensor(flags, dtype=torch.uint8)
        with self._answering():
            dist.all_reduce(found, dist.ReduceOp.MAX)
        return [bool(flag) for flag in found.tolist()]

    def sum_gradients(self, parameters: Sequence[nn.Parameter], loss: Tensor) -> Tensor:
        there = self.any([parameter.grad is not None for parameter in parameters])
        learning = [parameter for parameter, some in zip(parameters, there, strict=True) if some]
        for parameter in learning:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        total = loss.reshape(1).float().clone()
        for bucket in _buckets([*(p.grad for p in learning if p.grad is not None), total]):
            summed = self._sum_in_order(torch.cat([part.flatten() for part in bucket]))
            for part, values in zip(bucket, summed.split([part.numel() for part in bucket]), strict=True):
                part.copy_(values.view_as(part))
        return total[0]

    def _sum_in_order(self, flat: Tensor) -> Tensor:
        """The sum over ranks, added up from the first to the last: each rank does so for a stretch of its own."""
        length = -(-len(flat) // self.size)
        sent = nn.functional.pad(flat, (0, length * self.size - len(flat)))
        parts = torch.empty_like(sent)
        with self._answering():
            dist.all_to_all_single(parts, sent, group=self._gradients)
            total, *others = parts.view(self.size, length)
            for other in others:
                total += other
            dist.all_gather(list(sent.view(self.size, length)), total.clone(), group=self._gradients)
        return sent[: len(flat)]

    @contextmanager
    def agreeing(self) -> Iterator[None]:
        own: SignLLMError | None = None
        try:
            yield
        except SignLLMError as error:
            own = error
        told = self.gather(None if own is None else (type(own), own.faults))
        failed = {rank: fault for rank, fault in enumerate(told) if fault is not None}
        if not failed:
            return
        if not self.first:
            raise ToldElsewhereError("told by rank 0") from None
        kind, faults = next(iter(failed.values()))
        elsewhere = [
            (rank, fault)
            for rank, (_, other) in failed.items()
            if other != faults or 0 not in failed
            for fault in other
        ]
        raise kind((faults if 0 in failed else []) + [f"rank {rank}: {fault}" for rank, fault in elsewhere])

    def check_alike(self, facts: Mapping[str, str]) -> None:
        """Raise ConfigError unless these are the same on all ranks; what differs is named, with whose it is."""
        with self.agreeing():
            told = self.gather((socket.gethostname(), dict(facts)))
            host, own = told[0]
            faults = [
                f"rank {rank} ({there}) has other {name} than rank 0 ({host}): {found[name]} instead of {own[name]};"
                " all ranks need the same code, packages, configuration, data and checkpoint"
                for rank, (there, found) in enumerate(told)
                for name in own
                if found[name] != own[name]
            ]
            if faults:
                raise ConfigError(faults)


def _buckets(tensors: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    """The tensors in groups of about BUCKET numbers, in their order."""
    group: list[Tensor] = []
    for tensor in tensors:
        if group and sum(part.numel() for part in group) + tensor.numel() > BUCKET:
            yield group
            group = []
        group.append(tensor)
    yield group


def _reason(error: Exception) -> str:
    """The first sentence of what PyTorch says."""
    return str(error).partition("\n")[0].partition(". This is typically")[0]


def _no_meeting(where: str, error: Exception) -> str:
    """Why the ranks did not come together, and what to do."""
    if "EADDRINUSE" in str(error) or "address already in use" in str(error).lower():
        return (
            f"MASTER_ADDR:MASTER_PORT = {where}: the port is in use, by another training perhaps; choose another"
            " (torchrun --master_port, or --rdzv_endpoint HOST:PORT)"
        )
    limit = f"{START.total_seconds() / 60:g} minutes"
    return (
        f"MASTER_ADDR:MASTER_PORT = {where}: {os.environ['WORLD_SIZE']} ranks did not come together, for which they"
        f" have {limit} ({_reason(error)}); are all of them started, and does every node reach that address?"
    )


@contextmanager
def launched_ranks() -> Iterator[Ranks]:
    """The ranks of this launch: those that torchrun's environment variables describe, or this process alone."""
    if not all(os.environ.get(name) for name in _LAUNCHED) or os.environ["WORLD_SIZE"] == "1":
        yield Ranks()
        return
    processes = Processes()
    try:
        yield processes
    except SignLLMError as error:
        if not isinstance(error, WorkerError | ToldElsewhereError):
            processes.tell_fault(error)
        raise
    finally:
        processes.close()
