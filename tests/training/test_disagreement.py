"""The warning that loss and selection disagree for long: when it comes, and that a run gives it."""

from itertools import count

import pytest

from signllm.training.disagreement import LONG, disagreement
from signllm.training.evaluation import Evaluation
from signllm.training.reporting import Listener
from signllm.training.setup import build_experiment, make_trainer


def entry(step, loss, dtw, selection):
    return {
        "step": step,
        "evaluation": {"losses": {"total": loss}, "scores": {"dtw_score": dtw}, "selection": selection},
    }


BEST = entry(10, 1.0, 0.5, 0.213)


def later(number, loss=0.9, dtw=0.4, selection=0.168):
    return [entry(10 * step, loss, dtw, selection) for step in range(2, number + 2)]


def test_it_comes_when_loss_and_dtw_are_better_for_long_and_selection_is_worse():
    assert disagreement([BEST, *later(LONG - 1)], 10) is None
    text = disagreement([BEST, *later(LONG)], 10)
    assert "for 5 evaluations loss and DTW have been better than at step 10" in text
    assert "(loss 1.0000, now 0.9000; dtw_score 0.500, now 0.400)" in text
    assert "(0.2130, now 0.1680)" in text


def test_it_comes_again_only_after_as_long_again():
    warned = [n for n in range(1, 3 * LONG) if disagreement([BEST, *later(n)], 10)]
    assert warned == [LONG, 2 * LONG]


@pytest.mark.parametrize(
    "agreeing", [{"loss": 1.1}, {"dtw": 0.6}, {"dtw": float("nan")}, {"selection": 0.213}, {"loss": 1.0}]
)
def test_one_evaluation_that_agrees_starts_the_count_anew(agreeing):
    assert disagreement([BEST, *later(2), *later(1, **agreeing), *later(LONG - 1)], 10) is None
    assert disagreement([BEST, *later(2), *later(1, **agreeing), *later(LONG)], 10)


def test_epochs_without_an_evaluation_do_not_count():
    between = [{"step": 15, "losses": {}}]
    assert disagreement([], 0) is None
    assert disagreement(between, 0) is None
    assert disagreement([BEST, *(e for one in later(LONG - 1) for e in (one, *between))], 10) is None
    assert disagreement([BEST, *(e for one in later(LONG) for e in (*between, one))], 10)


class Messages(Listener):
    def __init__(self):
        self.texts = []

    def on_message(self, text):
        self.texts.append(text)


def test_a_run_warns_in_its_log_and_at_the_terminal(make_config):
    config = make_config(f"training.num_epochs={LONG + 2}", "training.max_steps=40", "data.batch_size=20")
    messages, number = Messages(), count()
    trainer, _ = make_trainer(build_experiment(config), [messages])

    def evaluate():
        n = next(number)
        return Evaluation({"total": 1.0 - 0.1 * n}, {"dtw_score": 0.5 - 0.01 * n}, 0.3 - 0.02 * n, [])

    trainer.poses.evaluate = evaluate
    trainer.fit()
    warnings = [text for text in messages.texts if text.startswith("warning: loss and selection disagree")]
    assert len(warnings) == 1
    assert f"now {1.0 - 0.1 * LONG:.4f}" in warnings[0]
    assert warnings[0].removeprefix("warning: ") in trainer.run.folder.train_log.read_text()
