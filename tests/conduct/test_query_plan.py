"""One trial among many is found by the index, not by looking at every event."""

import pytest

from gradatim.conduct.event_table import HEAD, POSITION
from tests.conduct.ledgers import Ledger, fill


@pytest.mark.parametrize("statement", ["page", "head", "position"])
def test_the_index_is_used(ledger: Ledger, statement: str) -> None:
    store = ledger.store()
    for number in range(40):
        fill(store, 50, f"TRIAL-{number}")
    text = {"page": store.page, "head": HEAD, "position": POSITION}[statement]
    parameters = {
        "page": ("TRIAL-7", 10, 40, 30),
        "head": ("TRIAL-7",),
        "position": ("TRIAL-7", "request-3"),
    }[statement]
    plan = _plan(ledger, store, text, parameters)
    assert "SCAN ledger_event" not in plan, plan
    assert "Seq Scan" not in plan, plan
    assert ("SEARCH" in plan) or ("Index" in plan), plan


def _plan(ledger: Ledger, store, text: str, parameters: tuple[object, ...]) -> str:
    if ledger.kind == "sqlite":
        rows = store.connection.execute(f"EXPLAIN QUERY PLAN {text}", parameters).fetchall()
        return "\n".join(str(row[-1]) for row in rows)
    with store.connection.cursor() as cursor:
        cursor.execute("ANALYZE ledger_event")
        cursor.execute(f"EXPLAIN {text.replace('?', '%s')}", parameters)
        return "\n".join(row[0] for row in cursor.fetchall())
