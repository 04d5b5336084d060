"""Transformer parts: attention with an optional key-value cache, pre-norm layers, positions.

Legend: B clips, T source positions, F target positions, D width, H heads, K head width.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def sinusoids(position: Tensor, width: int, longest_period: float = 10_000.0) -> Tensor:
    """Sine and cosine features (..., width) of real-valued positions (...), as in Attention Is All You Need."""
    half = width // 2
    exponent = torch.arange(half, device=position.device, dtype=torch.float32) / half
    angle = position.float()[..., None] * torch.exp(-math.log(longest_period) * exponent)
    return torch.cat([angle.sin(), angle.cos()], dim=-1)


def cosine_waves(num_waves: int, frames_B: Tensor, longest: int) -> Tensor:
    """(B, longest, K) the first K waves of the discrete cosine transform of clips so long, not normalised."""
    wave_K, position_F = (torch.arange(count, device=frames_B.device) for count in (num_waves, longest))
    phase_BF = math.pi * (position_F + 0.5) / frames_B[:, None]
    return torch.cos(phase_BF[..., None] * wave_K)


def masked_mean(x_BTD: Tensor, mask_BT: Tensor) -> Tensor:
    """(B, D) mean over the positions inside the mask."""
    weight_BT1 = mask_BT[..., None].to(x_BTD.dtype)
    return (x_BTD * weight_BT1).sum(1) / weight_BT1.sum(1)


class KeyValueCache:
    """Keys and values of one self-attention for up to `capacity` positions, filled one after the other."""

    def __init__(self, batch: int, num_heads: int, capacity: int, head_width: int, like: Tensor):
        shape = (batch, num_heads, capacity, head_width)
        self.keys = like.new_zeros(shape)
        self.values = like.new_zeros(shape)
        self.length = 0

    def append(self, key_BHFK: Tensor, value_BHFK: Tensor) -> tuple[Tensor, Tensor]:
        """Add new positions and return views of all positions so far."""
        end = self.length + key_BHFK.shape[2]
        self.keys[:, :, self.length : end] = key_BHFK
        self.values[:, :, self.length : end] = value_BHFK
        self.length = end
        return self.keys[:, :, :end], self.values[:, :, :end]

    def reorder(self, rows_B: Tensor) -> None:
        """Let row b continue what row rows_B[b] held (beam search)."""
        self.keys, self.values = self.keys[rows_B], self.values[rows_B]


class Attention(nn.Module):
    """Multi-head attention; the caller gives the mask (true = may look) or `causal`.

    No dropout on the attention weights: it forces PyTorch off its fused kernels and costs a third of a training step on
    a CPU (benchmarks/training.py); the layers drop their outputs instead.
    """

    def __init__(self, width: int, num_heads: int):
        super().__init__()
        self.num_heads = num_heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.output = nn.Linear(width, width)

    def _split(self, x_BFD: Tensor) -> Tensor:
        return x_BFD.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)

    def keys_values(self, memory_BTD: Tensor) -> tuple[Tensor, Tensor]:
        """(B, H, T, K) keys and values, to be computed once when the memory does not change."""
        key, value = self.key_value(memory_BTD).chunk(2, dim=-1)
        return self._split(key), self._split(value)

    def forward(
        self, x_BFD: Tensor, key_BHTK: Tensor, value_BHTK: Tensor, mask: Tensor | None = None, causal: bool = False
    ) -> Tensor:
        """Attend from x to the given keys and values."""
        mixed = _attention(self._split(self.query(x_BFD)), key_BHTK, value_BHTK, mask, causal)
        return self.output(mixed.transpose(1, 2).flatten(-2))


def _attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, causal: bool) -> Tensor:
    """PyTorch's fused attention; on a CPU always in fp32, because its bf16 backward pass takes three times as long."""
    if query.device.type != "cpu":
        return F.scaled_dot_product_attention(query, key, value, attn_mask=mask, is_causal=causal)
    with torch.autocast("cpu", enabled=False):
        return F.scaled_dot_product_attention(
            query.float(), key.float(), value.float(), attn_mask=mask, is_causal=causal
        )


def feed_forward(width: int, hidden: int, dropout: float) -> nn.Sequential:
    """The position-wise part of a transformer layer."""
    return nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, width))


class EncoderLayer(nn.Module):
    """Pre-norm self-attention and feed-forward over all positions of a masked sequence."""

    def __init__(self, width: int, num_heads: int, hidden: int, dropout: float):
        super().__init__()
        self.norm_self, self.norm_ff = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attend_self = Attention(width, num_heads)
        self.ff = feed_forward(width, hidden, dropout)
        self.drop = nn.Dropout(dropout)

    def forward(self, x_BTD: Tensor, mask_BT: Tensor) -> Tensor:
        """Mix x; positions outside the mask are not looked at."""
        normed = self.norm_self(x_BTD)
        keys_values = self.attend_self.keys_values(normed)
        x_BTD = x_BTD + self.drop(self.attend_self(normed, *keys_values, mask=mask_BT[:, None, None, :]))
        return x_BTD + self.drop(self.ff(self.norm_ff(x_BTD)))


class DecoderLayer(nn.Module):
    """Pre-norm self-attention, cross-attention to a memory, feed-forward."""

    def __init__(self, width: int, num_heads: int, hidden: int, dropout: float):
        super().__init__()
        self.norm_self, self.norm_cross, self.norm_ff = (nn.LayerNorm(width) for _ in range(3))
        self.attend_self = Attention(width, num_heads)
        self.attend_cross = Attention(width, num_heads)
        self.ff = feed_forward(width, hidden, dropout)
        self.drop = nn.Dropout(dropout)

    def forward(
        self,
        x_BFD: Tensor,
        memory_kv: tuple[Tensor, Tensor],
        memory_mask_BT: Tensor,
        self_mask_BF: Tensor | None = None,
        causal: bool = False,
        cache: KeyValueCache | None = None,
    ) -> Tensor:
        """Either `causal`, or bidirectional under `self_mask_BF`, or one position at a time with a `cache`."""
        normed = self.norm_self(x_BFD)
        key, value = self.attend_self.keys_values(normed)
        if cache is not None:
            key, value = cache.append(key, value)
        mask = None if self_mask_BF is None else self_mask_BF[:, None, None, :]
        x_BFD = x_BFD + self.drop(self.attend_self(normed, key, value, mask=mask, causal=causal))
        cross = self.attend_cross(self.norm_cross(x_BFD), *memory_kv, mask=memory_mask_BT[:, None, None, :])
        x_BFD = x_BFD + self.drop(cross)
        return x_BFD + self.drop(self.ff(self.norm_ff(x_BFD)))


class DecoderStack(nn.Module):
    """Decoder layers and a final norm, with the key-value caches that go with them."""

    def __init__(self, num_layers: int, width: int, num_heads: int, hidden: int, dropout: float):
        super().__init__()
        self.layers = nn.ModuleList(DecoderLayer(width, num_heads, hidden, dropout) for _ in range(num_layers))
        self.norm = nn.LayerNorm(width)

    def _typed_layers(self) -> Iterator[DecoderLayer]:
        yield from cast("Iterator[DecoderLayer]", iter(self.layers))

    def memory_keys_values(self, memory_BTD: Tensor) -> list[tuple[Tensor, Tensor]]:
        """The cross-attention keys and values of every layer."""
        return [layer.attend_cross.keys_values(memory_BTD) for layer in self._typed_layers()]

    def new_caches(self, batch: int, capacity: int, like: Tensor) -> list[KeyValueCache]:
        """Empty caches for a batch of at most `capacity` positions, of the type and device of `like`."""
        first = next(self._typed_layers()).attend_self
        head_width = first.query.out_features // first.num_heads
        return [KeyValueCache(batch, first.num_heads, capacity, head_width, like) for _ in self.layers]

    def forward(
        self,
        x_BFD: Tensor,
        memory_kvs: list[tuple[Tensor, Tensor]],
        memory_mask_BT: Tensor,
        caches: list[KeyValueCache] | None = None,
        self_mask_BF: Tensor | None = None,
        causal: bool = False,
    ) -> Tensor:
        """Run all layers; the masks as in DecoderLayer.forward."""
        for number, layer in enumerate(self.layers):
            cache = caches[number] if caches else None
            x_BFD = layer(x_BFD, memory_kvs[number], memory_mask_BT, self_mask_BF, causal, cache)
        return self.norm(x_BFD)
