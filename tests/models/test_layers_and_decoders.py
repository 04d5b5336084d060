"""Attention caches and pose decoders: cached equals uncached, nothing of the target, padding changes nothing."""

import pytest
import torch

from signllm.config.schema import PoseDecoderConfig
from signllm.errors import ConfigError
from signllm.models.decoders import DECODERS, make_decoder
from signllm.models.decoders.base import FramePositions
from signllm.models.decoders.parallel import WAVE_PACE, Waves

SMALL = {"num_layers": 2, "hidden_size": 32, "num_heads": 4, "ff_size": 64}


def decoder_of(name, **changes):
    torch.manual_seed(0)
    decoder = make_decoder(PoseDecoderConfig(type=name, **{**SMALL, **changes}), 150)
    for parameter in decoder.parameters():  # away from the near-zero start, where everything agrees
        parameter.data.add_(0.1 * torch.randn_like(parameter))
    return decoder.eval()


def memory_of(batch, places=5):
    torch.manual_seed(1)
    mask = torch.ones(batch, places, dtype=torch.bool)
    mask[-1, 3:] = False
    return torch.randn(batch, places, 32), mask


@torch.no_grad()
def test_cached_generation_equals_uncached():
    decoder = decoder_of("progressive")
    memory, mask = memory_of(3)
    frames = torch.tensor([40, 25, 33])
    cached = decoder.generate(memory, mask, frames)
    uncached = decoder.generate(memory, mask, frames, use_cache=False)
    assert cached.std() > 0.1
    assert (cached - uncached).abs().max() < 1e-5


@torch.no_grad()
def test_teacher_forcing_on_own_output_reproduces_generation():
    decoder = decoder_of("progressive", input_noise=0.0)
    memory, mask = memory_of(2)
    frames = torch.tensor([12, 12])
    generated = decoder.generate(memory, mask, frames)
    assert torch.allclose(decoder.predict(memory, mask, generated, frames).values_BFV, generated, atol=1e-5)


@torch.no_grad()
def test_the_cost_of_a_cached_frame_does_not_grow_with_the_frames_recomputed():
    decoder = decoder_of("progressive")
    memory, mask = memory_of(1)
    seen = []
    handle = decoder.stack.layers[0].ff.register_forward_hook(lambda module, args, out: seen.append(args[0].shape[1]))
    decoder.generate(memory, mask, torch.tensor([30]))
    handle.remove()
    assert seen == [1] * 30


@pytest.mark.parametrize("name", DECODERS)
@torch.no_grad()
def test_a_clip_is_generated_alike_alone_and_among_longer_ones(name):
    decoder = decoder_of(name)
    memory, mask = memory_of(3)
    frames = torch.tensor([20, 31, 9])
    together = decoder.generate(memory, mask, frames)
    alone = decoder.generate(memory[2:, :3], mask[2:, :3], frames[2:])
    # Values reach 10, and a batch of another shape is summed in another order: single precision is worth 1e-6 of that.
    assert torch.allclose(together[2, :9], alone[0], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", DECODERS)
def test_padding_the_target_leaves_the_prediction_alone(name):
    decoder = decoder_of(name)
    memory, mask = memory_of(2)
    frames = torch.tensor([10, 7])
    target = torch.randn(2, 10, 150)
    padded = torch.cat([target, torch.full((2, 6, 150), 99.0)], dim=1)
    with torch.no_grad():
        short, long = (decoder.predict(memory, mask, values, frames).values_BFV for values in (target, padded))
    assert torch.allclose(short[0, :10], long[0, :10], atol=1e-5)
    assert torch.allclose(short[1, :7], long[1, :7], atol=1e-5)


def test_without_numbers_positions_tell_the_share_of_the_clip_and_nothing_of_its_length():
    torch.manual_seed(0)
    by_counter, by_number = FramePositions(32, by_number=False), FramePositions(32, by_number=True)
    frames, lengths = torch.tensor([5, 10]), torch.tensor([20, 40])
    assert torch.allclose(by_counter(frames, lengths)[0, 0], by_counter(frames, lengths)[1, 1], atol=1e-5)
    assert (by_number(frames, lengths)[0, 0] - by_number(frames, lengths)[1, 1]).abs().max() > 0.01


@torch.no_grad()
def test_waves_are_cosines_of_the_share_of_the_clip_with_amplitudes_of_the_text():
    waves = Waves(4, 150, 32)
    frames = torch.tensor([20, 40])
    assert not waves(torch.randn(2, 32), frames, 40).any()  # at the start
    waves.amplitudes.weight[3 * 150 + 7, 0] = 2.0 / WAVE_PACE  # value 7 of the wave with three half periods
    made = waves(torch.eye(2, 32), frames, 40)
    place = torch.arange(20) + 0.5
    assert torch.allclose(made[0, :20, 7], 2 * torch.cos(3 * torch.pi * place / 20), atol=1e-5)
    assert not made[0, :, 8].any()
    assert not made[1].any()


def test_input_noise_acts_in_training_only():
    decoder = decoder_of("progressive", input_noise=0.5, dropout=0.0)
    memory, mask = memory_of(1)
    target, frames = torch.randn(1, 8, 150), torch.tensor([8])
    with torch.no_grad():
        assert torch.equal(*(decoder.predict(memory, mask, target, frames).values_BFV for _ in range(2)))
        decoder.train()
        assert not torch.equal(*(decoder.predict(memory, mask, target, frames).values_BFV for _ in range(2)))


def test_an_unknown_decoder_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match="did you mean 'progressive'"):
        make_decoder(PoseDecoderConfig(type="progresive"), 150)
