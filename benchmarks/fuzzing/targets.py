"""What is fuzzed: files made by code, and the code that reads them, for every kind of file that the toolkit opens."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fuzzing.recordings import RECORDINGS
from fuzzing.running import RUNNING
from fuzzing.target import Target
from fuzzing.tracked import TRACKED
from signllm.composing.training import compose
from signllm.config import load_config, parse_config
from signllm.data.clips import open_clips
from signllm.data.convert import ConvertOptions, convert
from signllm.data.demo import generate_demo_corpus
from signllm.data.text_gloss import read_text_gloss
from signllm.evaluation.comparison import compare
from signllm.evaluation.journal import Journal
from signllm.evaluation.leakage import Leakage
from signllm.inference import Generator
from signllm.inference.opening import open_model
from signllm.judges.fgd_encoder import FgdEncoder, load_fgd_encoder
from signllm.judges.judge import Judge
from signllm.models.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from signllm.models.feature_cache import FeatureCache
from signllm.retargeting.reading import AvatarFile
from signllm.training.setup import build_experiment
from signllm.training.state import TrainingState
from signllm.viewing.person import Person
from tests.helpers import reward_judges, rigs
from tests.helpers.composed import compose_config, write_signs
from tests.helpers.sources import SOURCES, clip


def _read_source(folder: Path) -> None:
    """Open, read every clip, and convert."""
    faults: list[BaseException] = []
    try:
        clips = open_clips(folder / "in", "GSL", fps=25)
        for _ in clips.items():
            pass
    except Exception as error:
        faults.append(error)
    convert(ConvertOptions(folder / "in", folder / "out", "GSL", skip_bad=True))
    if faults:
        raise faults[0]


def tiny_config(folder: Path, *, mode: str = "mlsf") -> Any:
    """A configuration whose model is made in a moment."""
    return parse_config(
        {
            "run_name": "fuzz",
            "model": {
                "mode": mode,
                "text_encoder": {
                    "model_name": "from-scratch",
                    "scratch": {"vocab_size": 300, "hidden_size": 16, "num_layers": 1, "num_heads": 2},
                },
                "language_encoder": {"num_layers": 1},
                "pose_decoder": {"num_layers": 1, "hidden_size": 16, "num_heads": 2, "ff_size": 32},
                "gloss_decoder": {"num_layers": 1, "vocab_size": 300, "max_length": 8, "beam_size": 2},
            },
            "data": {"dataset_path": str(folder), "max_frames": 20},
        }
    )


def make_checkpoint(folder: Path, mode: str) -> None:
    """Write `model.pth`, of a model that was never trained."""
    generate_demo_corpus(folder / "store", train=4, dev=2, test=0, languages=["ASL"])
    experiment = build_experiment(tiny_config(folder / "store", mode=mode))
    weights = experiment.model.state_dict()
    training = {"optimizer": {}, "state": TrainingState(step=3, epoch=1, best_score=0.5).to_dict()}
    found = Checkpoint(experiment.config, experiment.model.extra_state(), weights, dict(weights), training)
    save_checkpoint(folder / "model.pth", found)
    shutil.rmtree(folder / "store")


def _checkpoint(mode: str) -> Callable[[Path], None]:
    return partial(make_checkpoint, mode=mode)


def _sign(path: Path) -> None:
    checkpoint = load_checkpoint(path)
    if checkpoint.training:
        TrainingState(**checkpoint.training["state"])
    generator = Generator.from_checkpoint(path, "cpu")
    for code in generator.languages[:2]:
        generator("hello there", code)


def _shared(folder: Path) -> None:
    _checkpoint("prompt2langgloss")(folder)
    Generator.from_checkpoint(folder / "model.pth", "cpu").save_pretrained(folder / "shared")
    (folder / "model.pth").unlink()


def _composed(folder: Path) -> None:
    made = compose(compose_config(write_signs(folder / "store"), folder))
    made.path.rename(folder / "model")
    for name in ("store", "checkpoints", "logs"):
        shutil.rmtree(folder / name)


def _sign_composed(folder: Path) -> None:
    model = open_model(folder / "model")
    for text in ("Today I read the book", "night"):
        model.generate([text], model.languages[0])
    model.translate(["I read"], [model.languages[0]])


def _judges(folder: Path) -> None:
    words = reward_judges.recogniser(["one", "two"])
    reward_judges.save(folder / "judge.pth", words, reward_judges.translator(["one two", "two"], ["A", "B"], "GSL"))


def _read_judge(folder: Path) -> None:
    judge = Judge.load(folder / "judge.pth")
    for reader in judge.languages.values():
        reader.read([clip()])


def _fgd(folder: Path) -> None:
    torch.manual_seed(0)
    FgdEncoder("signllm-50", "shoulder_widths", 25.0, 50, 3, 8, 4).save(folder / "fgd.pt")


def _read_fgd(folder: Path) -> None:
    load_fgd_encoder(folder / "fgd.pt").encode(clip())


def _journal(folder: Path) -> None:
    journal = Journal(folder, "facts")
    for chunk in ("a", "b"):
        journal.add(chunk, {"x": np.arange(6.0).reshape(2, 3), "y": np.arange(4, dtype=np.uint64)})


def _read_journal(folder: Path) -> None:
    journal = Journal(folder, "facts")
    journal.find("a", ["x", "y"])
    journal.remembered("c", "z", lambda: b"made")


def _cache(folder: Path) -> None:
    cache = FeatureCache(folder)
    cache.write("f" * 32, ["one", "two"], [np.ones((3, 4), np.float32), np.ones((2, 4), np.float32)])
    cache.close()


def _read_cache(folder: Path) -> None:
    for found in FeatureCache(folder).read("f" * 32, ["one", "two", "three"], 4):
        assert found is None or found.shape[1] == 4


def _leakage(folder: Path) -> None:
    found = Leakage(9, (0, 1), (2, 0), (None, "a"), ("b", None))
    (folder / "leakage.json").write_text(json.dumps(found.to_json()))


def _read_leakage(folder: Path) -> None:
    found = Leakage.kept(folder / "leakage.json", 2)
    if found is not None:
        found.counts(), found.subsets()


def _config(folder: Path) -> None:
    (folder / "config_used.json").write_text(json.dumps(tiny_config(folder).model_dump()))


def _report(folder: Path) -> None:
    from signllm.evaluation.packing import pack

    preset = {"signature": "s", "figures": ["pa_mpjpe"], "better": "lower", "formula": "f. g", "unit": "u"}
    packed = pack(np.random.default_rng(0).random((4, 2)))
    clips = {"references": "r", "ids": ["a", "b", "c", "d"], "numbers": {"model": {"mpjpe": packed}}}
    report = {"report_version": 2, "presets": {"mpjpe": preset}, "clips": {"ASL": clips}, "split": "dev", "fps": 25}
    for name in "ab":
        (folder / f"{name}.json").write_text(json.dumps(report))


def _gloss_table(folder: Path) -> None:
    (folder / "t.csv").write_text("id|annotation|translation\na|ICH GEHEN|ich gehe\nb|DU|du bist\n")


def _texts(folder: Path) -> None:
    (folder / "texts.txt").write_text("hello\nASL\tthank you\nGSL\tdas Buch\n")


def _read_texts(folder: Path) -> None:
    from signllm.cli.inference import read_texts_file

    read_texts_file(folder / "texts.txt", "ASL")


def _source(make: Callable[[Path], object]) -> Callable[[Path], object]:
    return lambda folder: make(folder / "in")


_SOURCES = SOURCES | TRACKED | RECORDINGS


def _avatar(folder: Path) -> None:
    material = {"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}, "alphaMode": "MASK"}
    uvs = {"TEXCOORD_0": np.zeros((4, 2), "<f4")}
    glb = rigs.glb_with(None, material, None, uvs, [rigs.png()], {"leftHand": "paw"}, 1)
    (folder / "avatar.glb").write_bytes(glb.packed())
    (folder / "map.json").write_text('{"leftHand": "paw"}')


def _read_avatar(folder: Path) -> None:
    person = Person.read(AvatarFile(folder / "avatar.glb", folder / "map.json"))
    _, motion = person.motion(clip(3))
    person.mesh.matrices(motion.rig, *motion.posed())


TARGETS = [
    *(
        Target(f"source: {name}", _source(make), _read_source)
        for name, make in (SOURCES | TRACKED | RECORDINGS).items()
    ),
    Target("checkpoint mlsf", _checkpoint("mlsf"), lambda folder: _sign(folder / "model.pth")),
    Target("checkpoint prompt2langgloss", _checkpoint("prompt2langgloss"), lambda folder: _sign(folder / "model.pth")),
    Target("shared model", _shared, lambda folder: _sign(folder / "shared"), skip=("README.md",)),
    Target("composed model", _composed, _sign_composed),
    Target("judge", _judges, _read_judge),
    Target("fgd encoder", _fgd, _read_fgd),
    Target("journal", _journal, _read_journal),
    Target("text features", _cache, _read_cache),
    Target("kept leakage", _leakage, _read_leakage),
    Target("configuration", _config, lambda folder: load_config(folder / "config_used.json")),
    Target("report", _report, lambda folder: compare(folder / "a.json", folder / "b.json")),
    Target("gloss table", _gloss_table, lambda folder: read_text_gloss(folder / "t.csv")),
    Target("texts file", _texts, _read_texts),
    Target(
        "avatar",
        _avatar,
        _read_avatar,
    ),
    *RUNNING,
]
