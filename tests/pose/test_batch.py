"""Padded batches at another frame rate."""

import numpy as np
import pytest
import torch

from signllm.pose import PoseSequence
from signllm.pose.batch import resampled_batch


@pytest.mark.parametrize("fps", [12.5, 25.0, 30.0])
def test_resampling_a_batch_is_resampling_each_clip(fps):
    rng = np.random.default_rng(0)
    clips = [PoseSequence.all_valid(rng.normal(size=(frames, 50, 3)), 25.0) for frames in (20, 33)]
    pose_BFJC = torch.zeros(2, 48, 50, 3)
    for row, clip in enumerate(clips):
        pose_BFJC[row, : len(clip)] = torch.tensor(clip.coordinates)
    pose_BFJC[0, 20:] = torch.nan  # padding must not flow in
    again_BFJC, frames_B = resampled_batch(pose_BFJC, torch.tensor([20, 33]), 25.0, fps)
    for row, clip in enumerate(clips):
        expected = clip.resampled(fps)
        assert int(frames_B[row]) == len(expected)
        assert np.allclose(again_BFJC[row, : len(expected)], expected.coordinates, atol=1e-5)
    assert again_BFJC.isfinite().all()
