"""Codes, aliases and prompts of the eight sign languages."""

import pytest

from signllm.errors import ConfigError
from signllm.languages import CODES, LANGUAGES, is_language, make_prompt, prompt_text, resolve_language


def test_there_are_eight_languages():
    assert CODES == ("ASL", "GSL", "DSGS", "LSF-CH", "LIS-CH", "LSA", "KSL", "TSL")


@pytest.mark.parametrize(
    ("name", "code"), [("asl", "ASL"), ("DGS", "GSL"), ("tid", "TSL"), ("TİD", "TSL"), ("lsf_ch", "LSF-CH")]
)
def test_aliases_resolve_in_any_case(name, code):
    assert resolve_language(name).code == code


def test_an_unknown_language_names_the_known_ones():
    with pytest.raises(ConfigError, match="known: ASL, GSL"):
        resolve_language("XYZ")


@pytest.mark.parametrize("name", ["BSL", "XSL", "ISL", "DGSS"])
def test_no_code_is_offered_for_another_code(name):
    """British Sign Language is not Turkish Sign Language."""
    with pytest.raises(ConfigError) as caught:
        resolve_language(name)
    assert "did you mean" not in str(caught.value)
    assert all(code in str(caught.value) for code in CODES)
    assert not is_language(name)


def test_a_long_name_with_a_typing_error_is_offered():
    with pytest.raises(ConfigError, match="did you mean 'Turkish Sign Language'"):
        resolve_language("Turkisch sign language")


@pytest.mark.parametrize("code", CODES)
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
