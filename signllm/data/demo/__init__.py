"""The demo corpus: synthetic signing for a machine without recordings. Its signs are invented, see `lexicon`."""

from signllm.data.demo.corpus import generate_demo_corpus
from signllm.data.demo.performance import animate

__all__ = ["animate", "generate_demo_corpus"]
