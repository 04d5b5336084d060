"""What is wrong with the poses of a split. Limits are shares of frames or joints, each with its reason.

A fault in one clip of many is a note: recordings have some. From the first limit on it is worth a look, from the second
on it is a good part of what would be learned, so training suffers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from signllm.data.checking.facts import SplitFacts
from signllm.data.checking.findings import MOST_CLIPS, Finding, Place, Severity, Words, counted, graded

Rule = Callable[[SplitFacts], Iterator[Finding]]

HAND_OFTEN, HAND_GONE = 0.5, 0.9
"""Share of a hand's joints that is missing. Real trackers lose up to half; beyond nine tenths nothing is learned."""
HAND_MOVES = 0.5
"""Times as far as the other wrist: a wrist that moves so much has a hand that signs, and is not merely out of sight."""
BODY_OFTEN, BODY_GONE = 0.2, 0.5
"""Of eight joints; without shoulders and arms there is neither a scale nor a place to sign in."""
LOST = (0.01, 0.2)
"""Share of frames that show nobody for 0.4 s or more."""
FROZEN = (0.005, 0.1)
"""Share of frames in frozen stretches of 0.4 s or more; real recordings have none."""
REPEATED_CLIP, REPEATED = 0.2, (0.05, 0.5)
"""Share of repeated frames from which a clip's frame rate is not true (25 of 50, 24 of 30), and share of such clips."""
JUMPING = (0.001, 0.05)
"""Share of joints that jump. Development data have up to 0.9 %, phoenix_skels and `.pose` files none."""
SWAPPED = (0.002, 0.1)
"""Share of frames with exchanged hands or sides. OpenPose on conversations has 3 %."""
OUTLIERS = (0.0005, 0.02)
"""Share of joints beyond 5 shoulder widths, which conversion marks as missing."""
SHORTEST_S, SHORT_CLIPS = 0.1, (0.005, 0.3)
"""Two frames at 25 a second show no motion; annotated signs of conversations take 0.1 to 0.4 s. Share of such clips."""
LONGEST_S = 60.0
"""A sentence takes 2 to 20 s; what is longer is a whole recording, of which training takes data.max_frames only."""
_HAND_NAMES = {"left_hand": ("left hand", "左手"), "right_hand": ("right hand", "右手")}


def worst(split: SplitFacts, name: str, first: str = "", end: str = "") -> tuple[Place, ...]:
    """The clips with the highest figure `name` above 0, with the frames that two other figures say."""
    values = split.figure(name)
    rows = [row for row in np.argsort(-values, kind="stable")[:MOST_CLIPS] if values[row] > 0]
    return tuple(Place(split.entry(row).name, _frames(split, row, first, end)) for row in rows)


def _frames(split: SplitFacts, row: int, first: str, end: str) -> str:
    if not first:
        return ""
    start = int(split.figure(first)[row])
    last = int(split.figure(end)[row]) - 1 if end else start
    return f"{start}" if last <= start else f"{start}-{last}"


def missing_hands(split: SplitFacts) -> Iterator[Finding]:
    """A hand that is seldom seen; grave where its wrist moves as a signing hand's does."""
    for hand, (english, chinese) in _HAND_NAMES.items():
        share = split.share(f"missing_{hand}")
        if share < HAND_OFTEN:
            continue
        grave = share >= HAND_GONE and _moves(split, hand)
        yield Finding(
            "missing_hand",
            Severity.ERROR if grave else Severity.WARNING,
            split.label,
            (
                f"the {english} is missing in {share:.0%} of the frames" + ", although its wrist moves" * grave,
                f"{chinese}在 {share:.0%} 的帧中缺失" + "，而手腕在动" * grave,
            ),
            (
                "track again with larger pictures of the hands, or leave the worst clips out",
                "放大手部画面重新提取关键点，或去掉最差的片段",
            ),
            share,
            worst(split, f"missing_{hand}"),
        )


def _moves(split: SplitFacts, hand: str) -> bool:
    """Whether a wrist moves at least half as fast as the other; one that is never seen does not."""
    (other,) = set(_HAND_NAMES) - {hand}
    mine, theirs = (split.figure(f"speed_{name}") for name in (hand, other))
    if np.isnan(mine).all():
        return False
    return bool(np.isnan(theirs).all() or np.nanmean(mine) >= HAND_MOVES * np.nanmean(theirs))


def missing_body(split: SplitFacts) -> Iterator[Finding]:
    """Shoulders, arms and head that are not seen."""
    share = split.share("missing_body")
    if share >= BODY_OFTEN:
        yield Finding(
            "missing_body",
            graded(share, BODY_OFTEN, BODY_GONE),
            split.label,
            (
                f"{share:.0%} of the joints of head, shoulders and arms are missing",
                f"头、肩、臂关节有 {share:.0%} 缺失",
            ),
            ("see whether --layout is right, or leave the worst clips out", "检查 --layout 是否正确，或去掉最差的片段"),
            share,
            worst(split, "missing_body"),
        )


@dataclass(frozen=True)
class ShareRule:
    """A rule on a share of frames or joints, the `figure` of each clip.

    `limits`: from which on it is a warning and an error. `words` say what, with {share} and {clips} in them. `frames`:
    the figures of the first frame and the frame after the last of where it is worst.
    """

    kind: str
    figure: str
    limits: tuple[float, float]
    words: Words
    remedy: Words
    frames: tuple[str, str]

    def __call__(self, split: SplitFacts) -> Iterator[Finding]:
        """The finding, where there is any."""
        share = split.share(self.figure)
        if not share > 0:
            return
        clips = int((split.figure(self.figure) > 0).sum())
        amount = f"{share:.2%}" if share < 0.1 else f"{share:.0%}"
        english, chinese = self.words
        yield Finding(
            self.kind,
            graded(share, *self.limits),
            split.label,
            (
                english.format(share=amount, clips=f"{clips} of {counted(len(split), 'clip')}"),
                chinese.format(share=amount, clips=clips),
            ),
            self.remedy,
            share,
            worst(split, self.figure, *self.frames),
        )


SHARE_RULES = (
    ShareRule(
        "nobody_seen",
        "lost",
        LOST,
        (
            "nobody is seen for 0.4 s or more in {clips}, {share} of the frames",
            "{clips} 个片段中有 0.4 秒以上看不到人，占 {share} 的帧",
        ),
        ("cut these frames off, or leave the clips out", "剪掉这些帧，或去掉这些片段"),
        ("lost_first", "lost_end"),
    ),
    ShareRule(  # padding, or a video that stood still
        "frozen",
        "frozen",
        FROZEN,
        (
            "nothing moves for 0.4 s or more in {clips}, {share} of the frames",
            "{clips} 个片段中有 0.4 秒以上完全静止，占 {share} 的帧",
        ),
        ("cut padding off; track the video again where it stood still", "剪掉填充的帧；视频卡住的地方重新提取"),
        ("frozen_first", "frozen_end"),
    ),
    ShareRule(
        "jumps",
        "jumping",
        JUMPING,
        (
            "joints jump where no hand can get in the time, in {clips}, {share} of the joints",
            "{clips} 个片段中有关节瞬移（手不可能这么快），占 {share} 的关节",
        ),
        (
            "the tracker lost them: --clean jumps gaps bridges them; leave the worst clips out",
            "这是跟踪错误：用 --clean jumps gaps 修复；去掉最差的片段",
        ),
        ("jump_frame", ""),
    ),
    ShareRule(
        "swapped_hands",
        "swapped",
        SWAPPED,
        (
            "left and right are exchanged for some frames in {clips}, {share} of the frames",
            "{clips} 个片段中有若干帧左右手互换，占 {share} 的帧",
        ),
        (
            "the tracker mixed them up: --clean swaps puts them right",
            "跟踪时混淆了左右：用 --clean swaps 纠正",
        ),
        ("swap_first", "swap_end"),
    ),
)


def repeated(split: SplitFacts) -> Iterator[Finding]:
    """Clips whose frames repeat one by one: they were brought to a higher frame rate by copying frames."""
    still = split.figure("frozen")
    share_N = (split.figure("repeated") - still) / np.maximum(1 - still, 1e-9)
    rows = np.flatnonzero(share_N >= REPEATED_CLIP)
    if not len(rows):
        return
    share = len(rows) / len(split)
    rate = float(np.median(split.figure("fps")[rows] * (1 - share_N[rows])))
    yield Finding(
        "repeated_frames",
        graded(share, *REPEATED),
        split.label,
        (
            f"frames repeat the frame before in {len(rows)} of {len(split)} clips: the motion has about {rate:.3g}"
            " frames a second",
            f"{len(split)} 个片段中有 {len(rows)} 个重复前一帧：动作实际约每秒 {rate:.3g} 帧",
        ),
        ("take the original frame rate, without copied frames", "使用原始帧率，不要复制帧"),
        share,
        tuple(Place(split.entry(row).name) for row in rows[:MOST_CLIPS]),
    )


def outliers(split: SplitFacts) -> Iterator[Finding]:
    """Joints farther from the neck than any arm reaches."""
    count = int(split.figure("outliers").sum())
    if not count:
        return
    share = count / (split.figure("frames").sum() * len(split.missing_J))
    clips = int((split.figure("outliers") > 0).sum())
    yield Finding(
        "outliers",
        graded(share, *OUTLIERS),
        split.label,
        (
            f"{counted(count, 'joint')} ({share:.3%}) in {counted(clips, 'clip')} more than 5 shoulder widths from the"
            " neck; conversion marks them as missing",
            f"{clips} 个片段中有 {count} 个关节（{share:.2%}）距颈部超过 5 个肩宽；转换时标为缺失",
        ),
        ("see whether the unit is one for all clips", "检查所有片段的单位是否一致"),
        share,
        worst(split, "outliers"),
    )


def durations(split: SplitFacts) -> Iterator[Finding]:
    """Clips that are too short for a sign, and those that are whole recordings."""
    seconds = split.figure("duration_s")
    for kind, rows, limits in (
        ("short_clips", np.flatnonzero(seconds < SHORTEST_S), SHORT_CLIPS),
        ("long_clips", np.flatnonzero(seconds > LONGEST_S), (0.0, 2.0)),
    ):
        if len(rows):
            short = kind == "short_clips"
            limit = SHORTEST_S if short else LONGEST_S
            yield Finding(
                kind,
                graded(len(rows) / len(split), *limits),
                split.label,
                (
                    f"{len(rows)} of {len(split)} clips {'shorter' if short else 'longer'} than {limit:g} s",
                    f"{len(split)} 个片段中有 {len(rows)} 个{'短' if short else '长'}于 {limit:g} 秒",
                ),
                ("leave them out", "去掉这些片段")
                if short
                else ("cut them into sentences, see start and end in tables", "按句子切分，见表格的 start、end 列"),
                len(rows) / len(split),
                tuple(Place(split.entry(row).name) for row in rows[:MOST_CLIPS]),
            )


POSE_RULES: tuple[Rule, ...] = (*(missing_hands, missing_body, *SHARE_RULES, repeated, outliers, durations),)
