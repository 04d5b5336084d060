"""What a hypothesis hides: joints that the reference shows and the hypothesis lacks, and what each of them costs.

Masks must never pay. In a distance a missed joint stands in its worst place (signllm.aligning.missing). A ratio of
motions, which is best at 1, moves away from 1 by the share hidden.

Legend: U hypothesis frames, T reference frames, F frames, J joints.
"""

from __future__ import annotations

import numpy as np

from signllm.sampling import spread


def shown_share(hypothesis_UJ: np.ndarray, reference_TJ: np.ndarray, window: int = 1) -> float:
    """Of what the reference shows, the share that the hypothesis shows too, in [0, 1]; NaN when that is nothing.

    The clips may differ in length and need no alignment: for each joint the share of frames that show it counts, or
    of `window` frames in a row. A clip shorter than the window counts as one window.
    """
    hypothesis_J, reference_J = (_share_of_windows(valid, window) for valid in (hypothesis_UJ, reference_TJ))
    due = reference_J.sum()
    return float(np.minimum(hypothesis_J, reference_J).sum() / due) if due > 0 else float("nan")


def counted_frames(shown_U: np.ndarray, due_T: np.ndarray) -> np.ndarray:
    """Which hypothesis frames are compared with the reference's frames that show a part: all that show it, and others.

    Frames may lack the part as often as the reference's do; the rest of them, evenly chosen, stay in as missed frames.
    """
    hidden = np.flatnonzero(~shown_U)
    allowed = len(shown_U) * int((~due_T).sum()) // len(due_T)
    kept = [hidden[index] for index in spread(len(hidden), max(0, len(hidden) - allowed))]
    return np.sort(np.concatenate([np.flatnonzero(shown_U), np.array(kept, dtype=np.int64)]))


def _share_of_windows(valid_FJ: np.ndarray, window: int) -> np.ndarray:
    window = min(window, len(valid_FJ))
    return np.lib.stride_tricks.sliding_window_view(valid_FJ, window, axis=0).all(-1).mean(0)


def ours_and_theirs(hypothesis: float, reference: float, shown: float) -> tuple[float, float, float, float]:
    """What a clip adds to a ratio that heeds coverage: both values, the share shown, and 1.

    Nothing without a reference value. A hypothesis that shows the joints, but too few frames for a value, moves at 0;
    one that hides them all adds to the coverage alone.
    """
    if np.isnan(reference):
        return 0.0, 0.0, 0.0, 0.0
    if not shown > 0:
        return 0.0, 0.0, 0.0, 1.0
    return (0.0 if np.isnan(hypothesis) else hypothesis), reference, shown, 1.0


def covered_ratios(sums: np.ndarray) -> np.ndarray:
    """(..., 4n) sums of `ours_and_theirs` -> (..., n) ratios, each moved away from 1 by the share that is hidden.

    A ratio above 1 is divided by the share shown, one below is multiplied with it: so hiding at random never brings it
    nearer to 1. 0 where all is hidden, NaN where the references have no value.
    """
    ours, theirs, shown, due = (sums[..., column::4] for column in range(4))
    share = np.divide(shown, due, out=np.zeros(np.shape(due)), where=due > 0)
    ratio = np.divide(ours, theirs, out=np.zeros(np.shape(ours)), where=theirs > 0)
    moved = np.where(ratio > 1, np.divide(ratio, share, out=np.zeros(np.shape(ratio)), where=share > 0), ratio * share)
    defined = (theirs > 0) | ((due > 0) & (shown == 0))
    return np.where(defined, moved, np.nan)
