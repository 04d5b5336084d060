"""Pose decoders behind one interface; `DECODERS` is the registry.

`compose` stands beside them: it is made of recordings, not of weights, so it is no part of a network. What is trained
and opened by it is said in `signllm.composing.model`.
"""

from signllm.config.schema import PoseDecoderConfig
from signllm.errors import ConfigError, did_you_mean
from signllm.models.decoders.base import PoseDecoder
from signllm.models.decoders.flow import FlowDecoder
from signllm.models.decoders.parallel import ParallelDecoder
from signllm.models.decoders.progressive import ProgressiveDecoder
from signllm.models.decoders.residual_flow import ResidualFlowDecoder

DECODERS: dict[str, type[PoseDecoder]] = {
    "progressive": ProgressiveDecoder,
    "parallel": ParallelDecoder,
    "flow": FlowDecoder,
    "residual_flow": ResidualFlowDecoder,
}


COMPOSE = "compose"
NAMES = (*DECODERS, COMPOSE)


def is_network(config: PoseDecoderConfig) -> bool:
    """Whether the model is a network, to be trained by steps; raises ConfigError for an unknown decoder."""
    if config.type not in NAMES:
        raise ConfigError(
            f"model.pose_decoder.type = '{config.type}'{did_you_mean(config.type, NAMES)}; known: {', '.join(NAMES)}"
        )
    return config.type in DECODERS


def make_decoder(config: PoseDecoderConfig, num_values: int) -> PoseDecoder:
    """The decoder that `config.type` names, of `num_values` values a frame. Raises ConfigError where it names none."""
    if not is_network(config):
        raise ConfigError(f"model.pose_decoder.type = '{COMPOSE}': it has no network; start_training.py makes it")
    return DECODERS[config.type](config, num_values)
