"""Run an early-phase clinical trial from one protocol document, and show why at every step."""

__version__ = "0.1.0"
