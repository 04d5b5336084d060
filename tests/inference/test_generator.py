"""Generating: which weights of a checkpoint are used, one text or several, and what comes out."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from signllm.data.clips import open_clips
from signllm.errors import ConfigError
from signllm.inference import Generator
from signllm.inference.notes import Note
from signllm.models.checkpoint import Checkpoint, save_checkpoint
from signllm.training.setup import build_experiment


def test_a_generator_has_the_averaged_weights_of_its_checkpoint(make_config, tmp_path):
    experiment = build_experiment(make_config())
    model = experiment.model
    torch.manual_seed(0)
    averaged = {name: weight + 0.1 * torch.randn_like(weight) for name, weight in model.named_parameters()}
    checkpoint = Checkpoint(experiment.config, model.extra_state(), model.state_dict(), averaged)
    save_checkpoint(tmp_path / "model.pth", checkpoint)
    generator = Generator.from_checkpoint(tmp_path / "model.pth", "cpu")
    assert all(torch.equal(weight, averaged[name]) for name, weight in generator.model.named_parameters())
    (clip,) = generator.generate(["the book"], "ASL")
    expected, raw = (
        Generator(checkpoint.build_model(averaged=use), experiment.config, "cpu").generate(["the book"], "ASL")[0]
        for use in (True, False)
    )
    assert np.array_equal(clip.coordinates, expected.coordinates)
    assert not np.array_equal(clip.coordinates, raw.coordinates)


@pytest.fixture
def generator(make_config):
    experiment = build_experiment(make_config("data.max_frames=20"))
    return Generator(experiment.model, experiment.config, "cpu")


def test_a_text_gives_a_clip_and_a_list_of_texts_a_list(generator):
    clip = generator("the book", language="asl", seed=3)
    assert (clip.text, clip.request, clip.language, clip.gloss) == ("the book", "the book", "ASL", None)
    shown = f"GeneratedClip('the book', ASL, {len(clip.pose)} frames, {clip.pose.duration_s:.2f} s"
    assert repr(replace(clip, notes=())) == shown + ")"
    assert repr(clip) == f"{shown}, notes: {', '.join(note.kind for note in clip.notes)})"
    same, other = generator(["the book", "das Buch"], language=["ASL", "GSL"], seed=3)
    assert np.array_equal(same.pose.coordinates, clip.pose.coordinates)
    assert (other.text, other.language) == ("das Buch", "GSL")
    assert generator([], language="ASL") == []


def test_the_seed_of_one_text_counts(make_config):
    experiment = build_experiment(make_config("data.max_frames=20", "model.pose_decoder.type=flow"))
    generator = Generator(experiment.model, experiment.config, "cpu")
    first, again, other = (generator("the book", "ASL", seed=seed).pose.coordinates for seed in (5, 5, 6))
    assert np.array_equal(first, again)
    assert first.shape != other.shape or not np.array_equal(first, other)


def test_a_single_string_is_never_taken_for_a_list_of_letters(generator):
    for generate in (generator.generate, generator.generate_clips):
        with pytest.raises(TypeError, match="list of texts"):
            generate("book", "ASL")


def test_a_generated_clip_is_captioned_with_its_text_and_gloss(generator, tmp_path):
    clip = generator("the book", language="ASL")
    assert clip.captioned()[:3] == (clip.pose, "ASL: the book", "")
    notes = (Note("unknown_words", ("x",), "Not known: x.", "未知：x。"), Note("cut_text", (), "Cut.", "已截断。"))
    assert replace(clip, notes=notes).captioned().note == ("Not known: x. Cut.", "未知：x。 已截断。")
    assert replace(clip, gloss="BOOK").captioned().label == "BOOK"
    assert "<ASL_BOOK>" in repr(replace(clip, gloss="BOOK"))
    ((name, read),) = open_clips(clip.save(tmp_path / "book.npz")).items()
    assert name == "book"
    assert np.array_equal(read.coordinates, clip.pose.coordinates)
    assert "ASL: the book" in clip._repr_html_()


TWO = "The book. It will rain."


def test_the_sentences_of_a_text_are_signed_one_after_the_other(generator):
    clip = generator(TWO, "ASL")
    first, second = generator(["The book.", "It will rain."], "ASL")
    assert clip.sentences == ("The book.", "It will rain.")
    assert clip.request == "The book.\nIt will rain."
    assert np.abs(clip.pose.coordinates[: len(first.pose)] - first.pose.coordinates).max() < 1e-4
    assert np.abs(clip.pose.coordinates[-len(second.pose) :] - second.pose.coordinates).max() < 1e-4
    between = (len(clip.pose) - len(first.pose) - len(second.pose)) / generator.fps
    assert 0.1 < between < 0.6
    again = generator(TWO, "ASL")
    assert np.array_equal(again.pose.coordinates, clip.pose.coordinates)


def test_a_text_is_signed_as_one_where_that_is_asked(generator):
    clip = generator(TWO, "ASL", split=False)
    assert clip.sentences == (TWO,)
    assert len(clip.pose) <= 20
    (pose,) = generator.generate([TWO], "ASL")  # what evaluation compares with the clips of a corpus
    assert np.array_equal(pose.coordinates, clip.pose.coordinates)


def test_one_sentence_is_what_it_was_before_texts_were_split(generator):
    for text in ("the book", " The book. "):
        split, whole = generator(text, "ASL"), generator(text, "ASL", split=False)
        assert np.array_equal(split.pose.coordinates, whole.pose.coordinates)
        assert (split.sentences, split.request) == ((text,), text)


def test_a_paragraph_of_40_gives_40_in_batches(generator):
    sizes = []
    (clip,) = generator.generate_clips(["The book. " * 40], "ASL", batch_size=16, progress=sizes.append)
    assert clip.sentences == ("The book.",) * 40
    assert sizes == [16, 16, 8]


def test_each_sentence_draws_from_a_seed_of_its_own(make_config):
    experiment = build_experiment(make_config("data.max_frames=20", "model.pose_decoder.type=flow"))
    flow = Generator(experiment.model, experiment.config, "cpu")
    clip, other = flow(TWO, "ASL", seed=5), flow(TWO, "ASL", seed=6)
    second = flow("It will rain.", "ASL", seed=5)
    assert np.abs(clip.pose.coordinates[-len(second.pose) :] - second.pose.coordinates).max() < 1e-3
    assert clip.pose.coordinates.shape != other.pose.coordinates.shape or not np.array_equal(
        clip.pose.coordinates, other.pose.coordinates
    )


@pytest.mark.parametrize("mode", ["mlsf", "prompt2langgloss"])
def test_a_prompt_is_never_torn_apart(make_config, mode):
    experiment = build_experiment(make_config("data.max_frames=20", f"model.mode={mode}"))
    generator = Generator(experiment.model, experiment.config, "cpu")
    prompt = "How would I express 'It rains. It snows.' using American Sign Language?"
    (*sentences,) = generator.sentences(prompt)
    if mode == "mlsf":  # it reads what is inside
        assert [sentence.request for sentence in sentences] == ["It rains.", "It snows."]
    else:
        assert [sentence.request for sentence in sentences] == [prompt]
        assert len(generator.sentences("Please sign it. In ASL.")) == 1  # the language is read from all of it
        wrapped = [sentence.request for sentence in generator.sentences("It rains. It snows.", "ASL")]
        assert wrapped == [f"How do you say '{text}' in American Sign Language?" for text in ("It rains.", "It snows.")]
        assert [sentence.request for sentence in generator.sentences(prompt, "ASL")] == [prompt]
    assert generator.sentences("How would I express 'a. b' in ASL?", "ASL")[0].text.endswith("in ASL?")


def test_the_faults_of_all_texts_are_said_at_once(generator):
    with pytest.raises(ConfigError) as caught:
        generator(["the book", " ", "a\0b", "x"], ["ASL", "ASL", "ASL", "KSL"])
    assert [fault[:7] for fault in caught.value.faults] == ["text 2:", "text 3:", "text 4:"]
