"""The selection score ranks recordings, a trained model, the model after ten steps, noise and a statue so."""

from pathlib import Path

import numpy as np
import pytest

from signllm.data.convert import ConvertOptions, convert
from signllm.data.demo import generate_demo_corpus
from signllm.metrics import panel_scores, selection_score
from signllm.metrics.summary import still_clips
from signllm.training import evaluation
from signllm.training.pose_phase import PosePhase
from tests.helpers.clips import jittered
from tests.helpers.runs import run

ASL_WORDS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "asl_words"
STEPS = 60


def demo(root):
    generate_demo_corpus(root, train=48, dev=12, test=2, languages=["ASL"])


def words(root):
    if not ASL_WORDS.is_dir():
        pytest.skip("the shared ASL word clips are not on this machine")
    convert(ConvertOptions(ASL_WORDS, root, "ASL", max_samples=120))


@pytest.mark.parametrize("make_corpus", [demo, words])
def test_the_score_ranks_what_a_run_goes_through(make_corpus, make_config, tmp_path, monkeypatch):
    make_corpus(tmp_path / "store")
    pairs = []

    def keep(hypotheses, references):
        pairs.append((hypotheses, references))
        return panel_scores(hypotheses, references)

    step = PosePhase.train_step

    def step_and_evaluate(phase, *batches, **more):
        stepped = step(phase, *batches, **more)
        if phase.run.state.step == 10:
            phase.evaluate()
            phase.run.model.train()
        return stepped

    monkeypatch.setattr(evaluation, "panel_scores", keep)
    monkeypatch.setattr(PosePhase, "train_step", step_and_evaluate)
    run(
        make_config(
            f"data.dataset_path={tmp_path / 'store'}",
            'model.languages=["ASL"]',
            "data.batch_size=8",
            "data.max_frames=160",
            "model.pose_decoder.type=parallel",
            "model.pose_decoder.hidden_size=64",
            "model.pose_decoder.ff_size=128",
            "model.pose_decoder.waves=48",
            "model.pose_decoder.amplitude=1",  # calibrated, even ten steps move as far as people: the score is meant
            "training.losses.velocity=1.0",
            "training.optimizer=adamw",
            "training.learning_rate=3e-3",
            f"training.max_steps={STEPS}",
            "training.num_epochs=1000",
            "training.eval_every=1000",
            "training.ema_decay=0.95",
            "training.eval_samples=32",
        )
    )
    (early, references), (final, _) = pairs
    statue = still_clips(references)
    scores = [
        selection_score(panel_scores(clips, references))
        for clips in (references, final, early, jittered_all(statue, 0.02), jittered_all(statue, 0.05), statue)
    ]
    recordings, trained, after_ten, trembling, shaking, still = scores
    assert recordings == pytest.approx(1)
    assert recordings > trained > after_ten > max(trembling, shaking) > still == 0


def jittered_all(clips, sigma):
    """Each joint in noise of its own; the depth of flat clips stays 0."""
    depth = np.array([1, 1, any(clip.coordinates[..., 2].any() for clip in clips)])
    return [
        clip.replace(
            coordinates=clip.coordinates + (jittered(clip, sigma, seed).coordinates - clip.coordinates) * depth
        )
        for seed, clip in enumerate(clips)
    ]
