"""What a table of clips gives: entries that say which clip of which file is which text, a part for each split."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from unicodedata import is_normalized, normalize

from signllm.languages import LANGUAGES
from signllm.pose.formats.finding import Step
from signllm.pose.formats.reader import Loaded

_NO_TEXTS: Mapping[str, str] = {}
"""One for all entries."""
Columns = Mapping[str, str]
"""What the user says of a table: the name of its column for what it says, such as {'text': 'sentence'}."""


@dataclass(frozen=True)
class ClipEntry:
    """What is known of a clip without reading it; None for what is not known.

    `path`: the file or folder its poses are in; `suffix`: which clip of it, for messages. `load()` reads it and raises
    nothing. `fps`: what the table says, which is more than what the file says. `source`: the name in the source.
    `recording`: what it is a part of, where several clips are of one recording.
    `references`: further texts that say the same as `text`.
    `texts`: the text in several spoken languages, by their codes, where the sign language must choose one.
    `faults`: what is wrong with its names and texts, which only training minds. `has_pose`: false where no file holds
    it, so that `load` only says so.
    Texts and glosses are in Unicode's composed form (NFC), whatever they are given in.
    """

    name: str
    path: Path
    load: Callable[[], Loaded]
    suffix: str = ""
    num_bytes: int = 0
    text: str | None = None
    gloss: str | None = None
    language: str | None = None
    split: str | None = None
    signer: str | None = None
    fps: float | None = None
    source: str | None = None
    recording: str | None = None
    references: tuple[str, ...] = ()
    texts: Mapping[str, str] = field(default_factory=lambda: _NO_TEXTS)
    faults: tuple[str, ...] = ()
    has_pose: bool = True

    def __post_init__(self) -> None:
        self._refuse_what_is_no_text()
        for name in ("text", "gloss"):
            value = getattr(self, name)
            if value and not is_normalized("NFC", value):
                object.__setattr__(self, name, normalize("NFC", value))
        if self.references:
            further = dict.fromkeys(normalize("NFC", text) for text in self.references)
            object.__setattr__(self, "references", tuple(text for text in further if text != self.text))

    def _refuse_what_is_no_text(self) -> None:
        """Bytes of a file that are no UTF-8 come as lone surrogates, which nothing can write: a fault, and a '?'."""
        for name in ("name", "text", "gloss", "signer", "source", "recording"):
            value = getattr(self, name)
            if value and not value.isascii() and (readable := value.encode("utf-8", "replace").decode()) != value:
                object.__setattr__(self, name, readable)
                fault = f"the {name} {readable!r} holds bytes that are not UTF-8 text; write it in UTF-8"
                object.__setattr__(self, "faults", (*self.faults, fault))
        if any(text.encode("utf-8", "replace").decode() != text for text in self.references):
            object.__setattr__(self, "references", ())
            fault = "one of its further texts holds bytes that are not UTF-8 text; write it in UTF-8"
            object.__setattr__(self, "faults", (*self.faults, fault))

    def of_language(self, codes: Sequence[str]) -> ClipEntry:
        """The entry with the one sign language in `codes` where it had none, and the text that goes with it.

        No text in that language's spoken language is a fault, where there are texts in others.
        """
        language = self.language or (codes[0] if len(codes) == 1 else None)
        known = LANGUAGES.get(language or "")  # a table may name others than ours
        spoken = known.spoken if known else ""
        text = self.text or self.texts.get(spoken)
        faults = self.faults
        if spoken and self.texts and not text:
            fault = f"no text in {spoken}, the spoken language of {language}; there is {', '.join(self.texts)}"
            faults = tuple(dict.fromkeys((*faults, fault)))
        unchanged = (language, text, faults) == (self.language, self.text, self.faults)
        return self if unchanged else replace(self, language=language, text=text, faults=faults)

    @property
    def where(self) -> str:
        """File and clip, for messages."""
        return f"{self.path}{self.suffix}"

    def where_below(self, root: Path) -> str:
        """As `where`, without the folder that all clips are in."""
        return f"{os.path.relpath(self.path, root)}{self.suffix}"


@dataclass(frozen=True)
class SourcePart:
    """One split of a source, or all of a source without splits (`split` None).

    `label` names it for people, `home` is the folder it is in. `files`: what its content depends on. `faults` make
    pairing poses with texts impossible; `missing` is what training needs beside that and is not there.
    `named`: whether the clips have names or are only counted. `records_fps`: whether the files say their frame rate.
    `is_corpus`: recordings with texts, which are dealt to splits where they have none (see `signllm.data.dealing`).
    Of a large source the sequences are packed (`signllm.packed`): they are read from beginning to end.
    `held_out`: the share that was dealt to dev. `steps`: what was done to the source before its clips are read.
    """

    split: str | None
    label: str
    home: Path
    files: Sequence[Path]
    entries: Sequence[ClipEntry]
    faults: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    language: str | None = None
    named: bool = True
    records_fps: bool = True
    is_corpus: bool = False
    held_out: float | None = None
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True)
class FoundPart:
    """A part of a source that can be opened. `open(most)` lists its clips, at most so many (None: all).

    `what` says what it was found in, such as 'dev.skels', `table` which kind of table that is. Of what is found in a
    folder only the parts of the lowest `rank` count: a table of clips wins over the bare files. `open` raises DataError
    where no clip can be told.
    """

    split: str | None
    what: str
    rank: int
    open: Callable[[int | None], SourcePart]
    language: str | None = None
    table: str = ""


@dataclass(frozen=True)
class Table:
    """One way of saying which clip is which text. `find(path, columns)`: the parts there, empty for another kind.

    `name` tells users what the files are called.
    """

    name: str
    find: Callable[[Path, Columns], list[FoundPart]]


STORE, CORPUS, SPLITS, TABLE_FILE, BARE_FILES = range(5)
"""The ranks."""
