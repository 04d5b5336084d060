"""What a dry run says a training will cost."""

import pytest

from signllm.training.dry_run import dry_run
from signllm.training.setup import build_experiment, make_trainer

TABLE = "id|annotation|translation\n" + "".join(f"t{n}|REGEN {n % 3}|es regnet {n % 3} mal\n" for n in range(12))


def found_by(config):
    experiment = build_experiment(config)
    trainer, _ = make_trainer(experiment, [])
    return dry_run(experiment, trainer), trainer


def test_memory_grows_with_the_largest_batch(make_config):
    small, large = (found_by(make_config(f"data.batch_size={size}"))[0] for size in (1, 8))
    assert small.num_parameters == large.num_parameters
    assert large.num_batch_clips > small.num_batch_clips == 1
    weights_mb = (4 * small.num_parameters + 16 * small.num_trainable) / 1024**2
    ratio = (large.memory_mb - weights_mb) / (small.memory_mb - weights_mb)
    assert ratio == pytest.approx(large.num_batch_clips, rel=0.6)


def test_steps_of_the_phase_before_are_counted_where_there_are_any(make_config, tmp_path):
    (tmp_path / "pairs.csv").write_text(TABLE, encoding="utf-8")
    with_pairs = (f"data.gloss_tables.GSL={tmp_path / 'pairs.csv'}", "training.gloss_pairs.epochs=2")
    found, trainer = found_by(make_config("model.mode=prompt2langgloss", *with_pairs))
    assert found.num_gloss_steps == trainer.glosses.total_steps > 0
    assert found.gloss_total_s > 0
    found, _ = found_by(make_config("model.mode=prompt2langgloss"))
    assert (found.num_gloss_steps, found.gloss_total_s) == (0, 0)


def test_a_phase_takes_the_configured_schedule(make_config):
    _, trainer = found_by(make_config("training.schedule=constant", "training.warmup_steps=0"))
    schedule = trainer.run.schedule(0.1, 100)
    assert [schedule.rate(step) for step in (0, 50, 99)] == [0.1, 0.1, 0.1]
