"""The flags of the demo: what it refuses before anything is loaded, and how it is reached from both commands."""

import argparse
import signal
import socket

import pytest

from signllm.cli import inference, main, serve
from signllm.errors import ConfigError

FLAGS = ["--model_path", "m.pth"]
needs_fastapi = pytest.mark.skipif(
    any(serve.find_spec(name) is None for name in ("fastapi", "uvicorn")), reason="no FastAPI"
)


def parsed(*flags):
    return serve.make_parser().parse_args([*FLAGS, *flags])


@needs_fastapi
@pytest.mark.parametrize(
    ("flags", "fault"),
    [
        (["--host", "0.0.0.0"], "--token auto"),
        (["--host", "demo.example"], "--token auto"),
        (["--token", "short"], "at least 16"),
        (["--token", "ünicode-and-long-enough"], "ASCII"),
        (["--port", "70000"], "0 to 65535"),
        (["--max_requests", "0"], "--max_requests 0"),
        (["--max_seconds", "nan"], "--max_seconds nan"),
    ],
)
def test_flags_that_cannot_be_are_refused(flags, fault, monkeypatch):
    monkeypatch.delenv(serve.TOKEN_VARIABLE, raising=False)
    with pytest.raises(ConfigError) as caught:
        serve.check_flags(parsed(*flags))
    assert fault in str(caught.value)


@needs_fastapi
@pytest.mark.parametrize(
    ("flags", "fault"),
    [
        ([], "at least one --model_path or --lexicon"),
        (["--model_path", "m.pth", "--pace", "2"], "--pace belongs to --lexicon"),
        (["--model_path", "m.pth", "--language", "ASL"], "--language belongs to --lexicon"),
        (["--lexicon", "signs", "--detail", "2"], "--detail 2: expected a number from 0"),
    ],
)
def test_a_model_or_a_lexicon_is_served_with_its_own_flags(flags, fault):
    with pytest.raises(ConfigError) as caught:
        serve.check_flags(serve.make_parser().parse_args(flags))
    assert fault in str(caught.value)


@needs_fastapi
def test_the_token_comes_from_the_flag_the_environment_or_chance(monkeypatch):
    monkeypatch.delenv(serve.TOKEN_VARIABLE, raising=False)
    for host in ("127.0.0.1", "localhost", "::1"):
        assert serve.check_flags(parsed("--host", host)) is None
    one, two = (serve.check_flags(parsed("--host", "0.0.0.0", "--token", "auto")) for _ in range(2))
    assert one != two
    assert len(one) >= 32
    monkeypatch.setenv(serve.TOKEN_VARIABLE, "from-the-environment")
    assert serve.check_flags(parsed("--host", "0.0.0.0")) == "from-the-environment"


@needs_fastapi
def test_a_port_that_is_taken_is_said_before_a_model_is_loaded(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert inference.main(["--serve", *FLAGS, "--port", str(port)]) == 2
    said = capsys.readouterr().err
    assert f"--port {port}: another program listens" in said
    assert "m.pth" not in said


def test_missing_packages_are_named_with_the_remedy(monkeypatch, capsys):
    monkeypatch.setattr(serve, "find_spec", lambda name: None)
    assert serve.main(FLAGS) == 2
    assert "pip install -r requirements-serve.txt" in capsys.readouterr().err


def test_both_commands_lead_here(monkeypatch):
    seen = []
    monkeypatch.setattr(serve, "main", lambda argv: seen.append(argv) or 0)
    assert inference.main(["--model_path", "m.pth", "--serve", "--port", "0"]) == 0
    assert main.main(["serve", "--model_path", "m.pth"]) == 0
    assert seen == [["--model_path", "m.pth", "--port", "0"], FLAGS]


def test_flags_of_signing_are_refused_with_serve(capsys):
    with pytest.raises(SystemExit) as stopped:
        inference.main(["--serve", *FLAGS, "--text", "hello"])
    assert stopped.value.code == 2
    assert "--text" in capsys.readouterr().err


@needs_fastapi
def test_it_serves_until_a_signal_and_ends_with_0(monkeypatch, capsys):
    async def app(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})

    def say_where(args: argparse.Namespace, opened, token) -> None:
        print(f"serving at {opened.getsockname()[0]}")  # noqa: T201  # as the function it stands for
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(serve, "_load", lambda args, token: app)
    monkeypatch.setattr(serve, "_say_where", say_where)
    before = signal.getsignal(signal.SIGTERM)
    assert serve.main([*FLAGS, "--port", "0"]) == 0
    assert signal.getsignal(signal.SIGTERM) is before
    assert capsys.readouterr().out.splitlines() == ["serving at 127.0.0.1", "stopped / 已停止"]


@needs_fastapi
def test_names_come_from_the_runs(tmp_path):
    from signllm.serving.models import names_of

    paths = [
        tmp_path / name
        for name in ("a/best_model.pth", "a/last_model.pth", "b/best_model.pth", "c/a/best_model.pth", "shared")
    ]
    assert names_of(paths) == ["a", "a-last_model", "b", "a-2", "shared"]
