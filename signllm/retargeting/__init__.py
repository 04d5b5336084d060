"""Poses of 50 joints on a humanoid skeleton: rotations of its bones, for an avatar.

`read_rig` reads a skeleton at rest (`Rig`) from a GLB or VRM file, and `retarget(clip, rig)` makes a `RetargetedClip`:
the clip as rotations of the rig's bones. Space is that of glTF: metres, x to
the left of the person (the right of the image), y up, z towards the viewer. Quaternions are (x, y, z, w).
"""

from signllm.retargeting.clip import RetargetedClip
from signllm.retargeting.reading import read_rig
from signllm.retargeting.retarget import retarget
from signllm.retargeting.rig import Rig

__all__ = ["RetargetedClip", "Rig", "read_rig", "retarget"]
