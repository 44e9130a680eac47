"""Beside the floors: made-up people, for worked cases, demonstrations, benchmarks and tests."""
