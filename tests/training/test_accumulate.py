"""Steps of several batches: the gradient of one batch of all their clips, exact resume, and what cannot be."""

import numpy as np
import pytest
import torch

from signllm.config import Config
from signllm.data.batching import in_steps
from signllm.data.dataset import collate
from signllm.errors import ConfigError
from signllm.models.checkpoint import load_checkpoint
from signllm.training.reporting import Listener
from signllm.training.setup import build_experiment, make_trainer
from signllm.training.state import TrainingState
from tests.helpers.runs import equal, run, without_clock

CLIPS = ([3], [1, 4, 7, 0, 2], [12, 5])  # of ASL and GSL: a batch of one clip, one of one language, one of both
TERMS = ("training.losses.velocity=0.5", "training.losses.bone_length=0.5", "training.losses.hands=0.5")
PAIRS = ("model.mode=prompt2langgloss", "training.gloss_pairs.epochs=1", "training.gloss_pairs.mixed=7")
FUTURE = ("model.pose_decoder.type=progressive", "model.pose_decoder.future_frames=3")


def gradients(model):
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def trained_on(poses, batches):
    """Gradients, loss and terms of a step on these batches, without dropout and noise."""
    model = poses.run.model.eval()
    model.zero_grad()
    total, terms = 0.0, {}
    for batch, part in zip(batches, poses._parts(batches, len(batches)), strict=True):
        losses = poses.losses(batch, poses.channel.weight_B(batch.indices), part)
        losses.total.backward()
        total += float(losses.total.detach())
        for name, term in losses.terms.items():
            terms[name] = terms.get(name, 0.0) + float(term.detach())
    return gradients(model), total, terms


@pytest.mark.parametrize(
    "settings",
    [TERMS, FUTURE, (*PAIRS, *TERMS), ("training.plc.enabled=true", "training.plc.importance=0.7", *TERMS)],
    ids=["mlsf", "future frames", "prompt2langgloss", "weighted clips"],
)
def test_the_gradient_is_that_of_one_batch_of_all_clips(make_config, settings):
    trainer, _ = make_trainer(build_experiment(make_config("training.accumulate=3", *settings)), [])
    poses = trainer.poses
    if trainer.poses.channel.needs_rewards:
        everyone = range(len(poses.train_set))
        poses.channel.note(everyone, [-1.0 - index for index in everyone])
        poses.channel.begin_epoch()
    clips = [[poses.train_set.sample(index) for index in indices] for indices in CLIPS]
    ours, loss, terms = trained_on(poses, [collate(own) for own in clips])
    poses.sampler.step_size = 1
    whole, expected, expected_terms = trained_on(poses, [collate([clip for own in clips for clip in own])])
    assert ours.keys() == whole.keys()
    assert loss == pytest.approx(expected, rel=1e-5)
    assert terms == pytest.approx(expected_terms, rel=1e-5, abs=1e-6)
    for name, gradient in whole.items():
        assert torch.allclose(ours[name], gradient, rtol=1e-3, atol=1e-6 * float(gradient.abs().max() + 1)), name


def test_the_gradient_of_a_step_of_the_gloss_phase_is_that_of_its_whole_batch(make_config):
    trainer, _ = make_trainer(build_experiment(make_config(*PAIRS)), [])
    phase, model = trainer.glosses, trainer.run.model.eval()
    batch = phase.train_pairs.batch(0, 7)
    found = []
    for parts in (1, 3, len(batch) + 1):  # the last of so many has no pair
        model.zero_grad()
        losses = [phase._part_loss(batch, part, parts) for part in range(parts)]
        for loss in losses:
            if loss is not None:
                loss.backward()
        found.append((losses.count(None), sum(float(loss.detach()) for loss in losses if loss is not None)))
        found[-1] += (gradients(model),)
    assert [none for none, _, _ in found] == [0, 0, 1]
    for _, loss, gradient in found[1:]:
        assert loss == pytest.approx(found[0][1], rel=1e-5)
        assert all(torch.allclose(gradient[name], g, rtol=1e-3, atol=1e-6) for name, g in found[0][2].items())


def test_a_part_without_pairs_leaves_those_of_the_others(make_config):
    """Two pairs join each step, which has five batches."""
    _, losses = run(make_config(*PAIRS, "training.gloss_pairs.mixed=2", "training.accumulate=5"))
    assert all(step["gloss_pairs"] > 0 for step in losses.values())


class PulledPlugError(Exception):
    pass


class PullPlug(Listener):
    def on_step(self, state):
        if state.step == 8:
            raise PulledPlugError


@pytest.mark.parametrize(
    "settings",
    [("training.plc.enabled=true", "training.optimizer=muon"), PAIRS],
    ids=["plc, muon", "gloss phase and pairs"],
)
def test_an_interrupted_run_goes_on_bit_for_bit(make_config, settings):
    """An epoch has 7 batches: steps of 2, 2, 2 and 1."""
    settings = [
        "training.accumulate=2", "data.batch_size=3", "training.max_steps=12", "training.num_epochs=50",
        "training.eval_every=50", "training.save_every_steps=7", "training.eval_samples=1", *settings,
    ]  # fmt: skip
    straight, losses = run(make_config(*settings, "run_name=straight"))
    config = make_config(*settings, "run_name=broken")
    broken, _ = make_trainer(build_experiment(config), [PullPlug()])
    with pytest.raises(PulledPlugError):
        broken.fit()
    checkpoint = load_checkpoint(broken.run.folder.last)
    state = checkpoint.training["state"]
    assert (state["step"], state["epoch"], state["taken"]) in ((7, 1, [[2, 6]]), (7, 1, [[2, 5]]))
    resumed, resumed_losses = run(checkpoint.config, checkpoint)
    assert straight.poses.total_steps == resumed.poses.total_steps == 12
    assert all(resumed_losses[step] == losses[step] for step in range(8, 13))
    first, second = (load_checkpoint(trainer.run.folder.last) for trainer in (straight, resumed))
    assert equal(first.weights, second.weights)
    assert equal(first.averaged, second.averaged)
    for name in ("optimizer", "plc"):
        assert equal(first.training[name], second.training[name])
    states = [{**without_clock(c.training["state"]), "gloss_seconds": 0} for c in (first, second)]
    assert equal(*states)


def test_an_epochs_steps_are_counted_and_every_clip_comes_once(make_config):
    config = make_config("training.accumulate=2", "data.batch_size=3", "training.num_epochs=2")
    trainer, losses = run(config)
    state = trainer.run.state
    assert trainer.poses.total_steps == state.step == max(losses) == 8
    mean = sum(losses[step]["total"] for step in (5, 6, 7, 8)) / 4
    assert state.history[1]["losses"]["total"] == pytest.approx(mean)
    assert state.frames == sum(trainer.poses.sampler.frames) * 2


def flat(steps):
    return [batch for step in steps for batch in step]


def test_an_epoch_goes_on_in_steps_of_another_size_without_losing_or_repeating_a_batch(make_config):
    trainer, _ = make_trainer(build_experiment(make_config("data.batch_size=1", "training.accumulate=8")), [])
    sampler = trainer.poses.sampler
    whole = sampler.batches(3)
    taken, seen = [], []
    for size, count in ((8, 8), (3, 6), (1, 2)):
        sampler.step_size = size
        seen += flat(sampler.steps(3, taken))[:count]
        taken.append([size, count])
    sampler.step_size = 2
    left = sampler.steps(3, taken)
    assert sorted(map(len, left)) == [2, 2]
    assert sorted(seen + flat(left)) == sorted(whole)


def test_a_run_goes_on_with_another_number_of_batches_a_step(make_config):
    settings = ("data.batch_size=1", "training.num_epochs=2", "training.eval_samples=1", "training.eval_every=2")
    config = make_config(*settings, "training.accumulate=8", "training.save_every_steps=1")
    broken, _ = make_trainer(build_experiment(config), [StopAfter(1)])
    with pytest.raises(PulledPlugError):
        broken.fit()
    checkpoint = load_checkpoint(broken.run.folder.last)
    taken = checkpoint.training["state"]["batch"]
    resumed, _ = run(make_config(*settings, "training.accumulate=3"), checkpoint)
    state = resumed.run.state
    assert state.step == resumed.poses.total_steps == 1 + -(-(20 - taken) // 3) + 7
    assert state.frames == sum(resumed.poses.sampler.frames) * 2


class StopAfter(Listener):
    """The step after step `last` is not saved."""

    def __init__(self, last):
        self.last = last

    def on_step(self, state):
        if state.step > self.last:
            raise PulledPlugError


def test_batches_of_a_step_are_alike_and_the_smallest_step_is_the_one_that_is_not_full():
    rng = np.random.default_rng(0)
    frames = rng.integers(16, 400, 100).tolist()
    batches = [[index] for index in range(100)]
    steps = in_steps(batches, frames, 8, rng)
    assert sorted(flat(steps)) == batches
    assert sorted(map(len, steps)) == [4] + [8] * 12
    means = [np.mean([frames[i] for (i,) in step]) for step in steps]
    assert max(max(frames[i] for (i,) in step) - mean for step, mean in zip(steps, means, strict=True)) < 60
    short = next(step for step in steps if len(step) == 4)
    assert min(means) == np.mean([frames[i] for (i,) in short])
    assert means != sorted(means)
    assert means != sorted(means, reverse=True)
    assert in_steps(batches, frames, 1, rng) == [[batch] for batch in batches]


def test_a_state_of_before_says_that_its_batches_were_taken_one_by_one():
    assert TrainingState(batch=5).taken == [[1, 5]]
    state = TrainingState()
    for size, count in ((1, 1), (1, 1), (4, 4), (4, 3)):
        state.take(size, count)
    assert (state.batch, state.taken) == (9, [[1, 2], [4, 7]])
    state.sums = {"total": 8.0}
    assert state.epoch_means() == {"total": 2.0}  # over 2 + 2 steps
    state.begin_epoch()
    assert (state.epoch, state.batch, state.taken, state.sums) == (1, 0, [], {})


def test_more_batches_a_step_than_an_epoch_has_are_refused(make_config):
    few = ("data.batch_size=5", "data.frame_budget=99999")
    make_trainer(build_experiment(make_config("training.accumulate=4", *few)), [])[0].held.close()
    with pytest.raises(ConfigError, match=r"training.accumulate = 5: an epoch has only 4 batches of at most 5 clips"):
        make_trainer(build_experiment(make_config("training.accumulate=5", *few)), [])
    assert Config().training.accumulate == 1


def test_skipping_batches_that_are_parts_of_a_step_is_refused(make_config):
    with pytest.raises(ConfigError, match=r"skip_below = 0.5 with training.accumulate = 2: .* accumulate to 1"):
        make_config("training.plc.enabled=true", "training.plc.skip_below=0.5", "training.accumulate=2")
