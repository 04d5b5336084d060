"""`signllm serve` and `inference_signllm.py --serve`: a page where a text is typed and watched as it is signed."""

from __future__ import annotations

import argparse
import os
import secrets
import socket
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from signllm.cli import inference_lexicon
from signllm.cli.common import command, parser, without_garbage_collection
from signllm.errors import ConfigError

TOKEN_VARIABLE = "SIGNLLM_TOKEN"
SHORTEST_TOKEN = 16
_PACKAGES = ("fastapi", "uvicorn")


def make_parser() -> argparse.ArgumentParser:
    """The flags."""
    arguments = parser(
        "inference_signllm.py --serve",
        "Serve a page where a text is typed and watched as it is signed, and a JSON interface.",
        "启动网页演示：输入文本即可观看手语，并提供 JSON 接口。",
    )
    add = arguments.add_argument
    add(
        "--model_path",
        type=Path,
        action="append",
        default=[],
        help="checkpoint (.pth) or folder of a shared model; may be repeated / 检查点，可重复",
    )
    add(
        "--lexicon",
        type=Path,
        action="append",
        default=[],
        help="clips of single signs, beside models or alone; may be repeated / 单个手语的词典，可重复",
    )
    inference_lexicon.add_numbers(arguments)
    add("--language", help="of a lexicon's clips that name none / 词典片段未注明时的语言")
    add("--host", default="127.0.0.1", help="address to listen at; others need a token / 监听地址 (%(default)s)")
    add("--port", type=int, default=8000, help="0 for any free one / 端口，0 表示任选 (%(default)s)")
    add(
        "--token",
        metavar="TOKEN",
        help=f"what visitors need, at least {SHORTEST_TOKEN} characters, or 'auto'; also by the variable"
        f" {TOKEN_VARIABLE} / 访问令牌",
    )
    add(
        "--allow_host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name under which a proxy or others reach this server; may be repeated / 允许的主机名",
    )
    add("--avatar", default="ours", help="ours, none, or a GLB or VRM file / 虚拟人 (%(default)s)")
    add("--batch_size", type=int, default=32, help="sentences signed at once / 批大小 (%(default)s)")
    add("--max_characters", type=int, default=2000, help="of one text / 每段文本的字符上限 (%(default)s)")
    add("--max_frames", type=int, default=6000, help="of one text / 每段文本的帧数上限 (%(default)s)")
    add("--max_requests", type=int, default=256, help="signed or waiting at a time / 同时处理的请求上限 (%(default)s)")
    add("--max_seconds", type=float, default=60.0, help="that a request may take / 每个请求的时间上限 (%(default)s)")
    add("--device", default="auto", help="auto, cpu, cuda, cuda:N / 设备 (%(default)s)")
    return arguments


@command
def main(argv: Sequence[str] | None = None) -> int:
    """Listen, load, serve until Ctrl-C or SIGTERM; return the exit code."""
    args = make_parser().parse_args(argv)
    check_packages()
    token = check_flags(args)
    from signllm.serving import server

    opened = server.listen(args.host, args.port)
    try:
        app = _load(args, token)
        server.run(app, opened, lambda: _say_where(args, opened, token))
    finally:
        opened.close()
    print("stopped / 已停止")
    return 0


def check_packages() -> None:
    """Raise ConfigError where FastAPI or uvicorn is not installed."""
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"--serve needs the packages {' and '.join(missing)}: pip install -r requirements-serve.txt, or"
            " pip install 'signllm[serve]'"
        )


def check_flags(args: argparse.Namespace) -> str | None:
    """The token that visitors need, None for none. Raises ConfigError with every fault of the flags."""
    from signllm.serving.server import is_loopback

    faults = [] if args.model_path or args.lexicon else ["give at least one --model_path or --lexicon"]
    usual = {"letters": None, "detail": 1.0, "pace": 1.0, "language": None}
    if args.lexicon:
        from signllm.composing.signer import number_faults

        faults += [f"--{fault}" for fault in number_faults(args.detail, args.pace)]
    else:
        faults += [f"--{name} belongs to --lexicon" for name, value in usual.items() if getattr(args, name) != value]
    counts = ("batch_size", "max_characters", "max_frames", "max_requests", "max_seconds")
    faults += [f"--{name} {getattr(args, name)}: expected 1 or more" for name in counts if not getattr(args, name) >= 1]
    if not 0 <= args.port <= 65535:
        faults.append(f"--port {args.port}: expected 0 to 65535")
    token = args.token if args.token is not None else os.environ.get(TOKEN_VARIABLE)
    if token is None and not is_loopback(args.host):
        faults.append(
            f"--host {args.host}: others could use this server, so they need a token; give --token auto, which makes"
            f" one, or set {TOKEN_VARIABLE}"
        )
    elif token == "auto":
        token = secrets.token_urlsafe(24)
    elif token is not None and (len(token) < SHORTEST_TOKEN or not token.isascii() or not token.isprintable()):
        faults.append(
            f"--token: at least {SHORTEST_TOKEN} printable ASCII characters, or it could be guessed; 'auto' makes one"
        )
    if faults:
        raise ConfigError(faults)
    return token


def _load(args: argparse.Namespace, token: str | None):  # type: ignore[no-untyped-def]  # an ASGI application
    with without_garbage_collection():
        from signllm.retargeting.reading import AvatarFile
        from signllm.serving.app import make_app
        from signllm.serving.batching import Batcher
        from signllm.serving.guard import Access
        from signllm.serving.limits import Limits
        from signllm.serving.models import Models, ServedModel, load_models, names_of
        from signllm.viewing.player.avatars import PageAvatar
    avatar = None if args.avatar == "none" else PageAvatar.read(AvatarFile.named(args.avatar))
    names = names_of([*args.model_path, *args.lexicon])
    served = load_models(dict(zip(names, args.model_path, strict=False)), args.device, args.batch_size)
    if args.lexicon:
        from signllm.serving.lexicons import LexiconModel

        for name, path in zip(names[len(served) :], args.lexicon, strict=True):
            model = LexiconModel(inference_lexicon.open_signer(args, path))
            served.append(ServedModel(name, model, Batcher(model, args.batch_size)))
    models = Models(served)
    for model in models:
        print(f"{model.name}: {model.generator.mode}, signs {', '.join(model.generator.languages)}", flush=True)
    hosts = {"localhost", args.host.lower(), socket.gethostname().lower(), *map(str.lower, args.allow_host)}
    limits = Limits(
        max_characters=args.max_characters,
        max_frames=args.max_frames,
        max_requests=args.max_requests,
        max_seconds=args.max_seconds,
    )
    return make_app(models, Access(frozenset(hosts), token), limits, avatar)


def _say_where(args: argparse.Namespace, opened: socket.socket, token: str | None) -> None:
    port = opened.getsockname()[1]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(args.host, f"[{args.host}]" if ":" in args.host else args.host)
    address = f"http://{host}:{port}/"
    print(f"open / 打开: {address}{f'?token={token}' if token else ''}")
    print("Ctrl-C stops / 按 Ctrl-C 停止", flush=True)
    if args.host in ("0.0.0.0", "::"):
        print("others use this machine's name or address in its place / 他人请使用本机地址", file=sys.stderr)
