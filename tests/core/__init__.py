"""Tests of floor 1, the values every other floor is written in."""
