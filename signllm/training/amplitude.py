"""How far generated hands travel, calibrated on training clips.

The average of people moves less than each of them: what they do not do alike cancels, in step or not. So generation
amplifies motion around its slow course (`PoseNormalizer.amplified`), for arms, hands and the rest of the body apart.
The factors are those with which the paths generated from training texts are as long as the paths recorded for them, as
the metrics `total-distance` and `path-ratio` measure paths. No held-out clip is looked at, and nothing is set by hand.

Legend: N clips, B clips of a batch, F frames, J joints, C coordinates, V values, P parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from signllm.aligning.amplitude import calibrated
from signllm.data.dataset import SignDataset
from signllm.models.decoders import DECODERS
from signllm.models.group import PoseGroup
from signllm.models.normalizer import PARTS, Amplitude, parts_of_joints
from signllm.models.sign_model import SignModel
from signllm.pose import SKELETON_50
from signllm.sampling import spread

MOST_CLIPS = 128  # of a language, spread evenly
_WRISTS = list(SKELETON_50.wrists.values())
_ANCHOR_J = torch.from_numpy(SKELETON_50.anchors.copy())
_HANGS_J = torch.arange(SKELETON_50.num_joints) != _ANCHOR_J


class _Made(NamedTuple):
    """What a group's decoder made of some texts, before it is amplified."""

    group: PoseGroup
    values_BFV: Tensor
    frames_B: Tensor


@torch.no_grad()
def calibrate(model: SignModel, clips: SignDataset, longest: int, batch_size: int) -> None:
    """Set the model's amplitude of each language of the training clips, for its weights as they are.

    A decoder that streams is left as it is, for its frames are shown before the clip is whole. Where nobody moves a
    part, or the configuration sets the amplitude by hand, the factor stays 1.
    """
    decoder = model.config.pose_decoder
    if decoder.amplitude is not None or DECODERS[decoder.type].streams:
        return
    was_training = model.training
    model.eval()
    for code in clips.languages:
        indices = [index for index, (language, _) in enumerate(clips.places) if language == code]
        indices = [indices[n] for n in spread(len(indices), MOST_CLIPS)]
        goal_P = sum((_recorded(clips, index) for index in indices), np.zeros((len(PARTS), 2)))
        made = [
            one
            for first in range(0, len(indices), batch_size)
            for one in _made(model, clips, indices[first : first + batch_size], longest)
        ]
        model.amplitudes[code] = _found(made, goal_P)
    model.train(was_training)


def _made(model: SignModel, clips: SignDataset, indices: Sequence[int], longest: int) -> list[_Made]:
    samples = [clips.sample(index) for index in indices]
    requests = [sample.prompt if model.writes_gloss else sample.record.text for sample in samples]
    made = []
    for plan in model.plans(requests, [sample.record.language for sample in samples]):
        seeds = [indices[row] for row in plan.rows]
        made.append(_Made(plan.group, *plan.group.values(plan.source_BTS, plan.mask_BT, longest, seeds)))
    return made


def _found(made: Sequence[_Made], goal_P2: np.ndarray) -> Amplitude:
    def paths(factor_P: np.ndarray) -> np.ndarray:
        return np.sum([_generated(one, factor_P) for one in made], axis=0)

    arms, hands, body = calibrated(paths, goal_P2).tolist()
    return arms, hands, body


def _recorded(clips: SignDataset, index: int) -> np.ndarray:
    """(P, 2) paths of a recording; frames that lack a joint are bridged by the straight line."""
    pose = clips.recording(index)
    place_FJC, seen_FJ = torch.from_numpy(pose.coordinates.copy()), torch.from_numpy(pose.valid.copy())
    relative_FJC, seen_FJ = _relative(place_FJC), seen_FJ & seen_FJ[:, _ANCHOR_J]
    ways = [_ways(relative_FJC[seen_F, joint]) for joint, seen_F in enumerate(seen_FJ.T)]
    return _of_parts(torch.stack(ways))


def _generated(made: _Made, factor_P: np.ndarray) -> np.ndarray:
    """(P, 2) paths of generated clips, amplified by these factors."""
    amplitude_P = torch.tensor(factor_P, dtype=torch.float32, device=made.frames_B.device)
    pose_BFJC = made.group.poses(made.values_BFV, made.frames_B, amplitude_P.expand(len(made.frames_B), -1)).cpu()
    clips = zip(_relative(pose_BFJC), made.frames_B.tolist(), strict=True)
    return _of_parts(torch.stack([_ways(place_FJC[:frames]) for place_FJC, frames in clips]).sum(0))


def _relative(pose_FJC: Tensor) -> Tensor:
    return pose_FJC - pose_FJC[..., _ANCHOR_J, :] * _HANGS_J[:, None]


def _ways(place_FNC: Tensor) -> Tensor:
    """The length of the path of each of N joints (F, N, C), or of one (F, C)."""
    return place_FNC.double().diff(dim=0).norm(dim=-1).sum(0)


def _of_parts(way_J: Tensor) -> np.ndarray:
    """(P, 2) the ways of the left and the right wrist, of both hands around them, and of the other joints."""
    part_J = parts_of_joints()
    hands, body = (float(way_J[part_J == PARTS.index(part)].sum()) for part in ("hands", "body"))
    return np.array([way_J[_WRISTS].tolist(), [hands, 0.0], [body, 0.0]])
