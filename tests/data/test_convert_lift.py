"""Depth in a store: 2D where there is none, 3D with `lift`, and recordings that have depth left alone."""

import json

import numpy as np
import pytest

from signllm.cli.convert import main
from signllm.data.convert import ConvertOptions, convert
from signllm.data.demo import animate
from signllm.data.demo.lexicon import gloss_of
from signllm.data.store import Store
from signllm.lifting import METHOD_VERSION
from signllm.pose import SKELETON_50
from signllm.pose.formats import write_clips


@pytest.fixture
def source(tmp_path):
    """`make(deep)` writes train.npz of three short clips and their texts, with depth or without."""

    def make(deep, name="source"):
        folder = tmp_path / name
        folder.mkdir()
        signs = [gloss_of(concept, "ASL") for concept in ("BOOK", "MOTHER", "SOUP")]
        clips = [animate([sign], "ASL", signer=n)[4:24] for n, sign in enumerate(signs)]
        if not deep:
            clips = [clip.replace(coordinates=clip.coordinates * [1, 1, 0]) for clip in clips]
        write_clips(folder / "train.npz", [(sign.lower(), clip) for sign, clip in zip(signs, clips, strict=True)])
        (folder / "train.text").write_text("".join(f"{sign}\n" for sign in signs))
        return folder

    return make


def converted(folder, out, **options):
    (report,) = convert(ConvertOptions(folder, out, "ASL", splits=["train"], **options))
    assert report.status == "converted", report.faults
    return report, Store(out).split("ASL", "train")


def test_a_clip_without_depth_stays_2d_and_the_store_says_so(source, tmp_path):
    report, split = converted(source(deep=False), tmp_path / "out")
    assert (report.dimensions, split.info["dimensions"], report.lifted) == (2, 2, 0)
    assert "lifted" not in split.info
    assert not any(pose.coordinates[..., 2].any() for _, pose in split)


def test_lift_gives_depth_and_records_its_method(source, tmp_path):
    folder = source(deep=False)
    flat = converted(folder, tmp_path / "flat")[1]
    report, split = converted(folder, tmp_path / "out", lift=True)
    assert (report.dimensions, split.info["dimensions"], report.lifted) == (3, 3, 3)
    assert split.info["lifted"]["method_version"] == METHOD_VERSION
    assert split.info["lifted"]["clips"] == 3
    for (record, pose), (_, before) in zip(split, flat, strict=True):
        assert record.extra["lifted"] is True
        wrists = pose.coordinates[:, list(SKELETON_50.wrists.values()), 2]
        assert wrists.mean() > 0.1
        np.testing.assert_allclose(pose.coordinates[..., :2], before.coordinates[..., :2], atol=0.1)
        np.testing.assert_array_equal(pose.valid, before.valid)


def test_clips_with_depth_are_not_touched(source, tmp_path):
    folder = source(deep=True)
    plain, lifted = (converted(folder, tmp_path / name, lift=name == "lifted")[1] for name in ("plain", "lifted"))
    assert lifted.info["checksums"] == plain.info["checksums"]
    assert (plain.info["dimensions"], lifted.info["dimensions"], lifted.info["lifted"]["clips"]) == (3, 3, 0)


def test_a_split_converted_without_it_is_not_taken_for_a_lifted_one(source, tmp_path):
    folder = source(deep=False)
    converted(folder, tmp_path / "out")
    (report,) = convert(ConvertOptions(folder, tmp_path / "out", "ASL", splits=["train"], lift=True))
    assert report.status == "refused"
    assert "with other options; add --overwrite" in report.faults[0]


def test_the_command_line_says_how_many_were_lifted(source, tmp_path, capsys):
    flags = [
        "--data_dir",
        str(source(deep=False)),
        "--output_dir",
        str(tmp_path / "out"),
        "--language",
        "ASL",
        "--lift",
    ]
    assert main([*flags, "--splits", "train"]) == 0
    assert "ASL/train: 3 clips without depth lifted to 3D" in capsys.readouterr().out
    told = json.loads((tmp_path / "out" / "ASL" / "train" / "dataset.json").read_text())
    assert told["lifted"]["clips"] == 3
