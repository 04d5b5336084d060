"""Pose decoders behind one interface; `DECODERS` is the registry."""

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


def make_decoder(config: PoseDecoderConfig, num_values: int) -> PoseDecoder:
    """The decoder that `config.type` names, of `num_values` values a frame. Raises ConfigError for an unknown one."""
    if config.type not in DECODERS:
        raise ConfigError(
            f"model.pose_decoder.type = '{config.type}'{did_you_mean(config.type, DECODERS)};"
            f" known: {', '.join(DECODERS)}"
        )
    return DECODERS[config.type](config, num_values)
