"""The flow decoder: seeds, guidance, steps, candidates, and that it learns a distribution instead of its mean."""

import pytest
import torch

from signllm.config.schema import FlowConfig, PoseDecoderConfig
from signllm.models.decoders import flow, make_decoder
from signllm.models.decoders.flow import medoids, shifted, smoothed

SMALL = {"type": "flow", "num_layers": 1, "hidden_size": 32, "num_heads": 4, "ff_size": 64, "dropout": 0.0}


def flow_of(**changes):
    torch.manual_seed(0)
    return make_decoder(PoseDecoderConfig(**SMALL, flow=FlowConfig(**changes)), 150).eval()


def memory_of(batch):
    torch.manual_seed(1)
    return torch.randn(batch, 3, 32), torch.ones(batch, 3, dtype=torch.bool)


@torch.no_grad()
def test_a_seed_gives_one_clip_and_another_seed_another():
    decoder = flow_of()
    frames = torch.tensor([12, 12])
    memory, mask = memory_of(1)
    two, mask = memory.expand(2, -1, -1), mask.expand(2, -1)
    first, second = decoder.generate(two, mask, frames, seeds=[3, 4])
    assert torch.equal(decoder.generate(two, mask, frames, seeds=[3, 4])[0], first)
    assert (first - second).abs().mean() > 0.05
    swapped = decoder.generate(two, mask, frames, seeds=[4, 3])
    assert torch.allclose(swapped[1], first, atol=1e-6)


def test_noise_of_a_clip_does_not_depend_on_the_clips_beside_it():
    decoder = flow_of()
    together = decoder._seeded_noise(torch.tensor([5, 9]), 9, [7, 8])
    alone = decoder._seeded_noise(torch.tensor([5]), 5, [7])
    assert torch.equal(together[0, :5], alone[0])
    assert not together[0, 5:].any()


@torch.no_grad()
@pytest.mark.parametrize("patch", [1, 2, 3])
def test_a_clip_is_drawn_alike_alone_and_among_longer_ones(patch):
    decoder = flow_of(patch_frames=patch)
    memory, mask = memory_of(2)
    together = decoder.generate(memory, mask, torch.tensor([10, 17]), seeds=[1, 2])
    alone = decoder.generate(memory[:1], mask[:1], torch.tensor([10]), seeds=[1])
    assert torch.allclose(together[0, :10], alone[0], atol=1e-5)


@torch.no_grad()
def test_guidance_one_is_the_prediction_with_text_and_more_moves_away_from_the_one_without():
    decoder = flow_of()
    decoder.no_text_D.data.normal_()
    memory, mask = memory_of(1)
    frames = torch.tensor([8])

    def first_prediction(weight):
        decoder.config = decoder.config.model_copy(update={"flow": FlowConfig(guidance=weight, steps=1)})
        return decoder.generate(memory, mask, frames, seeds=[0])

    zero, one, two = (first_prediction(weight) for weight in (0.0, 1.0, 2.0))
    assert (one - zero).abs().max() > 1e-3
    assert torch.allclose(two, one + (one - zero), atol=1e-5)


@torch.no_grad()
def test_the_steps_lead_to_the_end_of_the_path():
    decoder = flow_of(steps=3)
    decoder._clean = lambda x, *rest: torch.full_like(x, 2.5)  # whatever the steps, the last one lands on the clip
    memory, mask = memory_of(1)
    assert torch.allclose(decoder.generate(memory, mask, torch.tensor([6])), torch.tensor(2.5), atol=1e-5)


def test_shifted_times_keep_their_ends_and_order_and_lie_nearer_to_noise():
    u = torch.linspace(0, 1, 11)
    times = shifted(u)
    assert float(times[5]) == pytest.approx(0.5 / (0.5 + 3 * 0.5))
    assert times[0] == 0
    assert times[-1] == 1
    assert (times.diff() > 0).all()
    assert (times[1:-1] < u[1:-1]).all()


def test_smoothed_noise_keeps_its_variance_and_loses_its_trembling():
    white = torch.randn(400, 40, 20, generator=torch.Generator().manual_seed(0))
    smooth = smoothed(white, 3.0)
    assert torch.allclose(smooth.std((0, 2)), torch.ones(40), atol=0.05)
    assert smooth.diff(dim=1).std() < 0.4 * white.diff(dim=1).std()
    assert torch.equal(smoothed(white, 0.0), white)


@torch.no_grad()
def test_the_kept_candidate_is_one_of_them_and_the_most_central():
    centre = torch.randn(1, 6, 4)
    candidates = torch.stack([centre + offset for offset in (3.0, 0.1, -2.0, 0.0)], dim=1)
    candidates[:, 0, 5:] = 100.0  # past the clip's end nothing counts
    assert torch.equal(medoids(candidates, torch.tensor([5])), candidates[:, 1])
    memory, mask = memory_of(2)
    frames = torch.tensor([7, 9])
    kept = flow_of(candidates=3).generate(memory, mask, frames, seeds=[5, 6])
    drawn = flow_of().generate(
        memory.repeat(3, 1, 1), mask.repeat(3, 1), frames.repeat(3), seeds=[15, 18, 16, 19, 17, 20]
    )
    matches = [torch.allclose(kept[0, :7], drawn[row, :7], atol=1e-5) for row in (0, 2, 4)]
    assert matches.count(True) == 1


def test_text_is_dropped_in_training_only(monkeypatch):
    monkeypatch.setattr(flow, "TEXT_DROPOUT", 1.0)
    decoder = flow_of()
    memory, mask = memory_of(4)
    target, frames = torch.randn(4, 8, 150), torch.full((4,), 8)
    other = memory.roll(1, 0)

    def difference():
        predictions = []
        for given in (memory, other):
            torch.manual_seed(0)
            predictions.append(decoder.predict(given, mask, target, frames).values_BFV)
        return (predictions[0] - predictions[1]).abs().max()

    assert difference() > 1e-3
    decoder.train()
    assert difference() == 0


def test_it_learns_both_of_two_signs_where_a_mean_would_be_neither():
    """Two clips for one text, +1 and -1: samples are near one or the other, and both come."""
    torch.manual_seed(0)
    decoder = make_decoder(PoseDecoderConfig(**SMALL, flow=FlowConfig(guidance=1.0)), 150).train()
    memory, mask = torch.zeros(32, 1, 32), torch.ones(32, 1, dtype=torch.bool)
    frames = torch.full((32,), 4)
    target = torch.ones(32, 4, 150)
    target[::2] = -1
    optimizer = torch.optim.Adam(decoder.parameters(), lr=2e-3)
    for _ in range(150):
        loss = (decoder.predict(memory, mask, target, frames).values_BFV - target).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    decoder.eval()
    with torch.no_grad():
        level = decoder.generate(memory, mask, frames, seeds=range(32)).mean((1, 2))
    assert (level.abs() > 0.7).float().mean() > 0.9
    assert 4 < int((level > 0).sum()) < 28
