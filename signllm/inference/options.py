"""How a decoder draws, for one request: what may be chosen without training anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields

from signllm.config.schema import PoseDecoderConfig
from signllm.errors import ConfigError, did_you_mean
from signllm.models.decoders import DECODERS
from signllm.models.decoders.flow import FlowDecoder
from signllm.models.sign_model import SignModel


@dataclass(frozen=True)
class OptionKind:
    """One option: the least and the most that is allowed, whether whole numbers only, and what it does."""

    least: float
    most: float
    whole: bool
    english: str
    chinese: str
    of_flow: bool = True


OPTIONS = {
    "amplitude": OptionKind(
        0.5, 2.0, False, "motion, times this; 1: as learnt", "动作幅度的倍数；1 为学到的幅度", of_flow=False
    ),
    "guidance": OptionKind(
        0.0, 10.0, False, "1: none; higher: follows the text more closely", "1 为无引导；越大越贴近文本"
    ),
    "steps": OptionKind(1, 50, True, "steps from noise to a clip", "从噪声到片段的步数"),
    "slow_temperature": OptionKind(
        0.0, 1.0, False, "0: the usual course of a sign; 1: drawn freely", "0 为常见走势，1 为自由采样"
    ),
    "candidates": OptionKind(
        1, 8, True, "clips drawn, of which the most central is kept", "采样若干片段，保留最居中的一个"
    ),
}
"""Every option by the name of its configuration key."""


@dataclass(frozen=True)
class DecoderOptions:
    """What a request asks of the decoder; None leaves what the model was trained or configured with."""

    amplitude: float | None = None
    guidance: float | None = None
    steps: int | None = None
    slow_temperature: float | None = None
    candidates: int | None = None

    @property
    def given(self) -> dict[str, float]:
        """The options that are asked for."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def check(self, decoder: PoseDecoderConfig) -> None:
        """Raise ConfigError for options that the decoder does not have and for values that are out of range."""
        known, faults = defaults(decoder), []
        for name, value in self.given.items():
            kind = OPTIONS[name]
            if name not in known:
                faults.append(
                    f"{name}: the decoder '{decoder.type}' does not have this option{did_you_mean(name, known)};"
                    f" it has {', '.join(known) or 'none'}"
                )
            elif not kind.least <= value <= kind.most or (kind.whole and value != int(value)):
                expected = f"{'a whole number ' if kind.whole else ''}from {kind.least:g} to {kind.most:g}"
                faults.append(f"{name}: {value:g}, expected {expected}")
        if faults:
            raise ConfigError(faults)

    @contextmanager
    def applied(self, model: SignModel) -> Iterator[None]:
        """Let the model generate so within the block. One block at a time: the model itself is changed."""
        given = self.given
        amplitude = given.pop("amplitude", None)
        flows = [part for part in model.modules() if isinstance(part, FlowDecoder) and given]
        before = model.amplitude_factor, [decoder.config for decoder in flows]
        try:
            model.amplitude_factor = amplitude or before[0]
            for decoder in flows:
                flow = decoder.config.flow.model_copy(update=given)
                decoder.config = decoder.config.model_copy(update={"flow": flow})
            yield
        finally:
            model.amplitude_factor = before[0]
            for decoder, config in zip(flows, before[1], strict=True):
                decoder.config = config


def defaults(decoder: PoseDecoderConfig) -> dict[str, float]:
    """The options that a decoder has, with the values of its configuration; the amplitude is a factor of its own.

    What is composed of people has none.
    """
    if decoder.type not in DECODERS:
        return {}
    values = {**decoder.flow.model_dump(), "amplitude": 1.0}
    draws = DECODERS[decoder.type].draws
    return {name: values[name] for name, kind in OPTIONS.items() if draws or not kind.of_flow}


assert [field.name for field in fields(DecoderOptions)] == list(OPTIONS)
