"""The 50 joints of a retargeted clip, by forward kinematics of its rotations: for comparing with what went in.

Legend: F frames, J joints (50).
"""

from __future__ import annotations

import numpy as np

from signllm.retargeting import quaternions as q
from signllm.retargeting.body import Body
from signllm.retargeting.clip import RetargetedClip
from signllm.retargeting.rig import SIDES
from signllm.retargeting.signer import ELBOWS, FINGERS_SDK, NECK, NOSE, ROOTS, SHOULDERS, WRISTS
from signllm.retargeting.trunk import carrier


def joints_of(clip: RetargetedClip, body: Body | None = None) -> np.ndarray:
    """(F, J, 3) metres in the signer's axes: x to the left of the person, y up, z to the front.

    The root of a hand is its wrist. Fingers that the rig does not have are where they would be at rest.
    """
    body = body or Body.of(clip.rig)
    positions, rotations = clip.posed()
    rest_positions, rest_rotations, _ = clip.rig.world
    joints = np.zeros((len(clip), 50, 3))

    def at(bone: int, point_3: np.ndarray) -> np.ndarray:
        own = q.rotate(q.inverse(rest_rotations[bone]), point_3 - rest_positions[bone])
        return positions[:, bone] + q.rotate(rotations[:, bone], own)

    joints[:, NECK] = at(carrier(body), body.neck)
    head = body.bone("head")
    joints[:, NOSE] = at(carrier(body) if head is None else head, body.nose)
    for s, side in enumerate(SIDES):
        for joint, part in (
            (SHOULDERS[s], "UpperArm"),
            (ELBOWS[s], "LowerArm"),
            (WRISTS[s], "Hand"),
            (ROOTS[s], "Hand"),
        ):
            joints[:, joint] = positions[:, clip.rig.roles[side + part]]
        for d in range(5):
            bone = clip.rig.roles[f"{side}Hand"]
            for k in range(4):
                if k and body.finger_bones[s, d, k - 1] >= 0:
                    bone = int(body.finger_bones[s, d, k - 1])
                joints[:, FINGERS_SDK[s, d, k]] = at(bone, body.finger_points[s, d, k])
    return q.rotate(q.inverse(body.turn), joints)
