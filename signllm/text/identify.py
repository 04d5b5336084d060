"""Which spoken language texts are in: does it agree with the sign language that they are filed under?

A sentence is judged alone, so that a few sentences of another language are seen among many. A word alone belongs to
many languages, so short texts are judged together, in passages. Letters of another script are enough by themselves.
What may well be in the right language is not doubted: names and words that many languages share ("Taxi", "Hotel").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from signllm.languages import LANGUAGES
from signllm.sampling import spread
from signllm.text.words import own_scripts, script_of, words_of

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

NAMES = {
    "en": "English", "de": "German", "fr": "French", "it": "Italian", "es": "Spanish", "ko": "Korean", "tr": "Turkish",
    "zh": "Chinese", "ja": "Japanese", "pt": "Portuguese", "nl": "Dutch", "pl": "Polish", "ru": "Russian",
    "el": "Greek", "sv": "Swedish", "da": "Danish", "fi": "Finnish", "no": "Norwegian", "cs": "Czech",
    "hi": "Hindi", "ar": "Arabic",
}  # fmt: skip
_CANDIDATES = ("en", "de", "fr", "it", "es", "ko", "tr")  # of the eight; more would make doubtful what is clear
MOST_TEXTS = 500  # are looked at, spread over all
PASSAGE_LETTERS = 60  # fewer are too few to be sure of; on 124 ASL words one by one half were taken for other languages
LEAST_LETTERS = 40
ENOUGH_LETTERS, ENOUGH_WORDS = 15, 3  # to be judged alone: of 760 real German sentences as long none was doubted
OWN_LEAST = (
    0.05  # of real lists of words and sentences in their own language, none was less likely to be in it than 0.09
)
DOUBTFUL_SHARE = 0.1
CLEAR_SHARE = 0.8


def language_doubt(texts: Iterable[str], code: str) -> str | None:
    """A sentence that says how many of the texts are not in the spoken language of a sign language.

    None where fewer than a tenth are, or where there is too little text to tell.
    """
    foreign, share = foreign_texts(texts, code)
    if share < DOUBTFUL_SHARE:
        return None
    (most, _), *_ = Counter(foreign.values()).most_common(1)
    example = next(text for text, language in foreign.items() if language == most)
    shown = example if len(example) <= 60 else example[:57] + "..."
    return (
        f"{share:.0%} of the texts are not in {spoken_name(LANGUAGES[code].spoken)}, the spoken language of {code}, but"
        f" mostly in {most}, such as '{shown}'; is {code} their sign language?"
    )


def foreign_texts(texts: Iterable[str], code: str, most: int = MOST_TEXTS) -> tuple[dict[str, str], float]:
    """(text -> what it is in, for those that are not in the spoken language of `code`; their share).

    Of many texts `most` are looked at, spread over all. Short ones are judged together, so a text that is named may
    be one that stands among others of another language.
    """
    spoken = LANGUAGES[code].spoken
    chosen = _chosen(texts, most)
    foreign = dict(_in_another_script(chosen, own_scripts(spoken)))
    own = [text for text in chosen if text not in foreign]
    foreign |= _in_another_language(own, spoken)
    return foreign, len(foreign) / max(1, len(chosen))


def spoken_language(texts: Iterable[str]) -> str | None:
    """The spoken language (ISO 639-1) that nearly all of the texts are in; None where they do not say it clearly."""
    chosen = _chosen(texts, MOST_TEXTS)
    scripts = Counter(map(script_of, chosen))
    for spoken in ("ko", "zh"):  # known by their script alone
        if chosen and sum(scripts[script] for script in own_scripts(spoken)) >= CLEAR_SHARE * len(chosen):
            return spoken
    votes = Counter(
        _identifier().classify(" ".join(words))[0] for _, words in _passages(chosen) if _letters(words) >= LEAST_LETTERS
    )
    if not votes:
        return None
    ((most, count),) = votes.most_common(1)
    return most if count >= CLEAR_SHARE * votes.total() else None


def _chosen(texts: Iterable[str], most: int) -> list[str]:
    """Different texts with letters in them, spread over all."""
    lettered = [text for text in dict.fromkeys(texts) if any(map(str.isalpha, text))]
    return [lettered[index] for index in spread(len(lettered), most)]


def _in_another_script(texts: Sequence[str], scripts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(text, what it is in) of each text most of whose words are in another script."""
    for text in texts:
        found = Counter(filter(None, map(script_of, words_of(text))))
        if found and (most := found.most_common(1)[0][0]) not in scripts:
            yield text, f"the {most} script"


def _in_another_language(texts: Sequence[str], spoken: str) -> dict[str, str]:
    """Text -> the language's name, for sentences and passages in another spoken language of the toolkit."""
    foreign: dict[str, str] = {}
    words = {text: words_of(text) for text in texts}
    long = [text for text in texts if len(words[text]) >= ENOUGH_WORDS and _letters(words[text]) >= ENOUGH_LETTERS]
    alone = set(long)
    short = [text for text in texts if text not in alone]
    together = [(passage, own) for passage, own in _passages(short) if _letters(own) >= LEAST_LETTERS]
    identifier = _identifier("" if spoken in _CANDIDATES else spoken)
    for passage, own in [*(([text], words[text]) for text in long), *together]:
        likely = dict(identifier.rank(" ".join(own)))  # the likeliest first
        if likely.get(spoken, 1.0) < OWN_LEAST:
            foreign |= dict.fromkeys(passage, spoken_name(next(iter(likely))))
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


def spoken_name(spoken: str) -> str:
    """The English name of a spoken language; its code where the toolkit has none."""
    return NAMES.get(spoken, f"the language '{spoken}'")


@cache
def _identifier(spoken: str = "") -> LanguageIdentifier:
    """It knows 139 languages; only those of the eight sign languages are asked for, and `spoken` where it knows it.

    Reading it takes half a second.
    """
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    further = [spoken] if spoken in identifier.nb_classes else []
    identifier.set_languages([*_CANDIDATES, *further])
    return identifier
