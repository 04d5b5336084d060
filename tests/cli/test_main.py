"""The `signllm` command: verbs with the flags of the scripts, help in two languages, and refusals."""

import re
import subprocess
import sys

import pytest

import signllm
from signllm.cli import common, main
from signllm.cli.common import as_called, called_as_verb
from signllm.errors import DataError


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_lists_every_verb_in_two_languages(flag, capsys):
    assert main.main([flag]) == 0
    lines = capsys.readouterr().out.splitlines()
    for verb in main.VERBS:
        (line,) = [line for line in lines if line.startswith(f"  {verb} ")]
        english, chinese = line.split(" / ")
        assert re.search("[\u4e00-\u9fff]", chinese)
        assert not re.search("[\u4e00-\u9fff]", english)


def test_every_script_has_a_verb():
    assert set(common.VERB_OF_SCRIPT.values()) <= set(main.VERBS)


@pytest.mark.parametrize("verb", list(main.VERBS))
def test_a_verb_shows_the_flags_of_its_script_under_its_own_name(verb, capsys):
    def flags_of(call, argv):
        with pytest.raises(SystemExit) as stopped:
            call(argv)
        assert stopped.value.code == 0
        out = capsys.readouterr().out
        return out, set(re.findall(r"(?<![\w-])--[a-z]\w*", out))

    own, flags = flags_of(main.main, [verb, "--help"])
    assert own.startswith(f"usage: signllm {verb} ")
    assert not re.search(r"\w+\.py\b", own)
    module = __import__(f"signllm.cli.{main.VERBS[verb].module}", fromlist=["main"])
    itself = {"--serve"} if verb == "serve" else set()  # the script's flag that the verb stands for
    assert flags_of(module.main, ["--help"])[1] - itself == flags


def test_flags_and_exit_code_pass_through(capsys):
    assert main.main(["train", "--config", "asl_wrds", "--dry_run"]) == 2
    assert "did you mean 'asl_words'" in capsys.readouterr().err


def test_an_unknown_verb_is_refused_with_the_nearest(capsys):
    assert main.main(["trian"]) == 2
    captured = capsys.readouterr()
    assert "no command 'trian' (did you mean 'train'?)" in captured.err
    assert all(verb in captured.err for verb in main.VERBS)
    assert not captured.out


def test_no_verb_shows_the_help_and_is_refused(capsys):
    assert main.main([]) == 2
    assert "commands / 命令" in capsys.readouterr().err


def test_errors_name_the_verbs_when_a_verb_was_called(capsys):
    @common.command
    def broken(argv=None):
        raise DataError("run `python final_convert_data.py --data_dir ...`, or quick_train.py")

    with called_as_verb():
        assert broken() == 2
    assert "run `signllm convert --data_dir ...`, or signllm quick" in capsys.readouterr().err
    assert broken() == 2
    assert "run `python final_convert_data.py --data_dir ...`, or quick_train.py" in capsys.readouterr().err


def test_other_words_stay_as_they_are():
    with called_as_verb():
        assert as_called("my_quick_train.pyx training.evaluation") == "my_quick_train.pyx training.evaluation"


def test_python_m_signllm_tells_its_version_at_once():
    code = (
        "import runpy, sys; sys.argv = ['signllm', '--version']\n"
        "try: runpy.run_module('signllm', run_name='__main__')\n"
        "except SystemExit as end: print(end.code, {'torch', 'numpy', 'pydantic'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"signllm {signllm.__version__}", "0 set()"]
