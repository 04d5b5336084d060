"""Keys of earlier versions that are constants now, because nobody needs to turn them.

Old files and checkpoints still name them. At the value that stayed such a key changes nothing and is dropped; another
value would be ignored, so it is refused. A key that goes is one line here; where its value is used says why it stayed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

FROZEN: dict[str, float | str] = {
    "model.pose_decoder.flow.text_dropout": 0.1,
    "model.pose_decoder.flow.shift": 3.0,
    "model.pose_decoder.flow.temperature": 1.0,
    "model.pose_decoder.flow.slow_frames": 12,
    "model.gloss_decoder.label_smoothing": 0.1,
    "training.losses.future": 0.1,
    "training.plc.floor": 0.1,
    "training.plc.smoothing": 0.5,
    "training.policy.correlation_s": 0.15,
    "training.policy.gradient": "natural",
}


def drop_frozen(values: dict) -> list[str]:
    """Take the frozen keys out of the nested `values`; return a fault for each that has another value than stayed."""
    faults = []
    for key, section, name in list(_found(values)):
        value, fixed = section.pop(name), FROZEN[key]
        if isinstance(value, bool) or value != fixed:
            faults.append(
                f"{key} = {json.dumps(value, ensure_ascii=False)}: fixed at {json.dumps(fixed)} since version 0.2.0;"
                " leave the key out, or use the version of SignLLM that trained the model with it"
            )
    return faults


def _found(values: dict) -> Iterator[tuple[str, dict, str]]:
    """Every frozen key that `values` name, with the section that holds it and its name there."""
    for key in FROZEN:
        *parents, name = key.split(".")
        section: object = values
        for parent in parents:
            section = section.get(parent) if isinstance(section, dict) else None
        if isinstance(section, dict) and name in section:
            yield key, section, name
