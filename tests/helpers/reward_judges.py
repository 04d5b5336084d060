"""Small untrained judges: what they read is arbitrary, but fixed."""

import torch

from signllm.judges.features import PoseFeatures
from signllm.judges.judge import Judge, LanguageJudge
from signllm.judges.model import JudgeSize, Recogniser, Translator
from signllm.models.gloss import GlossVocabulary

SIZE = JudgeSize(width=16, num_layers=1, num_heads=2)


def recogniser(words, language="ASL", fps=12.5):
    torch.manual_seed(0)
    features = PoseFeatures(fps)
    return LanguageJudge(language, features, Recogniser(features.width, words, SIZE).eval(), SIZE)


def translator(texts, glosses, language="ASL", fps=12.5):
    torch.manual_seed(0)
    features = PoseFeatures(fps)
    network = Translator(features.width, GlossVocabulary.train(texts, 100), glosses, SIZE, 20)
    return LanguageJudge(language, features, network.eval(), SIZE)


def save(path, *judges):
    Judge({judge.language: judge for judge in judges}).save(path)
    return path
