"""The networks of a judge: one pose encoder, and on it a recogniser of words or a translator of sentences.

Legend: B clips, F frames, S places (the frames, halved), D width, L tokens, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import avg_pool1d, cross_entropy, ctc_loss, gelu

from signllm.config.schema import GlossDecoderConfig
from signllm.models.gloss import GlossDecoder, GlossVocabulary
from signllm.models.layers import EncoderLayer, sinusoids
from signllm.pose.batch import length_mask

LABEL_SMOOTHING = 0.1
BLANK = 0  # of the gloss classes: no gloss ends here
IGNORED = -100


_Size = Annotated[int, Field(ge=1, le=65_536)]
_Share = Annotated[float, Field(ge=0, lt=1)]


@dataclass(frozen=True)
class JudgeSize:
    """Sizes that a recogniser of some hundred clips and a translator of some thousand both get along with."""

    width: _Size = 160
    num_layers: _Size = 2
    num_heads: _Size = 4
    halvings: Annotated[int, Field(ge=0, le=16)] = 1
    dropout: _Share = 0.15
    input_dropout: _Share = 0.1


class _HalvingConvolution(nn.Module):
    """A convolution of five frames that halves the rate; padding counts as zero."""

    def __init__(self, width: int, dropout: float):
        super().__init__()
        self.convolve = nn.Conv1d(width, width, kernel_size=5, stride=2, padding=2)
        self.norm = nn.LayerNorm(width)
        self.drop = nn.Dropout(dropout)

    def forward(self, x_BFD: Tensor, mask_BF: Tensor) -> tuple[Tensor, Tensor]:
        x_BDF = (x_BFD * mask_BF[..., None]).transpose(1, 2)
        kept = avg_pool1d(x_BDF, 2, ceil_mode=True).transpose(1, 2)
        halved = self.convolve(x_BDF).transpose(1, 2)
        return kept + self.drop(gelu(self.norm(halved))), mask_BF[:, ::2]


class PoseEncoder(nn.Module):
    """Features of frames to vectors of places: halving convolutions, then transformer layers."""

    def __init__(self, features: int, size: JudgeSize):
        super().__init__()
        self.width, self.input_dropout = size.width, size.input_dropout
        self.project = nn.Sequential(nn.Linear(features, size.width), nn.LayerNorm(size.width), nn.GELU())
        self.drop = nn.Dropout(size.dropout)
        self.halve = nn.ModuleList(_HalvingConvolution(size.width, size.dropout) for _ in range(size.halvings))
        self.layers = nn.ModuleList(
            EncoderLayer(size.width, size.num_heads, 2 * size.width, size.dropout) for _ in range(size.num_layers)
        )
        self.norm = nn.LayerNorm(size.width)

    def _drop_features(self, features_BFD: Tensor) -> Tensor:
        """Drop whole features of a clip: a frame's neighbours would give single values away."""
        if not self.training or not self.input_dropout:
            return features_BFD
        keep = torch.rand(len(features_BFD), 1, features_BFD.shape[2], device=features_BFD.device) > self.input_dropout
        return features_BFD * keep / (1 - self.input_dropout)

    def forward(self, features_BFD: Tensor, frames_B: Tensor) -> tuple[Tensor, Tensor]:
        """(B, S, D) and the mask (B, S) of places that hold frames; padding does not change them."""
        mask = length_mask(frames_B, features_BFD.shape[1])
        x = self.drop(self.project(self._drop_features(features_BFD)))
        for halve in self.halve:
            x, mask = halve(x, mask)
        x = x + sinusoids(torch.arange(x.shape[1], device=x.device), self.width)
        for layer in self.layers:
            x = layer(x, mask)
        return self.norm(x), mask


class Recogniser(nn.Module):
    """Which of K words a clip shows."""

    kind = "recogniser"

    def __init__(self, features: int, words: Sequence[str], size: JudgeSize):
        super().__init__()
        self.words = list(words)
        self.encoder = PoseEncoder(features, size)
        self.attention = nn.Linear(size.width, size.num_heads)
        self.classify = nn.Sequential(
            nn.Dropout(size.dropout),
            nn.Linear(size.width * (size.num_heads + 1), size.width),
            nn.GELU(),
            nn.Dropout(size.dropout),
            nn.Linear(size.width, len(self.words)),
        )

    def forward(self, features_BFD: Tensor, frames_B: Tensor) -> Tensor:
        """Logits (B, K)."""
        x, mask = self.encoder(features_BFD, frames_B)
        weight = self.attention(x).masked_fill(~mask[..., None], -torch.inf).softmax(1)
        pooled = torch.einsum("bsh,bsd->bhd", weight, x).flatten(1)
        highest = x.masked_fill(~mask[..., None], -torch.inf).amax(1)
        return self.classify(torch.cat([pooled, highest], -1))

    def loss(self, features_BFD: Tensor, frames_B: Tensor, word_B: Tensor) -> Tensor:
        """Cross-entropy; label smoothing only while training."""
        logits = self(features_BFD, frames_B).float()
        return cross_entropy(logits, word_B, label_smoothing=LABEL_SMOOTHING if self.training else 0.0)


class Translator(nn.Module):
    """Text of a clip by an autoregressive decoder of word pieces, and its glosses by CTC where the corpus has them."""

    kind = "translator"

    def __init__(
        self, features: int, vocabulary: GlossVocabulary, glosses: Sequence[str], size: JudgeSize, longest: int
    ):
        super().__init__()
        self.vocabulary, self.glosses = vocabulary, list(glosses)
        self.encoder = PoseEncoder(features, size)
        config = GlossDecoderConfig(
            num_layers=size.num_layers, vocab_size=vocabulary.size, max_length=longest, length_penalty=1.0
        )
        self.decoder = GlossDecoder(config, vocabulary, size.width, size.num_heads, size.dropout)
        self.gloss_head = nn.Linear(size.width, len(self.glosses) + 1) if self.glosses else None

    def loss(
        self, features_BFD: Tensor, frames_B: Tensor, pieces_BL: Tensor, gloss_BL: Tensor, gloss_count_B: Tensor
    ) -> Tensor:
        """Cross-entropy a piece plus CTC a gloss; clips without gloss (count 0) add nothing to the latter."""
        x, mask = self.encoder(features_BFD, frames_B)
        logits = self.decoder(x, mask, pieces_BL).float()
        targets = pieces_BL.masked_fill(pieces_BL == self.vocabulary.pad, IGNORED)
        smoothing = LABEL_SMOOTHING if self.training else 0.0
        loss = cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED, label_smoothing=smoothing)
        if self.gloss_head is not None:
            log_probs = self.gloss_head(x).float().log_softmax(-1).transpose(0, 1)
            each = ctc_loss(
                log_probs, gloss_BL, mask.sum(1), gloss_count_B, blank=BLANK, reduction="none", zero_infinity=True
            )
            known = gloss_count_B > 0
            loss = loss + (each * known / gloss_count_B.clamp_min(1)).sum() / known.sum().clamp_min(1)
        return loss

    @torch.no_grad()
    def read(self, features_BFD: Tensor, frames_B: Tensor, language: str) -> tuple[list[str], list[str | None]]:
        """Texts by beam search, and glosses (None where the corpus had none) by the best path of the CTC."""
        x, mask = self.encoder(features_BFD, frames_B)
        x = x.float()
        allowed = [[self.vocabulary.language_ids[language]]] * len(x)
        texts = [self.vocabulary.decode(ids)[1] for ids in self.decoder.beam_search(x, mask, allowed)]
        if self.gloss_head is None:
            return texts, [None] * len(texts)
        best_BS = self.gloss_head(x).argmax(-1)
        return texts, [
            self._collapse(row[: int(count)].tolist()) for row, count in zip(best_BS, mask.sum(1), strict=True)
        ]

    def _collapse(self, path: Sequence[int]) -> str:
        """Repetitions become one, blanks vanish."""
        kept = [label for before, label in zip([BLANK, *path], path, strict=False) if label not in (before, BLANK)]
        return " ".join(self.glosses[label - 1] for label in kept)
