"""What a training would lose or mistake of its data, counted before it starts: absence is not success."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from signllm.config import Config
from signllm.data.dataset import SignDataset
from signllm.data.gloss_pairs import GlossPairs
from signllm.languages import LANGUAGES
from signllm.models.sign_model import Prompt2LangGloss, SignModel
from signllm.text.identify import language_doubt

_BATCH = 1024  # texts that are tokenised at once
_SHOWN = 60  # characters of an example


def data_warnings(
    config: Config, model: SignModel, train_set: SignDataset, eval_set: SignDataset, pairs: GlossPairs | None = None
) -> list[str]:
    """A sentence each on clips, texts and glosses that are cut, on texts of another language, on what is not evaluated.

    Each has the figure, an example and the remedy.
    """
    texts = _texts(train_set, pairs)
    found = [
        _cut_clips(train_set),
        _cut_texts(model, texts),
        _cut_glosses(model, train_set, pairs),
        _unevaluated(config, train_set, eval_set),
        *(language_doubt(own, code) for code, own in texts.items()),
    ]
    return [warning for warning in found if warning]


def _texts(train_set: SignDataset, pairs: GlossPairs | None) -> dict[str, list[str]]:
    """The different texts of each language, of clips and of pairs."""
    texts: dict[str, dict[str, None]] = {code: {} for code in train_set.languages}
    for record in map(train_set.record, range(len(train_set))):
        texts[record.language].update(dict.fromkeys(record.texts))
    for pair in pairs.pairs if pairs else ():
        texts.setdefault(pair.language, {})[pair.text] = None
    return {code: list(own) for code, own in texts.items()}


def _cut_clips(train_set: SignDataset) -> str | None:
    most = train_set.max_frames
    lengths = [train_set.uncut_frames(index) for index in range(len(train_set))]
    cut = [length for length in lengths if most and length > most]
    if not cut:
        return None
    lost = sum(length - (most or 0) for length in cut)
    return (
        f"{len(cut)} of {len(lengths)} training clips are longer than data.max_frames = {most} and lose their end"
        f" ({lost / sum(lengths):.1%} of all frames); the longest has {max(cut)}. Raise data.max_frames, or convert"
        " shorter clips"
    )


def _cut_texts(model: SignModel, texts: dict[str, list[str]]) -> str | None:
    asked: list[tuple[str, str]] = []  # (what is read, the text)
    for code, own in texts.items():
        phrasing = max(LANGUAGES[code].prompts, key=len) if model.writes_gloss else "{text}"
        asked += [(phrasing.replace("{text}", text), text) for text in own]
    cut = [text for (_, text), lost in zip(asked, _lost([read for read, _ in asked], model), strict=True) if lost]
    if not cut:
        return None
    whole = "texts in their longest prompt" if model.writes_gloss else "texts"
    return (
        f"{len(cut)} of {len(asked)} training {whole} have more tokens than model.text_encoder.max_length ="
        f" {model.text_encoder.max_length} and lose their end, such as '{_shortened(max(cut, key=len))}'. Raise it, or"
        " train on shorter texts"
    )


def _lost(texts: Sequence[str], model: SignModel) -> Iterator[bool]:
    for first in range(0, len(texts), _BATCH):
        yield from (bool(reading.lost) for reading in model.text_encoder.readings(texts[first : first + _BATCH]))


def _cut_glosses(model: SignModel, train_set: SignDataset, pairs: GlossPairs | None) -> str | None:
    if not isinstance(model, Prompt2LangGloss):
        return None
    most = model.config.gloss_decoder.max_length
    glosses = {(train_set.gloss(n)[0], train_set.record(n).language): None for n in range(len(train_set))}
    glosses |= {(pair.gloss, pair.language): None for pair in (pairs.pairs if pairs else ())}
    cut = [gloss for gloss, code in glosses if len(model.vocabulary.encode(gloss, code)) > most]
    if not cut:
        return None
    return (
        f"{len(cut)} of {len(glosses)} training glosses have more pieces than model.gloss_decoder.max_length = {most}"
        f" and lose their end, such as '{_shortened(max(cut, key=len))}'. Raise it, or train on shorter sentences"
    )


def _unevaluated(config: Config, train_set: SignDataset, eval_set: SignDataset) -> str | None:
    without = [code for code in train_set.languages if code not in eval_set.languages]
    if not without:
        return None
    return f"no split '{config.data.eval_split}' for {', '.join(without)}: trained, but not evaluated"


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
