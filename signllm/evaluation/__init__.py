"""Evaluation: systems, baselines, leakage, intervals and comparison, each asked for by typed options, to a Report.

`evaluate_model` (model.py), `evaluate_clips` (clips.py), `evaluate_glosses` (glosses.py), `evaluate_prompts`
(prompts.py) and `compare` (comparison.py) return a Report and write nothing. Nothing here prints or parses.
"""
