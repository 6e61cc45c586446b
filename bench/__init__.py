"""Measurements: one script for each claim of speed; `results.md` says what they found."""
