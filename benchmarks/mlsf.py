"""What a training step on eight languages costs, against a step on one language with the same frames, in one run.

    python benchmarks/mlsf.py [--configs configs/demo_sentences_config.json ...] [--steps 5] [--parts]
    python benchmarks/mlsf.py --configs configs/demo_sentences_config.json --clips 8 --block 1

Steps are the trainer's own: forward, losses, backward, clipping, optimiser, moving average. The eight-language model
is the configuration's with all its groups, each batch holding as many languages as data.language_block (or `--block`)
lets in; the other model has one group. Both use a text encoder from scratch. The clips of a batch are of nearly the
same length, as the data loader makes them. The steps of both models alternate, and the fastest of each are compared, in
seconds of the processor, which other programs on the machine hardly lengthen. `--parts` also prints where the time
goes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from signllm.config import Config, load_config
from signllm.data.demo import generate_demo_corpus
from signllm.languages import CODES
from signllm.pose.batch import PoseBatch, length_mask, round_up
from signllm.training.setup import build_experiment, make_trainer
from signllm.training.trainer import Trainer

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = ("configs/demo_sentences_config.json", "configs/signllm_mlsf_config.json")
CORPUS = (4, 1, 1)  # clips a language and split of the demo corpus that gives texts and statistics


def configure(path: str, languages: list[str], scratch: Path) -> Config:
    """The configuration at `path` for these languages of the demo store under `scratch`, in fp32."""
    sets = {
        "run_name": f"of{len(languages)}",
        "model.languages": str(languages).replace("'", '"'),
        "model.text_encoder.model_name": "from-scratch",
        "data.dataset_path": str(scratch / "store"),
        "data.num_workers": "0",
        "training.max_steps": "1000",
        "training.precision": "fp32",
        "training.checkpoint_dir": str(scratch / "checkpoints"),
        "training.log_dir": str(scratch / "logs"),
    }
    return load_config(ROOT / path, [f"{key}={value}" for key, value in sets.items()])


def make_trainer_for(path: str, languages: list[str], scratch: Path) -> Trainer:
    """A trainer of an untrained model for these languages."""
    trainer, _ = make_trainer(build_experiment(configure(path, languages, scratch)), [])
    trainer.run.model.train()
    return trainer


def make_batch(trainer: Trainer, languages: list[str], clips: int, frames: int, seed: int, block: int) -> PoseBatch:
    """`clips` clips of about `frames` frames, the languages in turn by blocks, with texts of the demo corpus."""
    rng = np.random.default_rng(seed)
    lengths = torch.tensor(np.exp(rng.normal(np.log(frames), 0.1, clips)).round().astype(int))
    longest = round_up(int(lengths.max()))
    codes = [languages[(seed + row // block) % len(languages)] for row in range(clips)]
    texts = trainer.poses.train_set.texts()
    chosen = [texts[int(index)] for index in rng.integers(len(texts), size=clips)]
    valid_BFJ = length_mask(lengths, longest)[..., None].expand(-1, -1, 50)
    pose_BFJC = torch.from_numpy(rng.normal(0, 0.5, (clips, longest, 50, 3)).astype(np.float32))
    return PoseBatch(
        list(range(clips)), [str(row) for row in range(clips)], codes, chosen, chosen, chosen, pose_BFJC, valid_BFJ,
        lengths, lengths,
    )  # fmt: skip


def parts_of(trainer: Trainer, batch: PoseBatch) -> dict[str, float]:
    """Seconds of one step by part: what `PosePhase.train_step` calls, timed one after the other."""
    from signllm.training.losses import compute_losses

    seconds, last = {}, time.process_time()

    def note(name: str) -> None:
        nonlocal last
        now = time.process_time()
        seconds[name], last = now - last, now

    run = trainer.run
    losses = compute_losses(run.model(batch), run.config)
    note("forward")
    run.optimizer.zero_grad()
    losses.total.backward()
    note("backward")
    torch.nn.utils.clip_grad_norm_(run.model.parameters(), 1.0)
    note("clip")
    run.optimizer.step(run.optimizer.learning_rate)
    note("optimiser")
    run.average.update(1000)
    note("average")
    return seconds


def compare(path: str, clips: int | None, length: int, steps: int, parts: bool, block: int | None) -> float:
    """Print the step times of one configuration; return the ratio of eight languages to one."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        generate_demo_corpus(scratch / "store", *CORPUS)
        sides = {"one": ["ASL"], "eight": list(CODES)}
        trainers = {name: make_trainer_for(path, codes, scratch) for name, codes in sides.items()}
        size = clips or trainers["one"].run.config.data.batch_size
        block = block or trainers["one"].run.config.data.language_block
        times: dict[str, list[float]] = {name: [] for name in sides}
        for step in range(steps + 1):
            for name, codes in sides.items():
                batch = make_batch(trainers[name], codes, size, length, step, block)
                started = time.process_time()
                trainers[name].poses.train_step(batch)
                times[name].append(time.process_time() - started)
        fastest = {name: min(values[1:]) for name, values in times.items()}  # the first warms up
        ratio = fastest["eight"] / fastest["one"]
        print(
            f"{path}: {size} clips of about {length} frames: one language {fastest['one']:.3f} s a step, eight"
            f" {fastest['eight']:.3f} s, ratio {ratio:.2f}",
            flush=True,
        )
        if parts:
            for name, codes in sides.items():
                found = parts_of(trainers[name], make_batch(trainers[name], codes, size, length, 1, block))
                print(f"  {name}: " + ", ".join(f"{part} {value:.3f} s" for part, value in found.items()), flush=True)
    return ratio


def main() -> None:
    """Print a line a configuration."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--configs", nargs="+", default=CONFIGS)
    arguments.add_argument("--clips", type=int, help="clips a batch (default: the configuration's batch_size)")
    arguments.add_argument("--frames", type=int, default=110, help="frames a clip (default: 110, as of sentences)")
    arguments.add_argument("--steps", type=int, default=5)
    arguments.add_argument("--block", type=int, help="instead of data.language_block: clips of a language together")
    arguments.add_argument("--parts", action="store_true")
    arguments.add_argument(
        "--threads", type=int, default=1, help="with more, processor seconds are those of all threads"
    )
    args = arguments.parse_args()
    torch.set_num_threads(args.threads)
    print(f"{torch.get_num_threads()} thread(s), torch {torch.__version__}")
    for path in args.configs:
        compare(path, args.clips, args.frames, args.steps, args.parts, args.block)


if __name__ == "__main__":
    main()
