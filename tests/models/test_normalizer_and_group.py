"""The pose space of the decoders, and the distribution of lengths."""

import numpy as np
import pytest
import torch

from signllm.models.group import LengthDistribution
from signllm.models.normalizer import DEVIATION_FLOOR, PoseNormalizer
from signllm.pose import SKELETON_50


def fitted(frames=50):
    rng = np.random.default_rng(0)
    clips = [
        (rng.normal(size=(frames, 50, 3)).cumsum(0).astype(np.float32) * 0.2, rng.random((frames, 50)) > 0.1)
        for _ in range(4)
    ]
    normalizer = PoseNormalizer()
    normalizer.fit(clips)
    return normalizer, clips


def tensors(clip):
    return torch.from_numpy(clip[0])[None], torch.from_numpy(clip[1])[None]


def test_denormalizing_inverts_normalizing_where_valid():
    normalizer, clips = fitted()
    pose, valid = tensors(clips[0])
    valid[..., [4, 7]] = True  # the wrists, without which hands have no place
    values, mask = normalizer.normalize(pose, valid)
    back = normalizer.denormalize(values)
    seen = mask[..., :150].unflatten(-1, (50, 3)).all(-1) & valid
    assert seen.float().mean() > 0.8
    assert torch.allclose(back[seen], pose[seen], atol=1e-4)


def test_training_values_have_mean_zero_and_deviation_one():
    normalizer, clips = fitted()
    values, masks = zip(*(normalizer.normalize(*tensors(clip)) for clip in clips), strict=True)
    flat, mask = torch.cat(values, 1)[0], torch.cat(masks, 1)[0]
    mean = (flat * mask).sum(0) / mask.sum(0)
    deviation = ((flat.square() * mask).sum(0) / mask.sum(0)).sqrt()
    assert mean.abs().max() < 0.02
    assert (deviation - 1).abs().max() < 0.05


def test_missing_joints_are_masked_and_carry_the_mean():
    normalizer, clips = fitted()
    pose, valid = tensors(clips[1])
    values, mask = normalizer.normalize(pose, valid)
    assert not mask[..., :150].unflatten(-1, (50, 3))[~valid].any()
    assert values[..., :150][~mask[..., :150]].abs().max() < 1e-6


def test_a_bone_without_one_of_its_ends_is_missing():
    normalizer, clips = fitted()
    pose, valid = tensors(clips[0])
    valid[:] = True
    valid[0, 5, 10] = False  # the middle of the left thumb: bones 9-10 and 10-11
    _, mask = normalizer.normalize(pose, valid)
    missing = [normalizer.child_L[bone].item() for bone in (~mask[0, 5, 150:]).nonzero().flatten()]
    assert missing == [10, 11]


def test_the_average_of_two_handshapes_keeps_the_length_of_their_fingers():
    """A bent and a straight finger: squared error alone would meet halfway between, with shorter bones than either."""
    straight = np.zeros((40, 50, 3), np.float32)
    straight[:, 9:13, 0] = [0.1, 0.2, 0.3, 0.4]
    bent = np.zeros((40, 50, 3), np.float32)
    bent[:, 9:13, 1] = [0.1, 0.2, 0.3, 0.4]
    bones = {}
    for lengths in (True, False):
        normalizer = PoseNormalizer(lengths)
        normalizer.fit([(pose, np.ones((40, 50), bool)) for pose in (straight, bent)])
        pair = [torch.from_numpy(pose)[None] for pose in (straight, bent)]
        average = sum(normalizer.normalize(pose, torch.ones(1, 40, 50, dtype=torch.bool))[0] for pose in pair) / 2
        bones[lengths] = normalizer.denormalize(average)[0, 0, 9:13].diff(dim=0).norm(dim=-1)
    assert torch.allclose(bones[True], torch.full((3,), 0.1), atol=1e-3)
    assert torch.allclose(bones[False], torch.full((3,), 0.5**0.5 * 0.1), atol=1e-3)


def test_a_hand_without_its_wrist_is_missing():
    normalizer, clips = fitted()
    pose, valid = tensors(clips[0])
    valid[:] = True
    valid[0, 5, 7] = False
    _, mask = normalizer.normalize(pose, valid)
    joints = normalizer.joints_seen(mask)[0, 5]
    assert not joints[8:29].any()
    assert joints[29:].all()


def test_missing_values_do_not_change_the_statistics():
    _, clips = fitted()
    spoilt = [(np.where(valid[..., None], pose, 1e6).astype(np.float32), valid) for pose, valid in clips]
    first, second = PoseNormalizer(), PoseNormalizer()
    first.fit(clips)
    second.fit(spoilt)
    assert torch.equal(first.mean_V, second.mean_V)


def test_values_that_never_move_are_divided_by_the_floor():
    normalizer = PoseNormalizer()
    normalizer.fit([(np.ones((9, 50, 3), np.float32), np.ones((9, 50), bool))])
    assert torch.allclose(normalizer.deviation_V, torch.full((190,), DEVIATION_FLOOR))


def waving(periods_s: float, frames: int = 200) -> torch.Tensor:
    """(1, frames, V) all values follow a cosine of so many seconds at 25 frames a second."""
    return torch.cos(torch.arange(frames) * 2 * torch.pi / 25 / periods_s)[None, :, None].repeat(1, 1, 190)


def test_amplitude_amplifies_quick_motion_and_leaves_the_slow_course_and_the_bones():
    normalizer, frames = PoseNormalizer(), torch.tensor([200])
    alike = torch.full((1, 3), 1.5)
    quick, slow = (normalizer.amplified(waving(period), frames, alike)[0, 50:150] for period in (0.5, 20.0))
    assert torch.allclose(quick[:, :150], 1.5 * waving(0.5)[0, 50:150, :150], atol=0.01)
    assert torch.allclose(slow[:, :150], waving(20.0)[0, 50:150, :150], atol=0.01)
    assert torch.equal(quick[:, 150:], waving(0.5)[0, 50:150, 150:])


def test_amplitude_leaves_hands_at_rest_to_the_very_ends_of_a_clip():
    values = torch.full((1, 60, 190), 0.7)
    made = PoseNormalizer().amplified(values, torch.tensor([60]), torch.full((1, 3), 2.0))
    assert torch.allclose(made, values, atol=1e-5)


def test_arms_hands_and_the_rest_of_the_body_are_amplified_each_by_its_own_factor():
    normalizer, frames = PoseNormalizer(), torch.tensor([200, 200])
    amplitude = torch.tensor([[1.5, 2.0, 0.5], [1.0, 1.0, 3.0]])
    made = normalizer.amplified(waving(0.5).repeat(2, 1, 1), frames, amplitude)[:, 50:150, :150].unflatten(-1, (50, 3))
    factors = made.abs().amax((1, 3))
    of_joints = {"nose": 2, "right_elbow": 0, "left_wrist": 0, "left_hand_root": 1, "right_little_4": 1, "neck": 2}
    for joint, part in of_joints.items():
        found = factors[:, SKELETON_50.joints.index(joint)]
        assert torch.allclose(found, amplitude[:, part], atol=0.02), joint


def test_amplitude_of_a_clip_does_not_depend_on_what_is_beyond_its_end():
    normalizer, clips = fitted()
    values = normalizer.normalize(*tensors(clips[0]))[0]
    other = torch.cat([values[:, :30], torch.full_like(values[:, 30:], 9.0)], 1)
    first, second = (
        normalizer.amplified(given, torch.tensor([30]), torch.full((1, 3), 1.5))[:, :30]
        for given in (values[:, :30], other)
    )
    assert torch.allclose(first, second, atol=1e-5)


def test_a_tracking_fault_is_left_out():
    normalizer, clips = fitted()
    pose, valid = tensors(clips[0])
    valid[:] = True
    pose = pose.clone()
    pose[0, 3, 0] = 1000.0
    _, mask = normalizer.normalize(pose, valid)
    assert not mask[0, 3, :3].any()
    assert mask[0, 4, :3].all()


def test_the_length_likelihood_is_best_at_the_true_distribution():
    frames = torch.tensor(np.exp(np.random.default_rng(0).normal(4.0, 0.5, 4000)))

    def likelihood(mean, log_deviation):
        ones = torch.ones(len(frames))
        return LengthDistribution(mean * ones, log_deviation * ones).negative_log_likelihood(frames).mean()

    best = likelihood(4.0, np.log(0.5))
    assert all(best < likelihood(*other) for other in ((3.5, np.log(0.5)), (4.5, np.log(0.5)), (4.0, 0.3), (4.0, -1.5)))


def test_the_typical_length_is_as_near_to_the_median_as_to_the_mean_of_real_lengths():
    drawn = torch.tensor(np.exp(np.random.default_rng(0).normal(4.0, 0.6, 200_000)))
    typical = LengthDistribution(torch.tensor([4.0]), torch.tensor([0.6]).log()).typical(500)
    assert (typical / drawn).median() == pytest.approx(1.094, abs=0.01)
    assert typical / drawn.mean() == pytest.approx(1 / 1.094, abs=0.01)


def test_the_typical_length_stays_within_bounds():
    length = LengthDistribution(torch.tensor([-3.0, 4.0, 20.0]), torch.full((3,), -4.0))
    assert length.typical(200).tolist() == [4, 55, 200]
