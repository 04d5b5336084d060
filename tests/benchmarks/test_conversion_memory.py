"""The sources that the benchmark of memory makes can be converted."""

import sys

import pytest

from signllm.data.convert import ConvertOptions, convert
from tests.conftest import ROOT

sys.path.append(str(ROOT / "benchmarks"))
from conversion_memory import SOURCES


@pytest.mark.parametrize("name", ["lines", "csv and .npz", "csv of segments", "an array a clip", "clip folders"])
def test_every_clip_of_a_source_is_converted(tmp_path, name):
    (tmp_path / "source").mkdir()
    SOURCES[name](tmp_path / "source", 3)
    (report,) = convert(ConvertOptions(tmp_path / "source", tmp_path / "o", "GSL", ["train"], held_out=0.0))
    assert (report.faults, report.clips) == ([], 3)
