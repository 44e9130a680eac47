"""The downtime journal: facts that are kept beside a ledger that takes none, and merged later."""
