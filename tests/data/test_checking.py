"""The doctor: every fault that is put into clean clips is found, with its place, and nothing else is."""

import pickle
from contextlib import nullcontext

import numpy as np
import pytest

import signllm.packed
from signllm.data.checking.doctor import check
from signllm.data.checking.findings import Severity
from signllm.data.checking.options import CheckOptions
from signllm.data.demo.lexicon import vocabulary
from signllm.data.demo.performance import animate
from signllm.data.engines import ENGINES
from signllm.data.store import ClipRecord, StoreWriter
from signllm.errors import ConfigError, DataError
from signllm.pose.formats import write_clips
from tests.helpers.sources import clip, lines, write_lines
from tests.pose.test_faults import apart

ENGLISH = ("Tomorrow the weather is cold and windy in the {}", "My older brother would like to visit the {} with us")
PLACES = ("mountains", "village", "north", "harbour", "city", "valley", "museum", "station")
GERMAN = "Am Wochenende wird das Wetter im Süden wieder deutlich besser"


class Corpus:
    """Clean clips in memory, as (name, text, pose) by split; `write` makes a store of them."""

    def __init__(self, fps):
        signs = vocabulary("ASL")
        self.splits = {"train": [], "dev": []}
        for number in range(16):
            pose = animate(signs[2 * number : 2 * number + 3], "ASL", signer=number % 2, seed=number, fps=fps)
            text = ENGLISH[number % 2].format(PLACES[number // 2])
            self.splits["train" if number < 12 else "dev"].append((f"c{number:02}", text, pose))

    def write(self, root, language="ASL"):
        for split, clips in self.splits.items():
            with StoreWriter(root, language, split) as writer:
                for name, text, pose in clips:
                    writer.add(ClipRecord(name, text, language, pose.fps, len(pose)), pose)
                writer.finish({})
        return root

    def pose(self, number, change):
        """Let `change(coordinates, valid)` write into copies of a training clip."""
        name, text, pose = self.splits["train"][number]
        coordinates, valid = pose.coordinates.copy(), pose.valid.copy()
        change(coordinates, valid)
        self.splits["train"][number] = (name, text, pose.replace(coordinates=coordinates, valid=valid))

    def text(self, number, text):
        name, _, pose = self.splits["train"][number]
        self.splits["train"][number] = (name, text, pose)


@pytest.fixture(scope="module")
def made():
    return {fps: Corpus(fps) for fps in (25.0, 50.0)}


@pytest.fixture(params=[25.0, 50.0], ids=["25 fps", "50 fps"])
def corpus(made, request):
    fresh = Corpus.__new__(Corpus)
    fresh.splits = {split: list(clips) for split, clips in made[request.param].splits.items()}
    return fresh


def found(root, **options):
    return {finding.kind: finding for finding in check(CheckOptions(root, **options)).findings}


USUAL = {"few_clips", "unseen_words"}


def test_clean_clips_are_sound(corpus, tmp_path):
    checkup = check(CheckOptions(corpus.write(tmp_path)))
    assert checkup.sound
    assert {finding.kind for finding in checkup.findings} <= USUAL
    assert [(split.label, len(split)) for split in checkup.splits] == [("ASL/train", 12), ("ASL/dev", 4)]


def freeze(corpus):
    def change(coordinates, valid):
        coordinates[10 : 10 + rate] = coordinates[10]

    rate = round(corpus.splits["train"][3][2].fps)
    corpus.pose(3, change)
    return "c03", f"10-{9 + rate}"


def jump(corpus):
    corpus.pose(4, lambda coordinates, _: coordinates[20, 29:50].__iadd__(2.0))
    return "c04", "20"


def exchange(corpus):
    def change(coordinates, valid):
        coordinates[first:last, 8:50] = coordinates[first:last, [*range(29, 50), *range(8, 29)]]

    first, last = apart(corpus.splits["train"][0][2])
    corpus.pose(0, change)
    return "c00", f"{first}-{last - 1}"


def copy(corpus):
    name, text, pose = corpus.splits["train"][5]
    corpus.splits["train"].append((f"{name}_again", text, pose))
    return "c05 = c05_again", ""


def leak(corpus):
    _, text, pose = corpus.splits["dev"][0]
    corpus.splits["train"].append(("leaked", text + " again", pose))
    return "leaked = c12", ""


def foreign(corpus):
    corpus.text(7, GERMAN)
    return "c07", ""


def long_text(corpus):
    corpus.text(8, " and ".join([ENGLISH[0].format(place) for place in PLACES] * 2))
    return "c08", ""


def no_hand(corpus):
    for split in corpus.splits.values():
        for number, (name, text, pose) in enumerate(split):
            valid = pose.valid.copy()
            valid[np.arange(len(pose)) % 20 != 0, 29:50] = False
            split[number] = (name, text, pose.replace(valid=valid))
    return None, ""


def repeat(corpus):
    for number in range(12):
        corpus.pose(number, lambda coordinates, _: coordinates.__setitem__(slice(1, None, 2), coordinates[:-1:2]))
    return "c00", ""


@pytest.mark.parametrize(
    ("plant", "kind", "severity"),
    [
        (freeze, "frozen", Severity.WARNING),
        (jump, "jumps", Severity.NOTE),
        (exchange, "swapped_hands", Severity.WARNING),
        (copy, "copies", Severity.WARNING),
        (leak, "shared_clips", Severity.ERROR),
        (foreign, "foreign_texts", Severity.WARNING),
        (long_text, "length_mismatch", Severity.WARNING),
        (no_hand, "missing_hand", Severity.ERROR),
        (repeat, "repeated_frames", Severity.ERROR),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_planted_fault_is_found_alone_and_with_its_place(corpus, tmp_path, plant, kind, severity):
    clip, frames = plant(corpus)
    checkup = check(CheckOptions(corpus.write(tmp_path)))
    findings = [finding for finding in checkup.findings if finding.kind not in USUAL]
    assert {finding.kind for finding in findings} == {kind}
    assert findings[0].severity == severity
    assert checkup.sound == (severity != Severity.ERROR)
    if clip:
        assert (findings[0].clips[0].clip, findings[0].clips[0].frames) == (clip, frames)
    assert all(text for finding in findings for text in (*finding.message, *finding.remedy))


def test_texts_of_another_language_throughout_are_an_error(corpus, tmp_path):
    german = [f"Am Wochenende wird das Wetter in {place} wieder besser" for place in PLACES]
    for clips in corpus.splits.values():
        clips[:] = [(name, german[number % 8], pose) for number, (name, _, pose) in enumerate(clips)]
    finding = found(corpus.write(tmp_path))["other_language"]
    assert finding.severity == Severity.ERROR
    assert "not in English" in finding.message[0]


def test_one_hand_that_is_never_moved_is_no_error(corpus, tmp_path):
    for clips in corpus.splits.values():
        for number, (name, text, pose) in enumerate(clips):
            coordinates, valid = pose.coordinates.copy(), pose.valid.copy()
            coordinates[:, 5:8] = coordinates[:1, 5:8]
            valid[:, 8:29] = False
            clips[number] = (name, text, pose.replace(coordinates=coordinates, valid=valid))
    finding = found(corpus.write(tmp_path))["missing_hand"]
    assert finding.severity == Severity.WARNING


@pytest.mark.parametrize("label", ["book", "I do not know"])
def test_labels_that_come_again_are_no_leak(tmp_path, made, label):
    corpus = Corpus.__new__(Corpus)
    corpus.splits = {s: [(n, label, p) for n, _, p in clips] for s, clips in made[25.0].splits.items()}
    finding = found(corpus.write(tmp_path))["shared_texts"]
    assert finding.severity == Severity.NOTE
    assert "labels" in finding.message[0]


def test_the_source_says_the_language_and_the_splits(made, tmp_path):
    made[25.0].write(tmp_path, "ASL")
    made[25.0].write(tmp_path, "GSL")
    labels = [split.label for split in check(CheckOptions(tmp_path, splits=["dev"])).splits]
    assert sorted(labels) == ["ASL/dev", "GSL/dev"]
    german = check(CheckOptions(tmp_path, "dgs", max_samples=2)).splits
    assert [(split.label, len(split)) for split in german] == [("GSL/train", 2), ("GSL/dev", 2)]
    with pytest.raises(DataError, match="no split 'tset'"):
        check(CheckOptions(tmp_path, splits=["tset"]))


def test_a_language_must_be_said_where_texts_are_in_several(tmp_path, made):
    clips = made[25.0].splits["train"]
    for name, _, pose in clips[:3]:
        write_clips(tmp_path / f"{name}.npz", [(name, pose)])
    rows = [f"{name},red house,rotes Haus" for name, _, _ in clips[:3]]
    lines(tmp_path / "texts.csv", "name,english,german", *rows)
    with pytest.raises(ConfigError, match=r"--language with one of ASL \(en\), GSL \(de\), DSGS \(de\)"):
        check(CheckOptions(tmp_path))
    splits = check(CheckOptions(tmp_path, "GSL", held_out=0.4)).splits
    assert {text for split in splits for text in split.texts} == {"rotes Haus"}


def test_which_language_it_may_be_is_told_where_nobody_says_it(tmp_path, made):
    clips = made[25.0].splits["train"]
    write_clips(tmp_path / "dev.skels", [(name, pose) for name, _, pose in clips])
    lines(tmp_path / "dev.text", *(text for _, text, _ in clips))
    findings = found(tmp_path)
    assert "the texts are in English, as for ASL" in findings["no_language"].message[0]
    assert "no_split" in findings


def test_poses_without_texts_are_looked_at_and_are_an_error(tmp_path, made):
    for name, _, pose in made[25.0].splits["train"][:2]:
        write_clips(tmp_path / f"{name}_x1f.npz", [(f"{name}_x1f", pose)])
    checkup = check(CheckOptions(tmp_path))
    assert [len(split) for split in checkup.splits] == [2]
    assert [finding.kind for finding in checkup.findings if finding.severity == Severity.ERROR] == ["no_texts"]


def test_faulty_clips_are_an_error_unless_they_are_left_out(tmp_path):
    write_lines(tmp_path, [f"n{number}" for number in range(6)])
    path = tmp_path / "dev.skels"
    path.write_text("\n".join(["1 2 3", *path.read_text().splitlines()[1:]]) + "\n")
    finding = found(tmp_path, language="ASL")["faulty_clips"]
    assert (finding.severity, finding.value) == (Severity.ERROR, 1 / 6)
    assert "dev.skels:1 (clip n0)" in finding.message[0]
    assert found(tmp_path, language="ASL", skip_bad=True)["faulty_clips"].severity == Severity.WARNING


class Sending:
    """An engine that sends everything as one in another process would."""

    def map(self, work, shared, chunks):
        return (pickle.loads(pickle.dumps(work(*pickle.loads(pickle.dumps((shared, chunk)))))) for chunk in chunks)


def test_clips_are_looked_at_where_they_are_read_and_no_pose_is_sent(corpus, tmp_path, monkeypatch):
    exchange(corpus)
    corpus.write(tmp_path)
    here = check(CheckOptions(tmp_path))
    sent = []

    class Watching(Sending):
        def map(self, work, shared, chunks):
            for rows in super().map(work, shared, chunks):
                sent.extend(clip for clip, _ in rows)
                yield rows

    monkeypatch.setitem(ENGINES, "processes", lambda workers, address: nullcontext(Watching()))
    there = check(CheckOptions(tmp_path))
    assert there.findings == here.findings
    assert len(sent) == 16
    assert all(clip.pose is None for clip in sent)
    for one, other in zip(here.splits, there.splits, strict=True):
        assert all((one.figure(name) == other.figure(name)).all() for name in ("entry", "frames", "reach", "swapped"))
        assert (one.low_PC == other.low_PC).all()
        assert (one.high_PC == other.high_PC).all()
        assert one.digests == other.digests


def test_copies_among_many_clips_are_found_with_their_texts(tmp_path, made, monkeypatch):
    """The clips of a large corpus are held in blocks, here of four."""
    monkeypatch.setattr(signllm.packed, "FEW", 8)
    monkeypatch.setattr(signllm.packed, "_BLOCK", 4)
    pose = made[25.0].splits["train"][0][2]
    write_clips(tmp_path / "train.skels", [(f"train/c{n}", pose if n % 3 else clip(n)) for n in range(30)])
    lines(tmp_path / "train.text", *(f"text {n // 2}" for n in range(30)))
    checkup = check(CheckOptions(tmp_path, "ASL", held_out=0.0))
    (split,) = checkup.splits
    assert isinstance(split.entries, signllm.packed.Packed)
    assert [entry.name for entry in split.read_entries()] == [f"c{n}" for n in range(30)]
    finding = next(finding for finding in checkup.findings if finding.kind == "copies")
    assert finding.message[0] == "poses of another clip in 19 of 30 clips, 19 with another text"
    assert finding.clips[0].clip == "c1 = c2"
