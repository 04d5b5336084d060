"""Several texts of one clip: in tables that can say so, kept by the store, drawn in training."""

import json

import pytest

from signllm.data.convert import ConvertOptions, convert
from signllm.data.dataset import SignDataset
from signllm.data.groups import deal_clips
from signllm.data.source import ClipEntry
from signllm.data.store import ClipRecord, Store, StoreWriter
from signllm.data.text_gloss import read_text_gloss
from signllm.pose.formats import write_clips
from tests.helpers.sources import clip, lines

SAID = {"a": ["Regen im Norden", "Im Norden Regen", "Es regnet im Norden"], "b": ["Sonne"]}


def _numbered(folder):
    lines(
        folder / "t.csv",
        "name,text,text_2,text_3,split",
        *(f"{n},{','.join((*t, '', '')[:3])},train" for n, t in SAID.items()),
    )


def _rows(folder):
    rows = [f"{name};{text};train" for name, texts in SAID.items() for text in texts]
    lines(folder / "t.csv", "name;text;split", *rows)


def _rows_of_files(folder):
    lines(
        folder / "t.csv", "file;satz;split", *(f"{n}.pose;{text};train" for n, texts in SAID.items() for text in texts)
    )


def _lists(folder):
    rows = [{"id": name, "texts": texts, "split": "train"} for name, texts in SAID.items()]
    (folder / "t.json").write_text(json.dumps(rows))


def _text_and_list(folder):
    rows = [{"id": n, "text": t[0], "references": t[1:] or None, "split": "train"} for n, t in SAID.items()]
    (folder / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def _lists_as_text(folder):
    rows = [{"id": name, "text": texts, "split": "train"} for name, texts in SAID.items()]
    (folder / "t.json").write_text(json.dumps(rows))


def written(tmp_path, write=_numbered):
    source = tmp_path / "source"
    source.mkdir()
    for n, name in enumerate(SAID):
        write_clips(source / f"{name}.pose", [(name, clip(n))])
    write(source)
    (report,) = convert(ConvertOptions(source, tmp_path / "store", "GSL"))
    assert report.faults == []
    return Store(tmp_path / "store")


@pytest.mark.parametrize("write", [_numbered, _rows, _rows_of_files, _lists, _text_and_list, _lists_as_text])
def test_the_store_keeps_all_texts_of_a_clip(tmp_path, write):
    records = written(tmp_path, write).split("GSL", "train").records
    assert {record.id: list(record.texts) for record in records} == SAID
    assert records[0].text == SAID["a"][0]


def test_rows_that_differ_in_more_than_their_text_are_no_references(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    write_clips(source / "a.pose", [("a", clip())])
    lines(source / "t.csv", "name,text,signer,split", "a,Regen,s1,train", "a,Sonne,s2,train")
    (report,) = convert(ConvertOptions(source, tmp_path / "store", "GSL"))
    assert any("the clip 'a' already stands" in fault for fault in report.faults)


def test_training_takes_each_text_in_turn_and_evaluation_the_first(tmp_path):
    store = written(tmp_path)
    drawn = SignDataset(store, "train", 25, draw_texts=True, seed=3)
    texts = [drawn[epoch, 0].record.text for epoch in range(6)]
    assert set(texts[:3]) == set(SAID["a"])
    assert texts[:3] == texts[3:]
    again = SignDataset(store, "train", 25, draw_texts=True, seed=3)
    assert again[4, 0].record.text == texts[4]  # what a resumed run draws
    firsts = {SignDataset(store, "train", 25, draw_texts=True, seed=seed)[0, 0].record.text for seed in range(12)}
    assert len(firsts) > 1
    assert all(text in drawn[epoch, 0].prompt for epoch, text in enumerate(texts))
    assert {drawn[epoch, 0].gloss for epoch in range(3)} == {"REGEN IM NORDEN"}
    assert {drawn[epoch, 1].record.text for epoch in range(3)} == {"Sonne"}
    first = SignDataset(store, "train", 25)
    assert {first[epoch, 0].record.text for epoch in range(3)} == {SAID["a"][0]}
    assert first.texts() == [*SAID["a"], *SAID["b"]]


def test_clips_with_one_text_are_written_as_before(tmp_path):
    with StoreWriter(tmp_path, "GSL", "dev") as writer:
        writer.add(ClipRecord("a", "Text", "GSL", 25, 6), clip())
        writer.finish({})
    (line,) = (tmp_path / "GSL" / "dev" / "index.jsonl").read_text().splitlines()
    assert "references" not in json.loads(line)
    assert Store(tmp_path).split("GSL", "dev").records[0].texts == ("Text",)


def test_clips_of_one_text_are_dealt_to_one_split_whichever_of_their_texts_it_is(tmp_path):
    def entry(n, text, *more):
        return ClipEntry(f"clip{n}", tmp_path / "a.npz", lambda: (None, []), text=text, references=more)

    pairs = [(entry(2 * n, f"first text {n}", f"shared {n}"), entry(2 * n + 1, f"shared {n}")) for n in range(100)]
    found = deal_clips([one for pair in pairs for one in pair], 0.2)
    assert 0 < len(found.dev) < 200
    assert all((2 * n in found.dev) == (2 * n + 1 in found.dev) for n in range(100))


def test_texts_and_glosses_are_composed_wherever_they_come_from(tmp_path):
    split = "u\u0308ber"
    source = tmp_path / "source"
    lines(source / "dev.text", f"Wolken {split} Bonn")
    lines(source / "dev.gloss", split.upper())
    lines(source / "dev.files", "a")
    write_clips(source / "dev.skels", [("a", clip())])
    convert(ConvertOptions(source, tmp_path / "store", "GSL"))
    (record,) = Store(tmp_path / "store").split("GSL", "dev").records
    assert (record.text, record.gloss) == ("Wolken über Bonn", "ÜBER")
    entry = ClipEntry("a", source, lambda: (None, []), text=split, references=(split, "mehr", "mehr"))
    assert (entry.text, entry.references) == ("über", ("mehr",))
    lines(tmp_path / "t.csv", "id|annotation|translation", f"a|{split.upper()}|{split}")
    (row,) = read_text_gloss(tmp_path / "t.csv")
    assert (row.text, row.gloss) == ("über", "ÜBER")
