"""Exports to the standards of other systems: pure text and rows, written by the command line."""
