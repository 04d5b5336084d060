"""Recordings that are parts of tested clips: found by their motion, left out of the model, and named."""

import numpy as np
import pytest

from signllm.composing.training import compose
from signllm.data.store import ClipRecord, Store, StoreWriter
from signllm.evaluation.cut_clips import find_cuts
from signllm.evaluation.model import evaluate_model
from signllm.evaluation.options import ModelOptions
from tests.helpers.composed import compose_config, sentence, write_signs
from tests.helpers.lexicons import performance

TESTED = "I BOOK READ"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """The signs, and one dev sentence that no training sentence is."""
    root = write_signs(tmp_path_factory.mktemp("signs"))
    pose, _ = sentence(TESTED, 90)
    with StoreWriter(root, "ASL", "dev") as writer:
        writer.add(ClipRecord("tested", "I read a book", "ASL", 25.0, len(pose), TESTED), pose)
        writer.finish({})
    return root


@pytest.fixture(scope="module")
def tested(store):
    return Store(store).split("ASL", "dev")


@pytest.mark.parametrize(
    "change",
    [
        lambda clip: clip[22:38],
        lambda clip: clip.resampled(12.5)[6:20],
        lambda clip: clip[41:59].replace(coordinates=clip[41:59].coordinates * 1.3 + np.float32([0.2, -0.1, 0])),
        lambda clip: clip,
        lambda clip: clip[50:51],
    ],
    ids=["cut", "cut at another rate", "scaled and moved", "whole", "one frame"],
)
def test_a_part_of_a_tested_clip_is_found(tested, change):
    assert find_cuts([("it", change(tested.pose(0)))], tested, [0]) == {"it": "tested"}


@pytest.mark.parametrize(
    "change",
    [
        lambda clip: performance(0, 20, shift=0.3, wobble=0.05, seed=5)[2:18],
        lambda clip: clip[22:38].at_moments(np.arange(15, -1, -1)),
        lambda clip: clip[22:38].replace(valid=np.zeros((16, 50), bool)),
    ],
    ids=["another person", "backwards", "nothing seen"],
)
def test_what_is_no_part_of_it_is_not(tested, change):
    assert find_cuts([("it", change(tested.pose(0)))], tested, [0]) == {}


def test_an_evaluation_leaves_out_what_was_cut_from_its_clips_and_says_so(store, tested, tmp_path):
    root = write_signs(tmp_path / "leaking")
    pose = tested.pose(0)
    with StoreWriter(root, "ASL", "dev") as writer:
        writer.add(ClipRecord("tested", "I read a book", "ASL", 25.0, len(pose), TESTED), pose)
        writer.finish({})
    with StoreWriter(root, "ASL", "train@cut") as writer:
        writer.add(ClipRecord("cut", "book", "ASL", 25.0, 16, "BOOK"), pose[22:38])
        writer.finish({})
    reports = []
    for place in (store, root):
        path = compose(compose_config(place, tmp_path / place.name)).path
        options = ModelOptions(model_path=path, metrics=("dtw-mje",), cache=tmp_path / "cache")
        reports.append(evaluate_model(options).data)
    clean, leaking = reports
    assert (clean["left_out"], leaking["left_out"]) == ({"ASL": {}}, {"ASL": {"cut": "tested"}})
    assert any("cut from tested" in note for note in leaking["notes"])
    assert not any("cut from" in note for note in clean["notes"])
    scores = [report["overall"]["systems"]["model"]["dtw_score"]["value"] for report in reports]
    assert scores[0] == pytest.approx(scores[1], abs=1e-6)
    assert {"nearest_text", "model", "reference"} <= set(clean["overall"]["systems"])
