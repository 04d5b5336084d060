"""Releases that hold no points, or no texts for them, are refused by what they are, with the next step."""

import gzip
import pickle
import re

import numpy as np
import pytest

from signllm.data.convert import ConvertOptions, convert
from signllm.errors import DataError
from tests.helpers.releases import array, save, say
from tests.helpers.sources import lines


def write_pickles(folder):
    for split in ("train", "dev"):
        (folder / f"phoenix14t.pami0.{split}").write_bytes(gzip.compress(pickle.dumps([{"name": "a"}])))


def write_pickled_poses(folder):
    say(folder / "CSL_News_Labels.json", [{"video": "a.mp4", "pose": "a.pkl", "text": "共同关注。"}])
    (folder / "a.pkl").write_bytes(pickle.dumps({}))


def write_smplx(folder):
    lines(folder / "t.csv", "name,text", "a,hello")
    np.savez(folder / "a.npz", poses=np.zeros((9, 165)), betas=np.zeros(16), trans=np.zeros((9, 3)))


def write_array(shape):
    def write(folder):
        lines(folder / "t.csv", "name,text", "a,hello")
        save(folder / "a.npy", np.zeros(shape, np.float32))

    return write


def write_bvh(folder):
    lines(folder / "a.bvh", "HIERARCHY")


def write_workbook(folder):
    (folder / "labels.xlsx").write_bytes(b"PK")
    save(folder / "001.npy", array("mediapipe-75", 6))


def write_features(folder):
    (folder / "bsldict_v1.pkl").write_bytes(pickle.dumps({}))
    save(folder / "features" / "7.npy", np.zeros((5, 1024), np.float32))


def write_other_names(folder):
    lines(folder / "labels" / "t.csv", "name,text", "x1,hello")
    save(folder / "poses" / "7.npy", array("mediapipe-75", 6))


def write_unknown_columns(folder):
    lines(folder / "t.csv", "a,b,c", "7,hello,8")
    save(folder / "7.npy", array("mediapipe-75", 6))


def write_one_word(folder):
    for number in range(2):
        save(folder / f"KETI_SL_{number}.npy", array("mediapipe-75", 6))


REFUSED = {
    "features without texts": (
        write_features,
        "they may stand in bsldict_v1.pkl: .*7.npy holds no poses: .*1024 numbers",
    ),
    "other names": (write_other_names, "no row of labels/t.csv names one: it has 'x1', and a file is called 7.npy"),
    "unknown columns": (write_unknown_columns, "t.csv has the columns a, b, c: say what they are with --columns file="),
    "one word for all": (write_one_word, "2 pose files .*no text for any clip in them; put a table beside them"),
    "pickles under other names": (write_pickles, "pickled Python objects, such as phoenix14t.pami0.dev"),
    "pickled poses": (write_pickled_poses, "a.pkl: pickled Python objects, such as a.pkl, can run"),
    "parameters": (write_smplx, "betas, poses are parameters of a body model .*compute its joints with the smplx"),
    "bones": (write_bvh, "motion of an avatar's bones, such as a.bvh"),
    "workbook": (write_workbook, "labels.xlsx is a workbook: save its sheet as .csv"),
    "Human3.6M": (write_array((9, 17, 3)), "17 points are a body without hands .*tracker of the whole body"),
    "flat body": (write_array((9, 75)), "25 points are OpenPose's body without hands"),
    "graph network": (write_array((4, 3, 20, 27, 1)), "it is a batch for a graph network"),
    "features": (write_array((9, 1024)), "1024 numbers a frame look like features of a video network"),
}


@pytest.mark.parametrize(("write", "says"), REFUSED.values(), ids=REFUSED)
def test_what_holds_no_points_is_refused_with_what_it_is(tmp_path, write, says):
    (tmp_path / "data").mkdir()
    write(tmp_path / "data")
    options = ConvertOptions(tmp_path / "data", tmp_path / "store", "ASL", held_out=0.0, splits=["train"])
    try:
        faults = [fault for report in convert(options) for fault in report.faults]
    except DataError as error:
        faults = error.faults
    assert re.search(says, "\n".join(faults)), faults
    assert not (tmp_path / "store" / "ASL" / "train").exists()
