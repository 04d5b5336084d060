"""Long sequences in compressed blocks read as the tuples they stand for."""

import pickle

import pytest

from signllm.packed import FEW, Packed, packed, packed_as

ITEMS = [(f"folder/clip{n:06}", n) for n in range(FEW + 77)]


def test_a_few_items_are_a_tuple_and_many_are_packed():
    assert packed(iter(ITEMS[: FEW - 1])) == tuple(ITEMS[: FEW - 1])
    assert isinstance(packed(ITEMS[:FEW]), Packed)
    many = packed(ITEMS)
    assert packed(many) is many


@pytest.mark.parametrize("where", [0, 255, 256, FEW, len(ITEMS) - 1, -1, -len(ITEMS)])
def test_an_item_is_found_by_its_place(where):
    many = packed(ITEMS)
    assert (len(many), many[where]) == (len(ITEMS), ITEMS[where])


@pytest.mark.parametrize("where", [len(ITEMS), -len(ITEMS) - 1])
def test_a_place_that_is_not_there_is_refused(where):
    with pytest.raises(IndexError):
        packed(ITEMS)[where]


@pytest.mark.parametrize("part", [slice(3), slice(250, 600), slice(None), slice(-5, None), slice(None, None, -1)])
def test_slices_are_those_of_a_list(part):
    assert list(packed(ITEMS)[part]) == ITEMS[part]


def test_it_is_read_in_order_and_by_several_at_once():
    many = packed(ITEMS)
    assert [one for pair in zip(many, many, strict=True) for one in pair] == [item for item in ITEMS for _ in (0, 1)]


def test_equality_looks_at_every_item():
    many = packed(ITEMS)
    assert many == packed(iter(ITEMS))
    assert many != packed([*ITEMS[:-1], "another"])
    assert many != ITEMS[:-1]


def test_it_can_be_sent_to_another_process():
    assert pickle.loads(pickle.dumps(packed(ITEMS))) == ITEMS


def test_repeating_items_cost_a_few_bytes_each():
    assert len(pickle.dumps(packed(ITEMS))) < 12 * len(ITEMS) < len(pickle.dumps(ITEMS))


def test_items_are_held_as_another_sequence_holds_its_own():
    nameless = [lambda: None]
    assert packed_as((), nameless) == tuple(nameless)
    assert isinstance(packed_as(packed(ITEMS), ITEMS), Packed)
