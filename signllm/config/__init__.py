"""The configuration: typed schema, loading and overriding."""

from signllm.config.loading import load_config, parse_config
from signllm.config.schema import Config

__all__ = ["Config", "load_config", "parse_config"]
