"""GLB files: what is written is read, and what is torn or lies is refused in words."""

import struct

import numpy as np
import pytest

from signllm.errors import DataError
from signllm.retargeting.glb import VERTICES, Glb

POINTS = np.arange(12, dtype="<f4").reshape(4, 3)
NUMBERS = np.array([[3], [1], [2]], np.uint8)


def written(tmp_path, change=lambda content: None, cut=lambda data: data):
    glb = Glb({"asset": {"version": "2.0"}})
    assert [glb.add(NUMBERS, "SCALAR"), glb.add(POINTS, "VEC3", VERTICES, max=[9, 10, 11])] == [0, 1]
    change(glb.content)
    path = tmp_path / "file.glb"
    path.write_bytes(cut(glb.packed()))
    return path


def test_numbers_come_back(tmp_path):
    glb = Glb.read(written(tmp_path))
    np.testing.assert_array_equal(glb.accessor(0), NUMBERS)
    np.testing.assert_array_equal(glb.accessor(1), POINTS)
    assert glb.content["accessors"][1] == {
        "bufferView": 1, "count": 4, "type": "VEC3", "componentType": 5126, "max": [9, 10, 11],
    }  # fmt: skip


def test_more_is_added_to_a_file_that_was_read(tmp_path):
    glb = Glb.read(written(tmp_path))
    again = glb.add(POINTS * 2, "VEC3")
    path = tmp_path / "more.glb"
    path.write_bytes(glb.packed())
    np.testing.assert_array_equal(Glb.read(path).accessor(again), POINTS * 2)
    np.testing.assert_array_equal(Glb.read(path).accessor(1), POINTS)


def test_rows_may_lie_apart(tmp_path):
    def apart(content):
        content["bufferViews"][1]["byteStride"] = 24
        content["accessors"][1]["count"] = 2

    np.testing.assert_array_equal(Glb.read(written(tmp_path, apart)).accessor(1), POINTS[::2])


@pytest.mark.parametrize(
    ("cut", "said"),
    [
        (lambda data: b"{}", "not a GLB or VRM file"),
        (lambda data: b"{" + data[1:], "not a GLB or VRM file"),
        (lambda data: data[:-8], "bytes said"),
        (lambda data: data[:4] + struct.pack("<I", 1) + data[8:], "only whole glTF 2"),
        (lambda data: data[:12] + struct.pack("<I", 2**31) + data[16:], "does not fit into the file"),
        (lambda data: data.replace(b'{"asset"', b'?"asset"'), "not JSON"),
        (lambda data: data.replace(b'{"asset":{', b'["asset",{').replace(b"}]}", b"}]]"), "not JSON|no object"),
    ],
)
def test_damaged_files_are_refused(tmp_path, cut, said):
    with pytest.raises(DataError, match=said):
        Glb.read(written(tmp_path, cut=cut))


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        ("accessors", "count", 5),
        ("accessors", "count", -1),
        ("accessors", "count", 1e9),
        ("accessors", "count", 2**40),
        ("accessors", "byteOffset", 4),
        ("accessors", "componentType", 5124),
        ("accessors", "type", ["VEC3"]),
        ("accessors", "bufferView", -1),
        ("accessors", "bufferView", True),
        ("bufferViews", "byteOffset", 2**31),
        ("bufferViews", "byteStride", 4),
        ("bufferViews", "byteStride", "12"),
    ],
)
def test_an_accessor_that_lies_is_refused(tmp_path, kind, key, value):
    path = written(tmp_path, lambda content: content[kind][1].update({key: value}))
    with pytest.raises(DataError, match=r"file\.glb: "):
        Glb.read(path).accessor(1)
