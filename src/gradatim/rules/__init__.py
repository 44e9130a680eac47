"""The rule language: what it means (evaluate), when it changes (horizon), how it reads."""
