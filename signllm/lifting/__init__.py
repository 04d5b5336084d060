"""2D clips to 3D, by fitting bones of constant length from a small network's guess: `signllm.lifting.fitting.lift`.

Nothing is imported here, so that the version can be told without PyTorch.
"""

METHOD = "bone-length-constrained fitting"
METHOD_VERSION = 1
"""Goes up when the same clip gets another depth: by other weights, steps, limits or another network."""
