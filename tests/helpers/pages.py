"""Reading a page in a real browser."""

import time


def wait_until(page, condition, timeout_s=20):
    """Ask until a JavaScript expression is true. Playwright's own waiting needs `eval`, which our pages forbid."""
    end = time.monotonic() + timeout_s
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(50)
