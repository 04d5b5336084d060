"""final_convert_data.py --check: exit codes, what is printed, the reports, and that no store is written."""

import json

import pytest

from signllm.cli.convert import main
from tests.helpers.printed import table_rows
from tests.helpers.sources import NAMES, clip, lines, write_clips, write_lines


@pytest.fixture
def source(tmp_path):
    """.skels of a few words in train and dev; clips of random joints, which jump."""
    folder = tmp_path / "source"
    folder.mkdir()
    for number, split in enumerate(("train", "dev")):
        write_clips(folder / f"{split}.skels", [(f"{split}/{n}", clip(10 * number + k)) for k, n in enumerate(NAMES)])
        lines(folder / f"{split}.text", *NAMES)
    return folder


def files_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_it_prints_what_it_sees_and_writes_nothing(source, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = files_below(tmp_path)
    assert main(["--data_dir", str(source), "--check"]) == 1  # random joints jump throughout
    out = capsys.readouterr().out
    assert files_below(tmp_path) == before
    rows = table_rows(out)
    assert ["train", "5", "0", "30", "1.2"] in [row[:5] for row in rows]
    assert ["dev", "5", "5", "5", "5", "5", "-", "-"] in rows
    assert "table: {split}.skels" in out
    assert "error: train, dev: joints jump" in out
    assert out.splitlines()[-1].endswith("training would fail or suffer; see the errors")


def test_a_sound_store_needs_no_language_and_exits_with_0(demo_root, capsys):
    assert main(["--data_dir", str(demo_root), "--check"]) == 0
    out = capsys.readouterr().out
    assert "ASL/train" in out
    assert "0 errors" in out.splitlines()[-1]


def test_reports_say_what_is_printed(source, tmp_path, capsys):
    names = [tmp_path / "a" / "check.json", tmp_path / "a" / "check.html"]
    code = main(["--data_dir", str(source), "--check", "--language", "GSL", "--report", *map(str, names)])
    report = json.loads(names[0].read_text(encoding="utf-8"))
    page = names[1].read_text(encoding="utf-8")
    assert report["exit_code"] == code == 1
    assert set(report["splits"]) == {"GSL/train", "GSL/dev"}
    assert report["splits"]["GSL/dev"]["texts"]["vocabulary"] == 5
    kinds = {finding["kind"] for finding in report["findings"]}
    assert "jumps" in kinds
    for finding in report["findings"]:
        assert finding["remedy_zh"]
        assert finding["message"].split("'")[0].replace("&", "&amp;") in page
        assert finding["message_zh"].split("'")[0] in page
    for foreign in ("http://", "https://", "<img src=", "<link"):
        assert foreign not in page.replace("http://www.w3.org", "")
    assert page.count("<svg") >= 5
    assert capsys.readouterr().out.count("report: ") == 2


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--report", "x.txt", "--check"], "expected a name that ends in .json or .html"),
        (["--report", "x.json", "--language", "GSL"], "--report goes with --check"),
        (["--check", "--max_samples", "0"], "--max_samples is 0"),
    ],
)
def test_flags_that_do_not_fit_are_refused(source, capsys, flags, told):
    assert main(["--data_dir", str(source), *flags]) == 2
    assert told in capsys.readouterr().err


def test_what_cannot_be_opened_exits_with_2(tmp_path, capsys):
    (tmp_path / "readme.txt").write_text("hello")
    assert main(["--data_dir", str(tmp_path), "--check"]) == 2
    assert "1 .txt" in capsys.readouterr().err


def test_splits_and_samples_are_chosen_as_in_conversion(tmp_path, capsys):
    write_lines(tmp_path)
    main(["--data_dir", str(tmp_path), "--check", "--splits", "dev", "--max_samples", "2", "--language", "GSL"])
    assert ["GSL/dev", "2", "0", "12"] in [row[:4] for row in table_rows(capsys.readouterr().out)]
