"""Codes, aliases and prompts of the sign languages, the paper's eight and further ones."""

import json

import pytest

from signllm.errors import ConfigError
from signllm.languages import CODES, LANGUAGES, VARIABLE, is_language, make_prompt, prompt_text, resolve_language


def test_there_are_eight_languages():
    assert CODES == ("ASL", "GSL", "DSGS", "LSF-CH", "LIS-CH", "LSA", "KSL", "TSL")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("asl", "ASL"),
        ("DGS", "GSL"),
        ("tid", "TSL"),
        ("csl", "CSL"),
        ("中国手语", "CSL"),
        ("TİD", "TSL"),
        ("lsf_ch", "LSF-CH"),
    ],
)
def test_aliases_resolve_in_any_case(name, code):
    assert resolve_language(name).code == code


def test_an_unknown_language_names_the_known_ones():
    with pytest.raises(ConfigError, match="known: ASL, GSL"):
        resolve_language("XYZ")


@pytest.mark.parametrize("name", ["NGT", "XSL", "RSL", "DGSS"])
def test_no_code_is_offered_for_another_code(name):
    """The Sign Language of the Netherlands is not Turkish Sign Language."""
    with pytest.raises(ConfigError) as caught:
        resolve_language(name)
    assert "did you mean" not in str(caught.value)
    assert all(code in str(caught.value) for code in CODES)
    assert not is_language(name)


def test_a_long_name_with_a_typing_error_is_offered():
    with pytest.raises(ConfigError, match="did you mean 'Turkish Sign Language'"):
        resolve_language("Turkisch sign language")


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_prompt_tells_its_language_and_text(code):
    language = LANGUAGES[code]
    for held_out, phrasings in ((False, language.prompts), (True, language.held_out_prompts)):
        for index in range(len(phrasings)):
            assert prompt_text(make_prompt("ein Buch, 책", code, index, held_out)) == (code, "ein Buch, 책")


def test_held_out_phrasings_are_not_used_for_training():
    for language in LANGUAGES.values():
        assert not set(language.prompts) & set(language.held_out_prompts)


def test_plain_text_is_no_prompt():
    assert prompt_text("How are you?") is None


DUTCH = {
    "name": "Sign Language of the Netherlands",
    "spoken": "nl",
    "aliases": ["DSE"],
    "prompts": ["Hoe zeg je '{text}' in NGT?"],
    "held_out_prompts": ["Vertaal '{text}' naar NGT."],
}


def named(tmp_path, monkeypatch, content):
    path = tmp_path / "languages.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    monkeypatch.setenv(VARIABLE, str(path))
    return path


def test_a_file_adds_a_language(tmp_path, monkeypatch):
    before = list(LANGUAGES)
    named(tmp_path, monkeypatch, {"NGT": DUTCH})
    assert list(LANGUAGES) == [*before, "NGT"]
    assert resolve_language("dse").spoken == "nl"
    assert prompt_text(make_prompt("boek", "NGT", held_out=True)) == ("NGT", "boek")
    monkeypatch.delenv(VARIABLE)
    assert list(LANGUAGES) == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"prompts": ["geen tekst"]}, "languages.json: NGT: prompts: 'geen tekst' does not hold {text} exactly once"),
        ({"prompts": []}, "prompts: expected at least one phrasing"),
        ({"spoken": "Dutch"}, "spoken: expected the ISO 639 code"),
        ({"aliases": ["asl"]}, "ASL is called ASL already"),
        ({"prompt": []}, "unknown key 'prompt'"),
        ({"prompts": ["Please sign '{text}' in ASL."]}, "ASL has the phrasing"),
        ({"held_out_prompts": DUTCH["prompts"]}, "in prompts and in held_out_prompts"),
    ],
)
def test_a_faulty_file_is_refused(tmp_path, monkeypatch, change, message):
    named(tmp_path, monkeypatch, {"NGT": DUTCH | change})
    with pytest.raises(ConfigError) as caught:
        resolve_language("ASL")
    assert message in str(caught.value)
