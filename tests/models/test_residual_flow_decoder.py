"""The decoder of average and detail: what each part learns from, and what the temperatures leave of the draw."""

import math

import torch

from signllm.config.schema import FlowConfig, PoseDecoderConfig
from signllm.models.decoders import make_decoder
from signllm.models.decoders.flow import slow_part

SMALL = {"type": "residual_flow", "num_layers": 2, "hidden_size": 32, "num_heads": 4, "ff_size": 64, "dropout": 0.0}


def decoder_of(**flow):
    torch.manual_seed(0)
    return make_decoder(PoseDecoderConfig(**SMALL, flow=FlowConfig(guidance=1.0, **flow)), 150)


def clips():
    torch.manual_seed(1)
    return torch.randn(2, 4, 32), torch.ones(2, 4, dtype=torch.bool), torch.randn(2, 20, 150), torch.tensor([20, 13])


def test_what_the_flow_learns_leaves_the_average_and_the_text_alone():
    decoder = decoder_of()
    memory, mask, target, frames = clips()
    memory.requires_grad_()
    decoder.predict(memory, mask, target, frames).values_BFV.square().mean().backward()
    assert memory.grad is None
    assert all(parameter.grad is None for parameter in decoder.average.parameters())
    assert any(parameter.grad is not None for parameter in decoder.detail.parameters())


def test_the_average_does_not_see_the_target_and_learns_the_text():
    decoder = decoder_of().eval()
    memory, mask, target, frames = clips()
    memory.requires_grad_()
    first, second = (decoder.predict(memory, mask, t, frames).average_BFV for t in (target, target + 1))
    assert torch.equal(first, second)
    first.square().mean().backward()
    assert memory.grad.abs().sum() > 0


def test_the_flow_may_have_fewer_layers():
    assert len(decoder_of(num_layers=1).detail.stack.layers) == 1
    assert len(decoder_of().detail.stack.layers) == 2


@torch.no_grad()
def test_a_clip_is_the_average_and_a_detail_that_its_seed_decides():
    decoder = decoder_of().eval()
    memory, mask, _, frames = clips()
    first, again, second = (decoder.generate(memory, mask, frames, seeds=[seed, seed]) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert (first - second).abs().mean() > 0.01
    for parameter in decoder.detail.output.parameters():
        parameter.zero_()  # a flow that always says: no detail
    average = decoder.average.generate(memory, mask, frames)
    assert torch.allclose(decoder.generate(memory, mask, frames, seeds=[1, 2]), average, atol=1e-5)


def test_slow_waves_are_told_from_quick_ones():
    place = torch.arange(48.0) + 0.5
    slow, quick = (torch.cos(math.pi / 48 * waves * place)[:, None] for waves in (3, 30))
    assert torch.allclose(slow_part(slow + quick), slow, atol=1e-5)
    assert torch.allclose(slow_part(torch.ones(5, 2)), torch.ones(5, 2), atol=1e-6)


def test_slow_temperature_takes_the_slow_waves_out_of_the_noise_and_leaves_the_others():
    decoder = decoder_of(slow_temperature=0.0).detail
    frames = torch.tensor([40, 24])
    noise = decoder._seeded_noise(frames, 40, [1, 2])
    tempered = decoder._tempered(noise, frames)
    for row, count in enumerate(frames.tolist()):
        assert slow_part(tempered[row, :count]).abs().max() < 1e-4
        removed = noise[row, :count] - tempered[row, :count]
        assert torch.allclose(slow_part(removed), removed, atol=1e-4)
    assert not tempered[1, 24:].any()
