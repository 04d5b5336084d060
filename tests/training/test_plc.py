"""PLC inside a run: exact resume, what it logs, skipped batches, weighted losses, and where it changes nothing."""

import pytest
import torch

from signllm.data.dataset import collate
from signllm.learning.schedule import FLOOR, schedule_step
from signllm.models.checkpoint import load_checkpoint
from signllm.training.losses import compute_losses
from signllm.training.reporting import Listener
from signllm.training.setup import build_experiment, make_trainer
from tests.helpers.runs import equal, run, without_clock

PLC = "training.plc.enabled=true"
FAST = "model.pose_decoder.type=parallel"
EVERY_TERM = ("training.losses.velocity=0.5", "training.losses.bone_length=0.5")


class PulledPlugError(Exception):
    pass


class PullPlug(Listener):
    """Ends the run without a word in the middle of an epoch, at the first step from `earliest` on."""

    def __init__(self, earliest):
        self.earliest, self.last_epoch = earliest, None

    def on_step(self, state):
        if state.step >= self.earliest and state.epoch == self.last_epoch:
            raise PulledPlugError
        self.last_epoch = state.epoch


@pytest.mark.parametrize(
    ("settings", "earliest", "steps"),
    [
        (["training.plc.eta=2.0"], 8, 20),
        (["training.plc.prefer=low", "training.plc.importance=0.7", "data.num_workers=1"], 8, 20),
        (["training.plc.skip_below=0.5", "model.mode=prompt2langgloss"], 24, 34),
    ],
    ids=["high", "low, weighted, worker process", "skipping, prompt2langgloss"],
)
def test_an_interrupted_run_goes_on_bit_for_bit(make_config, settings, earliest, steps):
    """20 = 7 + 13 steps; where batches are skipped, 34 in two parts."""
    settings = [
        FAST, PLC, *settings, f"training.max_steps={steps}", "training.num_epochs=50", "training.eval_every=50",
        "training.eval_samples=1",
    ]  # fmt: skip
    straight, straight_losses = run(make_config(*settings, "run_name=straight"))
    config = make_config(*settings, "run_name=broken", "training.save_every_steps=1")
    broken, _ = make_trainer(build_experiment(config), [PullPlug(earliest)])
    with pytest.raises(PulledPlugError):
        broken.fit()
    checkpoint = load_checkpoint(broken.run.folder.last)
    state = checkpoint.training["state"]
    assert state["epoch"] > 0, "the draw is by priority only after the first epoch"
    assert 0 < state["batch"] < len(broken.poses.sampler.batches(state["epoch"]))

    resumed, resumed_losses = run(checkpoint.config, checkpoint)
    assert sorted(resumed_losses) == list(range(state["step"] + 1, steps + 1))
    assert all(resumed_losses[step] == straight_losses[step] for step in resumed_losses)
    first, second = (load_checkpoint(trainer.run.folder.last) for trainer in (straight, resumed))
    assert first.training["plc"]
    for name in ("optimizer", "plc"):
        assert equal(first.training[name], second.training[name])
    assert equal(first.weights, second.weights)
    assert equal(without_clock(first.training["state"]), without_clock(second.training["state"]))
    assert (straight.run.state.skipped > 0) == ("training.plc.skip_below=0.5" in settings)


def test_eta_0_is_the_run_without_plc_bit_for_bit(make_config):
    settings = ["training.num_epochs=3", "training.eval_every=3"]
    plain, plain_losses = run(make_config(FAST, *settings, "run_name=plain"))
    even, even_losses = run(make_config(FAST, *settings, PLC, "training.plc.eta=0", "run_name=even"))
    assert plain_losses == even_losses
    assert equal(plain.run.model.state_dict(), even.run.model.state_dict())
    assert [e.get("plc") for e in plain.run.state.history] == [None] * 3
    assert even.run.state.history[2]["plc"]["ess"] == pytest.approx(1)


def test_steps_and_schedule_are_those_of_a_uniform_run(make_config):
    settings = ["training.num_epochs=4", "data.frame_budget=400", "training.eval_every=4"]
    plain, plain_losses = run(make_config(FAST, *settings, "run_name=plain"))
    drawn, drawn_losses = run(make_config(FAST, *settings, PLC, "training.plc.eta=3.0", "run_name=drawn"))
    assert drawn.poses.total_steps == plain.poses.total_steps == drawn.run.state.step
    assert drawn_losses.keys() == plain_losses.keys()
    assert drawn_losses != plain_losses


def test_rewards_of_both_languages_are_kept_by_clip(make_config):
    trainer, _ = make_trainer(build_experiment(make_config(FAST, PLC)), [])
    batch = collate([trainer.poses.train_set.sample(index) for index in (15, 2, 11, 7)])
    assert set(batch.languages) == {"ASL", "GSL"}
    trainer.poses.train_step(batch)
    known = torch.from_numpy(trainer.poses.channel.reward_N).isfinite().nonzero().flatten().tolist()
    assert known == [2, 7, 11, 15]
    assert trainer.poses.channel.languages[2] == "ASL"
    assert trainer.poses.channel.languages[15] == "GSL"


def test_the_log_and_tensorboard_hold_the_figures(make_config):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    trainer, _ = run(make_config(FAST, PLC, "training.num_epochs=3", "training.eval_every=3"))
    events = EventAccumulator(str(trainer.run.folder.logs))
    events.Reload()
    names = {"ess", "entropy", "max_probability", "left_out", "mean_reward", "skipped"}
    for name in names:
        assert len(events.Scalars(f"plc/{name}")) == 3, name
    assert trainer.run.folder.train_log.read_text().count("plc of epoch") == 3
    first, last = (trainer.run.state.history[place]["plc"] for place in (0, 2))
    assert first["ess"] == pytest.approx(1)
    assert last["ess"] < 1
    assert last["mean_reward"] < 0


def test_a_skipped_batch_is_counted_and_changes_no_weight(make_config):
    trainer, _ = make_trainer(build_experiment(make_config(FAST, PLC)), [])
    before = {name: value.clone() for name, value in trainer.run.model.state_dict().items()}
    trainer.poses.channel.should_skip = lambda rewards: True
    assert not trainer.poses.train_step(next(iter(trainer.poses.loader)))
    assert equal(dict(trainer.run.model.state_dict()), before)
    assert (trainer.run.state.step, trainer.run.state.batch, trainer.run.state.skipped) == (0, 1, 1)
    assert trainer.run.optimizer.fresh


def test_a_run_that_skips_ends_with_its_schedule(make_config):
    settings = [PLC, "training.plc.skip_below=0.6", "training.num_epochs=9", "training.eval_every=9"]
    trainer, _ = run(make_config(FAST, *settings))
    state = trainer.run.state
    assert state.skipped > 0
    assert state.step + state.skipped == trainer.poses.total_steps
    assert state.history[-1]["plc"]["skipped"] == state.skipped
    rate = trainer.run.optimizer.learning_rate
    assert FLOOR * 1e-3 <= rate < 0.1 * 1e-3


def test_the_schedule_counts_steps_where_max_steps_ends_the_run():
    assert schedule_step(30, 20, 100, max_steps=100) == 30
    assert schedule_step(30, 20, 100, max_steps=500) == 50
    assert schedule_step(30, 20, 100, max_steps=None) == 50


def test_other_clips_start_the_rewards_anew(make_config):
    trainer, _ = run(make_config(FAST, PLC, "training.num_epochs=2"))
    checkpoint = load_checkpoint(trainer.run.folder.last)
    fewer, _ = make_trainer(
        build_experiment(make_config(FAST, PLC, "data.max_samples=5", "training.num_epochs=3"), checkpoint),
        [],
        checkpoint,
    )
    assert torch.from_numpy(fewer.poses.channel.reward_N).isnan().all()
    assert len(fewer.poses.channel.reward_N) == 10


def test_a_checkpoint_without_plc_goes_on_with_it(make_config):
    trainer, _ = run(make_config(FAST, "training.num_epochs=1"))
    checkpoint = load_checkpoint(trainer.run.folder.last)
    del checkpoint.training["plc"], checkpoint.training["state"]["skipped"]  # as written before there was PLC
    later, _ = run(make_config(FAST, PLC, "training.num_epochs=3"), checkpoint)
    assert later.poses.channel.drawing
    assert later.run.state.epoch == 3


@pytest.fixture(params=["mlsf", "prompt2langgloss"])
def mixed(make_config, request):
    """(output, config): a batch of both languages, of unlike lengths, through a model."""
    config = make_config(f"model.mode={request.param}", *EVERY_TERM)
    experiment = build_experiment(config)
    batch = collate([experiment.train_set.sample(index) for index in (12, 3, 17, 0, 8)])
    torch.manual_seed(0)
    with torch.no_grad():
        return experiment.model(batch), config


def test_weights_of_1_change_no_term(mixed):
    output, config = mixed
    plain, ones = compute_losses(output, config).values(), compute_losses(output, config, torch.ones(5)).values()
    assert ones == pytest.approx(plain, rel=1e-6)


def test_a_term_is_the_weighted_sum_of_the_clips_parts(mixed):
    """With weight on one clip alone, the five terms add up to the whole; each weight reaches its own clip."""
    output, config = mixed
    weights = torch.tensor([0.5, 2.0, 0.1, 3.0, 1.0])
    single = [compute_losses(output, config, row).terms for row in torch.eye(5)]
    whole = compute_losses(output, config, weights)
    for name, value in whole.terms.items():
        parts = torch.stack([terms[name] for terms in single])
        assert float(value) == pytest.approx(float((weights * parts).sum()), rel=1e-5), name
        assert (parts != 0).all(), name
    assert torch.equal(whole.reward_B, compute_losses(output, config).reward_B)
    values_B = torch.zeros(5)
    for group in output.groups:
        values_B[group.rows] = group.mask_BFV.sum((1, 2)).float()
    for row, terms in enumerate(single):
        own = -whole.reward_B[row] * values_B[row] / values_B.sum()
        assert float(terms["reconstruction"]) == pytest.approx(float(own), rel=1e-4)
        assert float(terms["rl"]) == pytest.approx(-float(whole.reward_B[row]) / 5, rel=1e-5)
