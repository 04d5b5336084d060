"""The cache of text features: what is written is read, by any process, whatever happened to the writer."""

import os
import pickle
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import orjson
import pytest

from signllm.errors import OutputError
from signllm.models.feature_cache import FeatureCache

FINGERPRINT = "ab" * 32


def feature_of(number: int, width: int = 8) -> np.ndarray:
    """Features (T, D) that only this number has."""
    tokens = 2 + number % 5
    return (np.arange(tokens * width, dtype=np.float32).reshape(tokens, width) + 1000 * number) / 7


def write(cache: FeatureCache, numbers: range) -> None:
    cache.write(FINGERPRINT, [f"text {n}" for n in numbers], [feature_of(n) for n in numbers])


def read(cache: FeatureCache, numbers: range) -> list[np.ndarray | None]:
    return cache.read(FINGERPRINT, [f"text {n}" for n in numbers])


def assert_whole(features: list[np.ndarray | None], numbers: range) -> None:
    for number, feature_TD in zip(numbers, features, strict=True):
        np.testing.assert_array_equal(feature_TD, feature_of(number))


def run_writer(folder, body: str) -> subprocess.Popen:
    """Start a process that has `cache`, `feature_of` and runs `body`."""
    head = f"""
        import sys
        sys.path.insert(0, {os.path.dirname(__file__)!r})
        from test_feature_cache import FINGERPRINT, FeatureCache, feature_of, write
        cache = FeatureCache({str(folder)!r})
    """
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(head) + textwrap.dedent(body)])


def test_reads_back_exactly_after_reopening(tmp_path):
    cache = FeatureCache(tmp_path)
    write(cache, range(20))
    assert_whole(read(cache, range(20)), range(20))
    again = FeatureCache(tmp_path)
    assert_whole(read(again, range(20)), range(20))
    assert read(again, range(20, 22)) == [None, None]
    with pytest.raises(ValueError, match="read-only"):
        read(again, range(1))[0][0, 0] = 1


def test_encoders_do_not_share_features(tmp_path):
    cache = FeatureCache(tmp_path)
    write(cache, range(1))
    assert cache.read("cd" * 32, ["text 0"]) == [None]


def test_many_texts_go_to_one_pair_of_files(tmp_path):
    cache = FeatureCache(tmp_path)
    for number in range(50):
        write(cache, range(number, number + 1))
    assert sum(path.is_file() for path in tmp_path.rglob("*")) == 2


@pytest.mark.parametrize("suffix", [".jsonl", ".bin"])
def test_torn_tail_costs_the_last_text_only(tmp_path, suffix):
    writer = FeatureCache(tmp_path)
    write(writer, range(3))
    writer.close()
    (file,) = tmp_path.rglob(f"*{suffix}")
    whole = file.read_bytes()
    for lost in (1, 7, 20):
        file.write_bytes(whole[:-lost])
        features = read(FeatureCache(tmp_path), range(3))
        assert_whole(features[:2], range(2))
        assert features[2] is None


def test_damaged_bytes_are_computed_again(tmp_path):
    writer = FeatureCache(tmp_path)
    write(writer, range(2))
    writer.close()
    (data,) = tmp_path.rglob("*.bin")
    content = bytearray(data.read_bytes())
    content[:16] = bytes(16)
    data.write_bytes(content)
    cache = FeatureCache(tmp_path)
    first, second = read(cache, range(2))
    assert first is None
    np.testing.assert_array_equal(second, feature_of(1))
    for _ in range(4):  # segments have random names: the damaged one must not win, wherever it sorts
        write(cache, range(1))
        cache.close()
        assert_whole(read(FeatureCache(tmp_path), range(2)), range(2))


def test_unfinished_index_line_is_read_once_it_is_whole(tmp_path):
    writer = FeatureCache(tmp_path)
    write(writer, range(2))
    writer.close()
    (index,) = tmp_path.rglob("*.jsonl")
    whole = index.read_bytes()
    index.write_bytes(whole[:-5])
    reader = FeatureCache(tmp_path)
    assert read(reader, range(2))[1] is None
    index.write_bytes(whole)
    assert_whole(read(reader, range(2)), range(2))


def test_two_processes_write_while_a_third_reads(tmp_path):
    reader = FeatureCache(tmp_path)
    body = "for n in range({0}, {0} + 200): write(cache, range(n, n + 1))"
    writers = [run_writer(tmp_path, body.format(first)) for first in (0, 200)]
    try:
        while any(process.poll() is None for process in writers):
            for number, feature_TD in enumerate(read(reader, range(400))):
                if feature_TD is not None:
                    np.testing.assert_array_equal(feature_TD, feature_of(number))
            time.sleep(0.02)
    finally:
        for process in writers:
            process.kill()
            process.wait()
    assert [process.returncode for process in writers] == [0, 0]
    assert_whole(read(reader, range(400)), range(400))


def test_killed_writer_leaves_whole_features(tmp_path):
    process = run_writer(tmp_path, "for n in range(100_000): write(cache, range(n, n + 1))")
    reader = FeatureCache(tmp_path)
    deadline = time.monotonic() + 20
    try:
        while read(reader, range(30, 31))[0] is None:
            assert time.monotonic() < deadline, "the writer wrote nothing"
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    after = FeatureCache(tmp_path)
    assert_whole(read(after, range(31)), range(31))
    write(after, range(200_000, 200_003))
    assert_whole(read(FeatureCache(tmp_path), range(200_000, 200_003)), range(200_000, 200_003))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_forked_child_writes_to_files_of_its_own(tmp_path):
    body = """
        import os
        write(cache, range(1))
        child = os.fork()
        for n in range(1, 100):
            write(cache, range(n + (1000 if child == 0 else 0), n + 1 + (1000 if child == 0 else 0)))
        if child:
            assert os.waitpid(child, 0)[1] == 0
    """
    process = run_writer(tmp_path, body)
    assert process.wait(timeout=20) == 0
    cache = FeatureCache(tmp_path)
    assert_whole(read(cache, range(100)), range(100))
    assert_whole(read(cache, range(1001, 1100)), range(1001, 1100))


def test_pickled_cache_works(tmp_path):
    cache = FeatureCache(tmp_path)
    write(cache, range(2))
    assert_whole(read(pickle.loads(pickle.dumps(cache)), range(2)), range(2))


def test_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "cache").write_text("a file stands where the folder should be")
    with pytest.raises(OutputError, match=r"cache.*cache_features"):
        write(FeatureCache(tmp_path / "cache"), range(1))


def test_whole_features_that_are_none_of_this_encoder_are_computed_again(tmp_path):
    cache = FeatureCache(tmp_path)
    cache.write("a" * 32, ["fine", "not finite"], [np.ones((2, 8), np.float32), np.full((2, 8), np.nan, np.float32)])
    cache.close()
    fine, other = FeatureCache(tmp_path).read("a" * 32, ["fine", "not finite"], 8)
    np.testing.assert_array_equal(fine, np.ones((2, 8)))
    assert other is None
    assert FeatureCache(tmp_path).read("a" * 32, ["fine"], 9) == [None]


@pytest.mark.parametrize(
    "line",
    [
        b'["k",0,2,8]',
        b'["k",-4,2,8,0]',
        b'["k",0,2.5,8,0]',
        b"[0,0,2,8,0]",
        b'["k",0,0,8,0]',
        b'["k",true,2,8,0]',
        b"{}",
    ],
)
def test_index_lines_that_lie_are_passed_over(tmp_path, line):
    cache = FeatureCache(tmp_path)
    cache.write("a" * 32, ["one"], [np.ones((2, 8), np.float32)])
    cache.close()
    (index,) = tmp_path.rglob("*.jsonl")
    key = orjson.loads(index.read_bytes())[0].encode()
    index.write_bytes(line.replace(b'"k"', b'"' + key + b'"') + b"\n" + index.read_bytes())
    (found,) = FeatureCache(tmp_path).read("a" * 32, ["one"])
    np.testing.assert_array_equal(found, np.ones((2, 8)))
