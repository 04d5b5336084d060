"""Text to PoseSequences with a trained model: `Generator`, the clips it gives, and their notes."""

from signllm.inference.clip import GeneratedClip
from signllm.inference.generator import Generator
from signllm.inference.notes import Note
from signllm.inference.options import DecoderOptions

__all__ = ["DecoderOptions", "GeneratedClip", "Generator", "Note"]
