"""Grades by CTCAE v5.0: the printed table as data, and how a value is graded by it."""
