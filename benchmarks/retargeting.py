"""What retargeting is worth: forward kinematics of its rotations against the clips, on real recordings.

    python benchmarks/retargeting.py FOLDER [...] [--clips 40] [--avatar FILE] [--avatar_map FILE]

Each FOLDER is anything that `open_clips` opens. Beside them stands the demo corpus. Every clip is put on the avatar
twice: as it is, and on the same skeleton with the lengths of the signer's bones (medians over the clip), so that what
is left is the fault of the rotations. Joints that the clip misses do not count. Figures:

- error: mean distance of a joint from where it was, in shoulder widths, on the fitted skeleton; body, hands: of these;
  hands go where the clip has them, even into the trunk;
- outside: the same error where they are kept out of the trunk, as they are for everybody else;
- palm: mean angle between the palms of both (degrees), and how many are off by more than 10;
- flips: steps in which a bone turns by more than 90 degrees and no joint that it follows moved as far as that needs;
- wrong: finger joints bent backwards by more than 20 degrees, in percent;
- touch: of frames in which joints of both hands are within 0.05 shoulder widths, how far (cm) these joints are apart on
  the avatar itself: median, and the share within 2 cm; frames: how many there are;
- frames a second on one core, all of it but lifting, and the ratio to the same geometry in a loop over frames with
  scipy's Rotation.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from signllm.data.clips import open_clips
from signllm.data.demo import animate
from signllm.pose import SKELETON_50, PoseSequence
from signllm.retargeting import quaternions as q
from signllm.retargeting.body import PALM_SIDES, Body, palm_axes
from signllm.retargeting.clip import RetargetedClip
from signllm.retargeting.measuring import joints_of
from signllm.retargeting.reading import AVATAR, read_map, read_rig
from signllm.retargeting.retarget import retarget_signer
from signllm.retargeting.rig import FINGER_ROLES, SIDES, Rig, hangs
from signllm.retargeting.signer import ELBOWS, FINGERS_SDK, HANDS_SJ, NECK, NOSE, ROOTS, SHOULDERS, Signer

TOUCH = 0.05  # shoulder widths
BACKWARDS = np.radians(20)
HALF_TURN = np.radians(90)
METRES = 0.35  # that a shoulder width gets on fitted skeletons


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("folders", nargs="*", type=Path)
    flags.add_argument("--clips", type=int, default=40, help="most clips of a folder (default: 40)")
    flags.add_argument("--avatar", type=Path, default=AVATAR, help="GLB or VRM file (default: ours)")
    flags.add_argument("--avatar_map", type=Path, help="JSON file that says which bone is which part")
    options = flags.parse_args(argv)
    rig = marked(read_rig(options.avatar, read_map(options.avatar_map) if options.avatar_map else None))
    print("| clips | n | error | body | hands | outside | palm | > 10 | flips | wrong | touch cm | < 2 cm | frames |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|---|")
    demo = [animate(["MOTHER", "BOOK", "EAT"], "ASL", signer=signer) for signer in range(4)]
    for name, clips in [("demo", demo), *((folder.name, _some(folder, options.clips)) for folder in options.folders)]:
        print(f"| {name} | {row(rig, list(clips))} |", flush=True)
    print(speed(rig, demo[0]))
    return 0


def _some(folder: Path, count: int) -> list[PoseSequence]:
    """Clips spread evenly over a folder."""
    clips = open_clips(folder)
    return [clips[int(index)] for index in np.unique(np.linspace(0, len(clips) - 1, count).astype(int))]


def row(rig: Rig, clips: Iterable[PoseSequence]) -> str:
    """The cells of one corpus."""
    found = [figures(rig, clip) for clip in clips]
    total = {key: np.concatenate([np.ravel(each[key]) for each in found]) for key in found[0]}
    body, hands = total["body"], total["hands"]
    touch = total["touch"]
    cells = [
        str(len(found)),
        *(f"{values.mean():.3f}" for values in (np.concatenate([body, hands]), body, hands, total["outside"])),
        f"{total['palm'].mean():.1f}",
        f"{(total['palm'] > 10).mean():.1%}",
        f"{int(total['flips'].sum())} of {int(total['steps'].sum()):,}",
        f"{total['wrong'].mean():.1%}",
        *((f"{np.median(touch):.1f}", f"{(touch < 2).mean():.0%}") if len(touch) else ("-", "-")),
        str(len(touch)),
    ]
    return " | ".join(cells)


def figures(rig: Rig, clip: PoseSequence) -> dict[str, np.ndarray]:
    """All numbers of one clip, not yet averaged."""
    signer = Signer.of(clip)
    fitted = fitted_rig(rig, signer, clip.valid)
    body = Body.of(fitted)
    result = retarget_signer(signer, body, clip.fps, out_of_trunk=False)
    joints = _as_told(result, body, signer)
    valid = clip.valid
    distance = np.linalg.norm(joints - signer.joints_FJ3, axis=-1)
    outside = _as_told(retarget_signer(signer, body, clip.fps), body, signer) - signer.joints_FJ3
    hand = np.isin(np.arange(50), HANDS_SJ)
    own = retarget_signer(signer, Body.of(rig), clip.fps)
    return {
        "body": distance[:, ~hand][valid[:, ~hand]],
        "hands": distance[:, hand][valid[:, hand]],
        "outside": np.linalg.norm(outside, axis=-1)[valid],
        "palm": palm_angles(joints, signer),
        "flips": flips(result, signer).sum(keepdims=True),
        "steps": np.array([(len(clip) - 1) * len(rig)]),
        "wrong": backwards(joints, signer),
        "touch": touching(own, signer),
    }


def _as_told(result: RetargetedClip, body: Body, signer: Signer) -> np.ndarray:
    """(F, J, 3) joints in shoulder widths, with the neck, on the mean, where the signer's is."""
    joints = joints_of(result, body) / METRES
    return joints - joints[:, [NECK]].mean(0) + signer.joints_FJ3[:, [NECK]].mean(0)


def marked(rig: Rig) -> Rig:
    """The rig with bones, where it has none, for the nose and the tips of fingers: marks that fitting can move."""
    body, (points, world, scales) = Body.of(rig), rig.world
    marks = {} if "nose" in rig.roles or "head" not in rig.roles else {"nose": ("head", body.nose)}
    for s, side in enumerate(SIDES):
        for d, roles in enumerate(FINGER_ROLES.values()):
            if side + roles[3] not in rig.roles and body.finger_bones[s, d, 2] >= 0:
                marks[side + roles[3]] = (side + roles[2], body.finger_points[s, d, 3])
    above = [rig.roles[role] for role, _ in marks.values()]
    places = [
        q.rotate(q.inverse(world[bone]), place - points[bone]) / scales[bone]
        for bone, (_, place) in zip(above, marks.values(), strict=True)
    ]
    more, count = len(marks), len(rig)
    return Rig(
        (*rig.names, *marks),
        np.array([*rig.parents, *above]),
        np.array([*rig.translations, *places]),
        np.concatenate([rig.rotations, np.tile(q.IDENTITY, (more, 1))]),
        dict(rig.roles) | {role: count + number for number, role in enumerate(marks)},
        np.concatenate([rig.scales, np.ones(more)]),
    )


def fitted_rig(rig: Rig, signer: Signer, valid: np.ndarray) -> Rig:
    """The rig with its directions at rest and the signer's median lengths, `METRES` for a shoulder width."""
    body, moved = Body.of(rig), Body.of(rig).points.copy()
    joints = signer.joints_FJ3

    def put(role: str, place: np.ndarray) -> None:
        """Move a bone with all that hangs from it."""
        bone = rig.roles.get(role)
        if bone is not None:
            below = np.array([hangs(rig.parents, other, bone) for other in range(len(rig))])
            moved[below] += place - moved[bone]

    def length(first: int, second: int) -> float:
        seen = _seen(valid[:, first] & valid[:, second])
        return float(np.median(np.linalg.norm(joints[seen, first] - joints[seen, second], axis=-1))) * METRES

    nose = np.median(
        (joints[:, NOSE] - joints[:, NECK])[_seen(signer.head_F)], axis=0
    )  # a mark on the face, which is no bone's end
    put("nose", body.neck + q.rotate(body.turn, nose) * METRES)
    for s, side in enumerate(SIDES):
        out = q.unit(body.points[rig.roles[f"{side}UpperArm"]] - body.neck)
        put(f"{side}UpperArm", body.neck + out * 0.5 * length(*SHOULDERS))
        put(f"{side}LowerArm", moved[rig.roles[f"{side}UpperArm"]] + body.upper[s] * length(SHOULDERS[s], ELBOWS[s]))
        put(f"{side}Hand", moved[rig.roles[f"{side}LowerArm"]] + body.fore[s] * length(ELBOWS[s], ROOTS[s]))
        seen, palm = (
            _seen(signer.hands_FS[:, s]),
            _palms(joints)[:, s],
        )  # its bones do not move, so where the fingers begin on it is shape, not pose
        for d, roles in enumerate(FINGER_ROLES.values()):
            start = joints[:, FINGERS_SDK[s, d, 0]] - joints[:, ROOTS[s]]
            own = np.median(q.rotate(q.inverse(palm), start)[seen], axis=0) * METRES
            if body.finger_bones[s, d, 0] < 0:
                continue
            put(side + roles[0], moved[rig.roles[f"{side}Hand"]] + q.rotate(body.palms[s], own))
            for k, (before, role) in enumerate(pairwise(role for role in roles if side + role in rig.roles)):
                way = q.unit(body.finger_points[s, d, k + 1] - body.finger_points[s, d, k])
                put(side + role, moved[rig.roles[side + before]] + way * length(*FINGERS_SDK[s, d, k : k + 2]))
    world = rig.world[1]
    above = np.where(rig.parents[:, None] >= 0, moved[rig.parents], 0.0)
    turns = np.where(rig.parents[:, None] >= 0, world[rig.parents], q.IDENTITY)
    offsets = q.rotate(q.inverse(turns), moved - above)
    return Rig(rig.names, rig.parents, offsets, rig.rotations, rig.roles)


def _seen(seen: np.ndarray) -> np.ndarray:
    """The frames that tell something; all where none does."""
    return seen if seen.any() else np.ones_like(seen)


def _palms(joints: np.ndarray) -> np.ndarray:
    return palm_axes(joints[:, ROOTS], joints[:, FINGERS_SDK[:, 1:, 0]], PALM_SIDES)


def palm_angles(joints: np.ndarray, signer: Signer) -> np.ndarray:
    """Degrees between the directions out of the palms, where hands were seen."""
    way = np.array([0.0, 1.0, 0.0])
    out, told = (q.rotate(_palms(each), way) for each in (joints, signer.joints_FJ3))
    return np.degrees(np.arccos(np.clip(q.dot(out, told), -1, 1)))[signer.hands_FS]


def flips(result: RetargetedClip, signer: Signer) -> np.ndarray:
    """(F - 1, B) where a bone turns by more than 90 degrees from its parent, though palms and arms of the clip turn by
    less than 45."""
    turned = q.angle_between(result.rotations[1:].astype(float), result.rotations[:-1].astype(float)) > HALF_TURN
    palms = _palms(signer.joints_FJ3)
    chains = q.unit(np.diff(signer.joints_FJ3[:, np.stack([SHOULDERS, ELBOWS, ROOTS], axis=1)], axis=2))
    fingers = q.unit(np.diff(signer.joints_FJ3[:, FINGERS_SDK], axis=3))
    calm = (q.angle_between(palms[1:], palms[:-1]) < HALF_TURN / 2).all(1)
    calm &= (q.dot(chains[1:], chains[:-1]) > np.cos(HALF_TURN / 2)).all((1, 2))
    calm &= (q.dot(fingers[1:], fingers[:-1]) > np.cos(HALF_TURN / 2)).all((1, 2, 3))
    return turned & calm[:, None]


def backwards(joints: np.ndarray, signer: Signer) -> np.ndarray:
    """Whether the middle and last joints of long fingers are bent away from the palm."""
    bones = q.unit(np.diff(joints[:, FINGERS_SDK[:, 1:]], axis=3))
    across = q.rotate(_palms(joints), np.array([0.0, 0.0, 1.0]))[:, :, None, None]
    bend = q.cross(bones[:, :, :, :-1], bones[:, :, :, 1:])
    return (q.dot(bend, across) < -np.sin(BACKWARDS))[signer.fingers_FSD[:, :, 1:]]


def touching(result: RetargetedClip, signer: Signer) -> np.ndarray:
    """Centimetres between the two joints of both hands that are nearest to each other in frames with a touch."""
    joints = signer.joints_FJ3[:, HANDS_SJ]
    apart = np.linalg.norm(joints[:, 0, :, None] - joints[:, 1, None], axis=-1)
    frames = np.flatnonzero((apart.min((1, 2)) < TOUCH) & signer.fingers_FSD.all((1, 2)))
    left, right = np.unravel_index(apart[frames].reshape(len(frames), 441).argmin(1), (21, 21))
    own = joints_of(result)
    return 100 * np.linalg.norm(own[frames, HANDS_SJ[0, left]] - own[frames, HANDS_SJ[1, right]], axis=-1)


def speed(rig: Rig, clip: PoseSequence) -> str:
    """Frames a second, and those of a loop that finds the turns of 2 arms, 2 hands and 30 finger bones of one frame at
    a time with scipy: less than what is compared with it."""
    long = PoseSequence.all_valid(np.tile(clip.coordinates, (-(-1000 // len(clip)), 1, 1))[:1000], clip.fps)
    signer, body = Signer.of(long), Body.of(rig)
    ours = len(long) / min(_seconds(lambda: retarget_signer(signer, body, long.fps)) for _ in range(5))
    short = len(clip) / min(_seconds(lambda: retarget_signer(Signer.of(clip), body, clip.fps)) for _ in range(5))
    few = long.coordinates[:100].astype(float)
    loop = 100 / min(_seconds(lambda: [_one_frame(frame) for frame in few]) for _ in range(3))
    return (
        f"{ours:,.0f} frames a second over 1,000 frames, {short:,.0f} over {len(clip)};"
        f" a loop with scipy {loop:,.0f}: {ours / loop:.1f} times as many"
    )


def _one_frame(joints: np.ndarray) -> list[np.ndarray]:
    parents = np.array(SKELETON_50.parents)
    found = []
    for joint in range(2, 50):
        bone = joints[joint] - joints[parents[joint]]
        length = np.linalg.norm(bone)
        if length > 0:
            found.append(Rotation.align_vectors([bone / length], [[0.0, 1.0, 0.0]])[0].as_quat())
    return found


def _seconds(work) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    raise SystemExit(main())
