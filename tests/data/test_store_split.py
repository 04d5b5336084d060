"""Several sources in one store: parts of a split that are written alone and read together."""

import numpy as np
import pytest

from signllm.data.convert import ConvertOptions, convert
from signllm.data.dataset import SignDataset
from signllm.data.store import ClipRecord, Store, StoreWriter
from signllm.errors import ConfigError, DataError
from signllm.pose.formats import write_clips
from tests.helpers import sources


def convert_into(root, folder, name=None, **more):
    return convert(ConvertOptions(folder, root, "GSL", name=name, **more))


@pytest.fixture
def two_sources(tmp_path):
    """A store of `eins` .. `fünf` as dev, and of `vier`, `fünf`, `sechs` of another source."""
    first = sources.write_lines(tmp_path / "first")
    second = sources.write_lines(tmp_path / "second", ("vier", "fünf", "sechs"))
    poses = [(f"dev/{name}", sources.clip(10 + n)) for n, name in enumerate(("vier", "fünf", "sechs"))]
    write_clips(second / "dev.skels", poses)  # not those of the first source
    convert_into(tmp_path / "store", first)
    return tmp_path / "store", first, second


def test_a_second_source_is_refused_until_it_has_a_name(two_sources):
    root, _, second = two_sources
    (refused,) = convert_into(root, second)
    assert refused.status == "refused"
    assert "--name NAME" in refused.faults[0]
    (report,) = convert_into(root, second, "words")
    assert (report.status, report.split, report.faults) == ("converted", "dev@words", [])
    (again,) = convert_into(root, second, "words")
    assert again.status == "already converted"


def test_parts_are_read_as_one_split_and_each_alone(two_sources):
    root, _, second = two_sources
    convert_into(root, second, "words")
    store = Store(root)
    assert store.splits("GSL") == ["dev", "dev@words"] == store.folders("GSL")
    joined, part = store.split("GSL", "dev"), store.split("GSL", "dev@words")
    ids = [record.id for record in joined.records]
    assert ids == ["eins", "zwei", "drei", "vier", "fünf", "words/vier", "words/fünf", "words/sechs"]
    assert [record.id for record in part.records] == ids[5:]
    assert (joined.pose(5).coordinates != joined.pose(0).coordinates).any()
    for index in range(3):
        np.testing.assert_array_equal(joined.pose(5 + index).coordinates, part.pose(index).coordinates)
    assert joined.info["parts"] == {"dev": 5, "dev@words": 3}
    assert (joined.info["clips"], joined.info["frames"]) == (8, 48)
    assert set(joined.info["checksums"]) > {"dev/index.jsonl", "dev@words/index.jsonl"}
    assert len(SignDataset(store, "dev", 25)) == 8
    assert len(SignDataset(store, "dev@words", 25)) == 3


def test_a_named_source_alone_is_the_split(two_sources, tmp_path):
    _, _, second = two_sources
    convert_into(tmp_path / "other", second, "words")
    store = Store(tmp_path / "other")
    assert store.splits("GSL") == ["dev", "dev@words"]
    assert len(store.split("GSL", "dev")) == 3
    assert [clip.record(0).id for clip in [SignDataset(store, "dev", 25)]] == ["words/vier"]


def test_parts_that_do_not_go_together_are_refused(two_sources):
    root, *_ = two_sources
    with StoreWriter(root, "GSL", "dev@again") as writer:
        writer.add(ClipRecord("eins", "Text", "GSL", 25, 6), sources.clip())
        writer.finish({})
    with pytest.raises(DataError, match="the clip eins stands in two of its parts"):
        _ = Store(root).split("GSL", "dev").records


@pytest.mark.parametrize("name", ["train", "a/b", "", ".x", "a@b", "x" * 61])
def test_names_that_cannot_be_folders_are_refused(tmp_path, name):
    with pytest.raises(ConfigError, match="--name is"):
        ConvertOptions(tmp_path, tmp_path / "store", "GSL", name=name)


def test_sources_of_one_split_stay_apart_when_a_store_is_opened(two_sources, tmp_path):
    root, _, second = two_sources
    convert_into(root, second, "words")
    reports = convert_into(tmp_path / "copy", root)
    assert [(report.split, report.clips) for report in reports] == [("dev", 5), ("dev@words", 3)]
