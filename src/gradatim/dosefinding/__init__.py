"""Dose escalation: designs, their decisions with reasons, and what to expect of them."""
