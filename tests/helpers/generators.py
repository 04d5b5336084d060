"""A stand-in for the trained model of an evaluation, and small stores to evaluate it on."""

import numpy as np

from signllm.config import parse_config
from signllm.data.store import ClipRecord, StoreWriter
from signllm.errors import ConfigError
from signllm.languages import prompt_text
from signllm.pose import PoseSequence


def wave(seed, frames=16, scale=1.0):
    """A clip whose joints swing about a place of their own, all set by `seed`; the shoulders are one width apart."""
    rng = np.random.default_rng(seed)
    time = np.arange(frames)[:, None, None] / 25
    coordinates = rng.normal(size=(1, 50, 3)) + scale * 0.3 * np.sin(5 * time + rng.uniform(0, 6, (1, 50, 3)))
    coordinates[:, [1, 2, 5]] = [[0, 0, 0], [-0.5, 0.1, 0], [0.5, 0.1, 0]]
    return PoseSequence.all_valid(coordinates, 25)


def write_split(root, language, split, seeds, text="word {}", **facts):
    """A split with a `wave` a seed, called `<split><seed>`; `text` may hold the clip's number."""
    with StoreWriter(root, language, split) as writer:
        for number, seed in enumerate(seeds):
            pose = wave(seed)
            writer.add(ClipRecord(f"{split}{seed}", text.format(number), language, 25.0, len(pose), **facts), pose)
        return writer.finish({})


def write_two_languages(root):
    """ASL and GSL; dev1 of ASL is training clip 3 again, and all training texts differ from those of dev."""
    for language in ("ASL", "GSL"):
        write_split(root, language, "train", range(6), "{} in training", gloss="A B")
        write_split(root, language, "dev", [10, 3 if language == "ASL" else 11, 12, 13, 14, 15], "number {}", gloss="A")
    return root


class StandIn:
    """What an evaluation asks of a Generator; it remembers what it was given.

    Its clips depend on text and seed. It reads the language of a prompt's phrasing (or `always` one), and writes the
    text in capitals.
    """

    reward_models = ()
    of_recordings = False

    def __init__(self, root, languages=("ASL", "GSL"), writes_gloss=True, always=None):
        self.config = parse_config({"data": {"dataset_path": str(root)}})
        self.languages, self.fps, self.always = list(languages), 25.0, always
        self.mode = "prompt2langgloss" if writes_gloss else "mlsf"
        self.writes_gloss = writes_gloss
        self.calls, self.read = [], []

    def generate(self, texts, languages, seed=0, batch_size=32, progress=None):
        self.calls.append((list(texts), languages, list(seed), batch_size))
        return [wave(len(text) + one, 12) for text, one in zip(texts, seed, strict=True)]

    def request(self, text, language):
        return f"prompt: {text}", language

    def recordings(self, language):
        return []

    def check_languages(self, codes):
        if set(codes) - set(self.languages):
            raise ConfigError("trained on others")

    def translate(self, prompts, codes):
        self.read += list(zip(prompts, codes, strict=True))
        found = [prompt_text(prompt) or (code, prompt) for prompt, code in zip(prompts, codes, strict=True)]
        return [(self.always or code, text.upper()) for code, text in found]
