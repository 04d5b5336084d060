"""The network whose guess fitting starts from, and its file."""

import numpy as np
import pytest

from signllm.data.demo import animate
from signllm.errors import DataError
from signllm.lifting.bones import CHILDREN, MIRROR, NUM_BONES, bone_lengths, bone_vectors
from signllm.lifting.start import WEIGHTS_FILE, StartNetwork, _read_weights, guess_directions, write_weights
from signllm.pose import SKELETON_50


@pytest.fixture(scope="module")
def clip():
    return animate(["MOTHER", "BOOK"], "ASL", signer=2)


def guess(clip):
    flat = clip.coordinates[..., :2]
    return guess_directions(flat, clip.valid, bone_lengths(flat, clip.valid))


def test_the_weights_are_a_small_file_without_pickle():
    assert WEIGHTS_FILE.stat().st_size < 200_000
    with np.load(WEIGHTS_FILE, allow_pickle=False) as arrays:
        assert {arrays[name].dtype.name for name in arrays.files} == {"float16"}
        assert set(arrays.files) == set(StartNetwork().state_dict())


def test_arms_are_guessed_in_front_of_the_body(clip):
    way = bone_vectors(clip.coordinates, clip.valid)[0]
    truth, guessed = way / np.linalg.norm(way, axis=-1, keepdims=True), guess(clip)
    arms = np.isin(CHILDREN, (3, 4, 6, 7))
    assert np.linalg.norm(guessed - truth, axis=-1)[:, arms].mean() < 0.35
    deep = arms & (np.abs(truth[..., 2]) > 0.2)
    assert (np.sign(guessed[..., 2]) == np.sign(truth[..., 2]))[deep].mean() > 0.85


def test_the_mirrored_signer_gets_the_mirrored_guess(clip):
    mirrored = clip.replace(coordinates=clip.coordinates[:, list(SKELETON_50.mirror)] * [-1, 1, 1])
    np.testing.assert_allclose(guess(mirrored), guess(clip)[:, MIRROR] * [-1, 1, 1], atol=1e-5)


def test_what_stands_where_a_joint_is_missing_does_not_matter(clip):
    flat, valid = clip.coordinates[..., :2].copy(), clip.valid.copy()
    valid[5:9, 29:] = False
    lengths = np.ones(NUM_BONES)
    before = guess_directions(flat, valid, lengths)
    flat[5:9, 29:] = 7.0
    np.testing.assert_array_equal(guess_directions(flat, valid, lengths), before)


def test_weights_are_read_as_they_were_written_and_damaged_ones_are_refused(tmp_path):
    network, path = StartNetwork(), tmp_path / "start.npz"
    write_weights(network, path)
    for name, weight in _read_weights(path).items():
        np.testing.assert_allclose(weight, network.state_dict()[name], atol=1e-3)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(DataError, match=r"start\.npz: the start of lifting cannot be read"):
        _read_weights(path)
