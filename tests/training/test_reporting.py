"""What a run tells, event by event: train.log, TensorBoard, training_stats.json, and the listeners."""

import json
from types import SimpleNamespace

import pytest

from signllm.config import parse_config
from signllm.errors import OutputError
from signllm.training import reporting
from signllm.training.evaluation import Evaluation
from signllm.training.reporting import BatchFacts, Listener, Reporter
from signllm.training.state import TrainingState
from signllm.training.steps import StepNumbers
from tests.helpers.tiny import TINY


class FakeBoard:
    """Keeps (name, value, step) of each scalar, and what else is asked of it."""

    def __init__(self, folder, purge_step, tell, silent):
        self.folder, self.purge_step, self.tell, self.scalars, self.calls = folder, purge_step, tell, [], []

    def add_scalar(self, name, value, step):
        self.scalars.append((name, value, step))

    def flush(self):
        self.calls.append("flush")

    def close(self):
        self.calls.append("close")


class Heard(Listener):
    """Everything a listener is told, in order."""

    def __init__(self):
        self.events = []

    def __getattribute__(self, name):
        if not name.startswith("on_"):
            return super().__getattribute__(name)
        return lambda *told: self.events.append((name.removeprefix("on_"), *told))


@pytest.fixture
def told(tmp_path, monkeypatch):
    """A reporter whose clock stands at 100 s; its boards, what a listener hears, and the lines of train.log."""
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(reporting, "Board", FakeBoard)
    monkeypatch.setattr(reporting.time, "perf_counter", lambda: clock.now)
    folder = SimpleNamespace(logs=tmp_path, train_log=tmp_path / "train.log", stats=tmp_path / "stats.json")
    heard = Heard()
    reporter = Reporter(parse_config(TINY), folder, [heard])

    def lines():
        return [line.split(" ", 2)[2] for line in folder.train_log.read_text().splitlines()]

    return SimpleNamespace(reporter=reporter, heard=heard, lines=lines, clock=clock, folder=folder)


def numbers(step, total, frames=50, measures=None):
    return StepNumbers(step, {"total": total, "rl": total / 2}, 0.25, 1e-3, measures or {}, frames)


def started(told, **state):
    state = TrainingState(**state)
    told.reporter.start(state, 40, BatchFacts(20, 5, 4, 300))
    return state, told.reporter._board


def test_a_silent_reporter_writes_nothing(tmp_path):
    folder = SimpleNamespace(logs=tmp_path, train_log=tmp_path / "train.log", stats=tmp_path / "stats.json")
    reporter = Reporter(parse_config(TINY), folder, silent=True)
    reporter.start(TrainingState(), 40, BatchFacts(20, 5, 4, 300))
    reporter.warn("a warning")
    reporter.losses(TrainingState(seconds=1.0), [numbers(1, 2.0)])
    reporter.finish(TrainingState())
    assert not list(tmp_path.iterdir())


def test_ranks_are_told_at_the_start_and_beside_the_speed(told):
    told.reporter.start(TrainingState(), 40, BatchFacts(20, 5, 4, 300, num_ranks=2, step_size=6))
    told.reporter.losses(TrainingState(seconds=1.0), [numbers(1, 2.0, frames=50)])
    start, losses = told.lines()
    assert "5 steps an epoch of 6 batches, at most 4 clips and 300 frames a batch, fp32, 2 ranks" in start
    assert losses.endswith("50 frames/s (25 a rank)")


def test_a_start_is_told_with_what_the_batches_are(told):
    state, board = started(told)
    assert (board.folder, board.purge_step) == (told.folder.logs, 1)
    (line,) = told.lines()
    assert line == "INFO start: step 0 of 40, 20 clips, 5 steps an epoch, at most 4 clips and 300 frames a batch, fp32"
    assert told.heard.events == [("message", line.removeprefix("INFO ")), ("start", state, 40, 5)]


def test_a_resumed_run_drops_the_events_that_are_still_to_come(told):
    _, board = started(told, step=7, precision="bf16")
    assert board.purge_step == 8
    assert told.lines()[0].startswith("INFO resume at step 7 of 40,")
    assert told.lines()[0].endswith(", bf16")


def test_losses_of_every_step_and_the_speed_of_all_of_them(told):
    state, board = started(told, seconds=10.0, epoch=2)
    told.heard.events.clear()
    state.seconds = 14.0
    told.reporter.losses(state, [numbers(1, 2.0), numbers(2, 1.0, 150, {"kl/start": 0.5})])
    assert board.scalars == [
        ("loss/total", 2.0, 1), ("loss/rl", 1.0, 1), ("training/learning_rate", 1e-3, 1),
        ("training/gradient_norm", 0.25, 1),
        ("loss/total", 1.0, 2), ("loss/rl", 0.5, 2), ("kl/start", 0.5, 2), ("training/learning_rate", 1e-3, 2),
        ("training/gradient_norm", 0.25, 2), ("training/frames_per_second", 50.0, 2),
    ]  # fmt: skip
    assert told.heard.events == [("losses", 1, {"total": 2.0, "rl": 1.0}), ("losses", 2, {"total": 1.0, "rl": 0.5})]
    assert told.lines()[1:] == [
        "INFO epoch 3 step 2/40 loss: total 1.0000 rl 0.5000 lr 1.00e-03 gradient norm 0.250, 50 frames/s",
        "INFO step 2: kl/start 0.5000",
    ]
    state.seconds = 16.0
    told.reporter.losses(state, [numbers(3, 1.0)])
    assert board.scalars[-1] == ("training/frames_per_second", 25.0, 3)


def test_train_log_gets_a_line_of_losses_every_ten_seconds(told):
    state, _ = started(told)
    seen = []
    for now in (100.0, 105.0, 110.0, 110.5, 120.0, 121.0):
        told.clock.now = now
        before = len(told.lines())
        told.reporter.losses(state, [numbers(1, 1.0)])
        seen.append(len(told.lines()) - before)
    assert seen == [1, 0, 0, 1, 0, 1]


def test_an_evaluation_is_told_and_says_when_it_is_the_best(told):
    state, board = started(told, step=8, best_step=8)
    evaluation = Evaluation({"total": 0.5, "length": 0.25}, {"dtw_score": 0.4}, 0.75, [])
    told.reporter.evaluation(state, evaluation)
    assert board.scalars == [
        ("eval_loss/total", 0.5, 8), ("eval_loss/length", 0.25, 8), ("eval/dtw_score", 0.4, 8),
        ("eval/selection", 0.75, 8),
    ]  # fmt: skip
    line = "INFO evaluation at step 8: loss 0.5000, dtw_score 0.400, selection 0.7500"
    assert told.lines()[-1] == f"{line} (best so far)"
    assert told.heard.events[-1] == ("evaluation", state, evaluation, told.folder)
    state.best_step = 4
    told.reporter.evaluation(state, evaluation)
    assert told.lines()[-1] == line


def test_a_listener_that_fails_after_an_evaluation_is_told_once_a_kind(told):
    state, _ = started(told, step=8)
    faults = iter([OutputError("disk full"), OutputError("disk full"), OSError("other"), ValueError("a fault")])

    class Failing(Listener):
        def on_evaluation(self, *_):
            raise next(faults)

    told.reporter.listeners.append(Failing())
    evaluation = Evaluation({"total": 0.5}, {}, 0.75, [])
    for _ in range(3):
        told.reporter.evaluation(state, evaluation)
    warnings = [line for line in told.lines() if line.startswith("WARNING")]
    assert warnings == [
        "WARNING after the evaluation at step 8: disk full; this is said once",
        "WARNING after the evaluation at step 8: other; this is said once",
    ]
    assert ("message", "warning: after the evaluation at step 8: other; this is said once") in told.heard.events
    with pytest.raises(ValueError, match="a fault"):
        told.reporter.evaluation(state, evaluation)


def test_the_gloss_phase_has_events_of_its_own(told):
    state = TrainingState(gloss_step=3, gloss_seconds=4.0)
    told.reporter.gloss_start(state, 6, 12)
    board = told.reporter._gloss_board
    assert (board.folder, board.purge_step) == (told.folder.logs / "gloss_pairs", 4)
    assert told.lines() == ["INFO gloss part: from step 3 of 6, 12 pairs of text and gloss"]
    told.reporter.gloss_step(state)
    assert told.heard.events[-1] == ("gloss_step", state, 6)
    steps = [StepNumbers(n, {"gloss": 1.0 / n}, 0.5, 1e-3, {}, 0) for n in (4, 5)]
    told.reporter.gloss_losses(state, steps)
    assert board.scalars == [
        ("loss/gloss", 0.25, 4), ("training/gradient_norm", 0.5, 4), ("loss/gloss", 0.2, 5),
        ("training/gradient_norm", 0.5, 5),
    ]  # fmt: skip
    assert told.heard.events[-2:] == [("gloss_losses", 4, {"gloss": 0.25}), ("gloss_losses", 5, {"gloss": 0.2})]
    assert told.lines()[-1] == "INFO gloss part: step 5/6 loss 0.2000 gradient norm 0.500, 4 s"
    told.clock.now += 1  # no line is due, but the last step always has one
    told.reporter.gloss_losses(state, steps)
    assert len(told.lines()) == 2
    told.reporter.gloss_losses(state, [StepNumbers(6, {"gloss": 0.125}, 0.5, 1e-3, {}, 0)])
    assert told.lines()[-1].startswith("INFO gloss part: step 6/6 loss 0.1250")


def test_an_evaluation_of_the_gloss_part_shows_its_main_scores(told):
    state = TrainingState(gloss_step=6)
    told.reporter.gloss_start(state, 6, 12)
    scores = {"language_accuracy": 100.0, "gloss_wer": 12.345, "gloss_bleu_1": 3.0}
    told.reporter.gloss_evaluation(state, {"loss": 0.5, "scores": scores}, 9)
    assert told.reporter._gloss_board.scalars == [
        ("eval_loss/gloss", 0.5, 6), ("eval/language_accuracy", 100.0, 6), ("eval/gloss_wer", 12.345, 6),
        ("eval/gloss_bleu_1", 3.0, 6),
    ]  # fmt: skip
    line = "gloss part at step 6, 9 held-out pairs: loss 0.5000, language_accuracy 100.00, gloss_wer 12.35"
    assert told.heard.events[-1] == ("message", line.replace("12.35", f"{12.345:.2f}"))


def test_an_epoch_is_told_and_written(told):
    state, board = started(told, step=8, seconds=12.0)
    entry = {"epoch": 2, "losses": {"total": 0.5}, "plc": {"eta": 0.25}, "measures": {"kl/start": 1.5}}
    told.reporter.epoch(state, entry)
    assert told.lines()[1:] == [
        "INFO epoch 2: step 8, total 0.5000, 12 s", "INFO plc of epoch 2: eta 0.25", "INFO epoch 2: kl/start 1.5000",
    ]  # fmt: skip
    assert board.scalars == [("plc/eta", 0.25, 8)]
    written = json.loads(told.folder.stats.read_text())
    assert (written["step"], written["total_steps"], written["run_name"]) == (8, 40, "tiny")
    told.reporter.epoch(state, {"epoch": 3, "losses": {"total": 0.25}})
    assert told.lines()[4:] == ["INFO epoch 3: step 8, total 0.2500, 12 s"]


def test_the_end_is_told_and_everything_is_closed(told):
    state, board = started(told, step=8, seconds=12.4)
    told.reporter.saved(state)
    told.reporter.step(state)
    told.reporter.flush()
    assert board.calls == ["flush"]
    told.reporter.finish(state)
    assert told.lines()[1:] == ["INFO saved last_model.pth at step 8", "INFO end at step 8 after 12 s of training"]
    assert told.heard.events[-2:] == [("step", state), ("finish", state)]
    assert board.calls == ["flush", "close"]
    assert told.reporter.log.handlers == []
    assert json.loads(told.folder.stats.read_text())["step"] == 8


def test_a_log_that_cannot_be_written_is_told_once_a_file(told):
    started(told)
    for path in ("a", "a", "b"):
        told.reporter._cannot_write(path, OSError(28, "No space left on device"))
    told.reporter._cannot_write("c", OSError("odd"))
    assert [line for line in told.lines() if line.startswith("WARNING")] == [
        "WARNING a: cannot be written (No space left on device); the training goes on without it",
        "WARNING b: cannot be written (No space left on device); the training goes on without it",
        "WARNING c: cannot be written (odd); the training goes on without it",
    ]
