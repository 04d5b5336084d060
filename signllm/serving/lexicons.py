"""A lexicon that is served beside models, or in place of one: every sign by people who performed it."""

from __future__ import annotations

from collections.abc import Sequence

from signllm.composing.model import ComposedModel
from signllm.composing.signer import LexiconSigner, NoSignError, Wish
from signllm.composing.wording import Wording
from signllm.config import parse_config


class LexiconModel(ComposedModel):
    """A LexiconSigner as a model: with its letters, detail and pace, and without anything learnt of texts."""

    def __init__(self, signer: LexiconSigner):
        own = {"detail": signer.detail, "pace": signer.pace}
        super().__init__(
            signer.lexicon,
            {},
            parse_config(
                {
                    "model": {"mode": "mlsf", "pose_decoder": {"type": "compose", "compose": own}},
                    "training": {"rl_variant": "off"},
                }
            ),
        )
        self.letters = signer.letters

    @property
    def mode(self) -> str:
        """What signs: no trained model."""
        return "compose"

    def _wording(self, code: str) -> Wording:
        return Wording(self.lexicon, code, self.letters)

    def sentences(self, text: str, language: str | None = None, split: bool = True) -> list[Wish]:
        """As LexiconSigner.sentences; a sentence of which no word has a sign goes along with one beside it.

        Raises ConfigError as that does, NoSignError where no word of the text has a sign.
        """
        plan: list[Wish] = []
        waiting: list[Wish] = []  # sentences without a sign, before the first one that has any
        for wish in super().sentences(text, language, split):
            if wish.slots:
                plan.append(_together([*waiting, wish]))
                waiting = []
            elif plan:
                plan[-1] = _together([plan[-1], wish])
            else:
                waiting.append(wish)
        if waiting:
            raise NoSignError(text)
        return plan


def _together(wishes: Sequence[Wish]) -> Wish:
    """Several sentences as one."""
    text, request, content = (
        " ".join(getattr(wish, name) for wish in wishes) for name in ("text", "request", "content")
    )
    return Wish(text, request, wishes[0].language, content, tuple(word for wish in wishes for word in wish.words))
