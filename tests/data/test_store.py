"""The store: what goes in comes out, shards fill up, unfinished splits stay invisible and are continued."""

import json

import numpy as np
import pytest

from signllm.data.store import ClipRecord, Store, StoreWriter
from signllm.errors import DataError
from signllm.pose import PoseSequence

FRAME_BYTES = 50 * 3 * 4


def clip(frames, seed=0):
    rng = np.random.default_rng(seed)
    return PoseSequence(rng.normal(size=(frames, 50, 3)), rng.random((frames, 50)) > 0.2, 25)


def record(name, **more):
    return ClipRecord(id=name, text=f"text {name}", language="", fps=0, frames=0, **more)


def write(root, lengths, split="dev", **options):
    with StoreWriter(root, "ASL", split, **options) as writer:
        for n, frames in enumerate(lengths):
            writer.add(record(f"c{n}", gloss="G", extra={"n": n}), clip(frames, n))
        return writer.finish({"source_scale": 0.5})


def test_clips_come_back_as_they_went_in_over_several_shards(tmp_path):
    lengths = [3, 4, 5, 9, 1]
    write(tmp_path, lengths, max_shard_bytes=8 * FRAME_BYTES)
    split = Store(tmp_path).split("ASL", "dev")
    assert [r.shard for r in split.records] == [0, 0, 1, 2, 3]
    for n, (row, pose) in enumerate(split):
        expected = clip(lengths[n], n)
        np.testing.assert_array_equal(pose.coordinates, expected.coordinates)
        np.testing.assert_array_equal(pose.valid, expected.valid)
        assert (row.id, row.text, row.gloss, row.language, row.frames) == (
            f"c{n}",
            f"text c{n}",
            "G",
            "ASL",
            lengths[n],
        )
        assert row.extra == {"n": n}
    assert (split.info["clips"], split.info["frames"], split.info["source_scale"]) == (5, sum(lengths), 0.5)


def test_shards_are_plain_npy_files(tmp_path):
    path = write(tmp_path, [3, 4]).path
    poses = np.load(path / "poses-00000.npy", allow_pickle=False)
    assert (poses.shape, poses.dtype) == ((7, 50, 3), np.float32)
    assert np.load(path / "valid-00000.npy", allow_pickle=False).shape == (7, 7)


def test_masks_in_any_memory_order_are_stored(tmp_path):
    swapped = clip(4).with_sides_swapped()
    with StoreWriter(tmp_path, "ASL", "dev") as writer:
        writer.add(record("a"), swapped)
        split = writer.finish({})
    np.testing.assert_array_equal(split.pose(0).valid, swapped.valid)


@pytest.mark.parametrize("torn_bytes", [0, 1, 1000])
def test_an_interrupted_writer_is_continued_behind_its_last_whole_clip(tmp_path, torn_bytes):
    lengths = [3, 4, 5, 2]
    whole = write(tmp_path / "straight", lengths, max_shard_bytes=8 * FRAME_BYTES)
    with StoreWriter(tmp_path / "o", "ASL", "dev", "mark", max_shard_bytes=8 * FRAME_BYTES) as writer:
        for n in range(3):
            writer.add(record(f"c{n}", gloss="G", extra={"n": n}), clip(lengths[n], n))
    assert Store(tmp_path / "o").languages() == []
    shard = writer.partial / "poses-00001.npy"
    shard.write_bytes(shard.read_bytes()[: shard.stat().st_size - torn_bytes])
    with open(writer.partial / "index.jsonl", "ab") as index:
        index.write(b'{"id": "half a li')
    with StoreWriter(tmp_path / "o", "ASL", "dev", "mark", max_shard_bytes=8 * FRAME_BYTES) as again:
        assert list(again.done) == ["c0", "c1", "c2"][: 3 if torn_bytes == 0 else 2]
        for n in range(len(again.done), 4):
            again.add(record(f"c{n}", gloss="G", extra={"n": n}), clip(lengths[n], n))
        split = again.finish({"source_scale": 0.5})
    assert split.info == whole.info  # checksums of every shard included


def test_another_fingerprint_starts_afresh(tmp_path):
    with StoreWriter(tmp_path, "ASL", "dev", "one") as writer:
        writer.add(record("a"), clip(3))
    with StoreWriter(tmp_path, "ASL", "dev", "two") as writer:
        assert writer.done == {}


def test_finishing_replaces_an_older_split_and_leaves_nothing_beside(tmp_path):
    write(tmp_path, [3, 4])
    (tmp_path / "ASL" / ".dev.old").mkdir()  # of a run killed while replacing
    write(tmp_path, [5])
    assert Store(tmp_path).split("ASL", "dev").info["frames"] == 5
    assert [p.name for p in (tmp_path / "ASL").iterdir()] == ["dev"]


def test_what_does_not_fit_is_refused(tmp_path):
    with StoreWriter(tmp_path, "ASL", "dev") as writer:
        with pytest.raises(DataError, match="no clip"):
            writer.finish({})
        writer.add(record("a"), clip(2))
        with pytest.raises(DataError, match="stands twice"):
            writer.add(record("a"), clip(2))
        with pytest.raises(DataError, match="pixels"):
            writer.add(record("b"), clip(2).replace(unit="pixels"))


def test_missing_and_foreign_stores_are_named(tmp_path):
    with pytest.raises(DataError, match="no such folder"):
        Store(tmp_path / "nowhere")
    write(tmp_path, [2])
    with pytest.raises(DataError, match=r"no split ASL/dve \(did you mean 'ASL/dev'\?\)"):
        Store(tmp_path).split("ASL", "dve")
    info = tmp_path / "ASL" / "dev" / "dataset.json"
    info.write_text(json.dumps({**json.loads(info.read_text()), "format_version": 99}))
    with pytest.raises(DataError, match="store format 99"):
        Store(tmp_path).split("ASL", "dev")
    info.write_text("{")
    with pytest.raises(DataError, match="not JSON"):
        Store(tmp_path).split("ASL", "dev")
