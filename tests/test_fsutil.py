"""The one decoder of text files: marks, line ends, and what is said of a file that is not UTF-8."""

import pytest

from signllm.errors import DataError
from signllm.fsutil import read_json, read_lines, read_text

MARK = b"\xef\xbb\xbf"


@pytest.mark.parametrize("mark", [b"", MARK])
def test_a_byte_order_mark_is_not_part_of_the_text(tmp_path, mark):
    path = tmp_path / "t"
    path.write_bytes(mark + b'{"a": 1}\r\n')
    assert read_text(path) == '{"a": 1}\r\n'
    assert read_lines(path) == ['{"a": 1}']
    assert read_json(path) == {"a": 1}


def test_only_line_ends_end_a_line(tmp_path):
    texts = ["one\u2028two", "three\x85four", "", "five\x0csix\x1cseven\x0bend"]
    (tmp_path / "t").write_bytes("\r\n".join(texts).encode() + b"\n")
    assert read_lines(tmp_path / "t") == texts
    (tmp_path / "t").write_bytes("\n".join(texts).encode())  # the last line has no end
    assert read_lines(tmp_path / "t") == texts
    (tmp_path / "t").write_bytes(b"")
    assert read_lines(tmp_path / "t") == []


def test_what_cannot_be_read_is_named_with_its_line(tmp_path):
    (tmp_path / "t.text").write_bytes(MARK + "für\nGebärde\n".encode() + "für\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"t\.text:3: not UTF-8"):
        read_lines(tmp_path / "t.text")
    with pytest.raises(DataError, match="no such file"):
        read_text(tmp_path / "none")
    with pytest.raises(DataError, match="cannot be read"):
        read_text(tmp_path)
    (tmp_path / "t.json").write_text("[1,")
    with pytest.raises(DataError, match=r"t\.json: not JSON"):
        read_json(tmp_path / "t.json")
