"""Small animations as bytes, to be put into a page."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

from PIL import Image

from signllm.sampling import spread
from signllm.viewing.scene import Panel, Scene

LOOK = 2  # changes when the pictures would: kept animations are then drawn again
MOST_FPS, MOST_FRAMES = 12.5, 48


def animated_webp(panels: Sequence[Panel], size_px: int = 180, quality: int = 45) -> bytes:
    """(label, clip) panels side by side at their true speed, in a loop; at most 48 pictures, however long they are."""
    scene = Scene.of(panels, size_px=size_px)
    count = max(1, min(MOST_FRAMES, round(scene.num_frames * MOST_FPS / scene.fps), scene.num_frames))
    moments = spread(scene.num_frames, count)
    pictures = [Image.fromarray(picture_HW4).convert("RGB") for picture_HW4 in scene.pictures(moments)]
    milliseconds = max(20, round(1000 * scene.num_frames / scene.fps / len(moments)))
    file = io.BytesIO()
    pictures[0].save(
        file,
        format="WEBP",
        save_all=True,
        append_images=pictures[1:],
        duration=milliseconds,
        loop=0,
        quality=quality,
        method=3,
    )
    return file.getvalue()


def data_address(image: bytes, kind: str = "image/webp") -> str:
    """The address under which a page holds the image itself."""
    return f"data:{kind};base64,{base64.b64encode(image).decode()}"
