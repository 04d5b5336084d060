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
