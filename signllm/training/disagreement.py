"""Noticing that loss and selection score disagree about a run, so that best_model.pth may not be its best model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

LONG = 5  # evaluations in a row: fewer are the noise of a small evaluation set


def disagreement(history: Sequence[Mapping[str, Any]], best_step: int) -> str | None:
    """A warning when loss and selection have disagreed for LONG evaluations in a row, and again after LONG more.

    An evaluation disagrees when its total loss and its DTW are both lower than those of the evaluation at `best_step`,
    whose selection score is the highest. `history` holds the run's epochs; those without an evaluation do not count.
    """
    evaluated = [entry for entry in history if "evaluation" in entry]
    best = next((entry for entry in evaluated if entry["step"] == best_step), None)
    if best is None:
        return None
    count, last = 0, evaluated[-1]
    for entry in reversed(evaluated):
        if not _disagrees(entry["evaluation"], best["evaluation"]):
            break
        count += 1
    if not count or count % LONG:
        return None
    before, now = best["evaluation"], last["evaluation"]
    loss = f"loss {before['losses']['total']:.4f}, now {now['losses']['total']:.4f}"
    dtw = f"dtw_score {before['scores']['dtw_score']:.3f}, now {now['scores']['dtw_score']:.3f}"
    return (
        f"loss and selection disagree: for {count} evaluations loss and DTW have been better than at step {best_step},"
        f" where best_model.pth is from ({loss}; {dtw}), but the selection score is worse"
        f" ({before['selection']:.4f}, now {now['selection']:.4f}); compare the sample videos of both steps, and"
        " evaluate last_model.pth too"
    )


def _disagrees(evaluation: Mapping[str, Any], best: Mapping[str, Any]) -> bool:
    return (
        evaluation["losses"]["total"] < best["losses"]["total"]
        and evaluation["scores"]["dtw_score"] < best["scores"]["dtw_score"]
        and evaluation["selection"] < best["selection"]
    )
