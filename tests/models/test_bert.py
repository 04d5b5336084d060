"""The BERT of the from-scratch text encoder is transformers' own, bit for bit."""

import dataclasses
import json

import pytest
import torch

from signllm.models.bert import Bert, BertOptions

OPTIONS = BertOptions(
    vocab_size=90,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=64,
    max_position_embeddings=20,
    pad_token_id=3,
    hidden_dropout_prob=0.1,
    attention_probs_dropout_prob=0.2,
)


@pytest.fixture(scope="module")
def pair():
    """transformers' model and ours from one seed, and the random number that each leaves next."""
    from transformers import BertConfig, BertModel

    torch.manual_seed(5)
    theirs = BertModel(BertConfig(**dataclasses.asdict(OPTIONS)), add_pooling_layer=False)
    after_theirs = torch.rand(1)
    torch.manual_seed(5)
    ours = Bert(OPTIONS)
    return theirs, ours, after_theirs, torch.rand(1)


def test_a_new_model_draws_the_same_weights_and_leaves_the_same_random_numbers(pair):
    theirs, ours, after_theirs, after_ours = pair
    expected = theirs.state_dict()
    assert list(ours.state_dict()) == list(expected)
    assert all(torch.equal(value, expected[name]) for name, value in ours.state_dict().items())
    assert torch.equal(after_theirs, after_ours)
    assert not ours.state_dict()["embeddings.word_embeddings.weight"][OPTIONS.pad_token_id].any()


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("padded", [False, True])
def test_outputs_and_gradients_are_the_same(pair, training, padded):
    generator = torch.Generator().manual_seed(1)
    ids_BT = torch.randint(4, OPTIONS.vocab_size, (3, 9), generator=generator)
    mask_BT = torch.ones_like(ids_BT)
    if padded:
        mask_BT[0, 6:] = mask_BT[2, 2:] = 0
        ids_BT[mask_BT == 0] = OPTIONS.pad_token_id
    found = []
    for model in pair[:2]:
        model.train(training).zero_grad()
        torch.manual_seed(2)
        text_BTD = model(input_ids=ids_BT, attention_mask=mask_BT).last_hidden_state
        (text_BTD * text_BTD.detach().cos()).sum().backward()
        found.append([text_BTD, *(parameter.grad for parameter in model.parameters())])
    assert all(torch.equal(theirs, ours) for theirs, ours in zip(*found, strict=True))


def test_a_configuration_of_transformers_is_read_and_ours_is_read_by_transformers():
    from transformers import AutoConfig

    written = json.loads(OPTIONS.to_json_string())
    theirs = AutoConfig.for_model(written.pop("model_type"), **written)
    assert BertOptions.of(json.loads(theirs.to_json_string(use_diff=False))) == OPTIONS


def test_what_this_model_cannot_compute_is_refused():
    values = dataclasses.asdict(OPTIONS)
    with pytest.raises(ValueError, match="hidden_act 'relu'"):
        BertOptions.of({**values, "hidden_act": "relu"})
    with pytest.raises(ValueError, match="not a multiple"):
        BertOptions.of({**values, "num_attention_heads": 5})
    values.pop("hidden_size")
    with pytest.raises(TypeError, match="hidden_size"):
        BertOptions.of(values)
