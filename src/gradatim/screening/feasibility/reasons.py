"""The numbers by which the files of a prescreen name the reasons of UNKNOWN."""

from collections.abc import Mapping

from gradatim.core.verdict import Reason

KNOWN = 0
"""The number of a verdict that is not unknown."""
NUMBERS: Mapping[Reason, int] = {
    Reason.NO_RECORD: 1,
    Reason.STALE: 2,
    Reason.NO_REFERENCE_RANGE: 3,
    Reason.UNIT_MISMATCH: 4,
    Reason.PARTIAL_DATE: 5,
    Reason.CONFLICT: 6,
    Reason.JUDGEMENT: 7,
    Reason.NOT_UNDERSTOOD: 8,
}
"""They stand in files, and a number never changes its meaning: a new reason has the next one,
wherever it stands in the order of reasons."""
REASONS: Mapping[int, Reason] = {number: reason for reason, number in NUMBERS.items()}
