"""What a store's `dataset.json` says of how it was made, so that it can be made again from that alone.

Recorded are the options as they were given, apart from where files are and how much of the machine is used. What is
found out about a source is found again. Only what one split took over from another (the factor of depth, the image's
aspect) stands beside them: it cannot be found where that other split is not converted too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from signllm.data.convert_options import ConvertOptions
from signllm.data.names import usual_order
from signllm.data.records import DESCRIPTION, read_description
from signllm.data.store_split import PART, split_of_folder
from signllm.errors import ConfigError
from signllm.lifting import METHOD_VERSION
from signllm.pose.cleaning import STEPS
from signllm.pose.formats.hints import Hints

CONVERTER_VERSION = 1
OF_THE_RUN = {
    "data_dir",
    "output_dir",
    "splits",
    "workers",
    "engine",
    "ray_address",
    "overwrite",
    "inherited",
    "cleaning",
    "tracking",
}
"""The options that no record repeats."""
FROM_OTHERS = {field.name for field in fields(Hints) if field.init}
"""What a split may take over from another."""


def options_to_record(options: ConvertOptions) -> dict[str, Any]:
    """The options by the names of their flags."""
    assert options.hints is not None, "options always have hints"
    given = {field.name: getattr(options, field.name) for field in fields(options) if field.name not in OF_THE_RUN}
    del given["hints"]
    said = {field.name: getattr(options.hints, field.name) for field in fields(options.hints) if field.init}
    return given | said | {"columns": dict(options.columns), "clean": options.cleaning.words}


def taken_over(options: ConvertOptions, hints: Hints) -> dict[str, str]:
    """What `hints` say beyond what the user says: what was found of a split before."""
    said = ((name, getattr(hints, name)) for name in sorted(FROM_OTHERS))
    return {name: value for name, value in said if value != getattr(options.hints, name)}


@dataclass(frozen=True)
class Recorded:
    """How `splits` were made: their common options, and what each is not to find again.

    `notes`: which parts of the toolkit have another version now, so that the result may differ.
    """

    options: dict[str, Any]
    splits: list[str]
    inherited: dict[str, dict[str, str]]
    notes: list[str]

    @property
    def flags(self) -> list[str]:
        """The options as words of the command line."""
        return [word for name, value in self.options.items() for word in _flag(f"--{name}", value)]


def _flag(flag: str, value: Any) -> Iterator[str]:
    if isinstance(value, bool):
        yield from [flag] * value
    elif isinstance(value, Mapping):
        yield from [flag, *(f"{name}={said}" for name, said in value.items())] if value else []
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield from [flag, *value] if value else []
    elif value is not None:
        yield f"{flag}={value}"  # in one word: a value may begin with '-'


def read_recorded(
    path: Path, language: str | None = None, splits: Sequence[str] | None = None, name: str | None = None
) -> Recorded:
    """The record of a store, of the folder of one of its languages or splits, or of a `dataset.json`.

    `language` (a code), `splits` and `name` (of a part) choose among several; None means all that are there. Raises
    ConfigError where there is none, where several languages are there and none is named, and where splits were made
    with different options; DataError for a damaged file.
    """
    infos = {file: read_description(file) for file in _descriptions(path)}
    codes = sorted({info["language"] for info in infos.values()})
    if len(codes) > 1:
        if language not in codes:
            raise ConfigError(
                f"--like {path} holds {', '.join(codes)}; say which with --language, or {path}/{codes[0]}"
            )
        infos = {file: info for file, info in infos.items() if info["language"] == language}
    infos = {file: info for file, info in infos.items() if _is_wanted(info["split"], splits, name)} or infos
    faults = [
        f"{file}: it does not say how it was made; convert it again, or give the flags"
        for file, info in infos.items()
        if not info.get("options")
    ]
    if faults:
        raise ConfigError(faults)
    _check_agreement(path, infos)
    unknown = {name for info in infos.values() for name in info.get("inherited", ()) if name not in FROM_OTHERS}
    if unknown:
        raise ConfigError(
            f"--like {path}: unknown 'inherited' {', '.join(sorted(unknown))}; was it made by a newer version?"
        )
    options = next(iter(infos.values()))["options"]
    inherited = {info["split"]: info.get("inherited", {}) for info in infos.values()}
    order = sorted(inherited, key=lambda split: (bool(inherited[split]), usual_order(split)))
    forced = {split: inherited[split] for split in order if split == order[0] or not inherited[split]}
    names = list(dict.fromkeys(split_of_folder(split) for split in order))
    return Recorded(options, names, forced, list(dict.fromkeys(_other_versions(infos))))


def _is_wanted(split: str, splits: Sequence[str] | None, name: str | None) -> bool:
    of, _, part = split.partition(PART)
    return (splits is None or of in splits) and name in (None, part)


def _descriptions(path: Path) -> list[Path]:
    for pattern in ("", DESCRIPTION, f"*/{DESCRIPTION}", f"*/*/{DESCRIPTION}"):
        found = [path] if not pattern else sorted(path.glob(pattern))
        found = [file for file in found if file.is_file() and not file.parent.name.startswith(".")]
        if found:
            return found
    raise ConfigError(f"--like {path}: no {DESCRIPTION} there; expected a store, a folder in it, or such a file")


def _check_agreement(path: Path, infos: Mapping[Path, dict]) -> None:
    """Raise ConfigError with each option that is not the same for all."""
    first = next(iter(infos.values()))
    faults = []
    for info in infos.values():
        for name in dict.fromkeys((*first["options"], *info["options"])):
            one, other = (described["options"].get(name) for described in (first, info))
            if one != other:
                faults.append(
                    f"--like {path}: {name} is {one} for {first['split']} and {other} for {info['split']};"
                    " choose one with --splits or --name, or by its folder"
                )
    if faults:
        raise ConfigError(faults)


def _other_versions(infos: Mapping[Path, dict]) -> Iterator[str]:
    for info in infos.values():
        parts: list[tuple[str, Any, Any]] = [("the converter", info.get("converter_version"), CONVERTER_VERSION)]
        for row in info.get("cleaning", ()):
            kind = STEPS.get(row["name"])
            parts.append((f"the step {row['name']}", row["version"], kind.version if kind else "none"))
        if "lifted" in info:
            parts.append(("lifting", info["lifted"].get("method_version"), METHOD_VERSION))
        for what, then, now in parts:
            if then != now:
                yield f"{what} had version {then} and has {now} now: the result may differ"
