"""Every request reports what of it the model cannot know, and what was cut; and nothing false."""

import json
from dataclasses import asdict, replace

import pytest

from signllm.data.clips import open_clips
from signllm.inference import Generator
from signllm.languages import LANGUAGES, make_prompt
from signllm.models.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from signllm.models.folder import read_folder
from signllm.models.group import LengthModel
from signllm.models.known_words import KnownWords
from signllm.training.setup import build_experiment

WORDS = KnownWords.of({"ASL": ["the book rain 57"], "GSL": ["das Buch"], "KSL": ["책을 읽다"]})


def generator_of(make_config, *overrides, words=WORDS):
    experiment = build_experiment(make_config("data.max_frames=30", *overrides))
    for module in experiment.model.modules():
        if isinstance(module, LengthModel):
            module.net[-1].bias.data[0] = 2.5  # exp(2.5) frames
    experiment.model.known_words = words
    return Generator(experiment.model, experiment.config, "cpu")


def found(clip):
    return {note.kind: note.items for note in clip.notes}


@pytest.fixture
def mlsf(make_config):
    return generator_of(make_config)


def test_known_words_are_signed_without_a_note(mlsf):
    assert mlsf("The book, the RAIN!", "ASL").notes == ()


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("Zyzzyva the quux", {"unknown_words": ("zyzzyva", "quux")}),
        ("the 😀🎉", {"unknown_words": ("😀", "🎉")}),
        ("57 1234 57.5", {"unknown_words": ("1234", "57.5")}),
        ("the 你好", {"other_script": ("你好 (Han)",)}),
        ("das Buch", {"unknown_words": ("das", "buch")}),
        ("привет quux", {"unknown_words": ("quux",), "other_script": ("привет (Cyrillic)",)}),
        ("... ?", {"no_words": ("... ?",)}),
    ],
)
def test_what_is_unknown_is_named(mlsf, text, notes):
    assert found(mlsf(text, "ASL")) == notes


def test_words_of_one_language_are_unknown_to_another(mlsf):
    clips = mlsf(["the book", "das Buch"], ["GSL", "GSL"])
    assert [found(clip) for clip in clips] == [{"unknown_words": ("the", "book")}, {}]


def test_the_sentences_of_a_text_are_gathered(mlsf):
    clip = mlsf("The quux. The zyzzyva. The quux.", "ASL")
    assert found(clip) == {"unknown_words": ("quux", "zyzzyva")}
    assert clip.notes[0].message == "words never seen in training: quux, zyzzyva"
    assert "quux, zyzzyva" in clip.notes[0].chinese


def test_without_a_record_nothing_is_called_unseen(make_config):
    generator = generator_of(make_config, words=KnownWords())
    assert found(generator("the brook", "ASL")) == {}
    assert found(generator("the 你好", "ASL")) == {"other_script": ("你好 (Han)",)}
    assert found(generator("the 🎉", "ASL")) == {"unknown_letters": ("🎉",)}


def test_a_word_that_was_seen_and_cannot_be_spelt_is_said(make_config):
    generator = generator_of(make_config, words=KnownWords.of({"ASL": ["the 🎉"], "GSL": []}))
    assert found(generator("the 🎉", "ASL")) == {"unknown_letters": ("🎉",)}


def test_an_incomplete_record_says_so(make_config):
    words = KnownWords({"ASL": replace(WORDS.languages["ASL"], complete=False)})
    (note,) = generator_of(make_config, words=words)("the quux", "ASL").notes
    assert note.kind == "unknown_words"
    assert "never" not in note.message
    assert "most frequent of the training: quux" in note.message


def test_a_text_that_is_cut_says_what_is_lost(make_config):
    generator = generator_of(make_config, "model.text_encoder.max_length=6")
    (note,) = generator("the the the the book rain", "ASL").notes
    assert note.kind == "cut_text"
    assert "the the the the book rain".endswith(note.items[0])
    assert note.items[0].endswith("book rain")
    assert "6 tokens" in note.message
    assert generator("the the", "ASL").notes == ()


def test_a_clip_that_is_cut_says_how_long_it_was_to_be(make_config):
    generator = generator_of(make_config)
    for module in generator.model.modules():
        if isinstance(module, LengthModel):
            module.net[-1].weight.data.zero_()
            module.net[-1].bias.data[:] = module.net[-1].bias.new_tensor([6.0, -4.0])
    clip = generator("the book", "ASL")
    assert len(clip.pose) == 30
    assert found(clip) == {"cut_clip": ("the book",)}
    assert "cut to 30 frames (1.2 s) where 403 were predicted" in clip.notes[0].message


def test_only_what_is_asked_counts_of_a_prompt(make_config):
    generator = generator_of(make_config, "model.mode=prompt2langgloss", "model.gloss_decoder.max_length=20")
    clip = generator(make_prompt("the quux", "ASL", held_out=True))
    assert found(clip)["unknown_words"] == ("quux",)
    assert found(generator("the quux", "ASL"))["unknown_words"] == ("quux",)
    assert found(generator("please sign the quux"))["unknown_words"] == ("please", "sign", "quux")


def test_a_gloss_without_end_is_cut(make_config, monkeypatch):
    generator = generator_of(make_config, "model.mode=prompt2langgloss", "model.gloss_decoder.max_length=4")
    vocabulary = generator.model.vocabulary
    ids = [vocabulary.language_ids["ASL"], 13, 13, 13]
    for ending, kinds in ((ids + [vocabulary.end], {"cut_gloss"}), (ids[:-1] + [vocabulary.end], set())):
        monkeypatch.setattr(generator.model.gloss_decoder, "beam_search", lambda *_, found=ending: [found])
        assert set(found(generator("the book", "ASL"))) == kinds


def test_a_model_knows_the_words_of_its_training(make_config, demo_root):
    for mode in ("mlsf", "prompt2langgloss"):
        experiment = build_experiment(make_config(f"model.mode={mode}"))
        train, words = experiment.train_set, experiment.model.known_words
        for record in map(train.record, range(len(train))):
            assert words.unknown(record.text.lower().rstrip(".?!").split(), [record.language]) == []
        assert words.unknown(["zyzzyva"], ["ASL"]) == ["zyzzyva"]
        phrasing = LANGUAGES["ASL"].prompts[1].split()[0].lower()
        assert words.unknown([phrasing], ["ASL"]) == ([] if mode == "prompt2langgloss" else [phrasing])


def test_training_on_other_data_adds_their_words_where_there_is_a_record(make_config):
    experiment = build_experiment(make_config())
    extra = experiment.model.extra_state()
    words = {"ASL": {"words": "zyzzyva", "complete": True}}
    extra["known_words"] = {"version": 1, "languages": words}
    checkpoint = Checkpoint(experiment.config, extra, experiment.model.state_dict())
    again = build_experiment(make_config(), checkpoint).model.known_words
    own = experiment.train_set.record(0).text.lower().rstrip(".?!").split()
    assert again.unknown([*own, "zyzzyva"], ["ASL"]) == []
    assert not again.has_record(["GSL"])  # what it was trained on before is not known


def test_the_record_goes_through_checkpoint_and_folder(mlsf, tmp_path):
    extra = mlsf.model.extra_state()
    save_checkpoint(tmp_path / "m.pth", Checkpoint(mlsf.config, extra, mlsf.model.state_dict()))
    assert load_checkpoint(tmp_path / "m.pth").build_model(averaged=False).known_words == WORDS
    folder = mlsf.save_pretrained(tmp_path / "shared")
    assert KnownWords.from_state(read_folder(folder)[1]["known_words"]) == WORDS
    assert found(Generator.from_pretrained(folder, device="cpu")("brook", "ASL")) == {"unknown_words": ("brook",)}
    old = {key: value for key, value in extra.items() if key != "known_words"}
    save_checkpoint(tmp_path / "old.pth", Checkpoint(mlsf.config, old, mlsf.model.state_dict()))
    assert Generator.from_checkpoint(tmp_path / "old.pth", "cpu")("brook", "ASL").notes == ()


def test_notes_stand_in_the_json_beside_the_pose_file(mlsf, tmp_path):
    clip = mlsf("The quux. The book.", "ASL")
    clip.save(tmp_path / "one.npz")
    written = json.loads(clip.save(tmp_path / "one.json").read_text(encoding="utf-8"))
    assert written["notes"] == [{**asdict(note), "items": list(note.items)} for note in clip.notes]
    assert written["sentences"] == ["The quux.", "The book."]
    assert written["frames"] == len(clip.pose)
    assert open_clips(tmp_path).entries[0].text == "The quux. The book."
