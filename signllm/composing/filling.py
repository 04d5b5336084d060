"""Coordinates for joints that a clip does not show, for receivers that know no missing joints.

Legend: F frames, J joints, C coordinates.
"""

from __future__ import annotations

import numpy as np

from signllm.pose import PoseSequence
from signllm.pose.geometry import with_depth


def with_every_joint(pose: PoseSequence) -> np.ndarray:
    """(F, J, 3) float32: a joint that is missing for a time keeps its last place, at the beginning its first one.

    One that is never shown stands where its parent does, so that its bone has no length and is not seen.
    """
    joints_FJC = np.array(with_depth(pose.coordinates), np.float32)
    frame_F = np.arange(len(pose))
    for joint in range(joints_FJC.shape[1]):
        seen_F = pose.valid[:, joint]
        if seen_F.any() and not seen_F.all():
            last_F = np.maximum.accumulate(np.where(seen_F, frame_F, -1))
            joints_FJC[:, joint] = joints_FJC[np.where(last_F < 0, int(seen_F.argmax()), last_F), joint]
    never_J = np.logical_not(pose.valid.any(axis=0))
    for parent, child in pose.skeleton.bones:  # parents come first
        if never_J[child]:
            joints_FJC[:, child] = joints_FJC[:, parent]
    return joints_FJC
