"""Training the gloss part on pairs of text and gloss: exact resume in and after the phase, and what it leaves."""

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from signllm.data.gloss_pairs import GlossBatch
from signllm.errors import CheckpointError
from signllm.inference import Generator
from signllm.models.checkpoint import load_checkpoint
from signllm.training.gloss_phase import evaluate_pairs, pairs_loss
from signllm.training.reporting import Listener
from signllm.training.setup import build_experiment, make_trainer
from tests.helpers.runs import equal

ROOT = Path(__file__).resolve().parents[2]
TABLE = "id|annotation|translation\n" + "".join(
    f"t{n}|WETTER {n % 7} REGEN {n % 3}|am tag {n % 7} regnet es {n % 3} mal\n" for n in range(24)
)

KILLED_RUN = """
import json, os, signal, sys
from signllm.config import parse_config
from signllm.training.reporting import Listener
from signllm.training.setup import build_experiment, make_trainer

class Kill(Listener):
    def on_gloss_step(self, state, total_steps):
        if state.gloss_step == 9:
            os.kill(os.getpid(), signal.SIGKILL)

trainer, _ = make_trainer(build_experiment(parse_config(json.loads(sys.argv[1]))), [Kill()])
trainer.fit()
"""


class Steps(Listener):
    def __init__(self):
        self.gloss, self.poses = {}, {}

    def on_gloss_losses(self, step, losses):
        self.gloss[step] = losses["gloss"]

    def on_losses(self, step, losses):
        self.poses[step] = losses


@pytest.fixture
def config_of(make_config, tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text(TABLE, encoding="utf-8")

    def make(*overrides):
        return make_config(
            "model.mode=prompt2langgloss", f"data.gloss_tables.GSL={path}", "training.gloss_pairs.epochs=2",
            "training.gloss_pairs.batch_size=8", "training.gloss_pairs.word_dropout=0.1",
            "training.gloss_pairs.other_texts=0.2", "training.num_epochs=50", "training.max_steps=6", *overrides,
        )  # fmt: skip

    return make


def run(config, checkpoint=None):
    steps = Steps()
    trainer, _ = make_trainer(build_experiment(config, checkpoint), [steps], checkpoint)
    trainer.fit()
    return trainer, steps


def content(trainer):
    """Everything of the last checkpoint that no clock wrote."""
    saved = load_checkpoint(trainer.run.folder.last)
    state = {key: value for key, value in saved.training["state"].items() if key not in ("seconds", "gloss_seconds")}
    state["history"] = [{key: entry[key] for key in entry if key != "seconds"} for entry in state["history"]]
    return {"weights": saved.weights, "averaged": saved.averaged, "moments": saved.training["optimizer"], "run": state}


def test_a_run_killed_in_the_gloss_phase_continues_bit_for_bit(config_of, forked):
    straight, steps = run(config_of("run_name=straight", "training.gloss_pairs.mixed=5"))
    assert sorted(steps.gloss) == list(range(1, 13))
    assert sorted(steps.poses) == list(range(1, 7))

    config = config_of("run_name=killed", "training.gloss_pairs.mixed=5", "training.save_every_steps=7")
    dead = subprocess.run(
        [sys.executable, "-c", KILLED_RUN, json.dumps(config.model_dump())], cwd=ROOT, capture_output=True, text=True
    )
    assert dead.returncode == -signal.SIGKILL, dead.stderr
    checkpoint = load_checkpoint(Path(config.training.checkpoint_dir) / "killed" / "last_model.pth")
    assert (checkpoint.training["state"]["gloss_step"], checkpoint.training["state"]["step"]) == (7, 0)
    resumed, rest = run(checkpoint.config, checkpoint)
    assert sorted(rest.gloss) == list(range(8, 13))
    assert all(rest.gloss[step] == steps.gloss[step] for step in rest.gloss)
    assert rest.poses == steps.poses
    assert equal(content(straight), content(resumed))


def test_a_run_stopped_after_the_phase_continues_bit_for_bit(config_of):
    straight, steps = run(config_of("run_name=straight", "training.gloss_pairs.mixed=5"))
    config = config_of("run_name=stopped", "training.gloss_pairs.mixed=5")
    trainer, _ = make_trainer(build_experiment(config), [])
    original = trainer.poses.train_step

    def stop_after_two(*batches, **more):
        if trainer.run.state.step == 1:
            trainer.run.request_stop()
        return original(*batches, **more)

    trainer.poses.train_step = stop_after_two
    trainer.fit()
    checkpoint = load_checkpoint(trainer.run.folder.last)
    assert (checkpoint.training["state"]["gloss_step"], checkpoint.training["state"]["step"]) == (12, 2)
    resumed, rest = run(config, checkpoint)
    assert not rest.gloss
    assert all(rest.poses[step] == steps.poses[step] for step in range(3, 7))
    assert equal(content(straight), content(resumed))


def test_a_stop_in_the_phase_is_saved_and_trains_no_pose(config_of):
    config = config_of()
    steps = Steps()
    trainer, _ = make_trainer(build_experiment(config), [steps])
    steps.on_gloss_step = lambda state, total: state.gloss_step == 3 and trainer.run.request_stop()
    trainer.fit()
    assert not steps.poses
    assert load_checkpoint(trainer.run.folder.last).training["state"]["gloss_step"] == 3


def gloss_weights(model):
    return {n: p.detach().clone() for n, p in model.named_parameters() if not n.startswith(("group.", "gloss_embed"))}


def test_the_phase_trains_the_gloss_part_only_and_ends_with_its_average(config_of):
    config = config_of()
    trainer, _ = make_trainer(build_experiment(config), [])
    before = {name: p.detach().clone() for name, p in trainer.run.model.named_parameters()}
    trainer.glosses.train()
    changed = {name for name, p in trainer.run.model.named_parameters() if not torch.equal(p, before[name])}
    assert set(gloss_weights(trainer.run.model)) >= changed > {"project.weight", "gloss_decoder.embedding.weight"}
    assert all(torch.equal(p, trainer.run.average.averaged[name]) for name, p in trainer.run.model.named_parameters())
    assert trainer.run.optimizer.fresh


def test_without_a_gloss_loss_the_pose_training_leaves_the_gloss_part_as_it_is(config_of):
    config = config_of("training.losses.gloss=0")
    trainer, _ = make_trainer(build_experiment(config), [])
    trainer.glosses.train()
    learnt = gloss_weights(trainer.run.model)
    poses = trainer.run.model.group.decoder.state_dict()
    poses = {name: value.clone() for name, value in poses.items()}
    trainer.fit()
    assert trainer.run.state.step == 6
    assert equal(learnt, gloss_weights(trainer.run.model))
    assert not equal(poses, trainer.run.model.group.decoder.state_dict())
    assert equal(learnt, {name: trainer.run.average.averaged[name] for name in learnt})


def test_mixed_pairs_are_a_loss_of_their_own_and_change_the_run(config_of):
    alone, without = run(config_of("training.gloss_pairs.epochs=0", "training.gloss_pairs.mixed=1"))
    more, mixed = run(config_of("training.gloss_pairs.epochs=0", "training.gloss_pairs.mixed=7"))
    assert not mixed.gloss
    for losses in mixed.poses.values():
        parts = losses["reconstruction"] + 0.1 * losses["length"] + 0.1 * losses["rl"] + losses["gloss"]
        assert losses["total"] == pytest.approx(parts + losses["gloss_pairs"], rel=1e-5)
    assert without.poses != mixed.poses
    assert {len(part.train_pairs.batch(3, n)) for part, n in ((alone.glosses, 1), (more.glosses, 7))} == {1, 7}


def test_the_loss_of_a_language_only_row_does_not_depend_on_its_gloss(config_of):
    model = build_experiment(config_of()).model.eval()
    prompts, codes = ["Please sign 'book' in ASL.", "Bitte gebärde 'regen' in DGS."], ["ASL", "GSL"]

    def loss(gloss, only):
        batch = GlossBatch(prompts, codes, [gloss, "REGEN"], [only, False])
        return float(pairs_loss(model, batch).detach())

    assert loss("BOOK", True) == loss("WEATHER RAIN RAIN", True)
    assert loss("BOOK", False) != loss("WEATHER RAIN RAIN", False)


def test_a_trained_gloss_part_writes_the_tables_glosses_and_reads_the_language(config_of):
    config = config_of(
        "training.gloss_pairs.epochs=60", "training.gloss_pairs.learning_rate=1e-2", "training.ema_decay=0.9"
    )
    trainer, _ = make_trainer(build_experiment(config), [])
    pairs = trainer.glosses.train_pairs.pairs
    before = evaluate_pairs(trainer.run.model, pairs, 16)
    trainer.glosses.train()
    after = evaluate_pairs(trainer.run.model, pairs, 16)
    assert after.loss < 0.5 * before.loss
    assert after.scores["gloss_bleu_4"] > 20 > before.scores["gloss_bleu_4"]
    invented = [*pairs, *(replace(pair, gloss="SOMETHING ELSE", pseudo=True) for pair in pairs)]
    assert evaluate_pairs(trainer.run.model, invented, 16).scores["gloss_bleu_4"] == after.scores["gloss_bleu_4"]
    assert evaluate_pairs(trainer.run.model, invented[len(pairs) :], 16).scores.keys() == {"language_accuracy"}
    history = trainer.run.state.gloss_history
    assert [entry["gloss_step"] for entry in history][-1] == trainer.glosses.total_steps
    assert {"language_accuracy", "gloss_bleu_4", "gloss_wer"} <= history[-1]["scores"].keys()


def test_the_whole_pipeline_comes_out_of_one_run(config_of):
    trainer, _ = run(config_of())
    generator = Generator.from_checkpoint(trainer.run.folder.best, "cpu")
    forced, read = generator.generate_clips(
        ["am tag 3 regnet es 2 mal", "Übersetze 'morgen' bitte in DGS."], ["ASL", None]
    )
    assert forced.language == "ASL"
    assert read.language in generator.languages
    assert len(read.pose) > 3
    log = trainer.run.folder.train_log.read_text()
    assert "gloss part: from step 0 of 12" in log
    assert "held-out pairs: loss" in log


def test_resuming_with_another_table_warns(config_of, tmp_path):
    trainer, _ = run(config_of())
    checkpoint = load_checkpoint(trainer.run.folder.last)
    other = tmp_path / "other.csv"
    other.write_text(TABLE + "new|SONNE|die sonne\n", encoding="utf-8")
    run(config_of(f"data.gloss_tables.GSL={other}", "training.max_steps=7"), checkpoint)
    assert "the training data is not what the checkpoint was trained on" in trainer.run.folder.train_log.read_text()


def test_no_phase_is_put_before_poses_that_were_trained_already(config_of):
    trainer, _ = run(config_of("training.gloss_pairs.epochs=0", "training.gloss_pairs.mixed=2", "training.max_steps=1"))
    resumed, steps = run(config_of("training.max_steps=2"), load_checkpoint(trainer.run.folder.last))
    assert (steps.gloss, sorted(steps.poses)) == ({}, [2])
    assert "the phase before it is over" in resumed.run.folder.train_log.read_text()


def test_a_language_the_model_does_not_know_is_refused(config_of):
    config = config_of("training.max_steps=1", 'model.languages=["GSL"]')
    trainer, _ = run(config)
    with pytest.raises(CheckpointError, match="the data hold ASL"):
        build_experiment(config_of(), load_checkpoint(trainer.run.folder.last))


def test_tensorboard_holds_the_loss_and_gradient_norm_of_every_gloss_step(config_of):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    steps = Steps()
    config = config_of()
    trainer, _ = make_trainer(build_experiment(config), [steps])
    trainer.fit()
    events = EventAccumulator(str(trainer.run.folder.logs / "gloss_pairs"))
    events.Reload()
    losses = {event.step: event.value for event in events.Scalars("loss/gloss")}
    assert losses == pytest.approx(steps.gloss)
    norms = {event.step: event.value for event in events.Scalars("training/gradient_norm")}
    assert norms.keys() == losses.keys()
    assert min(norms.values()) > 0


def test_the_gloss_vocabulary_spells_the_glosses_of_clips_and_of_pairs(config_of):
    experiment = build_experiment(config_of())
    vocabulary = experiment.model.vocabulary
    clips = [experiment.train_set.gloss(index)[0] for index in range(len(experiment.train_set))]
    longest = max((word for gloss in clips for word in gloss.split()), key=len)
    for word in (longest, "WETTER"):
        tokens = vocabulary.encode(word, "GSL")
        assert vocabulary.decode(tokens) == ("GSL", word)
        assert len(tokens) == 3, "language, one piece, end"
