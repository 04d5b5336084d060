"""Generating: which weights of a checkpoint are used, one text or several, and what comes out."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from signllm.data.clips import open_clips
from signllm.inference import Generator
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
    assert repr(clip) == f"GeneratedClip('the book', ASL, {len(clip.pose)} frames, {clip.pose.duration_s:.2f} s)"
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
    assert clip.captioned() == (clip.pose, "ASL: the book", "")
    assert replace(clip, gloss="BOOK").captioned().label == "BOOK"
    assert "<ASL_BOOK>" in repr(replace(clip, gloss="BOOK"))
    ((name, read),) = open_clips(clip.save(tmp_path / "book.npz")).items()
    assert name == "book"
    assert np.array_equal(read.coordinates, clip.pose.coordinates)
    assert "ASL: the book" in clip._repr_html_()
