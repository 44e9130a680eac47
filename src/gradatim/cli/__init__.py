"""Floor 11: the commands, one file for each group."""
