"""Floor 6: safety: dose-limiting toxicity, stopping rules, the clocks of safety reports."""
