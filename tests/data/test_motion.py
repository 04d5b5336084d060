"""Rest cut from the ends of clips, and clips at another pace."""

import numpy as np
import pytest

from signllm.data.dataset import SignDataset
from signllm.data.motion import at_another_pace
from signllm.data.store import ClipRecord, Store, StoreWriter
from signllm.pose import PoseSequence
from signllm.pose.rest import without_rest


def waiting_clip(before=20, moving=30, after=25, fps=25.0):
    """Still, then the right wrist travels two shoulder widths a second, then still."""
    coordinates = np.tile(np.random.default_rng(0).normal(size=(1, 50, 3)), (before + moving + after, 1, 1))
    coordinates[:, 4, 0] += np.concatenate(
        [np.zeros(before), 2.0 / fps * np.arange(moving), np.full(after, 2.0 / fps * moving)]
    )
    return PoseSequence.all_valid(coordinates, fps)


@pytest.mark.parametrize(("keep_s", "keep"), [(0.0, 0), (0.2, 5), (2.0, 50)])
def test_rest_is_cut_up_to_what_is_kept(keep_s, keep):
    """The wrist stands in another place from frame 21 to frame 50; averaged over three frames it moves one earlier."""
    kept = without_rest(waiting_clip(), keep_s)
    assert kept == slice(max(0, 19 - keep), min(75, 52 + keep))


def test_a_wrist_that_appears_has_not_moved():
    clip = waiting_clip(moving=0)
    valid = clip.valid.copy()
    valid[:10, 4] = False  # where it is missing its coordinates are 0: no jump may be seen there
    hidden = clip.replace(valid=valid)
    assert without_rest(hidden, 0.1) == slice(0, len(clip))


def test_clips_without_motion_or_with_little_of_it_stay_whole():
    assert without_rest(waiting_clip(moving=0), 0.1) == slice(0, 45)
    assert without_rest(waiting_clip(moving=3), 0.0) == slice(0, 48)
    assert without_rest(waiting_clip()[:2], 0.0) == slice(0, 2)


def test_a_data_set_without_rest_counts_and_cuts_alike(tmp_path):
    with StoreWriter(tmp_path, "ASL", "train") as writer:
        for number in range(3):
            writer.add(ClipRecord(f"c{number}", "book", "ASL", 50.0, 1), waiting_clip(10 * number, 60, 50, fps=50.0))
        writer.finish({})
    whole = SignDataset(Store(tmp_path), "train", fps=25.0)
    cut = SignDataset(Store(tmp_path), "train", fps=25.0, trim_rest_s=0.1, max_frames=34)
    assert [cut.frames(i) for i in range(3)] == [len(cut.pose(i)) for i in range(3)]
    assert all(cut.frames(i) < whole.frames(i) for i in range(3))
    assert max(cut.frames(i) for i in range(3)) <= 34


def test_no_deviation_changes_nothing_and_masks_are_carried_along():
    clip = waiting_clip()
    valid = clip.valid.copy()
    valid[5, 7] = False
    pose, kept = at_another_pace((clip.coordinates, valid), 0.0, np.random.default_rng(0))
    assert np.allclose(pose, clip.coordinates, atol=1e-5)
    assert np.array_equal(kept[[3, 7]], valid[[3, 7]])
    assert not kept[5, 7]


def test_another_pace_keeps_the_way_and_changes_from_epoch_to_epoch(tmp_path):
    clip = waiting_clip()
    with StoreWriter(tmp_path, "ASL", "train") as writer:
        writer.add(ClipRecord("c", "book", "ASL", 25.0, 1), clip)
        writer.finish({})
    dataset = SignDataset(Store(tmp_path), "train", fps=25.0, time_warp=0.2, duration_warp=0.2)
    lengths = {len(dataset.sample(0, epoch).pose) for epoch in range(8)}
    assert len(lengths) > 3
    assert all(35 < frames < 160 for frames in lengths)
    again, once_more = (dataset.sample(0, 3).pose for _ in range(2))
    assert np.array_equal(again.coordinates, once_more.coordinates)
    travelled = np.abs(np.diff(again.coordinates[:, 4, 0])).sum()
    assert travelled == pytest.approx(np.abs(np.diff(clip.coordinates[:, 4, 0])).sum(), rel=0.02)
