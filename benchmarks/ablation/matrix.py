"""The matrix file: a base configuration, named variants of it, seeds, a store, a judge, and what is wanted of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import Field, ValidationError

from signllm.config.loading import read_json_with_comments
from signllm.config.schema import Count, Positive, Section
from signllm.errors import ConfigError, did_you_mean


class Variant(Section):
    """`set`: keys as `--set` takes them; `init_from`: the variant from whose best weights it starts."""

    set: list[str] = Field([])
    base: str | None = Field(None, description="another configuration than the matrix's")
    init_from: str | None = None
    note: str = ""


class JudgeOptions(Section):
    """Either a `file`, or a judge of a `share` of the training clips, with the models trained on the others.

    Each number in `split_seeds` chooses other clips: another judge, and all variants once more. With `steps` a judge
    trains for exactly so many, or until its held-out loss no longer falls, however busy the machine is; without, it
    trains as evaluation.py does, for `max_minutes` by the clock.
    """

    file: str | None = None
    share: float = Field(0.5, gt=0, lt=1)
    split_seeds: list[Count] = Field([0], min_length=1)
    steps: Positive | None = None
    max_minutes: float = Field(6.0, gt=0)


class Bound(Section):
    """What a figure must reach: at `least` and at `most`, of the figure itself or of its ratio to the system `of`.

    `trust_at_most`: where that system's own figure is above, the target says nothing: both are read alike by a judge
    that reads nothing.
    """

    least: float | None = None
    most: float | None = None
    of: str | None = None
    trust_at_most: float | None = None

    def trusts(self, other: float) -> bool:
        """Whether the figure of the system that the bounds speak `of` is good enough to compare with."""
        return self.trust_at_most is None or other <= self.trust_at_most

    def holds(self, value: float, other: float = 1.0) -> bool:
        """Whether the value lies within the bounds times `other`, the figure of the system that they speak `of`."""
        enough = self.least is None or value >= self.least * other
        return enough and (self.most is None or value <= self.most * other)


class Matrix(Section):
    """A whole matrix. Empty `metrics` are all presets; `shown` are figures for the table that no target names."""

    base: str
    store: str
    seeds: list[Count] = Field([0, 1, 2], min_length=1)
    set: list[str] = Field([])
    judge: JudgeOptions | None = None
    split: str = "dev"
    metrics: list[str] = Field([])
    generation_seeds: list[Count] = Field([0], min_length=1)
    max_samples: Positive | None = None
    targets: dict[str, Bound] = Field({})
    shown: list[str] = Field([])
    variants: dict[str, Variant] = Field(min_length=1)

    def order(self, only: Sequence[str] = ()) -> list[str]:
        """The variants `only` (default: all) and those that they start from, each after what it starts from."""
        found: list[str] = []

        def add(name: str) -> None:
            if name not in found:
                before = self.variants[name].init_from
                if before:
                    add(before)
                found.append(name)

        for name in only or self.variants:
            add(name)
        return found


def load_matrix(path: str | Path, changes: Mapping[str, object] | None = None) -> Matrix:
    """Read a matrix file; `changes` replace top-level keys. Raises ConfigError with every fault found."""
    path = Path(path)
    try:
        matrix = Matrix.model_validate({**read_json_with_comments(path), **(changes or {})})
    except ValidationError as error:
        faults = [f"{path}: {'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        raise ConfigError(faults) from None
    faults = [
        f"{path}: variants.{name}.init_from = '{variant.init_from}': no such variant"
        + did_you_mean(variant.init_from, matrix.variants)
        for name, variant in matrix.variants.items()
        if variant.init_from is not None and variant.init_from not in matrix.variants
    ]
    faults += [] if faults else [f"{path}: {fault}" for fault in _circles(matrix)]
    if faults:
        raise ConfigError(faults)
    return matrix


def _circles(matrix: Matrix) -> list[str]:
    faults = []
    for name in matrix.variants:
        seen, at = [name], matrix.variants[name].init_from
        while at is not None and at not in seen:
            seen.append(at)
            at = matrix.variants[at].init_from
        if at is not None:
            faults.append(f"variants.{name} starts from itself: {' <- '.join([*seen, at])}; one must start anew")
    return faults
