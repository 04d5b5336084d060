"""What every script shares: error printing, exit codes, and the two-language help."""

from __future__ import annotations

import argparse
import functools
import gc
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from signllm.errors import SignLLMError, ToldElsewhereError

USER_ERROR = 2
INTERRUPTED = 130

Main = Callable[[Sequence[str] | None], int]

# The verb of the installed `signllm` command that does what a script does.
VERB_OF_SCRIPT = {
    "quick_train.py": "quick",
    "final_convert_data.py": "convert",
    "start_training.py": "train",
    "train_signllm.py": "train",
    "inference_signllm.py --serve": "serve",  # before the shorter one
    "inference_signllm.py": "sign",
    "evaluation.py": "evaluate",
    "visualize_skeleton_data.py": "view",
}
_SCRIPT = re.compile(rf"(?:python )?\b({'|'.join(map(re.escape, VERB_OF_SCRIPT))})")
_as_verb = ContextVar("as_verb", default=False)


@contextmanager
def called_as_verb() -> Iterator[None]:
    """Within it, help and messages speak of `signllm train` instead of `start_training.py`."""
    token = _as_verb.set(True)
    try:
        yield
    finally:
        _as_verb.reset(token)


def as_called(text: str) -> str:
    """The text with the scripts named as the user called them: `python X.py` becomes `signllm VERB` under a verb."""
    if not _as_verb.get():
        return text
    return _SCRIPT.sub(lambda match: f"signllm {VERB_OF_SCRIPT[match.group(1)]}", text)


def command(main: Main) -> Main:
    """Turn a SignLLMError into a message on stderr and exit code 2, and Ctrl-C into exit code 130.

    So too any OSError that nobody expected: the system says why, and a traceback says no more.
    """

    @functools.wraps(main)
    def wrapped(argv: Sequence[str] | None = None) -> int:
        try:
            code = main(argv)
            sys.stdout.flush()  # here, a full disk is still told; when Python ends, it is a traceback
            return code
        except ToldElsewhereError:
            return USER_ERROR
        except SignLLMError as error:
            return _print_faults(error)
        except KeyboardInterrupt:
            print("interrupted; what was finished is kept", file=sys.stderr)
            return INTERRUPTED
        except BrokenPipeError:
            _drop_stdout()
            return 0
        except OSError as error:
            where = f"{error.filename}: " if error.filename is not None else ""
            return _print_faults(SystemRefusedError(f"{where}{error.strerror or error}"))

    return wrapped


class SystemRefusedError(SignLLMError):
    """An OSError that no part of the toolkit expected."""

    heading = "the operating system refused"


def _print_faults(error: SignLLMError) -> int:
    count = f" ({len(error.faults)} faults)" if len(error.faults) > 1 else ""
    print(f"{error.heading}{count}:", file=sys.stderr)
    for fault in error.faults:
        print(f"  - {as_called(fault)}", file=sys.stderr)
    try:
        sys.stdout.flush()
    except OSError:
        _drop_stdout()
    return USER_ERROR


def _drop_stdout() -> None:
    """Let what is still to be printed go nowhere: nobody reads it, or its disk is full."""
    with suppress(OSError, ValueError):  # not a stream of the system's
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    """For imports: they make objects by the hundred thousand that all stay, and looking through them costs a tenth."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _Parser(argparse.ArgumentParser):
    """Its help names the scripts as the user called them."""

    def format_help(self) -> str:
        return as_called(super().format_help())


def parser(script: str, english: str, chinese: str, **kwargs: Any) -> argparse.ArgumentParser:
    """An argument parser whose description stands in English and Chinese; flags cannot be abbreviated."""
    return _Parser(
        prog=as_called(script),
        description=f"{english}\n{chinese}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        **kwargs,
    )


READING_FLAGS = ("layout", "axes", "aspect", "third", "mirror", "centre", "depth")


def add_reading_flags(flags: argparse.ArgumentParser) -> None:
    """What a user may say of pose files where it should not be found: the fields of `signllm.pose.formats.hints`."""
    group = flags.add_argument_group("what is said of the pose files instead of found / 对姿态文件的说明，代替自动识别")
    add = group.add_argument
    add(
        "--layout",
        default="auto",
        help="which arm joints 2-4 are: auto, right-first, left-first; or a layout of points such as openpose-137; or"
        " both with a comma (default: %(default)s) / 关节 2-4 是哪只手臂，或关键点布局的名称，或用逗号连接的两者",
    )
    add("--axes", default="auto", help="the file's axes for x, y (down), z, such as x,-y,z / 文件中对应 x、y、z 的轴")
    add("--aspect", default="auto", help="image of which x and y are shares: 16:9; 1:1 for none / 图像宽高比")
    add("--third", default="auto", help="number behind x and y: confidence or depth / 第三个数是置信度还是深度")
    add("--mirror", default="auto", help="yes: turn x round, no: never / 是否左右翻转")
    add("--centre", default="auto", help="yes: move necks to the origin, no: never / 是否把颈部移到原点")
    add("--depth", default="auto", help="none, or a factor for z, e.g. --depth=-0.3 / 不读深度，或 z 的倍数")
    add(
        "--columns",
        nargs="+",
        metavar="WHAT=COLUMN",
        help="columns of the table, e.g. text=sentence file=video start_ms=from / 表格各列的含义",
    )


VIDEO_FLAGS = ("pose_python", "pose_models", "pose_cache")


def add_video_flags(flags: argparse.ArgumentParser) -> None:
    """How poses are found in videos: the fields of `signllm.pose.tracking.tracked.Tracking`."""
    group = flags.add_argument_group("videos, in which MediaPipe finds the poses / 视频（由 MediaPipe 提取姿态）")
    add = group.add_argument
    add(
        "--pose_python",
        type=Path,
        metavar="PYTHON",
        help="the python of another environment that has MediaPipe / 另一个装有 MediaPipe 的环境的 python",
    )
    add("--pose_models", type=Path, metavar="FOLDER", help="MediaPipe 1.x: its .task files / MediaPipe 1.x 的模型目录")
    add(
        "--pose_cache",
        type=Path,
        metavar="FOLDER",
        default=Path("cache/poses"),
        help="where found poses are kept (default: %(default)s) / 姿态缓存目录",
    )


def tracking_of(given: dict[str, Any]) -> Any:
    """The `Tracking` of parsed flags, which are taken out of `given`."""
    from signllm.pose.tracking.tracked import Tracking

    return Tracking(*(given.pop(name) for name in VIDEO_FLAGS))


def hints_of(given: dict[str, Any]) -> Any:
    """The `Hints` of parsed flags, which are taken out of `given` (all but the layout)."""
    from signllm.pose.formats.hints import Hints

    said = {name: given.pop(name) for name in READING_FLAGS if name != "layout"}
    return Hints(layout=given["layout"], **said)


def columns_of(words: Sequence[str] | None) -> dict[str, str]:
    """What `--columns` says."""
    from signllm.data.tables.columns import parse_columns

    return parse_columns(words)
