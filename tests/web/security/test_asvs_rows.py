"""Rows of the security checklist that are verified anew each time, whatever tests they name."""

import pytest

from gradatim.web.live_trial import Running
from tests.docs.test_asvs import PAGE, ROWS
from tests.web.security.asvs_rows import CHECKS, Live

VERDICTS = {id: verdict for id, _level, _asks, verdict, _evidence in ROWS}
UNTRUE_ONCE = {"V3.5.3", "V8.4.1", "V12.3.1", "V13.2.3", "V16.2.3"}
"""Rows that were found untrue once, and that a program can look at."""


@pytest.mark.parametrize("row", CHECKS)
def test_the_row_is_as_it_says(row: str, app: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    CHECKS[row](Live(app, monkeypatch))


def test_they_are_rows_of_the_page_and_many() -> None:
    assert set(CHECKS) <= set(VERDICTS)
    assert len(CHECKS) >= 50
    assert set(CHECKS) >= UNTRUE_ONCE
    assert "open" not in {VERDICTS[row] for row in CHECKS}


def test_the_page_lists_them() -> None:
    told = PAGE.split("test_the_row_is_as_it_says`):", 1)[1].split("##", 1)[0]
    listed = told.strip().rstrip(".").replace("\n", " ").split(", ")
    assert [one.strip() for one in listed] == sorted(CHECKS, key=_number)


def _number(row: str) -> list[int]:
    return [int(part) for part in row.removeprefix("V").split(".")]
