"""Options of a request: in range, of the decoder that has them, and gone when the block ends."""

import numpy as np
import pytest

from signllm.errors import ConfigError
from signllm.inference import DecoderOptions, Generator
from signllm.inference.options import defaults
from signllm.pose import PoseSequence
from signllm.pose.joining import join_clips, transition
from signllm.training.setup import build_experiment


@pytest.fixture
def make(make_config):
    def of(*overrides):
        experiment = build_experiment(make_config("data.max_frames=20", *overrides))
        return Generator(experiment.model, experiment.config, "cpu")

    return of


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (DecoderOptions(steps=0), "steps: 0, expected a whole number from 1 to 50"),
        (DecoderOptions(guidance=11.0), "guidance: 11"),
        (DecoderOptions(candidates=2.5), "candidates: 2.5, expected a whole number"),
        (DecoderOptions(amplitude=float("nan")), "amplitude: nan"),
    ],
)
def test_values_out_of_range_are_refused(make_config, options, fault):
    with pytest.raises(ConfigError, match=fault.replace(".", r"\.")):
        options.check(make_config("model.pose_decoder.type=flow").model.pose_decoder)


def test_a_decoder_has_the_options_that_it_reads(make_config):
    flow, parallel = (
        make_config(f"model.pose_decoder.type={kind}").model.pose_decoder for kind in ("flow", "parallel")
    )
    assert set(defaults(flow)) == {"amplitude", "guidance", "steps", "slow_temperature", "candidates"}
    assert defaults(parallel) == {"amplitude": 1.0}
    with pytest.raises(ConfigError, match="steps: the decoder 'parallel' does not have this option"):
        DecoderOptions(steps=3).check(parallel)


@pytest.mark.parametrize("kind", ["flow", "residual_flow"])
def test_options_are_those_of_a_configuration_and_end_with_the_block(make, kind):
    generator = make(f"model.pose_decoder.type={kind}")
    configured = make(
        f"model.pose_decoder.type={kind}", "model.pose_decoder.flow.steps=2", "model.pose_decoder.flow.guidance=3.5",
        "model.pose_decoder.amplitude=1.5",
    )  # fmt: skip
    configured.model.load_state_dict(generator.model.state_dict())
    usual = generator("the book", "ASL").pose.coordinates
    with DecoderOptions(steps=2, guidance=3.5, amplitude=1.5).applied(generator.model):
        inside = generator("the book", "ASL").pose.coordinates
    assert np.array_equal(inside, configured("the book", "ASL").pose.coordinates)
    assert not np.array_equal(inside, usual)
    assert np.array_equal(generator("the book", "ASL").pose.coordinates, usual)


def test_a_stream_gives_every_clip_in_order_as_it_is_generated(make):
    generator = make("model.pose_decoder.type=progressive")
    texts = ["the book", "it will rain tomorrow", "das Buch"]
    sentences = [generator.sentences(text, code)[0] for text, code in zip(texts, ("ASL", "ASL", "GSL"), strict=True)]
    pieces = list(generator.stream(sentences, [0, 1, 2]))
    for row, clip in enumerate(generator(texts, ["ASL", "ASL", "GSL"], seed=[0, 1, 2])):
        own = [piece for piece in pieces if piece.row == row]
        assert [piece.whole is not None for piece in own] == [False] * (len(own) - 1) + [True]
        together = np.concatenate([piece.pose_FJC.numpy() for piece in own])
        assert np.array_equal(together, own[-1].whole.pose_FJC.numpy())
        assert together == pytest.approx(clip.pose.coordinates, abs=1e-6)
        assert own[-1].whole.language == clip.language


def test_amplified_clips_are_streamed_whole(make):
    generator = make("model.pose_decoder.type=progressive")
    (sentence,) = generator.sentences("the book", "ASL")
    (piece,) = generator.stream([sentence], [0], DecoderOptions(amplitude=1.5))
    assert piece.whole is not None
    assert generator.streams
    assert not make().streams


def test_the_way_between_two_clips_is_the_one_that_joining_puts_there():
    first, second = (
        PoseSequence.all_valid(np.full((3, 50, 3), value) + np.arange(50)[:, None], 25) for value in (0.0, 1.0)
    )
    between = transition(first, second)
    joined = join_clips([first, second])
    assert np.array_equal(joined.coordinates[3:-3], between.coordinates)
    assert np.array_equal(joined.valid[3:-3], between.valid)
    close = PoseSequence.all_valid(first.coordinates, 2)
    assert transition(close, close) is None
