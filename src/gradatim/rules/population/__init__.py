"""Rules compiled to an engine's tables: the same verdicts as `evaluate`, for millions of people."""
