"""The typed schema of a configuration file; the guide's keys with the guide's meaning, and ours beside them.

Every key has a default, so a file names only what it changes. Unknown keys are refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(gt=0)]
# What decides how large a model is or how long it generates has a limit, far above any use: files can lie.
Width = Annotated[int, Field(gt=0, le=65_536)]
Depth = Annotated[int, Field(gt=0, le=1_024)]
Steps = Annotated[int, Field(gt=0, le=10_000)]
Share = Annotated[float, Field(ge=0, lt=1)]
Weight = Annotated[float, Field(ge=0)]

FRAME_VALUES = 150
FROM_SCRATCH = "from-scratch"


class Section(BaseModel):
    """A part of the configuration: fixed once made, exact types, no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    def differing(self, other: Section, leave_out: Sequence[str] = ()) -> list[str]:
        """The names of the fields whose values are not the other section's, but for those left out."""
        names = (name for name in type(self).model_fields if name not in leave_out)
        return [name for name in names if getattr(self, name) != getattr(other, name)]


class ScratchConfig(Section):
    """The small BERT that `"model_name": "from-scratch"` builds, with a WordPiece vocabulary of the corpus."""

    vocab_size: Annotated[int, Field(gt=0, le=10_000_000)] = 4000
    hidden_size: Width = 128
    num_layers: Depth = 2
    num_heads: Depth = 4
    reserve_letters: bool = Field(
        False, description="the vocabulary also holds the letters of all eight languages, for languages added later"
    )
    dropout: Share = 0.1


class TextEncoderConfig(Section):
    """`model_name`: a Hugging Face name, a local folder, or "from-scratch"."""

    model_name: str = "bert-base-multilingual-cased"
    max_length: Annotated[int, Field(ge=4, le=100_000, description="most tokens of a text")] = 128
    trainable_layers: Literal["auto", "all"] | Count = Field(
        "auto", description="0: frozen; n: the last n layers; auto: frozen when pretrained, all when from scratch"
    )
    cache_features: bool = Field(True, description="keep a frozen encoder's features on disk")
    scratch: ScratchConfig = ScratchConfig()


class LanguageEncoderConfig(Section):
    """Transformer layers of one group between the text encoder and the pose decoder."""

    num_layers: Annotated[int, Field(ge=0, le=1_024)] = 2
    dropout: Share = 0.1


class FlowConfig(Section):
    """The `flow` decoder, also in `residual_flow`: how it learns to follow the text, and how it draws clips."""

    num_layers: Depth | None = Field(None, description="residual_flow: layers of the flow; null: as many as others")
    patch_frames: Steps = Field(1, description="neighbouring frames that share a place of the transformer")
    guidance: Weight = Field(2.0, description="1: none; higher: nearer to what only this text explains")
    steps: Steps = Field(10, description="Euler steps from noise to a clip")
    noise_frames: Weight = Field(3.0, description="over so many frames the noise is smoothed; 0: white noise")
    slow_temperature: Weight = Field(
        1.0, description="share of the noise that slow waves keep: below 1 the course of a sign is the usual one"
    )
    candidates: Depth = Field(1, description="clips drawn a text, of which the most central one is kept")


class ComposeConfig(Section):
    """The `compose` decoder, which is made of the recordings of the training split and has no weights."""

    detail: Annotated[float, Field(ge=0, le=1)] = Field(
        1.0, description="how much of one person is added to the average of all who performed a sign"
    )
    pace: Annotated[float, Field(ge=0.25, le=4.0)] = Field(
        1.0, description="speed of signs inside sentences; 1: as when performed alone"
    )


class PoseDecoderConfig(Section):
    """The pose decoder; hidden_size, num_heads and ff_size also hold for the language encoder."""

    type: str = "parallel"
    output_dim: int = Field(FRAME_VALUES, description="values a frame: 50 joints x 3 coordinates, no counter")
    bone_lengths: bool = Field(
        True, description="also predict the lengths of the finger bones, so that averaged hands keep their size"
    )
    num_layers: Depth = 4
    hidden_size: Width = 256
    num_heads: Depth = 4
    ff_size: Width = 1024
    dropout: Share = 0.1
    input_noise: Weight = Field(
        0.5, description="progressive: deviation of the noise on its input frames, in standard deviations of the data"
    )
    future_frames: Count = Field(
        0, le=10_000, description="progressive: also predict so many frames after each, while training"
    )
    counter_only: bool = Field(False, description="progressive: the input frames tell nothing but the counter")
    amplitude: Annotated[float, Field(gt=0)] | None = Field(
        None, description="of earlier versions: motion around a clip's slow course, times this; null: calibrated"
    )
    waves: Count = Field(
        0,
        le=10_000,
        description="parallel, residual_flow: cosine waves a clip whose amplitudes are read off the text; for words",
    )
    flow: FlowConfig = FlowConfig()
    compose: ComposeConfig = ComposeConfig()


class GlossDecoderConfig(Section):
    """Prompt2LangGloss: the decoder from prompt to LangGloss tokens."""

    num_layers: Depth = 2
    vocab_size: Annotated[int, Field(gt=0, le=10_000_000)] = 4000
    max_length: Steps = 64
    beam_size: Depth = 4
    length_penalty: Weight = 1.0
    dropout: Share | None = Field(None, description="null: that of the pose decoder")


class ModelConfig(Section):
    """`languages` empty means: every language of the store."""

    mode: Literal["mlsf", "prompt2langgloss"] = "mlsf"
    languages: list[str] = []
    text_encoder: TextEncoderConfig = TextEncoderConfig()
    language_encoder: LanguageEncoderConfig = LanguageEncoderConfig()
    pose_decoder: PoseDecoderConfig = PoseDecoderConfig()
    gloss_decoder: GlossDecoderConfig = GlossDecoderConfig()


class DataConfig(Section):
    """The store and how batches are made of it."""

    dataset_path: str = "datasets/signllm_data_complete"
    train_split: str = "train"
    eval_split: str = "dev"
    fps: Annotated[float, Field(gt=0, lt=1e4, description="clips are resampled to this rate")] = 25.0
    batch_size: Positive = Field(8, description="the most clips in a batch")
    frame_budget: Positive | None = Field(
        None, description="the most padded frames in a batch; null: batch_size x the 90th percentile of clip lengths"
    )
    language_block: Positive = Field(
        1, description="clips of one language stand together in batches by about so many; 1: they mix freely"
    )
    max_frames: Annotated[int, Field(gt=0, le=100_000)] = Field(
        500, description="longer training clips are cut to this length"
    )
    trim_rest_s: Weight | None = Field(
        None, description="seconds kept before the first and after the last motion of a training clip; null: all"
    )
    align: bool = Field(False, description="training clips of one text and gloss come onto a common time axis")
    time_warp: Share = Field(0.0, description="deviation of the pace within a training clip, anew each epoch")
    duration_warp: Share = Field(0.0, description="deviation of a training clip's duration, anew each epoch")
    num_workers: Count = 0
    max_samples: Positive | None = Field(None, description="use only so many clips a language and split")
    cache_dir: str = "cache"
    gloss_tables: dict[str, str] = Field(
        {}, description="prompt2langgloss: tables of texts and glosses without poses to train on, by language"
    )
    gloss_eval_tables: dict[str, str] = Field({}, description="such tables to evaluate on, never trained on")


class GlossPairsConfig(Section):
    """Prompt2LangGloss: training its gloss part on texts and glosses of data.gloss_tables and of the clips."""

    epochs: Count = Field(0, description="passes over the pairs before the pose training; 0: none")
    mixed: Count = Field(0, description="pairs that join each step of the pose training; 0: none")
    batch_size: Positive = 64
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    word_dropout: Share = Field(0.0, description="share of a prompt's words that are left out, drawn anew each epoch")
    other_texts: Share = Field(
        0.0, description="share of prompts that hold words at random, so that only the phrasing tells the language"
    )
    phrasing_noise: Share = Field(
        0.0, description="share of the words around the text that are replaced, each by none to two at random"
    )
    eval_every: Positive = Field(5, description="epochs between evaluations of the gloss part")


class LossConfig(Section):
    """Weights of the loss terms; 0 switches a term off."""

    reconstruction: Weight = 1.0
    velocity: Weight = 0.0
    bone_length: Weight = 0.0
    hands: Weight = Field(0.0, description="the reconstruction of the hands alone, relative to their wrists")
    length: Weight = 0.1
    gloss: Weight = 1.0
    rl: Weight = 0.1


class PLCConfig(Section):
    """The Priority Learning Channel: clips are drawn by their rewards (signllm.data.priority, docs/plc.md)."""

    enabled: bool = False
    prefer: Literal["high", "low"] = Field("high", description="high: well fitted clips (the paper); low: badly fitted")
    eta: Weight = Field(1.0, description="exponent of the priority; 0: uniform")
    importance: Annotated[float, Field(ge=0, le=1)] = Field(
        0.0, description="exponent of the importance weights in the losses; 1: unbiased, 0: none"
    )
    skip_below: Share = Field(
        0.0, description="skip batches whose mean reward is below this quantile of recent ones; 0: none"
    )


class RewardWeights(Section):
    """Weights of the parts of the reward (signllm.training.rewards); 0 leaves a part out."""

    reconstruction: Weight = 1.0
    motion: Weight = 1.0
    reading: Weight = Field(0.01, description="log-probability of the text; only where there is a reward_model")


class PolicyConfig(Section):
    """`rl_variant` "policy_gradient" (signllm.training.policy): a Gaussian around the decoder's output, rewarded."""

    samples: Annotated[int, Field(ge=2, description="rollouts a clip and step; even: they are mirrored in pairs")] = 8
    sigma: Annotated[float, Field(gt=0, description="deviation of the rollouts, in deviations of the data")] = 0.1
    kl_weight: Weight = Field(0.01, description="pull to the policy at the start")
    reward_model: str | None = Field(None, description="judge file that reads the rollouts; not the one that evaluates")
    rewards: RewardWeights = RewardWeights()


class TrainingConfig(Section):
    """The run: optimiser, schedule, saving, evaluating."""

    num_epochs: Positive = 50
    max_steps: Positive | None = Field(None, description="stop after so many steps, whatever the epoch")
    max_minutes: Annotated[float, Field(gt=0)] | None = Field(None, description="stop after this much training time")
    accumulate: Positive = Field(1, description="batches whose gradients make one optimiser step, for each process")
    optimizer: Literal["adamw", "muon"] = Field("adamw", description="muon: for the matrices inside layers only")
    learning_rate: Annotated[float, Field(gt=0)] = 1e-4
    weight_decay: Weight = 0.01
    schedule: Literal["cosine", "constant"] = "cosine"
    warmup_steps: Count = 100
    gradient_clip: Weight = Field(1.0, description="largest gradient norm; 0: no clipping")
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    ema_decay: Share = Field(0.999, description="moving average of the weights used to generate; 0: none")
    only_languages: list[str] = Field(
        [], description="MLSF: only these groups are trained, the rest of the checkpoint stays; --add_language sets it"
    )
    init_from: str | None = Field(None, description="start from the averaged weights of this .pth instead of anew")
    rl_variant: Literal["off", "paper", "policy_gradient"] = "paper"
    losses: LossConfig = LossConfig()
    plc: PLCConfig = PLCConfig()
    policy: PolicyConfig = PolicyConfig()
    gloss_pairs: GlossPairsConfig = GlossPairsConfig()
    seed: Count = 0
    device: str = "auto"
    save_every: Positive = Field(5, description="epochs between kept checkpoints (epoch_N.pth)")
    save_every_steps: Count = Field(0, description="also write last_model.pth every so many steps; 0: each epoch")
    eval_every: Positive = Field(1, description="epochs between evaluations; the last epoch is always evaluated")
    eval_samples: Positive = Field(64, description="most clips of the eval split in an evaluation during training")
    sample_videos: Count = Field(2, description="clips drawn into samples/ at each evaluation")
    early_stop: Count = Field(0, description="stop after so many evaluations without a better score; 0: never")
    checkpoint_dir: str = "checkpoints"
    log_dir: str = "logs"


class Config(Section):
    """A whole configuration; `run_name` names the folders under checkpoints/ and logs/."""

    run_name: Annotated[str, Field(pattern=r"^[\w.\-]*[\w\-][\w.\-]*$", max_length=200)] = "signllm_your_data"
    model: ModelConfig = ModelConfig()
    data: DataConfig = DataConfig()
    training: TrainingConfig = TrainingConfig()
