"""A clip of 50 joints onto a rig: trunk and head, then hands, then the arms that carry them.

Legend: F frames, B bones.
"""

from __future__ import annotations

import numpy as np

from signllm.pose import PoseSequence
from signllm.retargeting import quaternions as q
from signllm.retargeting.arms import arm_scale, pose_arms
from signllm.retargeting.body import Body
from signllm.retargeting.clip import RetargetedClip
from signllm.retargeting.gaps import bridged
from signllm.retargeting.hands import hands_of
from signllm.retargeting.pose import Posing
from signllm.retargeting.rig import Rig
from signllm.retargeting.signer import Signer
from signllm.retargeting.trunk import pose_head, pose_trunk


def retarget(clip: PoseSequence, rig: Rig) -> RetargetedClip:
    """The clip as rotations of the rig's bones, frame by frame.

    A clip without depth is lifted first. Bones of joints that are missing are held, or turned from what was seen
    before to what is seen afterwards; what is never seen hangs down. Raises DataError for another skeleton than
    SKELETON_50.
    """
    return retarget_signer(Signer.of(clip), Body.of(rig), clip.fps)


def retarget_signer(
    signer: Signer, body: Body, fps: float, out_of_trunk: bool = True, scale: float | None = None
) -> RetargetedClip:
    """`retarget` of what it has prepared; a `Body` serves any number of clips.

    out_of_trunk: hands that the clip has inside the trunk are moved to its front. scale: metres for a shoulder width,
    as `arm_scale` finds them in the clip that this one is a part of.
    """
    posing, scale = Posing(body, len(signer.joints_FJ3)), scale or arm_scale(body, signer)
    pose_trunk(posing, signer, scale)
    pose_head(posing, signer)
    hands = pose_arms(posing, signer, hands_of(body, signer), scale, out_of_trunk)
    for s, d, k in np.argwhere(body.finger_bones >= 0).tolist():
        posing.set_bone(int(body.finger_bones[s, d, k]), hands.fingers[:, s, d, k], signer.fingers_FSD[:, s, d])
    local_FB4, seen = posing.local()
    for bone, seen_F in seen.items():
        local_FB4[:, bone] = bridged(local_FB4[:, bone], seen_F)
    return RetargetedClip(body.rig, q.continuous(local_FB4), posing.moved_F3, fps)
