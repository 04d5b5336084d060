"""Models composed of recordings: made of a split, kept as a folder, and asked as any other model is."""

import json

import numpy as np
import pytest

from signllm.composing.model import ComposedModel
from signllm.composing.training import _resting, compose
from signllm.errors import CheckpointError, ConfigError, DataError
from signllm.inference.opening import open_model
from signllm.inference.options import DecoderOptions
from signllm.models.checkpoint import load_checkpoint
from signllm.models.decoders import is_network, make_decoder
from tests.helpers.composed import AT_REST, compose_config, write_signs
from tests.helpers.lexicons import performance


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return write_signs(tmp_path_factory.mktemp("signs"))


@pytest.fixture(scope="module")
def made(store, tmp_path_factory):
    return compose(compose_config(store, tmp_path_factory.mktemp("run")))


@pytest.fixture(scope="module")
def model(made):
    return open_model(made.path)


def test_a_split_becomes_a_folder_that_is_opened_as_the_same_model(made, model):
    assert made.path.name == "composed_model"
    assert (made.clips, made.cut, len(model.lexicon)) == (13, 2, 7)
    assert made.model.num_signs == {"ASL": 5}
    assert made.notes == ("4 clips of several signs do not say when each is signed, so none was cut out of them",)
    assert (model.languages, model.mode, model.fps, model.draws, model.streams) == (["ASL"], "mlsf", 25.0, True, False)
    (ours,), (theirs,) = (one.generate(["I read."], "ASL", 3) for one in (made.model, model))
    np.testing.assert_array_equal(ours.coordinates, theirs.coordinates)
    stats = json.loads((made.path.parent / "training_stats.json").read_text())
    assert stats["signs"] == {"ASL": 5}
    assert (made.path.parent / "config_used.json").is_file()


def test_what_is_signed_depends_on_text_and_seed_alone(model):
    again = model.generate(["Today I read.", "book"], "ASL", [4, 5])
    alone = model.generate(["book"], "ASL", [5])
    np.testing.assert_array_equal(again[1].coordinates, alone[0].coordinates)
    others = [model.generate(["Today I read."], "ASL", [seed])[0].coordinates for seed in range(12)]
    assert any(one.shape != others[0].shape or np.abs(one - others[0]).max() > 1e-3 for one in others[1:])


def test_words_become_signs_in_the_order_of_the_corpus(model):
    clip = model.generate_clips(["Books I read today."], "ASL")[0]
    assert clip.gloss == "TODAY I BOOK READ"
    assert clip.notes == ()  # `the` has no sign in the corpus, which is nothing to say


def test_a_sign_is_cut_out_of_a_sentence_that_says_its_frames(model):
    (night,) = model.lexicon.find("ASL", "night")
    (unit,) = night.units
    assert unit.id == "night/1"
    np.testing.assert_allclose(
        unit.read().coordinates, performance(4, 40, wobble=0.02, seed=57)[10:30].coordinates, atol=1e-6
    )


def test_a_sentence_begins_and_ends_as_sentences_of_the_corpus_do(model):
    (clip,) = model.generate_clips(["night"], "ASL")
    assert clip.gloss == "NIGHT"
    (begin,), (end,) = (model.lexicon.find("ASL", name) for name in ("$BEGIN", "$END"))
    for way, part in ((begin, clip.pose.coordinates[:AT_REST]), (end, clip.pose.coordinates[-AT_REST:])):
        np.testing.assert_allclose(part, way.units[0].read().coordinates, atol=1e-5)
    assert len(clip.pose) > 2 * AT_REST + 20


def test_of_the_way_to_a_sign_only_the_rest_is_kept():
    clip = performance(0, 40)  # up within a fifth of it, and down again
    held = clip.at_moments(np.r_[np.zeros(6), np.arange(20)])
    assert 6 <= _resting(held, at_end=False).stop <= 10
    assert _resting(held.at_moments(np.arange(25, -1, -1)), at_end=True).start == 26 - _resting(held, False).stop
    assert _resting(held[:6], at_end=False) == slice(0, 6)


def test_a_text_without_any_sign_is_refused_or_stands_still_in_an_evaluation(model):
    with pytest.raises(ConfigError, match="no sign for any of these words"):
        model.generate_clips(["Zebra."], "ASL")
    (still,) = model.generate(["Zebra."], "ASL")
    assert len(still) == 25
    assert np.ptp(still.coordinates, axis=0).max() == 0
    assert model.remarks(["Zebra.", "book"], "ASL") == [
        "ASL: 1 words or glosses have no sign and were left out: Zebra",
        "ASL: 1 texts have no sign at all; their clips stand still for 1 s",
    ]
    assert model.remarks(["book"], "ASL") == []


def test_prompts_are_read_and_glosses_written_in_the_other_mode(store, tmp_path):
    model = compose(compose_config(store, tmp_path, "model.mode=prompt2langgloss"), dry=True).model
    assert not (tmp_path / "checkpoints").exists()
    prompt, code = model.request("I read the book.", "ASL")
    assert (prompt != "I read the book.", code) == (True, "ASL")
    assert model.translate([prompt, "read"], [None, "ASL"]) == [("ASL", "I BOOK READ"), ("ASL", "READ")]
    assert model.writes_gloss
    with pytest.raises(ConfigError, match="signs of ASL only"):
        model.check_languages(["ASL", "GSL"])


def test_a_stream_gives_what_generation_gives_and_no_joint_without_a_place(model):
    plan = model.sentences("I read. Book!", "ASL")
    pieces = list(model.stream(plan, [1, 1]))
    clip = model.clip("I read. Book!", plan, [piece.whole for piece in pieces])
    (whole,) = model.generate_clips(["I read. Book!"], "ASL", 1)
    np.testing.assert_array_equal(clip.pose.coordinates[clip.pose.valid], whole.pose.coordinates[whole.pose.valid])
    assert (clip.gloss, clip.sentences) == (whole.gloss, whole.sentences) == ("I READ BOOK", ("I read.", "Book!"))
    with pytest.raises(ConfigError, match="does not have this option; it has none"):
        next(model.stream(plan, [1, 1], DecoderOptions(amplitude=1.2)))


def test_a_model_without_some_recordings_averages_the_others(model):
    left = model.without(["BOOK-0", "night/1"])
    assert [unit.id for unit in left.lexicon.find("ASL", "BOOK")[0].units] == ["BOOK-1"]
    assert left.lexicon.find("ASL", "night") == []
    (alone,) = left.generate(["book"], "ASL")
    assert (
        np.abs(
            alone.at_moments(np.linspace(0, len(alone) - 1, 40)).coordinates
            - performance(0, 40, 0.2, 0.01, 1).coordinates
        ).mean()
        < 0.02
    )
    with pytest.raises(ConfigError, match="nothing is left"):
        model.without([name for name, _ in model.recordings("ASL")])


def test_keys_that_ask_for_training_steps_are_refused_at_once(store, tmp_path):
    wrong = compose_config(store, tmp_path, "data.fps=30", "training.init_from=a.pth")
    with pytest.raises(ConfigError) as raised:
        compose(wrong)
    assert [fault.partition(" with")[0] for fault in raised.value.faults] == [
        "data.fps = 30",
        "training.init_from = a.pth",
    ]


def test_a_split_without_signs_names_the_remedy(tmp_path):
    from tests.helpers.generators import write_split

    write_split(tmp_path / "store", "ASL", "train", [1, 2], "this is number {} of many words")
    with pytest.raises(DataError, match=r"no clip of a single sign.*--name"):
        compose(compose_config(tmp_path / "store", tmp_path))
    assert not (tmp_path / "checkpoints" / "people" / "composed_model").exists()


def test_a_second_run_of_the_name_keeps_the_first(store, tmp_path):
    first = compose(compose_config(store, tmp_path, "data.max_samples=4"))
    second = compose(compose_config(store, tmp_path))
    assert second.set_aside == first.path.parent.with_name("people.1")
    assert len(ComposedModel.read(second.set_aside / "composed_model").lexicon) < len(second.model.lexicon)


def test_a_damaged_model_and_one_that_is_asked_for_weights_say_what_to_do(store, tmp_path):
    path = compose(compose_config(store, tmp_path, "data.max_samples=4")).path
    with pytest.raises(CheckpointError, match="composed of recordings has no weights"):
        load_checkpoint(path)
    (path / "glossing.json").write_text('{"ASL": {"words": {"a": 3}}}')
    with pytest.raises(CheckpointError, match=r"glossing\.json.*train it again"):
        open_model(path)
    described = json.loads((path / "composed.json").read_text())
    (path / "composed.json").write_text(json.dumps({**described, "format_version": 9}))
    with pytest.raises(CheckpointError, match="format 9"):
        open_model(path)
    (path / "composed.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"composed\.json"):
        open_model(path)


def test_the_registry_knows_what_is_no_network(store, tmp_path):
    config = compose_config(store, tmp_path).model.pose_decoder
    assert not is_network(config)
    assert is_network(config.model_copy(update={"type": "flow"}))
    with pytest.raises(ConfigError, match=r"'compos'.*compose"):
        is_network(config.model_copy(update={"type": "compos"}))
    with pytest.raises(ConfigError, match="has no network"):
        make_decoder(config, 150)
