"""Screening: may this person enter, why, what is missing, and from when."""
