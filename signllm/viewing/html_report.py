"""The report as one HTML page that needs nothing beside it; the template `report.html` says how it looks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import orjson
from markupsafe import Markup

from signllm.evaluation.examples import Example
from signllm.evaluation.intervals import Figures
from signllm.evaluation.labels import SUBSETS, figure_label, system_label
from signllm.evaluation.measurements import REFERENCE
from signllm.evaluation.packing import unpack
from signllm.evaluation.summary import EVALUATED, arrow, remarks
from signllm.metrics.preset import HIGHER, LOWER, ONE
from signllm.metrics.registry import PRESETS
from signllm.pose import SKELETON_50
from signllm.viewing.charts import bar_chart, color_of, histogram
from signllm.viewing.pages import render
from signllm.viewing.player.packing import FORMAT, both, pack_scene, pack_show
from signllm.viewing.player.page import frame_of, page_of
from signllm.viewing.player.scenes import Figure, PlayerScene

KEY_FIGURES = (
    "bt_top_1",
    "bt_bleu_4",
    "dtw_score",
    "pose_similarity",
    "total_distance",
    "duration",
    "motion_smoothness",
    "variance_ratio_body",
    "velocity_ratio_right_hand",
    "bone_length_variation",
)
TILES = (
    "bt_top_1",
    "bt_bleu_4",
    "dtw_score",
    "total_distance",
    "variance_ratio_body",
    "motion_smoothness",
    "duration",
)
MOST_TILES = 5
MOST_CLIP_BYTES = 5_000_000
PLAYER_HEIGHT = 620  # pixels
HISTOGRAM = "dtw-mje"
RANKS = {"best": ("best", "最好"), "worst": ("worst", "最差")}
LEAKAGE_HEADS = (
    ("Language", "语种"),
    ("Clips", "片段"),
    ("Exact text", "文本相同"),
    ("Normalised", "规范化后相同"),
    ("Near text", "文本近似"),
    ("Identical poses", "姿态相同"),
    ("Nearly the same", "姿态近似"),
    ("Free of both", "均未泄漏"),
)


def packed(example: Example) -> bytes:
    """An example beside its reference as JSON for the player; one that was packed before is taken from there."""

    def make() -> bytes:
        figures = [
            Figure("reference", example.reference(), "reference"),
            Figure("model", example.hypothesis()),
        ]
        return orjson.dumps(pack_scene(PlayerScene(example.id, figures, example.text, example.gloss, example.language)))

    return example.remembered(f"player {FORMAT}", make)


def make_html(report: dict, examples: Sequence[Example] = ()) -> str:
    """The page of a report, as `make_report` gives it or as its JSON is read, with some of its clips."""
    languages = report["languages"]
    pooled = len(languages) > 1
    parts = {("All languages", "全部语种"): report["overall"]} if pooled else {(c, c): p for c, p in languages.items()}
    presets = {figure: preset for preset in report["presets"].values() for figure in preset["figures"]}
    key = [figure for figure in KEY_FIGURES if figure in presets] or list(presets)
    more = [figure for figure in presets if figure not in key]
    return render(
        "report.html",
        title=f"Evaluation: {report.get('model') or report.get('predictions') or report.get('data') or ''}",
        facts=_facts(report),
        tiles=_tiles(report, presets),
        parts=[
            {"title": title, "clips": part["clips"], "table": _table(report, part["systems"], with_remarks=True)}
            for title, part in parts.items()
        ],
        main_charts=_charts(key, presets, languages),
        more_charts=_charts(more, presets, languages),
        histograms=_histograms(report),
        clips=(clips := list(_clips(examples))),
        player=_player([clip["scene"] for clip in clips]),
        clips_left_out=len(examples) - len(clips),
        languages=[
            (code, _table(report, part["systems"], with_remarks=True)) for code, part in languages.items() if pooled
        ],
        leakage=_leakage(report),
        command=report.get("command"),
        versions=" · ".join(f"{name} {value}" for name, value in (report.get("versions") or {}).items()),
        notes=report.get("notes", []),
        presets=list(report["presets"].values()),
    )


def _facts(report: dict) -> list[tuple[tuple[str, str], str]]:
    facts = [
        (("Model", "模型"), report.get("model")),
        (("Predictions", "预测"), report.get("predictions")),
        (("References", "参考"), report.get("references")),
        (("Data", "数据"), report.get("data")),
        (("Split", "划分"), report.get("split")),
        (("Clips", "片段数"), f"{report['overall']['clips']} ({', '.join(report['languages'])})"),
        (("Frame rate", "帧率"), f"{report['fps']:g} fps"),
        (("Seeds", "随机种子"), ", ".join(map(str, report.get("seeds") or []))),
        (("Checkpoint SHA-256", "检查点 SHA-256"), report.get("checkpoint_sha256")),
    ]
    return [(label, str(value)) for label, value in facts if value]


def _tiles(report: dict, presets: dict[str, dict]) -> list[dict]:
    """What to read first: the judged system's main figures over all clips, each beside the best baseline."""
    systems = report["overall"]["systems"]
    judged = next((name for name in EVALUATED if name in systems), None)
    tiles = []
    for figure in [figure for figure in TILES if judged and figure in presets][:MOST_TILES]:
        better, unit = presets[figure]["better"], presets[figure]["unit"]
        baselines = {name: entries for name, entries in systems.items() if name not in (REFERENCE, judged)}
        words = ("", "")
        if best := next(iter(_best(better, figure, baselines, least=1)), None):
            value = _number(baselines[best][figure]["value"])
            english, chinese = system_label(best)
            words = (f"best baseline {value} ({english.lower()})", f"最好的基线 {value}（{chinese}）")
        if unit == "%" and _known(systems.get(REFERENCE, {}).get(figure, {}).get("value")):
            ceiling = _number(systems[REFERENCE][figure]["value"])
            words = (f"recordings {ceiling}; {words[0]}", f"真实录像 {ceiling}；{words[1]}")
        value = _number(systems[judged][figure]["value"])
        tiles.append({"label": figure_label(figure), "mark": arrow(better), "value": value, "words": words})
    return tiles


def _table(report: dict, systems: dict[str, Figures], with_remarks: bool = False) -> dict:
    """All figures of all systems, and what must not be overlooked."""
    rows = []
    for preset in report["presets"].values():
        for figure in preset["figures"]:
            best = _best(preset["better"], figure, systems)
            cells = [_cell(entries[figure], system, system in best) for system, entries in systems.items()]
            row = {"label": figure_label(figure), "mark": arrow(preset["better"]), "signature": preset["signature"]}
            rows.append({**row, "cells": cells})
    columns = [{"color": color_of(system), "label": system_label(system)} for system in systems]
    words = [remarks(systems, chinese=chinese) for chinese in (False, True)] if with_remarks else [[], []]
    return {"columns": columns, "rows": rows, "remarks": list(zip(*words, strict=True))}


def _cell(entry: dict, system: str, best: bool) -> dict[str, str]:
    classes = " ".join(name for name, on in (("main", system in EVALUATED), ("best", best)) if on)
    cell = {"classes": classes, "value": _number(entry["value"]), "interval": "", "deviation": ""}
    if not _known(entry["value"]):
        return cell
    # Without width: of a figure that is the same by definition, as the reference's.
    if _known(entry["low"]) and entry["high"] - entry["low"] >= 1e-6:
        cell["interval"] = f"{_number(entry['low'])} – {_number(entry['high'])}"
    if "sd" in entry:
        cell["deviation"] = _number(entry["sd"])
    return cell


def _best(better: str, figure: str, systems: dict[str, Figures], least: int = 2) -> set[str]:
    """The systems with the best value; the reference is out, and so are fewer than `least` systems or equal ones."""
    cost = {LOWER: lambda v: v, HIGHER: lambda v: -v, ONE: lambda v: abs(v - 1)}[better]
    known = {
        system: cost(entries[figure]["value"])
        for system, entries in systems.items()
        if system != REFERENCE and _known(entries[figure]["value"])
    }
    if len(known) < least or (least > 1 and len(set(known.values())) == 1):
        return set()
    return {system for system, value in known.items() if value == min(known.values())}


def _charts(figures: Iterable[str], presets: dict[str, dict], parts: dict) -> list[dict]:
    found = []
    for figure in figures:
        preset = presets[figure]
        groups = {
            code: {system: entries[figure] for system, entries in part["systems"].items() if _is_drawn(system, preset)}
            for code, part in parts.items()
        }
        labels = {system: system_label(system) for group in groups.values() for system in group}
        if drawing := bar_chart(groups, labels, 1.0 if preset["better"] == ONE else None):
            mark = f"{arrow(preset['better'])} {preset['unit']}"
            found.append({"label": figure_label(figure), "mark": mark, "drawing": drawing})
    return found


def _is_drawn(system: str, preset: dict) -> bool:
    """The reference is 1 in every ratio and 0 in every distance: it is drawn only where it says something."""
    return system != REFERENCE or preset["unit"] in ("%", "share of length")


def _histograms(report: dict) -> list[dict]:
    preset = PRESETS.get(HISTOGRAM)
    if preset is None or HISTOGRAM not in report["presets"]:
        return []
    found = []
    for code, clips in report["clips"].items():
        values = {
            system: preset.conclude(unpack(numbers[HISTOGRAM], len(clips["ids"])))[:, 0]
            for system, numbers in clips["numbers"].items()
            if HISTOGRAM in numbers
        }
        drawing = histogram(values, {system: system_label(system) for system in values})
        found.append({"label": (code, code), "mark": "", "drawing": drawing})
    return found


def _clips(examples: Sequence[Example]) -> Iterable[dict]:
    """What the page says of the clips that have room on it, and their scenes."""
    total = 0
    for clip in examples:
        scene = packed(clip)
        if total + len(scene) > MOST_CLIP_BYTES:
            continue
        total += len(scene)
        score = f"{clip.score:.3f}"
        english, chinese = figure_label("dtw_score")
        about = f"{clip.language} {clip.id}"
        note = both((f"{english} {score} · {about}", f"{chinese} {score} · {about}"))
        yield {
            "text": clip.text,
            "rank": clip.rank,
            "rank_label": RANKS[clip.rank],
            "score": score,
            "language": clip.language,
            "id": clip.id,
            "scene": {
                **orjson.loads(scene),
                "name": f"{score}  {clip.text}",
                "note": note,
                "group": both(RANKS[clip.rank]),
            },
        }


def _player(scenes: Sequence[dict]) -> Markup:
    """The player of some scenes, as a part of the page; empty without any."""
    if not scenes:
        return Markup("")
    title = "Best and worst clips / 最好与最差的片段"
    page = page_of(pack_show(scenes, SKELETON_50, autoplay=False), title)
    return Markup(frame_of(page, title, PLAYER_HEIGHT))


def _leakage(report: dict) -> dict | None:
    audited = {code: part for code, part in report["languages"].items() if "leakage" in part}
    if not audited:
        return None
    rows, subsets = [], []
    for code, part in audited.items():
        texts, clips = part["leakage"]["texts"], part["leakage"]["clips"]
        counts = [texts["exact"], texts["normalised"], texts["near"], clips["identical"], clips["near"]]
        counts.append(part["subsets"]["unseen_texts_and_clips"]["clips"])
        shares = [(count, f"{count / part['clips']:.1%}") for count in counts]
        rows.append({"code": code, "clips": part["clips"], "counts": shares})
        for name, subset in part["subsets"].items():
            if "systems" in subset:
                english, chinese = SUBSETS[name]
                title = (f"Scores {english} ({subset['clips']} clips)", f"{chinese}后的得分（{subset['clips']} 条）")
                subsets.append({"code": code, "title": title, "table": _table(report, subset["systems"])})
    return {"heads": LEAKAGE_HEADS, "rows": rows, "subsets": subsets}


def _number(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3f}"


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
