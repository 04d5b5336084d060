"""What `benchmarks/conversion.py` compares: formats with the ways in which they are read today."""
