"""The configuration of a model that trains in seconds; where its data and its files are is left out."""

TINY = {
    "run_name": "tiny",
    "model": {
        "text_encoder": {
            "model_name": "from-scratch",
            "scratch": {"vocab_size": 300, "hidden_size": 16, "num_layers": 1, "num_heads": 2},
        },
        "language_encoder": {"num_layers": 1},
        "pose_decoder": {"num_layers": 2, "hidden_size": 16, "num_heads": 2, "ff_size": 32},
        "gloss_decoder": {"num_layers": 1, "vocab_size": 300, "max_length": 24},
    },
    "data": {"batch_size": 4, "max_frames": 200},
    "training": {
        "num_epochs": 1,
        "learning_rate": 1e-3,
        "warmup_steps": 2,
        "precision": "fp32",
        "eval_samples": 2,
        "sample_videos": 0,
    },
}
