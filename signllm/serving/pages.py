"""The page, its files, the place for the token, and `/docs`."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qs

import orjson
from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response

from signllm.languages import LANGUAGES
from signllm.pose import SKELETON_50
from signllm.serving.assets import Asset, load_assets
from signllm.serving.documentation import documentation
from signllm.serving.frames import packed, packed_motion
from signllm.serving.guard import COOKIE, Access
from signllm.serving.limits import Limits
from signllm.serving.models import Models
from signllm.suffixes import names
from signllm.viewing.drawing import view_box, with_head
from signllm.viewing.player.avatars import PageAvatar

_WRONG_TOKEN_S = 0.5  # what a wrong token costs
_STAY_S = 12 * 3600


def add_pages(api: FastAPI, models: Models, access: Access, limits: Limits, avatar: PageAvatar | None) -> None:
    """Add the routes that are for browsers."""
    assets = load_assets(avatar.file if avatar is not None else None)
    begin = orjson.dumps(_beginning(models, limits, avatar))

    @api.get("/", include_in_schema=False)
    async def page(request: Request) -> Response:
        token = request.query_params.get("token")
        if token is not None and access.token is not None:
            return await _log_in(token)
        admitted = access.admits({name.lower(): value for name, value in request.headers.items()})
        return _sent(assets["index.html" if admitted else "login.html"], request, 200 if admitted else 401)

    @api.post("/login", include_in_schema=False)
    async def login(request: Request) -> Response:
        given = parse_qs((await request.body()).decode("utf-8", "replace")).get("token", [""])
        return await _log_in(given[0].strip())

    async def _log_in(token: str) -> Response:
        if not access.allows(token):
            await asyncio.sleep(_WRONG_TOKEN_S)
            return RedirectResponse("/#wrong", 303)
        answer = RedirectResponse("/", 303)
        if access.token is not None:
            answer.set_cookie(COOKIE, access.cookie, max_age=_STAY_S, httponly=True, samesite="lax", path="/")
        return answer

    @api.get("/assets/{name}", include_in_schema=False)
    async def asset(name: str, request: Request) -> Response:
        if name not in assets:
            return Response(status_code=404)
        return _sent(assets[name], request)

    @api.get("/api/page", include_in_schema=False)
    async def beginning() -> Response:
        return Response(begin, media_type="application/json", headers={"cache-control": "no-cache"})

    @api.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return Response(documentation(api.openapi()), media_type="text/html; charset=utf-8")


def _sent(asset: Asset, request: Request, status: int = 200) -> Response:
    headers = {"cache-control": "no-cache", "etag": asset.tag, "vary": "accept-encoding"}
    if request.headers.get("if-none-match") == asset.tag and status == 200:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.packed, status, {**headers, "content-encoding": "gzip"}, asset.media_type)
    return Response(asset.data, status, headers, asset.media_type)


def _beginning(models: Models, limits: Limits, avatar: PageAvatar | None) -> dict[str, Any]:
    """What the page must know to begin: what can be chosen, and a signer who stands there."""
    served = list(models)
    clip = served[0].first_clip
    first = clip.pose.replace(coordinates=clip.pose.coordinates[:1], valid=clip.pose.valid[:1])
    box = view_box([clip.pose]) if avatar is None else with_head(view_box([clip.pose]))
    return {
        "models": [model.facts() for model in served],
        "modes": list(dict.fromkeys(model.generator.mode for model in served)),
        "languageNames": {code: language.name for code, language in LANGUAGES.items()},
        "formats": names(),
        "limits": {"max_characters": limits.max_characters, "max_sentences": limits.max_sentences},
        "skeleton": {"name": SKELETON_50.name, "joints": SKELETON_50.joints, "parents": SKELETON_50.parents},
        "box": {"left": box.left, "top": box.top, "side": box.side},
        "avatar": None if avatar is None else {**avatar.placement(), "url": "/assets/avatar.glb"},
        "rest": {
            "fps": clip.pose.fps,
            "poses": packed(first.coordinates, "base64"),
            "motion": None if avatar is None else packed_motion(first, avatar),
        },
    }
