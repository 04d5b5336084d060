"""The time beside a video's time line, made of pictures of its digits: text set anew takes longer than a signer.

Legend: H W the size of a picture in pixels.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil

import numpy as np
from PIL import Image, ImageDraw

from signllm.viewing import fonts

_PAPER, _INK = (255, 255, 255), (118, 126, 138)


class Clock:
    """`seconds / total_s`, in a strip of `width` x `height` pixels that ends where the text does."""

    def __init__(self, total_s: float, text_px: int, height: int):
        self.text_px, self.height = text_px, height
        total = f"{total_s:.2f}"
        self._rest = f" / {total} s"
        self._whole_width = fonts.text_width(total + self._rest, text_px)
        self.width = ceil(self._whole_width) + text_px
        self._start = self.width - fonts.text_width(self._rest, text_px)
        self._rest_HW3 = self._drawn(self._rest, self._start)
        self._digit = lru_cache(maxsize=512)(self._drawn_digit)

    def picture(self, seconds: float) -> np.ndarray:
        """(H, W, 3) uint8."""
        strip_HW3 = self._rest_HW3.copy()
        number = f"{seconds:.2f}"
        for place, character in enumerate(reversed(number)):
            left, digit_HW3 = self._digit(place, character)
            area = strip_HW3[:, left : left + digit_HW3.shape[1]]
            np.minimum(area, digit_HW3, out=area)  # dark on white: where two meet, the darker is seen
        return strip_HW3

    def _drawn(self, text: str, x: float) -> np.ndarray:
        strip = Image.new("RGB", (self.width, self.height), _PAPER)
        fonts.draw_text(ImageDraw.Draw(strip), (x, self.height / 2), text, self.text_px, _INK)
        return np.array(strip)

    def _drawn_digit(self, place: int, character: str) -> tuple[int, np.ndarray]:
        """A character so many places before the end of the number, which has its point at the third: x, and picture."""
        point = fonts.text_width(".", self.text_px) if place > 2 else 0.0
        digits = place - (place > 2) if place != 2 else 2
        end = self._start - digits * fonts.text_width("0", self.text_px) - point
        start = end - fonts.text_width(character, self.text_px)
        left, right = max(0, int(start) - 2), min(self.width, ceil(end) + 2)
        return left, self._drawn(character, start)[:, left:right].copy()
