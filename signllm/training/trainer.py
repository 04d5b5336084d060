"""The trainer: a run taken through its phases.

Every random draw is a function of seed and step and every batch one of seed and epoch, so a run that is resumed from a
checkpoint continues exactly as the run that wrote it would have.
"""

from __future__ import annotations

from contextlib import ExitStack

from signllm.training.gloss_phase import GlossPhase
from signllm.training.phase import Phase
from signllm.training.pose_phase import PosePhase
from signllm.training.run import Run
from signllm.training.state import TrainingState


class Trainer:
    """Trains `run` on pairs of text and gloss, where there are any, and then on poses.

    `held` holds the run's folders until `fit` ends, or until it is closed.
    """

    def __init__(self, run: Run, poses: PosePhase, glosses: GlossPhase | None = None, held: ExitStack | None = None):
        self.run, self.poses, self.glosses, self.held = run, poses, glosses, held or ExitStack()
        self.phases: list[Phase] = [poses] if glosses is None else [glosses, poses]

    def fit(self) -> TrainingState:
        """Train until the configured end, or until the run is asked to stop; return the final state."""
        run = self.run
        with self.held:
            run.reporter.start(run.state, self.poses.total_steps, self.poses.batch_facts())
            for phase in self.phases:
                phase.train()
                if run.stop_requested:
                    break
            run.reporter.finish(run.state)
        return run.state
