"""Captions: no box and no substitute in the texts of the eight languages; what no font has is replaced."""

from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from signllm.languages import LANGUAGES
from signllm.viewing import fonts

ROOT = Path(__file__).resolve().parents[2]
REAL = ROOT.parent / "shared" / "data"
TEXTS = (
    "phoenix_skels/train.text",
    "phoenix14t_text/train.csv",
    "dgs_sentences/manifest.json",
    "dgs_glosses/manifest.csv",
    "asl_words/train.text",
    "tsl_words/SignList_ClassId_TR_EN.csv",
)
needs_font = pytest.mark.skipif(
    fonts.bundled_font() is None, reason="no paperang-p2-fonts-cjk: pip install -r requirements.txt"
)


@pytest.fixture
def fresh(monkeypatch):
    """No fonts of the system, and nothing remembered of them, before and after."""
    monkeypatch.setattr(fonts, "system_fonts", lambda: ())
    for known in (fonts.runs, fonts._font_for):
        known.cache_clear()
    yield monkeypatch
    for known in (fonts.runs, fonts._font_for):
        known.cache_clear()


def undrawn(text):
    """The characters of a text that look like one that no font has, or for which something else is drawn."""
    faults = set()
    for character in sorted(set(text)):
        shown = fonts._one_line(character).strip()
        if not shown:
            continue
        ((part, font),) = fonts.runs(character)
        loaded = fonts._load(font, 40)
        if part != shown or pictured(loaded, shown) == pictured(loaded, "\U0010fffd"):
            faults.add(character)
    return faults


def pictured(font, character):
    picture = Image.new("L", (64, 64))
    ImageDraw.Draw(picture).text((8, 8), character, fill=255, font=font)
    return picture.tobytes()


@needs_font
def test_every_character_of_the_eight_languages_is_drawn(fresh):
    said = "".join(text for language in LANGUAGES.values() for text in (*language.prompts, language.spoken))
    corpus = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "signllm" / "data" / "demo").glob("*.py"))
    letters = "ğĞıİşŞçÇöÖüÜäÄßéèêëàâîïôûœæñ¿¡°…„“”‚‘’«»–—"
    assert undrawn(said + corpus + letters + "每天学习手语，你好！안녕하세요 감사합니다 뷁힣") == set()


@needs_font
def test_every_character_of_the_recordings_texts_is_drawn(fresh):
    if not REAL.is_dir():
        pytest.skip("no ../shared/data, the recordings that the toolkit is tried with")
    assert undrawn("".join((REAL / name).read_text(encoding="utf-8") for name in TEXTS)) == set()


@needs_font
def test_every_hangul_syllable_and_the_common_chinese_characters_have_a_font(fresh):
    common = bytes(byte for high in range(0xB0, 0xF8) for low in range(0xA1, 0xFF) for byte in (high, low))
    simplified = common.decode("gb2312", errors="ignore")
    assert len(simplified) == 6763
    hangul = "".join(map(chr, range(0xAC00, 0xD7A4)))
    assert {font for _, font in fonts.runs(simplified + hangul)} == {fonts.bundled_font()}


def test_text_that_no_font_can_draw_is_replaced(fresh):
    fresh.setattr(fonts, "bundled_font", lambda: None)
    line = "".join(part for part, _ in fonts.runs("TİD ş 한국 你好吗\n\x07Ende"))
    assert line == "TİD ş han-gug [3 characters] Ende"
