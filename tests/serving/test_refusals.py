"""Requests that are refused: with a status, the field, and nothing of what others asked."""

import pytest

from signllm.serving.guard import COOKIE, Access
from signllm.serving.limits import Limits

TOKEN = "a-token-of-24-characters"


@pytest.mark.parametrize(
    ("request_", "field", "words"),
    [
        ({"text": " "}, "text", "empty"),
        ({}, "text", "required"),
        ({"text": "a\0b"}, "text", "control characters"),
        ({"text": "x" * 101}, "text", "at most 100"),
        ({"text": "the book. " * 4, "language": "ASL"}, "text", "at most 3"),
        ({"text": "the book"}, "language", "which sign language"),
        ({"text": "the book", "language": "XYZ"}, "language", "XYZ"),
        ({"text": "the book", "language": "KSL"}, "language", "ASL"),
        ({"text": "the book", "language": "ASL", "model": "tyni"}, "model", "did you mean 'tiny'"),
        ({"text": "the book", "language": "ASL", "model": "../../etc/passwd"}, "model", "not served"),
        ({"text": "the book", "language": "ASL", "mode": "prompt2langgloss"}, "mode", "tiny is mlsf"),
        ({"text": "the book", "language": "ASL", "seed": -1}, "seed", "greater than"),
        ({"text": "the book", "language": "ASL", "sed": 1}, "sed", "not permitted"),
        ({"text": "the book", "language": "ASL", "options": {"steps": 3}}, "options.steps", "does not have"),
        ({"text": "the book", "language": "ASL", "options": {"amplitude": 9}}, "options.amplitude", "0.5 to 2"),
        ({"text": "the zebra", "language": "ASL", "strict": True}, "text", "zebra"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(serve, request_, field, words):
    client = serve(Limits(max_characters=100, max_sentences=3))
    answer = client.post("/api/sign", json=request_)
    assert answer.status_code == 422
    said = answer.json()
    assert said["error"] == "invalid"
    assert [fault["field"] for fault in said["fields"]] == [field]
    assert words in said["fields"][0]["message"]


def test_what_is_no_json_or_too_much_is_refused(serve):
    client = serve(Limits(max_body_bytes=1000))
    headers = {"content-type": "application/json"}
    assert client.post("/api/sign", content=b"{", headers=headers).status_code == 422
    assert client.post("/api/sign", content=b"x" * 1001, headers=headers).status_code == 413

    def chunks():
        yield from [b"x" * 600] * 2

    assert client.post("/api/sign", content=chunks(), headers=headers).status_code == 413


def test_who_finds_no_place_is_told_when_to_come_again(serve):
    client = serve(Limits(max_requests=1))
    serving = client.app.app.state.serving
    serving.places.take(0)
    answer = client.post("/api/sign", json={"text": "the book", "language": "ASL"})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert answer.json()["error"] == "busy"
    serving.places.free()
    for stream in (True, False):
        request = {"text": "the book", "language": "ASL", "stream": stream}
        assert client.post("/api/sign", json=request).status_code == 200
        assert serving.places.taken == 0


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200), ("localhost:8000", 200), ("127.0.0.1:99", 200), ("[::1]:8000", 200), ("192.168.0.7", 200),
        ("evil.example", 421), ("localhost.evil.example", 421), ("", 421), ("demo.example", 200),
    ],
)  # fmt: skip
def test_a_name_that_others_could_let_point_here_is_refused(serve, host, status):
    client = serve(access=Access(frozenset({"localhost", "demo.example"})))
    assert client.get("/api/models", headers={"host": host}).status_code == status


def test_pages_of_other_sites_cannot_ask(serve):
    client = serve()
    request = {"text": "the book", "language": "ASL"}
    own = {"origin": "http://localhost", "sec-fetch-site": "same-origin"}
    assert client.post("/api/sign", json=request, headers=own).status_code == 200
    for headers in ({"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
        assert client.post("/api/sign", json=request, headers=headers).status_code == 403


def test_with_a_token_nothing_is_seen_without_it(serve):
    client = serve(access=Access(token=TOKEN))
    for path in ("/api/models", "/api/page", "/docs", "/openapi.json", "/assets/app.js", "/api/clips/x"):
        assert client.get(path).status_code == 401, path
    assert client.get("/api/models", headers={"authorization": f"Bearer {TOKEN}x"}).status_code == 401
    assert client.get("/api/models", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
    page = client.get("/")
    assert page.status_code == 401
    assert 'name="token"' in page.text
    assert TOKEN not in repr(Access(token=TOKEN))


def test_a_browser_gives_the_token_once(serve, monkeypatch):
    monkeypatch.setattr("signllm.serving.pages._WRONG_TOKEN_S", 0)
    client = serve(access=Access(token=TOKEN))
    for answer in (client.get("/?token=wrong", follow_redirects=False),
                   client.post("/login", data={"token": "wrong"}, follow_redirects=False)):  # fmt: skip
        assert answer.headers["location"] == "/#wrong"
        assert not answer.cookies
    answer = client.post("/login", data={"token": TOKEN}, follow_redirects=False)
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert TOKEN not in cookie
    assert client.get("/api/models").status_code == 200
    client.cookies.clear()
    assert client.get("/api/models", headers={"cookie": f"{COOKIE}=x"}).status_code == 401
    assert client.get(f"/?token={TOKEN}", follow_redirects=False).headers["location"] == "/"


def test_every_answer_forbids_what_the_page_does_not_need(serve):
    client = serve()
    for path in ("/", "/docs", "/assets/app.js", "/nothing", "/api/models", "/api/clips/x"):
        policy = client.get(path).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
    refused = client.get("/", headers={"host": "evil.example"})
    assert refused.headers["x-frame-options"] == "DENY"


def test_paths_lead_nowhere(serve):
    client = serve()
    for path in (
        "/assets/../app.py",
        "/assets/%2e%2e/app.py",
        "/assets/..%2fapp.py",
        "/assets/index.htm",
        "/etc/passwd",
    ):
        assert client.get(path).status_code == 404, path
