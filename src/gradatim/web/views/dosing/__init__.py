"""Dosing: product and bags, and each dose from setting aside to the end of the infusion."""
