"""Tests of gradatim.clinical."""
