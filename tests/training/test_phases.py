"""The rules of the phases, without a model: when steps are read, when a run ends, what is evaluated and saved when."""

from types import SimpleNamespace

import pytest
import torch

from signllm.config import parse_config
from signllm.config.loading import apply_overrides
from signllm.errors import DataError
from signllm.training import gloss_phase, pose_phase
from signllm.training.distributed import Ranks
from signllm.training.evaluation import Evaluation
from signllm.training.gloss_phase import GlossPhase
from signllm.training.phase import READ_EVERY, Phase
from signllm.training.pose_phase import PosePhase
from signllm.training.state import TrainingState
from signllm.training.steps import StepNumbers, StepRecord, read_back
from tests.helpers.tiny import TINY


def record(step, loss=1.0, norm=0.5, **more):
    norm = None if norm is None else torch.tensor(norm)
    return StepRecord(step, {"total": torch.tensor(loss)}, norm, 1e-3, **more)


class Reading(Phase):
    """Keeps what is reported; its run only counts saves."""

    def __init__(self):
        super().__init__(SimpleNamespace(ranks=Ranks(), save_last=lambda: self.told.append("saved")))
        self.told = []

    def train(self):
        """Never called."""

    def report(self, numbers):
        self.told.append([step.step for step in numbers])

    def fault(self, record, numbers):
        return f"step {record.step}: {numbers.norm:g}"


def test_steps_are_read_together_and_before_a_save():
    phase = Reading()
    for step in range(1, READ_EVERY):
        phase.note(record(step))
        phase.read_when_due()
    assert phase.told == []
    phase.note(record(READ_EVERY))
    phase.read_when_due()
    assert phase.told == [list(range(1, READ_EVERY + 1))]
    phase.note(record(99))
    phase.save()
    phase.save()
    assert phase.told[1:] == [[99], "saved", "saved"]


def test_a_step_that_is_not_finite_ends_it_after_those_before_were_reported():
    phase = Reading()
    for step, norm in ((1, 1.0), (2, float("nan")), (3, 1.0)):
        phase.note(record(step, norm=norm))
    with pytest.raises(DataError, match="step 2: nan"):
        phase.read()
    assert phase.told == [[1]]
    first = Reading()
    first.note(record(1, norm=float("inf")))
    with pytest.raises(DataError, match="step 1: inf"):
        first.save()
    assert first.told == []


def test_what_steps_leave_is_read_back_in_order():
    records = [
        record(1, 2.0, 0.5, measures={"a": torch.tensor(3.0), "b": torch.tensor(float("nan"))}, num_frames=7),
        record(1, 4.0, None),
        record(2, 8.0, 0.25),
    ]
    assert read_back(records) == [
        StepNumbers(1, {"total": 2.0}, 0.5, 1e-3, {"a": 3.0}, 7),
        StepNumbers(1, {"total": 4.0}, None, 1e-3, {}, 0),
        StepNumbers(2, {"total": 8.0}, 0.25, 1e-3, {}, 0),
    ]
    assert [step.finite for step in read_back([record(1, norm=None), record(2, norm=float("nan"))])] == [True, False]


def test_means_of_an_epoch():
    state = TrainingState(batch=4)
    state.add_losses({"total": 1.0, "rl": 2.0})
    state.add_losses({"total": 3.0})
    state.add_measures({"kl": 1.0})
    state.add_measures({"kl": 2.0, "other": 5.0})
    assert state.epoch_means() == {"total": 1.0, "rl": 0.5}
    assert state.measure_means() == {"kl": 1.5, "other": 5.0}
    assert TrainingState(sums={"total": 3.0}).epoch_means() == {"total": 3.0}


def config(*overrides):
    return parse_config(apply_overrides(TINY, overrides))


def bare(kind, *overrides, **state):
    """A phase without a model: its run has a configuration, a state, and remembers what is asked of it."""
    phase = object.__new__(kind)
    done = []
    phase.run = SimpleNamespace(
        config=config(*overrides),
        state=TrainingState(**state),
        stop_requested=False,
        ranks=Ranks(),
        agree=lambda seconds: seconds,
        done=done,
        save_last=lambda: done.append("last"),
        save_best=lambda: done.append("best"),
        save_epoch=lambda epoch: done.append(f"epoch {epoch}"),
        average=SimpleNamespace(adopt=lambda: done.append("adopt")),
        optimizer=SimpleNamespace(forget=lambda: done.append("forget")),
        reporter=SimpleNamespace(
            warn=lambda text: done.append(f"warn {text}"),
            epoch=lambda state, entry: done.append(("epoch", entry)),
            evaluation=lambda state, evaluation: done.append("evaluated"),
        ),
    )
    phase._unread = []
    return phase


@pytest.mark.parametrize(
    ("overrides", "state", "finished"),
    [
        ([], {"epoch": 1}, False),
        ([], {"epoch": 2}, True),
        (["training.max_steps=9"], {"step": 8}, False),
        (["training.max_steps=9"], {"step": 9}, True),
        (["training.max_minutes=2"], {"seconds": 119.9}, False),
        (["training.max_minutes=2"], {"seconds": 120.0}, True),
        (["training.early_stop=3"], {"evaluations_without_gain": 2}, False),
        (["training.early_stop=3"], {"evaluations_without_gain": 3}, True),
        (["training.early_stop=0"], {"evaluations_without_gain": 30}, False),
    ],
)
def test_when_a_run_is_finished(overrides, state, finished):
    assert bare(PosePhase, "training.num_epochs=2", *overrides, **state).finished() is finished


def sampler_of(*batches):
    def steps(epoch=0, taken=()):
        return [[[0]]] * (batches[epoch] - sum(count for _, count in taken))

    return SimpleNamespace(
        steps=steps, frames=[9] * 7, batch_size=3, frame_budget=40, num_ranks=1, step_size=1, clips=lambda: [1]
    )


def test_the_steps_of_all_epochs_are_counted():
    phase = bare(PosePhase, "training.num_epochs=3")
    phase.sampler, phase._steps_elsewhere = sampler_of(4, 5, 6), 0
    assert phase._total_steps() == 15
    phase._steps_elsewhere = 2
    assert phase._total_steps() == 17
    phase.run.config = config("training.num_epochs=3", "training.max_steps=8")
    assert phase._total_steps() == 8
    phase.run.config = config("training.num_epochs=3", "training.max_steps=18")
    assert phase._total_steps() == 17
    facts = phase.batch_facts()
    assert (facts.num_clips, facts.steps_per_epoch, facts.batch_size, facts.frame_budget) == (7, 4, 3, 40)


def test_a_run_on_other_data_goes_on_with_the_steps_it_has_done():
    phase = bare(PosePhase, "training.num_epochs=3", step=9, epoch=1, batch=2, skipped=1)
    phase.sampler, phase._steps_elsewhere = sampler_of(4, 5, 6), 0
    asked = []
    phase.run.schedule = lambda peak, steps: asked.append((peak, steps))
    phase.go_on()
    assert phase._steps_elsewhere == 9 + 1 - (4 + 2)
    assert phase.total_steps == 15 + 4
    assert asked == [(phase.run.config.training.learning_rate, 19)]


def ended(phase, completed=True, selection=0.5, figures=None):
    """What is done at the end of an epoch, and the entry of the history."""
    phase.channel = SimpleNamespace(figures=lambda clips: figures or {})
    phase.sampler = sampler_of(4, 5, 6)
    phase.evaluate = lambda: Evaluation({"total": 1.0}, {"dtw_score": 1.0}, selection, [])
    phase._end_epoch(completed)
    done = [what for what in phase.run.done if not isinstance(what, tuple)]
    return done, phase.run.state.history[-1]


BASE = ("training.num_epochs=9", "training.eval_every=2", "training.save_every=3")


@pytest.mark.parametrize(
    ("epoch", "done"),
    [(0, ["last"]), (1, ["evaluated", "last", "best"]), (2, ["last", "epoch 3"]),
     (5, ["evaluated", "last", "best", "epoch 6"]), (8, ["evaluated", "last", "best", "epoch 9"])],
)  # fmt: skip
def test_what_is_due_after_an_epoch(epoch, done):
    found, entry = ended(bare(PosePhase, *BASE, epoch=epoch, step=7, batch=4, sums={"total": 8.0}, seconds=3.0))
    assert found == done
    assert entry["epoch"] == epoch + 1
    assert (entry["step"], entry["losses"], entry["seconds"]) == (7, {"total": 2.0}, 3.0)
    assert ("evaluation" in entry) == ("evaluated" in done)


def test_an_epoch_that_is_ended_starts_the_next_one_afresh():
    phase = bare(PosePhase, *BASE, epoch=0, batch=4, sums={"total": 8.0}, measures={"kl": [3.0, 2]}, skipped=5)
    _, entry = ended(phase, figures={"eta": 0.5})
    assert entry["measures"] == {"kl": 1.5}
    assert entry["plc"] == {"eta": 0.5, "skipped": 5}
    state = phase.run.state
    assert (state.epoch, state.batch, state.sums, state.measures) == (1, 0, {}, {})


def test_a_run_that_ends_within_an_epoch_is_evaluated_and_keeps_its_place():
    phase = bare(PosePhase, *BASE, "training.max_steps=7", epoch=2, step=7, batch=3, sums={"total": 6.0})
    done, entry = ended(phase, completed=False)
    assert done == ["evaluated", "last", "best"]
    assert "plc" not in entry
    assert "measures" not in entry
    state = phase.run.state
    assert (state.epoch, state.batch, state.sums) == (2, 3, {"total": 6.0})


def test_the_best_is_the_highest_selection_and_what_is_no_better_is_counted():
    phase = bare(PosePhase, *BASE, "training.eval_every=1", epoch=0, step=3)
    assert ended(phase, selection=0.5)[0][-1] == "best"
    for step, selection, best in ((6, 0.5, False), (9, 0.4, False), (12, 0.6, True)):
        phase.run.done.clear()
        phase.run.state.step = step
        assert ("best" in ended(phase, selection=selection)[0]) is best
        if not best:
            assert phase.run.state.best_step == 3
    state = phase.run.state
    assert (state.best_score, state.best_step, state.evaluations_without_gain) == (0.6, 12, 0)
    ended(phase, selection=0.1)
    ended(phase, selection=0.2)
    assert state.evaluations_without_gain == 2
    evaluation = state.history[0]["evaluation"]
    assert (evaluation["selection"], evaluation["losses"]["total"]) == (0.5, 1.0)


def test_a_disagreement_is_warned_of_where_an_evaluation_is_due(monkeypatch):
    monkeypatch.setattr(pose_phase, "disagreement", lambda history, best: f"{len(history)} {best}")
    phase = bare(PosePhase, *BASE, epoch=0, step=7, best_step=7)
    assert ended(phase)[0] == ["last"]
    assert "warn 2 7" in ended(phase)[0]


def test_clips_that_made_a_step_not_finite_are_named():
    phase = bare(PosePhase)
    phase.train_set = SimpleNamespace(split_name="train")
    numbers = StepNumbers(5, {"total": float("nan")}, float("inf"), 1e-3, {}, 0)
    clips = [("ASL", "a"), ("GSL", "b"), ("GSL", "c")]
    bad = record(5, clips=clips, reward_B=torch.tensor([0.0, float("nan"), float("-inf")]))
    assert phase.fault(bad, numbers).startswith(
        "step 4: loss nan, gradient norm inf: not finite, from clip GSL/train/b, GSL/train/c;"
    )
    many = [("ASL", str(n)) for n in range(10)]
    sound = record(5, clips=many, reward_B=torch.zeros(10))
    assert "from one of the clips 0, 1, 2, 3, 4, 5, 6, 7;" in phase.fault(sound, numbers)


def gloss(*overrides, steps_per_epoch=5, **state):
    phase = bare(GlossPhase, "model.mode=prompt2langgloss", "training.gloss_pairs.epochs=4", *overrides, **state)
    phase.options = phase.run.config.training.gloss_pairs
    phase.steps_per_epoch, phase.total_steps = steps_per_epoch, 4 * steps_per_epoch
    phase._evaluate = lambda: phase.run.done.append("evaluated")
    return phase


@pytest.mark.parametrize(
    ("step", "done"),
    [(4, []), (5, ["last"]), (6, ["last"]), (10, ["evaluated", "last"]), (15, ["last"]), (18, ["last"]),
     (20, ["evaluated", "adopt", "forget", "last"])],
)  # fmt: skip
def test_what_is_due_after_a_step_of_the_gloss_phase(step, done):
    phase = gloss("training.gloss_pairs.eval_every=2", "training.save_every_steps=6", gloss_step=step)
    phase._after_step()
    assert phase.run.done == done


def test_the_last_step_of_the_gloss_phase_is_evaluated_whatever_is_due():
    phase = gloss("training.gloss_pairs.eval_every=3", gloss_step=20)
    phase._after_step()
    assert phase.run.done == ["evaluated", "adopt", "forget", "last"]
    stopped = gloss("training.gloss_pairs.eval_every=3", gloss_step=4)
    stopped.run.stop_requested = True
    stopped._after_step()
    assert stopped.run.done == ["last"]


def test_the_gloss_phase_trains_until_its_end_and_counts_its_time(monkeypatch):
    phase = gloss(gloss_step=17)
    clock = iter(range(100))
    monkeypatch.setattr(gloss_phase.time, "perf_counter", lambda: next(clock))
    phase.run.model = torch.nn.Identity().eval()
    started = []
    phase.train_pairs = [0] * 7
    phase.run.reporter.gloss_start = lambda state, steps, pairs: started.append((steps, pairs))
    phase.run.reporter.gloss_step = lambda state: phase.run.done.append(state.gloss_step)

    def step():
        phase.run.state.gloss_step += 1

    phase.train_step = step
    phase.train()
    assert started == [(20, 7)]
    assert phase.run.model.training
    assert [what for what in phase.run.done if isinstance(what, int)] == [18, 19, 20]
    assert phase.run.state.gloss_seconds == 3
    phase.run.done.clear()
    phase.train()
    assert phase.run.done == []
    late = gloss(gloss_step=17, step=1)
    late.train()
    assert late.run.done[0].startswith("warn training.gloss_pairs.epochs = 4: the pose training has begun")
