"""The command line: one module a script; the only place that prints."""

import os

# Threads that wait for each other soon sleep instead of spinning for long; GNU OpenMP reads this when torch is loaded.
# Alone, training is as fast as with OpenMP's own 300,000 turns; beside another program on the same cores it is a few
# times faster (benchmarks/contention.py). Always sleeping (OMP_WAIT_POLICY=PASSIVE) halves the speed of small models.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
