"""Screening: the worklist, the log, the eligibility sheet, and records that arrive."""
