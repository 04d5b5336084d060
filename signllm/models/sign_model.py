"""The two modes of SignLLM behind one interface; `MODES` is the registry.

Legend: B clips, T source positions, S source width, L gloss tokens, D width.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from signllm.config.schema import ModelConfig
from signllm.errors import ConfigError
from signllm.models.feature_cache import FeatureCache
from signllm.models.from_file import build
from signllm.models.gloss import GlossDecoder, GlossVocabulary
from signllm.models.group import PoseGroup
from signllm.models.known_words import KnownWords
from signllm.models.layers import sinusoids
from signllm.models.normalizer import PARTS, UNCHANGED, Amplitude, PoseNormalizer
from signllm.models.outputs import Generated, GlossOutput, ModelOutput, Piece, Plan, Read, Route
from signllm.models.text_encoder import TextEncoder
from signllm.pose.batch import PoseBatch

Clips = Iterable[tuple[np.ndarray, np.ndarray]]


class SignModel(nn.Module, ABC):
    """Text to pose. `languages` are those it was trained on; `feature_cache` may be set when the encoder is frozen.

    A `vocabulary` is for modes that write glosses.
    """

    writes_gloss = False  # whether the mode goes through LangGloss and needs its vocabulary

    def __init__(
        self,
        config: ModelConfig,
        text_encoder: TextEncoder,
        languages: Sequence[str],
        vocabulary: GlossVocabulary | None = None,
    ):
        super().__init__()
        self.config = config
        self.languages = list(languages)
        self.text_encoder = text_encoder
        self.feature_cache: FeatureCache | None = None
        self.reward_models: list[str] = []  # digests of the judges that rewarded it, which must not evaluate it
        self.known_words = KnownWords()  # of the training texts
        self.amplitudes: dict[str, Amplitude] = {}  # by language, calibrated on training clips
        self.amplitude_factor = 1.0  # of one request: times the amplitudes

    def encode_texts(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """(B, T, S) features and (B, T) mask from the text encoder."""
        cache = self.feature_cache if self.text_encoder.frozen else None
        return self.text_encoder.encode(texts, cache)

    def check_languages(self, languages: Sequence[str]) -> None:
        """Raise ConfigError when the model was not trained on one of these."""
        unknown = sorted(set(languages) - set(self.languages))
        if unknown:
            raise ConfigError(
                f"language {', '.join(unknown)}: this model was trained on {', '.join(self.languages)} only"
            )

    @abstractmethod
    def fit_normalizers(self, clips_by_language: dict[str, Clips]) -> None:
        """Set the statistics of the pose values from training clips ((F, J, 3), (F, J) valid)."""

    @abstractmethod
    def normalizers(self, languages: Sequence[str]) -> list[tuple[PoseNormalizer, list[int]]]:
        """The statistics by which the clips of a batch of these languages are standardised, and their rows."""

    def gloss_tokens(
        self, glosses: Sequence[str], languages: Sequence[str], language_only: Sequence[bool] | None = None
    ) -> int:
        """How many LangGloss tokens these glosses are; 0 in a mode that writes none."""
        return 0

    @abstractmethod
    def routes(self, batch: PoseBatch) -> list[Route]:
        """The way of a training batch to its groups, each of which signs a part of it."""

    @abstractmethod
    def forward(self, batch: PoseBatch) -> ModelOutput:
        """Predict a training batch; generation never goes through here."""

    @abstractmethod
    def plans(self, texts: Sequence[str], languages: Sequence[str | None]) -> list[Plan]:
        """Read texts that are to be signed, up to what each group generates from."""

    @torch.no_grad()
    def generate(
        self,
        texts: Sequence[str],
        languages: Sequence[str | None],
        longest: int,
        seeds: Sequence[int] | None = None,
    ) -> list[Generated]:
        """Generate from text and language alone; at most `longest` frames a clip; random numbers come from `seeds`."""
        made: dict[int, Generated] = {}
        for plan in self.plans(texts, languages):
            drawn = None if seeds is None else [seeds[row] for row in plan.rows]
            poses, expected = plan.group.generate(
                plan.source_BTS, plan.mask_BT, longest, seeds=drawn, amplitude_BP=self._amplitude_BP(plan)
            )
            for row, read, pose_FJC, frames in zip(plan.rows, plan.read, poses, expected, strict=True):
                made[row] = read.generated(pose_FJC, frames)
        return [made[row] for row in range(len(texts))]

    @torch.no_grad()
    def stream(
        self,
        texts: Sequence[str],
        languages: Sequence[str | None],
        longest: int,
        seeds: Sequence[int] | None = None,
    ) -> Iterator[Piece]:
        """As `generate`, but each clip's frames as soon as they are made; clips go on side by side."""
        for plan in self.plans(texts, languages):
            drawn = None if seeds is None else [seeds[row] for row in plan.rows]
            parts: list[list[Tensor]] = [[] for _ in plan.rows]
            amplitude_BP = self._amplitude_BP(plan)
            for piece in plan.group.stream(plan.source_BTS, plan.mask_BT, longest, drawn, amplitude_BP):
                parts[piece.row].append(piece.pose_FJC)
                whole = None
                if piece.last:
                    pose_FJC = torch.cat(parts[piece.row])
                    whole = plan.read[piece.row].generated(pose_FJC, piece.expected_frames)
                yield Piece(plan.rows[piece.row], piece.pose_FJC, whole)

    def amplitude_of(self, language: str) -> Amplitude:
        """Factors of the motion of each of PARTS: what the configuration sets by hand, else what was calibrated."""
        by_hand = self.config.pose_decoder.amplitude
        own = self.amplitudes.get(language, UNCHANGED) if by_hand is None else (by_hand,) * len(PARTS)
        return cast(Amplitude, tuple(self.amplitude_factor * factor for factor in own))

    def _amplitude_BP(self, plan: Plan) -> Tensor | None:
        """(B, P) the amplitudes of a plan's clips; None where all are 1."""
        amplitude_BP = torch.tensor([self.amplitude_of(read.language) for read in plan.read])
        return None if (amplitude_BP == 1).all() else amplitude_BP.to(plan.source_BTS.device)

    def extra_state(self) -> dict:
        """What a checkpoint needs beside weights and config, as plain values."""
        return {
            "amplitudes": {language: list(own) for language, own in self.amplitudes.items()},
            "languages": self.languages,
            "text_encoder": self.text_encoder.state_for_checkpoint(),
            "reward_models": self.reward_models,
            "known_words": self.known_words.state(),
        }


class MLSF(SignModel):
    """Multi-language switching framework: one PoseGroup a language over the shared text encoder. Input: plain text."""

    def __init__(
        self,
        config: ModelConfig,
        text_encoder: TextEncoder,
        languages: Sequence[str],
        vocabulary: GlossVocabulary | None = None,
    ):
        super().__init__(config, text_encoder, languages, vocabulary)
        self.groups = nn.ModuleDict({code: PoseGroup(config, text_encoder.width) for code in self.languages})

    def group_of(self, language: str) -> PoseGroup:
        """The group that signs a language."""
        return cast(PoseGroup, self.groups[language])

    def add_language(self, code: str, clips: Clips, warm_start_from: str | None = None) -> None:
        """Add a group for a language, with statistics from `clips`; nothing of the other groups changes.

        Its weights are new, or a copy of those of the group `warm_start_from`. Raises ConfigError when the language is
        there already or the other one is not.
        """
        if code in self.languages:
            raise ConfigError(f"{code}: this model has a group for it already ({', '.join(self.languages)})")
        if warm_start_from is not None:
            self.check_languages([warm_start_from])
        group = PoseGroup(self.config, self.text_encoder.width)
        if warm_start_from is not None:
            group.load_state_dict(self.groups[warm_start_from].state_dict())
        group.normalizer.fit(clips)
        self.groups[code] = group
        self.languages.append(code)

    def train_only(self, languages: Sequence[str]) -> None:
        """From now on only the groups of these languages have parameters to train; the text encoder is frozen."""
        self.check_languages(languages)
        self.requires_grad_(False)
        self.text_encoder.freeze()
        for code in languages:
            self.groups[code].requires_grad_(True)

    def fit_normalizers(self, clips_by_language: dict[str, Clips]) -> None:
        """Each language has statistics of its own, so that adding one changes no other."""
        for code, clips in clips_by_language.items():
            self.group_of(code).normalizer.fit(clips)

    def _rows(self, languages: Sequence[str]) -> dict[str, list[int]]:
        """The rows of each language in the batch: the route through the groups."""
        self.check_languages(languages)
        return {
            code: rows
            for code in self.languages
            if (rows := [row for row, language in enumerate(languages) if language == code])
        }

    def normalizers(self, languages: Sequence[str]) -> list[tuple[PoseNormalizer, list[int]]]:
        """Those of the groups."""
        return [(self.group_of(code).normalizer, rows) for code, rows in self._rows(languages).items()]

    def routes(self, batch: PoseBatch) -> list[Route]:
        """A batch of mixed languages by group."""
        source_BTS, mask_BT = self.encode_texts(batch.texts)
        return [
            Route(self.group_of(code), source_BTS[rows], mask_BT[rows], batch.select(rows), rows)
            for code, rows in self._rows(batch.languages).items()
        ]

    def forward(self, batch: PoseBatch) -> ModelOutput:
        """Route a batch of mixed languages by group."""
        return ModelOutput([r.group(r.source_BTS, r.mask_BT, r.clips, r.rows) for r in self.routes(batch)])

    def plans(self, texts: Sequence[str], languages: Sequence[str | None]) -> list[Plan]:
        """Each text goes through the group of its language, which must be given unless there is only one."""
        only = self.languages[0] if len(self.languages) == 1 else None
        chosen = [code for language in languages if (code := language or only)]
        if len(chosen) < len(languages):
            raise ConfigError(f"a language is needed for each text; this model has {', '.join(self.languages)}")
        source_BTS, mask_BT = self.encode_texts(texts)
        return [
            Plan(self.group_of(code), source_BTS[rows], mask_BT[rows], rows, [Read(code)] * len(rows))
            for code, rows in self._rows(chosen).items()
        ]


class Prompt2LangGloss(SignModel):
    """Prompt -> LangGloss tokens (beam search) -> pose, with one set of parameters for all languages.

    While training, the pose part reads the reference gloss; when generating, the gloss decoder's own.
    """

    writes_gloss = True

    def __init__(
        self,
        config: ModelConfig,
        text_encoder: TextEncoder,
        languages: Sequence[str],
        vocabulary: GlossVocabulary,
    ):
        super().__init__(config, text_encoder, languages, vocabulary)
        pose = config.pose_decoder
        self.vocabulary = vocabulary
        self.project = nn.Linear(text_encoder.width, pose.hidden_size)
        own = config.gloss_decoder.dropout
        dropout = pose.dropout if own is None else own
        self.gloss_decoder = GlossDecoder(config.gloss_decoder, vocabulary, pose.hidden_size, pose.num_heads, dropout)
        self.gloss_embedding = nn.Embedding(vocabulary.size, pose.hidden_size)
        self.group = PoseGroup(config, pose.hidden_size)

    def fit_normalizers(self, clips_by_language: dict[str, Clips]) -> None:
        """One set of statistics over all languages."""
        self.group.normalizer.fit(clip for clips in clips_by_language.values() for clip in clips)

    def extra_state(self) -> dict:
        """Adds the gloss vocabulary."""
        return {**super().extra_state(), "gloss_vocabulary": self.vocabulary.json}

    def _gloss_source(self, ids_BL: Tensor) -> tuple[Tensor, Tensor]:
        position_L = torch.arange(ids_BL.shape[1], device=ids_BL.device)
        embedded = self.gloss_embedding(ids_BL)
        return embedded + sinusoids(position_L, embedded.shape[-1]), ids_BL != self.vocabulary.pad

    def _sequences(
        self, glosses: Sequence[str], languages: Sequence[str], language_only: Sequence[bool] | None = None
    ) -> list[list[int]]:
        """The tokens of reference glosses; where `language_only`, the language token alone."""
        limit = self.config.gloss_decoder.max_length
        limits = [1 if only else limit for only in language_only or [False] * len(glosses)]
        return [
            self.vocabulary.encode(gloss, language)[:most]
            for gloss, language, most in zip(glosses, languages, limits, strict=True)
        ]

    def gloss_tokens(
        self, glosses: Sequence[str], languages: Sequence[str], language_only: Sequence[bool] | None = None
    ) -> int:
        """How many tokens the gloss part is trained on; `language_only` as in `_sequences`."""
        return sum(map(len, self._sequences(glosses, languages, language_only)))

    def _reference_ids(
        self, glosses: Sequence[str], languages: Sequence[str], language_only: Sequence[bool] | None = None
    ) -> Tensor:
        """(B, L) tokens of reference glosses, padded; `language_only` as in `_sequences`."""
        sequences = self._sequences(glosses, languages, language_only)
        return self.vocabulary.pad_batch(sequences, self.gloss_embedding.weight.device)

    def normalizers(self, languages: Sequence[str]) -> list[tuple[PoseNormalizer, list[int]]]:
        """The one of all languages."""
        return [(self.group.normalizer, list(range(len(languages))))]

    def routes(self, batch: PoseBatch) -> list[Route]:
        """The whole batch from its reference gloss to the one group."""
        ids_BL = self._reference_ids(batch.glosses, batch.languages)
        return [Route(self.group, *self._gloss_source(ids_BL), batch, list(range(len(batch))))]

    def forward(self, batch: PoseBatch) -> ModelOutput:
        """Predict the gloss from the prompts and the poses from the reference gloss."""
        self.check_languages(batch.languages)
        read = self.read_prompts(batch.prompts, batch.languages, batch.glosses)
        gloss_BLD, gloss_mask_BL = self._gloss_source(read.ids_BL)
        output = self.group(gloss_BLD, gloss_mask_BL, batch, list(range(len(batch))))
        return ModelOutput([output], read)

    def read_prompts(
        self,
        prompts: Sequence[str],
        languages: Sequence[str],
        glosses: Sequence[str],
        language_only: Sequence[bool] | None = None,
    ) -> GlossOutput:
        """The gloss part alone, teacher-forced; `language_only` as in `_sequences`."""
        source_BTS, mask_BT = self.encode_texts(prompts)
        ids_BL = self._reference_ids(glosses, languages, language_only)
        logits_BLW = self.gloss_decoder(self.project(source_BTS), mask_BT, ids_BL)
        return GlossOutput(logits_BLW, ids_BL, self.vocabulary.pad)

    @torch.no_grad()
    def translate(self, prompts: Sequence[str], languages: Sequence[str | None]) -> list[tuple[str, str]]:
        """Return (language, gloss) of each prompt; a given language overrides the one read from the prompt."""
        return [self._decoded(sequence) for sequence in self._translate_ids(prompts, languages)]

    def _decoded(self, sequence: list[int]) -> tuple[str, str]:
        language, gloss = self.vocabulary.decode(sequence)
        assert language is not None, "the beam search starts each sequence with an allowed language"
        return language, gloss

    def _translate_ids(self, prompts: Sequence[str], languages: Sequence[str | None]) -> list[list[int]]:
        self.check_languages([language for language in languages if language])
        source_BTS, mask_BT = self.encode_texts(prompts)
        language_ids = self.vocabulary.language_ids
        allowed = [
            [language_ids[code] for code in ([language] if language else self.languages)] for language in languages
        ]
        return self.gloss_decoder.beam_search(self.project(source_BTS), mask_BT, allowed)

    def plans(self, texts: Sequence[str], languages: Sequence[str | None]) -> list[Plan]:
        """`texts` are prompts."""
        sequences = self._translate_ids(texts, languages)
        ids_BL = self.vocabulary.pad_batch(sequences, self.gloss_embedding.weight.device)
        source_BTS, mask_BT = self._gloss_source(ids_BL)
        most = self.config.gloss_decoder.max_length
        read = [Read(*self._decoded(sequence), len(sequence) > most) for sequence in sequences]
        return [Plan(self.group, source_BTS, mask_BT, list(range(len(texts))), read)]


MODES: dict[str, type[SignModel]] = {"mlsf": MLSF, "prompt2langgloss": Prompt2LangGloss}


def create_model(
    config: ModelConfig, languages: Sequence[str], corpus_texts: Sequence[str], glosses: Sequence[str]
) -> SignModel:
    """A new model; the texts and glosses of the training corpus make vocabularies where they are needed.

    Raises ConfigError when the text encoder cannot be loaded or the decoder is unknown.
    """
    text_encoder = TextEncoder.create(config.text_encoder, corpus_texts)
    mode = MODES[config.mode]
    vocabulary = None
    if mode.writes_gloss:
        vocabulary = GlossVocabulary.train(glosses, config.gloss_decoder.vocab_size, languages)
    return mode(config, text_encoder, languages, vocabulary)


def model_from_state(
    config: ModelConfig, extra: dict, weights: dict[str, Tensor], source: str = "the checkpoint"
) -> SignModel:
    """The model of a checkpoint: `extra` from `SignModel.extra_state`, `weights` from `state_dict`.

    Raises CheckpointError about `source` where the weights are not of the model that `config` and `extra` describe.
    """

    def make() -> SignModel:
        text_encoder = TextEncoder.from_checkpoint_state(config.text_encoder, extra["text_encoder"])
        vocabulary = GlossVocabulary(extra["gloss_vocabulary"]) if extra.get("gloss_vocabulary") else None
        return MODES[config.mode](config, text_encoder, extra["languages"], vocabulary)

    model = build(source, weights, make)
    model.reward_models = list(extra.get("reward_models", []))
    model.known_words = KnownWords.from_state(extra.get("known_words"))
    model.amplitudes = {language: tuple(own) for language, own in extra.get("amplitudes", {}).items()}
    return model
