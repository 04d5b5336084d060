"""The model card: what a shared model is, for people, and for the hub that lists it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

import signllm
from signllm.config import Config
from signllm.languages import LANGUAGES

_TEMPLATE = """\
---
library_name: signllm
license: other # fill in, such as apache-2.0
language: [{spoken}]
tags: [sign-language, sign-language-production, text-to-pose, {mode}]
---

# {name}

Text to signing in {languages}: 3D skeleton sequences of 50 joints in shoulder widths, {fps:g} frames a second.
Made with [SignLLM](https://arxiv.org/abs/2405.10718) {version}.

## Use

```python
from signllm import Generator

generator = Generator.from_pretrained("...")  # this folder, or its name on the hub
generator("{text}", language="{first}").save("clip.mp4")
```

## Model

| | |
|---|---|
| mode | {mode} |
| pose decoder | {decoder} |
| text encoder | {encoder} |
| parameters | {parameters:,} |
| longest clip | {longest} frames |
{sections}
## Licence

- Weights: *fill in*
- Recordings that it was trained on: *fill in, with the terms that they came under*

## Limits

It knows the signs and sentences of its training data and little else. Nobody who signs has checked what it makes:
do not use it where people depend on the meaning.
"""


def model_card(config: Config, extra: dict, weights: Mapping[str, Tensor], sections: Sequence[str] = ()) -> str:
    """The card of a model in Markdown, with the hub's metadata on top; `sections` come after the model's facts.

    What only its makers know, the licences, is left to fill in.
    """
    codes = extra["languages"]
    return _TEMPLATE.format(
        name=config.run_name,
        spoken=", ".join(dict.fromkeys(LANGUAGES[code].spoken for code in codes)),
        languages=", ".join(f"{LANGUAGES[code].name} ({code})" for code in codes),
        first=codes[0],
        text="hello",
        fps=config.data.fps,
        version=signllm.__version__,
        mode=config.model.mode,
        decoder=config.model.pose_decoder.type,
        encoder=extra["text_encoder"]["meta"]["name"],
        parameters=sum(tensor.numel() for tensor in weights.values()),
        longest=config.data.max_frames,
        sections="".join(f"\n{section.strip()}\n" for section in sections),
    )
