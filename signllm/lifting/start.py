"""Where fitting starts: a small network that guesses each bone's direction in 3D from the 2D joints of a clip.

It looks at one arm at a time, always as a right one, and sees the other beside it. Its weights come from
`benchmarks/train_lifting.py`, which trains it on recordings of our own kinematic signer.

Legend: B clips (one arm each), F frames, K bones, R bones of one side (nose, arm and fingers), H hidden width.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from signllm.errors import DataError
from signllm.inputs import open_regular
from signllm.lifting.bones import MIRROR, NUM_BONES, bone_vectors

WEIGHTS_FILE = Path(__file__).with_name("start.npz")
HIDDEN, DILATIONS, KERNEL = 112, (1, 2, 4), 5
NUM_FEATURES = 4
SIDE = np.array([0, 1, 2, 3, 4, *range(9, 29)])
"""The bones (R,) of the nose, the right arm and the right hand."""
_FLIP_X = np.array([-1.0, 1.0, 1.0, 1.0], np.float32)


class StartNetwork(nn.Module):
    """Features (B, F, K * 4) to directions (B, F, R, 3): longer where it is sure of them, at most about 1 long."""

    def __init__(self) -> None:
        super().__init__()
        self.into = nn.Linear(NUM_BONES * NUM_FEATURES, HIDDEN)
        self.along = nn.ModuleList(
            nn.Conv1d(HIDDEN, HIDDEN, KERNEL, padding=2 * step, dilation=step, groups=HIDDEN) for step in DILATIONS
        )
        self.across = nn.ModuleList(nn.Linear(HIDDEN, HIDDEN) for _ in DILATIONS)
        self.out = nn.Linear(HIDDEN, 3 * len(SIDE))

    def forward(self, features_BFN: Tensor) -> Tensor:
        """Frames beyond the ends count as zeros."""
        hidden_BFH = functional.relu(self.into(features_BFN))
        for along, across in zip(self.along, self.across, strict=True):
            near_BFH = along(hidden_BFH.transpose(1, 2)).transpose(1, 2)
            hidden_BFH = hidden_BFH + functional.relu(across(near_BFH))
        return self.out(hidden_BFH).unflatten(-1, (len(SIDE), 3))


def features_of(joints_FJ2: np.ndarray, valid_FJ: np.ndarray, lengths_K: np.ndarray) -> np.ndarray:
    """(2, F, K * 4) float32 of the signer and of the mirrored signer.

    Of each bone: x and y over its length, what its length leaves for depth, and whether it is seen; zeros where not.
    """
    way_FK2, seen_FK = bone_vectors(joints_FJ2, valid_FJ)
    ratio_FK2 = np.clip(way_FK2 / lengths_K[:, None], -1.5, 1.5)
    depth_FK = np.sqrt(np.clip(1.0 - (ratio_FK2**2).sum(-1), 0.0, None))
    features_FKN = np.concatenate([ratio_FK2, depth_FK[..., None], np.ones_like(depth_FK)[..., None]], axis=-1)
    features_FKN = (features_FKN * seen_FK[..., None]).astype(np.float32)
    return np.stack([features_FKN, features_FKN[:, MIRROR] * _FLIP_X]).reshape(2, len(joints_FJ2), -1)


def guess_directions(joints_FJ2: np.ndarray, valid_FJ: np.ndarray, lengths_K: np.ndarray) -> np.ndarray:
    """(F, K, 3) the guessed directions of all bones of a clip in shoulder widths, the neck at the origin."""
    with torch.inference_mode():
        sides_2FR3 = _network()(torch.from_numpy(features_of(joints_FJ2, valid_FJ, lengths_K))).numpy()
    guess_FK3 = np.zeros((len(joints_FJ2), NUM_BONES, 3), np.float32)
    guess_FK3[:, MIRROR[SIDE]] = sides_2FR3[1] * _FLIP_X[:3]
    mirrored_nose_F3 = guess_FK3[:, 0].copy()
    guess_FK3[:, SIDE] = sides_2FR3[0]
    guess_FK3[:, 0] = (guess_FK3[:, 0] + mirrored_nose_F3) / 2
    return guess_FK3


@cache
def _network() -> StartNetwork:
    network = StartNetwork()
    network.load_state_dict(_read_weights(WEIGHTS_FILE))
    return network.eval()


def _read_weights(path: Path) -> dict[str, Tensor]:
    """float32 tensors of an .npz of halves. Raises DataError where it is missing or cannot be read."""
    try:
        with open_regular(path) as file, np.load(file, allow_pickle=False) as arrays:
            return {name: torch.from_numpy(arrays[name].astype(np.float32)) for name in arrays.files}
    except (OSError, ValueError, BadZipFile) as error:
        raise DataError(f"{path}: the start of lifting cannot be read ({error}); install the toolkit again") from None


def write_weights(network: StartNetwork, path: Path) -> None:
    """Write the weights as halves, which a file of less than 200 kB holds."""
    np.savez(
        path, **{name: weight.detach().numpy().astype(np.float16) for name, weight in network.state_dict().items()}
    )
