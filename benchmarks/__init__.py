"""Benchmarks: each measures a ratio side by side in one run; `python -m benchmarks` runs all."""
