"""What the source code itself must keep to, beyond what the linters look at."""
