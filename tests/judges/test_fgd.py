"""The Fréchet distance of clips' latents, and the autoencoder that makes them."""

import numpy as np
import pytest
import torch

from signllm.errors import CheckpointError, ConfigError, DataError
from signllm.judges.fgd_encoder import FgdEncoder, load_fgd_encoder, train_fgd_encoder
from signllm.metrics.frechet import fgd_preset, frechet_distance
from signllm.metrics.preset import measure_pairs
from signllm.metrics.registry import find_presets
from signllm.pose import PoseSequence
from tests.helpers.clips import frozen, signing, with_missing
from tests.helpers.literal_metrics import literal_fgd


def sign(seed, frames=25):
    """A clip whose hands are where no other clip has them, so that a latent has something to tell."""
    clip = signing(seed, frames)
    shift = np.random.default_rng(seed).normal(0, 0.4, 3) * (np.arange(50) >= 8)[:, None]
    return clip.replace(coordinates=clip.coordinates + shift)


SMALL = {"steps": 60, "latent_size": 4, "width": 16}


@pytest.fixture(scope="module")
def encoder():
    return train_fgd_encoder([sign(seed) for seed in range(30)], **SMALL)


def fgd(encoder, hypotheses, references):
    preset = fgd_preset(encoder)
    sums = measure_pairs(hypotheses, references, [preset])["fgd"].sum(0)
    return float(preset.conclude(sums)[0])


def test_equals_the_formula_with_a_matrix_square_root(encoder):
    hypotheses = [with_missing(sign(seed + 100, 20), 0.1) for seed in range(15)]
    references = [sign(seed + 200) for seed in range(15)]
    assert fgd(encoder, hypotheses, references) == pytest.approx(literal_fgd(encoder, hypotheses, references), rel=1e-6)


def test_gaussians_with_a_known_distance():
    spread = np.diag([4.0, 9.0])
    assert frechet_distance(np.zeros(2), spread, np.array([3.0, 4.0]), spread) == pytest.approx(25)
    assert frechet_distance(np.zeros(2), spread, np.zeros(2), np.eye(2)) == pytest.approx(1 + 4)


def test_distances_of_many_gaussians_at_once_are_those_of_each():
    rng = np.random.default_rng(0)
    means, roots = rng.normal(size=(2, 5, 3)), rng.normal(size=(2, 5, 3, 3))
    spreads = roots @ np.swapaxes(roots, -1, -2)
    together = frechet_distance(means[0], spreads[0], means[1], spreads[1])
    assert together.shape == (5,)
    for n in range(5):
        each = frechet_distance(means[0, n], spreads[0, n], means[1, n], spreads[1, n])
        assert together[n] == pytest.approx(each)


def test_order_does_not_matter_and_frozen_clips_are_far(encoder):
    references = [sign(seed + 300) for seed in range(30)]
    others = [sign(seed + 400) for seed in range(30)]
    mean = np.mean([clip.coordinates for clip in references], axis=0)
    still = [frozen(clip.replace(coordinates=mean)) for clip in references]
    assert fgd(encoder, references[::-1], references) == pytest.approx(0, abs=1e-6)
    assert fgd(encoder, still, references) > 2 * fgd(encoder, others, references)


def test_one_clip_has_no_covariance(encoder):
    assert np.isnan(fgd(encoder, [signing(1)], [signing(2)]))


def test_training_learns_and_repeats():
    clips = [sign(seed, 20) for seed in range(12)]
    losses = []
    first = train_fgd_encoder(clips, seed=3, progress=losses.append, **SMALL)
    state = torch.random.get_rng_state()
    assert train_fgd_encoder(clips, seed=3, **SMALL).hash() == first.hash()
    assert train_fgd_encoder(clips, seed=4, **SMALL).hash() != first.hash()
    assert (torch.random.get_rng_state() == state).all()
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:5])


def test_padding_and_missing_joints_do_not_reach_the_latent(encoder):
    short, long = with_missing(signing(1, 9), 0.2), signing(2, 30)
    with torch.inference_mode():
        alone = encoder.latent(*encoder.batch([short]))[0]
        padded = encoder.latent(*encoder.batch([short, long]))[0]
    assert torch.allclose(alone, padded, atol=1e-5)
    turned = short[::-1][::-1]
    assert np.allclose(encoder.encode(turned), encoder.encode(short))


def test_file_and_signature_carry_the_hash(encoder, tmp_path):
    path = tmp_path / "encoder.pt"
    encoder.save(path)
    loaded = load_fgd_encoder(path)
    assert (loaded.encode(signing(7)) == encoder.encode(signing(7))).all()
    (preset,) = find_presets(["fgd"], fgd_encoder=loaded)
    assert f"|encoder:{encoder.hash()}|" in preset.signature("signllm-50", "shoulder_widths", 25)
    assert "NSLP-G" in preset.formula


def test_clips_are_encoded_at_the_frame_rate_of_the_encoder(encoder):
    clip = signing(5, 50, fps=50)
    assert np.allclose(encoder.encode(clip), encoder.encode(clip.resampled(25)))


def test_an_encoder_keeps_the_frame_rate_it_was_trained_at(tmp_path):
    clips = [sign(seed, 30) for seed in range(4)]
    halved = train_fgd_encoder(clips, fps=12.5, **{**SMALL, "steps": 3})
    assert halved.fps == 12.5
    assert np.allclose(halved.encode(clips[0]), halved.encode(clips[0].resampled(12.5)))
    assert halved.hash() != train_fgd_encoder(clips, fps=25, **{**SMALL, "steps": 3}).hash()
    halved.save(tmp_path / "encoder.pt")
    assert load_fgd_encoder(tmp_path / "encoder.pt").fps == 12.5


def test_refuses_what_does_not_fit(encoder, tmp_path):
    with pytest.raises(ConfigError, match="needs the file of an encoder"):
        find_presets(["fgd"])
    with pytest.raises(DataError, match="pixels"):
        encoder.encode(signing(1).replace(unit="pixels"))
    with pytest.raises(DataError, match="at least two"):
        train_fgd_encoder([signing(1)])
    with pytest.raises(DataError, match="clip 1"):
        train_fgd_encoder([signing(1), PoseSequence.all_valid(np.zeros((5, 50, 2)), 25)])
    path = tmp_path / "encoder.pt"
    with pytest.raises(CheckpointError, match="no such file"):
        load_fgd_encoder(path)
    path.write_bytes(b"torn")
    with pytest.raises(CheckpointError, match="not a readable FGD encoder"):
        load_fgd_encoder(path)
    encoder.save(path)
    content = torch.load(path, weights_only=True)
    content["weights"]["to_latent.bias"] += 1
    torch.save(content, path)
    with pytest.raises(CheckpointError, match="hash"):
        load_fgd_encoder(path)


def test_a_joint_that_is_missing_is_not_a_joint_at_zero(encoder):
    whole = signing(1, 25)
    valid = np.ones((25, 50), bool)
    valid[:, 8:29] = False
    zeroed = whole.replace(coordinates=np.where(valid[..., None], whole.coordinates, 0))
    assert isinstance(encoder, FgdEncoder)
    assert not np.allclose(encoder.encode(whole.replace(valid=valid)), encoder.encode(zeroed), atol=1e-2)
