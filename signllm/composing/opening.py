"""Opening a lexicon, whatever it is: a finished one, or clips to make one of, which is then kept for the next time."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import orjson

from signllm.composing.building import build_lexicon
from signllm.composing.lexicon import Lexicon
from signllm.composing.lexicon_file import fingerprint_of, is_lexicon, read_lexicon, write_lexicon
from signllm.data.clips import ClipCollection, open_clips
from signllm.errors import ConfigError, DataError
from signllm.fsutil import file_stamps

BUILDER_VERSION = 2  # another one makes every lexicon again
LETTERS_PACKAGE = "spoken-to-signed"
KEPT = Path("cache") / "lexicons"

Progress = Callable[[int, int], None]
"""Called with how many clips of how many are read."""


def open_lexicon(
    path: Path, language: str | None = None, kept: Path = KEPT, progress: Progress | None = None
) -> Lexicon:
    """The lexicon at `path`: a folder that `write_lexicon` wrote, or one made of the clips that are there.

    Clips are what `open_clips` opens: a store, pose files with a table, a spoken-to-signed lexicon (a folder with
    `index.csv`). `language` is that of clips that name none. What is made is kept below `kept` until the files change.
    Raises DataError for clips of no single sign, and as `open_clips` and `read_lexicon` do.
    """
    if is_lexicon(path):
        return read_lexicon(path)
    source = path / "index.csv" if (path / "index.csv").is_file() else path
    clips = open_clips(source, language or ())
    mark = _fingerprint(clips, language)
    name = re.sub(r"\W+", "-", path.absolute().name).strip("-") or "lexicon"
    folder = kept / f"{name}-{mark[:16]}"
    if fingerprint_of(folder) != mark:
        done = 0

        def count(clips_read: int) -> None:
            nonlocal done
            done += clips_read
            if progress:
                progress(done, len(clips))

        write_lexicon(folder, build_lexicon(clips, count), str(path), mark)
    return read_lexicon(folder)


def _fingerprint(clips: ClipCollection, language: str | None) -> str:
    """A hash of what is said of the clips, and of names, sizes and times of the files that they depend on."""
    files = list(file_stamps(clips.files, clips.path))
    said = [(entry.name, entry.text, entry.gloss, entry.language, entry.signer) for entry in clips.entries]
    return hashlib.sha256(orjson.dumps([BUILDER_VERSION, language, files, said])).hexdigest()


def open_letters(name: str, language: str | None = None, kept: Path = KEPT) -> Lexicon:
    """A lexicon of letters: at a path, or that of the package `spoken-to-signed`, if it is installed.

    Raises ConfigError where the package is asked for and not there, DataError as `open_lexicon` does.
    """
    if name != LETTERS_PACKAGE:
        return open_lexicon(Path(name), language, kept)
    found = find_spec("spoken_to_signed")
    if found is None or found.origin is None:
        raise ConfigError(
            f"--letters {LETTERS_PACKAGE}: the package is not installed; pip install -r requirements-letters.txt, or"
            " give a folder of letters"
        )
    folder = Path(found.origin).parent / "assets" / "fingerspelling_lexicon"
    if not (folder / "index.csv").is_file():
        raise DataError(f"{folder}: no index.csv; this version of {LETTERS_PACKAGE} carries no letters, 0.4.0 does")
    return open_lexicon(folder, language, kept)
