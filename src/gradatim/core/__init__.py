"""Floor 1: values every other floor is written in: truth, dates, quantities, verdicts, errors."""
