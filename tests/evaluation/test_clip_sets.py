"""Sets of clips of any kind: opening them, pairing them, and refusing what cannot be compared, all at once."""

import numpy as np
import pytest

from signllm.data.store import ClipRecord, StoreWriter
from signllm.errors import DataError
from signllm.evaluation.clip_sets import Conversion, open_clip_set
from signllm.evaluation.pairing import PairedSplit, check_contents, evenly, pair_clips
from signllm.pose import PoseSequence
from signllm.pose.formats import write_clips

NO_CHANGE = Conversion()


def clip(seed=0, frames=6, fps=25.0, dims=3, **facts):
    rng = np.random.default_rng(seed)
    coordinates = rng.normal(0, 0.5, (frames, 50, dims))
    coordinates[:, [1, 2, 5]] = np.array([[0, 0, 0], [-0.5, 0.1, 0.2], [0.5, 0.1, 0.2]])[:, :dims]
    return PoseSequence.all_valid(coordinates, fps, **facts)


def write_store(root, names="ab", languages=("ASL",), splits=("dev",), text="word {}", seed=0):
    for language in languages:
        for split in splits:
            with StoreWriter(root, language, split) as writer:
                for number, name in enumerate(names):
                    writer.add(ClipRecord(name, text.format(name), language, 25.0, 6), clip(seed + number))
                writer.finish({})
    return root


def texts(path, *lines):
    path.write_text("".join(f"{line}\n" for line in lines))


def faults_of(caught):
    return "\n".join(caught.value.faults)


def test_a_store_a_language_a_split_a_file_and_a_folder_hold_the_same_clips(tmp_path):
    store = write_store(tmp_path / "store", "ab")
    clips = [(name, clip(number)) for number, name in enumerate("ab")]
    for suffix in (".skels", ".npz"):
        write_clips(tmp_path / f"dev{suffix}", clips)
    texts(tmp_path / "dev.text", "Word, a!", "word b")
    for name, pose in clips:
        write_clips(tmp_path / "folder" / f"{name}.pose", [(name, pose)])
    sources = [store, store / "ASL", store / "ASL" / "dev", tmp_path / "dev.skels", tmp_path / "dev.npz"]
    for path in [*sources, tmp_path / "folder"]:
        opened = open_clip_set(path)
        assert [entry.name for entry in opened.entries] == ["a", "b"], path
        np.testing.assert_allclose(opened.pose(1).coordinates, clips[1][1].coordinates, atol=1e-4)
        assert opened.files
        assert len(pair_clips(opened, open_clip_set(store))) == 2
    assert open_clip_set(tmp_path / "dev.skels", ["GSL"]).entries[0].text == "Word, a!"
    assert open_clip_set(tmp_path / "dev.skels", ["GSL"]).entries[0].language == "GSL"
    assert open_clip_set(tmp_path / "dev.skels").assumed_fps == 25
    assert open_clip_set(tmp_path / "dev.skels", fps=30).pose(0).fps == 30
    assert open_clip_set(tmp_path / "dev.skels", fps=30).assumed_fps is None
    assert open_clip_set(tmp_path / "dev.npz").assumed_fps is None


def test_what_cannot_be_opened_is_refused_with_what_there_is(tmp_path):
    store = write_store(tmp_path / "store", languages=("ASL", "GSL"), splits=("dev", "train"))
    with pytest.raises(DataError, match="choose one with --split") as caught:
        open_clip_set(store)
    assert len(caught.value.faults) == 2
    assert len(open_clip_set(store, split="train")) == 4
    assert len(open_clip_set(store, ["GSL"], "train")) == 2
    for arguments, says in (
        ((store, ["KSL"], "dev"), "no clips of KSL; there are: ASL/dev, ASL/train, GSL/dev, GSL/train"),
        ((store, ["ASL"], "test"), "ASL has no split 'test'; there are: ASL/dev, ASL/train, GSL"),
        ((store, [], "test"), "no split 'test'; there are: ASL/dev"),
        ((tmp_path / "none",), "no such file or folder"),
        ((tmp_path,), r"no clips here \(it holds .*store is a store that final_convert_data.py made: open .*store"),
    ):
        with pytest.raises(DataError, match=says):
            open_clip_set(*arguments)
    write_clips(tmp_path / "f" / "x.npz", [("x", clip())])
    texts(tmp_path / "f" / "x.text", "one", "two")
    (tmp_path / "f" / "y.npz").write_bytes(b"PK torn")
    with pytest.raises(DataError) as caught:
        open_clip_set(tmp_path / "f")
    assert "x.text: 2 lines for the 1 clips" in faults_of(caught)
    assert "y.npz: cannot be read" in faults_of(caught)


def test_pairing_by_name_ignores_order_and_the_splits_folder(tmp_path):
    references = open_clip_set(write_store(tmp_path / "store", "abc"))
    write_clips(tmp_path / "p.npz", [(f"dev/{name}", clip()) for name in "cab"])
    pairs = pair_clips(open_clip_set(tmp_path / "p.npz"), references)
    assert [(pair.prediction, pair.reference) for pair in pairs] == [(1, 0), (2, 1), (0, 2)]
    assert [pair.entry.text for pair in pairs] == ["word a", "word b", "word c"]
    assert evenly(pairs, 2) == [pairs[0], pairs[2]]


def test_names_without_a_partner_and_names_that_stand_twice_are_all_listed(tmp_path):
    references = open_clip_set(write_store(tmp_path / "store", "abc"))
    write_clips(tmp_path / "p.npz", [(name, clip()) for name in "bxb"])
    with pytest.raises(DataError) as caught:
        pair_clips(open_clip_set(tmp_path / "p.npz"), references)
    assert len(caught.value.faults) == 3
    for says in (
        "1 names stand for more than one prediction, e.g.",
        "1 of 3 predictions without a reference of the same name: x",
        "2 of 3 references without a prediction of the same name: a, c",
    ):
        assert says in faults_of(caught)


def test_clips_of_a_bare_skels_file_pair_by_order_only_when_asked(tmp_path):
    references = open_clip_set(write_store(tmp_path / "store", "ab"))
    write_clips(tmp_path / "p.skels", [("x", clip()), ("y", clip(1))])
    (tmp_path / "p.files").unlink()
    predictions = open_clip_set(tmp_path / "p.skels")
    with pytest.raises(
        DataError, match=r"have no names; put a \.files file beside each \.skels file, or say --pair_by order"
    ):
        pair_clips(predictions, references)
    assert [(pair.prediction, pair.entry.name) for pair in pair_clips(predictions, references, "order")] == [
        (0, "a"),
        (1, "b"),
    ]
    with pytest.raises(DataError, match=r"2 predictions .* 3 references"):
        pair_clips(predictions, open_clip_set(write_store(tmp_path / "three", "abc")), "order")


def test_a_folder_that_is_called_like_a_language_may_be_anything(tmp_path):
    write_clips(tmp_path / "files" / "ASL" / "x.pose", [("x", clip())])
    write_store(tmp_path / "files", "abc", ("GSL",))
    assert [entry.name for entry in open_clip_set(tmp_path / "files" / "ASL").entries] == ["x"]
    assert len(open_clip_set(write_store(tmp_path / "TSL", "abc", ("GSL",)))) == 3


def test_numbered_files_stand_in_the_order_of_their_numbers(tmp_path):
    for name in ("10_x", "9_x", "010_a", "1000_x", "b2", "999_x"):
        write_clips(tmp_path / "f" / f"{name}.npz", [(name, clip(frames=2))])
    found = [entry.name for entry in open_clip_set(tmp_path / "f").entries]
    assert found == ["9_x", "010_a", "10_x", "999_x", "1000_x", "b2"]


def test_texts_and_languages_that_contradict_each_other_are_refused(tmp_path):
    references = open_clip_set(write_store(tmp_path / "store", "ab", ("GSL",)))
    write_clips(tmp_path / "p.npz", [("b", clip()), ("a", clip())])
    texts(tmp_path / "p.text", "WORD B.", "another word")
    with pytest.raises(DataError) as caught:
        pair_clips(open_clip_set(tmp_path / "p.npz"), references)
    assert len(caught.value.faults) == 1
    assert "p.npz (clip a): its text is 'another word', that of the reference a is 'word a'" in faults_of(caught)
    with pytest.raises(DataError, match="signed in ASL, the reference a in GSL"):
        pair_clips(open_clip_set(tmp_path / "p.npz", ["ASL"]), references, "order")


def test_clips_of_the_same_name_in_two_languages_pair_within_the_language(tmp_path):
    languages = ("ASL", "GSL")
    references = open_clip_set(write_store(tmp_path / "r", "ab", languages))
    predictions = open_clip_set(write_store(tmp_path / "p", "ba", languages))
    pairs = pair_clips(predictions, references)
    assert [(pair.entry.language, pair.entry.name) for pair in pairs] == [
        ("ASL", "a"), ("ASL", "b"), ("GSL", "a"), ("GSL", "b"),
    ]  # fmt: skip
    assert [pair.prediction for pair in pairs] == [1, 0, 3, 2]


def checked(tmp_path, predictions, references, convert=NO_CHANGE):
    sets = []
    for name, clips in (("p", predictions), ("r", references)):
        for number, pose in enumerate(clips):
            write_clips(tmp_path / name / f"{number}.npz", [(str(number), pose)])
        sets.append(open_clip_set(tmp_path / name))
    pairs = pair_clips(*sets)
    terms = check_contents(*sets, pairs, convert)
    return terms, PairedSplit(*sets, pairs, convert, terms)


def test_different_frame_rates_units_and_dimensions_are_refused_together(tmp_path):
    pixels = clip(0, unit="pixels").replace(coordinates=clip(0).coordinates * 80)
    with pytest.raises(DataError) as caught:
        checked(tmp_path, [clip(1, fps=30), clip(2, dims=2), pixels], [clip(1), clip(2), clip(0)])
    assert len(caught.value.faults) == 3
    for says in (
        "frame rate differs: predictions: 30 fps (1 clips, e.g. 0), 25 fps (2 clips, e.g. 1); references: 25 fps (3",
        "--resample FPS",
        "unit differs: predictions: shoulder_widths (2 clips, e.g. 0), pixels (1 clips, e.g. 2)",
        "--rescale",
        "coordinates a joint differs: predictions: 3 (2 clips, e.g. 0), 2 (1 clips, e.g. 1)",
        "--drop_z",
    ):
        assert says in faults_of(caught)
    convert = Conversion(fps=20, drop_z=True, rescale=True)
    terms, split = checked(tmp_path, [], [], convert)
    assert (terms.fps, terms.unit, terms.dimensions, terms.skeleton_name) == (20, "shoulder_widths", 2, "signllm-50/xy")
    rescaled = split.answer([split.records[2]])[0]
    np.testing.assert_allclose(rescaled.coordinates, split.pose(2).coordinates, atol=1e-5)
    assert rescaled.fps == 20
    assert len(convert.described()) == 3


def test_one_frame_rate_written_in_two_ways_is_one(tmp_path):
    terms, split = checked(tmp_path, [clip(0, fps=29.970030)], [clip(0, fps=29.97)])
    assert terms.fps == 29.97
    assert split.answer(split.records)[0].fps == split.pose(0).fps == 29.97


def test_empty_masked_and_broken_clips_are_named_all_at_once(tmp_path):
    good = clip(0)
    masked = PoseSequence(good.coordinates, np.zeros((6, 50), bool), 25)
    left, right = (np.zeros((6, 50), bool) for _ in range(2))
    left[:, 8:29], right[:, 29:] = True, True
    clips = {
        "masked": [masked, good],
        "apart": [good.replace(valid=left), good.replace(valid=right)],
        "ok": [good, good],
    }
    for side in (0, 1):
        for name, pair in clips.items():
            write_clips(tmp_path / "pr"[side] / f"{name}.npz", [(name, pair[side])])
    broken = {"coordinates": np.full((2, 50, 3), np.nan, np.float32), "valid": np.ones((2, 50), bool)}
    facts = {"fps": [25.0, 25.0], "skeleton": "signllm-50", "unit": "shoulder_widths", "format_version": 1}
    np.savez(tmp_path / "p" / "broken.npz", names=["nan", "empty"], frames=[2, 0], **broken, **facts)
    write_clips(tmp_path / "r" / "broken.npz", [("nan", good), ("empty", good)])
    sets = [open_clip_set(tmp_path / name) for name in "pr"]
    with pytest.raises(DataError) as caught:
        check_contents(*sets, pair_clips(*sets), NO_CHANGE)
    assert len(caught.value.faults) == 4
    for says in (
        "masked.npz (clip masked): every joint of every frame is missing",
        "apart.npz (clip apart): shows no joint that its reference shows",
        "broken.npz (clip nan): frame 0, joint nose: the coordinate is not a finite number",
        "broken.npz (clip empty): the clip has no frames",
    ):
        assert says in faults_of(caught)


def test_a_flat_set_beside_a_deep_one_is_remarked_on(tmp_path):
    flat = clip().replace(coordinates=clip().coordinates * [1, 1, 0])
    terms, _ = checked(tmp_path, [clip()], [flat])
    assert "the references have no depth" in terms.notes[0]
    terms, _ = checked(tmp_path, [flat], [flat])
    assert terms.notes == ()


def test_equal_names_paired_by_order_stay_apart(tmp_path):
    for side, seeds in (("p", (1, 2)), ("r", (3, 4))):
        write_clips(tmp_path / f"{side}.npz", [("same", clip(seed)) for seed in seeds])
    sets = [open_clip_set(tmp_path / f"{side}.npz") for side in "pr"]
    pairs = pair_clips(*sets, "order")
    split = PairedSplit(*sets, pairs, NO_CHANGE, check_contents(*sets, pairs, NO_CHANGE))
    for seed, pose in zip((1, 2), split.answer(split.records), strict=True):
        np.testing.assert_array_equal(pose.coordinates, clip(seed).coordinates)
