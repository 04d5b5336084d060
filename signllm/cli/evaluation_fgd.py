"""`evaluation.py --fgd_encoder` and `--train_fgd_encoder`: the Fréchet distance and the autoencoder it needs."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

DEFAULT_FILE = "fgd_encoder.pt"


def add_fgd_flags(flags: ArgumentParser) -> None:
    """The flags about the Fréchet distance."""
    group = flags.add_argument_group("Fréchet distance / 弗雷歇距离")
    group.add_argument(
        "--fgd_encoder", type=Path, metavar="FILE.pt", help="also report fgd by this encoder / 用该编码器计算 fgd"
    )
    group.add_argument(
        "--train_fgd_encoder",
        action="store_true",
        help="train such an encoder on the recordings of --data (--split, default train; --language) and save it to"
        f" --output (default: {DEFAULT_FILE}) / 在真实数据上训练 fgd 编码器",
    )


def fgd_faults(args: Namespace) -> list[str]:
    """What is wrong with how these flags go together."""
    if not args.train_fgd_encoder:
        return []
    faults = [] if args.data else ["--train_fgd_encoder: which recordings? Give --data STORE"]
    asked = ("model_path", "predictions", "references", "compare", "fgd_encoder", "train_back_translation")
    return faults + [f"--{name}: not with --train_fgd_encoder" for name in asked if getattr(args, name)]


def asked_presets(args: Namespace) -> list:
    """The presets of --metrics, or all; with --fgd_encoder, fgd too."""
    from signllm.metrics.registry import FGD, PRESETS, find_presets

    names = list(args.metrics or PRESETS)
    if args.fgd_encoder and FGD not in names:
        names.append(FGD)
    if args.fgd_encoder:
        from signllm.judges.fgd_encoder import load_fgd_encoder

        return find_presets(names, load_fgd_encoder(args.fgd_encoder))
    return find_presets(names)


def train_fgd(args: Namespace) -> int:
    """Train and save."""
    from tqdm import tqdm

    from signllm.data.store import Store
    from signllm.judges.fgd_encoder import StoredClips, train_fgd_encoder
    from signllm.languages import resolve_language

    store, split = Store(args.data), args.split or "train"
    asked = [resolve_language(name).code for name in args.language or []]
    languages = list(dict.fromkeys(asked)) or [code for code in store.languages() if split in store.splits(code)]
    clips = StoredClips(store, languages, split)
    path = _encoder_path(args.output)
    with tqdm(desc="fgd encoder", unit="step", disable=None, leave=False) as bar:
        encoder = train_fgd_encoder(clips, seed=args.seeds[0], progress=lambda loss: bar.update())
    encoder.save(path)
    print(f"encoder: {path} ({encoder.hash()}, {len(clips)} clips of {', '.join(languages)} at {encoder.fps:g} fps)")
    return 0


def _encoder_path(output: Path | None) -> Path:
    if output is None:
        return Path(DEFAULT_FILE)
    return output if output.suffix == ".pt" else output / DEFAULT_FILE
