"""The store: what goes in comes out, shards fill up, unfinished splits stay invisible and are continued."""

import json

import numpy as np
import pytest

from signllm.data.store import ClipRecord, Store, StoreWriter
from signllm.errors import DataError, LockedError, OutputError
from signllm.pose import PoseSequence
from tests.helpers.disks import fill, mounted, tree
from tests.helpers.processes import holding

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


def test_one_process_at_a_time_writes_a_split(tmp_path):
    with holding(tmp_path / "ASL" / "dev"):
        with pytest.raises(LockedError, match="is writing it"):
            write(tmp_path, [3])
        write(tmp_path, [3], split="train")
    write(tmp_path, [3])
    assert sorted(path.name for path in (tmp_path / "ASL").iterdir()) == ["dev", "train"]


def test_strays_of_a_killed_writer_are_not_carried_into_the_split(tmp_path):
    with StoreWriter(tmp_path, "ASL", "dev", "mark") as writer:
        writer.add(record("a"), clip(3))
    for stray in (".dataset.json.tmp", ".rejected.json.77.tmp", "rejected.json", "dataset.json", "poses-00007.npy"):
        (writer.partial / stray).write_bytes(b"stray")
    with StoreWriter(tmp_path, "ASL", "dev", "mark") as writer:
        assert list(writer.done) == ["a"]
        split = writer.finish({})
    assert sorted(path.name for path in split.path.iterdir()) == [
        "dataset.json", "index.jsonl", "poses-00000.npy", "valid-00000.npy"
    ]  # fmt: skip


def test_a_split_that_was_put_aside_is_found_again_unless_a_writer_is_at_work(tmp_path):
    """Where two folders cannot be exchanged in one step, a kill may leave the older one under another name."""
    split = write(tmp_path, [3])
    aside = split.path.with_name(".dev.old")
    split.path.rename(aside)
    with holding(split.path):
        assert Store(tmp_path).splits("ASL") == []
    assert len(Store(tmp_path).split("ASL", "dev")) == 1
    assert not aside.exists()


def test_whoever_reads_a_split_is_told_when_it_was_replaced(tmp_path):
    unread, half_read = (write(tmp_path, [3, 4]) for _ in range(2))
    assert len(half_read.records) == 2
    half_read.pose(0)
    other = Store(tmp_path).split("ASL", "dev")
    assert len(other.records) == 2
    write(tmp_path, [5])
    with pytest.raises(DataError, match="was replaced while it was read"):
        _ = unread.records
    with pytest.raises(DataError, match="was replaced while it was read"):
        other.pose(1)
    assert len(half_read.pose(1)) == 4  # its map is of the older file


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
    with pytest.raises(DataError, match=r"no split BSL/dev; there are: ASL/dev"):  # no other language is offered
        Store(tmp_path).split("BSL", "dev")
    with pytest.raises(DataError, match=r"no split ASL/dve \(did you mean 'ASL/dev'\?\)"):
        Store(tmp_path).split("ASL", "dve")
    info = tmp_path / "ASL" / "dev" / "dataset.json"
    info.write_text(json.dumps({**json.loads(info.read_text()), "format_version": 99}))
    with pytest.raises(DataError, match="store format 99"):
        Store(tmp_path).split("ASL", "dev")
    info.write_text("{")
    with pytest.raises(DataError, match="not JSON"):
        Store(tmp_path).split("ASL", "dev")


def test_a_disk_that_fills_up_ends_the_writing_clearly_and_leaves_the_older_split(tmp_path):
    with mounted(tmp_path / "disk", "size=512k") as disk:
        write(disk / "store", [3])
        before = tree(disk / "store" / "ASL" / "dev")
        with pytest.raises(OutputError, match=r"dev: cannot be written \(No space left on device\); make room"):
            write(disk / "store", [500, 500, 500])
        assert tree(disk / "store" / "ASL" / "dev") == before
        fill(disk)
        with pytest.raises(OutputError, match="No space left"):
            write(disk / "store", [3], split="train")
    assert not (tmp_path / "disk" / "store").exists()


@pytest.mark.parametrize("replaced", [{"clips": 3}, {"frames": 1}, {"skeleton": "human"}, {"fps": "25"},
                                      {"seconds": -1}, {"checksums": []}, {"unit": ""}, {"clips": -1},
                                      {"source_scale": "1"}, {"language": None}])  # fmt: skip
def test_a_description_that_lies_is_refused(tmp_path, replaced):
    write(tmp_path, [3, 4])
    path = tmp_path / "ASL" / "dev" / "dataset.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **replaced}))
    with pytest.raises(DataError, match=r"convert this split again"):
        Store(tmp_path).split("ASL", "dev").records  # noqa: B018


@pytest.mark.parametrize("content", [b"[]", b"{}", b"null", b"", b"\xff"])
def test_a_description_that_is_none_is_refused(tmp_path, content):
    write(tmp_path, [3])
    (tmp_path / "ASL" / "dev" / "dataset.json").write_bytes(content)
    with pytest.raises(DataError):
        Store(tmp_path).split("ASL", "dev")


def test_bad_lines_of_an_index_are_named_all_at_once(tmp_path):
    write(tmp_path, [3, 4, 5])
    path = tmp_path / "ASL" / "dev" / "index.jsonl"
    first, second, third = path.read_text().splitlines()
    path.write_text("\n".join((first.replace('"frames":3', '"frames":-3'), second, third[:-9], "")))
    with pytest.raises(DataError) as caught:
        Store(tmp_path).split("ASL", "dev").records  # noqa: B018
    assert [fault.split(":")[1] for fault in caught.value.faults] == ["1", "3"]
    assert "frames" in caught.value.faults[0]
    assert "-3" in caught.value.faults[0]


@pytest.mark.parametrize("change", [('"first_frame":0', '"first_frame":2'), ('"shard":0', '"shard":7')])
def test_an_index_that_points_beyond_the_frames_is_refused(tmp_path, change):
    write(tmp_path, [3])
    path = tmp_path / "ASL" / "dev" / "index.jsonl"
    path.write_text(path.read_text().replace(*change))
    with pytest.raises(DataError, match="convert this split again"):
        Store(tmp_path).split("ASL", "dev").pose(0)


@pytest.mark.parametrize("array", [np.zeros((3, 50, 2), np.float32), np.zeros((3, 49, 3), np.float32),
                                   np.zeros((3, 50, 3)), np.zeros((3, 50, 3), np.int32), np.float32(3),
                                   np.zeros((4, 50, 3), np.float32)])  # fmt: skip
def test_a_shard_of_another_shape_is_refused(tmp_path, array):
    write(tmp_path, [3])
    np.save(tmp_path / "ASL" / "dev" / "poses-00000.npy", array)
    with pytest.raises(DataError, match="convert this split again"):
        Store(tmp_path).split("ASL", "dev").pose(0)


def test_a_damaged_unfinished_split_is_begun_again(tmp_path):
    with StoreWriter(tmp_path, "ASL", "dev", "mark") as writer:
        writer.add(record("c0"), clip(3))
    (writer.partial / "index.jsonl").write_bytes(b"{}\n")
    with StoreWriter(tmp_path, "ASL", "dev", "mark") as writer:
        assert writer.done == {}
        writer.add(record("c0"), clip(3))
        assert len(writer.finish({})) == 1
