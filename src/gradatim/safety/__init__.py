"""Safety: dose-limiting toxicity, stopping rules, the clocks of safety reports."""
