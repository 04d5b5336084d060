"""Texts of spoken languages: their words and scripts, their sentences, and which language they are in."""
