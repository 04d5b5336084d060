"""Cleaning of clips by the named steps of `signllm.pose.cleaning.steps`: `clean(pose, ["gaps=0.2", "jumps"])`."""

from signllm.pose.cleaning.plan import USUAL, Change, Cleaning, clean
from signllm.pose.cleaning.steps import STEPS

__all__ = ["STEPS", "USUAL", "Change", "Cleaning", "clean"]
