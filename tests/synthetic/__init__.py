"""Tests of gradatim.synthetic."""
