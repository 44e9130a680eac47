"""Doses of the product: how much is drawn from what, within which limits, and where it went."""
