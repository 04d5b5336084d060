"""Training targets in step: the clips of one text and gloss on a common time axis, and the lengths that they teach.

Clips of one text differ in timing. Their average, which is what a decoder learns, is each of them blurred in time: it
moves less than people do and is read less well. So every clip of a group is warped, smoothly and monotonely, to the
barycentre of the group, which begins as its medoid (`signllm.aligning.warping`). The axis is as long as the text
usually lasts. What a warp takes away, how long each clip really lasted, is what the length model learns: the expected
length of the text, and how far clips depart from it. How much the clips of a text say of its length at all is estimated
from the training clips of the language (`signllm.aligning.lengths`).

Only training clips are looked at. The result is a function of the clips, and is kept on disk.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from signllm.aligning.lengths import usual_lengths
from signllm.aligning.warping import align, warps_onto
from signllm.data.dataset import CommonAxis, SignDataset
from signllm.data.texts import normalised_text
from signllm.errors import DataError
from signllm.fsutil import write_atomically
from signllm.inputs import read_whole
from signllm.outputs import check_folder
from signllm.sampling import spread

VERSION = 1  # of the files; raise it when the same clips come out otherwise
MOST_AVERAGED = 24  # clips of a group that make its barycentre; the others are warped to it
SHORTEST_AXIS = 4


def align_targets(clips: SignDataset, cache_dir: Path | str) -> None:
    """Bring the clips of a training set in step, from the cache where they are there.

    Raises OutputError where the cache cannot be written.
    """
    folder = Path(cache_dir) / "alignments"
    check_folder(folder)
    path = folder / f"{_fingerprint(clips)}.npz"
    axes = _read(path, clips)
    if axes is None:
        axes = common_axes(clips)
        _write(path, axes)
    clips.align(axes)


def common_axes(clips: SignDataset) -> list[CommonAxis]:
    """The axis of each clip of a training set that is not aligned yet."""
    groups: dict[tuple[str, str, str], list[int]] = {}
    for index in range(len(clips)):
        record = clips.record(index)
        key = record.language, normalised_text(record.text), record.gloss or ""
        groups.setdefault(key, []).append(index)
    axes: dict[int, CommonAxis] = {}
    for code in clips.languages:
        own = [group for (language, *_), group in groups.items() if language == code]
        if not own:
            continue
        usual_S, _ = usual_lengths([[clips.frames(index) for index in group] for group in own])
        for group, usual in zip(own, usual_S.tolist(), strict=True):
            axes.update(zip(group, _axes_of_group(clips, group, usual), strict=True))
    return [axes[index] for index in range(len(clips))]


def _axes_of_group(clips: SignDataset, group: Sequence[int], usual: float) -> list[CommonAxis]:
    """usual: the expected logarithm of the group's lengths."""
    log_N = np.log([clips.frames(index) for index in group])
    natural_N = np.maximum(1, np.exp(usual + log_N - log_N.mean()).round()).astype(int).tolist()
    if len(group) == 1:
        return [CommonAxis(None, natural_N[0])]
    poses = [clips.pose(index) for index in group]
    chosen = spread(len(group), MOST_AVERAGED)
    aligned = align([poses[n] for n in chosen])
    warps = dict(zip(chosen, aligned.warps, strict=True))
    others = [n for n in range(len(group)) if n not in warps]
    warps.update(zip(others, warps_onto(aligned.mean.pose(clips.fps), [poses[n] for n in others]), strict=True))
    frames = max(SHORTEST_AXIS, min(round(np.exp(usual)), clips.max_frames or len(log_N) * 10**6))
    return [CommonAxis(_resampled(warps[n], frames), natural_N[n]) for n in range(len(group))]


def _resampled(warp_T: np.ndarray, frames: int) -> np.ndarray:
    moment_G = np.linspace(0, len(warp_T) - 1, frames)
    return np.interp(moment_G, np.arange(len(warp_T)), warp_T).astype(np.float32)


def _fingerprint(clips: SignDataset) -> str:
    """Of everything that the axes are a function of."""
    facts = VERSION, clips.split_name, clips.fps, clips.max_frames, clips.trim_rest_s, clips.places
    digest = hashlib.sha256(repr(facts).encode())
    for code, split in clips.splits.items():
        digest.update(f"{code} {sorted(split.info['checksums'].items())}".encode())
    return digest.hexdigest()[:32]


def _write(path: Path, axes: Sequence[CommonAxis]) -> None:
    moments = [axis.moments_G for axis in axes if axis.moments_G is not None]
    frames_N = np.array([0 if axis.moments_G is None else len(axis.moments_G) for axis in axes])
    natural_N = np.array([axis.natural_frames for axis in axes])
    together = np.concatenate([np.zeros(0, np.float32), *moments])
    write_atomically(path, lambda file: np.savez(file, frames=frames_N, natural_frames=natural_N, moments=together))


def _read(path: Path, clips: SignDataset) -> list[CommonAxis] | None:
    """The axes of a file; None where there is none, or none of these clips."""
    if not path.exists():
        return None
    try:
        with np.load(io.BytesIO(read_whole(path)), allow_pickle=False) as arrays:
            frames_N, natural_N, moments = (arrays[name] for name in ("frames", "natural_frames", "moments"))
        if not frames_N.shape == natural_N.shape == (len(clips),) or natural_N.min() < 1 or frames_N.min() < 0:
            return None
        if moments.shape != (frames_N.sum(),):
            return None
        moments_N = np.split(moments.astype(np.float32), np.cumsum(frames_N)[:-1])
        own = [
            CommonAxis(part if len(part) else None, int(natural))
            for part, natural in zip(moments_N, natural_N, strict=True)
        ]
    except (DataError, OSError, ValueError, TypeError, KeyError, EOFError, BadZipFile):  # damaged: it is made again
        return None
    last_N = [clips.frames(index) - 1 for index in range(len(clips))]
    fits = (axis.moments_G is None or _fits(axis.moments_G, last) for axis, last in zip(own, last_N, strict=True))
    return own if all(fits) else None


def _fits(moments_G: np.ndarray, last: int) -> bool:
    """Whether moments lie within a clip, in the order of time."""
    return bool((np.diff(moments_G) >= 0).all() and moments_G[0] >= 0 and moments_G[-1] <= last)
