"""BERT (Devlin et al. 2019), for the text encoder that is trained from scratch.

Computation, names of the weights, initialisation and random draws are those of transformers' `BertModel`, bit for bit;
a test compares them. Importing transformers takes seconds, this does not. Pretrained models stay transformers' own.

Legend: B texts, T tokens, D width, H heads, E width of a head.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import orjson
import torch
from torch import Tensor, nn
from torch.nn import functional as F

MODEL_TYPE = "bert"


@dataclass(frozen=True)
class BertOptions:
    """What decides the computation, under the names that transformers' BertConfig has for it."""

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    max_position_embeddings: int
    pad_token_id: int
    hidden_dropout_prob: float
    attention_probs_dropout_prob: float
    hidden_act: str = "gelu"
    type_vocab_size: int = 2
    initializer_range: float = 0.02
    layer_norm_eps: float = 1e-12

    def __post_init__(self) -> None:
        if self.hidden_act != "gelu":
            raise ValueError(f"hidden_act '{self.hidden_act}': only 'gelu' is known here")
        if self.hidden_size % self.num_attention_heads:
            raise ValueError(f"hidden_size {self.hidden_size} is not a multiple of {self.num_attention_heads} heads")

    @classmethod
    def of(cls, values: dict[str, Any]) -> BertOptions:
        """From a BertConfig as a dict; what this model has no use for is left out. TypeError where a key is missing."""
        return cls(**{key: value for key, value in values.items() if key in cls.__dataclass_fields__})

    def to_json_string(self, use_diff: bool = False) -> str:
        """As a BertConfig's, so that transformers can build the model too."""
        return orjson.dumps({"model_type": MODEL_TYPE, **asdict(self)}).decode()


class BertOutput(NamedTuple):
    """What the model gives: one vector a token, (B, T, D)."""

    last_hidden_state: Tensor


class Bert(nn.Module):
    """Token ids to one vector a token. The parameters are drawn from torch's generator."""

    def __init__(self, options: BertOptions):
        super().__init__()
        self.config = options
        self.embeddings = _Embeddings(options)
        self.encoder = _Encoder(options)
        self.apply(self._initialise)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> BertOutput:
        """input_ids and attention_mask (B, T) int64, the mask 0 at padded tokens."""
        mask_B1TT = None
        if not attention_mask.all():  # without a mask, attention can take a faster kernel
            width = attention_mask.shape[1]
            mask_B1TT = attention_mask.bool()[:, None, None, :].expand(-1, 1, width, width)
        return BertOutput(self.encoder(self.embeddings(input_ids), mask_B1TT))

    def _initialise(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, mean=0.0, std=self.config.initializer_range)
        if isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding) and module.padding_idx is not None:
            with torch.no_grad():
                module.weight[module.padding_idx].zero_()


class _Embeddings(nn.Module):
    def __init__(self, options: BertOptions):
        super().__init__()
        width = options.hidden_size
        self.word_embeddings = nn.Embedding(options.vocab_size, width, padding_idx=options.pad_token_id)
        self.position_embeddings = nn.Embedding(options.max_position_embeddings, width)
        self.token_type_embeddings = nn.Embedding(options.type_vocab_size, width)
        self.LayerNorm = nn.LayerNorm(width, eps=options.layer_norm_eps)
        self.dropout = nn.Dropout(options.hidden_dropout_prob)

    def forward(self, ids_BT: Tensor) -> Tensor:
        position_1T = torch.arange(ids_BT.shape[1], device=ids_BT.device)[None]
        token_BTD = self.word_embeddings(ids_BT) + self.token_type_embeddings(torch.zeros_like(ids_BT))
        return self.dropout(self.LayerNorm(token_BTD + self.position_embeddings(position_1T)))


class _Encoder(nn.Module):
    def __init__(self, options: BertOptions):
        super().__init__()
        self.layer = nn.ModuleList(_Layer(options) for _ in range(options.num_hidden_layers))

    def forward(self, x_BTD: Tensor, mask_B1TT: Tensor | None) -> Tensor:
        for layer in self.layer:
            x_BTD = layer(x_BTD, mask_B1TT)
        return x_BTD


class _Layer(nn.Module):
    def __init__(self, options: BertOptions):
        super().__init__()
        self.attention = _Attention(options)
        self.intermediate = _Intermediate(options)
        self.output = _Residual(options, options.intermediate_size)

    def forward(self, x_BTD: Tensor, mask_B1TT: Tensor | None) -> Tensor:
        x_BTD = self.attention(x_BTD, mask_B1TT)
        return self.output(self.intermediate(x_BTD), x_BTD)


class _Attention(nn.Module):
    def __init__(self, options: BertOptions):
        super().__init__()
        self.self = _SelfAttention(options)
        self.output = _Residual(options, options.hidden_size)

    def forward(self, x_BTD: Tensor, mask_B1TT: Tensor | None) -> Tensor:
        return self.output(self.self(x_BTD, mask_B1TT), x_BTD)


class _SelfAttention(nn.Module):
    def __init__(self, options: BertOptions):
        super().__init__()
        width = options.hidden_size
        self.heads = options.num_attention_heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.dropout_p = options.attention_probs_dropout_prob

    def forward(self, x_BTD: Tensor, mask_B1TT: Tensor | None) -> Tensor:
        query_BHTE, key_BHTE, value_BHTE = (
            project(x_BTD).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for project in (self.query, self.key, self.value)
        )
        dropout_p = self.dropout_p if self.training else 0.0
        seen_BHTE = F.scaled_dot_product_attention(query_BHTE, key_BHTE, value_BHTE, mask_B1TT, dropout_p)
        return seen_BHTE.transpose(1, 2).flatten(2)


class _Intermediate(nn.Module):
    def __init__(self, options: BertOptions):
        super().__init__()
        self.dense = nn.Linear(options.hidden_size, options.intermediate_size)

    def forward(self, x_BTD: Tensor) -> Tensor:
        return F.gelu(self.dense(x_BTD))


class _Residual(nn.Module):
    """Back to the model's width, added to what came in, normalised."""

    def __init__(self, options: BertOptions, width: int):
        super().__init__()
        self.dense = nn.Linear(width, options.hidden_size)
        self.LayerNorm = nn.LayerNorm(options.hidden_size, eps=options.layer_norm_eps)
        self.dropout = nn.Dropout(options.hidden_dropout_prob)

    def forward(self, x_BTD: Tensor, before_BTD: Tensor) -> Tensor:
        return self.LayerNorm(self.dropout(self.dense(x_BTD)) + before_BTD)
