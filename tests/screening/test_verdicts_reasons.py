"""The numbers of reasons in the files of a prescreen: those of older files are read as before."""

from gradatim.core.verdict import Reason
from gradatim.rules.population.states import NO, YES, unknown
from gradatim.screening.feasibility.reasons import NUMBERS, REASONS
from gradatim.screening.prescreen.output_tables import REASON_NUMBERS

OLDER = (
    "no record",
    "stale",
    "no reference range",
    "unit mismatch",
    "partial date",
    "conflict",
    "judgement needed",
)
"""What 1 to 7 mean in files written before records that are not understood had a reason."""


def test_older_files_keep_their_meaning() -> None:
    assert [REASONS[number] for number in range(1, 8)] == list(OLDER)


def test_every_reason_has_one_number_that_fits_a_column() -> None:
    assert set(NUMBERS) == set(Reason)
    assert sorted(NUMBERS.values()) == list(range(1, 1 + len(Reason)))


def test_a_state_is_written_as_the_number_of_its_reason() -> None:
    assert REASON_NUMBERS[NO] == REASON_NUMBERS[YES] == 0
    assert [REASON_NUMBERS[unknown(one)] for one in Reason] == [NUMBERS[one] for one in Reason]
