"""evaluation.py: its verbs, what each refuses, and how one finds the right one."""

import re

import pytest

from signllm.cli import evaluation
from signllm.cli.evaluation import FORMER, VERBS


def run(*flags):
    return evaluation.main([str(flag) for flag in flags])


def help_of(verb, capsys):
    with pytest.raises(SystemExit) as stopped:
        run(verb, "--help")
    assert stopped.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself_in_both_languages(verb, capsys):
    told = help_of(verb, capsys)
    assert told.startswith(f"usage: evaluation.py {verb} ")
    assert re.search(r"[A-Z][a-z]+ .*\.\n[一-鿿]", told)


def test_the_overview_names_every_verb(capsys):
    with pytest.raises(SystemExit) as stopped:
        run("--help")
    assert stopped.value.code == 0
    told = capsys.readouterr().out
    assert all(re.search(rf"^  {verb} +[A-Z].*\n +[一-鿿]", told, re.MULTILINE) for verb in VERBS)


@pytest.mark.parametrize(
    ("flags", "faults"),
    [
        (["--model_path", "m.pth", "--resample", "25", "--drop_z"], ["it is a flag of clips", "it is a flag of clips"]),
        (["model", "--model_path", "m.pth", "--rest_store=x"], ["--rest_store: `evaluation.py model`"]),
        (["clips", "--predictions", "a", "--model_path", "m"], ["it is a flag of model, glosses, prompts"]),
        (["compare", "a", "b", "--metrics", "duration"], ["--metrics: `evaluation.py compare` has no such flag"]),
        (["train-fgd", "--data", "s", "--share", "0.5"], ["it is a flag of train-judge"]),
        (["--model_path", "m.pth", "--langauge", "ASL"], ["did you mean '--language'"]),
        (["prompts", "--predictions", "a"], ["it is a flag of clips, glosses"]),
        (["modle", "--model_path", "m.pth"], ["modle: no such verb (did you mean 'model'?)"]),
        ([], ["what to evaluate? Give --model_path"]),
    ],
)
def test_a_flag_that_a_verb_does_not_read_is_refused_with_the_verb_that_does(flags, faults, capsys):
    assert run(*flags) == 2
    told = capsys.readouterr().err
    assert told.count("\n  - ") == len(faults)
    for fault in faults:
        assert fault in told


@pytest.mark.parametrize(
    ("flags", "verb"),
    [
        (["--train_back_translation", "--data", "s", "--judge_share", "0.5", "--max_minutes", "1"], "train-judge"),
        (["--train_fgd_encoder", "--data", "s"], "train-fgd"),
        (["--compare", "a.json", "b.json", "--compare_systems", "model", "nearest_text"], "compare"),
        (["--predictions", "a", "--references", "b", "--resample", "25"], "clips"),
        (["--gloss_references", "t.csv", "--model_path", "m.pth", "--prompts", "training"], "glosses"),
        (["--model_path", "m.pth", "--prompts", "held_out"], "prompts"),
        (["train-judge", "--judge_seed", "1"], "train-judge"),
    ],
)
def test_a_former_spelling_is_refused_in_one_line_that_names_the_verb(flags, verb, capsys):
    assert run(*flags) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 2
    assert f"this is now `evaluation.py {verb} " in told[1]


def test_what_stands_for_a_former_spelling_has_the_flags_it_names(capsys):
    for spelling in FORMER.values():
        verb, *words = spelling.split()
        known = help_of(verb, capsys)
        assert all(word in known for word in words if word.startswith("--"))


@pytest.mark.parametrize(
    "flags", [["train-judge"], ["train-fgd"], ["prompts", "--model_path", "m"], ["clips"], ["model"], ["compare", "a"]]
)
def test_a_verb_without_what_it_needs_exits_with_2(flags, capsys):
    with pytest.raises(SystemExit) as stopped:
        run(*flags)
    assert stopped.value.code == 2
    assert "required" in capsys.readouterr().err
