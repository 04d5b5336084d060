"""`check`: opens a source or a store as conversion and training would, reads every clip once, and says what it sees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from signllm.data.checking.facts import SplitFacts, look_at
from signllm.data.checking.findings import MOST_CLIPS, Finding, Severity
from signllm.data.checking.opening import OpenedSplit, open_splits
from signllm.data.checking.options import CheckOptions
from signllm.data.checking.pose_rules import POSE_RULES
from signllm.data.checking.reading_rules import READING_RULES
from signllm.data.checking.split_rules import SPLIT_RULES
from signllm.data.checking.text_rules import TEXT_RULES
from signllm.data.convert_read import Progress, clean_rows, for_the_next, how_read, root_of, sample_of
from signllm.data.convert_videos import track_videos
from signllm.data.engines import open_engine
from signllm.data.engines.mapping import Engine
from signllm.data.engines.processes import num_processes
from signllm.data.tables.layouts import counted_layouts
from signllm.errors import DataError
from signllm.pose.formats import reader_of
from signllm.pose.formats.conventions import RawClip
from signllm.pose.formats.hints import Hints
from signllm.pose.tracking.tracked import use


@dataclass(frozen=True)
class Checkup:
    """What was seen: the facts of each split, and findings, the gravest first."""

    options: CheckOptions
    splits: Sequence[SplitFacts]
    findings: Sequence[Finding]

    def count(self, severity: Severity) -> int:
        """How many findings are of a severity."""
        return sum(finding.severity == severity for finding in self.findings)

    @property
    def sound(self) -> bool:
        """Whether training can begin: there is no error."""
        return not self.count(Severity.ERROR)


def check(
    options: CheckOptions, start: Callable[[str, int], Progress] = lambda name, size: lambda done: None
) -> Checkup:
    """Look at every clip once; nothing is written, and one clip (or a few batches of workers') is in memory at a time.

    `start(split, bytes)` is called once a split and returns a function that is told of bytes done. Raises DataError
    where nothing can be opened, ConfigError where a language must be said.
    """
    if options.tracking is not None:
        use(options.tracking)
    limits = (options.splits, options.max_samples, options.held_out, options.columns)
    facts, hints = [], options.hints
    splits = open_splits(options.data_dir, options.language, *limits)
    with open_engine(options.engine, options.workers, options.ray_address) as engine:
        for opened in splits:
            split = SplitFacts(
                opened.language, opened.source.split, opened.source, f"{opened.table} ({opened.what})", _reader(opened)
            )
            _read(split, options, hints, start, engine)
            facts.append(split)
            hints = for_the_next(hints, split.found.steps if split.found else ())
    return Checkup(options, facts, _findings(facts, options))


def _reader(opened: OpenedSplit) -> str:
    """Which readers read the files of a split, in words."""
    names: dict[str, None] = {}
    for path in {entry.path.suffix: entry.path for entry in opened.source.entries if entry.has_pose}.values():
        try:
            names[reader_of(path).name] = None
        except DataError:  # it is said where the clip is read; the clips of a store have no reader
            continue
    return ", ".join(names)


def _read(
    split: SplitFacts, options: CheckOptions, hints: Hints, start: Callable[[str, int], Progress], engine: Engine
) -> None:
    """Read the clips of a split and count them in; poses are found in videos first, as in conversion."""
    at_once = num_processes(options.workers)
    tracked = track_videos(split.source, root_of(options), at_once, options.skip_bad, start)
    if tracked.refused is not None:
        split.refused += tracked.refused[:MOST_CLIPS]
        return
    split.source = replace(tracked.source, steps=(*split.source.steps, *tracked.steps))
    try:
        sample = sample_of(split.source)
        split.layouts = counted_layouts(sample)
        split.found = how_read(split.source, sample, hints)
    except DataError as error:
        split.refused += error.faults
        return
    split.has_counter = any(isinstance(raw, RawClip) and raw.counter_F is not None for raw in sample)
    del sample
    if split.found is None:
        return
    tell = start(split.label, sum(entry.num_bytes for entry in split.entries))
    rows = clean_rows(split.entries, split.found, options, tell, engine, look=look_at)
    for number, (entry, clip, _, faults) in enumerate(rows):
        told = [fault for fault in faults if fault.rpartition(": ")[2] not in split.source.missing]
        if told and len(split.rejected) < MOST_CLIPS:
            split.rejected.append((entry.name, told[0]))
        split.num_rejected += bool(told)
        if clip.seen is not None:
            split.add(number, clip.seen)


def _findings(facts: Sequence[SplitFacts], options: CheckOptions) -> list[Finding]:
    """What all rules say, the gravest first, in the order of the splits."""
    found = [finding for split in facts for rule in READING_RULES for finding in rule(split, options)]
    found += [finding for split in facts for rule in (*POSE_RULES, *TEXT_RULES) for finding in rule(split)]
    found += [finding for rule in SPLIT_RULES for finding in rule(facts)]
    order = list(Severity)
    return sorted(_merged(found), key=lambda finding: order.index(finding.severity))


def _merged(findings: Sequence[Finding]) -> list[Finding]:
    """What is said of several splits in the same words is said once."""
    alike: dict[tuple, Finding] = {}
    for finding in findings:
        key = (finding.kind, finding.severity, finding.message)
        before = alike.get(key)
        if before is not None:
            clips = (*before.clips, *finding.clips)[:MOST_CLIPS]
            finding = replace(before, where=f"{before.where}, {finding.where}", clips=clips)
        alike[key] = finding
    return list(alike.values())
