"""What the columns of a table are called: in English, Chinese and German, in well-known releases, or as the user says.

A column says one of KINDS. `--columns text=sentence file=video` (`parse_columns`) names it; otherwise it is found by
its own name, and of several that say the same the first in the lists below is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from signllm.data.names import composed
from signllm.data.tables.encodings import ENCODING, is_encoding
from signllm.errors import ConfigError, did_you_mean

_UNITS = {"ms": 1e-3, "s": 1.0, "frame": None}
"""Seconds of one, by what stands behind `start` and `end`; None for frames, whose length the file says."""

_NAMES: dict[str, tuple[str, ...]] = {
    "id": (
        *("id", "name", "sentence_name", "sentence_id", "sequence_id", "samplename", "sample_name", "sample_id"),
        *(
            "clip_id",
            "clip",
            "video_id",
            "utterance_id",
            "uid",
            "vid",
            "key",
            "kennung",
            "名称",
            "编号",
            "样本",
            "序号",
        ),
    ),
    "file": (
        *("file", "path", "filepath", "file_path", "filename", "file_name", "pose_path", "pose_file", "pose"),
        *("video", "video_path", "video_file", "video_name", "url", "datei", "pfad", "dateiname", "videodatei"),
        *("文件", "文件名", "路径", "视频", "视频路径", "姿态文件", "파일명", "파일"),
    ),
    "text": (
        *("text", "sentence", "translation", "caption", "transcript", "transcription", "subtitle", "spoken", "words"),
        *(
            "raw_text",
            "clean_text",
            "label_proc",
            "spoken_text",
            "phrase",
            "utterance",
            "char",
            "satz",
            "übersetzung",
            "uebersetzung",
            "untertitel",
        ),
        *("文本", "句子", "翻译", "译文", "字幕", "内容", "한국어", "문장"),
    ),
    "gloss": (
        *("gloss", "glosses", "orth", "annotation", "sign", "sign_name", "label_name", "class_name", "word"),
        *("glosse", "glossen", "gebärde", "手语词", "手语", "词目", "词", "注释", "标注", "단어", "글로스"),
    ),
    "label": (
        *("label", "label_id", "label id", "class_id", "class id", "classid", "class", "sign_id", "gloss_id"),
        *("klasse", "类别", "标签"),
    ),
    "split": ("split", "fold", "subset", "partition", "set", "aufteilung", "teilmenge", "划分", "集合", "数据集"),
    "language": ("language", "signed_language", "sign_language", "gebärdensprache", "手语语种", "语种"),
    "signer": (
        *("signer", "signer_id", "speaker", "participant_id", "participant", "person", "user"),
        *("gebärdender", "sprecher", "手语者", "手语人", "演示者"),
    ),
    "recording": ("recording", "recording_id", "source_video", "video_id", "video_name", "aufnahme", "录像", "原视频"),
    "fps": ("fps", "frame_rate", "framerate", "bildrate", "帧率"),
    "start": ("start", "start_time", "begin", "start_realigned", "anfang", "beginn", "开始", "起始"),
    "end": ("end", "end_time", "stop", "end_realigned", "ende", "结束", "终止"),
    **{
        f"{what}_{unit}": tuple(form.format(what) for form in forms)
        for what in ("start", "end")
        for unit, forms in {
            "ms": ("{}_ms", "{}_msec", "{}_milliseconds", "{}ms"),
            "s": ("{}_s", "{}_sec", "{}_seconds", "{}_in_seconds"),
            "frame": ("{}_frame", "{}_frames", "frame_{}", "{}frame"),
        }.items()
    },
}
KINDS = tuple(_NAMES)
_LISTS = ("texts", "sentences", "translations", "captions", "references", "paraphrases", "译文列表", "参考译文")
_FURTHER = {f"{name}{gap}{n}": n for name in _NAMES["text"] for gap in ("_", "") for n in range(1, 10)}
"""Columns of further texts: lists of them, and numbered ones such as text_2."""
_CODES = {
    "english": "en", "german": "de", "french": "fr", "italian": "it", "spanish": "es", "korean": "ko", "turkish": "tr",
    "chinese": "zh", "en": "en", "de": "de", "fr": "fr", "it": "it", "es": "es", "ko": "ko", "tr": "tr", "zh": "zh",
    "englisch": "en", "deutsch": "de", "中文": "zh", "英文": "en", "德文": "de",
}  # fmt: skip
_SPOKEN = {
    **_CODES,
    **{
        f"{name}_{code}": code
        for name in (*_NAMES["text"], "name", "classname", "class_name", "sign", "word")
        for code in dict.fromkeys(_CODES.values())
    },
}
"""Columns that say the text in one spoken language."""

NAMING = {"id", "file"}
SAYING = {"text", "gloss", "label"}
NOTHING = "-"
_ID_LIKE = re.compile(r"\S*\d\S*")
KNOWN = {name for names in _NAMES.values() for name in names} | set(_SPOKEN) | {*_LISTS, *_FURTHER}
"""All names by which a column is known."""


def plain(name: str) -> str:
    """A column's name as KNOWN has it: blanks and hyphens are underscores ('Video file', 'raw-text')."""
    return re.sub(r"[\s\-]+", "_", name.strip())


def parse_columns(words: Sequence[str] | None) -> dict[str, str]:
    """`['text=sentence', ...]` as a mapping; ConfigError names every word that says nothing known.

    A kind may be given '-' for its column: then no column says it. `fps` may be given a number for all clips.
    `encoding` is that of the tables.
    """
    said: dict[str, str] = {}
    faults = []
    for word in words or ():
        kind, equals, column = word.partition("=")
        kind = {"name": "id"}.get(kind.strip().casefold(), kind.strip().casefold())
        if not equals or not column.strip():
            faults.append(f"--columns {word}: expected WHAT=COLUMN, such as text=sentence")
        elif kind == ENCODING and not is_encoding(column.strip()):
            faults.append(f"--columns {word}: no such encoding; expected one such as windows-1252 or gb18030")
        elif kind not in (*_NAMES, ENCODING):
            known = (*KINDS, ENCODING)
            faults.append(f"--columns {word}: unknown '{kind}'{did_you_mean(kind, known)}; known: {', '.join(known)}")
        elif kind in said:
            faults.append(f"--columns: {kind} is given twice, {said[kind]} and {column}")
        else:
            said[kind] = composed(column).casefold()
    if faults:
        raise ConfigError(faults)
    return said


def find_columns(there: Iterable[str], said: Mapping[str, str]) -> dict[str, str]:
    """The column of `there` for each kind that one says. Names are compared in small letters, as `plain` has them."""
    names = list(there)
    by_name = {plain(name): name for name in reversed(names)}
    found = {}
    for kind, known in _NAMES.items():
        if kind in said:
            if said[kind] != NOTHING:
                found[kind] = said[kind]
            continue
        column = next((by_name[name] for name in known if name in by_name), None)
        if column is not None:
            found[kind] = column
    if "text" not in found and said.get("text") != NOTHING and (further := text_columns(names)):
        found["text"] = further[0]
    return found


def text_columns(there: Iterable[str]) -> list[str]:
    """The columns of further texts for the same clip, numbered ones first."""
    names = list(there)
    numbered = sorted((name for name in names if name in _FURTHER), key=_FURTHER.__getitem__)
    return [*numbered, *(name for name in names if name in _LISTS)]


def spoken_columns(there: Iterable[str]) -> dict[str, str]:
    """The column that says the text in each spoken language, by the language's code."""
    return {_SPOKEN[plain(name)]: name for name in there if plain(name) in _SPOKEN}


def unit_of(column: str) -> tuple[str, float | None] | None:
    """('start' or 'end', seconds of one or None for frames) for a kind with a unit in its name; None for others."""
    what, _, unit = column.partition("_")
    return (what, _UNITS[unit]) if what in ("start", "end") and unit in _UNITS else None


def looks_like_ids(values: Iterable[object]) -> bool:
    """Whether all values are single words with digits, such as 'seg_0239': names of something, and no texts."""
    words = [value.strip() for value in values if isinstance(value, str) and value.strip()]
    return bool(words) and all(_ID_LIKE.fullmatch(word) for word in words)
