"""Designs of dose escalation: what each decides, and what it can be told."""
