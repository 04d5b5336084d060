"""The number scanner gives the bits of Python's float, and says which tokens are no numbers."""

import struct

import numpy as np

from signllm.pose.formats.number_text import parse_numbers

ODD = "+1 -.5 5. 1e5 -0 0 1E-3 .0 -0.0 123456789012345678901234567890 1e400 00.10 1e+05 4e-45 9007199254740993 nan -inf"


def test_every_number_has_the_bits_of_python_float():
    rng = np.random.default_rng(0)
    doubles = [repr(struct.unpack("d", bits.tobytes())[0]) for bits in rng.integers(0, 2**63, 3000, dtype=np.uint64)]
    fixed = [f"{value:.{places}f}" for places in range(18) for value in rng.normal(0, 10.0 ** (places % 5), 200)]
    tokens = ODD.split() + doubles + fixed
    numbers, bad = parse_numbers(" \t ".join(tokens).encode())
    with np.errstate(over="ignore"):
        expected = np.array([float(token) for token in tokens]).astype(np.float32)
    assert bad == []
    np.testing.assert_array_equal(numbers.view(np.uint32), expected.view(np.uint32))


def test_tokens_that_are_no_numbers_are_named_with_their_position():
    numbers, bad = parse_numbers(b"1 abc 2 1_0 . - 1e 1..2 1,2 --1 0x1 5\x00 3\n")
    assert [(b.index, b.token) for b in bad[:3]] == [(1, "abc"), (3, "1_0"), (4, ".")]
    assert [b.token for b in bad[3:]] == ["-", "1e", "1..2", "1,2", "--1", "0x1", "5\x00"]
    assert numbers[[0, 2, -1]].tolist() == [1, 2, 3]


def test_more_odd_tokens_than_the_first_buffer_holds():
    numbers, bad = parse_numbers(b"x " * 100 + b"7")
    assert len(bad) == 100
    assert bad[99].index == 99
    assert numbers[100] == 7


def test_empty_and_blank_lines_hold_no_number():
    assert [len(parse_numbers(line)[0]) for line in (b"", b"  ", b"\r\n")] == [0, 0, 0]
