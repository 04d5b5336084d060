"""Mutation testing: single small faults put into the code by chance, and whether the tests see them."""
