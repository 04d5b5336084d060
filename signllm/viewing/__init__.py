"""Seeing pose data: videos of clips, contact sheets, statistics as plots."""
