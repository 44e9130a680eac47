"""What tests of the conduct share: a ledger in each database."""

from tests.conduct.ledgers import ledger  # noqa: F401
