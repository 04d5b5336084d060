"""Rest at the ends of a clip: the wait before the first and after the last movement.

Legend: F frames, W wrists.
"""

from __future__ import annotations

import numpy as np

from signllm.pose.sequence import PoseSequence

REST_SPEED = 0.5  # shoulder widths a second: slower wrists rest
SHORTEST_S = 0.4  # a clip that would become shorter than this keeps its ends


def without_rest(pose: PoseSequence, keep_s: float) -> slice:
    """The frames from `keep_s` seconds before a wrist first moves to `keep_s` seconds after one last moves.

    A wrist moves when its speed, averaged over three frames, exceeds REST_SPEED. How long somebody waits before and
    after a sign is a habit of the recording, not of the sign; a clip without motion keeps all its frames.
    """
    whole = slice(0, len(pose))
    wrists = list(pose.skeleton.wrists.values())
    seen_FW = pose.valid[1:, wrists] & pose.valid[:-1, wrists]
    step_FW = np.linalg.norm(np.diff(pose.coordinates[:, wrists], axis=0), axis=-1) * seen_FW
    if len(step_FW) < 3:
        return whole
    speed_F = np.convolve(step_FW.max(1) * pose.fps, np.ones(3) / 3, "same")
    moving = np.flatnonzero(speed_F > REST_SPEED)
    if not len(moving):
        return whole
    keep = round(keep_s * pose.fps)
    first, end = max(0, int(moving[0]) - keep), min(len(pose), int(moving[-1]) + 2 + keep)
    return slice(first, end) if end - first >= SHORTEST_S * pose.fps else whole
