"""Which spoken language texts are in: does it agree with the sign language that they are filed under?

A word alone belongs to many languages, so short texts are judged together, in passages. Letters of another script are
enough by themselves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from signllm.languages import LANGUAGES
from signllm.sampling import spread
from signllm.text.words import own_script, script_of, words_of

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

NAMES = {
    "en": "English", "de": "German", "fr": "French", "it": "Italian", "es": "Spanish", "ko": "Korean", "tr": "Turkish",
}  # fmt: skip
MOST_TEXTS = 500  # are looked at, spread over all
PASSAGE_LETTERS = 60  # fewer are too few to be sure of; on 124 ASL words one by one half were taken for other languages
LEAST_LETTERS = 40
DOUBTFUL_SHARE = 0.1


def language_doubt(texts: Iterable[str], code: str) -> str | None:
    """A sentence that says how many of the texts are not in the spoken language of a sign language.

    None where fewer than a tenth are, or where there is too little text to tell.
    """
    spoken = LANGUAGES[code].spoken
    different = list(dict.fromkeys(texts))
    lettered = [text for text in different if any(map(str.isalpha, text))]
    chosen = [lettered[index] for index in spread(len(lettered), MOST_TEXTS)]
    foreign = dict(_in_another_script(chosen, own_script(spoken)))
    own = [text for text in chosen if text not in foreign]
    foreign |= _in_another_language(own, spoken)
    if not foreign or len(foreign) < DOUBTFUL_SHARE * len(chosen):
        return None
    (most, _), *_ = Counter(foreign.values()).most_common(1)
    example = next(text for text, language in foreign.items() if language == most)
    shown = example if len(example) <= 60 else example[:57] + "..."
    return (
        f"{len(foreign) / len(chosen):.0%} of the texts are not in {NAMES[spoken]}, the spoken language of {code}, but"
        f" mostly in {most}, such as '{shown}'; is {code} their sign language?"
    )


def _in_another_script(texts: Sequence[str], script: str) -> Iterator[tuple[str, str]]:
    """(text, what it is in) of each text most of whose words are in another script."""
    for text in texts:
        scripts = Counter(filter(None, map(script_of, words_of(text))))
        if scripts and (most := scripts.most_common(1)[0][0]) != script:
            yield text, f"the {most} script"


def _in_another_language(texts: Sequence[str], spoken: str) -> dict[str, str]:
    """Text -> the language's name, for the texts of each passage in another spoken language of the toolkit."""
    foreign: dict[str, str] = {}
    for passage, words in _passages(texts):
        if _letters(words) >= LEAST_LETTERS and (found := _identifier().classify(" ".join(words))[0]) != spoken:
            foreign |= dict.fromkeys(passage, NAMES[found])
    return foreign


def _passages(texts: Sequence[str]) -> Iterator[tuple[list[str], list[str]]]:
    """(neighbouring texts, their different words), each as few texts as have enough letters; the rest joins the last.

    A word counts once: "sentence 1" to "sentence 99" are no text of a hundred words.
    """
    passages: list[tuple[list[str], list[str]]] = [([], [])]
    for text in texts:
        if _letters(passages[-1][1]) >= PASSAGE_LETTERS:
            passages.append(([], []))
        passage, words = passages[-1]
        passage.append(text)
        words += [word for word in dict.fromkeys(words_of(text)) if word not in words]
    if len(passages) > 1 and _letters(passages[-1][1]) < PASSAGE_LETTERS:
        rest, words = passages.pop()
        passages[-1][0].extend(rest)
        passages[-1][1].extend(word for word in words if word not in passages[-1][1])
    yield from passages


def _letters(words: Sequence[str]) -> int:
    return sum(map(str.isalpha, "".join(words)))


@cache
def _identifier() -> LanguageIdentifier:
    """It knows 139 languages; only ours are asked for. Reading it takes half a second."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(list(NAMES))
    return identifier
