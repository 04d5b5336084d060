"""Clips in step: their values, the warps onto a common time axis, their average, and their usual length."""
