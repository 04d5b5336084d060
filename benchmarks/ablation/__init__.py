"""The parts of `benchmarks/ablations.py`: the matrix file, the jobs of its cells, their processes, and the table."""
