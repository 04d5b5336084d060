"""Signing over the JSON interface: what comes back is what the generator gives, piece by piece."""

import asyncio
import base64

import numpy as np
import pytest

from signllm.serving.limits import Limits
from signllm.serving.schema import SignRequest
from signllm.viewing.player.avatars import PageAvatar
from tests.helpers.serving import events_of, poses_of

TWO = "the book. it will rain tomorrow."


def sign(client, **request):
    answer = client.post("/api/sign", json={"language": "ASL", **request})
    assert answer.status_code == 200, answer.text
    return events_of(answer.text)


@pytest.mark.parametrize(
    "overrides",
    [
        ("model.pose_decoder.type=parallel",),
        ("model.pose_decoder.type=progressive",),
        ("model.pose_decoder.type=flow",),
        ("model.mode=prompt2langgloss",),
    ],
)
def test_a_sentence_is_signed_bit_for_bit_as_by_the_generator(serve, make_generator, overrides):
    generator = make_generator(*overrides)
    client = serve(generators={"it": generator})
    events = sign(client, text="the book", seed=3)
    clip = generator("the book", "ASL", seed=3)
    assert [e["event"] for e in events if e["event"] != "frames"] == ["start", "sentence", "done"]
    assert np.array_equal(poses_of(events), clip.pose.coordinates)
    done = events[-1]
    assert (done["text"], done["language"], done["gloss"] if clip.gloss else None) == ("the book", "ASL", clip.gloss)
    assert done["frames"] == len(clip.pose)


def test_a_progressive_decoder_shows_its_first_frames_before_the_last(serve, make_generator):
    events = sign(serve(generators={"it": make_generator("model.pose_decoder.type=progressive")}), text="the book")
    counts = [e["count"] for e in events if e["event"] == "frames"]
    assert len(counts) > 1
    assert max(counts) <= 8
    assert [e["first"] for e in events if e["event"] == "frames"] == [sum(counts[:n]) for n in range(len(counts))]
    assert events[0]["streams"]


def test_a_paragraph_comes_sentence_by_sentence_with_the_ways_between(serve, make_generator):
    generator = make_generator()
    events = sign(serve(generators={"it": generator}), text=TWO)
    clip = generator(TWO, "ASL")
    assert np.abs(poses_of(events) - clip.pose.coordinates).max() < 1e-5
    sentences = [e for e in events if e["event"] == "sentence"]
    assert [e["text"] for e in sentences] == list(clip.sentences)
    assert sentences[0]["first"] == 0
    assert sentences[1]["first"] == sentences[0]["frames"]
    assert sum(e["frames"] for e in sentences) == len(clip.pose)
    order = [(e["event"], e["sentence"]) for e in events if "sentence" in e]
    assert order == sorted(order, key=lambda pair: pair[1])


def test_what_the_model_does_not_know_is_said(serve):
    done = sign(serve(), text="the zebra")[-1]
    assert done["notes"][0]["kind"] == "unknown_words"
    assert "zebra" in done["notes"][0]["message"]
    assert "zebra" in done["notes"][0]["chinese"]


def test_numbers_and_one_answer_instead_of_events(serve, make_generator):
    generator = make_generator()
    client = serve(generators={"it": generator})
    request = {"text": "the book", "language": "ASL", "stream": False, "encoding": "numbers"}
    answer = client.post("/api/sign", json=request).json()
    expected = generator("the book", "ASL").pose.coordinates
    assert np.array(answer["poses"]) == pytest.approx(expected, abs=1e-5)
    assert answer["files"]["mp4"] == f"/api/clips/{answer['id']}/mp4"


def test_the_avatars_bones_come_with_the_frames(serve):
    client = serve(avatar=PageAvatar.read())
    events = sign(client, text=TWO, avatar=True)
    motions = [e for e in events if e["event"] == "motion"]
    assert sum(motion["frames"] for motion in motions) == events[-1]["frames"]
    bones = len(motions[0]["nodes"])
    for motion in motions:
        assert motion["nodes"] == motions[0]["nodes"]
        assert len(base64.b64decode(motion["rotations"])) == 8 * bones * motion["frames"]
    assert not any(e["event"] == "motion" for e in sign(client, text=TWO))


def test_options_of_the_decoder_hold_for_this_request_alone(serve, make_generator):
    flow = make_generator("model.pose_decoder.type=flow")
    client = serve(generators={"flow": flow})
    usual = poses_of(sign(client, text="the book"))
    few = poses_of(sign(client, text="the book", options={"steps": 1}))
    assert not np.array_equal(usual, few)
    assert np.array_equal(poses_of(sign(client, text="the book")), usual)
    large = poses_of(sign(client, text="the book", options={"amplitude": 1.5}))
    assert not np.array_equal(usual, large)


def test_two_models_are_told_apart_by_their_names(serve, make_generator):
    one, two = make_generator(), make_generator("model.pose_decoder.hidden_size=32")
    client = serve(generators={"one": one, "two": two})
    assert [model["name"] for model in client.get("/api/models").json()["models"]] == ["one", "two"]
    for name, generator in (("one", one), ("two", two)):
        clip = generator("the book", "ASL")
        assert np.array_equal(poses_of(sign(client, text="the book", model=name)), clip.pose.coordinates)
    assert sign(client, text="the book")[0]["model"] == "one"


def test_a_text_ends_where_the_frames_end(serve):
    events = sign(serve(Limits(max_frames=15)), text="the book. " * 5)
    done = events[-1]
    assert done["event"] == "done"
    assert len(done["sentences"]) < 5
    assert done["notes"][-1]["kind"] == "cut_request"
    assert len(done["notes"][-1]["items"]) == 5 - len(done["sentences"])


def test_what_takes_too_long_ends_with_a_word_about_it(serve):
    client = serve(Limits(max_seconds=0.0))
    assert sign(client, text="the book")[-1]["error"] == "time"
    answer = client.post("/api/sign", json={"text": "the book", "language": "ASL", "stream": False})
    assert (answer.status_code, answer.json()["error"]) == (504, "time")


def test_a_model_that_fails_fails_for_one_text_only(serve, make_generator, monkeypatch):
    generator = make_generator()
    stream = generator.stream

    def fails(sentences, seeds, options=None):
        if any("rain" in sentence.text for sentence in sentences):
            raise RuntimeError("a secret")
        yield from stream(sentences, seeds, options)

    monkeypatch.setattr(generator, "stream", fails)
    client = serve(generators={"it": generator})
    with pytest.raises(RuntimeError, match="a secret"):  # for the log; the client gets a line
        client.post("/api/sign", json={"text": "it will rain", "language": "ASL"})
    assert sign(client, text="the book")[-1]["event"] == "done"


def test_sentences_beyond_the_most_frames_are_left_within_a_group_too(serve, make_generator):
    generator = make_generator()
    client = serve(Limits(max_frames=len(generator("the book", "ASL").pose) + 1), generators={"it": generator})
    events = sign(client, text="the book. " * 5)
    assert len([event for event in events if event["event"] == "sentence"]) == 2
    assert len(events[-1]["sentences"]) == 2
    assert len(events[-1]["notes"][-1]["items"]) == 3


def test_what_a_client_who_leaves_asked_for_is_not_signed_any_more(serve):
    client = serve()
    serving = client.app.app.state.serving

    async def leave():
        signing = await serving.prepare(SignRequest(text="the book. it will rain.", language="ASL"))
        events = signing.events()
        while (await anext(events))["event"] != "frames":
            assert not any(job.cancelled for job in signing._jobs)
        await events.aclose()
        return signing

    jobs = asyncio.run(leave())._jobs
    assert jobs
    assert all(job.cancelled for job in jobs)
