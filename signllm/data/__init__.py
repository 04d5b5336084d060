"""Converting, storing and batching pose data."""
