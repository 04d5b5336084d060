"""LangGloss vocabulary and beam search."""

import itertools

import pytest
import torch

from signllm.config.schema import GlossDecoderConfig
from signllm.languages import CODES
from signllm.models.gloss import GlossDecoder, GlossVocabulary, written

GLOSSES = ["DRUCK TIEF KOMMEN", "ES-BEDEUTET VIEL WOLKE", "THANK-YOU BOOK", "내일 책 읽다", "YARIN OKUL GİTMEK"]


@pytest.fixture(scope="module")
def vocabulary():
    return GlossVocabulary.train(GLOSSES, 400)


@pytest.mark.parametrize("gloss", GLOSSES)
@pytest.mark.parametrize("code", CODES)
def test_encoding_round_trips_with_its_language(vocabulary, gloss, code):
    ids = vocabulary.encode(gloss, code)
    assert ids[0] == vocabulary.language_ids[code]
    assert ids[-1] == vocabulary.end
    assert vocabulary.decode(ids) == (code, gloss)


def test_frequent_glosses_are_one_piece(vocabulary):
    assert len(vocabulary.encode("BOOK", "ASL")) == 3


def test_the_vocabulary_survives_its_json(vocabulary):
    again = GlossVocabulary(vocabulary.json)
    assert again.encode("VIEL BOOK", "GSL") == vocabulary.encode("VIEL BOOK", "GSL")


def test_langgloss_is_written_as_in_the_paper():
    assert written("ASL", "THANK-YOU BOOK") == "<ASL_THANK-YOU> <ASL_BOOK>"


def decoder_of(vocabulary, **changes):
    torch.manual_seed(3)
    config = GlossDecoderConfig(num_layers=1, max_length=3, **changes)
    decoder = GlossDecoder(config, vocabulary, 16, 2, 0.0).eval()
    for parameter in decoder.parameters():
        parameter.data.add_(0.3 * torch.randn_like(parameter))
    return decoder


@torch.no_grad()
def sequence_score(decoder, memory, mask, ids):
    logits = decoder(memory, mask, torch.tensor([ids]))[0].float()
    blocked = [decoder.vocabulary.pad, decoder.vocabulary.start]
    total = 0.0
    for place, token in enumerate(ids):
        row = logits[place].clone()
        row[blocked if place == 0 else blocked + list(decoder.vocabulary.language_ids.values())] = -torch.inf
        if place == 0:
            only = torch.full_like(row, -torch.inf)
            only[ids[0]] = 0
            row = row + only
        total += float(row.log_softmax(-1)[token])
    return total / len(ids)


def test_a_wide_beam_finds_the_best_sequence_of_all():
    vocabulary = GlossVocabulary.train(["A B", "B A"], 20)
    decoder = decoder_of(vocabulary, beam_size=40)
    memory, mask = torch.randn(1, 4, 16), torch.ones(1, 4, dtype=torch.bool)
    asl = vocabulary.language_ids["ASL"]
    pieces = [i for i in range(vocabulary.size) if i not in (vocabulary.pad, vocabulary.start, vocabulary.end)]
    pieces = [i for i in pieces if i not in vocabulary.language_ids.values()]
    candidates = [[asl, vocabulary.end], *([asl, piece, vocabulary.end] for piece in pieces)]
    best = max(candidates, key=lambda ids: sequence_score(decoder, memory, mask, ids))
    (found,) = decoder.beam_search(memory, mask, [[asl]])
    assert found == best


def test_the_language_can_be_forced_and_is_otherwise_among_those_allowed(vocabulary):
    decoder = decoder_of(vocabulary, beam_size=4)
    memory, mask = torch.randn(3, 5, 16), torch.ones(3, 5, dtype=torch.bool)
    ids = vocabulary.language_ids
    allowed = [[ids["KSL"]], [ids["TSL"]], [ids["ASL"], ids["GSL"]]]
    found = decoder.beam_search(memory, mask, allowed)
    codes = [vocabulary.decode(sequence)[0] for sequence in found]
    assert codes[:2] == ["KSL", "TSL"]
    assert codes[2] in ("ASL", "GSL")
    assert all(sequence[-1] == vocabulary.end for sequence in found)


def test_a_batch_translates_each_clip_as_if_it_were_alone(vocabulary):
    decoder = decoder_of(vocabulary, beam_size=3)
    memory, mask = torch.randn(4, 5, 16), torch.ones(4, 5, dtype=torch.bool)
    allowed = [list(vocabulary.language_ids.values())] * 4
    together = decoder.beam_search(memory, mask, allowed)
    alone = [decoder.beam_search(memory[i : i + 1], mask[i : i + 1], allowed[:1])[0] for i in range(4)]
    assert together == alone
    assert len(set(itertools.chain(*together))) > 2


class ScriptedStack:
    """Stands in for a decoder's layers: the probabilities of a clip's next token depend on the step alone."""

    def __init__(self, width, scripts):
        steps = max(map(len, scripts))
        self.calls, self.probability_BSW = 0, torch.full((len(scripts), steps, width), 1e-9)
        for clip, script in enumerate(scripts):
            for step in range(steps):
                for token, probability in script[min(step, len(script) - 1)].items():
                    self.probability_BSW[clip, step, token] = probability

    def memory_keys_values(self, memory_BTD):
        return [(memory_BTD, memory_BTD)]

    def new_caches(self, *shape):
        return []

    def __call__(self, x_BLD, memory_kvs, mask_BT, caches):
        now_BW = self.probability_BSW[:, min(self.calls, self.probability_BSW.shape[1] - 1)].log()
        self.calls += 1
        return now_BW.repeat_interleave(len(x_BLD) // len(now_BW), dim=0)[:, None]


def scripted_search(vocabulary, *scripts, **changes):
    """(sequences found by a beam of two, one a script; the number of steps that it took)."""
    width = vocabulary.size + vocabulary.size % 2
    decoder = GlossDecoder(GlossDecoderConfig(beam_size=2, max_length=10, **changes), vocabulary, width, 1, 0.0)
    decoder.embedding.weight.data = torch.eye(vocabulary.size, width)
    del decoder.stack
    decoder.stack = ScriptedStack(width, scripts)
    memory, mask = torch.zeros(len(scripts), 1, width), torch.ones(len(scripts), 1, dtype=torch.bool)
    found = decoder.beam_search(memory, mask, [[vocabulary.language_ids["ASL"]]] * len(scripts))
    return found, decoder.stack.calls


@pytest.mark.parametrize(("penalty", "glosses"), [(0.0, 0), (0.5, 0), (1.0, 1)])
def test_the_length_penalty_decides_between_a_short_and_a_long_sequence(vocabulary, penalty, glosses):
    """Probabilities .4 and .3: the longer sequence wins per token only, ln(.3) / 3 > ln(.4) / 2."""
    asl, end, a, b = vocabulary.language_ids["ASL"], vocabulary.end, 20, 21
    script = [{asl: 1.0}, {a: 0.6, end: 0.4}, {end: 0.5, a: 0.25, b: 0.25}]
    (found,), _ = scripted_search(vocabulary, script, length_penalty=penalty)
    assert found == [asl, *[a] * glosses, end]


def test_the_beam_goes_on_while_a_longer_sequence_can_still_win(vocabulary):
    """Two sequences have ended after three steps, but per token a third one becomes more probable than both."""
    asl, end, a, b = vocabulary.language_ids["ASL"], vocabulary.end, 20, 21
    late = [{asl: 1.0}, {a: 0.5, end: 0.4, b: 0.1}, {a: 0.6, end: 0.39}, {end: 0.98}]
    early = [{asl: 1.0}, {end: 0.9, a: 0.06, b: 0.04}, {end: 0.9, a: 0.05, b: 0.05}]
    assert scripted_search(vocabulary, late)[0] == [[asl, a, a, end]]
    assert scripted_search(vocabulary, early, late)[0] == [[asl, end], [asl, a, a, end]]


def test_the_beam_stops_as_soon_as_no_longer_sequence_can_win(vocabulary):
    asl, end, a, b = vocabulary.language_ids["ASL"], vocabulary.end, 20, 21
    early = [{asl: 1.0}, {end: 0.9, a: 0.06, b: 0.04}, {end: 0.9, a: 0.05, b: 0.05}]
    assert scripted_search(vocabulary, early) == ([[asl, end]], 3)


def test_a_further_language_has_a_token_where_it_is_wanted(vocabulary):
    chinese = GlossVocabulary.train(["他 有 姐姐"], 100, ["CSL"])
    ids = GlossVocabulary(chinese.json).encode("他 有 姐姐", "CSL")
    assert chinese.decode(ids) == ("CSL", "他 有 姐姐")
    assert "CSL" not in vocabulary.language_ids
