"""The ledger in PostgreSQL: for production, with several writers."""
