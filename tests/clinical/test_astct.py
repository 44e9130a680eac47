"""ASTCT grades of cytokine release syndrome: every cell of the table, and what is not known."""

import pytest

from gradatim.clinical.astct import crs_grade


@pytest.mark.parametrize(
    ("hypotension", "oxygen", "expected"),
    [
        ("none", "none", 1), ("without vasopressor", "none", 2),
        ("none", "low flow", 2), ("without vasopressor", "low flow", 2), ("one", "none", 3),
        ("one", "low flow", 3), ("without vasopressor", "high flow", 3), ("none", "high flow", 3),
        ("multiple", "none", 4), ("multiple", "low flow", 4), ("one", "high flow", 3),
        ("none", "positive pressure", 4), ("one", "positive pressure", 4),
    ],
)  # fmt: skip
def test_the_worse_of_hypotension_and_hypoxia(hypotension, oxygen, expected) -> None:
    found = crs_grade(True, False, hypotension, oxygen)
    assert found.grade == expected
    assert found.version == "ASTCT 2019"


def test_fever_is_needed_unless_it_was_treated() -> None:
    assert crs_grade(False, False, "one", "low flow").grade == 0
    assert crs_grade(False, True, "one", "low flow").grade == 3
    assert crs_grade(None, True, "none", "none").grade == 1


def test_what_is_not_known_leaves_grades_open() -> None:
    assert crs_grade(True, False, None, "none").possible == (1, 2, 3, 4)
    assert crs_grade(True, False, None, "none").grade is None
    assert crs_grade(True, False, "multiple", None).grade == 4
    assert crs_grade(None, None, "one", "none").possible == (0, 3)
    assert crs_grade(None, None, "one", "none").needs == "fever"
    assert crs_grade(None, False, "none", "none").possible == (0, 1)
