"""Reading a page in a real browser."""

import io
import time

import numpy as np
from PIL import Image


def wait_until(page, condition, timeout_s=20):
    """Ask until a JavaScript expression is true. Playwright's own waiting needs `eval`, which our pages forbid."""
    end = time.monotonic() + timeout_s
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(50)


def picture(page, box=None):
    """The pixels of the canvas, or of a part of it, as an array of floats."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    taken = page.screenshot(clip=box) if box else page.locator("canvas").screenshot()
    return np.asarray(Image.open(io.BytesIO(taken)).convert("RGB"), float)
