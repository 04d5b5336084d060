"""Policy-gradient training: on its own past, held to its start, resumed exactly, logged, and it gains reward."""

from dataclasses import replace

import pytest
import torch

from signllm.cli import evaluation
from signllm.data.dataset import collate
from signllm.errors import CheckpointError, ConfigError
from signllm.models.checkpoint import load_checkpoint
from signllm.training.policy import make_policy
from signllm.training.reporting import Listener
from signllm.training.setup import build_experiment, make_trainer
from tests.helpers.reward_judges import recogniser, save, translator

ASL = ('model.languages=["ASL"]', "data.max_frames=24", "data.frame_budget=96")
POLICY = (*ASL, "training.rl_variant=policy_gradient", "training.policy.samples=4")


class StopAt(Listener):
    def __init__(self, step):
        self.step, self.trainer, self.by_step = step, None, {}

    def on_losses(self, step, losses):
        self.by_step[step] = losses

    def on_step(self, state):
        if state.step == self.step:
            self.trainer.run.request_stop()


def run(config, checkpoint=None, stop_at=None):
    listener = StopAt(stop_at)
    trainer, _ = make_trainer(build_experiment(config, checkpoint), [listener], checkpoint)
    listener.trainer = trainer
    trainer.fit()
    return trainer, listener.by_step


@pytest.fixture
def start(make_config):
    """A checkpoint to begin RL from, one step old."""
    trainer, _ = run(make_config("run_name=start", "training.max_steps=1", *ASL))
    return trainer.run.folder.last


@pytest.fixture
def reward_model(tmp_path, demo_root):
    texts = ["it will rain", "the sun shines"]
    return save(tmp_path / "reward.pth", translator(texts, ["RAIN", "SUN"]))


def experiment_of(make_config, *settings):
    experiment = build_experiment(make_config(*POLICY, *settings))
    batch = collate([experiment.train_set.sample(index) for index in (0, 1, 2)])
    return experiment, batch


def nudged(model):
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.02 * torch.randn_like(weight)


@pytest.mark.parametrize("decoder", ["progressive", "parallel", "flow", "residual_flow"])
@pytest.mark.parametrize("mode", ["mlsf", "prompt2langgloss"])
def test_the_term_starts_without_divergence_and_reaches_the_decoder(make_config, decoder, mode):
    experiment, batch = experiment_of(make_config, f"model.pose_decoder.type={decoder}", f"model.mode={mode}")
    model = experiment.model.train()
    policy = make_policy(experiment.config, model)
    term = policy.term(model, batch)
    assert model.training
    assert term.measures["kl/start"] == 0
    term.loss.backward()
    gradients = [weight.grad for name, weight in model.named_parameters() if ".decoder." in name]
    assert any(gradient is not None and gradient.abs().sum() > 0 for gradient in gradients)
    assert all(weight.grad is None for weight in policy.start.parameters())
    nudged(model)
    assert policy.term(model, batch).measures["kl/start"] > 0


@pytest.mark.parametrize("decoder", ["progressive", "parallel", "flow", "residual_flow"])
def test_nothing_of_a_recording_but_its_length_reaches_the_tries(make_config, decoder, monkeypatch):
    experiment, batch = experiment_of(make_config, f"model.pose_decoder.type={decoder}")
    policy, seen = make_policy(experiment.config, experiment.model), []
    rewards = policy.rewards
    monkeypatch.setattr(policy, "rewards", lambda rollouts: seen.append(rollouts.values_BKFV) or rewards(rollouts))
    for clips in (batch, replace(batch, pose_BFJC=torch.randn_like(batch.pose_BFJC))):
        torch.manual_seed(0)
        policy.term(experiment.model, clips)
    assert torch.equal(*seen)


def test_tries_of_the_flow_decoder_deviate_from_what_a_generation_ends_with(make_config, monkeypatch):
    keys = ("type=flow", "flow.steps=3", "flow.noise_frames=0.0")
    experiment, batch = experiment_of(make_config, *(f"model.pose_decoder.{key}" for key in keys))
    (route,) = experiment.model.eval().routes(batch)
    group, frames = route.group, batch.frames_B
    memory = group.encode(route.source_BTS, route.mask_BT)
    longest = int(frames.max())
    start = torch.randn(3, longest, group.decoder.num_values) * (torch.arange(longest) < frames[:, None])[..., None]
    noise = torch.randn(3, 2, longest, group.decoder.num_values)
    monkeypatch.setattr("torch.randn", lambda *shape, **_: start)
    monkeypatch.setattr(group.decoder, "_seeded_noise", lambda *_: start)
    rollouts = group.decoder.sample_rollouts(memory, route.mask_BT, frames, noise)
    with torch.no_grad():
        generated = group.decoder.generate(memory, route.mask_BT, frames)
    assert torch.allclose(rollouts.values_BKFV, generated[:, None] + noise, atol=1e-4)
    mean = group.decoder.rollout_means(memory, route.mask_BT, frames, rollouts)
    assert mean.requires_grad
    assert torch.allclose(mean[:, 0], generated, atol=1e-4)


def test_tries_of_the_progressive_decoder_live_on_their_own_past(make_config):
    experiment, batch = experiment_of(make_config, "model.pose_decoder.type=progressive")
    model = experiment.model.eval()
    (route,) = model.routes(batch)
    group, frames = route.group, batch.frames_B
    noise = 0.3 * torch.randn(3, 2, batch.pose_BFJC.shape[1], group.decoder.num_values)
    memory = group.encode(route.source_BTS, route.mask_BT)
    rollouts = group.decoder.sample_rollouts(memory, route.mask_BT, frames, noise)
    means = group.decoder.rollout_means(memory, route.mask_BT, frames, rollouts)
    for row, count in enumerate(frames.tolist()):  # every frame is the mean that its own past gives, and its deviation
        expected = (means + noise)[row, :, :count]
        assert torch.allclose(rollouts.values_BKFV[row, :, :count], expected, atol=1e-4)
    with torch.no_grad():
        alone = group.decoder.generate(memory, route.mask_BT, frames)
    silent = group.decoder.sample_rollouts(memory, route.mask_BT, frames, torch.zeros_like(noise))
    assert torch.allclose(silent.values_BKFV[:, 0, : alone.shape[1]], alone, atol=1e-5)


@pytest.mark.parametrize("decoder", ["progressive", "parallel"])
def test_padding_does_not_change_the_term(make_config, decoder, monkeypatch):
    experiment, batch = experiment_of(make_config, f"model.pose_decoder.type={decoder}")
    model = experiment.model
    policy = make_policy(experiment.config, model)
    nudged(model)
    frames = batch.pose_BFJC.shape[1]
    white = torch.randn(3, 4, frames + 32, model.groups["ASL"].decoder.num_values)

    def draw(num_rollouts, inside_BF, num_values):
        return white[:, :, : inside_BF.shape[1]] * inside_BF[:, None, :, None]

    monkeypatch.setattr(policy.noise, "draw", draw)
    padded = replace(
        batch,
        pose_BFJC=torch.nn.functional.pad(batch.pose_BFJC, (0, 0, 0, 0, 0, 32)),
        valid_BFJ=torch.nn.functional.pad(batch.valid_BFJ, (0, 0, 0, 32)),
    )
    first, second = policy.term(model, batch), policy.term(model, padded)
    assert second.loss.item() == pytest.approx(first.loss.item(), rel=1e-3, abs=1e-5)
    assert {n: float(m) for n, m in second.measures.items()} == pytest.approx(
        {n: float(m) for n, m in first.measures.items()}, rel=1e-3
    )


@pytest.mark.parametrize(
    ("decoder", "left"), [("progressive", 0.9), ("parallel", 0.9), ("flow", 0.9), ("residual_flow", 0.95)]
)
def test_a_few_steps_gain_reward(make_config, decoder, left):
    experiment, batch = experiment_of(
        make_config, f"model.pose_decoder.type={decoder}", "training.policy.samples=8",
        "training.policy.rewards.motion=0", "training.policy.kl_weight=0",
    )  # fmt: skip
    model = experiment.model
    policy = make_policy(experiment.config, model)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    torch.manual_seed(0)
    rewards = []
    for _ in range(20):
        term = policy.term(model, batch)
        optimizer.zero_grad()
        term.loss.backward()
        optimizer.step()
        rewards.append(term.measures["reward/total"])
    assert sum(rewards[-3:]) > left * sum(rewards[:3])  # the reward is an error with a minus


@pytest.mark.parametrize(("mode", "decoder"), [("mlsf", "progressive"), ("prompt2langgloss", "parallel")])
def test_20_steps_equal_7_and_13_resumed_bit_for_bit_where_nothing_but_the_checkpoint_is_left(
    make_config, tmp_path, reward_model, mode, decoder
):
    model = (f"model.mode={mode}", f"model.pose_decoder.type={decoder}", *ASL)
    begun, _ = run(make_config("run_name=start", "training.max_steps=1", *model))
    settings = [
        *POLICY, *model, "training.policy.samples=2", "training.max_steps=20", "training.num_epochs=50",
        "training.eval_every=50",
        f"training.init_from={begun.run.folder.last}", f"training.policy.reward_model={reward_model}",
    ]  # fmt: skip
    straight, straight_losses = run(make_config(*settings, "run_name=straight"))
    stopped, _ = run(make_config(*settings, "run_name=stopped"), stop_at=7)
    begun.run.folder.last.unlink()
    checkpoint = load_checkpoint(stopped.run.folder.last)
    assert checkpoint.training["state"]["step"] == 7
    resumed, resumed_losses = run(checkpoint.config, checkpoint)
    assert {step: straight_losses[step] for step in range(8, 21)} == resumed_losses
    first, second = (load_checkpoint(trainer.run.folder.last) for trainer in (straight, resumed))
    for part in ("weights", "averaged"):
        ours, theirs = getattr(first, part), getattr(second, part)
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert all(
        torch.equal(weight, second.training["policy_start"][name])
        for name, weight in first.training["policy_start"].items()
    )
    assert first.training["state"]["measures"] == second.training["state"]["measures"]


def test_a_run_begins_with_the_averaged_weights_of_another_and_is_held_to_them(make_config, start):
    checkpoint = load_checkpoint(start)
    experiment = build_experiment(make_config(*POLICY, f"training.init_from={start}"))
    expected = {**checkpoint.weights, **checkpoint.averaged}
    assert any(not torch.equal(checkpoint.weights[name], value) for name, value in checkpoint.averaged.items())
    assert all(torch.equal(value, expected[name]) for name, value in experiment.model.state_dict().items())
    policy = make_policy(experiment.config, experiment.model)
    assert all(torch.equal(value, expected[name]) for name, value in policy.state().items())


def test_another_model_or_an_unknown_language_is_no_beginning(make_config, start, tmp_path):
    with pytest.raises(CheckpointError, match=r"init_from = .*last_model.pth: .* differs .* in model.pose_decoder;"):
        build_experiment(make_config(f"training.init_from={start}", "model.pose_decoder.num_layers=3"))
    with pytest.raises(CheckpointError, match="the data hold GSL, the checkpoint's model knows ASL"):
        build_experiment(make_config(f"training.init_from={start}"))
    with pytest.raises(CheckpointError, match=r"none\.pth: no such checkpoint"):
        build_experiment(make_config(f"training.init_from={tmp_path / 'none.pth'}"))


def test_everything_is_logged_by_name(make_config, start, reward_model):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    trainer, losses = run(
        make_config(*POLICY, f"training.init_from={start}", f"training.policy.reward_model={reward_model}")
    )
    assert all("rl" in values for values in losses.values())
    names = {
        "reward/total", "reward/reconstruction", "reward/motion", "reward/reading", "advantage/std", "kl/start",
        "collapse/spread", "collapse/hand_speed",
    }  # fmt: skip
    events = EventAccumulator(str(trainer.run.folder.logs))
    events.Reload()
    assert names | {"loss/rl"} <= set(events.Tags()["scalars"])
    assert set(trainer.run.state.history[0]["measures"]) == names
    assert "collapse/hand_speed" in trainer.run.folder.train_log.read_text()
    assert "random weights" not in trainer.run.folder.train_log.read_text()


def test_rl_from_random_weights_is_warned_of(make_config):
    trainer, _ = make_trainer(build_experiment(make_config(*POLICY)), [])
    assert "policy_gradient starts from random weights" in trainer.run.folder.train_log.read_text()


def test_a_reward_model_that_knows_none_of_the_words_is_refused(make_config, tmp_path, start):
    path = save(tmp_path / "words.pth", recogniser(["xylophone"]))
    config = make_config(*POLICY, f"training.init_from={start}", f"training.policy.reward_model={path}")
    with pytest.raises(ConfigError, match=r"words\.pth: knows none of the texts of the 10 training clips"):
        make_trainer(build_experiment(config), [])


def test_the_reward_model_may_not_judge_the_model_nor_what_is_trained_on_from_it(
    make_config, start, reward_model, demo_root, capsys
):
    settings = (*POLICY, "training.max_steps=1", f"training.policy.reward_model={reward_model}")
    rewarded, _ = run(make_config(*settings, f"training.init_from={start}"))
    later, _ = run(
        make_config(
            "run_name=later", "model.languages=[\"ASL\"]", "training.max_steps=1",
            f"training.init_from={rewarded.run.folder.last}",
        )
    )  # fmt: skip
    for trainer in (rewarded, later):
        flags = ["--model_path", str(trainer.run.folder.last), "--back_translation", str(reward_model), "--no_cache"]
        assert evaluation.main(flags) == 2
        assert "was the reward model of" in capsys.readouterr().err
