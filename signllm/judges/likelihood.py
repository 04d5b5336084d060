"""How likely a judge finds the right text for a clip: a graded figure where a reading is only right or wrong.

Legend: B clips, F frames, D features, L tokens.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import ctc_loss

from signllm.data.texts import normalised_text
from signllm.judges.judge import LanguageJudge
from signllm.judges.model import BLANK, Recogniser, Translator
from signllm.judges.training_examples import target_text


@torch.no_grad()
def log_likelihood(
    judge: LanguageJudge, features_BFD: Tensor, frames_B: Tensor, texts: Sequence[str], glosses: Sequence[str]
) -> Tensor:
    """(B,) log-probability of each clip's text, in nats, at most 0, in the judge's present mode; clips do not mix.

    Recogniser: of the word. Translator: mean a word piece of the text, plus, where the judge spells glosses and knows
    all of the clip's, the CTC log-probability of these a gloss. A text that the judge cannot read (`readable`) gives 0.
    """
    if isinstance(judge.network, Recogniser):
        return _of_word(judge.network, features_BFD, frames_B, texts)
    return _of_sentence(judge.network, judge.language, features_BFD, frames_B, texts, glosses)


def readable(judge: LanguageJudge, text: str) -> bool:
    """Whether the judge can read this text at all: a recogniser only its words."""
    return not isinstance(judge.network, Recogniser) or normalised_text(text) in judge.network.words


def _of_word(network: Recogniser, features_BFD: Tensor, frames_B: Tensor, texts: Sequence[str]) -> Tensor:
    index_of = {word: index for index, word in enumerate(network.words)}
    word_B = torch.tensor([index_of.get(normalised_text(text), -1) for text in texts], device=features_BFD.device)
    log_probs = network(features_BFD, frames_B).float().log_softmax(-1)
    found_B = log_probs.gather(1, word_B.clamp(min=0)[:, None])[:, 0]
    return found_B.masked_fill(word_B < 0, 0.0)


def _of_sentence(
    network: Translator,
    language: str,
    features_BFD: Tensor,
    frames_B: Tensor,
    texts: Sequence[str],
    glosses: Sequence[str],
) -> Tensor:
    device, vocabulary = features_BFD.device, network.vocabulary
    x, mask = network.encoder(features_BFD, frames_B)
    pieces_BL = vocabulary.pad_batch([vocabulary.encode(target_text(text), language) for text in texts], device)
    log_probs = network.decoder(x, mask, pieces_BL).float().log_softmax(-1)
    written = pieces_BL != vocabulary.pad
    found_BL = log_probs.gather(2, pieces_BL[..., None])[..., 0] * written
    found_B = found_BL.sum(1) / written.sum(1)
    if network.gloss_head is None:
        return found_B
    return found_B + _of_glosses(network.gloss_head, network.glosses, x, mask, glosses)


def _of_glosses(
    head: nn.Linear, known: Sequence[str], x_BSD: Tensor, mask_BS: Tensor, glosses: Sequence[str]
) -> Tensor:
    index_of = {gloss: index for index, gloss in enumerate(known, 1)}
    rows = [[index_of.get(gloss, BLANK) for gloss in (written or "").split()] for written in glosses]
    rows = [[] if BLANK in row else row for row in rows]  # one unknown gloss: the sequence cannot be spelt
    count_B = torch.tensor([len(row) for row in rows], device=x_BSD.device)
    longest = max(1, int(count_B.max()))
    gloss_BL = torch.tensor([[*row, *[BLANK] * (longest - len(row))] for row in rows], device=x_BSD.device)
    log_probs = head(x_BSD).float().log_softmax(-1).transpose(0, 1)
    each_B = ctc_loss(log_probs, gloss_BL, mask_BS.sum(1), count_B, blank=BLANK, reduction="none", zero_infinity=True)
    return -(each_B / count_B.clamp(min=1)).masked_fill(count_B == 0, 0.0)
