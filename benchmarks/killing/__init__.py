"""The parts of `benchmarks/kills.py`: what is killed, the process that is, what it leaves, and the count of it."""
