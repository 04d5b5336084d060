"""inference_signllm.py: sign texts with a trained model, into videos and pose files."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from signllm.cli import inference_lexicon
from signllm.cli.common import command, parser, without_garbage_collection
from signllm.errors import ConfigError, SignLLMError, did_you_mean
from signllm.fsutil import read_text
from signllm.languages import CODES, is_language, prompt_text, resolve_language
from signllm.outputs import check_folder
from signllm.suffixes import POSES, names
from signllm.text.checks import check_text

if TYPE_CHECKING:
    from signllm.composing.signer import LexiconSigner
    from signllm.inference import GeneratedClip
    from signllm.inference.interface import SigningModel

    Signer = SigningModel | LexiconSigner

FORMATS = names()
DEFAULT_OUTPUT = Path("outputs") / "inference"


@dataclass(frozen=True)
class Request:
    """A text (or prompt) to sign, its language where it is given, and where it stands, such as 'texts.txt:3'."""

    text: str
    language: str | None
    where: str = ""

    def told(self, message: str) -> str:
        """The message with the place before it."""
        return f"{self.where}: {message}" if self.where else message


def read_texts_file(path: Path, language: str | None) -> list[Request]:
    """One request a line, `text` or `LANGUAGE<tab>text`; empty lines are skipped.

    Raises ConfigError with the faults of all lines, each with file, line and value; DataError for an unreadable file.
    """
    requests: list[Request] = []
    faults: list[str] = []
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        request = _request_of(line.lstrip(), language, f"{path}:{number}")
        requests.append(request)
        try:
            check_text(request.text)
            if request.language:
                resolve_language(request.language)
        except ConfigError as error:
            faults += map(request.told, error.faults)
    if not requests:
        faults.append(f"--texts_file {path}: no text in it")
    if faults:
        raise ConfigError(faults)
    return requests


def _request_of(line: str, language: str | None, where: str) -> Request:
    code, tab, text = line.partition("\t")
    if tab and (text.strip() or is_language(code)):
        return Request(text.strip(), code.strip(), where)
    return Request(line.strip(), language, where)


def parse_formats(text: str) -> list[str]:
    """The formats of `--format mp4,gif`. Raises ConfigError for an unknown one."""
    formats = [name.strip().lower() for name in text.split(",") if name.strip()]
    unknown = [name for name in formats if name not in FORMATS]
    if unknown or not formats:
        wrong = unknown[0] if unknown else text
        raise ConfigError(f"--format '{wrong}'{did_you_mean(wrong, FORMATS)}; known: {', '.join(FORMATS)}")
    return list(dict.fromkeys(formats))


def file_stem(number: int, clip: GeneratedClip) -> str:
    """`001_ASL_hello-world`: sorts by request and says what it is."""
    return f"{number:03d}_{clip.file_stem}"


def shortened(text: str, most: int = 60) -> str:
    """A text for a message."""
    return text if len(text) <= most else text[: most - 3] + "..."


def write_clip(
    clip: GeneratedClip,
    stem: str,
    folder: Path,
    formats: Sequence[str],
    avatar: str | None = None,
    avatar_map: Path | None = None,
) -> list[Path]:
    """Write one clip in each format, pictures of the avatar where one is given; return the paths."""
    return [clip.save(folder / f"{stem}.{name}", avatar=avatar, avatar_map=avatar_map) for name in formats]


def describe(clip: GeneratedClip) -> str:
    """One line for the terminal."""
    from signllm.models.gloss import written

    gloss = f"   {written(clip.language, clip.gloss)}" if clip.gloss else ""
    many = f"{len(clip.sentences)} sentences, " if len(clip.sentences) > 1 else ""
    length = f"{many}{len(clip.pose)} frames, {clip.pose.duration_s:.2f} s"
    return f"{clip.language}  {shortened(clip.text, 120)}{gloss}   {length}"


def sign(generator: Signer, requests: list[Request], args: argparse.Namespace, formats: list[str], first: int) -> None:
    """Generate and write the requests; the files are numbered from `first`.

    Raises ConfigError, before anything is written, for requests that cannot be signed, and with --strict for those
    that the model cannot sign as asked.
    """
    check_requests(generator, requests, not args.no_split)
    started = time.perf_counter()
    many = args.num_samples
    asked = [(number, request, sample) for number, request in enumerate(requests, first) for sample in range(many)]
    clips = generator.generate_clips(
        [request.text for _, request, _ in asked],
        [request.language for _, request, _ in asked],
        [args.seed + sample for _, _, sample in asked],
        args.batch_size,
        split=not args.no_split,
    )
    seconds = time.perf_counter() - started
    noted = dict.fromkeys((a[1], note) for a, clip in zip(asked, clips, strict=True) for note in clip.notes)
    if args.strict and noted:
        raise ConfigError([request.told(note.message) for request, note in noted])
    for (number, _, sample), clip in zip(asked, clips, strict=True):
        print(describe(clip))
        stem = file_stem(number, clip) + (f"_seed{args.seed + sample}" if many > 1 else "")
        for path in write_clip(clip, stem, args.output, formats, args.avatar, args.avatar_map):
            print(f"  {path}")
    for request, note in noted:
        print(f"note: {request.told(note.message)}", file=sys.stderr)
        print(f"备注：{request.told(note.chinese)}", file=sys.stderr)
    signed = sum(clip.pose.duration_s for clip in clips)
    print(f"{len(clips)} clips: {signed:.1f} s of signing in {seconds:.2f} s, {signed / seconds:.0f}x real time")


def check_requests(generator: Signer, requests: list[Request], split: bool) -> None:
    """Raise ConfigError with the faults of all requests, each with its place."""
    faults: list[str] = []
    for request in requests:
        try:
            generator.sentences(request.text, request.language, split)
        except ConfigError as error:
            faults += map(request.told, error.faults)
    if faults:
        raise ConfigError(faults)


def default_language(generator: Signer) -> str | None:
    """The model's first language, for texts that neither --language nor a prompt gives one; None where it reads it."""
    return None if generator.mode == "prompt2langgloss" else generator.languages[0]


def with_default_language(generator: Signer, requests: list[Request]) -> list[Request]:
    """Give texts without a language the default one, as the guide's `--text "Hello world"` needs, and say so."""
    default = default_language(generator)
    open_ones = [request for request in requests if not request.language and not prompt_text(request.text)]
    if default and open_ones and len(generator.languages) > 1:
        others = ", ".join(generator.languages[1:])
        print(f"note: no --language given, signing in {default}; the model also knows {others}", file=sys.stderr)
        print(f"备注：未指定 --language，使用 {default}", file=sys.stderr)
        return [replace(r, language=r.language or (default if r in open_ones else None)) for r in requests]
    return requests


def interactive(generator: Signer, args: argparse.Namespace, formats: list[str]) -> None:
    """Read texts until an empty line or the end of input; `/lang CODE` changes the language."""
    print("type a text and press Enter; /lang CODE changes the language; an empty line ends")
    print("输入文本并按回车；/lang 代码 切换语言；空行结束")
    language, number = args.language or default_language(generator), 1
    while True:
        print(f"{language or '?'}> ", end="", flush=True)
        line = sys.stdin.readline().strip()
        if not line:
            print()
            return
        try:
            if line.startswith("/lang"):
                asked = line.removeprefix("/lang").strip() or None
                generator.sentences("x", asked)
                language = asked
                continue
            sign(generator, [Request(line, language)], args, formats, number)
            number += 1
        except SignLLMError as error:
            print("\n".join(error.faults), file=sys.stderr)


def make_parser() -> argparse.ArgumentParser:
    """The flags."""
    arguments = parser(
        "inference_signllm.py",
        "Generate signing from text with a trained model.",
        "用训练好的模型由文本生成手语。",
    )
    add = arguments.add_argument
    add("--model_path", type=Path, help="checkpoint (.pth) / 检查点")
    add("--text", action="append", default=[], help="text or prompt to sign; may be repeated / 文本或提示，可重复")
    add("--texts_file", type=Path, help="file with a text, or LANGUAGE<tab>text, a line / 文本文件，每行一条")
    add("--language", help=f"sign language: {', '.join(CODES)} / 手语语种")
    add("--mode", choices=["mlsf", "prompt2langgloss"], help="refuse a model of another mode / 检查模型的模式")
    add("--output", type=Path, default=DEFAULT_OUTPUT, help="folder for the results / 输出目录 (%(default)s)")
    add(
        "--format",
        default="mp4,npz,json",
        help=f"comma-separated: {','.join(FORMATS)} / 输出格式，逗号分隔 (%(default)s)",
    )
    add(
        "--avatar",
        nargs="?",
        const="ours",
        metavar="FILE",
        help="a person signs in mp4, gif, webp and png: ours, or a .glb or .vrm file, which is also that of html, glb,"
        " vrma and bvh / 在 mp4、gif、webp、png 中由虚拟人打手语：自带的，或 .glb、.vrm 文件"
        "（也用于 html、glb、vrma、bvh）",
    )
    add(
        "--avatar_map",
        type=Path,
        metavar="FILE",
        help="JSON that names bones of --avatar, where they are not found / 指明虚拟人骨骼名称的 JSON 文件",
    )
    add("--no_split", action="store_true", help="sign a text of several sentences as one / 不把文本拆成句子")
    add("--strict", action="store_true", help="refuse what the model does not know / 拒绝模型不认识的内容")
    add("--seed", type=int, default=0, help="random seed of decoders that draw numbers / 随机种子 (%(default)s)")
    add("--num_samples", type=int, default=1, help="clips a text, drawn by seeds from --seed on / 每条文本生成几个样本")
    add("--batch_size", type=int, default=32, help="texts generated at once / 批大小 (%(default)s)")
    add("--device", default="auto", help="auto, cpu, cuda, cuda:N / 设备 (%(default)s)")
    add("--interactive", action="store_true", help="ask for texts / 交互模式")
    add("--serve", action="store_true", help="open a page for it, with flags of its own: --serve --help / 网页演示")
    inference_lexicon.add_flags(arguments)
    return arguments


@command
def main(argv: Sequence[str] | None = None) -> int:
    """Parse the flags, load the model once, and sign; return the exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    if "--serve" in given:
        from signllm.cli.serve import main as serve

        return serve([flag for flag in given if flag != "--serve"])
    args = make_parser().parse_args(given)
    inference_lexicon.check_flags(args)
    formats = parse_formats(args.format)
    faults = [
        f"--{name} {getattr(args, name)}: expected 1 or more"
        for name in ("batch_size", "num_samples")
        if getattr(args, name) < 1
    ]
    if faults:
        raise ConfigError(faults)
    requests = [Request(text, args.language, f"--text {shortened(text)!r}") for text in args.text]
    requests += read_texts_file(args.texts_file, args.language) if args.texts_file else []
    if not requests and not args.interactive:
        raise ConfigError("nothing to sign: give --text, --texts_file or --interactive")
    check_folder(args.output)
    check_avatar(args, formats)
    signer = inference_lexicon.open_signer(args) if args.lexicon else load_model(args)
    requests = with_default_language(signer, requests)
    if args.coverage:
        inference_lexicon.print_coverage(signer, [(r.text, r.language) for r in requests], not args.no_split)
        return 0
    if requests:
        sign(signer, requests, args, formats, 1)
    if args.interactive:
        interactive(signer, args, formats)
    return 0


def check_avatar(args: argparse.Namespace, formats: Sequence[str]) -> None:
    """Raise ConfigError or DataError for an avatar that nothing shows, or that cannot be used: no model is needed."""
    if args.avatar_map and not args.avatar:
        raise ConfigError(f"--avatar_map {args.avatar_map}: it names bones of --avatar; give both")
    if args.avatar and not set(formats) - set(names(POSES)):
        raise ConfigError(f"--avatar {args.avatar}: --format {args.format} shows nobody; add mp4, gif, webp or png")
    if args.avatar:
        from signllm.retargeting.reading import AvatarFile

        AvatarFile.named(args.avatar, args.avatar_map).read()


def load_model(args: argparse.Namespace) -> SigningModel:
    """The model of --model_path. Raises ConfigError where it is of another --mode."""
    with without_garbage_collection():
        from signllm.inference.opening import open_model

        generator = open_model(args.model_path, args.device)
    if args.mode and args.mode != generator.mode:
        raise ConfigError(
            f"--mode {args.mode}: {args.model_path} is a model of mode {generator.mode}; train one with model.mode ="
            f" '{args.mode}', or leave --mode out"
        )
    if args.num_samples > 1 and not generator.draws:
        print("note: this model's decoder draws no random numbers, all samples of a text are alike", file=sys.stderr)
        print("备注：该模型的解码器不含随机性，同一文本的样本都相同", file=sys.stderr)
    print(f"{args.model_path}: {generator.mode}, signs {', '.join(generator.languages)}")
    return generator
