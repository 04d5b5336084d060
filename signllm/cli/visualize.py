"""visualize_skeleton_data.py: clips as videos or as a page to watch, compared or alone; statistics of a data set."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from signllm.cli.common import add_reading_flags, add_video_flags, columns_of, command, hints_of, parser, tracking_of
from signllm.cli.tables import print_table
from signllm.errors import ConfigError, DataError
from signllm.outputs import check_file, check_folder
from signllm.pose.formats import DEFAULT_FPS
from signllm.pose.output import Captioned
from signllm.pose.tracking.tracked import use
from signllm.retargeting.animation import write_avatar
from signllm.retargeting.reading import OURS_NAME, AvatarFile
from signllm.suffixes import AVATARS, POSES
from signllm.viewing.clips import write as write_clip
from signllm.viewing.drawing import VIEWS
from signllm.viewing.gloss_times import read_gloss_times, within
from signllm.viewing.player.page import Figure, PageAvatar, PlayerScene, Segment, write_player
from signllm.viewing.player.scenes import MOST_FIGURES
from signllm.viewing.plots import write_statistics
from signllm.viewing.print_files import DPI, MOST_DPI, check_format, write_figure
from signllm.viewing.scene import Panel
from signllm.viewing.sources import Clip, ClipSource, matching_clips, open_sources
from signllm.viewing.statistics import both_wrists
from signllm.viewing.survey import survey
from signllm.viewing.trajectories import MOST_CLIPS, trajectory_figure
from signllm.viewing.video import check_suffix, write_video

DEFAULT_INPUT = Path("datasets/signllm_data_complete")
DEFAULT_OUTPUT = Path("outputs/visualize")
PAGE = "player.html"
NO_AVATAR = "none"
_MAX_NAME = 80


def build_parser() -> argparse.ArgumentParser:
    """The flags of the script."""
    flags = parser(
        "visualize_skeleton_data.py",
        "Look at signing: clips as videos or as an interactive page, sets of clips side by side, or statistics of a"
        " data set as plots.",
        "查看手语姿态数据：把片段画成视频或做成可交互的网页、并排比较几组片段，或把数据集的统计画成图。",
    )
    add = flags.add_argument
    add("--mode", choices=list(MODES), default="animation", help="what to make (default: animation) / 模式")
    add(
        "--input",
        type=Path,
        help="a store or a split's folder, a .skels, .npz or .pose file, or any folder that final_convert_data.py reads"
        f" (default: {DEFAULT_INPUT}) / 输入数据：数据集、姿态文件，或任何可转换的数据目录",
    )
    add(
        "--compare_with",
        type=Path,
        nargs="+",
        default=[],
        metavar="PATH",
        help="for compare, web and trajectory: inputs that are shown on the right of --input / 对比的另一份或几份输入",
    )
    add("--language", help="sign language of the clips, e.g. ASL (default: the first there is) / 手语语言")
    add("--split", help="split, e.g. dev (default: the first there is) / 数据划分")
    add(
        "--clip",
        nargs="+",
        default=[],
        metavar="ID",
        help="clips by id or by position from 0; to compare clips of different names: ID=OTHER_ID"
        " / 片段的 id 或序号；对比名称不同的片段时写作 ID=另一个ID",
    )
    add("--num_clips", type=int, default=1, help="how many clips when --clip is not given (default: 1) / 片段数量")
    add(
        "--output",
        type=Path,
        help=f"a folder, or a file name for one clip (default: {DEFAULT_OUTPUT}) / 输出目录或文件",
    )
    add(
        "--format",
        help="mp4, gif, webp, png (a contact sheet), glb (an avatar that signs), vrma, bvh (its motion), npz, skels,"
        " pose, csv, json (the pose), several with commas (default: mp4); plots: pdf, svg, png"
        " / 输出格式，可用逗号分隔多个；glb 为打手语的虚拟人，vrma、bvh 为其动作，npz 等为姿态",
    )
    add("--dpi", type=int, default=DPI, help="of plots as png (default: %(default)s) / png 图的分辨率")
    add("--size", type=int, default=480, help="width of a panel in pixels (default: 480) / 画面边长（像素）")
    add("--view", choices=list(VIEWS), default="front", help="front, or side for lifted clips / 视角")
    add(
        "--avatar",
        nargs="?",
        const=OURS_NAME,
        metavar="FILE",
        help=f"a person in place of skeletons: ours, or a .glb or .vrm file; '{NO_AVATAR}' for skeletons alone"
        " (default: ours for web, glb, vrma and bvh, skeletons for mp4, gif, webp and png)"
        " / 用虚拟人代替骨架：自带的，或 .glb、.vrm 文件；none 表示只要骨架"
        "（默认：web、glb、vrma、bvh 用自带的虚拟人，mp4、gif、webp、png 用骨架）",
    )
    add(
        "--avatar_map",
        type=Path,
        metavar="FILE",
        help="JSON that names bones of --avatar, where they are not found / 指明虚拟人骨骼名称的 JSON 文件",
    )
    add(
        "--gloss_times",
        type=Path,
        nargs="+",
        metavar="TABLE",
        help="web: a table of glosses with the clip, start and end of each; if they count from the beginning of the"
        " recordings, then a table of the clips and their starts"
        " / 网页时间线：每个 gloss 的片段、开始和结束时间的表格；"
        "若时间从整段录像算起，再给出片段开始时间的表格",
    )
    add("--fps", type=float, default=DEFAULT_FPS, help="frame rate of a .skels file (default: 25) / 帧率")
    add("--max_clips", type=int, default=5000, help="statistics: most clips of a split (default: 5000) / 统计抽样上限")
    add("--seed", type=int, default=0, help="statistics: seed of that sample (default: 0) / 抽样随机种子")
    add_reading_flags(flags)
    add_video_flags(flags)
    return flags


@command
def main(argv: Sequence[str] | None = None) -> int:
    """Run the script; returns the exit code."""
    options = build_parser().parse_args(argv)
    _check(options)
    use(tracking_of(dict(vars(options))))
    MODES[options.mode](options)
    return 0


def _check(options: argparse.Namespace) -> None:
    faults = []
    for name in ("num_clips", "max_clips"):
        if getattr(options, name) < 1:
            faults.append(f"--{name} {getattr(options, name)}: must be at least 1")
    if not (math.isfinite(options.fps) and options.fps > 0):
        faults.append(f"--fps {options.fps}: must be above 0")
    if not 30 <= options.dpi <= MOST_DPI:
        faults.append(f"--dpi {options.dpi}: expected 30 to {MOST_DPI}")
    if options.mode not in ("web", "trajectory") and (options.mode == "compare") != bool(options.compare_with):
        faults.append("--compare_with PATH and --mode compare belong together; give both or neither")
    if options.mode == "web" and options.format:
        faults.append(f"--format {options.format}: --mode web writes one HTML page; leave --format out")
    if options.mode == "web" and len(options.compare_with) >= MOST_FIGURES:
        faults.append(f"--compare_with: a page shows {MOST_FIGURES} inputs side by side at most, --input among them")
    if options.gloss_times and options.mode != "web":
        faults.append(f"--gloss_times {options.gloss_times[0]}: only --mode web shows glosses on a line of time")
    if options.gloss_times and len(options.gloss_times) > 2:
        faults.append("--gloss_times: a table of glosses, and one of clips where it is needed; give two at most")
    if options.mode == "trajectory" and len(options.compare_with) >= MOST_CLIPS:
        faults.append(f"--compare_with: a plot tells {MOST_CLIPS} clips apart at most, that of --input among them")
    faults += _avatar_faults(options)
    if options.input is None and not DEFAULT_INPUT.exists():
        faults.append(
            f"--input is not given and {DEFAULT_INPUT} does not exist; give a store, a .skels, .npz or .pose file, or"
            " make the folder with final_convert_data.py or quick_train.py"
        )
    if faults:
        raise ConfigError(faults)
    output = options.output or DEFAULT_OUTPUT
    if output.suffix and not output.is_dir() and options.mode != "statistics":
        check_file(output)
    else:
        check_folder(output)


def _sources(options: argparse.Namespace, path: Path | None) -> list[ClipSource]:
    said = (options.fps, options.layout, hints_of(dict(vars(options))), columns_of(options.columns))
    return open_sources(path or DEFAULT_INPUT, options.language, options.split, *said)


def _targets(options: argparse.Namespace, stems: list[str]) -> list[list[Path]]:
    """For each clip the files to write; ConfigError when --output, --format and the number of clips do not fit."""
    is_plot = options.mode == "trajectory"
    output = options.output or DEFAULT_OUTPUT
    formats = [f".{name.strip().lstrip('.')}" for name in options.format.split(",")] if options.format else []
    named = output.suffix and not output.is_dir()
    for name in [Path(f"clip{suffix}") for suffix in formats] or [output] * bool(named):
        if is_plot:
            check_format(name.suffix)
        elif options.mode != "animation" or name.suffix.lower() not in (*AVATARS, *POSES):
            check_suffix(name)
    if named:
        if len(stems) > 1:
            raise ConfigError(f"--output {output}: {len(stems)} clips do not fit into one file; give a folder")
        return [[output.with_suffix(suffix) for suffix in formats] or [output]]
    safe = [safe_name(stem) for stem in stems]
    unique = [name if safe.count(name) == 1 else f"{name}_{index}" for index, name in enumerate(safe)]
    return [[output / f"{name}{suffix}" for suffix in formats or [".pdf" if is_plot else ".mp4"]] for name in unique]


def _avatar_faults(options: argparse.Namespace) -> list[str]:
    """What is wrong with --format glb, vrma and bvh, and with the flags of avatars."""
    formats = (options.format or "").split(",") if options.format else [(options.output or Path()).suffix]
    suffixes = [f".{name.strip().lower().lstrip('.')}" for name in formats]
    wanted = next((suffix[1:] for suffix in suffixes if suffix in AVATARS), None)
    if wanted and options.mode != "animation":
        return [f"--mode {options.mode}: an avatar ({wanted}) signs one clip a file; use --mode animation"]
    if wanted and options.avatar == NO_AVATAR:
        return [f"--avatar {NO_AVATAR}: --format {wanted} writes an avatar; leave one of the two out"]
    if wanted or options.mode == "web":
        return []
    if options.mode in ("statistics", "trajectory") or set(suffixes) <= set(POSES):
        given = [f"--{flag} {value}" for flag in ("avatar", "avatar_map") if (value := getattr(options, flag))]
        return [f"{flag}: plots and numbers show no avatar; leave it out" for flag in given]
    if options.avatar_map and options.avatar in (None, NO_AVATAR):
        return [f"--avatar_map {options.avatar_map}: it names bones of --avatar; give both"]
    return []


def safe_name(stem: str) -> str:
    """A file name made of a clip's id: letters of any script stay, separators and the like become '_'."""
    return re.sub(r"[^\w.-]+", "_", stem).strip("._")[:_MAX_NAME] or "clip"


def _write(
    paths: list[Path], panels: list[Panel], title: str, options: argparse.Namespace, told: dict[str, str] | None = None
) -> None:
    avatar = AvatarFile.named(options.avatar, options.avatar_map)
    signer = avatar if options.avatar not in (None, NO_AVATAR) else None
    longest = max(pose.duration_s for _, pose in panels)
    for path in paths:
        if path.suffix.lower() in AVATARS:
            write_avatar(path, panels[0][1], title or path.stem, avatar)
        elif path.suffix.lower() in POSES:
            write_clip(path, Captioned(panels[0][1], told=told or {}), options.size, options.view)
        else:
            write_video(path, panels, title, options.size, options.view, signer)
        print(f"wrote {path} ({longest:.2f} s)")


def animate(options: argparse.Namespace) -> None:
    """One video a clip."""
    source = _sources(options, options.input)[0]
    clips = source.select(options.clip) if options.clip else source.first(options.num_clips)
    targets = _targets(options, [source.file_stem(clip) for clip in clips])
    for clip, paths in zip(clips, targets, strict=True):
        words = {"text": clip.text, "gloss": clip.gloss, "language": clip.language}
        told = {key: value for key, value in words.items() if value}
        _write(paths, [(f"{source.name}  {clip.id}", clip.pose)], clip.text or "", options, told)


def _rows(options: argparse.Namespace) -> tuple[list[ClipSource], list[tuple[Clip, ...]], list[str]]:
    """The sources that are compared, rows with a clip of each, and what to call the sources."""
    sources = [_sources(options, path)[0] for path in (options.input, *options.compare_with)]
    rows, note = matching_clips(sources, options.clip, options.num_clips)
    if note:
        print(f"note: {note}")
    alike = len({source.name for source in sources}) < len(sources)
    return sources, rows, [source.long_name if alike else source.name for source in sources]


def compare(options: argparse.Namespace) -> None:
    """One video for each row of clips, and a table of how they move."""
    sources, rows, names = _rows(options)
    targets = _targets(options, [f"compare_{sources[0].file_stem(clips[0])}" for clips in rows])
    for clips, paths in zip(rows, targets, strict=True):
        panels = [(f"{name}  {clip.id}", clip.pose) for name, clip in zip(names, clips, strict=True)]
        _write(paths, panels, next((clip.text for clip in clips if clip.text), ""), options)
    print_table(
        ("clip", "of", "duration s", "wrist path", "wrist speed"),
        [(clip.id, name, *wrist_figures(clip)) for clips in rows for name, clip in zip(names, clips, strict=True)],
        "path of both wrists in shoulder widths, mean speed in shoulder widths a second",
    )


def web(options: argparse.Namespace) -> None:
    """One page that plays all clips, those of --compare_with beside the first as their reference."""
    output = options.output or DEFAULT_OUTPUT
    if output.suffix and not output.is_dir() and output.suffix.lower() != ".html":
        raise ConfigError(f"--output {output}: --mode web writes .html; give a folder, or a name that ends so")
    path = output if output.suffix.lower() == ".html" else output / PAGE
    if options.compare_with:
        _, rows, names = _rows(options)
    else:
        source = _sources(options, options.input)[0]
        clips = source.select(options.clip) if options.clip else source.first(options.num_clips)
        rows, names = [(clip,) for clip in clips], [source.name]
    avatar = None
    if options.avatar != NO_AVATAR:
        avatar = PageAvatar.read(AvatarFile.named(options.avatar, options.avatar_map))
    times = read_gloss_times(*options.gloss_times) if options.gloss_times else {}
    untimed = sum(clips[0].id not in times for clips in rows)
    if times and untimed == len(rows):
        raise DataError(
            f"--gloss_times {options.gloss_times[0]}: no gloss of {rows[0][0].id}; its recordings are called, for"
            f" example, {next(iter(times))}"
        )
    if times and untimed:
        print(f"note: {untimed} of {len(rows)} clips have no glosses in {options.gloss_times[0]}")
    scenes = [scene_of(clips, names, times.get(clips[0].id, ())) for clips in rows]
    write_player(path, scenes, avatar=avatar)
    print(f"wrote {path} ({len(rows)} clips, {path.stat().st_size / 1e6:.1f} MB)")


def scene_of(clips: Sequence[Clip], names: Sequence[str], segments: Sequence[Segment] = ()) -> PlayerScene:
    """Clips of the same text side by side; the first is the reference where there are others, and has the segments."""
    figures = [
        Figure(f"{name}  {clip.id}", clip.pose, "reference" if index == 0 and len(clips) > 1 else "system")
        for index, (name, clip) in enumerate(zip(names, clips, strict=True))
    ]
    text, gloss, language = (
        next((found for clip in clips if (found := getattr(clip, field))), None)
        for field in ("text", "gloss", "language")
    )
    timed = within(segments, clips[0].pose.duration_s)
    return PlayerScene(clips[0].id, figures, text or "", gloss, language, timed)


def wrist_figures(clip: Clip) -> list[str]:
    """Duration, path and mean speed of the wrists in the image plane; '-' where they are never seen."""
    figures = (clip.pose.duration_s, *both_wrists(clip.pose))
    return [f"{value:.2f}" if math.isfinite(value) else "-" for value in figures]


def trajectory(options: argparse.Namespace) -> None:
    """A plot for each clip, or for each row of clips that are compared: how the wrists move."""
    if options.compare_with:
        sources, rows, names = _rows(options)
    else:
        sources, names = _sources(options, options.input)[:1], [""]
        chosen = sources[0].select(options.clip) if options.clip else sources[0].first(options.num_clips)
        rows = [(clip,) for clip in chosen]
    targets = _targets(options, [f"trajectory_{sources[0].file_stem(clips[0])}" for clips in rows])
    for clips, paths in zip(rows, targets, strict=True):
        shown = [(f"{name}  {clip.id}".strip(), clip.pose) for name, clip in zip(names, clips, strict=True)]
        title = next((clip.text for clip in clips if clip.text), None) or ""
        for path in paths:
            write_figure(trajectory_figure(shown, title), path, options.dpi)
            print(f"wrote {path}")


def statistics(options: argparse.Namespace) -> None:
    """Plots and statistics.json over every split that fits: an overview, and pages for each language."""
    output = options.output or DEFAULT_OUTPUT / "statistics"
    if output.suffix:
        raise ConfigError(f"--output {output}: statistics are several files; give a folder")
    formats = [check_format(name) for name in (options.format or "png").split(",")]
    found = survey(_sources(options, options.input), options.max_clips, options.seed)
    for group in found.groups:
        print(f"{group.name}: {group.clips:,} clips, {group.frames:,} frames, {group.seconds / 60:.1f} minutes")
    for note in found.notes:
        print(f"note: {note}")
    for path in write_statistics(output, found.groups, found.pages, found.notes, formats, options.dpi):
        print(f"wrote {path}")


MODES: dict[str, Callable[[argparse.Namespace], None]] = {
    "animation": animate,
    "statistics": statistics,
    "trajectory": trajectory,
    "compare": compare,
    "web": web,
}
