"""What every request passes first: who may ask, from which page, how much; and what every answer tells the browser."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

import orjson

from signllm.serving.limits import Limits

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = "signllm_token"
OPEN_PATHS = frozenset({"/login", "/assets/login.css", "/assets/icon.svg"})
"""What is seen without the token."""

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self' blob:;"
    " font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # with none, the browser hides from us which page a form came from
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
}


@dataclass(frozen=True)
class Access:
    """hosts: names under which the server may be asked, beside its addresses. token: what visitors need, if any."""

    hosts: frozenset[str] = frozenset({"localhost"})
    token: str | None = field(default=None, repr=False)

    def allows_host(self, host: str | None) -> bool:
        """Whether a Host header names this server: by an address, which no DNS entry can fake, or by a known name."""
        name = _host_name(host or "")
        if name is None:
            return False
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name in self.hosts
        return True

    def allows(self, given: str | None) -> bool:
        """Whether this is the token, or none is needed."""
        if self.token is None:
            return True
        return given is not None and hmac.compare_digest(given.encode(), self.token.encode())

    @property
    def cookie(self) -> str:
        """What a browser keeps in place of the token."""
        return hashlib.sha256(f"signllm page {self.token}".encode()).hexdigest()

    def admits(self, headers: dict[str, str]) -> bool:
        """Whether a request has the token, as a bearer token or as the page's cookie."""
        if self.token is None:
            return True
        kind, _, bearer = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and self.allows(bearer.strip()):
            return True
        try:
            kept = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return False
        return kept is not None and hmac.compare_digest(kept.value.encode(), self.cookie.encode())


class Guard:
    """ASGI middleware."""

    def __init__(self, app: App, access: Access, limits: Limits):
        self.app, self.access, self.limits = app, access, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await _answer(send, *refusal)
            return
        body = _LimitedBody(receive, self.limits)
        with suppress(BodyError):
            await self.app(scope, body.receive, _with_headers(send, body))
        if body.fault is not None and not body.answered:
            await _answer(send, body.fault.status, body.fault.name, str(body.fault))

    def _refusal(self, scope: Scope, headers: dict[str, str]) -> tuple[int, str, str] | None:
        if not self.access.allows_host(headers.get("host")):
            return 421, "host", "this server is not asked under that name; start it with --allow_host NAME"
        if scope["method"] not in ("GET", "HEAD", "OPTIONS") and not _same_origin(headers):
            return 403, "origin", "this request comes from a page of another site"
        if scope["path"] not in OPEN_PATHS and not self.access.admits(headers):
            if scope["path"] == "/" and scope["method"] == "GET":
                return None  # the page itself shows where the token goes
            return 401, "token", "a token is needed: send the header 'Authorization: Bearer TOKEN'"
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self.limits.max_body_bytes:
            return 413, "size", f"a request holds at most {self.limits.max_body_bytes:,} bytes"
        return None


class BodyError(Exception):
    """What a request sends is too much, or comes too slowly."""

    def __init__(self, status: int, name: str, message: str):
        super().__init__(message)
        self.status, self.name = status, name


class _LimitedBody:
    """Counts what a request sends, and waits for it no longer than allowed."""

    def __init__(self, receive: Receive, limits: Limits):
        self._receive, self._limits = receive, limits
        self.fault: BodyError | None = None
        self.answered = False
        self._bytes, self._done = 0, False
        self._ends = time.monotonic() + limits.body_seconds

    async def receive(self) -> Message:
        if self._done:
            return await self._receive()  # the client leaves, some time
        try:
            message = await asyncio.wait_for(self._receive(), max(0.0, self._ends - time.monotonic()))
        except TimeoutError:
            self.fault = BodyError(408, "time", "the request did not arrive in time")
            raise self.fault from None
        self._bytes += len(message.get("body", b""))
        self._done = not message.get("more_body", False)
        if self._bytes > self._limits.max_body_bytes:
            self.fault = BodyError(413, "size", f"a request holds at most {self._limits.max_body_bytes:,} bytes")
            raise self.fault
        return message


def _with_headers(send: Send, body: _LimitedBody) -> Send:
    async def sending(message: Message) -> None:
        if body.fault is not None and not body.answered:
            return  # what is answered to half a request, in place of what is wrong with it
        if message["type"] == "http.response.start":
            body.answered = True
            message["headers"] = _complete(message.get("headers", ()))
        await send(message)

    return sending


def _complete(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    given = list(headers)
    names = {name.lower() for name, _ in given}
    return given + [(n.encode(), v.encode()) for n, v in HEADERS.items() if n.encode() not in names]


async def _answer(send: Send, status: int, error: str, message: str) -> None:
    """A refusal, before anything else was sent."""
    body = orjson.dumps({"error": error, "message": message})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers += [(b"www-authenticate", b"Bearer")] if status == 401 else []
    headers += [(b"connection", b"close")] if status in (408, 413) else []
    await send({"type": "http.response.start", "status": status, "headers": _complete(headers)})
    await send({"type": "http.response.body", "body": body})


def _same_origin(headers: dict[str, str]) -> bool:
    """Whether a request that changes something comes from our own page, or from no page at all."""
    if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc.lower() == headers.get("host", "").lower()


def _host_name(host: str) -> str | None:
    """The name or address in a Host header, without its port."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
