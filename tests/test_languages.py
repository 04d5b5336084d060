"""Codes, aliases and prompts of the eight sign languages."""

import pytest

from signllm.errors import ConfigError
from signllm.languages import CODES, LANGUAGES, make_prompt, prompt_text, resolve_language


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
