"""ASTCT grades of cytokine release syndrome: every cell of the table, and what is not known."""

from itertools import product

import pytest

from gradatim.clinical.astct import crs_grade, names_crs, scale_in_words
from gradatim.core.errors import UnusableInput

PRESSURE = {"none": 1, "without vasopressor": 2, "one": 3, "multiple": 4}
OXYGEN = {
    "none": 1,
    "low flow": 2,
    "high flow": 3,
    "positive pressure": 4,
}


@pytest.mark.parametrize("hypotension", PRESSURE)
@pytest.mark.parametrize("oxygen", OXYGEN)
def test_the_worse_of_hypotension_and_hypoxia(hypotension, oxygen) -> None:
    found = crs_grade(True, False, hypotension, oxygen)
    assert found.grade == max(PRESSURE[hypotension], OXYGEN[oxygen])
    assert found.version == "ASTCT 2019"
    assert "Lee DW" in found.source
    assert found.needs == ""


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
    assert crs_grade(False, None, "one", "none").needs == "treatment of fever"
    assert crs_grade().possible == (0, 1, 2, 3, 4)
    assert crs_grade().needs == "fever; treatment of hypotension; treatment of hypoxia"


def test_what_is_not_known_never_rules_the_true_grade_out() -> None:
    """Nor is anything but 0 to 4 ever derived: a grade 5 is a death."""
    for fever, treated, pressure, oxygen in product((True, False), (True, False), PRESSURE, OXYGEN):
        whole = crs_grade(fever, treated, pressure, oxygen)
        assert whole.grade in range(5)
        for found in (
            crs_grade(None, treated, pressure, oxygen),
            crs_grade(fever, None, pressure, oxygen),
            crs_grade(fever, treated, None, oxygen),
            crs_grade(fever, treated, pressure, None),
        ):
            assert whole.grade in found.possible
            assert (found.grade is None) is (found.needs != "")


def test_an_unknown_state_is_refused() -> None:
    with pytest.raises(UnusableInput, match="without vasopressor"):
        crs_grade(True, False, "several", "none")


def test_the_syndrome_is_known_by_its_names() -> None:
    assert all(names_crs(text) for text in ("Cytokine release syndrome", " crs ", "10052015"))
    assert not names_crs("Cytokine storm")  # no term of MedDRA: a person says what it is


def test_the_scale_in_words_has_a_line_for_each_grade() -> None:
    lines = scale_in_words()
    assert [line[0] for line in lines] == ["1", "2", "3", "4"]
    assert lines[1] == (
        "2: hypotension that needs no vasopressor or "
        "low flow by nasal cannula (6 L/min or less) or blow-by"
    )
