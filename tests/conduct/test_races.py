"""Fifty clients race for what there is only one of: nobody is given what is gone.

Thirty-six histories here; ten thousand with `python -m benchmarks.races` (docs/faults.md).
"""

from collections.abc import Callable

import pytest

from tests.conduct.ledgers import Ledger
from tests.conduct.races import RACES, Clients, Race, told

HISTORIES = {"sqlite": 8, "postgres": 4}


@pytest.mark.parametrize("make", RACES, ids=lambda one: one.__name__)
def test_there_is_no_over_allocation(make: Callable[[], Race], ledger: Ledger) -> None:
    clients, race = Clients(ledger.url), make()
    try:
        for number in range(HISTORIES[ledger.kind]):
            given, answers = clients.run(race, f"{make.__name__}-{number}")
            assert given == race.most, race.name
            assert told(answers)["Recorded"] >= race.most
            assert sum(told(answers).values()) == len(answers)
    finally:
        clients.close()
