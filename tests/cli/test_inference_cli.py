"""inference_signllm.py: formats, files of texts, the interactive mode, and refusals."""

import io
import json

import pytest

from signllm.cli import inference
from signllm.data.clips import open_clips
from signllm.models.checkpoint import Checkpoint, save_checkpoint
from signllm.training.setup import build_experiment


@pytest.fixture
def model_path(make_config, tmp_path):
    experiment = build_experiment(make_config("data.max_frames=40"))
    path = tmp_path / "best_model.pth"
    save_checkpoint(path, Checkpoint(experiment.config, experiment.model.extra_state(), experiment.model.state_dict()))
    return path


def run(model_path, *flags):
    return inference.main(["--model_path", str(model_path), "--output", str(model_path.parent / "out"), *flags])


def test_every_format_is_written_and_reads_back(model_path, capsys):
    formats = "mp4,gif,webp,png,npz,skels,pose,csv,json"
    assert run(model_path, "--text", "Hello world", "--language", "asl", "--format", formats) == 0
    out = model_path.parent / "out"
    names = {path.name for path in out.iterdir()}
    assert {f"001_ASL_hello-world.{suffix}" for suffix in formats.split(",")} <= names
    first, *others = (
        open_clips(out / f"001_ASL_hello-world.{suffix}")[0].coordinates
        for suffix in ("npz", "skels", "pose", "csv", "json")
    )
    for other in others:
        assert first.shape == other.shape
        assert abs(first - other).max() < 0.01
    assert "x real time" in capsys.readouterr().out


def test_a_person_signs_where_one_is_asked_for(model_path):
    out = model_path.parent / "out"
    pictures = []
    for more in ([], ["--avatar"]):
        assert run(model_path, "--text", "Hello", "--language", "asl", "--format", "png,npz", *more) == 0
        pictures.append((out / "001_ASL_hello.png").read_bytes())
    assert pictures[0] != pictures[1]
    assert {path.suffix for path in out.iterdir()} == {".png", ".npz"}


def test_a_file_of_texts_may_name_languages(model_path, capsys, tmp_path):
    texts = tmp_path / "texts.txt"
    texts.write_text("the\u2028book\n\nGSL\tdas Buch\n", encoding="utf-8")
    assert run(model_path, "--texts_file", str(texts), "--language", "ASL", "--format", "npz") == 0
    names = sorted(path.name for path in (model_path.parent / "out").iterdir())
    assert names == ["001_ASL_the-book.npz", "002_GSL_das-buch.npz"]


def test_the_same_seed_gives_the_same_file(model_path):
    clips = []
    for _ in range(2):
        assert run(model_path, "--text", "book", "--language", "ASL", "--format", "npz", "--seed", "3") == 0
        (clip,) = open_clips(model_path.parent / "out" / "001_ASL_book.npz")
        clips.append(clip.coordinates)
    assert (clips[0] == clips[1]).all()


def test_several_samples_of_a_text_differ_where_the_decoder_draws(make_config, tmp_path, capsys):
    experiment = build_experiment(make_config("data.max_frames=40", "model.pose_decoder.type=flow"))
    path = tmp_path / "flow.pth"
    save_checkpoint(path, Checkpoint(experiment.config, experiment.model.extra_state(), experiment.model.state_dict()))
    flags = ("--text", "book", "--language", "ASL", "--format", "npz", "--seed", "5", "--num_samples", "3")
    assert run(path, *flags) == 0
    names = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert names == [f"001_ASL_book_seed{seed}.npz" for seed in (5, 6, 7)]
    clips = [open_clips(tmp_path / "out" / name)[0].coordinates for name in names]
    assert abs(clips[0] - clips[1]).max() > 0.01
    assert "no random numbers" not in capsys.readouterr().err
    assert run(path, "--text", "book", "--num_samples", "0") == 2


def test_samples_of_a_decoder_that_draws_nothing_are_announced_as_alike(model_path, capsys):
    assert run(model_path, "--text", "book", "--language", "ASL", "--format", "npz", "--num_samples", "2") == 0
    assert "no random numbers" in capsys.readouterr().err


def test_the_interactive_mode_goes_on_after_a_mistake(model_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("book\n/lang KSL\n/lang\n/lang GSL\nBuch\n\nnever read\n"))
    assert run(model_path, "--interactive", "--format", "npz") == 0
    captured = capsys.readouterr()
    assert "which sign language" in captured.err
    assert "trained on ASL, GSL only" in captured.err
    names = sorted(path.name for path in (model_path.parent / "out").iterdir())
    assert names == ["001_ASL_book.npz", "002_GSL_buch.npz"]


def test_the_guides_command_without_a_language_takes_the_first_and_says_so(model_path, capsys):
    prompt = "Wie sagt man 'Buch' in Deutscher Gebärdensprache?"
    assert run(model_path, "--text", "Hello world", "--text", prompt, "--format", "npz") == 0
    assert "signing in ASL; the model also knows GSL" in capsys.readouterr().err
    names = sorted(path.name[:7] for path in (model_path.parent / "out").iterdir())
    assert names == ["001_ASL", "002_GSL"]


@pytest.mark.parametrize(
    ("flags", "part"),
    [
        ([], "nothing to sign"),
        (["--text", "x", "--format", "mp5"], "did you mean 'mp4'"),
        (["--text", "x", "--language", "KSL"], "trained on ASL, GSL only"),
        (["--text", "x", "--language", "XSL"], "unknown sign language"),
        (["--text", " ", "--language", "ASL"], "text is empty"),
        (["--text", "x", "--mode", "prompt2langgloss", "--language", "ASL"], "is a model of mode mlsf"),
        (["--texts_file", "/no/such/file"], "no such file"),
        (["--text", "x", "--language", "ASL", "--device", "cuda:99"], "device 'cuda:99'"),
        (["--text", "x", "--language", "ASL", "--avatar", "/no/such.vrm"], "/no/such.vrm: no such file"),
        (["--text", "x", "--language", "ASL", "--avatar_map", "x.json"], "it names bones of --avatar; give both"),
        (["--text", "x", "--language", "ASL", "--avatar", "--format", "csv"], "--format csv shows nobody"),
    ],
)
def test_bad_requests_exit_with_2_and_write_nothing(model_path, capsys, flags, part):
    assert run(model_path, *flags) == 2
    assert part in capsys.readouterr().err
    assert not (model_path.parent / "out").exists()


def test_what_the_model_does_not_know_is_said_in_both_languages_and_in_json(model_path, capsys):
    flags = ("--text", "Zyzzyva", "--text", "你好", "--language", "ASL", "--format", "json", "--num_samples", "2")
    assert run(model_path, *flags) == 0
    told = capsys.readouterr().err
    assert told.count("note: --text 'Zyzzyva': words never seen in training: zyzzyva\n") == 1
    assert "备注：--text 'Zyzzyva': 训练中从未出现的词：zyzzyva\n" in told
    assert "note: --text '你好': not in the script of the language: 你好 (Han)\n" in told
    written = json.loads((model_path.parent / "out" / "001_ASL_zyzzyva_seed0.json").read_text(encoding="utf-8"))
    assert "unknown_words" in [note["kind"] for note in written["notes"]]


def test_strict_refuses_with_all_faults_and_writes_nothing(model_path, capsys, tmp_path):
    texts = tmp_path / "texts.txt"
    texts.write_text("rain\nzyzzyva\n\n你好\n", encoding="utf-8")
    flags = ("--texts_file", str(texts), "--language", "ASL", "--strict")
    assert run(model_path, *flags) == 2
    told = capsys.readouterr().err
    assert f"{texts}:2: words never seen in training: zyzzyva" in told
    assert f"{texts}:4: not in the script of the language: 你好 (Han)" in told
    assert not (model_path.parent / "out").exists()


def test_one_bad_line_hides_no_other(model_path, capsys, tmp_path):
    texts = tmp_path / "texts.txt"
    texts.write_text("rain\nGSL\t\nXSL\thallo\nbad\x01line\n" + "a" * 20_001 + "\ntext\t\n", encoding="utf-8")
    assert run(model_path, "--texts_file", str(texts), "--language", "ASL") == 2
    told = capsys.readouterr().err
    assert "(4 faults)" in told
    for part in ("2: the text is empty", "3: unknown sign language 'XSL'", "4: 'bad\\x01line'", "5: 'aaaa"):
        assert f"{texts}:{part}" in told
    texts.write_text("KSL\thallo\nrain\nTSL\thallo\n", encoding="utf-8")
    assert run(model_path, "--texts_file", str(texts), "--language", "ASL") == 2
    told = capsys.readouterr().err
    assert f"{texts}:1: language KSL" in told
    assert f"{texts}:3: language TSL" in told
    assert not (model_path.parent / "out").exists()


def test_a_text_of_two_sentences_is_one_file_of_both(model_path, capsys):
    lengths = []
    for flags in ([], ["--no_split"]):
        assert run(model_path, "--text", "The book. It rains.", "--language", "ASL", "--format", "npz", *flags) == 0
        (clip,) = open_clips(model_path.parent / "out" / "001_ASL_the-book-it-rains.npz")
        lengths.append(len(clip))
    assert lengths[0] > lengths[1]
    told = capsys.readouterr().out
    assert told.count("2 sentences") == 1
