"""What the field measures, each number under a name that fixes every choice; importing this costs no compiler."""

from signllm.metrics.summary import panel_scores, score_pairs, selection_score

__all__ = ["panel_scores", "score_pairs", "selection_score"]
