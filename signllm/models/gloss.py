"""LangGloss: gloss tokens that carry their language, their vocabulary, and the decoder that writes them.

A LangGloss sequence is a language token, gloss pieces, and an end token; it reads `<ASL_THANK-YOU> <ASL_BOOK>`.
Legend: B clips, L tokens, T source positions, D width, K beams, W vocabulary size.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from signllm.config.schema import GlossDecoderConfig
from signllm.errors import CheckpointError
from signllm.languages import CODES, LANGUAGES
from signllm.models.layers import DecoderStack, sinusoids

PAD, START, END, UNKNOWN = "<pad>", "<start>", "<end>", "<unk>"


class GlossVocabulary:
    """Byte-pair pieces of the corpus' glosses and a token for each of the eight languages, and of further ones."""

    def __init__(self, tokenizer_json: str):
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_str(tokenizer_json)
        self.json = tokenizer_json
        self.size: int = self._tokenizer.get_vocab_size()
        self.pad, self.start, self.end = (self._token_id(token) for token in (PAD, START, END))
        self.language_ids: dict[str, int] = {
            code: self._token_id(f"<{code}>")
            for code in LANGUAGES
            if code in CODES or self._tokenizer.token_to_id(f"<{code}>") is not None
        }
        self._codes = {number: code for code, number in self.language_ids.items()}

    def _token_id(self, token: str) -> int:
        number = self._tokenizer.token_to_id(token)
        if number is None:
            raise CheckpointError(f"the gloss vocabulary has no token {token}; was it made by SignLLM?")
        return number

    @classmethod
    def train(cls, glosses: Iterable[str], vocab_size: int, languages: Sequence[str] = ()) -> GlossVocabulary:
        """Learn the pieces; frequent glosses become one piece, rare ones several.

        languages: codes that have a token beside the eight.
        """
        from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

        tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN))
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        tokenizer.decoder = decoders.Metaspace()
        codes = dict.fromkeys((*CODES, *languages))
        special = [PAD, START, END, UNKNOWN, *(f"<{code}>" for code in codes)]
        trainer = trainers.BpeTrainer(vocab_size=vocab_size, special_tokens=special, show_progress=False)
        tokenizer.train_from_iterator(glosses, trainer)
        return cls(tokenizer.to_str())

    def encode(self, gloss: str, language: str) -> list[int]:
        """[language, pieces ..., end]; the start token is the decoder's own."""
        return [self.language_ids[language], *self._tokenizer.encode(gloss, add_special_tokens=False).ids, self.end]

    def decode(self, ids: Sequence[int]) -> tuple[str | None, str]:
        """Return (language code or None, space-separated glosses) of a token sequence."""
        language = self._codes.get(ids[0]) if len(ids) else None
        return language, self._tokenizer.decode(list(ids), skip_special_tokens=True)

    def pad_batch(self, sequences: Sequence[Sequence[int]], device: torch.device) -> Tensor:
        """(B, L) int64, padded with the pad token."""
        longest = max(len(ids) for ids in sequences)
        rows = [[*ids, *[self.pad] * (longest - len(ids))] for ids in sequences]
        return torch.tensor(rows, device=device)


def written(language: str | None, gloss: str) -> str:
    """LangGloss as a reader sees it: `<ASL_BOOK>`."""
    return " ".join(f"<{language}_{word}>" for word in gloss.split())


class GlossDecoder(nn.Module):
    """Autoregressive over LangGloss tokens, looking at the prompt's features."""

    def __init__(
        self, config: GlossDecoderConfig, vocabulary: GlossVocabulary, width: int, num_heads: int, dropout: float
    ):
        super().__init__()
        self.config = config
        self.vocabulary = vocabulary
        self.width = width
        self.embedding = nn.Embedding(vocabulary.size, width)
        nn.init.normal_(self.embedding.weight, std=width**-0.5)
        self.stack = DecoderStack(config.num_layers, width, num_heads, 4 * width, dropout)

    def _embed(self, ids_BL: Tensor, first_position: int = 0) -> Tensor:
        position_L = torch.arange(first_position, first_position + ids_BL.shape[1], device=ids_BL.device)
        return self.embedding(ids_BL) * self.width**0.5 + sinusoids(position_L, self.width)

    def forward(self, memory_BTD: Tensor, memory_mask_BT: Tensor, ids_BL: Tensor) -> Tensor:
        """Teacher forcing: logits (B, L, W) for the tokens ids_BL."""
        start = torch.full_like(ids_BL[:, :1], self.vocabulary.start)
        x_BLD = self._embed(torch.cat([start, ids_BL[:, :-1]], dim=1))
        hidden = self.stack(x_BLD, self.stack.memory_keys_values(memory_BTD), memory_mask_BT, causal=True)
        return nn.functional.linear(hidden, self.embedding.weight)

    @torch.no_grad()
    def beam_search(
        self, memory_BTD: Tensor, memory_mask_BT: Tensor, allowed: Sequence[Sequence[int]]
    ) -> list[list[int]]:
        """Return the best token sequence of each clip, end token included.

        allowed[b]: the language tokens that may come first for clip b (one when the language is given).
        Scores are log-probabilities divided by length^length_penalty.
        """
        batch, beams = len(memory_BTD), self.config.beam_size
        rows = torch.arange(batch, device=memory_BTD.device).repeat_interleave(beams)
        mask = memory_mask_BT[rows]
        memory_kvs = [(key[rows], value[rows]) for key, value in self.stack.memory_keys_values(memory_BTD)]
        limit = self.config.max_length
        caches = self.stack.new_caches(batch * beams, limit + 1, memory_kvs[0][0])
        tokens = torch.full((batch * beams, 1), self.vocabulary.start, device=memory_BTD.device)
        scores = torch.full((batch, beams), -torch.inf, device=memory_BTD.device)
        scores[:, 0] = 0.0  # all beams start alike: only the first may branch
        first_only = torch.full((batch, self.vocabulary.size), -torch.inf, device=memory_BTD.device)
        for row, ids in enumerate(allowed):
            first_only[row, list(ids)] = 0.0
        never = [self.vocabulary.pad, self.vocabulary.start]
        finished: list[list[tuple[float, list[int]]]] = [[] for _ in range(batch)]
        for step in range(limit):
            hidden = self.stack(self._embed(tokens[:, -1:], step), memory_kvs, mask, caches=caches)
            logits = nn.functional.linear(hidden[:, -1], self.embedding.weight).float()
            logits[:, never if step == 0 else never + list(self.vocabulary.language_ids.values())] = -torch.inf
            if step == 0:
                logits = logits + first_only[rows]
            total = scores[..., None] + logits.log_softmax(-1).unflatten(0, (batch, beams))
            best, flat = total.flatten(1).topk(2 * beams, dim=1)
            scores, origin, chosen = self._continue(best, flat, tokens, finished, step)
            tokens = torch.cat([tokens[origin], chosen[:, None]], dim=1)
            for cache in caches:
                cache.reorder(origin)
            if self._settled(finished, scores):
                break
        for row, options in enumerate(finished):
            if not options:  # no hypothesis ended within the limit: take the best as it stands
                best_row = row * beams + int(scores[row].argmax())
                options.append((0.0, [*tokens[best_row, 1:].tolist(), self.vocabulary.end]))
        return [max(options, key=lambda option: option[0])[1] for options in finished]

    def _continue(
        self, best: Tensor, flat: Tensor, tokens: Tensor, finished: list[list[tuple[float, list[int]]]], step: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Put away ended hypotheses; return scores (B, K), origins (B*K,) and tokens (B*K,) of the beams that go on."""
        batch, beams = len(best), self.config.beam_size
        size = self.vocabulary.size
        token, beam = flat % size, flat // size
        ended = token == self.vocabulary.end
        penalty = (step + 1) ** self.config.length_penalty
        for row, rank in ended.nonzero().tolist():
            if torch.isfinite(best[row, rank]) and rank < beams:
                ids = tokens[row * beams + int(beam[row, rank]), 1:].tolist()
                finished[row].append((float(best[row, rank]) / penalty, [*ids, self.vocabulary.end]))
        going = best.masked_fill(ended, -torch.inf)
        scores, rank = going.topk(beams, dim=1)
        origin = beam.gather(1, rank) + torch.arange(batch, device=best.device)[:, None] * beams
        return scores, origin.flatten(), token.gather(1, rank).flatten()

    def _settled(self, finished: list[list[tuple[float, list[int]]]], scores: Tensor) -> bool:
        """Whether no clip's running beams can still beat `beam_size` ended ones (they only lose probability)."""
        reach = float(self.config.max_length) ** self.config.length_penalty
        enough = self.config.beam_size
        return all(
            len(options) >= enough and max(option[0] for option in options) >= float(scores[row, 0]) / reach
            for row, options in enumerate(finished)
        )
