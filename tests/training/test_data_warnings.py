"""What a training would lose of its data is counted at its start; missing splits and languages come with the remedy."""

import shutil

import numpy as np
import pytest

from signllm.data.store import ClipRecord, StoreWriter
from signllm.errors import DataError
from signllm.models.checkpoint import load_checkpoint
from signllm.pose import PoseSequence
from signllm.training.data_warnings import data_warnings
from signllm.training.setup import build_experiment
from tests.helpers.generators import wave
from tests.helpers.runs import run

SHORT, LONG = (
    "the book is here",
    "the book is here and it will rain in the north of the country before we go home again",
)


def write(root, language, split, texts, frames=20, gloss=None):
    with StoreWriter(root, language, split) as writer:
        for number, text in enumerate(texts):
            pose = wave(number, frames + 10 * (number == 0))
            writer.add(ClipRecord(f"{split}{number}", text, language, 25.0, len(pose), gloss=gloss), pose)
        writer.finish({})


@pytest.fixture
def root(tmp_path):
    write(tmp_path / "store", "ASL", "train", [SHORT, LONG, SHORT, "we go home"])
    write(tmp_path / "store", "ASL", "dev", [SHORT])
    return tmp_path / "store"


def warnings_of(make_config, root, *overrides):
    experiment = build_experiment(make_config(f"data.dataset_path={root}", *overrides))
    parts = experiment.model, experiment.train_set, experiment.eval_set, experiment.train_pairs
    return data_warnings(experiment.config, *parts)


def test_sound_data_give_no_warning(make_config, root):
    assert warnings_of(make_config, root) == []
    assert warnings_of(make_config, root, "model.mode=prompt2langgloss", "model.gloss_decoder.max_length=64") == []


def test_clips_that_are_cut_are_counted(make_config, root):
    (warning,) = warnings_of(make_config, root, "data.max_frames=25")
    assert "1 of 4 training clips are longer than data.max_frames = 25" in warning
    assert "5.6% of all frames" in warning
    assert "the longest has 30" in warning


def test_rest_that_is_trimmed_is_not_cut(make_config, root):
    with StoreWriter(root, "ASL", "train") as writer:
        pose = wave(0, 20)
        still = np.repeat(pose.coordinates[-1:], 30, axis=0)
        long = PoseSequence.all_valid(np.concatenate([pose.coordinates, still]), 25)
        writer.add(ClipRecord("rests", SHORT, "ASL", 25.0, len(long)), long)
        writer.finish({})
    assert warnings_of(make_config, root, "data.max_frames=30", "data.trim_rest_s=0.1") == []
    assert "the longest has 50" in warnings_of(make_config, root, "data.max_frames=30")[0]


def test_other_batches_are_counted_as_other_data(make_config, root):
    settings = [f"data.dataset_path={root}", "training.num_epochs=2"]
    trainer, _ = run(make_config(*settings, "data.batch_size=1", "training.max_steps=6"))
    again, losses = run(make_config(*settings, "data.batch_size=4"), load_checkpoint(trainer.run.folder.last))
    assert again.poses.total_steps == again.run.state.step == max(losses, default=6)


def test_texts_that_are_cut_are_counted(make_config, root):
    (warning,) = warnings_of(make_config, root, "model.text_encoder.max_length=12")
    assert "1 of 3 training texts have more tokens than model.text_encoder.max_length = 12" in warning
    assert LONG[:50] in warning


def test_prompts_and_glosses_that_are_cut_are_counted(make_config, root):
    found = warnings_of(
        make_config, root, "model.mode=prompt2langgloss", "model.text_encoder.max_length=22",
        "model.gloss_decoder.max_length=5",
    )  # fmt: skip
    assert "training texts in their longest prompt have more tokens" in found[0]
    assert "2 of 3 training glosses have more pieces than model.gloss_decoder.max_length = 5" in found[1]


def test_a_language_without_evaluation_and_texts_of_another_language_are_said(make_config, root):
    write(root, "GSL", "train", ["the weather will be fine in the north", "we are going to the station tomorrow"])
    found = warnings_of(make_config, root)
    assert found[0] == "no split 'dev' for GSL: trained, but not evaluated"
    assert found[1].startswith("100% of the texts are not in German, the spoken language of GSL, but mostly in English")


def test_the_log_begins_with_the_warnings_of_the_data(make_config, root):
    trainer, _ = run(make_config(f"data.dataset_path={root}", "data.max_frames=25", "training.max_steps=1"))
    lines = trainer.run.folder.train_log.read_text().splitlines()
    assert "WARNING 1 of 4 training clips" in lines[0]


def test_languages_that_the_store_lacks_are_refused_with_the_key_to_set(make_config, root):
    write(root, "KSL", "train", ["책"])
    with pytest.raises(DataError) as caught:
        warnings_of(make_config, root, 'model.languages=["ASL","GSL","KSL","TSL"]')
    assert "no split 'train' for GSL, TSL to train on" in str(caught.value)
    assert 'set model.languages=["ASL","KSL"], or [] for all that are there' in str(caught.value)
    with pytest.raises(DataError, match=r'set model.languages=\["ASL","KSL"\]'):
        warnings_of(make_config, root, 'model.languages=["GSL"]')


@pytest.mark.parametrize("name", ["val", "valid", "validation", "test"])
def test_the_split_that_may_be_meant_is_offered(make_config, root, name):
    (root / "ASL" / "dev").rename(root / "ASL" / name)
    with pytest.raises(DataError) as caught:
        warnings_of(make_config, root)
    assert "no split 'dev' for ASL to evaluate on" in str(caught.value)
    assert f"there is '{name}': set data.eval_split={name}, or convert it" in str(caught.value)


def test_a_training_split_of_another_name_is_offered(make_config, root):
    (root / "ASL" / "train").rename(root / "ASL" / "training")
    for languages in ('["ASL"]', "[]"):
        with pytest.raises(DataError, match=r"there is 'training': set data\.train_split=training"):
            warnings_of(make_config, root, f"model.languages={languages}")
    shutil.rmtree(root / "ASL" / "training")
    with pytest.raises(DataError, match=r"there are: ASL/dev; convert it, or name another in data.train_split"):
        warnings_of(make_config, root)


@pytest.mark.parametrize(
    ("limits", "total"), [(["training.num_epochs=3"], 7), (["training.num_epochs=9", "training.max_steps=8"], 8)]
)
def test_going_on_with_fewer_data_counts_the_steps_that_are_left(make_config, root, limits, total):
    def config(*overrides):
        return make_config(f"data.dataset_path={root}", "data.batch_size=1", *overrides)

    trainer, _ = run(config("training.num_epochs=3", "training.max_steps=6"))
    assert trainer.run.state.step == 6  # four an epoch: in the middle of the second one
    checkpoint = load_checkpoint(trainer.run.folder.last)
    # Of one clip an epoch has one step, which the second one has done.
    fewer, losses = run(config("data.max_samples=1", *limits), checkpoint)
    assert f"resume at step 6 of {total}," in fewer.run.folder.train_log.read_text()
    assert fewer.poses.total_steps == fewer.run.state.step == max(losses) == total
    # Once more, on the same few: the steps on others still count.
    checkpoint = load_checkpoint(fewer.run.folder.last)
    again, losses = run(config("data.max_samples=1", "training.num_epochs=11"), checkpoint)
    assert again.poses.total_steps == again.run.state.step == max(losses) == 4 + 11


def test_a_limit_below_what_is_done_says_no_impossible_step(make_config, root):
    def config(*overrides):
        return make_config(f"data.dataset_path={root}", "data.batch_size=1", *overrides)

    trainer, _ = run(config("training.max_steps=3"))
    checkpoint = load_checkpoint(trainer.run.folder.last)
    again, losses = run(config("training.max_steps=2"), checkpoint)
    assert "resume at step 3 of 3" in again.run.folder.train_log.read_text()
    assert not losses
