"""Values every other floor is written in: truth, dates, quantities, verdicts, errors."""
