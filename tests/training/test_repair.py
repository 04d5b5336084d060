"""The end of an epoch: wherever it is cut short, going on leaves every file as if it had not been. One run at once."""

import os
from pathlib import Path

import pytest

from signllm.cli import start_training
from signllm.errors import LockedError
from signllm.models.checkpoint import load_checkpoint
from signllm.training.run_folder import RunFolder
from signllm.training.setup import build_experiment, make_trainer
from tests.helpers.outcomes import checkpoint as checkpoint_content
from tests.helpers.outcomes import differences, run_outcome
from tests.helpers.processes import holding
from tests.helpers.runs import equal, run

EPOCHS = ("training.num_epochs=2", "training.learning_rate=1e-2", "data.batch_size=8")
# What a checkpoint costs is its number of tensors, and each file of each run is read: one language, one layer.
SMALL = (*EPOCHS, 'model.languages=["ASL"]', "model.pose_decoder.num_layers=1", "data.batch_size=4")
GLOSS_PAIRS = ("model.mode=prompt2langgloss", "training.gloss_pairs.epochs=2", "training.gloss_pairs.batch_size=8")


class Killed(BaseException):
    """Stands for a signal; benchmarks/kills.py sends real ones."""


def outcome(config):
    folder = RunFolder(config)
    return run_outcome(folder.checkpoints, folder.logs)


def kill_at(monkeypatch, number):
    """From the `number`th renaming on nothing is renamed any more."""
    rename, left = os.replace, iter(range(number))

    def replace(source, target):
        if next(left, None) is None:
            raise Killed
        rename(source, target)

    monkeypatch.setattr(os, "replace", replace)


def num_renamings(monkeypatch, config):
    """How many files a run renames into place."""
    count, rename = [], os.replace
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", lambda *paths: (count.append(paths), rename(*paths)))
        run(config)
    return len(count)


def run_killed_at(monkeypatch, config, number):
    """Kill a run at a renaming, and let it go on from last_model.pth, or begin again where there is none."""
    with monkeypatch.context() as patch:
        kill_at(patch, number)
        with pytest.raises(Killed):
            run(config)
    last = RunFolder(config).last
    run(config, load_checkpoint(last) if last.is_file() else None)


@pytest.mark.parametrize(
    "mode",
    [
        ("training.save_every=1", "model.mode=mlsf", "training.plc.enabled=true"),
        ("training.save_every=2", *GLOSS_PAIRS),
    ],
)
def test_wherever_a_run_is_killed_every_file_is_as_if_it_had_not_been(make_config, monkeypatch, mode):
    straight = make_config(*SMALL, *mode)
    renamings = num_renamings(monkeypatch, straight)
    expected = outcome(straight)
    for number in range(renamings):
        config = make_config(*SMALL, *mode, f"run_name=killed{number}")
        run_killed_at(monkeypatch, config, number)
        found = outcome(config)
        found["training_stats.json"]["run_name"] = "tiny"
        for checkpoint in (value for name, value in found.items() if name.endswith(".pth")):
            checkpoint["config"]["run_name"] = "tiny"
        assert not differences(found, expected), f"killed at renaming {number} of {renamings}"


def test_going_on_from_an_older_checkpoint_takes_its_best_model_back_and_keeps_the_later_one(make_config):
    config = make_config(*EPOCHS, "training.save_every=1")
    trainer, _ = run(config)
    folder = trainer.run.folder
    best = load_checkpoint(folder.best).training["state"]["step"]
    assert best > load_checkpoint(folder.epoch(1)).training["state"]["step"]
    make_trainer(build_experiment(config, load_checkpoint(folder.epoch(1))), [], load_checkpoint(folder.epoch(1)))
    assert equal(checkpoint_content(folder.best), checkpoint_content(folder.epoch(1)))
    kept = folder.checkpoints / f"best_model_step_{best}.pth"
    assert load_checkpoint(kept).training["state"]["step"] == best
    assert f"is now {kept}" in folder.train_log.read_text()


def test_a_best_model_that_is_not_there_is_told(make_config):
    config = make_config(*EPOCHS, "training.save_every=5")
    trainer, _ = run(config)
    folder = trainer.run.folder
    checkpoint = load_checkpoint(folder.last)
    checkpoint.training["state"]["best_step"] -= 1
    make_trainer(build_experiment(config, checkpoint), [], checkpoint)
    assert "is not in this folder" in folder.train_log.read_text()


def test_the_second_of_two_runs_is_refused_before_it_renames_the_first(make_config, tmp_path, capsys):
    config = make_config("training.max_steps=1", "training.num_epochs=1")
    trainer, _ = run(config)
    folder = trainer.run.folder
    flags = [f"--set=data.dataset_path={config.data.dataset_path}", f"--resume={folder.last}"]
    for place in (folder.checkpoints, folder.logs):
        with holding(place) as process:
            for checkpoint in (None, load_checkpoint(folder.last)):
                with pytest.raises(LockedError, match=f"process {process.pid} on"):
                    make_trainer(build_experiment(config, checkpoint), [], checkpoint)
            assert start_training.main(flags) == 2
            assert f"process {process.pid} on" in capsys.readouterr().err
    assert [path.name for path in Path(config.training.checkpoint_dir).iterdir()] == ["tiny"]
    assert [path.name for path in Path(config.training.log_dir).iterdir()] == ["tiny"]
    assert start_training.main(flags) == 0


def test_a_run_holds_its_folders_until_it_ends(make_config):
    trainer, _ = make_trainer(build_experiment(make_config("training.max_steps=1")), [])
    checkpoints = trainer.run.folder.checkpoints
    lock = checkpoints.with_name(".tiny.lock")
    assert lock.is_file()
    trainer.fit()
    assert not lock.exists()


def test_an_older_run_whose_renaming_was_cut_short_is_put_aside_whole(make_config, monkeypatch):
    trainer, _ = run(make_config("training.max_steps=1"))
    folder, rename, left = trainer.run.folder, Path.rename, iter(range(1))

    def once(path, target):
        if next(left, None) is None:
            raise Killed
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", once)
        with pytest.raises(Killed):
            folder.set_aside_older_run()
    (folder.checkpoints / ".last_model.pth.tmp").touch()
    assert folder.set_aside_older_run().name == "tiny.1"
    assert (folder.logs.with_name("tiny.1") / "train.log").is_file()
    assert not list(folder.checkpoints.with_name("tiny.1").glob(".*"))
