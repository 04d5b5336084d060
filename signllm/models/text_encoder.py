"""The text encoder: texts in, one vector a token out, from a pretrained BERT-family model or a small one from scratch.

B texts, T tokens (the two special ones included), D width. Features at padded positions are zero. Frozen features are
always computed in float32, whatever autocast is on, so that what the cache holds does not depend on who asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
import torch
from torch import Tensor, nn

from signllm.config.schema import FROM_SCRATCH
from signllm.errors import CheckpointError, ConfigError
from signllm.models.bert import Bert, BertOptions
from signllm.models.feature_cache import FeatureCache
from signllm.models.pretrained import PLACE, WAYS_ON, load_pretrained, quiet
from signllm.models.wordpiece import PAD, TOOLKIT_LETTERS, train_wordpiece

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedModel

_STATE_VERSION = 1
_FROZEN_BATCH = 32  # texts of like length that a frozen encoder runs at once
_NOT_THE_FEATURES = ("_name_or_path", "architectures", "dtype", "torch_dtype", "transformers_version")


@dataclass(frozen=True)
class Reading:
    """What the encoder reads of a text. `lost`: the end that max_length cuts off; `unknown`: what it cannot spell."""

    lost: str = ""
    unknown: tuple[str, ...] = ()


class TextEncoder(nn.Module):
    """A text model with its tokenizer. Make one by `create` or `from_checkpoint_state`.

    `width` is D, `name` says where the model comes from, `frozen` whether no weight of it is trained. A frozen encoder
    stays in eval mode, also under `.train()`: dropout would make its features differ from call to call.
    """

    def __init__(self, model: PreTrainedModel | Bert, tokenizer: Tokenizer, meta: dict[str, Any], trainable: int | str):
        """`meta`: name, from_scratch, max_length, pad_id, pad_token. `trainable`: the layers to train, see `create`."""
        super().__init__()
        if getattr(model, "pooler", None) is not None:
            # It makes one vector a text, which nothing here uses; a module may be replaced by None.
            model.pooler = None  # type: ignore[assignment]
        self.model = model
        self.meta = meta
        self.name: str = meta["name"]
        self.max_length: int = meta["max_length"]
        self.width: int = model.config.hidden_size
        self._tokenizer = tokenizer
        tokenizer.enable_truncation(self.max_length)
        tokenizer.enable_padding(direction="right", pad_id=meta["pad_id"], pad_token=meta["pad_token"])
        self.frozen = False
        self._fingerprint: tuple[tuple, str] | None = None
        self._set_trainable(trainable)
        self.train()

    @classmethod
    def create(cls, config: Any, corpus_texts: Iterable[str] | None) -> TextEncoder:
        """Make a new encoder as `config` (TextEncoderConfig) says; `corpus_texts` is read for "from-scratch" only.

        `config.trainable_layers`: 0 keeps the whole model frozen; n trains the last n layers and nothing else of it
        (embeddings stay); "all" trains everything; "auto" is 0 for a pretrained model, "all" from scratch.
        Raises ConfigError when the model cannot be had, is no encoder, or does not fit max_length or trainable_layers.
        """
        if config.model_name == FROM_SCRATCH:
            return _from_scratch(cls, config, corpus_texts)
        found = load_pretrained(config.model_name)
        _check_encoder(found.model, config)
        meta = {
            "name": found.name,
            "from_scratch": False,
            "max_length": config.max_length,
            "pad_id": found.pad_id,
            "pad_token": found.pad_token,
        }
        return cls(found.model, found.tokenizer, meta, config.trainable_layers)

    @classmethod
    def from_checkpoint_state(cls, config: Any, state: dict) -> TextEncoder:
        """Build the encoder of `state_for_checkpoint` without a download; its weights come by `load_state_dict`.

        Only `trainable_layers` is read from `config`; model, tokenizer and max_length are the checkpoint's own.
        Raises CheckpointError when the state cannot be read, ConfigError when `trainable_layers` does not fit.
        """
        from tokenizers import Tokenizer

        if state.get("version") != _STATE_VERSION:
            raise CheckpointError(
                f"the checkpoint's text encoder has format {state.get('version')}, this version reads {_STATE_VERSION}"
            )
        try:
            meta = dict(state["meta"])
            options = dict(state["model_config"])
            model = Bert(BertOptions.of(options)) if meta["from_scratch"] else _pretrained_architecture(options)
            tokenizer = Tokenizer.from_str(state["tokenizer"])
            _check_fit(model.config, tokenizer, meta)
        except Exception as error:  # third-party code over a file's content: any type may come
            raise CheckpointError(
                f"the checkpoint's text encoder cannot be built ({type(error).__name__}: {error}); was the checkpoint"
                " written with a newer version of transformers?"
            ) from error
        return cls(model, tokenizer, meta, config.trainable_layers)

    def state_for_checkpoint(self) -> dict:
        """What `from_checkpoint_state` needs beside the weights: dicts, strings and numbers only."""
        return {
            "version": _STATE_VERSION,
            "meta": dict(self.meta),
            "model_config": {key: value for key, value in self._model_config().items() if key != "_name_or_path"},
            "tokenizer": self._tokenizer.to_str(),
        }

    def _model_config(self) -> dict[str, Any]:
        return orjson.loads(self.model.config.to_json_string(use_diff=False))

    @property
    def fingerprint(self) -> str:
        """A hash of weights, architecture, tokenizer and max_length: equal exactly where the features are equal.

        Costs one pass over the weights, again after each change of them (loading, training, moving).
        """
        tensors = self.model.state_dict()
        stamp = tuple((tensor.data_ptr(), tensor._version) for tensor in tensors.values())
        if self._fingerprint is None or self._fingerprint[0] != stamp:
            kept = {key: value for key, value in self._model_config().items() if key not in _NOT_THE_FEATURES}
            digest = hashlib.sha256(orjson.dumps([kept, self.max_length], option=orjson.OPT_SORT_KEYS))
            digest.update(self._tokenizer.to_str().encode())
            for name, tensor in sorted(tensors.items()):
                digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
                digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
            self._fingerprint = stamp, digest.hexdigest()
        return self._fingerprint[1]

    def train(self, mode: bool = True) -> TextEncoder:
        """As nn.Module.train, but a frozen encoder stays in eval mode."""
        return super().train(mode and not self.frozen)

    def freeze(self) -> None:
        """Train no weight of it from now on, and stay in eval mode."""
        self.model.requires_grad_(False)
        self.frozen = True
        self.train(False)

    def lost_texts(self, texts: Iterable[str]) -> list[list[str]]:
        """Groups of different texts that read as the same tokens because characters or words of them are unknown."""
        unknown = self._unknown_ids()
        alike: dict[tuple[int, ...], list[str]] = {}
        for text in dict.fromkeys(texts):
            ids = tuple(self._tokenizer.encode(text).ids)
            if unknown & set(ids):
                alike.setdefault(ids, []).append(text)
        return [group for group in alike.values() if len(group) > 1]

    def _unknown_ids(self) -> set[int | None]:
        return {self._tokenizer.token_to_id(token) for token in ("[UNK]", "<unk>")} - {None}

    def readings(self, texts: Sequence[str]) -> list[Reading]:
        """What the encoder loses of each text."""
        unknown, found = self._unknown_ids(), []
        for text, encoding in zip(texts, self._tokenizer.encode_batch(list(texts)), strict=True):
            ends = [end for _, end in encoding.offsets]
            lost = text[max(ends, default=0) :].strip() if encoding.overflowing else ""
            spans = zip(encoding.ids, encoding.offsets, strict=True)
            parts = dict.fromkeys(text[start:end] for number, (start, end) in spans if number in unknown)
            found.append(Reading(lost, tuple(part for part in parts if part.strip())))
        return found

    def tokenize(self, texts: Sequence[str]) -> dict[str, Tensor]:
        """Return input_ids and attention_mask (B, T) int64 on the CPU.

        T is the longest text's number of tokens, at most max_length (longer texts lose their end); it is not rounded up
        to a multiple of anything.
        """
        encodings = self._tokenizer.encode_batch(list(texts))
        width = len(encodings[0]) if encodings else 0
        ids = torch.tensor([encoding.ids for encoding in encodings], dtype=torch.long)
        mask = torch.tensor([encoding.attention_mask for encoding in encodings], dtype=torch.long)
        return {"input_ids": ids.reshape(-1, width), "attention_mask": mask.reshape(-1, width)}

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return text_BTD float32; zero where attention_mask is 0. Without gradient when frozen."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            text_BTD = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            return text_BTD.float() * attention_mask.unsqueeze(-1)

    def encode(self, texts: Sequence[str], cache: FeatureCache | None = None) -> tuple[Tensor, Tensor]:
        """Return text_BTD float32 and mask_BT bool (True at tokens) on the module's device.

        With a `cache`, texts met before are read from it and new ones are added; only a frozen encoder may have one
        (ValueError). The same text gives the same features up to about 1e-6 of their size: the sums inside the model
        are rounded differently in batches of other widths, cached or not.
        """
        if cache is not None and not self.frozen:
            raise ValueError("features of a text encoder that is being trained must not be cached")
        device = next(self.model.parameters()).device
        if not texts:
            empty_BT = torch.zeros(0, 0, dtype=torch.bool, device=device)
            return torch.zeros(0, 0, self.width, device=device), empty_BT
        if self.frozen:
            features = self._frozen_features(list(texts), cache, device)
            lengths_B = torch.tensor([len(feature_TD) for feature_TD in features])
            text_BTD = nn.utils.rnn.pad_sequence(features, batch_first=True).to(device)
            mask_BT = torch.arange(text_BTD.shape[1]) < lengths_B[:, None]
            return text_BTD, mask_BT.to(device)
        tokens = {key: value.to(device) for key, value in self.tokenize(texts).items()}
        return self(**tokens), tokens["attention_mask"].bool()

    def _frozen_features(self, texts: list[str], cache: FeatureCache | None, device: torch.device) -> list[Tensor]:
        """Return each text's features (T, D), every different text computed once at most."""
        known: dict[str, Tensor] = {}
        wanted = list(dict.fromkeys(texts))
        if cache is not None:
            found = cache.read(self.fingerprint, wanted, self.width)
            known = {
                text: torch.from_numpy(feature_TD.copy())
                for text, feature_TD in zip(wanted, found, strict=True)
                if feature_TD is not None
            }
        new = sorted((text for text in wanted if text not in known), key=len)
        for first in range(0, len(new), _FROZEN_BATCH):
            batch = new[first : first + _FROZEN_BATCH]
            tokens = {key: value.to(device) for key, value in self.tokenize(batch).items()}
            with torch.autocast(device.type, enabled=False):
                text_BTD = self(**tokens)
            lengths = tokens["attention_mask"].sum(1).tolist()
            features = [feature_TD[:length] for feature_TD, length in zip(text_BTD, lengths, strict=True)]
            if cache is not None:
                features = [feature_TD.cpu() for feature_TD in features]
                cache.write(self.fingerprint, batch, [feature_TD.numpy() for feature_TD in features])
            known.update(zip(batch, features, strict=True))
        return [known[text] for text in texts]

    def _set_trainable(self, trainable: int | str) -> None:
        key = "model.text_encoder.trainable_layers"
        if trainable == "auto":
            trainable = "all" if self.meta["from_scratch"] else 0
        if isinstance(trainable, str):  # "all": the schema knows no other word
            self.model.requires_grad_(True)
            return
        self.model.requires_grad_(False)
        if trainable == 0:
            self.frozen = True
            return
        count = self.model.config.num_hidden_layers
        layers = next(
            (part for part in self.model.modules() if isinstance(part, nn.ModuleList) and len(part) == count), None
        )
        if layers is None:
            raise ConfigError(f"{key}: {trainable}, but '{self.name}' has no list of layers; set it to 0 or \"all\"")
        if not 0 < trainable <= count:
            raise ConfigError(f"{key}: {trainable}, but '{self.name}' has {count} layers; set 0 to {count}, or \"all\"")
        layers[-trainable:].requires_grad_(True)


def _check_fit(options: Any, tokenizer: Tokenizer, meta: dict[str, Any]) -> None:
    """Raise ValueError where tokens or positions could lie outside of the model's tables."""
    most = max(tokenizer.get_vocab().values(), default=0)
    if not max(most, meta["pad_id"]) < options.vocab_size:
        raise ValueError(f"its tokenizer has tokens up to number {most}, its model {options.vocab_size} of them")
    positions = getattr(options, "max_position_embeddings", None)
    if positions is not None and 0 < positions < meta["max_length"]:
        raise ValueError(f"max_length is {meta['max_length']}, its model has {positions} positions")


def _pretrained_architecture(options: dict) -> PreTrainedModel:
    """The model of a configuration of transformers, with random weights."""
    from transformers import AutoConfig, AutoModel

    with quiet():
        return AutoModel.from_config(AutoConfig.for_model(options.pop("model_type"), **options), dtype=torch.float32)


def _from_scratch(cls: type[TextEncoder], config: Any, corpus_texts: Iterable[str] | None) -> TextEncoder:
    """Make a small BERT (Devlin et al. 2019): random weights from torch's generator, the vocabulary from the corpus."""
    scratch = config.scratch
    faults = []
    if config.trainable_layers == 0:
        faults.append(
            "model.text_encoder.trainable_layers: 0 would leave a model from scratch at its random start; set it to"
            ' "all" or "auto"'
        )
    if scratch.hidden_size % scratch.num_heads:
        faults.append(
            f"model.text_encoder.scratch.hidden_size: {scratch.hidden_size} is not a multiple of num_heads"
            f" {scratch.num_heads}"
        )
    try:
        tokenizer = train_wordpiece(
            corpus_texts or (), scratch.vocab_size, TOOLKIT_LETTERS if scratch.reserve_letters else ""
        )
    except ConfigError as error:
        faults.extend(error.faults)
    if faults:
        raise ConfigError(faults)
    pad_id = tokenizer.token_to_id(PAD)
    assert pad_id is not None  # train_wordpiece adds it
    options = BertOptions(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=scratch.hidden_size,
        num_hidden_layers=scratch.num_layers,
        num_attention_heads=scratch.num_heads,
        intermediate_size=4 * scratch.hidden_size,
        max_position_embeddings=config.max_length,
        pad_token_id=pad_id,
        hidden_dropout_prob=scratch.dropout,
        attention_probs_dropout_prob=scratch.dropout,
    )
    meta = {
        "name": FROM_SCRATCH,
        "from_scratch": True,
        "max_length": config.max_length,
        "pad_id": pad_id,
        "pad_token": PAD,
    }
    return cls(Bert(options), tokenizer, meta, config.trainable_layers)


def _most_tokens(model: PreTrainedModel) -> int | None:
    """The longest text that the model has positions for; None where its positions are relative and have no end."""
    for name, part in model.named_modules():
        if name.endswith("position_embeddings") and isinstance(part, nn.Embedding):
            # RoBERTa and its kin count positions from behind their padding index
            return part.num_embeddings - (0 if part.padding_idx is None else part.padding_idx + 1)
    return None


def _check_encoder(model: PreTrainedModel, config: Any) -> None:
    """Raise ConfigError unless the model gives one vector a token for max_length tokens (tried out, not guessed)."""
    options = model.config
    if options.is_encoder_decoder:
        raise ConfigError(
            f"{PLACE}: '{config.model_name}' is an encoder-decoder ({options.model_type}); an encoder of the BERT"
            f" family is needed; {WAYS_ON}"
        )
    most = _most_tokens(model)
    if most is not None and config.max_length > most:
        raise ConfigError(
            f"model.text_encoder.max_length: {config.max_length} is more than '{config.model_name}' was built for; set"
            f" it to {most} or less"
        )
    ids_1T = torch.ones(1, config.max_length, dtype=torch.long)
    ids_1T[ids_1T == getattr(options, "pad_token_id", None)] = (
        0  # RoBERTa counts positions over what is not padding only
    )
    try:
        with torch.no_grad():
            output = model.eval()(input_ids=ids_1T, attention_mask=torch.ones_like(ids_1T))
        text_1TD = output.last_hidden_state
    except Exception as error:  # third-party code: each family fails in its own way
        raise ConfigError(
            f"{PLACE}: '{config.model_name}' ({options.model_type}) gives no vector a token from text ({error}); an"
            f" encoder of the BERT family is needed; {WAYS_ON}"
        ) from error
    if text_1TD.shape != (1, config.max_length, options.hidden_size):
        raise ConfigError(
            f"{PLACE}: '{config.model_name}' gives features of shape {tuple(text_1TD.shape)} for {config.max_length}"
            f" tokens, (1, {config.max_length}, {options.hidden_size}) is needed; {WAYS_ON}"
        )
