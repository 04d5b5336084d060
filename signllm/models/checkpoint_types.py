"""The types of what a checkpoint and a shared model's folder say, beside their weights."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from torch import Tensor

from signllm.languages import LANGUAGES, VARIABLE


def _known(code: str) -> str:
    if code not in LANGUAGES:
        raise ValueError(
            f"no sign language of this code is known here; if a JSON file describes it, name that in the environment"
            f" variable {VARIABLE}"
        )
    return code


LanguageCode = Annotated[str, AfterValidator(_known)]
Count = Annotated[int, Field(ge=0, lt=2**48)]
Positive = Annotated[int, Field(gt=0, lt=2**48)]
Factor = Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]
Number = Annotated[float, Field(allow_inf_nan=False)]


class _EncoderFacts(BaseModel):
    name: str
    from_scratch: bool
    max_length: Annotated[int, Field(ge=2, le=100_000)]
    pad_id: Annotated[int, Field(ge=0, lt=10_000_000)]
    pad_token: str


class _Encoder(BaseModel):
    version: int
    meta: _EncoderFacts
    options: Annotated[dict[str, Any], Field(alias="model_config")]
    tokenizer: str


class Extra(BaseModel):
    """What a model needs beside weights and configuration."""

    languages: Annotated[list[LanguageCode], Field(min_length=1)]
    text_encoder: _Encoder
    reward_models: list[str] = []
    gloss_vocabulary: str | None = None
    amplitudes: dict[LanguageCode, Annotated[list[Factor], Field(min_length=3, max_length=3)]] = {}


class _State(BaseModel):
    """Where a run stands: what its next session and the repair of its folder read."""

    model_config = ConfigDict(extra="forbid")

    step: Count
    epoch: Count
    batch: Count
    taken: list[Annotated[list[Positive], Field(min_length=2, max_length=2)]] = []
    skipped: Count = 0
    frames: Count = 0
    seconds: Annotated[Number, Field(ge=0)]
    best_score: Number | None
    best_step: Count
    evaluations_without_gain: Count = 0
    precision: Literal["fp32", "bf16"]
    data_fingerprint: str = ""
    launch: str = ""
    sums: dict[str, float] = {}
    measures: dict[str, list[float] | tuple[float, float]] = {}
    history: list[dict] = []
    gloss_step: Count = 0
    gloss_seconds: Annotated[Number, Field(ge=0)] = 0.0
    gloss_history: list[dict] = []


class Training(BaseModel):
    """What a run goes on from."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    optimizer: dict
    state: _State


class Content(BaseModel):
    """A checkpoint file."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    config: dict[str, Any]
    extra: Extra
    weights: Annotated[dict[str, Tensor], Field(min_length=1)]
    averaged: dict[str, Tensor]
    training: dict


class FolderContent(BaseModel):
    """The config.json of a shared model; the tokenizers are files of their own."""

    config: dict[str, Any]
    extra: dict[str, Any]
