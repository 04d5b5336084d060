"""Where nothing can be opened, the message says what is there and the next step, never one line for all."""

import json
import zipfile

import numpy as np
import pytest

from signllm.data.tables import find_parts
from signllm.data.tables.layouts import layouts_of
from signllm.errors import DataError
from tests.helpers.people import person, points_of
from tests.helpers.sources import lines


def texts(folder):
    lines(folder / "train.text", "one", "two")


def pictures(folder):
    (folder / "a.png").write_bytes(b"\x89PNG")


def pickles(folder):
    (folder / "train.pkl").write_bytes(b"\x80\x04N.")


def archive(folder):
    with zipfile.ZipFile(folder / "data.zip", "w") as file:
        file.writestr("a.pose", "x")


def strange_table(folder):
    lines(folder / "train.csv", "foo,bar", "1,2")


def table_alone(folder):
    lines(folder / "train.csv", "name,text", "a,hello")


def nothing(folder):
    pass


def deep_poses(folder):
    (folder / "x" / "y" / "z" / "u" / "v" / "w").mkdir(parents=True)
    np.save(folder / "x" / "y" / "z" / "u" / "v" / "w" / "a.npy", np.zeros((5, 137, 2)))


REMEDIES = {
    texts: "1 .text file; .*texts, such as train.text, are here without poses",
    pictures: "1 .png file; .*pictures, such as a.png, hold no poses: make a video",
    pickles: "1 .pkl file; .*pickled Python objects, such as train.pkl, can run any code",
    archive: "1 .zip file; .*unpack data.zip and open the folder that comes out",
    strange_table: "the columns of train.csv are not known, and no file here holds poses",
    table_alone: "a table: train.csv with 1 rows; the tables say texts, but no pose file is here",
    nothing: "the folder is empty",
    deep_poses: r"1 .npy file \(and folders: x\); .*or open the folder that holds them",
}


@pytest.mark.parametrize(("make", "told"), REMEDIES.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_a_folder_without_clips_is_refused_with_what_is_there_and_the_next_step(tmp_path, make, told):
    make(tmp_path)
    with pytest.raises(DataError, match=told) as caught:
        find_parts(tmp_path)
    assert ("Known are" in str(caught.value)) == (make is nothing)


@pytest.mark.parametrize(("name", "told"), [("x.zip", "unpack x.zip"), ("x.PNG", "make a video"), ("x.txt", "suffix")])
def test_a_file_that_holds_no_poses_is_refused_with_its_own_next_step(tmp_path, name, told):
    (tmp_path / name).write_bytes(b"xx")
    with pytest.raises(DataError, match=told):
        find_parts(tmp_path / name)


def test_pose_files_of_several_layouts_without_texts_are_counted_by_layout(tmp_path):
    for number in range(2):
        np.save(tmp_path / f"p{number}.npy", points_of("openpose-137", person(dims=2)))
    rows = {"people": [{"pose_keypoints_2d": points_of("openpose-67", person())[0, :25].reshape(-1).tolist()}]}
    (tmp_path / "q.json").write_text(json.dumps([rows]))
    files = sorted(tmp_path.iterdir())
    assert layouts_of(files[:2]) == ""
    assert layouts_of(files).startswith(" in 2 layouts: openpose-137 or openpose-137-face-last (2), ")
    (missing,) = find_parts(tmp_path)[0].open(None).missing
    assert "3 pose files in 2 layouts: openpose-137" in missing
