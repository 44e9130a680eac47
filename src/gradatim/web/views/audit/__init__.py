"""Audit: who did what, when and why; the ledger's verification; exports."""
