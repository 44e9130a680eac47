"""What to expect of a design: exactly, by simulation, and at its worst."""
