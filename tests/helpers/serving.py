"""Tiny models behind the application, and a real server for what only sockets show."""

import base64
import json
import socket
import threading
import time
from contextlib import contextmanager

import numpy as np

from signllm.inference import Generator
from signllm.models.sign_model import create_model
from tests.helpers.clips import signing


def tiny_generator(config, languages=("ASL", "GSL")):
    """A generator with random weights that knows the words of two sentences in each language, and how people look."""
    from signllm.models.known_words import KnownWords

    texts = ["the book", "it will rain tomorrow", "das Buch", "morgen regnet es"]
    model = create_model(config.model, languages, texts, ["BOOK", "RAIN"])
    people = [(clip.coordinates, clip.valid) for clip in (signing(seed) for seed in range(3))]
    model.fit_normalizers(dict.fromkeys(languages, people))
    model.known_words = KnownWords.of({"ASL": texts[:2], "GSL": texts[2:]})
    return Generator(model, config, "cpu")


def events_of(text):
    """The events of a streamed answer."""
    return [json.loads(line) for line in text.splitlines()]


def poses_of(events):
    """The frames of all events, one after the other."""
    parts = [np.frombuffer(base64.b64decode(e["poses"]), "<f4").reshape(-1, 50, 3) for e in events if "poses" in e]
    return np.concatenate(parts)


@contextmanager
def listening(app):
    """The application at a free port of this machine, in a thread; gives its address as (host, port)."""
    from signllm.serving.server import listen, make_server

    opened = listen("127.0.0.1", 0)
    server = make_server(app, stop_seconds=2)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [opened]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.005)
    try:
        yield opened.getsockname()
    finally:
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive()


def ask(address, request, headers=()):
    """Send a signing request over a socket of its own; return the socket, to be read from."""
    body = json.dumps(request).encode()
    lines = ["POST /api/sign HTTP/1.1", "Host: localhost", "Content-Type: application/json", *headers]
    lines += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
    connection = socket.create_connection(address, timeout=20)
    connection.sendall("\r\n".join(lines).encode() + body)
    return connection


def whole_answer(connection):
    """(status, body) of an answer, to its end."""
    with connection, connection.makefile("rb") as file:
        data = file.read()
    head, _, body = data.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" in head.lower():
        body = _unchunked(body)
    return int(head.split()[1]), body.decode()


def _unchunked(body):
    whole = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        whole, body = whole + body[: int(size, 16)], body[int(size, 16) + 2 :]
    return whole
