"""The leaves of rules as expressions of an engine: one module for each kind of question."""
