"""The typed schema of a configuration file; the guide's keys with the guide's meaning, and ours beside them.

Every key has a default, so a file names only what it changes. Unknown keys are refused.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(gt=0)]
Share = Annotated[float, Field(ge=0, lt=1)]
Weight = Annotated[float, Field(ge=0)]

FRAME_VALUES = 150
FROM_SCRATCH = "from-scratch"


class Section(BaseModel):
    """A part of the configuration: fixed once made, exact types, no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ScratchConfig(Section):
    """The small BERT that `"model_name": "from-scratch"` builds, with a WordPiece vocabulary of the corpus."""

    vocab_size: Positive = 4000
    hidden_size: Positive = 128
    num_layers: Positive = 2
    num_heads: Positive = 4
    dropout: Share = 0.1


class TextEncoderConfig(Section):
    """`model_name`: a Hugging Face name, a local folder, or "from-scratch"."""

    model_name: str = "bert-base-multilingual-cased"
    max_length: Annotated[int, Field(ge=4, description="most tokens of a text")] = 128
    trainable_layers: Literal["auto", "all"] | Count = Field(
        "auto", description="0: frozen; n: the last n layers; auto: frozen when pretrained, all when from scratch"
    )
    cache_features: bool = Field(True, description="keep a frozen encoder's features on disk")
    scratch: ScratchConfig = ScratchConfig()


class LanguageEncoderConfig(Section):
    """Transformer layers of one group between the text encoder and the pose decoder."""

    num_layers: Count = 2
    dropout: Share = 0.1


class PoseDecoderConfig(Section):
    """The pose decoder; hidden_size, num_heads and ff_size also hold for the language encoder."""

    type: str = "progressive"
    output_dim: int = Field(FRAME_VALUES, description="values a frame: 50 joints x 3 coordinates, no counter")
    num_layers: Positive = 4
    hidden_size: Positive = 256
    num_heads: Positive = 4
    ff_size: Positive = 1024
    dropout: Share = 0.1
    input_noise: Weight = Field(
        0.5, description="progressive: deviation of the noise on its input frames, in standard deviations of the data"
    )


class GlossDecoderConfig(Section):
    """Prompt2LangGloss: the decoder from prompt to LangGloss tokens."""

    num_layers: Positive = 2
    vocab_size: Positive = 4000
    max_length: Positive = 64
    beam_size: Positive = 4
    length_penalty: Weight = 1.0
    label_smoothing: Share = 0.1
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
    fps: Annotated[float, Field(gt=0, description="clips are resampled to this rate")] = 25.0
    batch_size: Positive = Field(8, description="the most clips in a batch")
    frame_budget: Positive | None = Field(
        None, description="the most padded frames in a batch; null: batch_size x the 90th percentile of clip lengths"
    )
    max_frames: Positive = Field(500, description="longer training clips are cut to this length")
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
    phrasing_noise: Share = Field(0.0, description="share of the words around the text that are replaced at random")
    eval_every: Positive = Field(5, description="epochs between evaluations of the gloss part")


class LossConfig(Section):
    """Weights of the loss terms; 0 switches a term off."""

    reconstruction: Weight = 1.0
    velocity: Weight = 0.0
    bone_length: Weight = 0.0
    length: Weight = 0.1
    gloss: Weight = 1.0
    rl: Weight = 0.1


class TrainingConfig(Section):
    """The run: optimiser, schedule, saving, evaluating."""

    num_epochs: Positive = 50
    max_steps: Positive | None = Field(None, description="stop after so many steps, whatever the epoch")
    max_minutes: Annotated[float, Field(gt=0)] | None = Field(None, description="stop after this much training time")
    learning_rate: Annotated[float, Field(gt=0)] = 1e-4
    weight_decay: Weight = 0.01
    schedule: Literal["cosine", "constant"] = "cosine"
    warmup_steps: Count = 100
    gradient_clip: Weight = Field(1.0, description="largest gradient norm; 0: no clipping")
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    ema_decay: Share = Field(0.999, description="moving average of the weights used to generate; 0: none")
    rl_variant: Literal["off", "paper"] = "paper"
    losses: LossConfig = LossConfig()
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

    run_name: Annotated[str, Field(pattern=r"^[\w.\-]+$")] = "signllm_your_data"
    model: ModelConfig = ModelConfig()
    data: DataConfig = DataConfig()
    training: TrainingConfig = TrainingConfig()
