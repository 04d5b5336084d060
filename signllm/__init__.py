"""SignLLM: sign language production, from text to 3D skeleton sequences (arXiv 2405.10718)."""

__version__ = "0.2.0"
