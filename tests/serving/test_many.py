"""Many at once: one batch for those in flight together, nobody lost, and a place for the next when one leaves."""

import threading
import time

import numpy as np
import pytest
import torch

from signllm.inference import DecoderOptions
from signllm.models.group import PoseGroup
from signllm.serving.batching import Batcher, Job, StoppingError
from signllm.serving.guard import Access
from signllm.serving.limits import Limits
from tests.helpers.serving import ask, events_of, listening, whole_answer

REQUEST = {"text": "the book", "language": "ASL"}


def job_of(generator, text, delivered, options=DecoderOptions()):  # noqa: B008  # frozen
    (sentence,) = generator.sentences(text, "ASL")
    return Job(sentence, 0, options, lambda piece: delivered.append((text, piece)))


def wait_for(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


def held_back(model, monkeypatch):
    """Let the model wait before it signs; returns the events `began` and `go_on`."""
    began, go_on = threading.Event(), threading.Event()
    stream = model.generator.stream

    def slow(*given):
        began.set()
        go_on.wait(10)
        yield from stream(*given)

    monkeypatch.setattr(model.generator, "stream", slow)
    return began, go_on


@pytest.fixture
def batcher(make_generator):
    made = Batcher(make_generator(), batch_size=4, wait_s=0.02)
    yield made
    made.stop()


def test_jobs_that_wait_together_are_one_batch_and_the_rest_the_next(batcher):
    delivered = []
    texts = ["the book", "it will rain", "the book it", "rain", "book", "will"]
    batcher.submit([job_of(batcher.generator, text, delivered) for text in texts])
    batcher.start()
    wait_for(lambda: len(delivered) == 6)
    assert list(batcher.batches) == [4, 2]
    for text, piece in delivered:
        alone = batcher.generator(text, "ASL", split=False).pose.coordinates
        assert np.abs(piece.pose_FJC.numpy() - alone).max() < 1e-5, text


def test_a_single_job_waits_a_moment_for_others(batcher):
    delivered = []
    batcher.wait_s = 0.5
    batcher.start()
    batcher.submit([job_of(batcher.generator, "the book", delivered)])
    time.sleep(0.02)
    batcher.submit([job_of(batcher.generator, "rain", delivered)])
    wait_for(lambda: len(delivered) == 2)
    assert list(batcher.batches) == [2]


def test_other_options_are_another_batch(batcher):
    delivered = []
    lively = DecoderOptions(amplitude=1.5)
    jobs = [job_of(batcher.generator, "the book", delivered, options) for options in (DecoderOptions(), lively) * 2]
    batcher.submit(jobs)
    batcher.start()
    wait_for(lambda: len(delivered) == 4)
    assert list(batcher.batches) == [2, 2]


def test_what_nobody_waits_for_is_not_signed(batcher):
    delivered = []
    jobs = [job_of(batcher.generator, text, delivered) for text in ("the book", "rain", "will")]
    jobs[0].cancelled = jobs[2].cancelled = True
    batcher.submit(jobs)
    batcher.start()
    wait_for(lambda: delivered)
    assert [text for text, _ in delivered] == ["rain"]
    assert list(batcher.batches) == [1]


def test_a_batch_that_nobody_waits_for_any_more_is_left(make_generator):
    batcher = Batcher(make_generator("model.pose_decoder.type=progressive"), wait_s=0)
    delivered = []
    job = job_of(batcher.generator, "the book", delivered)

    def leave(piece):
        delivered.append(piece)
        job.cancelled = True

    job.deliver = leave
    batcher.start()
    batcher.submit([job])
    wait_for(lambda: delivered)
    batcher.stop()
    assert len(delivered) == 1
    assert delivered[0].whole is None


def test_a_clip_that_ends_with_a_chunk_is_complete_once(make_generator, monkeypatch):
    lengths = torch.tensor([8, 20])  # eight frames are a chunk
    monkeypatch.setattr(PoseGroup, "_lengths", lambda *_: (lengths, lengths.float()))
    generator = make_generator("model.pose_decoder.type=progressive")
    plan = generator.sentences("the book", "ASL") + generator.sentences("it will rain", "ASL")
    pieces = [(piece.row, len(piece.pose_FJC), piece.whole is not None) for piece in generator.stream(plan, [0, 0])]
    assert pieces == [(0, 8, True), (1, 8, False), (1, 8, False), (1, 4, True)]


def test_who_leaves_a_batch_gets_nothing_more_and_the_others_all(make_generator):
    batcher = Batcher(make_generator("model.pose_decoder.type=progressive"), wait_s=0.05)
    delivered = []
    leaving, staying = (job_of(batcher.generator, text, delivered) for text in ("the book", "it will rain"))
    deliver = leaving.deliver

    def leave(piece):
        deliver(piece)
        leaving.cancelled = True

    leaving.deliver = leave
    batcher.submit([leaving, staying])
    batcher.start()
    wait_for(lambda: any(text == "it will rain" and piece.whole for text, piece in delivered))
    batcher.stop()
    assert list(batcher.batches) == [2]
    assert [text for text, _ in delivered].count("the book") == 1


def test_one_text_that_fails_takes_no_other_down(batcher, monkeypatch):
    stream = batcher.generator.stream

    def fails(sentences, seeds, options=None):
        if any(sentence.text == "rain" for sentence in sentences):
            raise RuntimeError("rain")
        yield from stream(sentences, seeds, options)

    monkeypatch.setattr(batcher.generator, "stream", fails)
    delivered = []
    batcher.submit([job_of(batcher.generator, text, delivered) for text in ("the book", "rain", "will")])
    batcher.start()
    wait_for(lambda: len(delivered) == 3)
    assert [isinstance(piece, RuntimeError) for _, piece in delivered] == [False, True, False]


def test_stopping_tells_those_who_wait(make_generator):
    batcher = Batcher(make_generator())
    delivered = []
    batcher.submit([job_of(batcher.generator, "the book", delivered)])
    batcher.stop()
    assert isinstance(delivered[0][1], StoppingError)
    with pytest.raises(StoppingError):
        batcher.submit([])


@pytest.fixture
def app(make_generator, fastapi):
    from signllm.serving.app import make_app
    from signllm.serving.models import Models, ServedModel

    def make(limits=None, *overrides):
        generator = make_generator(*overrides)
        models = Models([ServedModel("tiny", generator, Batcher(generator))])
        return make_app(models, Access(), limits)

    return make


def serving_of(app):
    return app.app.state.serving


def test_200_at_once_are_all_signed(app):
    served = app()
    answers = {}
    with listening(served) as address:

        def sign(number):
            request = {"text": ["the book", "it will rain", "rain. the book."][number % 3], "language": "ASL"}
            answers[number] = whole_answer(ask(address, request))

        threads = [threading.Thread(target=sign, args=(number,)) for number in range(200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        sizes = list(next(iter(serving_of(served).models)).batcher.batches)
    assert {status for status, _ in answers.values()} == {200}
    first = {}
    for number, (_, body) in answers.items():
        events = events_of(body)
        assert events[-1]["event"] == "done", number
        assert events[-1]["frames"] == first.setdefault(number % 3, events[-1]["frames"])
    assert sum(sizes) == 200 + 66  # a paragraph has two sentences
    assert max(sizes) > 8
    assert serving_of(served).places.taken == 0


def test_who_was_accepted_is_served_and_the_others_told_to_come_again(app):
    served = app(Limits(max_requests=4))
    with listening(served) as address:
        connections = [ask(address, REQUEST) for _ in range(40)]
        answers = [whole_answer(connection) for connection in connections]
    kinds = {status for status, _ in answers}
    assert kinds <= {200, 429}
    assert 200 in kinds
    assert all(events_of(body)[-1]["event"] == "done" for status, body in answers if status == 200)
    assert serving_of(served).places.taken == 0


def test_a_client_that_leaves_frees_its_place(app, monkeypatch):
    served = app(Limits(max_requests=1))
    model = next(iter(serving_of(served).models))
    began, go_on = held_back(model, monkeypatch)
    with listening(served) as address:
        leaving = ask(address, {**REQUEST, "text": "the book. rain. the book."})
        assert began.wait(10)
        assert whole_answer(ask(address, REQUEST))[0] == 429
        leaving.close()
        wait_for(lambda: serving_of(served).places.taken == 0)
        go_on.set()
        assert whole_answer(ask(address, REQUEST))[0] == 200
    assert sum(model.batcher.batches) == 2  # the other sentences of the one who left were never signed


def test_a_stop_lets_those_in_flight_end_and_accepts_no_more(app, monkeypatch):
    served = app()
    model = next(iter(serving_of(served).models))
    began, go_on = held_back(model, monkeypatch)
    with listening(served) as address:
        connection = ask(address, REQUEST)
        assert began.wait(10)
        threading.Timer(0.1, go_on.set).start()
    assert events_of(whole_answer(connection)[1])[-1]["event"] == "done"
    with pytest.raises(OSError, match="refused"):
        ask(address, REQUEST)


def test_a_request_that_comes_too_slowly_is_ended(app):
    import socket

    with listening(app(Limits(body_seconds=0.1))) as address, socket.create_connection(address, timeout=10) as slow:
        slow.sendall(b"POST /api/sign HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
        assert slow.recv(1000).startswith(b"HTTP/1.1 408")
