"""The ledger in SQLite: the default."""
