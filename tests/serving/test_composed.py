"""A model composed of recordings behind the page: it is served as any other."""

import numpy as np
import pytest

from signllm.composing.training import compose
from signllm.inference.opening import open_model
from signllm.serving.models import load_models, names_of
from tests.helpers.composed import compose_config, write_signs
from tests.helpers.serving import poses_of
from tests.serving.test_signing import sign


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    return compose(compose_config(write_signs(folder / "signs"), folder)).path


def test_a_sentence_is_signed_as_by_the_model(serve, path):
    model = open_model(path)
    events = sign(serve(generators={"people": model}), text="I read. The zebra!", seed=2)
    (clip,) = model.generate_clips(["I read."], "ASL", 2)
    assert np.array_equal(poses_of(events[:2])[: len(clip.pose)], clip.pose.coordinates)
    assert [event["gloss"] for event in events if event["event"] == "sentence"] == ["I READ", ""]
    assert [note["kind"] for note in events[-1]["notes"]] == ["left_out"]


def test_it_is_known_by_its_run_and_shows_texts_of_its_words(path):
    assert names_of([path, path]) == ["people", "people-2"]
    (model,) = load_models({"people": path}, "cpu", 4)
    facts = model.facts()
    assert (facts["decoder"], facts["options"], facts["streams"], facts["draws"]) == ("compose", {}, False, True)
    assert facts["examples"]["ASL"]
    assert len(model.first_clip.pose) > 10
