"""Sources of tracked points, made by code: every table of clips and every pose reader, in small."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from signllm.pose.formats import write_clips
from signllm.pose.formats.point_layouts import CONFIDENCE, LAYOUTS
from tests.helpers.people import person, points_of
from tests.helpers.sources import clip, lines

FRAMES = 8
NAMES = ("eins", "zwei")
_HEAD, _ROWS = "id,text", [f"{name},Text {name}" for name in NAMES]


def array(layout: str, seed: int = 0, dims: int = 3) -> np.ndarray:
    """(FRAMES, K, dims) of a layout in pixels; a confidence where its tracker has one."""
    points = points_of(layout, person(FRAMES, seed, dims))
    if dims == 3 and LAYOUTS[layout].third == CONFIDENCE:
        points[..., 2] = 0.9
    return points.astype(np.float32)


def _save(path: Path, values: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, values)


def _table(folder: Path, *rows: str, name: str = "texts.csv") -> None:
    lines(folder / name, *(rows or (_HEAD, *_ROWS)))


def _npy(folder: Path) -> None:
    for seed, name in enumerate(NAMES):
        _save(folder / f"{name}.npy", array("mediapipe-75", seed))
    _table(folder)


def _npy_batch(folder: Path) -> None:
    _save(folder / "all.npy", np.stack([array("openpose-137", seed).reshape(FRAMES, -1) for seed in (0, 1)]))
    lines(folder / "all.text", "eins", "zwei")


def _npz_with_scores(folder: Path) -> None:
    for seed, name in enumerate(NAMES):
        points = array("coco-wholebody-133", seed)
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(folder / f"{name}.npz", keypoints=points[..., :2], scores=points[..., 2], fps=np.float32(25))
    _table(folder, "id;Satz;Glossen", *(f"{name};Text {name};{name.upper()}" for name in NAMES))


def _npz_of_clips(folder: Path) -> None:
    folder.mkdir(parents=True)
    np.savez(folder / "all.npz", **{name: array("mediapipe-75", seed) for seed, name in enumerate(NAMES)})
    _table(folder)


def _npz_of_parts(folder: Path) -> None:
    folder.mkdir(parents=True)
    for seed, name in enumerate(NAMES):
        points = array("openpose-67", seed)
        parts = {"body": points[:, :25], "left_hand": points[:, 25:46], "right_hand": points[:, 46:]}
        np.savez(folder / f"{name}.npz", **parts)
    _table(folder)


def _people(row: np.ndarray) -> dict[str, Any]:
    """OpenPose's value of a frame: the signer, and somebody who stands beside."""
    parts = {"pose": row[:25], "hand_left": row[25:46], "hand_right": row[46:]}
    signer = {f"{part}_keypoints_2d": points.ravel().tolist() for part, points in parts.items()}
    other = {key: [value / 2 for value in values] for key, values in signer.items()}
    return {"version": 1.3, "people": [other, {**signer, "face_keypoints_2d": []}]}


def _frame_folders(folder: Path) -> None:
    for seed, name in enumerate(NAMES):
        for number, row in enumerate(array("openpose-67", seed)[:3]):
            lines(folder / "json" / name / f"{name}_{number:012d}_keypoints.json", json.dumps(_people(row)))
    lines(folder / "dev.files", *NAMES)
    lines(folder / "dev.text", *(f"Text {name}" for name in NAMES))


def _frame_arrays(folder: Path) -> None:
    for seed, name in enumerate(NAMES):
        for number, row in enumerate(array("coco-wholebody-133", seed)[:3]):
            (folder / name).mkdir(parents=True, exist_ok=True)
            np.savez(folder / name / f"{number:05d}.npz", keypoints=row[None, :, :2], scores=row[None, :, 2])
    _table(folder)


def _json_clips(folder: Path) -> None:
    for seed, name in enumerate(NAMES):
        value = {"fps": 25, "frames": [_people(row) for row in array("openpose-67", seed)]}
        lines(folder / f"{name}.json", json.dumps(value))
    rows = (json.dumps({"id": name, "caption": f"Text {name}", "gloss": ["A", "B"]}) for name in NAMES)
    lines(folder / "texts.jsonl", *rows)


def _alphapose(folder: Path) -> None:
    for seed, name in enumerate(NAMES):
        rows = array("coco-wholebody-133", seed)
        value = [
            {"image_id": f"{n}.jpg", "keypoints": row.ravel().tolist(), "score": 2.5} for n, row in enumerate(rows)
        ]
        lines(folder / f"{name}.json", json.dumps(value))
    _table(folder, "SENTENCE_NAME\tSENTENCE", *(f"{name}\tText {name}" for name in NAMES), name="dev.tsv")


def _mmpose(folder: Path) -> None:
    for seed, name in enumerate(NAMES):
        rows = array("coco-wholebody-133", seed)
        frames = [
            {"frame_id": n, "instances": [{"keypoints": row[:, :2].tolist(), "keypoint_scores": row[:, 2].tolist()}]}
            for n, row in enumerate(rows)
        ]
        lines(folder / f"{name}.json", json.dumps({"meta_info": {}, "instance_info": frames}))
    lines(folder / "texts.json", json.dumps({name: {"text": f"Text {name}", "split": "train"} for name in NAMES}))


def _landmarks(row: np.ndarray) -> list[dict[str, float]]:
    return [dict(zip(("x", "y", "z", "visibility"), (*point, 1.0), strict=True)) for point in (row / 1280).tolist()]


def _mediapipe(folder: Path) -> None:
    for seed, name in enumerate(NAMES):
        parts = {"pose": slice(0, 33), "left_hand": slice(33, 54), "right_hand": slice(54, 75)}
        rows = array("mediapipe-75", seed)
        frames = [{f"{part}_landmarks": _landmarks(row[cut]) for part, cut in parts.items()} for row in rows]
        lines(folder / f"{name}.json", json.dumps(frames))
    rows_of_table = [{"gloss": "book", "instances": [{"video_id": name, "split": "train"} for name in NAMES]}]
    lines(folder / "WLASL_v0.3.json", json.dumps(rows_of_table))


def _rows_of_other_width(folder: Path) -> None:
    with_counter = []
    for seed in (0, 1):
        rows = array("openpose-67", seed, 2).reshape(FRAMES, -1)
        counter = np.linspace(0, 1, FRAMES)[:, None]
        with_counter.append(" ".join(f"{value:.6g}" for value in np.concatenate([rows, counter], 1).ravel()))
    lines(folder / "dev.skels", *with_counter)
    lines(folder / "dev.gloss", *NAMES)
    lines(folder / "dev.files", *NAMES)


def _segments(folder: Path) -> None:
    for seed in (0, 1):
        _save(folder / f"long{seed}.npy", np.concatenate([array("mediapipe-75", seed + n) for n in range(5)]))
    rows = [f"long{n},c{n}{part},Text,{part * 0.4},{part * 0.4 + 0.4},25" for n in (0, 1) for part in range(3)]
    _table(folder, "file,id,text,start,end,fps", *rows)


def _headless(folder: Path) -> None:
    lines(folder / "train_labels.csv", *(f"{name},{number}" for number, name in enumerate(NAMES)))
    lines(folder / "classes.csv", "ClassId,TR,EN", "0,abla,sister", "1,acele,hurry")
    for seed, name in enumerate(NAMES):
        _save(folder / "train" / f"{name}.npy", array("mediapipe-75", seed))


def _bars(folder: Path) -> None:
    """PHOENIX-2014T's annotations, and CSL-Daily's two tables for splits and words."""
    for seed, name in enumerate(NAMES):
        _save(folder / "poses" / f"{name}.npy", array("openpose-137", seed))
    head = "name|video|start|end|speaker|orth|translation"
    lines(folder / "P.train.corpus.csv", head, *(f'{n}|{n}/1/*.png|-1|-1|S8|JETZT|nun das "wetter' for n in NAMES))


def _chinese(folder: Path) -> None:
    for seed, name in enumerate(NAMES):
        _save(folder / "poses" / f"{name}.npy", array("coco-wholebody-133", seed))
    rows = (f"{n}|{name}|24|他 有|他 有 一 个|r v m n" for n, name in enumerate(NAMES))
    lines(folder / "video_map.txt", "index|name|length|gloss|char|postag", *rows)
    lines(folder / "split_1.txt", "name|split", *(f"{name}|val" for name in NAMES))
    (folder / "video_map.txt").write_bytes((folder / "video_map.txt").read_text().encode("utf-16"))


def _labels(folder: Path) -> None:
    for seed, name in enumerate(("danke", "bitte")):
        _save(folder / name / "1.npy", array("mediapipe-75", seed))


def _lexicon(folder: Path) -> None:
    head = "path,spoken_language,signed_language,start,end,words,glosses,priority"
    lines(folder / "index.csv", head, *(f"gsg/{n}.pose,de,gsg,0,0,{n},{n.upper()},0" for n in NAMES))
    for seed, name in enumerate(NAMES):
        write_clips(folder / "gsg" / f"{name}.pose", [(name, clip(seed))])


def _torch(folder: Path) -> None:
    import torch

    folder.mkdir(parents=True)
    value = {
        f"train/{n}": {
            "name": f"train/{n}", "text": f"text {n}", "gloss": "A B", "speaker": "S1",
            "poses_3d": torch.tensor(array("slrtp-178", n)),
        }
        for n in range(2)
    }  # fmt: skip
    torch.save(value, folder / "train.pt")


def _hdf5(folder: Path) -> None:
    import h5py

    folder.mkdir(parents=True)
    with h5py.File(folder / "train.h5", "w") as file:
        for seed, name in enumerate(NAMES):
            group = file.create_group(f"H2S/{name}")
            group["keypoints"] = array("openpose-137", seed)
            group.attrs["text"] = f"Text {name}"
            group["gloss"] = name.upper()


def _parquet(folder: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    (folder / "data").mkdir(parents=True)
    poses = [array("mediapipe-75", n).tolist() for n in range(len(NAMES))]
    rows = {"id": list(NAMES), "text": ["eins", "zwei"], "gloss": [["A"], ["B", "C"]], "pose": poses}
    pyarrow.parquet.write_table(pyarrow.table(rows), folder / "data" / "train-00000-of-00001.parquet")


def _arrow(folder: Path) -> None:
    import pyarrow
    import pyarrow.ipc

    folder.mkdir(parents=True)
    poses = [array("mediapipe-75", n).tolist() for n in range(len(NAMES))]
    table = pyarrow.table({"id": list(NAMES), "text": ["eins", "zwei"], "pose": poses})
    with (
        pyarrow.OSFile(str(folder / "train.arrow"), "wb") as file,
        pyarrow.ipc.new_stream(file, table.schema) as writer,
    ):
        writer.write_table(table)


def _points_in_rows(folder: Path) -> None:
    """Google's ASL signs."""
    import pyarrow
    import pyarrow.parquet

    points = array("mediapipe-asl-signs")[:3] / 1280
    kinds = ["face"] * 468 + ["left_hand"] * 21 + ["pose"] * 33 + ["right_hand"] * 21
    numbers = [*range(468), *range(21), *range(33), *range(21)]
    table = {"frame": np.repeat(np.arange(3), 543), "type": kinds * 3, "landmark_index": numbers * 3}
    table |= {name: points[..., place].ravel() for place, name in enumerate("xyz")}
    for name in NAMES:
        (folder / "files").mkdir(parents=True, exist_ok=True)
        pyarrow.parquet.write_table(pyarrow.table(table), folder / "files" / f"{name}.parquet")
    lines(folder / "train.csv", "path,participant_id,sequence_id,sign", *(f"files/{n}.parquet,1,{n},w" for n in NAMES))


def _table_of_columns(folder: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    for seed, name in enumerate(NAMES):
        _save(folder / f"{name}.npy", array("mediapipe-75", seed))
    table = {"name": list(NAMES), "caption": ["a", "b"], "fps": [25.0, 25.0], "split": ["train", "train"]}
    pyarrow.parquet.write_table(pyarrow.table(table), folder / "texts.parquet")


_ALWAYS: dict[str, Callable[[Path], None]] = {
    ".npy": _npy,
    ".npy of clips": _npy_batch,
    ".npz with scores": _npz_with_scores,
    ".npz of clips": _npz_of_clips,
    ".npz of parts": _npz_of_parts,
    "OpenPose frames": _frame_folders,
    "frames in .npz": _frame_arrays,
    "OpenPose clips": _json_clips,
    "AlphaPose": _alphapose,
    "mmpose": _mmpose,
    "MediaPipe": _mediapipe,
    "lines of other width": _rows_of_other_width,
    "segments": _segments,
    "headless": _headless,
    "bars": _bars,
    "Chinese UTF-16": _chinese,
    "folder a label": _labels,
    "lexicon": _lexicon,
    ".pt": _torch,
}
_EXTRA: dict[str, dict[str, Callable[[Path], None]]] = {
    "h5py": {".h5": _hdf5},
    "pyarrow": {
        ".parquet of clips": _parquet,
        ".arrow": _arrow,
        ".parquet of points": _points_in_rows,
        ".parquet table": _table_of_columns,
    },
}
TRACKED = _ALWAYS | {
    name: make for package, made in _EXTRA.items() if find_spec(package) for name, make in made.items()
}
"""What makes a source of this kind in a folder that is not there yet; without what needs a package that is missing."""
