"""Skeletons, pose sequences and pose file formats."""

from signllm.pose.sequence import PoseSequence
from signllm.pose.skeleton import SKELETON_50, Skeleton

__all__ = ["SKELETON_50", "PoseSequence", "Skeleton"]
