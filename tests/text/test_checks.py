"""What is no text is refused with the reason."""

import pytest

from signllm.errors import ConfigError
from signllm.text.checks import LONGEST_TEXT, check_text


@pytest.mark.parametrize("text", ["hello", "a\u2028b", "two\nlines", "👩\u200d🦰", "x" * LONGEST_TEXT])
def test_texts_pass(text):
    check_text(text)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (" \t", "empty"),
        ("a\0b", "U+0000"),
        ("a\x1b[0m", "U+001B"),
        ("a\ud800", "U+D800"),
        ("x" * (LONGEST_TEXT + 1), "20,001 characters"),
    ],
)
def test_others_are_refused(text, part):
    with pytest.raises(ConfigError) as caught:
        check_text(text)
    assert part in str(caught.value)
    str(caught.value).encode()


def test_both_reasons_are_said_at_once():
    with pytest.raises(ConfigError) as caught:
        check_text("\0" * (LONGEST_TEXT + 1))
    assert len(caught.value.faults) == 2
