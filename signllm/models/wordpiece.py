"""A WordPiece tokenizer trained on the corpus, for the text encoder that starts from scratch.

What the text goes through, in this order, and why:

- composed form (NFC), so that a text typed on another system reads the same;
- `İ` becomes `i`, because plain Unicode lowercasing would leave a stray dot behind; `ı` stays another letter than `i`;
- lowercasing. Sign languages have no case, corpora are often written in lower case (PHOENIX-2014T), and a capital that
  the corpus never holds would make a whole word unknown. The price: a capital `I` reads as `i` in Turkish too;
- no stripping of accents: `schön` and `schon` stay different words;
- canonical decomposition (NFD): Hangul syllables become their letters (jamo), accented letters become letter + accent,
  so that a small vocabulary covers syllables and letters that the corpus does not hold. It loses nothing:
  NFC of a decoded text is the lower-case text again;
- a split at blanks and punctuation, then WordPiece.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from signllm.errors import ConfigError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PAD, UNKNOWN, CLS, SEP, MASK = SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_CONTINUATION = "##"
# What the texts of the eight languages are spelt with after normalising: Latin letters, the accents that are split off
# them, digits, punctuation, and the three rows of Hangul jamo that syllables are split into.
TOOLKIT_LETTERS = "".join(
    (
        *("abcdefghijklmnopqrstuvwxyzßœæı0123456789"),
        *"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~¡¿«»„“”‚‘’…–—",
        *(chr(accent) for accent in (0x300, 0x301, 0x302, 0x303, 0x306, 0x307, 0x308, 0x327)),
        *(
            chr(jamo)
            for first, last in ((0x1100, 0x1112), (0x1161, 0x1175), (0x11A8, 0x11C2))
            for jamo in range(first, last + 1)
        ),
    )
)
_LONGEST_WORD = 200  # characters after decomposition; longer words become [UNK]


def _untrained(vocabulary: dict[str, int]) -> Tokenizer:
    """A tokenizer with this vocabulary and the module's normalising, splitting and decoding."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

    tokenizer = Tokenizer(
        models.WordPiece(
            vocabulary,
            unk_token=UNKNOWN,
            continuing_subword_prefix=_CONTINUATION,
            max_input_chars_per_word=_LONGEST_WORD,
        )
    )
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFC(),
            normalizers.Replace("İ", "i"),
            normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=False, lowercase=True),
            normalizers.NFD(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix=_CONTINUATION, cleanup=False)
    return tokenizer


def _count_words(tokenizer: Tokenizer, texts: Iterable[str]) -> Counter[str]:
    words: Counter[str] = Counter()
    for text in texts:
        normalised = tokenizer.normalizer.normalize_str(text)
        words.update(word for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(normalised))
    return words


def train_wordpiece(texts: Iterable[str], vocab_size: int, letters: str = "") -> Tokenizer:
    """Return a tokenizer of at most `vocab_size` pieces whose encodings are `[CLS] pieces [SEP]`.

    Every character of the corpus, and of `letters`, is a piece, both at the head of a word and inside it, so a new word
    spelt with them is never unknown. The result depends on the texts as a multiset only, not on their order or on the
    process.
    Raises ConfigError for a corpus without words and for a vocabulary too small for the corpus' characters.
    """
    from tokenizers import processors, trainers

    key = "model.text_encoder.scratch.vocab_size"
    draft = _untrained({})
    words = _count_words(draft, texts)
    if not words:
        raise ConfigError(
            "model.text_encoder.model_name: 'from-scratch' learns its vocabulary from the training texts, and there are"
            " none; give a dataset that holds texts, or a pretrained model's folder"
        )
    characters = sorted({character for word in words for character in word} | set(letters))
    alphabet = [*characters, *(_CONTINUATION + character for character in characters)]
    least = len(SPECIAL_TOKENS) + len(alphabet)
    if vocab_size < least:
        raise ConfigError(
            f"{key}: {vocab_size} is too small for the {len(characters)} different characters of the corpus"
            f"{' and of reserve_letters' if letters else ''};"
            f" set it to {least} or more"
        )
    # The alphabet is handed over in a fixed order: left to itself the trainer numbers the pieces differently in each
    # process, and then breaks ties between merges differently too. Repeating a word stands for its count.
    trainer = trainers.WordPieceTrainer(
        vocab_size=vocab_size,
        min_frequency=2,
        show_progress=False,
        special_tokens=[*SPECIAL_TOKENS, *alphabet],
        continuing_subword_prefix=_CONTINUATION,
    )
    draft.normalizer = None
    draft.train_from_iterator((" ".join([word] * count) for word, count in sorted(words.items())), trainer)
    tokenizer = _untrained(draft.get_vocab())
    tokenizer.add_special_tokens(list(SPECIAL_TOKENS))
    cls_sep = [(token, tokenizer.token_to_id(token)) for token in (CLS, SEP)]
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{CLS} $A {SEP}", special_tokens=cls_sep)
    return tokenizer
