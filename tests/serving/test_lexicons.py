"""A lexicon that is served: what comes back is what LexiconSigner signs, with what is missing in it."""

import base64
from dataclasses import replace

import numpy as np
import pytest

from signllm.aligning.values import Values
from signllm.composing.signer import LexiconSigner
from tests.helpers.lexicons import small_lexicon
from tests.helpers.serving import events_of, poses_of


@pytest.fixture(scope="module")
def signer():
    return LexiconSigner(small_lexicon())


@pytest.fixture
def client(serve_models, signer):
    from signllm.serving.batching import Batcher
    from signllm.serving.lexicons import LexiconModel
    from signllm.serving.models import ServedModel

    model = LexiconModel(signer)
    return serve_models([ServedModel("signs", model, Batcher(model))])


def sign(client, **request):
    answer = client.post("/api/sign", json={"language": "ASL", **request})
    assert answer.status_code == 200, answer.text
    return events_of(answer.text)


@pytest.mark.parametrize(("text", "seed"), [("good book", 0), ("good book", 7), ("a good book. read it", 1)])
def test_a_text_is_signed_as_by_the_lexicon(client, signer, text, seed):
    events = sign(client, text=text, seed=seed)
    (clip,) = signer.generate_clips([text], "ASL", seed)
    np.testing.assert_allclose(poses_of(events), clip.pose.coordinates, atol=1e-5)
    done = events[-1]
    assert (done["gloss"], done["frames"]) == (clip.gloss, len(clip.pose))
    assert [e["text"] for e in events if e["event"] == "sentence"] == list(clip.sentences)
    assert client.get(done["files"]["npz"]).status_code == 200


def test_a_sentence_without_a_sign_goes_along_and_is_told(client):
    events = sign(client, text="Zebras! Good book. Okapis!")
    assert events[0]["sentences"] == ["Zebras! Good book. Okapis!"]
    (note,) = events[-1]["notes"]
    assert note["kind"] == "left_out"
    assert note["items"] == ["Zebras", "Okapis"]


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({"text": "zebra okapi"}, "text"),
        ({"text": "good zebra", "strict": True}, "text"),
        ({"text": "good book", "language": "GSL"}, "language"),
        ({"text": "good book", "options": {"amplitude": 1.2}}, "options.amplitude"),
        ({"text": "good book", "mode": "mlsf"}, "mode"),
    ],
)
def test_what_a_lexicon_cannot_do_is_refused_with_the_field(client, request_, field):
    answer = client.post("/api/sign", json={"language": "ASL", **request_})
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["fields"]] == [field]


def test_missing_joints_are_sent_as_bits(client, signer, monkeypatch):
    pose = signer.compose(signer.sentences("good", "ASL")[0].slots)
    valid = np.ones(pose.valid.shape, bool)
    valid[3, 7] = valid[5:, 30] = False
    monkeypatch.setattr(Values, "pose", lambda self, fps: replace(pose, valid=valid))
    (frames,) = [e for e in sign(client, text="good") if e["event"] == "frames"]
    bits = np.unpackbits(np.frombuffer(base64.b64decode(frames["missing"]), np.uint8), count=valid.size)
    assert np.array_equal(bits.reshape(valid.shape) == 0, valid)


def test_the_page_begins_with_signs_that_the_lexicon_has(client):
    (facts,) = client.get("/api/models").json()["models"]
    assert (facts["mode"], facts["decoder"], facts["options"]) == ("compose", "compose", {})
    assert set(facts["examples"]["ASL"]) <= {"book", "read", "good"}
    assert facts["examples"]["ASL"]
    assert client.get("/api/page").json()["rest"]["fps"] == 25


def test_a_lexicon_is_served_beside_a_model(serve_models, make_generator, signer):
    from signllm.serving.batching import Batcher
    from signllm.serving.lexicons import LexiconModel
    from signllm.serving.models import ServedModel

    both = {"tiny": make_generator(), "signs": LexiconModel(signer)}
    client = serve_models([ServedModel(name, one, Batcher(one)) for name, one in both.items()])
    for mode, name in (("mlsf", "tiny"), ("compose", "signs")):
        assert sign(client, text="good book", mode=mode)[0]["model"] == name
