"""A disk that takes no logs ends no training and is told once; one that takes no checkpoint ends it, clearly."""

import errno
import logging
import threading

import pytest

from signllm.errors import CheckpointError, OutputError
from signllm.models.checkpoint import load_checkpoint
from signllm.training import log_files
from signllm.training.reporting import Listener
from signllm.training.setup import build_experiment, make_trainer
from tests.helpers.disks import fill, mounted, tree
from tests.helpers.runs import run


class Heard(Listener):
    def __init__(self):
        self.lines = []

    def on_message(self, text):
        self.lines.append(text)


class Drawing(Listener):
    """Sample videos on a full disk."""

    def on_evaluation(self, state, evaluation, folder):
        raise OutputError("sample.mp4: cannot be written")


def trainer_of(config, *listeners):
    heard = Heard()
    trainer, _ = make_trainer(build_experiment(config), [heard, *listeners])
    return trainer, heard.lines


def test_a_log_disk_that_fills_up_is_told_once(make_config, tmp_path, capfd):
    with mounted(tmp_path / "logs", "size=64k") as disk:
        trainer, lines = trainer_of(make_config("training.num_epochs=2"), Drawing())
        fill(disk)
        hook = threading.excepthook
        state = trainer.fit()
    assert state.epoch == 2
    assert load_checkpoint(trainer.run.folder.last).training["state"]["epoch"] == 2
    for path in (trainer.run.folder.train_log, trainer.run.folder.logs):
        assert sum(f"{path}: cannot be written (No space left on device)" in line for line in lines) == 1
    assert sum("sample.mp4" in line for line in lines) == 1
    assert "Traceback" not in capfd.readouterr().err
    assert threading.excepthook is hook


def test_an_error_of_another_kind_in_a_log_is_not_hidden(tmp_path):
    told = []
    board = log_files.Board(tmp_path / "events", None, lambda path, error: told.append(path))
    with pytest.raises(NotImplementedError):
        board.add_scalar(None, object(), 1)
    board.close()
    assert told == []


def test_a_folder_that_takes_no_events_is_told(tmp_path):
    (tmp_path / "file").write_text("mine")
    told = []
    board = log_files.Board(tmp_path / "file", None, lambda path, error: told.append(error.errno))
    board.add_scalar("a", 1.0, 1)
    board.flush()
    board.close()
    assert told in ([errno.EEXIST], [errno.ENOTDIR])


def test_a_checkpoint_that_cannot_be_written_ends_the_run_and_leaves_the_older_one(make_config, tmp_path):
    config = make_config("training.num_epochs=3", "training.save_every=9")
    with mounted(tmp_path / "checkpoints", "size=8m") as disk:
        trainer, _ = trainer_of(config)
        save, saved = trainer.run.save_last, []

        def save_then_fill():
            if saved:
                fill(disk)
            save()
            saved.append(tree(trainer.run.folder.checkpoints))

        trainer.run.save_last = save_then_fill
        with pytest.raises(OutputError, match=r"No space left on device\); make room"):
            trainer.fit()
        after = tree(trainer.run.folder.checkpoints)
        assert len(saved) == 1
        assert after["last_model.pth"] == saved[0]["last_model.pth"]
        assert not [name for name in after if name.endswith(".tmp")]


def test_the_log_of_a_run_that_cannot_go_on_is_closed(make_config, monkeypatch):
    closed = []
    monkeypatch.setattr(
        log_files.LogFile, "close", lambda handler: closed.append(handler) or logging.FileHandler.close(handler)
    )
    trainer, _ = run(make_config("model.pose_decoder.type=parallel"))
    checkpoint = load_checkpoint(trainer.run.folder.last)
    closed.clear()
    with pytest.raises(CheckpointError):
        make_trainer(
            build_experiment(make_config("model.pose_decoder.type=parallel", "training.optimizer=muon"), checkpoint),
            [],
            checkpoint,
        )
    assert closed
