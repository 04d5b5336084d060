"""final_convert_data.py: exit codes, the table, and what is printed of many faults."""

import json

import numpy as np
import pytest

from signllm.cli.convert import main
from signllm.data.store import Store
from signllm.pose import PoseSequence
from signllm.pose.formats import write_clips
from tests.helpers.printed import table_rows


@pytest.fixture
def data_dir(tmp_path):
    rng = np.random.default_rng(0)
    for split, count in (("train", 60), ("dev", 2)):
        pose = rng.normal(0, 0.5, (count, 3, 50, 3))
        pose[:, :, [1, 2, 5]] = [[0, 0, 0], [-0.5, 0, 0], [0.5, 0, 0]]
        clips = ((f"{split}/c{n}", PoseSequence.all_valid(pose[n], 25)) for n in range(count))
        write_clips(tmp_path / "d" / f"{split}.skels", clips)
        (tmp_path / "d" / f"{split}.text").write_text("".join(f"hello {n}\n" for n in range(count)))
    return tmp_path / "d"


def run(data_dir, *flags):
    store = data_dir.parent / "store"
    return main(["--data_dir", str(data_dir), "--output_dir", str(store), "--language", "asl", *flags]), store


@pytest.mark.parametrize("flags", [(), ("--splits", "train", "dev"), ("--splits", "train,dev")])
def test_converts_all_splits_and_prints_a_table(data_dir, capsys, flags):
    code, store = run(data_dir, *flags)
    assert code == 0
    assert Store(store).splits("ASL") == ["dev", "train"]
    out = capsys.readouterr().out
    expected = ["ASL/train", "converted", "60", "180", "7.2", "0.3333", "(i+1)/T", "as they are", "0"]
    assert expected in table_rows(out)
    assert run(data_dir, *flags)[0] == 0
    assert "already converted, nothing to do" in capsys.readouterr().out


def test_the_guides_command(data_dir):
    code, store = run(data_dir, "--splits", "dev", "--max_samples", "1")
    assert code == 0
    assert [path.name for path in (store / "ASL").iterdir()] == ["dev"]
    assert len(Store(store).split("ASL", "dev")) == 1


def test_many_faults_are_cut_short_on_screen_and_whole_in_a_file(data_dir, capsys):
    (data_dir / "train.text").write_text("\n" * 60)
    code, store = run(data_dir)
    printed = capsys.readouterr().err
    assert code == 2
    assert printed.count("no text") == 50
    assert "and 10 more; full list in" in printed
    assert len(json.loads((store / "ASL" / "train_faults.json").read_text())) == 60
    assert Store(store).splits("ASL") == ["dev"]  # the sound split is there
    (data_dir / "train.text").write_text("hi\n" * 60)
    assert run(data_dir)[0] == 0
    assert not (store / "ASL" / "train_faults.json").exists()


def test_skip_bad_exits_with_0_and_says_where_the_rest_is(data_dir, capsys):
    lines = (data_dir / "dev.skels").read_text().splitlines()
    (data_dir / "dev.skels").write_text(f"{lines[0]}\n{lines[1]} nan\n")
    code, _ = run(data_dir, "--splits", "dev")
    assert code == 2
    assert "--skip_bad converts the sound clips" in capsys.readouterr().err
    code, store = run(data_dir, "--splits", "dev", "--skip_bad")
    assert code == 0
    assert str(store / "ASL" / "dev" / "rejected.json") in capsys.readouterr().out


def test_wrong_flags_end_in_a_message(data_dir, capsys):
    assert run(data_dir, "--language", "ALS", "--fps", "0")[0] == 2
    assert "unknown sign language 'ALS'; known: ASL, GSL" in capsys.readouterr().err
    assert run(data_dir / "nowhere")[0] == 2
    assert "no such file or folder" in capsys.readouterr().err
    with pytest.raises(SystemExit) as help_exit:
        main(["--help"])
    assert help_exit.value.code == 0
    assert "转换" in capsys.readouterr().out
