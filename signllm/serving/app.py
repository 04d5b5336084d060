"""The web application: the page, the JSON interface, and the files of clips."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response, StreamingResponse
from starlette.exceptions import HTTPException

import signllm
from signllm.composing.signer import NoSignError
from signllm.errors import ConfigError, SignLLMError
from signllm.serving.batching import StoppingError
from signllm.serving.clip_store import ClipStore
from signllm.serving.frames import packed
from signllm.serving.guard import Access, Guard, Receive, Scope, Send
from signllm.serving.limits import Limits
from signllm.serving.models import Models, ServedModel
from signllm.serving.pages import add_pages
from signllm.serving.places import BusyError, Places
from signllm.serving.schema import ClipOut, FieldFault, Refusal, SignedClip, SignRequest
from signllm.serving.signing import Signing, TooSlowError, facts_of
from signllm.suffixes import CLIPS, names
from signllm.text.checks import check_text
from signllm.viewing.player.avatars import PageAvatar

NDJSON = "application/x-ndjson"
_REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"model": Refusal, "description": "the token is missing or wrong"},
    422: {"model": Refusal, "description": "a field is wrong; `fields` names it"},
    429: {"model": Refusal, "description": "all places are taken; come again after `Retry-After` seconds"},
    503: {"model": Refusal, "description": "the server is being stopped"},
    504: {"model": Refusal, "description": "it took longer than a request may take"},
}


class FieldError(Exception):
    """A field of a request is wrong."""

    def __init__(self, faults: list[tuple[str, str]]):
        self.faults = faults
        super().__init__(str(faults))


class Serving:
    """What the routes share: models, places, kept clips, threads."""

    def __init__(self, models: Models, limits: Limits, avatar: PageAvatar | None):
        self.models, self.limits, self.avatar = models, limits, avatar
        self.places, self.file_places = Places(limits.max_requests), Places(limits.max_files)
        self.store = ClipStore(limits.kept_clips, limits.kept_bytes)
        # One each: more would only take turns, and a new text must not wait for bones.
        self.reading, self.finishing = (ThreadPoolExecutor(1, f"signllm-{name}") for name in ("reading", "finishing"))
        self.file_threads = ThreadPoolExecutor(limits.file_workers, "signllm-files")

    @asynccontextmanager
    async def running(self, _: FastAPI) -> AsyncIterator[None]:
        """While the server runs."""
        for model in self.models:
            model.batcher.start()
        yield
        for model in self.models:
            await asyncio.to_thread(model.batcher.stop)
        for threads in (self.reading, self.finishing, self.file_threads):
            threads.shutdown(cancel_futures=True)

    async def prepare(self, request: SignRequest) -> Signing:
        """Check a request against models and limits. Raises FieldError."""
        limits = self.limits
        if len(request.text) > limits.max_characters:
            length = f"{len(request.text):,} characters; at most {limits.max_characters:,} are signed at once"
            raise FieldError([("text", f"{length}, so divide the text")])
        try:
            model = self.models.choose(request.model, request.mode)
        except ConfigError as error:
            name, _, fault = error.faults[0].partition(": ")
            raise FieldError([(name, fault)]) from None
        try:
            request.options.chosen().check(model.generator.config.model.pose_decoder)
        except ConfigError as error:
            faults = [fault.partition(": ") for fault in error.faults]
            raise FieldError([(f"options.{name}", fault) for name, _, fault in faults]) from None
        plan = await asyncio.get_running_loop().run_in_executor(self.reading, _plan, model, request)
        if len(plan) > limits.max_sentences:
            raise FieldError([("text", f"{len(plan)} sentences; at most {limits.max_sentences} are signed at once")])
        if request.strict and (notes := model.generator.notes(plan)):
            raise FieldError([("text", note.message) for note in notes])
        return Signing(
            model, request, plan, limits, self.store, self.finishing, self.avatar if request.avatar else None
        )

    @property
    def seconds_to_wait(self) -> float:
        """Until a place is free, roughly."""
        return max(model.batcher.seconds_to_wait for model in self.models)


def _plan(model: ServedModel, request: SignRequest) -> Any:
    """The sentences of a request. Raises FieldError."""
    try:
        check_text(request.text)
    except ConfigError as error:
        raise FieldError([("text", fault) for fault in error.faults]) from None
    try:
        return model.generator.sentences(request.text, request.language, request.split)
    except NoSignError as error:
        raise FieldError([("text", fault) for fault in error.faults]) from None
    except ConfigError as error:
        raise FieldError([("language", fault) for fault in error.faults]) from None


class _EventStream(StreamingResponse):
    """Events as they happen; when they end, or the client leaves, `end` is called."""

    def __init__(self, events: AsyncIterator[bytes], end: Callable[[], None]):
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        super().__init__(events, media_type=NDJSON, headers=headers)
        self._events, self._end = events, end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._end()
            await self._events.aclose()  # type: ignore[attr-defined]  # a generator


def make_app(models: Models, access: Access, limits: Limits | None = None, avatar: PageAvatar | None = None) -> Guard:
    """The application as uvicorn runs it. `avatar`: the person who signs on the page, None for skeletons only."""
    serving = Serving(models, limits or Limits(), avatar)
    api = FastAPI(
        title="SignLLM",
        version=signllm.__version__,
        description="From text to signing: models that are served here, and what they sign.",
        lifespan=serving.running,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    api.state.serving = serving
    _add_refusals(api)
    _add_signing(api, serving)
    _add_clips(api, serving)
    add_pages(api, models, access, serving.limits, avatar)
    return Guard(api, access, serving.limits)


def _add_signing(api: FastAPI, serving: Serving) -> None:
    @api.get("/api/models", summary="The models that are served, and what can be chosen", tags=["models"])
    async def list_models() -> dict[str, Any]:
        return {"models": [model.facts() for model in serving.models]}

    @api.post(
        "/api/sign",
        summary="Sign a text",
        description="One JSON object a line (NDJSON): `start`; for each sentence `frames`, once or several times, and"
        " `sentence`; then `done`, or `error`. Requests that are in flight together are signed in one batch.",
        response_model=SignedClip,
        responses=_REFUSALS,
        tags=["signing"],
    )
    async def sign(request: SignRequest) -> Response:
        signing = await serving.prepare(request)
        serving.places.take(serving.seconds_to_wait)
        if request.stream:
            return _EventStream(_lines(signing), serving.places.free)
        try:
            return await _whole(signing)
        finally:
            serving.places.free()


async def _lines(signing: Signing) -> AsyncIterator[bytes]:
    """Each event as a line of JSON; an error is the last one."""
    try:
        async with aclosing(signing.events()) as events:  # type: ignore[type-var]  # a generator
            async for event in events:
                yield orjson.dumps(event) + b"\n"
    except (TooSlowError, StoppingError) as error:
        yield orjson.dumps({"event": "error", **_refusal_of(error)[1].model_dump(exclude_defaults=True)}) + b"\n"
    except SignLLMError as error:
        yield orjson.dumps({"event": "error", "error": "model", "message": "; ".join(error.faults)}) + b"\n"
    except Exception:
        yield orjson.dumps({"event": "error", "error": "internal", "message": "the model failed on this text"}) + b"\n"
        raise


async def _whole(signing: Signing) -> Response:
    """All at the end, as one object."""
    facts: dict[str, Any] = {}
    async with aclosing(signing.events()) as events:  # type: ignore[type-var]  # a generator
        async for event in events:
            facts = event
    assert signing.clip is not None
    facts.pop("event")
    poses = packed(signing.clip.pose.coordinates, signing.request.encoding)
    return Response(orjson.dumps({**facts, "poses": poses}), media_type="application/json")


def _add_clips(api: FastAPI, serving: Serving) -> None:
    def clip_of(name: str) -> Any:
        clip = serving.store.get(name)
        if clip is None:
            raise HTTPException(404, "this clip is no longer kept; sign the text again")
        return clip

    @api.get("/api/clips/{id}", summary="What is known of a clip", response_model=ClipOut, tags=["clips"])
    async def describe(id: str) -> Response:
        return Response(orjson.dumps(facts_of(id, clip_of(id))), media_type="application/json")

    @api.get(
        "/api/clips/{id}/{format}",
        summary="A clip as a file",
        description="In every format that the toolkit writes; `files` of a clip lists them.",
        response_class=Response,
        responses={429: _REFUSALS[429]},
        tags=["clips"],
    )
    async def download(id: str, format: str) -> Response:
        clip = clip_of(id)
        if f".{format}" not in CLIPS:
            raise HTTPException(404, f"no format '{format}'; known: {', '.join(names())}")
        with serving.file_places.held(5):
            loop = asyncio.get_running_loop()
            data = await loop.run_in_executor(serving.file_threads, _file_of, clip, format)
        name = f"{clip.file_stem}.{format}"
        plain = name.encode("ascii", "ignore").decode()
        disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
        headers = {"content-disposition": disposition, "cache-control": "private, max-age=600"}
        return Response(data, media_type="application/octet-stream", headers=headers)


def _file_of(clip: Any, format: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="signllm-") as folder:
        return clip.save(Path(folder) / f"{clip.file_stem}.{format}").read_bytes()


def _refusal_of(error: Exception) -> tuple[int, Refusal]:
    if isinstance(error, BusyError):
        return 429, Refusal(error="busy", message=str(error), retry_after_s=error.retry_after_s)
    if isinstance(error, TooSlowError):
        return 504, Refusal(error="time", message="it took longer than a request may take; try a shorter text")
    if isinstance(error, StoppingError):
        return 503, Refusal(error="stopping", message="the server is being stopped")
    if isinstance(error, FieldError):
        fields = [FieldFault(field=name, message=message) for name, message in error.faults]
        return 422, Refusal(error="invalid", message="; ".join(fault.message for fault in fields), fields=fields)
    if isinstance(error, RequestValidationError):
        faults = [(".".join(map(str, e["loc"][1:])) or "body", e["msg"]) for e in error.errors()]
        return _refusal_of(FieldError(faults))
    if isinstance(error, HTTPException):
        return error.status_code, Refusal(
            error="not_found" if error.status_code == 404 else "http", message=error.detail
        )
    return 500, Refusal(error="internal", message="the server failed; its log says why")


def _add_refusals(api: FastAPI) -> None:
    async def refuse(_: Request, error: Exception) -> Response:
        status, refusal = _refusal_of(error)
        headers = {} if refusal.retry_after_s is None else {"retry-after": str(refusal.retry_after_s)}
        body = orjson.dumps(refusal.model_dump(exclude_defaults=True))
        return Response(body, status, headers, "application/json")

    handler: Callable[[Request, Exception], Awaitable[Response]] = refuse
    kinds = (BusyError, TooSlowError, StoppingError, FieldError, RequestValidationError, HTTPException, SignLLMError)
    for kind in kinds:
        api.add_exception_handler(kind, handler)
