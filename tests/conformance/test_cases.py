"""Every case of the suite, screened one by one and prescreened as a bulk export."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conformance.cases import CASES, USUAL, Case
from tests.conformance.engines import in_bulk, prescreened, screened
from tests.conformance.judge import differences


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_person_is_screened_as_must_be(case: Case) -> None:
    """Truths, status, days and records not used; or the message that refuses the person."""
    assert differences(case, *screened(case)) == []


BULK = [case for case in CASES if in_bulk(case)]
SETS: Mapping[str, list[Case]] = {
    "as usual": [case for case in BULK if {**case.options, "readings": {}} == USUAL],
    "nothing declared": [case for case in BULK if not case.options["exhaustive"]],
    "observed since 2024": [case for case in BULK if case.options["observed"] == "2024-01-01.."],
}
"""People who are asked alike: each set is one export, and takes seconds to prescreen."""


@pytest.mark.parametrize("name", SETS)
def test_the_people_of_an_export_are_prescreened_as_must_be(name: str, tmp_path: Path) -> None:
    """The truths are those of the tables; a prescreen has no days and lists no record."""
    assert SETS[name]
    wrong = {}
    for case, answer in prescreened(SETS[name], tmp_path):
        expected = replace(case.expected, not_used={}, horizon={}, status=())
        found = differences(replace(case, expected=expected), *answer)
        if found:
            wrong[case.id] = found
    assert wrong == {}
