"""Several ranks take the steps of one process that accumulates their batches; they write, log, stop and fail as one."""

import json
import signal
import socket
from datetime import timedelta

import pytest

from signllm.cli.train import Plan, _after_restart
from signllm.errors import ConfigError
from signllm.models.checkpoint import load_checkpoint
from signllm.training import distributed
from signllm.training.evaluation import Evaluation
from signllm.training.run_folder import RunFolder
from signllm.training.setup import build_experiment, make_trainer
from tests.helpers.processes import kill, wait_for
from tests.helpers.ranks import command, ended, free_port, start, train_in_ranks
from tests.helpers.runs import equal, run, without_clock

pytestmark = pytest.mark.usefixtures("forked")

SETTINGS = {
    "mlsf, a language missing in most batches, plc, muon": (
        "data.batch_size=2", "training.losses.velocity=0.5", "training.plc.enabled=true", "training.plc.importance=0.7",
        "training.optimizer=muon",
    ),
    "gloss phase and pairs, policy gradient, average": (
        "model.mode=prompt2langgloss", "training.gloss_pairs.epochs=1", "training.gloss_pairs.mixed=5",
        "training.gloss_pairs.batch_size=7", "training.rl_variant=policy_gradient", "training.policy.samples=2",
        "data.max_frames=24",
    ),
}  # fmt: skip


def configs(make_config, kind, *more):
    common = ("model.pose_decoder.type=parallel", "training.num_epochs=50", "training.eval_every=9",
              "training.eval_samples=6", "training.sample_videos=1")  # fmt: skip
    return [make_config(f"run_name={kind}_{n}", *common, *own, *more) for n, own in enumerate(SETTINGS.values())]


def left_by(config):
    return load_checkpoint(RunFolder(config).last)


@pytest.mark.parametrize(("size", "steps"), [(2, 20), (3, 6)])
def test_ranks_train_bit_for_bit_what_one_process_does_that_accumulates(make_config, size, steps):
    """The last step of an epoch has fewer batches than ranks; losses and figures may differ by their summation."""
    length = f"training.max_steps={steps}"
    of_ranks = configs(make_config, "ranks", length)
    of_one = configs(make_config, "one", length, f"training.accumulate={size}")
    train_in_ranks(size, *of_ranks)
    for name, ranks_config, config in zip(SETTINGS, of_ranks, of_one, strict=True):
        run(config)
        ours, expected = left_by(ranks_config), left_by(config)
        assert equal(ours.weights, expected.weights), name
        assert equal(ours.averaged, expected.averaged), name
        assert equal(ours.training["optimizer"], expected.training["optimizer"]), name
        assert equal(ours.training.get("plc"), expected.training.get("plc")), name
        first, second = (without_clock(c.training["state"]) for c in (ours, expected))
        for state in (first, second):
            state.pop("launch"), state.pop("gloss_seconds")
        different = [key for key in first if not equal(first[key], second[key], tolerance=1e-5)]
        assert not different, name
        assert files_of(ranks_config) == files_of(config)
    log = RunFolder(of_ranks[0]).train_log.read_text()
    assert f"{size} ranks" in log
    assert " a rank)" in log


def files_of(config):
    """The files of a run; TensorBoard's have times and processes in their names."""
    folder = RunFolder(config)
    return sorted(
        path.name.partition("tfevents")[0] for path in [*folder.checkpoints.rglob("*"), *folder.logs.rglob("*")]
    )


class Second(distributed.Ranks):
    """A rank that is not the first, without others."""

    first = False


def test_a_rank_that_is_not_the_first_writes_nothing(make_config, tmp_path):
    config = make_config("training.max_steps=1", "training.save_every=1", "training.eval_every=1")
    trainer, _ = make_trainer(build_experiment(config), [], ranks=Second())
    trainer.poses.evaluate = lambda: Evaluation({"total": 1.0}, {}, 1.0, [])
    trainer.fit()
    assert trainer.run.state.step == 1
    assert not list((tmp_path / "checkpoints").rglob("*"))
    assert not list((tmp_path / "logs").rglob("*"))


def written(config, tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config.model_dump()))
    return path


def test_a_fault_of_one_rank_ends_all_and_the_first_says_it(make_config, tmp_path):
    path = written(make_config(), tmp_path)
    codes, told = ended(start(2, command(path), others=command(path, "training.speed=1")))
    assert codes == [2, 2]
    assert "rank 1: " in told[0][1]
    assert "unknown key 'training.speed'" in told[0][1]
    assert told[1] == ("", "")


@pytest.mark.parametrize(
    ("settings", "others", "fault"),
    [
        ((), ("training.seed=1",), "rank 1 ({host}) has other configuration than rank 0 ({host})"),
        (
            ("data.batch_size=20", "data.frame_budget=9999"),
            None,
            "1 in each of 2 processes: an epoch has only 1 batches",
        ),
        (("training.device=cuda",), None, "PyTorch sees no CUDA device here"),
        (("training.plc.enabled=true", "training.plc.skip_below=0.5"), None, "skip_below = 0.5 in 2 processes"),
    ],
    ids=["other configuration", "too few batches", "no GPU", "skipping"],
)
def test_what_ranks_cannot_train_together_is_said_once_and_ends_all(make_config, tmp_path, settings, others, fault):
    config = make_config(*settings)
    path = written(config, tmp_path)
    codes, told = ended(start(2, command(path), others=others and command(path, *others)))
    assert codes == [2, 2]
    assert fault.format(host=socket.gethostname()) in told[0][1]
    assert told[1][1] == ""
    assert not RunFolder(config).last.exists()


ENDLESS = ("training.num_epochs=9999", "training.eval_every=9999", "training.save_every=9999", "data.batch_size=2",
           "training.eval_samples=1", "model.pose_decoder.type=parallel")  # fmt: skip


def test_a_signal_to_any_rank_stops_all_and_other_numbers_of_ranks_go_on(make_config, tmp_path):
    config = make_config(*ENDLESS)
    processes = start(2, command(written(config, tmp_path)))
    wait_for(lambda: RunFolder(config).last.exists(), processes[0])
    processes[1].send_signal(signal.SIGTERM)
    codes, told = ended(processes)
    assert codes == [130, 130], told
    assert "go on with --resume" in told[0][1]
    step = left_by(config).training["state"]["step"]
    assert f"stopped at step {step};" in told[0][1]
    _, losses = run(make_config(*ENDLESS, f"training.max_steps={step + 3}"), left_by(config))
    assert sorted(losses) == [step + 1, step + 2, step + 3]
    later = written(make_config(*ENDLESS, f"training.max_steps={step + 5}"), tmp_path)
    codes, told = ended(start(3, [*command(later), "--resume", str(RunFolder(config).last)]))
    assert codes == [0, 0, 0], told
    state = left_by(config).training["state"]
    assert state["step"] == step + 5
    assert state["batch"] == sum(count for _, count in state["taken"])
    assert state["taken"][-1][0] == 3


def test_a_lost_rank_ends_the_others_and_a_restart_goes_on_from_what_they_left(make_config, tmp_path):
    config = make_config(*ENDLESS, "training.save_every_steps=1")
    processes = start(2, command(written(config, tmp_path)), TORCHELASTIC_RUN_ID="launch-7")
    wait_for(lambda: RunFolder(config).last.exists(), processes[0])
    kill(processes[1])
    codes, told = ended(processes)
    assert codes == [2, -signal.SIGKILL]
    assert "rank 0 of 2 lost another one" in told[0][1]
    plan = Plan(config)
    for launch, restarts, goes_on in (("launch-7", 1, True), ("launch-8", 1, False), ("launch-7", 0, False)):
        ranks = distributed.Ranks()
        ranks.launch, ranks.restarts = launch, restarts
        found = _after_restart(plan, ranks)
        assert (found.checkpoint is not None) is goes_on
        assert found.config == config
    RunFolder(config).last.unlink()
    ranks.restarts = 1
    assert _after_restart(plan, ranks) is plan


def test_a_port_in_use_is_named(make_config, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        first, _ = processes = start(2, command(written(make_config(), tmp_path)), port=port)
        _, told = first.communicate(timeout=60)
        kill(processes[1])
    assert first.returncode == 2
    assert f"127.0.0.1:{port}: the port is in use" in told


def test_ranks_that_do_not_come_together_give_up(monkeypatch):
    monkeypatch.setattr(distributed, "START", timedelta(seconds=1))
    for name, value in {"RANK": 0, "WORLD_SIZE": 2, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port()}.items():
        monkeypatch.setenv(name, str(value))
    with pytest.raises(ConfigError, match=r"2 ranks did not come together, for which they have 0.0166667 minutes"):
        distributed.Processes()
