"""Clips as batches: resampling, prompts, pseudo-gloss, the frame budget, and a pinned order."""

import numpy as np
import pytest
import torch

from signllm.config.schema import DataConfig
from signllm.data.batching import make_batches, make_loader
from signllm.data.dataset import SignDataset, collate, pseudo_gloss
from signllm.data.store import ClipRecord, Store, StoreWriter
from signllm.errors import DataError
from signllm.languages import prompt_text
from signllm.pose import PoseSequence
from signllm.pose.batch import length_mask, round_up

LENGTHS = np.random.default_rng(0).integers(5, 200, 300).tolist()


@pytest.fixture
def store(tmp_path):
    rng = np.random.default_rng(0)
    for code, fps in (("ASL", 25.0), ("TSL", 50.0)):
        with StoreWriter(tmp_path, code, "train") as writer:
            for number, frames in enumerate((30, 50, 120)):
                record = ClipRecord(
                    f"{code}-{number}", "iki elma", code, fps, frames, gloss="TWO APPLE" if number else None
                )
                writer.add(record, PoseSequence.all_valid(rng.normal(size=(frames, 50, 3)), fps))
            writer.finish({})
    return Store(tmp_path)


def test_clips_are_resampled_and_cut(store):
    dataset = SignDataset(store, "train", fps=25.0, max_frames=40)
    assert [dataset.frames(i) for i in range(6)] == [30, 40, 40, 15, 25, 40]
    assert [len(dataset.pose(i)) for i in range(6)] == [30, 40, 40, 15, 25, 40]
    assert dataset.pose(3).fps == 25.0


def test_prompts_are_in_the_language_and_change_with_the_epoch(store):
    dataset = SignDataset(store, "train", fps=25.0)
    prompts = {dataset.sample(3, epoch).prompt for epoch in range(20)}
    assert len(prompts) > 1
    assert {prompt_text(prompt) for prompt in prompts} == {("TSL", "iki elma")}
    assert dataset.sample(3, 5).prompt == dataset.sample(3, 5).prompt


def test_missing_gloss_is_replaced_and_marked(store):
    dataset = SignDataset(store, "train", fps=25.0)
    assert dataset.gloss(0) == ("IKI ELMA", True)
    assert dataset.gloss(1) == ("TWO APPLE", False)
    assert pseudo_gloss("iki elma, ılık!", "TSL") == "İKİ ELMA ILIK"


def test_fewer_samples_are_spread_over_every_language(store):
    dataset = SignDataset(store, "train", fps=25.0, max_samples=2)
    assert [dataset.record(i).id for i in range(len(dataset))] == ["ASL-0", "ASL-2", "TSL-0", "TSL-2"]


def test_a_missing_split_names_what_there_is(store):
    with pytest.raises(DataError, match="ASL/train, TSL/train"):
        SignDataset(store, "dev", fps=25.0)


def test_collating_pads_with_invalid_frames(store):
    dataset = SignDataset(store, "train", fps=25.0)
    batch = collate([dataset.sample(0), dataset.sample(1)])
    assert batch.pose_BFJC.shape == (2, 64, 50, 3)
    assert torch.equal(batch.valid_BFJ.all(-1), length_mask(torch.tensor([30, 50]), 64))
    assert batch.num_frames == 80
    picked = batch.select([0])
    assert picked.ids == ["ASL-0"]
    assert picked.pose_BFJC.shape[1] == 32


def test_a_batch_knows_the_natural_lengths_of_clips_at_another_pace(store):
    dataset = SignDataset(store, "train", fps=25.0, max_frames=110, duration_warp=0.5)
    natural = [30, 50, 110, 15, 25, 60]
    batch = collate([dataset.sample(index, epoch=1) for index in range(6)])
    assert batch.natural_frames_B.tolist() == natural
    assert all(played != own for played, own in zip(batch.frames_B[:2].tolist(), natural, strict=False))
    assert batch.select([4, 1]).natural_frames_B.tolist() == [25, 50]
    assert batch.to(torch.device("cpu")).natural_frames_B.tolist() == natural


@pytest.mark.parametrize("epoch", [0, 1])
def test_every_clip_stands_in_one_batch_within_both_limits(epoch):
    batches = make_batches(LENGTHS, batch_size=8, frame_budget=800, seed=1, epoch=epoch)
    assert sorted(index for batch in batches for index in batch) == list(range(300))
    for batch in batches:
        assert len(batch) <= 8
        assert len(batch) * round_up(max(LENGTHS[i] for i in batch)) <= 800


def test_the_order_is_a_function_of_seed_and_epoch():
    def order(seed, epoch):
        return make_batches(LENGTHS, 8, 800, seed, epoch)

    assert order(1, 2) == order(1, 2)
    assert order(1, 2) != order(1, 3)
    assert order(1, 2) != order(2, 2)


def test_little_of_a_batch_is_padding():
    batches = make_batches(LENGTHS, 16, 3200, 0, 0)
    padded = sum(len(batch) * round_up(max(LENGTHS[i] for i in batch)) for batch in batches)
    shuffled = np.random.default_rng(0).permutation(300).reshape(-1, 12)
    random = sum(12 * round_up(max(LENGTHS[i] for i in batch)) for batch in shuffled)
    assert padded < 0.75 * random


def test_blocks_put_clips_of_a_language_together_and_lose_none():
    languages = [("ASL", "GSL", "KSL", "TSL")[n % 4] for n in range(300)]

    def batches(block, of=languages):
        return make_batches(LENGTHS, 8, 3200, 0, 0, of, block)

    def mean_languages(found):
        return np.mean([len({languages[i] for i in batch}) for batch in found])

    blocked = batches(4)
    assert sorted(index for batch in blocked for index in batch) == list(range(300))
    assert all(len(batch) <= 8 and len(batch) * round_up(max(LENGTHS[i] for i in batch)) <= 3200 for batch in blocked)
    assert mean_languages(blocked) < 2.9 < 3.3 < mean_languages(batches(1))
    assert len({frozenset(languages[i] for i in batch) for batch in blocked}) > 5  # still mixed over steps
    assert batches(1) == make_batches(LENGTHS, 8, 3200, 0, 0)
    assert batches(4, ["ASL"] * 300) == make_batches(LENGTHS, 8, 3200, 0, 0)


def test_a_clip_longer_than_the_budget_gets_a_batch_of_its_own():
    assert sorted(map(len, make_batches([500, 10, 10], 4, 100, 0, 0))) == [1, 2]


def test_the_loader_can_start_in_the_middle_of_an_epoch(store):
    dataset = SignDataset(store, "train", fps=25.0)
    loader, sampler = make_loader(dataset, DataConfig(batch_size=2), seed=0)
    sampler.epoch = 3
    whole = [batch.ids for batch in loader]
    sampler.taken = [[1, 2]]
    assert [batch.ids for batch in loader] == whole[2:]
    assert len(sampler) == len(whole) - 2


def test_worker_processes_yield_the_same_batches(store):
    dataset = SignDataset(store, "train", fps=25.0)
    alone, _ = make_loader(dataset, DataConfig(batch_size=2), seed=0)
    workers, _ = make_loader(dataset, DataConfig(batch_size=2, num_workers=1), seed=0)
    for a, b in zip(alone, workers, strict=True):
        assert a.prompts == b.prompts
        assert torch.equal(a.pose_BFJC, b.pose_BFJC)


def test_statistics_come_from_exactly_as_many_clips_as_asked_for(tmp_path):
    with StoreWriter(tmp_path, "ASL", "train") as writer:
        for number in range(13):
            clip = PoseSequence.all_valid(np.full((2, 50, 3), float(number)), 25.0)
            writer.add(ClipRecord(f"{number:02}", "book", "ASL", 25.0, 2), clip)
        writer.finish({})
    dataset = SignDataset(Store(tmp_path), "train", fps=25.0)

    def seen(most=None):
        return [int(pose[0, 0, 0]) for pose, _ in dataset.clips("ASL", most)]

    assert seen() == seen(13) == seen(99) == list(range(13))
    assert seen(7) == [0, 2, 4, 6, 8, 10, 12]
    assert len(seen(12)) == 12
    assert seen(5) == [0, 3, 6, 9, 12]
