"""The command line: one module a script; the only place that prints."""

import os

# Threads that wait for each other sleep instead of spinning; must be set before torch is imported. Another program on
# the same cores then costs its share of them, not a factor of nine (benchmarks/contention.py).
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
