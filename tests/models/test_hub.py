"""Fetching a shared model by its name: what is asked of the hub's client, and what is said where it fails."""

import shutil
import socket
import time
from types import SimpleNamespace

import numpy as np
import pytest

from signllm.errors import CheckpointError
from signllm.inference import Generator
from signllm.models import hub
from signllm.models.folder import FILES
from signllm.training.setup import build_experiment


@pytest.fixture
def shared(make_config, tmp_path):
    experiment = build_experiment(make_config("data.max_frames=20"))
    generator = Generator(experiment.model, experiment.config, "cpu")
    return generator, generator.save_pretrained(tmp_path / "shared")


def answer_with(monkeypatch, answer, folder=None):
    """Let the hub answer so, and its client give `folder`; returns what the client was asked."""
    asked = []

    def snapshot_download(name, **options):
        asked.append((name, options))
        if folder is None:
            raise FileNotFoundError("no snapshot\nlong explanation")
        return str(folder)

    monkeypatch.setattr(hub, "ask_hub", lambda name, file, revision: asked.append((name, file, revision)) or answer)
    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    return asked


def test_a_name_is_fetched_and_signs_the_same(shared, monkeypatch, tmp_path):
    generator, folder = shared
    monkeypatch.chdir(tmp_path)
    asked = answer_with(monkeypatch, hub.HubAnswer(), folder)
    fetched = Generator.from_pretrained("someone/signer", revision="v1", device="cpu")
    options = {"revision": "v1", "allow_patterns": FILES, "local_files_only": False}
    assert asked == [("someone/signer", "config.json", "v1"), ("someone/signer", options)]
    assert np.array_equal(generator("hello", "ASL").pose.coordinates, fetched("hello", "ASL").pose.coordinates)


def test_without_the_hub_what_was_fetched_before_is_taken(shared, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    asked = answer_with(monkeypatch, hub.HubAnswer("cannot be reached"), shared[1])
    assert Generator.from_pretrained("someone/signer", device="cpu").languages == ["ASL", "GSL"]
    assert asked[1][1]["local_files_only"] is True


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (hub.HubAnswer("RepoNotFound", refused=True), "gives out without a login .RepoNotFound."),
        (hub.HubAnswer("the hub is silent"), "not in the hub's cache on this machine.*the hub is silent"),
        (hub.HubAnswer(), "cannot be fetched: no snapshot; give the folder"),
    ],
)
def test_what_cannot_be_had_is_said(monkeypatch, tmp_path, answer, message):
    monkeypatch.chdir(tmp_path)
    answer_with(monkeypatch, answer)
    with pytest.raises(CheckpointError, match=message):
        Generator.from_pretrained("someone/signer")


def test_no_folder_and_no_name_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="no such folder here"):
        Generator.from_pretrained(tmp_path / "nothing" / "here")


def test_a_local_folder_has_no_revision(shared):
    with pytest.raises(CheckpointError, match="no revision 'v1'"):
        Generator.from_pretrained(shared[1], revision="v1")


def test_a_model_in_the_hubs_cache_is_read_by_the_real_client(shared, monkeypatch, tmp_path):
    from huggingface_hub import constants

    commit = "0" * 40
    home = tmp_path / "cache" / "models--someone--signer"
    shutil.copytree(shared[1], home / "snapshots" / commit)
    (home / "refs").mkdir()
    (home / "refs" / "main").write_text(commit)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.chdir(tmp_path)
    assert Generator.from_pretrained("someone/signer", device="cpu").languages == ["ASL", "GSL"]


def head_answers(monkeypatch, status, headers=()):
    response = SimpleNamespace(status_code=status, headers=dict(headers))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.get_session", lambda: SimpleNamespace(head=lambda url, timeout: response))


def test_the_hubs_answers_are_told_apart(monkeypatch):
    head_answers(monkeypatch, 302)
    assert hub.ask_hub("someone/signer") == hub.HubAnswer()
    head_answers(monkeypatch, 404, {"x-error-code": "RevisionNotFound"})
    assert hub.ask_hub("someone/signer", revision="v9") == hub.HubAnswer("RevisionNotFound", refused=True)
    head_answers(monkeypatch, 403)
    assert "status 403" in hub.ask_hub("someone/signer").fault


def test_a_silent_hub_is_given_up(monkeypatch):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
        monkeypatch.setattr(hub, "PATIENCE_S", 0.3)
        started = time.monotonic()
        assert "cannot be reached" in hub.ask_hub("someone/signer").fault
        assert time.monotonic() - started < 5
