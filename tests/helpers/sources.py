"""Small sources of every kind that can be opened, made by code."""

import json

import numpy as np

from signllm.data.store import ClipRecord, StoreWriter
from signllm.pose import PoseSequence
from signllm.pose.formats import json_clip, write_clips

# The eight body joints in pixels: shoulders 200 apart, the right one left in the image, upper arms 160 long.
BODY = np.array([[640, 200], [640, 300], [540, 300], [540, 460], [600, 400], [740, 300], [740, 460], [700, 420]])
FINGERS = np.stack([np.arange(21) * 2.0, np.arange(21) * -3.0], axis=1)
RIGHT, LEFT = BODY[4] + FINGERS, BODY[7] + FINGERS
EXPECTED = (np.concatenate([BODY, LEFT, RIGHT]) - BODY[1]) / 200
NAMES = ("eins", "zwei", "drei", "vier", "fünf")


def clip(seed=0, frames=6, fps=25.0, dims=3):
    """A clip in shoulder widths with the neck at the origin."""
    rng = np.random.default_rng(seed)
    coordinates = rng.normal(0, 0.4, (frames, 50, dims))
    coordinates[:, [1, 2, 5]] = np.array([[0, 0, 0], [-0.5, 0.1, 0.2], [0.5, 0.1, 0.2]])[:, :dims]
    return PoseSequence.all_valid(coordinates, fps)


def sentence_rows(frames=6):
    """(frames, 134) of a 1280 x 720 image; all 67 points are there."""
    body = np.full((25, 2), 300.0)
    body[:8] = BODY
    points = np.concatenate([body, LEFT, RIGHT]) / (1280, 720)
    return np.tile(points.reshape(-1), (frames, 1)).astype(np.float32)


def write_rows(path, rows=None, fps=50):
    """An OpenPose file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, keypoints=sentence_rows() if rows is None else rows, fps=np.array([fps], np.float32))


def write_sentences(folder, rows_by_id, texts=None):
    """manifest.json and motion/; a clip without rows has no file."""
    (folder / "motion").mkdir(parents=True, exist_ok=True)
    for name, rows in rows_by_id.items():
        if rows is not None:
            write_rows(folder / "motion" / f"{name}.npz", rows)
    texts = texts or {name: f"Satz {name}" for name in rows_by_id}
    manifest = [{"id": name, "text": text, "gloss": ["EINS1", "ZWEI*"], "fps": 50} for name, text in texts.items()]
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def holistic_rows(clips, frames=5):
    """(clips, frames, 258): MediaPipe, left before right, a visibility for body points."""
    body = np.ones((33, 4))
    for place, joint in zip((0, 12, 14, 16, 11, 13, 15), (0, 2, 3, 4, 5, 6, 7), strict=True):
        body[place, :2] = BODY[joint] / (1280, 720)
    hands = np.concatenate([np.concatenate([hand / (1280, 720), np.full((21, 1), 0.1)], 1) for hand in (LEFT, RIGHT)])
    return np.tile(np.concatenate([body.reshape(-1), hands.reshape(-1)]), (clips, frames, 1)).astype(np.float32)


def landmark_frames():
    """Two frames of MediaPipe landmarks in a square image; the second has no left hand."""
    places = {"0": 0, "12": 2, "14": 3, "16": 4, "11": 5, "13": 6, "15": 7}
    pose = {index: [*(BODY[joint] / 1000), 0.3] for index, joint in places.items()}
    hands = {"left_hand": [[*p, 0.0] for p in LEFT / 1000], "right_hand": [[*p, 0.0] for p in RIGHT / 1000]}
    return [{"pose": pose, **hands}, {"pose": pose, **hands, "left_hand": []}]


def write_lines(folder, names=NAMES, split="dev", text=True):
    """{split}.skels with .files and .text."""
    write_clips(folder / f"{split}.skels", [(f"{split}/{name}", clip(n)) for n, name in enumerate(names)])
    if text:
        lines(folder / f"{split}.text", *(f"Text {name}" for name in names))
    return folder


def write_store(root, names=NAMES, language="GSL", split="dev"):
    """A split of a store."""
    with StoreWriter(root, language, split) as writer:
        for n, name in enumerate(names):
            writer.add(ClipRecord(name, f"Text {name}", language, 25.0, 6), clip(n))
        writer.finish({})
    return root


def lines(path, *texts):
    """A text file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")


def _clip_folders(folder):
    for n, name in enumerate(NAMES):
        (folder / "dev" / name).mkdir(parents=True)
        frames = (clip(n).coordinates / 3).reshape(6, 150).tolist()
        (folder / "dev" / name / "pose.json").write_text(json.dumps({"fps": 25, "poses": frames}))
        lines(folder / "dev" / name / "text.txt", f"Text {name}")


def _poses_with_table(folder):
    for n, name in enumerate(NAMES):
        write_clips(folder / f"{name}.pose", [(name, clip(n))])
    lines(folder / "texts.csv", "name,text", *(f"{name},Text {name}" for name in NAMES))


def _poses_with_texts(folder):
    for n, name in enumerate(NAMES):
        write_clips(folder / f"{name}.pose", [(name, clip(n))])
        lines(folder / f"{name}.text", f"Text {name}")


def _poses_with_metadata(folder):
    for n, name in enumerate(NAMES):
        write_clips(folder / f"{name}_original.pose", [(f"{name}_original", clip(n))])
        sentence = {"english": "x", "german": f"Text {name}", "glosses": {"gloss": [name.upper(), "2"]}}
        (folder / f"{name}_metadata.json").write_text(json.dumps({"id": name, "sentence": sentence}))


def _npz(folder):
    for n, name in enumerate(NAMES):
        write_clips(folder / f"{n}.npz", [(name, clip(n))])
        lines(folder / f"{n}.text", f"Text {name}")


def _csv(folder):
    write_clips(folder / "all.csv", [(name, clip(n)) for n, name in enumerate(NAMES)])
    lines(folder / "texts.csv", "name,text", *(f"{name},Text {name}" for name in NAMES))


def _json(folder):
    for n, name in enumerate(NAMES):
        json_clip.write_clip(folder / f"{name}.json", clip(n), {"text": f"Text {name}", "gloss": name.upper()})


def _sentences(folder):
    write_sentences(folder, {name: sentence_rows() for name in NAMES})


def _label_arrays(folder):
    folder.mkdir()
    np.savez(folder / "clips.npz", **{name: holistic_rows(2) for name in NAMES})


def _words(folder):
    (folder / "landmarks").mkdir(parents=True)
    for name in NAMES:
        (folder / "landmarks" / f"{name}.json").write_text(json.dumps({"frames": landmark_frames()}))
    lines(folder / "words.csv", "ClassId,TR,EN", *(f"{n},{name},x" for n, name in enumerate(NAMES)))


def _glosses(folder):
    for name in NAMES:
        write_rows(folder / "clips" / f"{name}.npz")
    rows = (f"{name},clips/{name}.npz,{name.upper()},100,220,s1" for name in NAMES)
    lines(folder / "manifest.csv", "id,file,gloss,start_ms,end_ms,sentence", *rows)


SOURCES = {
    "lines": write_lines,
    "clip folders": _clip_folders,
    ".pose with a table": _poses_with_table,
    ".pose with texts": _poses_with_texts,
    ".pose with metadata": _poses_with_metadata,
    ".npz": _npz,
    ".csv of clips": _csv,
    ".json of clips": _json,
    "sentences": _sentences,
    "label arrays": _label_arrays,
    "words": _words,
    "glosses": _glosses,
    "store": write_store,
}
"""What makes a source of this kind in a folder that is not there yet; its language is GSL."""
