"""Conversion of source files into the store, one split at a time, each clip parsed once.

Scale, counter and sides are found from a sample of clips spread over the file; then every clip is checked and written
to the split's unfinished folder. With faults and without `skip_bad` that folder is removed again; a killed run leaves
it, and the next run of the same source with the same options goes on where it stopped. All splits that are wanted are
held from beginning to end: a second conversion into one of them is refused before it reads a clip.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace

import orjson

from signllm.data.convert_clean import what_was_changed, words_of
from signllm.data.convert_clip import CleanClip
from signllm.data.convert_doubts import compare_splits, doubts_of
from signllm.data.convert_lift import what_was_lifted
from signllm.data.convert_options import ConvertOptions
from signllm.data.convert_read import Progress, clean_rows, for_the_next, how_read, root_of, sample_of
from signllm.data.convert_record import CONVERTER_VERSION, options_to_record, taken_over
from signllm.data.convert_tally import Tally
from signllm.data.convert_videos import track_videos, video_facts
from signllm.data.dealing import as_part, wanted_splits
from signllm.data.demo.corpus import remove_demo_corpus
from signllm.data.engines import open_engine
from signllm.data.engines.mapping import Engine
from signllm.data.engines.processes import num_processes
from signllm.data.groups import BY_NAME
from signllm.data.source import STORE, ClipEntry, SourcePart
from signllm.data.store import ClipRecord, Store, StoreWriter, drop_unfinished, hold_splits
from signllm.data.tables import find_parts
from signllm.errors import ConfigError, DataError
from signllm.fsutil import file_stamps, write_json
from signllm.inputs import resolved
from signllm.lifting import METHOD_VERSION
from signllm.outputs import check_folder
from signllm.pose.formats.conventions import UNKNOWN, RawClip
from signllm.pose.formats.finding import Found, Step
from signllm.pose.formats.hints import Hints
from signllm.pose.tracking.tracked import use
from signllm.text.identify import language_doubt

REJECTED_FILE = "rejected.json"


@dataclass
class SplitReport:
    """What became of one split. `status`: 'converted', 'already converted', or 'refused' (then `faults` says why)."""

    language: str
    split: str
    status: str = "refused"
    clips: int = 0
    frames: int = 0
    seconds: float = 0.0
    source_scale: float = 0.0
    counter: str = UNKNOWN
    sides_swapped: bool = False
    dimensions: int = 0
    lifted: int = 0
    rejected: int = 0
    resumed: int = 0
    found: list[Step] = field(default_factory=list)
    inherited: dict[str, str] = field(default_factory=dict)
    cleaned: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def steps(self) -> list[str]:
        """What was found and done, a sentence each."""
        return [str(step) for step in self.found]


def convert(
    options: ConvertOptions, start: Callable[[str, int], Progress] = lambda name, size: lambda done: None
) -> list[SplitReport]:
    """Convert the chosen splits; sound ones are finished even when others are refused.

    `start(split, bytes)` is called once a split and returns a function that is told of bytes done. Raises DataError
    only where nothing can be opened at all; the faults of a split are in its report. Raises LockedError, before it
    converts anything, where another process writes one of the splits, and OutputError where nothing can be written.
    """
    reports = []
    if options.tracking is not None:
        use(options.tracking)
    _check_target(options)
    limits = (options.splits, options.max_samples, options.held_out)
    chosen = wanted_splits(options.data_dir, options.language, *limits, options.columns)
    chosen = as_part(chosen, options.name) if options.name else chosen
    said = hints = options.hints or Hints(options.layout)
    with (
        hold_splits(options.output_dir, [(options.language, split) for split in chosen]),
        open_engine(options.engine, options.workers, options.ray_address) as engine,
    ):
        while chosen:
            split = next(iter(chosen))
            source = chosen.pop(split)()  # what the table says of its clips is not kept twice
            if split in options.inherited:
                hints = replace(said, **options.inherited[split])
            report = _existing(source, options)
            if report is None:
                report = _convert_split(source, options, hints, start, engine)
            reports.append(report)
            hints = for_the_next(hints, report.found)
        compare_splits(options.output_dir, options.language, reports)
        if any(report.status == "converted" for report in reports):
            reports[0].warnings += remove_demo_corpus(Store(options.output_dir))
    return reports


def _check_target(options: ConvertOptions) -> None:
    """Raise OutputError where nothing can be written, ConfigError where a store is to be written over itself."""
    check_folder(options.output_dir / options.language)
    source, target = (resolved(path) for path in (options.data_dir, options.output_dir))
    same = source.is_relative_to(target) or target.is_relative_to(source)
    if same and any(part.rank == STORE for part in find_parts(options.data_dir, options.columns)):
        raise ConfigError(
            f"--data_dir {options.data_dir} and --output_dir {options.output_dir} are one store; choose another"
            " --output_dir"
        )


def fingerprint(source: SourcePart, options: ConvertOptions) -> str:
    """A hash of the source files' names, sizes and times, the options that matter, and the converter's version."""
    facts: list = [CONVERTER_VERSION, options.language, options.layout, options.fps, options.max_samples]
    digest = hashlib.sha256(orjson.dumps(facts)[:-1] + b",")  # one JSON list, whose parts are never all in memory
    for piece in _listed(file_stamps(source.files, root_of(options))):
        digest.update(piece)
    facts = []
    if source.held_out is not None:
        facts.append(source.held_out)
        facts += [step.value for step in source.steps if step.value != BY_NAME]
    if options.hints is not None and options.hints.facts:
        facts.append(options.hints.facts)
    if options.columns:
        facts.append(dict(options.columns))
    if options.lift:
        facts.append({"lift": METHOD_VERSION})
    if not options.cleaning.is_usual:
        facts.append({"clean": options.cleaning.facts})
    facts += video_facts(source)
    digest.update(b"".join(b"," + orjson.dumps(fact) for fact in facts) + b"]")
    return digest.hexdigest()


def _said(source: SourcePart) -> str:
    """A hash of what is said of each clip: an interrupted run is gone on with only where its clips are these."""
    digest = hashlib.sha256()
    for piece in _listed(
        (entry.name, entry.text, entry.references, entry.gloss, entry.source, entry.signer) for entry in source.entries
    ):
        digest.update(piece)
    return digest.hexdigest()


def _listed(items: Iterable[object]) -> Iterator[bytes]:
    """The JSON list of items, piece by piece."""
    yield b"["
    for number, item in enumerate(items):
        yield b"," * (number > 0) + orjson.dumps(item)
    yield b"]"


def _existing(source: SourcePart, options: ConvertOptions) -> SplitReport | None:
    """The report of a split that is in the store already, unless it is to be overwritten."""
    store = Store(options.output_dir) if options.output_dir.is_dir() else None
    if options.overwrite or store is None or source.split not in store.folders(options.language):
        return None
    split = store.split(options.language, source.split)
    if split.info.get("demo"):
        return None
    report = _report_from_info(split.info)
    if split.info.get("source_fingerprint") != fingerprint(source, options):
        report.status = "refused"
        report.faults.append(
            f"{split.path}: already there, converted from other files or with other options; add --overwrite to replace"
            " it, --name NAME to keep both as parts of one split, or choose another --output_dir"
        )
    else:
        drop_unfinished(options.output_dir, options.language, source.split)
    return report


def _report_from_info(info: dict) -> SplitReport:
    report = SplitReport(info["language"], info["split"], "already converted")
    for name in ("clips", "frames", "seconds", "source_scale", "counter", "sides_swapped", "dimensions", "rejected"):
        setattr(report, name, info.get(name, getattr(report, name)))
    report.found = [Step(**step) for step in info.get("steps", ())]
    report.lifted = info.get("lifted", {}).get("clips", 0)
    report.cleaned = words_of(info.get("cleaning", ()), report.clips)
    return report


def _convert_split(
    source: SourcePart, options: ConvertOptions, hints: Hints, start: Callable, engine: Engine
) -> SplitReport:
    assert source.split is not None, "`wanted_splits` deals clips without a split to splits"
    unpaired = [*source.missing, *source.faults]
    report = SplitReport(options.language, source.split, faults=list(unpaired))
    tracked = track_videos(source, root_of(options), num_processes(options.workers), options.skip_bad, start)
    source = tracked.source
    if tracked.refused is not None:
        report.faults += tracked.refused
        report.rejected = len(tracked.refused)
        return report
    try:
        sample = sample_of(source)
        found = how_read(source, sample, hints)
    except DataError as error:
        report.faults += error.faults
        return report
    if found is None:
        return report
    found = replace(found, steps=(*tracked.steps, *found.steps))
    conventions = found.conventions
    report.found, report.inherited = [*source.steps, *found.steps], taken_over(options, hints)
    report.dimensions = 3 if found.has_depth else 2
    report.source_scale, report.counter = conventions.scale, conventions.counter
    report.sides_swapped = conventions.sides_swapped
    has_counter = any(isinstance(raw, RawClip) and raw.counter_F is not None for raw in sample)
    del sample  # the clips of a long corpus are large
    report.warnings += [f"{source.label}: {doubt}" for doubt in found.doubts]
    report.warnings += doubts_of(source, conventions, has_counter)
    if doubt := language_doubt((entry.text for entry in source.entries if entry.text), options.language):
        report.warnings.append(f"{doubt} See --language")
    tell = start(source.split, sum(entry.num_bytes for entry in source.entries))
    if unpaired:  # texts cannot be paired, so nothing is written, but the lines' own faults are wanted too
        for _, _, _, faults in clean_rows(source.entries, found, options, tell, engine):
            report.faults += faults
        return report
    return _write_split(source, found, options, report, tell, engine)


def _write_split(
    source: SourcePart, found: Found, options: ConvertOptions, report: SplitReport, tell: Progress, engine: Engine
) -> SplitReport:
    """Write what is sound, then finish the split, or remove the unfinished folder when it may not be finished."""
    assert source.split is not None, "`wanted_splits` deals clips without a split to splits"
    mark = fingerprint(source, options)
    rejected: list[dict] = []
    with StoreWriter(options.output_dir, options.language, source.split, mark + _said(source)) as writer:
        before = frozenset(writer.done)
        done = [entry.num_bytes for entry in source.entries if not entry.faults and entry.name in before]
        report.resumed = len(done)
        tell(sum(done))
        waiting = (entry for entry in source.entries if entry.faults or entry.name not in before)
        rows = clean_rows(waiting, found, options, tell, engine, options.lift)
        for entry, clip, fps, faults in rows:
            if faults or clip.pose is None:
                rejected.append({"place": entry.where_below(root_of(options)), "clip": entry.name, "faults": faults})
            elif not rejected or options.skip_bad:
                report.dimensions = 3 if report.dimensions == 3 or clip.pose.coordinates[..., 2].any() else 2
                writer.add(_record(entry, clip, len(clip.pose), fps, options), clip.pose)
        report.rejected = len(rejected)
        if (rejected and not options.skip_bad) or not writer.done:
            report.faults += [fault for row in rejected for fault in row["faults"]]
            if options.skip_bad:
                report.faults.insert(0, f"{source.files[0]}: every clip is faulty, nothing is left to convert")
        else:
            _finish(writer, source, found, report, rejected, mark, options)
            return report
    drop_unfinished(options.output_dir, options.language, source.split)
    return report


def _record(entry: ClipEntry, clip: CleanClip, frames: int, fps: float, options: ConvertOptions) -> ClipRecord:
    assert entry.text is not None, "a clip without text is a fault, and faulty clips are not written"
    found = {"warnings": clip.warnings, "zero_joints": clip.zero_joints} | what_was_changed(clip.changes)
    found |= {"marked_joints": clip.marked_joints}
    found["lifted"] = clip.lifted
    return ClipRecord(
        id=entry.name,
        text=entry.text,
        language=options.language,
        fps=fps,
        frames=frames,
        gloss=entry.gloss,
        source=entry.source,
        signer=entry.signer,
        references=list(entry.references),
        extra={key: value for key, value in found.items() if value},
    )


def _finish(
    writer: StoreWriter,
    source: SourcePart,
    found: Found,
    report: SplitReport,
    rejected: list[dict],
    mark: str,
    options: ConvertOptions,
) -> None:
    """Put everything that is known of the split into `dataset.json` and the report."""
    tally = Tally(options.cleaning).count(writer.written())
    report.warnings += tally.sentences(source.entries, lambda entry: entry.where_below(root_of(options)))
    conventions = found.conventions
    report.lifted = tally.lifted
    report.cleaned = words_of(tally.cleaned, len(writer.done))
    rejected_file = writer.partial / REJECTED_FILE
    if rejected:
        write_json(rejected_file, rejected)
    else:
        rejected_file.unlink(missing_ok=True)
    split = writer.finish(
        {
            "converter_version": CONVERTER_VERSION,
            "source_fingerprint": mark,
            "source_files": [path.name for path in source.files[:4]],
            "source_scale": conventions.scale,
            "source_scale_range": conventions.scale_range,
            "counter": conventions.counter,
            "sides_swapped": conventions.sides_swapped,
            "dimensions": report.dimensions,
            "steps": [asdict(step) for step in report.found],
            "marked_joints": dict(tally.marked),
            **({"lifted": what_was_lifted(tally.lifted)} if options.lift else {}),
            "cleaning": tally.cleaned,
            "options": options_to_record(options),
            **({"inherited": report.inherited} if report.inherited else {}),
            "glosses": tally.glosses,
            "rejected": len(rejected),
            "zero_joints": tally.zero_joints,
            "outlier_joints": tally.outlier_joints,
            "warnings": report.warnings,
        }
    )
    report.status = "converted"
    report.clips, report.frames, report.seconds = (split.info[name] for name in ("clips", "frames", "seconds"))
