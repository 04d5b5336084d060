"""What the process of one job does: train a judge, or train a variant and evaluate it; and running many of them.

A job's process holds a lock on its folder, so two runners may work on one matrix. What was begun is continued.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from ablation.jobs import LOG, Job, best_checkpoint
from signllm.errors import LockedError
from signllm.fsutil import hold, write_json

if TYPE_CHECKING:
    from signllm.config import Config

INTERRUPTED = 130
POLL_S = 0.2
LAST_LINES = 12
UNHURRIED_MINUTES = 1e6


def run_job(spec_path: Path) -> int:
    """Do the job of a spec file, in this process; return the exit code."""
    spec = orjson.loads(spec_path.read_bytes())
    folder = spec_path.parent
    with hold(folder):
        return KINDS[spec["kind"]](spec, folder)


def end_with_runner() -> None:
    """Let this process stop, with everything written, when the one that started it does, however that ends.

    The runner holds the other end of this process's input, which the system closes with it.
    """

    def watch() -> None:
        while os.read(sys.stdin.fileno(), 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def _make_judge(spec: dict, folder: Path) -> int:
    from signllm.data.store import Store
    from signllm.evaluation.judge_section import describe
    from signllm.judges.rest_store import write_rest_store
    from signllm.judges.training import JudgePlan, train_judge

    store, languages, split = Store(spec["places"]["store"]), spec["languages"], spec["split"]
    share, seed = spec["share"], spec["split_seed"]
    write_rest_store(store, languages, split, share, seed, folder / "rest")
    if "steps" in spec:
        time_and_steps = {"min_steps": spec["steps"], "epochs": 1, "max_minutes": UNHURRIED_MINUTES}
    else:
        time_and_steps = {"max_minutes": spec["max_minutes"]}
    plan = JudgePlan(**time_and_steps, share=share, share_seed=seed)
    judge = train_judge(store, languages, split, plan)
    judge.save(folder / "judge.pth")
    facts = {code: {"judge": describe(judge[code]), **judge[code].training["course"]} for code in languages}
    write_json(folder / "cell.json", {"spec": spec, "languages": facts, "digest": judge.digest})
    return 0


def _make_cell(spec: dict, folder: Path) -> int:
    """Train, or go on with what was begun, then evaluate the best checkpoint."""
    from signllm.composing.training import compose
    from signllm.config import parse_config
    from signllm.models.decoders import is_network

    config = parse_config(spec["config"], str(folder))
    if is_network(config.model.pose_decoder):
        facts = _train(config)
    else:
        made = compose(config)
        facts = {"steps": 0, "seconds": made.seconds, "best_step": 0, "parameters": 0, "losses": {}}
    if facts is None:
        return INTERRUPTED
    write_json(folder / "cell.json", {"spec": spec, **facts, "report": _evaluate(spec, folder)})
    return 0


def _train(config: Config) -> dict | None:
    """What there is to say of a training, or of the rest of one that was begun; None where it was stopped."""
    from signllm.models.checkpoint import load_checkpoint
    from signllm.training.run_folder import RunFolder
    from signllm.training.setup import build_experiment, make_trainer

    last = RunFolder(config).last
    checkpoint = load_checkpoint(last) if last.is_file() else None
    experiment = build_experiment(config, checkpoint)
    trainer, _ = make_trainer(experiment, [], checkpoint)
    begun = trainer.run.state.step
    with _stopping(trainer.run.request_stop) as stopped:
        state = trainer.fit()
    print(f"trained from step {begun} to {state.step} in {state.seconds:.0f} s, best at {state.best_step}", flush=True)
    if stopped.is_set():
        return None
    return {
        "steps": state.step,
        "seconds": state.seconds,
        "best_step": state.best_step,
        "parameters": sum(parameter.numel() for parameter in experiment.model.parameters()),
        "losses": state.history[-1]["losses"] if state.history else {},
    }


@contextlib.contextmanager
def _stopping(stop: Callable[[], None]) -> Iterator[threading.Event]:
    """Let Ctrl-C and SIGTERM call `stop`; the event tells whether they did."""
    stopped = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: (stopped.set(), stop())) for number in numbers]
    try:
        yield stopped
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _evaluate(spec: dict, folder: Path) -> dict:
    """The report of evaluation.py on this cell's model, with baselines and judge."""
    from signllm.evaluation.model import evaluate_model
    from signllm.evaluation.options import ModelOptions

    options = ModelOptions(
        model_path=best_checkpoint(folder),
        data=Path(spec["config"]["data"]["dataset_path"]),
        split=spec["split"],
        metrics=spec["metrics"],
        judge=Path(spec["places"]["judge"]) if spec["places"]["judge"] else None,
        seeds=spec["generation_seeds"],
        max_samples=spec["max_samples"],
        device=spec["config"]["training"]["device"],
        cache=Path(spec["places"]["cache"]),
    )
    return evaluate_model(options).data


KINDS: dict[str, Callable[[dict, Path], int]] = {"judge": _make_judge, "cell": _make_cell}


def run_all(jobs: Sequence[Job], script: Path, workers: int, threads: int, say: Callable[[str], None]) -> list[Job]:
    """Run jobs that are not done, each in its own process, at most `workers` at once; return those that failed.

    A job starts when those that it needs are done, and fails where one of them did. Raises KeyboardInterrupt after
    Ctrl-C or SIGTERM, once every process has written where it stands.
    """
    done = [job for job in jobs if job.read() is not None]
    waiting = [job for job in jobs if job not in done]
    failed: list[Job] = []
    running: dict[int, tuple[Job, subprocess.Popen, float]] = {}
    finished, total = {job.folder for job in done}, len(jobs)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        while waiting or running:
            for job in [job for job in waiting if any(need in failed for need in job.needs)]:
                say(f"{job.name}: not run, what it needs failed")
                waiting.remove(job)
                failed.append(job)
            ready = [job for job in waiting if all(need.folder in finished for need in job.needs)]
            for job in ready[: workers - len(running)]:
                waiting.remove(job)
                try:
                    process = _start(job, script, threads)
                except LockedError as error:
                    failed.append(job)
                    say(f"{job.name}: not run: {error}")
                    continue
                running[process.pid] = job, process, time.monotonic()
                say(f"{job.name}: started ({job.folder})")
            for pid, (job, process, started) in list(running.items()):
                if process.poll() is None:
                    continue
                del running[pid]
                seconds = time.monotonic() - started
                if process.returncode == 0 and job.read() is not None:
                    finished.add(job.folder)
                    say(f"{job.name}: done in {seconds:.0f} s ({len(finished)} of {total})")
                else:
                    failed.append(job)
                    say(f"{job.name}: failed with exit code {process.returncode}; the end of {job.folder / LOG}:")
                    say("\n".join(f"    {line}" for line in _tail(job.folder / LOG)))
            time.sleep(POLL_S if running else 0)
    finally:
        for _, process, _ in running.values():
            process.terminate()
        for _, process, _ in running.values():
            process.wait()
        signal.signal(signal.SIGTERM, before)
    return failed


def _start(job: Job, script: Path, threads: int) -> subprocess.Popen:
    spec = job.write_spec()
    with open(job.folder / LOG, "ab") as log:
        return subprocess.Popen(
            [sys.executable, str(script), "--job", str(spec)],
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.PIPE,  # closed when this process ends: see `end_with_runner`
            env={**os.environ, "OMP_NUM_THREADS": str(threads)},
            start_new_session=True,  # Ctrl-C reaches this process, which then tells the others
        )


def _tail(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]
