"""Both modes: routing, checkpoints that stand alone, and generation that never sees a reference."""

from dataclasses import replace

import pytest
import torch

from signllm.data.dataset import collate
from signllm.errors import CheckpointError, ConfigError
from signllm.inference import Generator
from signllm.languages import make_prompt
from signllm.models.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from signllm.models.group import LengthModel
from signllm.models.sign_model import MODES
from signllm.training.losses import compute_losses
from signllm.training.setup import build_experiment

TEXTS = ["the book", "ein buch", "tomorrow it rains"]
CODES = ["ASL", "GSL", "ASL"]


@pytest.fixture(params=list(MODES))
def experiment(request, make_config):
    return build_experiment(make_config(f"model.mode={request.param}"))


@pytest.fixture(params=list(MODES))
def drawing_experiment(request, make_config):
    return build_experiment(make_config(f"model.mode={request.param}", "model.pose_decoder.type=flow"))


def shaken(model, by=0.1):
    """Untrained weights hardly depend on the text; move them so that everything matters."""
    torch.manual_seed(5)
    for parameter in model.parameters():
        parameter.data.add_(by * torch.randn_like(parameter))
    return model.eval()


def batch_of(experiment, count=5):
    step = len(experiment.train_set) // count
    return collate([experiment.train_set.sample(index * step) for index in range(count)])


def poses(model, config, texts=TEXTS, codes=CODES, **kwargs):
    return [clip.coordinates for clip in Generator(model, config, "cpu").generate(texts, codes, **kwargs)]


def same(first, second):
    return all(a.shape == b.shape and (a == b).all() for a, b in zip(first, second, strict=True))


def test_generation_is_identical_when_the_references_are_scrambled(experiment):
    """Whatever passes through the model as a target, before or between, leaves no trace in what it generates."""
    model = shaken(experiment.model)
    batch = batch_of(experiment)
    before = poses(model, experiment.config, batch.texts, batch.languages)
    scrambled = replace(
        batch,
        pose_BFJC=torch.randn_like(batch.pose_BFJC) * 7,
        valid_BFJ=torch.rand(batch.valid_BFJ.shape) > 0.5,
        frames_B=batch.frames_B.flip(0),
        glosses=batch.glosses[::-1],
    )
    model(scrambled)
    assert same(before, poses(model, experiment.config, batch.texts, batch.languages))
    lengths = [len(pose) for pose in before]
    assert lengths != batch.frames_B.tolist()


def test_generation_does_not_depend_on_the_data_set_at_all(experiment, tmp_path):
    model = shaken(experiment.model)
    path = tmp_path / "model.pth"
    save_checkpoint(path, Checkpoint(experiment.config, model.extra_state(), model.state_dict()))
    moved = load_checkpoint(path)
    config = moved.config.model_copy(
        update={"data": moved.config.data.model_copy(update={"dataset_path": str(tmp_path / "nowhere")})}
    )
    assert same(poses(model, experiment.config), poses(moved.build_model(averaged=True), config))


def test_different_texts_and_languages_give_different_signing(experiment):
    model = shaken(experiment.model, by=0.5)
    clips = poses(model, experiment.config, ["the book", "the book", "it rains"], ["ASL", "GSL", "ASL"])
    assert not same(clips[:1], clips[1:2])
    assert not same(clips[:1], clips[2:])


def test_a_batch_generates_what_each_text_gives_alone(experiment):
    model = shaken(experiment.model)
    together = poses(model, experiment.config)
    for text, code, clip in zip(TEXTS, CODES, together, strict=True):
        (alone,) = poses(model, experiment.config, [text], [code])
        assert alone.shape == clip.shape
        assert abs(alone - clip).max() < 1e-3


def test_each_clip_of_a_mixed_batch_draws_from_its_own_seed(drawing_experiment):
    """The third text has the second's place among its language's clips: a seed taken by place would be another's."""
    model = shaken(drawing_experiment.model)
    requests = TEXTS
    if model.writes_gloss:
        requests = [make_prompt(text, code) for text, code in zip(TEXTS, CODES, strict=True)]
    together = model.generate(requests, CODES, 40, seeds=[11, 22, 33])
    for request, code, seed, made in zip(requests, CODES, [11, 22, 33], together, strict=True):
        (alone,) = model.generate([request], [code], 40, seeds=[seed])
        (other,) = model.generate([request], [code], 40, seeds=[seed + 1])
        assert made.pose_FJC.shape == alone.pose_FJC.shape
        assert (made.pose_FJC - alone.pose_FJC).abs().max() < 1e-3
        assert (made.pose_FJC - other.pose_FJC).abs().max() > 1e-2


def test_clips_have_all_the_frames_that_the_length_model_predicts(experiment):
    model = shaken(experiment.model)
    batch = batch_of(experiment)
    for route in model.routes(batch):
        source, mask = route.source_BTS, route.mask_BT
        length = route.group.length(route.group.encode(source, mask), mask)
        clips = route.group.generate(source, mask, 200).poses
        assert [len(clip) for clip in clips] == length.typical(200).tolist()
        given = torch.arange(5, 5 + len(mask))
        clips = route.group.generate(source, mask, 200, given).poses
        assert [len(clip) for clip in clips] == given.tolist()


@pytest.mark.parametrize("log_frames", [9.0, 500.0])  # exp of the latter is infinite
def test_no_generated_clip_is_longer_than_max_frames(experiment, log_frames):
    model = shaken(experiment.model)
    for module in model.modules():
        if isinstance(module, LengthModel):
            module.net[-1].bias.data[0] = log_frames
    for longest in (40, 24):
        config = experiment.config.model_copy(
            update={"data": experiment.config.data.model_copy(update={"max_frames": longest})}
        )
        assert [len(pose) for pose in poses(model, config)] == [longest] * 3


def test_the_length_model_is_told_the_natural_lengths(experiment):
    """Whatever augmentation made of the clips, padded or not, in a batch of one language or of both."""
    model = experiment.model.eval()
    batch = batch_of(experiment)
    natural = torch.arange(10, 10 + len(batch))
    output = model(replace(batch, natural_frames_B=natural))
    assert [len(group.rows) for group in output.groups] == ([3, 2] if len(output.groups) == 2 else [5])
    for group in output.groups:
        assert group.natural_frames_B.tolist() == natural[group.rows].tolist()
        assert group.frames_B.tolist() == batch.frames_B[group.rows].tolist()
    with torch.no_grad():
        own, other = (
            compute_losses(model(replace(batch, natural_frames_B=frames_B)), experiment.config).values()
            for frames_B in (natural, natural * 4)
        )
    assert own["length"] != other["length"]
    assert own["reconstruction"] == other["reconstruction"]


def test_the_loss_is_the_same_padded_and_unpadded(experiment):
    model = experiment.model.eval()
    batch = batch_of(experiment)
    extra = 48
    wider = replace(
        batch,
        pose_BFJC=torch.cat([batch.pose_BFJC, torch.full((len(batch), extra, 50, 3), 9.0)], 1),
        valid_BFJ=torch.cat([batch.valid_BFJ, torch.zeros(len(batch), extra, 50, dtype=torch.bool)], 1),
    )
    with torch.no_grad():
        narrow, wide = (compute_losses(model(b), experiment.config) for b in (batch, wider))
    for name, value in narrow.values().items():
        assert wide.values()[name] == pytest.approx(value, abs=1e-5), name
    assert torch.allclose(narrow.reward_B, wide.reward_B, atol=1e-5)


def test_a_torn_checkpoint_is_refused(experiment, tmp_path):
    path = tmp_path / "last_model.pth"
    save_checkpoint(path, Checkpoint(experiment.config, experiment.model.extra_state(), experiment.model.state_dict()))
    whole = path.read_bytes()
    for cut in (len(whole) // 2, 100, 0):
        path.write_bytes(whole[:cut])
        with pytest.raises(CheckpointError, match="torn, or not a checkpoint"):
            load_checkpoint(path)


def test_a_checkpoint_that_names_frozen_keys_loads_at_their_values_only(experiment, tmp_path):
    path = tmp_path / "older.pth"
    save_checkpoint(path, Checkpoint(experiment.config, experiment.model.extra_state(), experiment.model.state_dict()))
    content = torch.load(path, weights_only=True)
    content["config"]["training"]["plc"] |= {"floor": 0.1, "smoothing": 0.5}
    content["config"]["model"]["pose_decoder"]["flow"]["shift"] = 3.0
    torch.save(content, path)
    assert load_checkpoint(path).config == experiment.config
    content["config"]["model"]["pose_decoder"]["flow"]["shift"] = 6.0
    torch.save(content, path)
    with pytest.raises(ConfigError, match=r"older\.pth: model\.pose_decoder\.flow\.shift = 6\.0: fixed at 3\.0"):
        load_checkpoint(path)


def test_a_failed_save_keeps_the_older_file(experiment, tmp_path):
    path = tmp_path / "last_model.pth"
    path.write_bytes(b"older")
    with pytest.raises(Exception, match="pickle"):
        save_checkpoint(path, Checkpoint(experiment.config, {"bad": lambda: 0}, {}))
    assert path.read_bytes() == b"older"
    assert list(tmp_path.iterdir()) == [path]


def test_a_foreign_file_and_a_missing_one_are_refused(tmp_path):
    torch.save({"weights": {}}, tmp_path / "other.pth")
    with pytest.raises(CheckpointError, match="not a SignLLM checkpoint"):
        load_checkpoint(tmp_path / "other.pth")
    with pytest.raises(CheckpointError, match=r"there are: other\.pth"):
        load_checkpoint(tmp_path / "best_model.pth")


def test_a_file_that_would_run_code_is_not_loaded(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    torch.save({"kind": "signllm-checkpoint", "evil": Evil()}, tmp_path / "evil.pth")
    with pytest.raises(CheckpointError):
        load_checkpoint(tmp_path / "evil.pth")
    assert not (tmp_path / "ran").exists()


def test_mlsf_routes_a_mixed_batch_as_if_each_language_came_alone(make_config):
    experiment = build_experiment(make_config())
    model = shaken(experiment.model)
    dataset = experiment.train_set
    picks = [0, 15, 3, 18, 7]
    mixed = collate([dataset.sample(index) for index in picks])
    assert set(mixed.languages) == {"ASL", "GSL"}
    with torch.no_grad():
        rewards = compute_losses(model(mixed), experiment.config).reward_B
        for row, index in enumerate(picks):
            alone = compute_losses(model(collate([dataset.sample(index)])), experiment.config).reward_B
            assert rewards[row].item() == pytest.approx(alone.item(), rel=1e-4)


def test_mlsf_groups_are_independent(make_config):
    """A step on ASL clips moves no weight of the GSL group."""
    experiment = build_experiment(make_config())
    model = experiment.model
    before = {name: p.clone() for name, p in model.groups["GSL"].named_parameters()}
    batch = collate([experiment.train_set.sample(index) for index in range(3)])
    assert set(batch.languages) == {"ASL"}
    compute_losses(model(batch), experiment.config).total.backward()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.grad is not None:
                parameter -= 0.1 * parameter.grad
    assert all(torch.equal(p, before[name]) for name, p in model.groups["GSL"].named_parameters())
    assert any(p.grad is not None for p in model.groups["ASL"].parameters())


def test_mlsf_asks_for_a_language_it_knows(make_config):
    experiment = build_experiment(make_config())
    generator = Generator(experiment.model, experiment.config, "cpu")
    with pytest.raises(ConfigError, match="trained on ASL, GSL only"):
        generator.generate(["x"], "KSL")
    with pytest.raises(ConfigError, match="which sign language"):
        generator.generate(["x"])
    with pytest.raises(ConfigError, match="text is empty"):
        generator.generate(["  "], "ASL")


def test_mlsf_reads_the_language_of_a_known_prompt(make_config):
    experiment = build_experiment(make_config())
    generator = Generator(experiment.model, experiment.config, "cpu")
    clip = generator.generate_clips(["Wie sagt man 'Buch' in Deutscher Gebärdensprache?"])[0]
    assert (clip.request, clip.language) == ("Buch", "GSL")


def test_prompt2langgloss_obeys_the_given_language(make_config):
    experiment = build_experiment(make_config("model.mode=prompt2langgloss"))
    generator = Generator(shaken(experiment.model), experiment.config, "cpu")
    clips = generator.generate_clips(["book", "book"], ["ASL", "GSL"])
    assert [clip.language for clip in clips] == ["ASL", "GSL"]
    assert clips[0].request == "How do you say 'book' in American Sign Language?"
    assert all(clip.gloss is not None for clip in clips)
