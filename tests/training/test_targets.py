"""Training clips of one text on a common time axis, and the lengths that the length model learns of them."""

import numpy as np
import pytest

from signllm.data.dataset import SignDataset
from signllm.data.store import ClipRecord, Store, StoreWriter
from signllm.errors import OutputError
from signllm.training import targets
from signllm.training.setup import data_fingerprint, open_data
from tests.helpers.lexicons import WRIST, performance

LENGTHS = {"book": (36, 44, 52), "read": (60, 40, 47), "good": (45,)}  # as far apart within a text as between texts


def store_of(root, lengths=LENGTHS, language="ASL", split="train"):
    with StoreWriter(root, language, split) as writer:
        for way, (text, frames_N) in enumerate(lengths.items()):
            for person, frames in enumerate(frames_N):
                pose = performance(way, frames, 0.3 * person)
                writer.add(ClipRecord(f"{text}-{person}", text, language, 25.0, frames), pose)
        writer.finish({})
    return Store(root)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return store_of(tmp_path_factory.mktemp("words"))


def clips_of(store, **options):
    return SignDataset(store, "train", 25.0, **options)


def of_text(clips, text):
    return [index for index in range(len(clips)) if clips.record(index).text == text]


def apart(poses):
    """How far the right wrists of clips of equal length are from each other."""
    return np.std([pose.coordinates[:, WRIST] for pose in poses], axis=0).mean()


def test_the_clips_of_a_text_come_into_step_and_those_of_one_clip_stay(store, tmp_path):
    before, clips = clips_of(store), clips_of(store)
    targets.align_targets(clips, tmp_path)
    for text in ("book", "read"):
        group = of_text(clips, text)
        (frames,) = {clips.frames(index) for index in group}
        poses = [clips.pose(index) for index in group]
        assert {len(pose) for pose in poses} == {frames}
        assert apart(poses) < 0.35 * apart([before.pose(index).stretched(frames) for index in group])
        assert all((np.diff(clips.axes[index].moments_G) >= 0).all() for index in group)
    (alone,) = of_text(clips, "good")
    assert np.array_equal(clips.pose(alone).coordinates, before.pose(alone).coordinates)
    assert len(clips.recording(of_text(clips, "book")[0])) == 36


def test_the_axis_is_as_long_as_the_text_lasts_and_lengths_keep_their_spread(tmp_path):
    apart = {"book": (20, 22, 21), "read": (80, 78, 82), "good": (41, 40, 39)}
    clips = clips_of(store_of(tmp_path / "store", apart))
    axes = targets.common_axes(clips)
    own = {text: [axes[index] for index in of_text(clips, text)] for text in apart}
    assert [len(own[text][0].moments_G) for text in apart] == pytest.approx([21, 80, 40], abs=1)
    assert [axis.natural_frames for axis in own["book"]] == pytest.approx([20, 22, 21], abs=1)


def test_where_texts_do_not_differ_in_length_all_of_them_teach_the_same_one(store):
    clips = clips_of(store)
    axes = targets.common_axes(clips)
    logs = {text: np.log([axes[index].natural_frames for index in of_text(clips, text)]) for text in LENGTHS}
    expected = np.log([frames for frames_N in LENGTHS.values() for frames in frames_N]).mean()
    assert [own.mean() for own in logs.values()] == pytest.approx([expected] * 3, abs=0.02)
    assert logs["book"][2] - logs["book"][0] == pytest.approx(np.log(52 / 36), abs=0.03)
    sample = clips_of(store)
    sample.align(axes)
    assert sample.sample(0).natural_frames == axes[0].natural_frames


def test_a_text_in_two_glosses_is_two_groups(tmp_path):
    with StoreWriter(tmp_path, "ASL", "train") as writer:
        for number, gloss in enumerate(("BOOK1", "BOOK2")):
            record = ClipRecord(f"c{number}", "book", "ASL", 25.0, 40, gloss=gloss)
            writer.add(record, performance(number, 40))
        writer.finish({})
    assert [axis.moments_G for axis in targets.common_axes(clips_of(Store(tmp_path)))] == [None, None]


def test_of_many_clips_some_make_the_axis_and_all_come_onto_it(tmp_path, monkeypatch):
    monkeypatch.setattr(targets, "MOST_AVERAGED", 2)
    clips = clips_of(store_of(tmp_path, {"book": (36, 44, 52, 40, 48)}))
    before = clips_of(Store(tmp_path))
    clips.align(targets.common_axes(clips))
    frames = clips.frames(0)
    assert apart([clips.pose(n) for n in range(5)]) < 0.4 * apart([before.pose(n).stretched(frames) for n in range(5)])


def test_axes_are_kept_and_made_again_for_other_clips_or_a_damaged_file(store, tmp_path, monkeypatch):
    made = []
    compute = targets.common_axes
    monkeypatch.setattr(targets, "common_axes", lambda clips: made.append(len(clips)) or compute(clips))
    first, second = clips_of(store), clips_of(store)
    targets.align_targets(first, tmp_path)
    targets.align_targets(second, tmp_path)
    assert made == [7]
    for one, other in zip(first.axes, second.axes, strict=True):
        assert one.natural_frames == other.natural_frames
        assert np.array_equal(one.moments_G, other.moments_G)
    targets.align_targets(clips_of(store, trim_rest_s=0.0), tmp_path)
    targets.align_targets(clips_of(store, max_samples=5), tmp_path)
    assert made == [7, 7, 5]
    (file, *_) = sorted((tmp_path / "alignments").iterdir(), key=lambda path: path.stat().st_mtime)
    moments = {**np.load(file)}
    for broken in ({"moments": -1 - moments["moments"]}, {"frames": moments["frames"][:-1]}, {"moments": None}):
        np.savez(file, **{**moments, **broken})
        targets.align_targets(clips_of(store), tmp_path)
    file.write_bytes(file.read_bytes()[:300])
    targets.align_targets(clips_of(store), tmp_path)
    assert made[3:] == [7, 7, 7, 7]
    assert np.array_equal(np.load(file)["moments"], moments["moments"])


def test_a_cache_that_cannot_be_written_is_named(store, tmp_path):
    (tmp_path / "cache").write_text("")
    with pytest.raises(OutputError, match="cache"):
        targets.align_targets(clips_of(store), tmp_path / "cache")


def test_only_training_clips_are_aligned_and_that_is_another_training_set(make_config):
    (train, dev), (plain, _) = (open_data(make_config(f"data.align={on}")) for on in ("true", "false"))
    assert len(train.axes) == len(train)
    assert not dev.axes
    assert not plain.axes
    assert data_fingerprint(train) != data_fingerprint(plain)


def test_one_axis_a_clip(store):
    with pytest.raises(ValueError, match="1 axes for 7 clips"):
        clips_of(store).align(targets.common_axes(clips_of(store))[:1])
