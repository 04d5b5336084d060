"""What the person at the terminal sees of a training run: progress bar, messages, samples to watch."""

from __future__ import annotations

from tqdm import tqdm

from signllm.training.evaluation import Evaluation
from signllm.training.reporting import Listener
from signllm.training.run_folder import RunFolder
from signllm.training.state import TrainingState

SHOWN_SCORES = ("dtw_score", "pose_similarity", "motion_smoothness", "total_distance")


class ProgressBar(Listener):
    """A bar over all steps of the run with loss and remaining time."""

    def __init__(self) -> None:
        self._bar = tqdm(disable=True)

    def on_start(self, state: TrainingState, total_steps: int, steps_per_epoch: int) -> None:
        self._bar = tqdm(total=total_steps, initial=state.step, unit="step", dynamic_ncols=True, mininterval=0.5)

    def on_step(self, state: TrainingState) -> None:
        self._bar.set_description(f"epoch {state.epoch + 1}", refresh=False)
        self._bar.update(1)

    def on_losses(self, step: int, losses: dict[str, float]) -> None:
        self._bar.set_postfix_str(f"loss {losses['total']:.3f}", refresh=False)

    def on_gloss_step(self, state: TrainingState, total_steps: int) -> None:
        self._bar.set_description(f"gloss part {state.gloss_step}/{total_steps}", refresh=False)
        self._bar.update(0)

    def on_gloss_losses(self, step: int, losses: dict[str, float]) -> None:
        self._bar.set_postfix_str(f"loss {losses['gloss']:.3f}", refresh=False)

    def on_evaluation(self, state: TrainingState, evaluation: Evaluation, folder: RunFolder) -> None:
        scores = "  ".join(f"{name} {evaluation.scores[name]:.3f}" for name in SHOWN_SCORES)
        self.on_message(
            f"evaluation at step {state.step}: loss {evaluation.losses['total']:.3f}  {scores}"
            f"  selection {evaluation.selection:.3f}{' (best)' if state.best_step == state.step else ''}"
        )

    def on_message(self, text: str) -> None:
        tqdm.write(text)

    def on_finish(self, state: TrainingState) -> None:
        self._bar.close()


class Messages(Listener):
    """Prints the lines for the person who watches, without a bar."""

    def on_message(self, text: str) -> None:
        print(text, flush=True)


class SampleVideos(Listener):
    """Draws reference beside generated clips into samples/ at each evaluation."""

    def on_evaluation(self, state: TrainingState, evaluation: Evaluation, folder: RunFolder) -> None:
        from signllm.viewing.video import write_video

        for pair in evaluation.samples:
            name = "".join(c if c.isalnum() or c in "-_." else "_" for c in pair.name)
            write_video(
                folder.samples / f"step_{state.step:06d}_{pair.language}_{name}.mp4",
                [("reference", pair.reference), ("generated", pair.generated)],
                title=f"{pair.language}: {pair.text}",
            )


class SamplePage(Listener):
    """Keeps a page in samples/ on which the clips of the evaluations are played, generated beside reference."""

    def on_evaluation(self, state: TrainingState, evaluation: Evaluation, folder: RunFolder) -> None:
        from signllm.viewing.player.scenes import Figure, PlayerScene
        from signllm.viewing.sample_page import add_samples

        group = (f"step {state.step}", f"第 {state.step} 步")
        scenes = [
            PlayerScene(
                pair.name,
                [Figure("reference", pair.reference, "reference"), Figure("generated", pair.generated)],
                pair.text,
                language=pair.language,
                group=group,
                note=group,
            )
            for pair in evaluation.samples
        ]
        if scenes:
            add_samples(folder.samples, state.step, scenes, folder.logs.name)
