"""Conduct: the trial as it is run; the ledger is the trial, and its state is a fold of it."""
