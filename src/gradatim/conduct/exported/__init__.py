"""The ledger as an export: JSON Lines, to be read by anybody."""
