"""Poses of 50 joints on a humanoid skeleton: rotations of its bones, for an avatar.

`Rig` is a skeleton at rest; `RetargetedClip` is a clip as rotations of its bones. Space is that of glTF: metres, x to
the left of the person (the right of the image), y up, z towards the viewer. Quaternions are (x, y, z, w).
"""

from signllm.retargeting.clip import RetargetedClip
from signllm.retargeting.rig import Rig

__all__ = ["RetargetedClip", "Rig"]
