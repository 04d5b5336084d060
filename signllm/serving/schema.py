"""The JSON interface: what a request may hold, and what comes back. `/docs` is made of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from signllm.inference import DecoderOptions


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Options(_Strict):
    """How the decoder draws; what is left out stays as configured. `/api/models` says which options a model has."""

    amplitude: float | None = Field(None, description="motion around the slow course of a clip, times this")
    guidance: float | None = Field(None, description="how closely a flow follows the text; 1: no guidance")
    steps: int | None = Field(None, description="steps of a flow from noise to a clip")
    slow_temperature: float | None = Field(None, description="0: the usual course of a sign; 1: drawn freely")
    candidates: int | None = Field(None, description="clips drawn, of which the most central is kept")

    def chosen(self) -> DecoderOptions:
        """As the generator takes them."""
        return DecoderOptions(**self.model_dump())


class SignRequest(_Strict):
    """A text to sign."""

    text: Annotated[str, Field(description="a text of one or many sentences, or a prompt", examples=["It will rain."])]
    language: str | None = Field(
        None, description="code or alias of a sign language; may be left out where the model has one or reads it"
    )
    model: str | None = Field(None, description="a name of `/api/models`; the first one by default")
    mode: Literal["mlsf", "prompt2langgloss", "compose"] | None = Field(
        None, description="refuse a model of another mode, or take the first one of this mode; lexicons are `compose`"
    )
    seed: Annotated[int, Field(ge=0, lt=2**31)] = Field(0, description="for decoders that draw random numbers")
    split: bool = Field(True, description="sign each sentence by itself, one after the other")
    strict: bool = Field(False, description="refuse a text of which the model does not know everything")
    options: Options = Options()
    stream: bool = Field(True, description="send events as they happen; false: one JSON object at the end")
    encoding: Literal["base64", "numbers"] = Field(
        "base64", description="of frames: little-endian 32-bit floats in base64, or nested lists of numbers"
    )
    avatar: bool = Field(False, description="also send how the bones of the avatar turn")


class NoteOut(BaseModel):
    """Something of the text that the model does not know, or that was cut."""

    kind: str
    items: list[str]
    message: str
    chinese: str


class ClipOut(BaseModel):
    """What is known of a finished clip; `id` finds its files."""

    id: str
    text: str
    gloss: str | None = None
    language: str
    request: str
    sentences: list[str]
    fps: float
    frames: int
    seconds: float
    notes: list[NoteOut]
    files: dict[str, str] = Field(description="the address of the clip in each format")


class SignedClip(ClipOut):
    """With `stream: false`: the clip and its frames."""

    poses: Any = Field(description="(frames, 50 joints, 3) in shoulder widths, y down; as `encoding` says")


class FieldFault(BaseModel):
    """What is wrong with one field."""

    field: str
    message: str


class Refusal(BaseModel):
    """Why a request is not carried out. `fields` where the request itself is wrong."""

    error: str
    message: str
    fields: list[FieldFault] = []
    retry_after_s: int | None = None
