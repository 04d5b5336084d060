"""What users read is true: commands, flags, keys, defaults, files and packages named in the documents exist."""

import fnmatch
import importlib
import itertools
import json
import re
import shlex
from pathlib import Path

import pytest

from signllm.config import Config, load_config
from signllm.config.frozen import FROZEN
from signllm.config.loading import all_keys
from signllm.config.schema import Section
from signllm.languages import LANGUAGES
from signllm.metrics.preset import HIGHER, LOWER, ONE
from signllm.metrics.registry import PRESETS
from signllm.pose import SKELETON_50

ROOT = Path(__file__).resolve().parents[2]
READMES = ("README.md", "README.zh-CN.md")
CLI_PAGES = ("docs/cli.md", "docs/cli.zh-CN.md")
TRANSLATED = (
    READMES,
    *(
        (f"docs/{name}.md", f"docs/{name}.zh-CN.md")
        for name in (
            "configuration",
            "formats",
            "evaluation",
            "plc",
            "rl",
            "results",
            "cli",
            "python",
            "architecture",
            "reliability",
            "scale",
            "data",
            "viewing",
            "composing",
            "serving",
        )
    ),
)
SCRIPTS = {
    "quick_train.py": "quick_train",
    "start_training.py": "start_training",
    "train_signllm.py": "train_signllm",
    "final_convert_data.py": "convert",
    "inference_signllm.py": "inference",
    "evaluation.py": "evaluation",
    "visualize_skeleton_data.py": "visualize",
}
MODULES = {**SCRIPTS, "inference_signllm.py --serve": "serve"}
# Made by a command, so not in the repository.
MADE_FILES = re.compile(r"^(datasets|checkpoints|logs|outputs|my_data)/")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def commands(text: str) -> list[str]:
    """The command lines of all bash blocks, without comments."""
    lines = (line.split(" #")[0].strip() for block in blocks(text, "bash") for line in block.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def verbs_of(script: str) -> list[str]:
    """The verbs of a script that has some; each has its own flags."""
    return list(getattr(importlib.import_module(f"signllm.cli.{MODULES[script]}"), "VERBS", []))


def flags_of(script: str, capsys, verb: str | None = None) -> set[str]:
    """The flags of a script; of one with verbs those of `verb`, or of all."""
    verbs = verbs_of(script)
    if verbs and verb is None:
        return set().union(*(flags_of(script, capsys, one) for one in verbs))
    main = importlib.import_module(f"signllm.cli.{MODULES[script]}").main
    with pytest.raises(SystemExit) as stopped:
        main([*([verb] if verb else []), "--help"])
    assert stopped.value.code == 0
    told = capsys.readouterr().out
    told = told.split("\noptions:")[-1]  # the description may speak of other commands' flags
    return set(re.findall(r"(?<![\w-])--[a-z]\w*", told)) - {"--help"}


@pytest.mark.parametrize(
    "name",
    [*READMES, *CLI_PAGES, "docs/evaluation.md", "docs/plc.md", "docs/rl.md", "docs/viewing.md", "docs/serving.md"],
)
def test_commands_use_flags_and_keys_that_exist(name, capsys):
    known = {script: flags_of(script, capsys) for script in SCRIPTS}
    keys, used = all_keys(), set()
    for line in commands(text_of(name)):
        words = shlex.split(line)
        if words[0] != "python" or words[1] not in SCRIPTS:
            continue
        used.add(words[1])
        verbs = verbs_of(words[1])
        own = known[words[1]]
        if verbs:
            verb = words[2] if words[2] in verbs else verbs[0]
            own = known.setdefault(f"{words[1]} {verb}", flags_of(words[1], capsys, verb))
        if "--serve" in words:
            own = flags_of("inference_signllm.py --serve", capsys) | {"--serve"}
        unknown = {word for word in words if word.startswith("--")} - own
        assert not unknown, line
        for flag, value in itertools.pairwise(words):
            if flag == "--set":
                assert value.split("=")[0] in keys, line
            if flag == "--config":
                load_config(ROOT / value)
    assert used
    assert used == set(SCRIPTS) or name not in CLI_PAGES


@pytest.mark.parametrize("page", CLI_PAGES)
def test_each_script_and_verb_has_a_section_that_names_all_its_flags(page, capsys):
    parts = re.split(r"^#{2,3} (.*)$", text_of(page), flags=re.MULTILINE)
    tables = {
        title: set(re.findall(r"--[a-z]\w*", "\n".join(row for row in body.splitlines() if row.startswith("|"))))
        for title, body in zip(parts[1::2], parts[2::2], strict=True)
    }
    for script in MODULES:
        for verb in verbs_of(script) or [None]:
            name = f"`{script} {verb}`" if verb else f"`{script}`"
            told = next(flags for title, flags in tables.items() if name in title)
            assert told == flags_of(script, capsys, verb), name


@pytest.mark.parametrize("readme", READMES)
def test_files_that_are_named_exist_and_every_config_is_named(readme):
    text = text_of(readme)
    named = set(re.findall(r"(?<![\w/.])[\w/.-]+\.(?:py|json|md|txt|png)\b", text))
    written = {name for name in named if MADE_FILES.match(name)}
    # Shown without their folder, as a list of what a run or a conversion writes.
    made = {"config_used.json", "training_stats.json", "evaluation_dev.json", "rejected.json", "config.json"}
    missing = {name for name in named - written - made if not (ROOT / name).exists()}
    assert not missing
    assert set(SCRIPTS) == {path.name for path in ROOT.glob("*.py")}
    assert set(SCRIPTS) <= named


@pytest.mark.parametrize("name", [name for pair in TRANSLATED for name in pair] + ["CONTRIBUTING.md"])
def test_links_lead_somewhere(name):
    anchor_of = re.compile(r'^#+ (.*)$|<a id="(.*?)">', re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(name)):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / name).parent / path if path else ROOT / name
        assert file.is_file(), target
        anchors = {
            explicit or re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
            for title, explicit in anchor_of.findall(file.read_text(encoding="utf-8") if anchor else "")
        }
        assert not anchor or anchor in anchors, target


@pytest.mark.parametrize(("english", "chinese"), TRANSLATED)
def test_both_languages_have_the_same_commands_and_structure(english, chinese):
    first, second = text_of(english), text_of(chinese)
    assert Path(chinese).name in first.splitlines()[2]
    assert Path(english).name in second.splitlines()[2]
    assert commands(first) == commands(second)
    for language in ("json", "text", "python", "bibtex"):
        assert len(blocks(first, language)) == len(blocks(second, language)), language
    levels = [
        re.findall(r"^(#+) ", re.sub(r"```.*?```", "", t, flags=re.DOTALL), re.MULTILINE) for t in (first, second)
    ]
    assert levels[0] == levels[1]


@pytest.mark.parametrize("name", TRANSLATED[1])
def test_every_named_configuration_is_explained(name):
    assert {f"configs/{path.name}" for path in (ROOT / "configs").glob("*.json")} <= set(
        re.findall(r"configs/\w+\.json", text_of(name))
    )


@pytest.mark.parametrize("readme", READMES)
def test_a_readme_fits_on_a_few_screens(readme):
    assert len(text_of(readme).splitlines()) <= 200


@pytest.mark.parametrize("name", TRANSLATED[1])
def test_the_json_snippet_loads_as_it_stands(name, tmp_path):
    snippet = blocks(text_of(name), "json")[0]
    (tmp_path / "snippet_config.json").write_text(snippet, encoding="utf-8")
    config = load_config(tmp_path / "snippet_config.json")
    assert config.model_copy(update={"run_name": "x"}) == Config(run_name="x")


@pytest.mark.parametrize("name", TRANSLATED[1])
def test_configuration_page_lists_every_key_with_its_default(name):
    text = text_of(name)
    rows = dict(re.findall(r"^\| `([\w.]+)` \| `(.*?)` \|", text, re.MULTILINE))
    sections = re.findall(r"^## `([\w.]+)`$", text, re.MULTILINE)
    values = {}
    for key in all_keys():
        value = Config()
        for part in key.split("."):
            value = getattr(value, part)
        values[key] = value
    expected = {key: value for key, value in values.items() if not isinstance(value, Section)}
    assert {key: json.loads(default) for key, default in rows.items()} == expected
    assert sections == [key for key in all_keys() if isinstance(values[key], Section)]
    fixed = dict(re.findall(r"^\| `([\w.]+)` = `(.*?)` \| \S", text, re.MULTILINE))
    assert {key: json.loads(value) for key, value in fixed.items()} == FROZEN


@pytest.mark.parametrize("name", TRANSLATED[3])
def test_evaluation_page_explains_every_preset_and_figure(name):
    arrows = {LOWER: "↓", HIGHER: "↑", ONE: "→1"}
    table = [line.split(" | ") for line in text_of(name).splitlines() if line.startswith("| ")]
    rows = {cells[0].strip("| `"): cells[1:] for cells in table if len(cells) == 5}
    for preset in PRESETS.values():
        figures, best, _, fooled_by = rows[preset.name]
        named = re.findall(r"`(.*?)`", figures)
        assert all(any(fnmatch.fnmatch(figure, pattern) for pattern in named) for figure in preset.figures), preset.name
        assert best.strip() == arrows[preset.better], preset.name
        assert fooled_by.strip(" |"), preset.name


@pytest.mark.parametrize("readme", READMES)
def test_every_required_package_is_explained(readme):
    lines = "\n".join(text_of(name) for name in ("requirements.txt", "requirements-dev.txt")).splitlines()
    required = {re.match(r"[\w.-]+", line).group() for line in lines if re.match(r"\w", line)}
    rows = re.findall(r"^\| ((?:`[\w.-]+`[,、]? ?)+) \| \S", text_of(readme), re.MULTILINE)
    explained = {name for row in rows for name in re.findall(r"`([\w.-]+)`", row)}
    assert required <= explained


@pytest.mark.parametrize("name", TRANSLATED[2])
def test_formats_page_has_every_joint_and_language(name):
    text = text_of(name)
    joints, parents = SKELETON_50.joints, SKELETON_50.parents
    for joint in SKELETON_50.parts["body"]:
        parent = parents[joint] if parents[joint] >= 0 else "-"
        assert f"| {joint} | `{joints[joint]}` | {parent} |" in text
    for left, right in zip(SKELETON_50.parts["left_hand"], SKELETON_50.parts["right_hand"], strict=True):
        bare = joints[left].removeprefix("left_")
        assert joints[right] == f"right_{bare}"
        assert f"| {left} | {right} | `{bare}` | {parents[left]}, {parents[right]} |" in text
    for language in LANGUAGES.values():
        assert re.search(rf"^\| {language.code} \|.*\| {', '.join(language.aliases)} \|$", text, re.MULTILINE)


@pytest.mark.parametrize("readme", READMES)
def test_the_test_command_is_named_and_is_what_ci_runs(readme):
    assert "make test" in commands(text_of(readme))
    assert "make test" in text_of(".ci/run")
