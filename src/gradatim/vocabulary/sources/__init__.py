"""Readers of what publishers and sites have: each puts its concepts and links into a vocabulary."""
