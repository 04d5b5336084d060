"""Random streams: a training's own numbers, whatever else draws meanwhile."""

import pytest
import torch

from signllm.learning.seeding import RandomStream


def test_a_stream_draws_what_its_seed_says_and_goes_on_where_it_stood():
    torch.manual_seed(5)
    expected = torch.rand(3), torch.rand(2)
    torch.manual_seed(0)
    stream = RandomStream(5)
    with stream.drawing():
        first = torch.rand(3)
    torch.rand(7)
    with stream.drawing():
        second = torch.rand(2)
    assert torch.equal(first, expected[0])
    assert torch.equal(second, expected[1])


def test_a_stream_leaves_the_numbers_outside_as_they_are():
    torch.manual_seed(0)
    expected = torch.rand(4)
    torch.manual_seed(0)
    with RandomStream(5).drawing():
        torch.rand(3)
    with pytest.raises(KeyError), RandomStream(6).drawing():
        raise KeyError
    assert torch.equal(torch.rand(4), expected)
