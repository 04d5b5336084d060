"""Arms: hands go where the signer's are, elbows bend in the signer's plane, and forearms share the hands' turn.

Legend: F frames, S sides (left, right), J joints of a hand (21).
"""

from __future__ import annotations

import numpy as np

from signllm.retargeting import quaternions as q
from signllm.retargeting.body import Body
from signllm.retargeting.clearance import push_out_of_trunk, smooth
from signllm.retargeting.hands import Hands
from signllm.retargeting.pose import Posing
from signllm.retargeting.rig import SIDES
from signllm.retargeting.signer import ELBOWS, HANDS_SJ, NECK, NOSE, ROOTS, SHOULDERS, Signer
from signllm.retargeting.trunk import neck_of

_STRETCH = 0.96  # of an arm's length; what is farther is drawn in smoothly, so that no arm snaps straight
_NEAR, _TOUCH = 0.40, 0.12  # shoulder widths between hands: from where on they attract each other, and wholly
_WHOLE = 0.8  # of the way from where a hand's joints lie, on the mean, to where the signer's do
_PAIR = 0.003  # shoulder widths by which pairs of joints count less
_CLOSE = 1.6  # shoulder widths between wrists beyond which hands cannot touch
_ELBOW_PRIOR = 0.08  # shoulder widths of the elbow off the straight arm that weigh as much as the usual plane
_USUAL_ELBOW = np.array([[0.45, -0.8, -0.4], [-0.45, -0.8, -0.4]])  # out, down, back
_MOST_TURN = np.radians(115)  # of the forearm away from the thumb pointing up
_FOREARM, _UPPER_END = 0.4, 0.4  # of a turn: what the forearm itself takes at the elbow, an upper arm at the shoulder
_WRIST, _WRIST_MORE = np.radians([75.0, 15.0])


def arm_scale(body: Body, signer: Signer) -> float:
    """Metres for a shoulder width: the mean of what the shoulders and the arms of both say."""
    joints_FJ3, widths = signer.joints_FJ3, []
    for s in range(2):
        chain_F23 = np.diff(joints_FJ3[:, [SHOULDERS[s], ELBOWS[s], ROOTS[s]]], axis=1)
        seen = signer.arms_FS[:, s]
        if seen.any():
            widths.append(np.median(np.linalg.norm(chain_F23[seen], axis=-1).sum(-1)))
    across = np.linalg.norm(joints_FJ3[:, SHOULDERS[0]] - joints_FJ3[:, SHOULDERS[1]], axis=-1)
    by_shoulders = body.width / float(np.median(across)) if np.median(across) > 0 else body.width
    by_arms = float(body.lengths.sum(-1).mean()) / float(np.mean(widths)) if widths else by_shoulders
    return float(np.sqrt(by_shoulders * by_arms))


def pose_arms(posing: Posing, signer: Signer, hands: Hands, scale: float, out_of_trunk: bool) -> Hands:
    """Turn upper arms, forearms, hands and the twist bones of both; the hands as far as wrists let them.

    Twice, since what a wrist does not let a hand do changes where its fingers touch the other one's.
    """
    told_FSJ3 = signer.joints_FJ3[:, HANDS_SJ] - signer.joints_FJ3[:, ROOTS][:, :, None]
    off_FSJ3 = q.rotate(posing.body.turn, told_FSJ3) * scale - hands.joints
    wanted_FS3 = _targets(posing, signer, scale) + _WHOLE * off_FSJ3.mean(2)
    if out_of_trunk:
        wanted_FS3 = wanted_FS3 + push_out_of_trunk(posing, hands, wanted_FS3)
    for _ in range(2):
        moved_FS3 = _touching(signer, hands, wanted_FS3, posing.body, scale)
        turns = [
            _pose_arm(posing, signer, hands.turns[:, s], wanted_FS3[:, s] + moved_FS3[:, s], s, side)
            for s, side in enumerate(SIDES)
        ]
        hands = hands.turned(np.stack(turns, axis=1))
    return hands


def _targets(posing: Posing, signer: Signer, scale: float) -> np.ndarray:
    """(F, S, 3) where the wrists should be: as far from the neck as the signer's, at the face as far from the nose."""
    body, joints_FJ3 = posing.body, signer.joints_FJ3
    neck_F3 = neck_of(posing)
    wanted_FS3 = q.rotate(body.turn, joints_FJ3[:, ROOTS] - joints_FJ3[:, None, NECK]) * scale + neck_F3[:, None]
    nose_F3 = neck_F3 + q.rotate(body.turn, joints_FJ3[:, NOSE] - joints_FJ3[:, NECK]) * scale
    head = body.bone("head")
    if head is not None:
        own_F3 = posing.place(head, body.nose)
        middle_FS = joints_FJ3[:, HANDS_SJ].mean(2)[..., 1] - joints_FJ3[:, None, NECK, 1]
        height_F = np.maximum(joints_FJ3[:, NOSE, 1] - joints_FJ3[:, NECK, 1], 0.2)
        wanted_FS3 = wanted_FS3 + smooth(middle_FS / height_F[:, None])[..., None] * (own_F3 - nose_F3)[:, None]
    return wanted_FS3


def _touching(signer: Signer, hands: Hands, wanted_FS3: np.ndarray, body: Body, scale: float) -> np.ndarray:
    """(F, S, 3) by which wrists move so that joints of both hands that are near each other lie as the signer's do."""
    moved_FS3 = np.zeros_like(wanted_FS3)
    joints_FS3 = signer.joints_FJ3[:, HANDS_SJ]
    apart_F = np.linalg.norm(joints_FS3[:, 0, 0] - joints_FS3[:, 1, 0], axis=-1)
    near = np.flatnonzero((apart_F < _CLOSE) & signer.hands_FS.all(1))
    if not len(near):
        return moved_FS3
    left, right = (joints_FS3[near, s] for s in range(2))
    squares = (left**2).sum(-1)[:, :, None] + (right**2).sum(-1)[:, None, :] - 2 * left @ right.swapaxes(1, 2)
    distances = np.sqrt(np.maximum(squares, 0))
    least = distances.min((1, 2))
    strength = smooth((_NEAR - least) / (_NEAR - _TOUCH))
    weights = np.exp(-0.5 * ((distances - least[:, None, None]) / _PAIR) ** 2)
    weights /= weights.sum((1, 2), keepdims=True)
    own = wanted_FS3[near, :, None] + hands.joints[near]
    signers = q.rotate(body.turn, joints_FS3[near]) * scale
    # The mean over all pairs of (left - right) is the mean of left over its sums of weights less that of right.
    off = signers - own
    by_left, by_right = weights.sum(2)[:, None], weights.sum(1)[:, None]
    way = ((by_left @ off[:, 0]) - (by_right @ off[:, 1]))[:, 0] * strength[:, None]
    moved_FS3[near] = np.stack([way / 2, -way / 2], axis=1)
    return moved_FS3


def _pose_arm(
    posing: Posing, signer: Signer, hand_F4: np.ndarray, target_F3: np.ndarray, s: int, side: str
) -> np.ndarray:
    """Returns the turn of the hand (F, 4), drawn in where the wrist would bend too far."""
    body, seen_F = posing.body, signer.arms_FS[:, s]
    upper_F3, fore_F3, hinge_F3 = _bent(posing, signer, target_F3, s)
    rest_upper, rest_fore, rest_hinge = body.upper[s], body.fore[s], body.hinge[s]
    upper_F4 = q.multiply(q.frames(upper_F3, hinge_F3), q.inverse(q.frames(rest_upper, rest_hinge)))
    fore_F4 = q.multiply(q.frames(fore_F3, hinge_F3), q.inverse(q.frames(rest_fore, rest_hinge)))
    carried_F4 = posing.turn(int(body.rig.parents[body.rig.roles[f"{side}UpperArm"]]))
    plain_F4 = q.multiply(q.shortest_arc(q.rotate(carried_F4, rest_upper), upper_F3), carried_F4)
    hand_F4 = _wrist_within_reach(hand_F4, fore_F4, fore_F3)
    twist_F = _forearm_turn(body, hand_F4, fore_F4, fore_F3, s)
    has_twist = body.bone(f"{side}LowerArmTwist") is not None
    fore_share = _FOREARM if has_twist else 0.5
    posing.set(f"{side}UpperArm", upper_F4, seen_F)
    turned_F = q.limited(q.twist_about(q.multiply(upper_F4, q.inverse(plain_F4)), upper_F3), -_MOST_TURN, _MOST_TURN)
    posing.set(f"{side}UpperArmTwist", q.multiply(q.about(upper_F3, _UPPER_END * turned_F), plain_F4), seen_F)
    posing.set(f"{side}LowerArm", q.multiply(q.about(fore_F3, fore_share * twist_F), fore_F4), seen_F)
    posing.set(f"{side}LowerArmTwist", q.multiply(q.about(fore_F3, twist_F), fore_F4), seen_F)
    posing.set(f"{side}Hand", hand_F4, seen_F & signer.hands_FS[:, s])
    return hand_F4


def _bent(posing: Posing, signer: Signer, target_F3: np.ndarray, s: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Directions of upper arm and forearm that bring the wrist to its target, and the elbow's axis (F, 3 each)."""
    body = posing.body
    shoulder_F3 = posing.head_of(f"{SIDES[s]}UpperArm")
    upper, fore = body.lengths[s]
    way_F3 = target_F3 - shoulder_F3
    far_F = np.linalg.norm(way_F3, axis=-1)
    axis_F3 = q.unit(way_F3)
    most = upper + fore
    share_F = far_F / most
    drawn_F = np.where(
        share_F > _STRETCH, _STRETCH + (1 - _STRETCH) * np.tanh((share_F - _STRETCH) / (1 - _STRETCH)), share_F
    )
    far_F = np.clip(drawn_F * most, abs(upper - fore) + 0.02 * most, most * 0.9999)
    along_F = (far_F**2 + upper**2 - fore**2) / (2 * far_F)
    aside_F = np.sqrt(np.maximum(upper**2 - along_F**2, 0))
    elbow_F3 = _elbow_side(body, signer, axis_F3, s)
    upper_F3 = (axis_F3 * along_F[:, None] + elbow_F3 * aside_F[:, None]) / upper
    fore_F3 = (axis_F3 * (far_F - along_F)[:, None] - elbow_F3 * aside_F[:, None]) / fore
    return q.unit(upper_F3), q.unit(fore_F3), q.cross(elbow_F3, axis_F3)


def _elbow_side(body: Body, signer: Signer, axis_F3: np.ndarray, s: int) -> np.ndarray:
    """(F, 3) the direction, at a right angle to the line from shoulder to wrist, in which the elbow lies."""
    joints_FJ3 = q.rotate(body.turn, signer.joints_FJ3[:, [SHOULDERS[s], ELBOWS[s], ROOTS[s]]])
    own_F3 = q.unit(joints_FJ3[:, 2] - joints_FJ3[:, 0])
    elbow_F3 = joints_FJ3[:, 1] - joints_FJ3[:, 0]
    elbow_F3 = elbow_F3 - own_F3 * q.dot(elbow_F3, own_F3)[:, None]
    elbow_F3 = q.rotate(q.shortest_arc(own_F3, axis_F3), elbow_F3)
    usual_3 = q.rotate(body.turn, _USUAL_ELBOW[s])
    usual_F3 = q.unit(usual_3 - axis_F3 * (axis_F3 @ usual_3)[:, None])
    return q.unit(elbow_F3 + _ELBOW_PRIOR * usual_F3)


def _wrist_within_reach(hand_F4: np.ndarray, fore_F4: np.ndarray, fore_F3: np.ndarray) -> np.ndarray:
    """The hand's turn, drawn in where the wrist would bend farther than wrists do."""
    relative_F4 = q.multiply(hand_F4, q.inverse(fore_F4))
    twist_F4 = q.about(fore_F3, q.twist_about(relative_F4, fore_F3))
    swing_F4 = q.multiply(relative_F4, q.inverse(twist_F4))
    angle_F = q.angle_between(swing_F4, q.IDENTITY)
    drawn_F = np.where(angle_F > _WRIST, _WRIST + _WRIST_MORE * np.tanh((angle_F - _WRIST) / _WRIST_MORE), angle_F)
    swing_F4 = q.scaled(swing_F4, drawn_F / np.maximum(angle_F, 1e-9))
    return q.multiply(q.multiply(swing_F4, twist_F4), fore_F4)


def _forearm_turn(body: Body, hand_F4: np.ndarray, fore_F4: np.ndarray, fore_F3: np.ndarray, s: int) -> np.ndarray:
    """(F,) radians by which the hand is turned about the forearm since rest.

    Counted from the thumb-up turn: the jump from 180 to -180 degrees then lies where no forearm gets.
    """
    neutral = body.neutral[s]
    turn_F = neutral + q.twist_about(q.multiply(hand_F4, q.inverse(fore_F4)), fore_F3)
    return q.limited(turn_F, -_MOST_TURN, _MOST_TURN) - neutral
