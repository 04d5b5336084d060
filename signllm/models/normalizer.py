"""From coordinates to the space that decoders work in, and back.

Hand joints are taken relative to their wrist, the lengths of the finger bones stand beside them, and every value is
standardised by the training data. The average of two handshapes has shorter bones than either, so a model that learns
by squared error shrinks its hands; the average of their bone lengths is as long as they are. On the way back a finger
bone gets its direction from its joints and its length from the value beside them.
Legend: B clips, F frames, J joints, C coordinates, L finger bones, V = J x C + L values a frame.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor, nn

from signllm.pose import SKELETON_50

# Values that hardly move (a 2D corpus' z, the neck) are divided by no less than this, in shoulder widths:
# standardising their noise to 1 would let it rule the loss.
DEVIATION_FLOOR = 0.12
# A standardised value beyond this is a tracking fault, not signing; it is left out of the loss.
LARGEST_DEVIATION = 12.0
# Slower than this Gaussian is where hands are, quicker is how they move: 0.4 s at 25 frames a second.
COURSE_FRAMES = 10.0
# What is amplified alike: elbows and wrists; hands, relative to their wrists; all other joints.
PARTS = ("arms", "hands", "body")
Amplitude = tuple[float, float, float]
"""Factors of the motion of each of PARTS."""
UNCHANGED: Amplitude = (1.0, 1.0, 1.0)
# Bones of this length and shorter, in shoulder widths, have no direction to keep.
SHORTEST_BONE = 1e-3


class PoseNormalizer(nn.Module):
    """Holds mean and deviation (V,) as buffers; exact inverse of itself on valid values."""

    anchor_J: Tensor
    moves_J: Tensor
    hand_root_J: Tensor
    part_J: Tensor
    parent_L: Tensor
    child_L: Tensor
    leads_to_JL: Tensor
    mean_V: Tensor
    deviation_V: Tensor

    def __init__(self, bone_lengths: bool = True) -> None:
        super().__init__()
        joints = SKELETON_50.num_joints
        anchor, hand_root = torch.from_numpy(SKELETON_50.anchors.copy()), torch.arange(joints)
        for part in SKELETON_50.wrists:
            members = list(SKELETON_50.parts[part])
            hand_root[members] = members[0]
        parent, child = torch.from_numpy(SKELETON_50.finger_bones[: None if bone_lengths else 0]).T
        self.register_buffer("anchor_J", anchor, persistent=False)
        self.register_buffer("moves_J", anchor != torch.arange(joints), persistent=False)
        self.register_buffer("hand_root_J", hand_root, persistent=False)
        self.register_buffer("part_J", parts_of_joints(), persistent=False)
        self.register_buffer("parent_L", parent, persistent=False)
        self.register_buffer("child_L", child, persistent=False)
        self.register_buffer("leads_to_JL", _leads_to(parent, child), persistent=False)
        self.num_values = joints * 3 + len(child)
        self.register_buffer("mean_V", torch.zeros(self.num_values))
        self.register_buffer("deviation_V", torch.ones(self.num_values))

    def _relative(self, pose_BFJC: Tensor, sign: int) -> Tensor:
        anchors = pose_BFJC[..., self.anchor_J, :] * self.moves_J[:, None]
        return pose_BFJC + sign * anchors

    def _seen(self, valid_BFJ: Tensor) -> Tensor:
        """The joints that have a position: a hand joint without its wrist has none."""
        return valid_BFJ & (valid_BFJ[..., self.anchor_J] | ~self.moves_J)

    def _bones(self, pose_BFJC: Tensor) -> Tensor:
        """(B, F, L, C) the finger bones from parent to child."""
        return pose_BFJC[..., self.child_L, :] - pose_BFJC[..., self.parent_L, :]

    def _with_lengths(self, relative_BFJC: Tensor, seen_BFJ: Tensor) -> tuple[Tensor, Tensor]:
        """Coordinates and bone lengths side by side (B, F, V), and their mask (B, F, V)."""
        length_BFL = self._bones(relative_BFJC).norm(dim=-1)
        length_seen = seen_BFJ[..., self.parent_L] & seen_BFJ[..., self.child_L]
        values_BFV = torch.cat([relative_BFJC.flatten(-2), length_BFL], dim=-1)
        return values_BFV, torch.cat([seen_BFJ.repeat_interleave(3, dim=-1), length_seen], dim=-1)

    def _apart(self, values_BFV: Tensor) -> tuple[Tensor, Tensor]:
        """Views of the coordinates (B, F, J, C) and the bone lengths (B, F, L); of a mask alike."""
        coordinates, lengths = values_BFV.split([3 * len(self.anchor_J), len(self.child_L)], dim=-1)
        return coordinates.unflatten(-1, (len(self.anchor_J), 3)), lengths

    @torch.no_grad()
    def fit(self, clips: Iterable[tuple[np.ndarray, np.ndarray]]) -> None:
        """Set mean and deviation from ((F, J, 3) coordinates, (F, J) valid) pairs, in one pass and constant memory."""
        count, total, squares = (torch.zeros(self.num_values, dtype=torch.float64) for _ in range(3))
        device = self.mean_V.device
        for coordinates, valid in clips:
            pose_FJC = torch.from_numpy(np.array(coordinates, dtype=np.float64)).to(device)
            seen_FJ = self._seen(torch.from_numpy(np.array(valid)).to(device))
            values_FV, mask_FV = (side.cpu() for side in self._with_lengths(self._relative(pose_FJC, -1), seen_FJ))
            values_FV = values_FV.masked_fill(~mask_FV, 0.0)
            count += mask_FV.sum(0)
            total += values_FV.sum(0)
            squares += values_FV.square().sum(0)
        mean_V = total / count.clamp(min=1)
        variance_V = (squares / count.clamp(min=1) - mean_V.square()).clamp(min=0)
        self.mean_V.copy_(mean_V)
        self.deviation_V.copy_(variance_V.sqrt().clamp(min=DEVIATION_FLOOR))

    def normalize(self, pose_BFJC: Tensor, valid_BFJ: Tensor) -> tuple[Tensor, Tensor]:
        """Return values (B, F, V) and their mask (B, F, V).

        Missing coordinates are the mean (a hand joint without its wrist has no relative position, so it counts as
        missing here); a bone whose ends are not both there is as long as it is between the coordinates so filled in.
        """
        filling_JC, deviation_JC = (self._apart(of_V)[0] for of_V in (self.mean_V, self.deviation_V))
        relative_BFJC = self._relative(pose_BFJC, -1)
        usual_BFJ = ((relative_BFJC - filling_JC).abs() < LARGEST_DEVIATION * deviation_JC).all(-1)
        seen_BFJ = self._seen(valid_BFJ) & usual_BFJ
        relative_BFJC = torch.where(seen_BFJ[..., None], relative_BFJC, filling_JC)
        values_BFV, mask_BFV = self._with_lengths(relative_BFJC, seen_BFJ)
        return (values_BFV - self.mean_V) / self.deviation_V, mask_BFV

    def denormalize(self, values_BFV: Tensor) -> Tensor:
        """Return coordinates (B, F, J, 3) in shoulder widths; finger bones are as long as their values say."""
        values_BFV = values_BFV.float() * self.deviation_V + self.mean_V
        relative_BFJC, length_BFL = self._apart(values_BFV)
        if len(self.child_L):
            bone_BFLC = self._bones(relative_BFJC)
            # Under the root so that a bone of no length has a gradient.
            now_BFL = (bone_BFLC.square().sum(-1) + SHORTEST_BONE**2).sqrt()
            bone_BFLC = bone_BFLC * (length_BFL.clamp(min=0) / now_BFL)[..., None]
            relative_BFJC = relative_BFJC[..., self.hand_root_J, :] + self.leads_to_JL @ bone_BFLC
        return self._relative(relative_BFJC, +1)

    def amplified(self, values_BFV: Tensor, frames_B: Tensor, amplitude_BP: Tensor) -> Tensor:
        """The clips with so many times the motion of each of PARTS around their slow course.

        Clips of one text are not in step: their average is each of them blurred in time, and moves less. Amplifying
        what a blur takes away is the first step of undoing it (van Cittert's deconvolution; "unsharp masking" of
        images), and leaves hands at rest or held where they are. Bone lengths stay.
        """
        course_BFV = slow_course(values_BFV, frames_B, COURSE_FRAMES)
        factor_BFV = self.mean_V.new_ones(len(frames_B), 1, self.num_values)
        factor_BFV[..., : 3 * len(self.part_J)] = amplitude_BP[:, self.part_J].repeat_interleave(3, dim=-1)[:, None]
        return course_BFV + factor_BFV * (values_BFV - course_BFV)

    def joints_seen(self, mask_BFV: Tensor) -> Tensor:
        """(B, F, J) the joints of which a mask shows every value that determines them, down a finger to its root."""
        seen_BFJC, length_BFL = self._apart(mask_BFV)
        missing_BFJ = (~length_BFL).float() @ self.leads_to_JL.T
        return seen_BFJC.all(-1) & (missing_BFJ == 0)


def parts_of_joints() -> Tensor:
    """(J,) the index in PARTS of each joint."""
    part_J = torch.full((SKELETON_50.num_joints,), PARTS.index("body"))
    for hand, wrist in SKELETON_50.wrists.items():
        part_J[[SKELETON_50.parents[wrist], wrist]] = PARTS.index("arms")
        part_J[list(SKELETON_50.parts[hand])] = PARTS.index("hands")
    return part_J


def slow_course(values_BFV: Tensor, frames_B: Tensor, deviation: float) -> Tensor:
    """Each clip smoothed over time by a Gaussian of so many frames; its first and last frame go on beyond its ends."""
    frame_F = torch.arange(values_BFV.shape[1], device=frames_B.device)
    below_FF = torch.special.ndtr((frame_F - frame_F[:, None] + 0.5) / deviation)  # of the Gaussian around each row
    below_BFF = torch.where(frame_F >= frames_B[:, None, None] - 1, 1.0, below_FF)
    with torch.autocast(frames_B.device.type, enabled=False):
        return below_BFF.diff(dim=-1, prepend=torch.zeros_like(below_BFF[..., :1])) @ values_BFV.float()


def _leads_to(parent_L: Tensor, child_L: Tensor) -> Tensor:
    """(J, L) 1 where the bone lies on the way from the root of the hand to the joint."""
    leads_to_JL = torch.zeros(SKELETON_50.num_joints, len(child_L))
    for bone, (parent, child) in enumerate(zip(parent_L.tolist(), child_L.tolist(), strict=True)):
        leads_to_JL[child] = leads_to_JL[parent]
        leads_to_JL[child, bone] = 1.0
    return leads_to_JL
