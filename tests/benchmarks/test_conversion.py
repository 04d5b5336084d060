"""The benchmark of conversion reads what it makes, and its ways of reading are compared number by number."""

import sys

import numpy as np
import pytest

from tests.conftest import ROOT

sys.path.append(str(ROOT / "benchmarks"))
import conversion
from converting.kinds import KINDS, Kind


@pytest.fixture(params=KINDS)
def made(request, tmp_path):
    """(its kind, the clips of a corpus of the benchmark)."""
    (tmp_path / "source").mkdir()
    KINDS[request.param].make(tmp_path / "source", 2, 6)
    return KINDS[request.param], conversion.usable(tmp_path / "source", "GSL")


def test_every_way_of_reading_gives_the_same_numbers(made):
    kind, entries = made
    assert conversion._compared(kind, entries) == (12, [])


def test_other_numbers_are_told(made):
    kind, entries = made

    def wrong(entry):
        numbers = next(iter(kind.theirs.values()))(entry).copy()
        numbers[0] += 1
        return numbers

    other = Kind(kind.title, kind.make, {"theirs": wrong}, kind.joints, kind.same)
    assert conversion._compared(other, entries) == (12, [conversion.OURS])
    other = Kind(kind.title, kind.make, {**kind.theirs, "wrong": wrong}, kind.joints, kind.same)
    assert conversion._compared(other, entries) == (12, ["wrong"])


def test_the_plain_script_centres_and_scales(made, tmp_path):
    kind, entries = made
    conversion.plain_script(kind, entries, tmp_path / "arrays")
    first = np.load(tmp_path / "arrays" / "000000.npy")
    assert first.shape[:2] == (6, 50)
    assert np.linalg.norm(first[0, 2, :2] - first[0, 5, :2]) == pytest.approx(1, abs=1e-4)


def test_a_block_of_rows_is_printed_for_a_format(capsys):
    flags = "--formats npz --clips 2 --frames 6 --rounds 1 --workers 1"
    assert conversion.main(flags.split()) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(".npz of OpenPose rows: 2 clips, 12 frames\n")
    assert printed.count("frames/s") == 4
