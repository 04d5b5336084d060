"""Training: losses, schedule, the loop, evaluation during training, and what a run writes."""
