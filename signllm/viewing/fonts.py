"""Text on pictures in any script: the fonts that are installed, and a readable substitute for what none can draw.

DejaVu Sans ships with matplotlib and covers Latin (German, Turkish, ...), Greek and Cyrillic. WenQuanYi Micro Hei
(Apache-2.0), which the package paperang-p2-fonts-cjk carries, has 20,932 Chinese characters, kana and every Hangul
syllable. For what it lacks, fonts of the system are looked for. Where there is none, Hangul is romanised syllable by
syllable and other characters are replaced by a count, so that no empty boxes appear.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path

from PIL import ImageDraw, ImageFont

Run = tuple[str, str]  # text, path of the font that draws it
Color = tuple[int, int, int]

# Matched against the start of a font's name; in the order of preference.
_WIDE_FONTS = (
    "Noto Sans CJK",
    "Noto Sans SC",
    "Noto Sans KR",
    "Source Han Sans",
    "WenQuanYi",
    "Droid Sans Fallback",
    "PingFang",
    "Hiragino Sans GB",
    "Apple SD Gothic",
    "AppleGothic",
    "Microsoft YaHei",
    "Malgun Gothic",
    "SimHei",
    "SimSun",
    "Nanum",
    "UnDotum",
    "Baekmuk",
    "AR PL",
    "Arial Unicode MS",
    "Unifont",
)


_BUNDLED = ("paperang_p2_fonts_cjk", "fonts/wqy-microhei.ttc")


def _beside(package: str) -> Path | None:
    """The folder of an installed package, without the time that importing it takes; none of its code runs."""
    found = find_spec(package)
    return Path(found.origin).parent if found and found.origin else None


@cache
def _base_fonts() -> dict[bool, str]:
    package = _beside("matplotlib")
    assert package is not None
    folder = package / "mpl-data" / "fonts" / "ttf"
    return {False: str(folder / "DejaVuSans.ttf"), True: str(folder / "DejaVuSans-Bold.ttf")}


def bundled_font() -> str | None:
    """The file of the font for Chinese and Korean that comes with the toolkit; None where it was left out."""
    package, name = _BUNDLED
    folder = _beside(package)
    return str(folder / name) if folder and (folder / name).is_file() else None


def _wide_fonts() -> Iterator[str]:
    """Fonts for Chinese, Japanese or Korean: first ours, so that a picture looks alike everywhere."""
    own = bundled_font()
    if own:
        yield own
    yield from system_fonts()


@cache
def system_fonts() -> tuple[str, ...]:
    """Files of the system's fonts that are known for Chinese, Japanese or Korean, the preferred first."""
    from matplotlib import font_manager  # a quarter of a second, spent only when a text needs it

    found = []
    for entry in font_manager.fontManager.ttflist:
        rank = next((i for i, name in enumerate(_WIDE_FONTS) if entry.name.startswith(name)), None)
        if rank is not None:
            upright = entry.style == "normal" and str(entry.weight) in ("400", "normal", "regular", "500")
            found.append((rank, not upright, entry.fname))
    return tuple(dict.fromkeys(fname for _, _, fname in sorted(found)))


@cache
def _characters(font: str) -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    try:
        return frozenset(FT2Font(font).get_charmap())
    except (OSError, RuntimeError):
        return frozenset()


@cache
def _font_for(character: str, bold: bool) -> str | None:
    base = _base_fonts()[bold]
    if character.isascii() or character.isspace() or ord(character) in _characters(base):
        return base
    return next((font for font in _wide_fonts() if ord(character) in _characters(font)), None)


def _substitute(characters: str) -> str:
    """What stands for characters no font can draw: romanised Hangul, else how many there are."""
    names = [unicodedata.name(character, "") for character in characters]
    if all(name.startswith("HANGUL SYLLABLE ") for name in names):
        return "-".join(name.removeprefix("HANGUL SYLLABLE ").lower() for name in names)
    return f"[{len(characters)} character{'s' if len(characters) > 1 else ''}]"


def _one_line(text: str) -> str:
    line = "".join(" " if c.isspace() else c for c in unicodedata.normalize("NFC", text))
    return "".join(c for c in line if unicodedata.category(c)[0] != "C")


@lru_cache(maxsize=4096)
def runs(text: str, bold: bool = False) -> tuple[Run, ...]:
    """Cut one line of text into runs of one font each; what cannot be drawn is already replaced."""
    base = _base_fonts()[bold]
    parts = [(font, "".join(group)) for font, group in groupby(_one_line(text), lambda c: _font_for(c, bold))]
    return tuple((_substitute(part), base) if font is None else (part, font) for font, part in parts)


def in_our_fonts(text: str) -> str:
    """One line of text in the characters of DejaVu Sans and the bundled font, for matplotlib; the rest is replaced."""
    wide = bundled_font()
    known = _characters(_base_fonts()[False]) | (_characters(wide) if wide else frozenset())
    parts = groupby(_one_line(text), lambda c: c.isspace() or ord(c) in known)
    return "".join("".join(part) if drawable else _substitute("".join(part)) for drawable, part in parts)


@cache
def _load(font: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(font, size)


def text_width(text: str, size: int, bold: bool = False) -> float:
    """Width in pixels of one line."""
    return sum(_load(font, size).getlength(part) for part, font in runs(text, bold))


def fit(text: str, size: int, width: float, bold: bool = False) -> str:
    """The text, or its beginning with an ellipsis, so that it is at most `width` pixels wide."""
    if text_width(text, size, bold) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        fits = text_width(text[:middle].rstrip() + "…", size, bold) <= width
        low, high = (middle, high) if fits else (low, middle - 1)
    return text[:low].rstrip() + "…"


def wrap(text: str, size: int, width: float, lines: int, bold: bool = False) -> list[str]:
    """Break at spaces into at most `lines` lines; the last one ends in an ellipsis when there is more."""
    words = text.split()
    out: list[str] = []
    while words and len(out) < lines - 1:
        count = len(words)
        while count > 1 and text_width(" ".join(words[:count]), size, bold) > width:
            count -= 1
        if text_width(words[0], size, bold) > width:  # a line without spaces, as in Chinese, breaks anywhere
            head = fit(words[0], size, width, bold).removesuffix("…")
            words[0:1] = [head, words[0][len(head) :]] if head else [words[0]]
            count = 1
        out.append(" ".join(words[:count]))
        words = words[count:]
    return [*out, *([fit(" ".join(words), size, width, bold)] if words else [])]


def draw_text(
    draw: ImageDraw.ImageDraw,
    xy: tuple[float, float],
    text: str,
    size: int,
    color: Color,
    bold: bool = False,
    align: str = "left",
) -> None:
    """Draw one line whose vertical middle is at y; `align` says which end stands at x: left, centre or right."""
    x = xy[0] - {"left": 0.0, "centre": 0.5, "right": 1.0}[align] * text_width(text, size, bold)
    for part, font in runs(text, bold):
        loaded = _load(font, size)
        draw.text((x, xy[1]), part, fill=color, font=loaded, anchor="lm")
        x += loaded.getlength(part)
