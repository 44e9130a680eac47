"""Files of cases: what a case changes, and what is said of a file that cannot be used."""

from datetime import date
from pathlib import Path

import pytest

from gradatim.core.errors import UnusableInput
from gradatim.core.truth import FALSE, TRUE, UNKNOWN
from gradatim.evidence.facts import Observed
from gradatim.synthetic.cases import Case, load_cases

HEAD = """
schema: gradatim.cases/1
base:
  anchors: {screening: 2026-11-02, first_dose: 2026-11-16}
  on: 2026-11-16
  exhaustive: [condition]
  person: {sex: male, birth: 1992-05-14}
  facts:
    ast: [{value: 25, high: 40, on: 2026-11-02}, {value: 26, high: 40, on: 2026-11-14}]
    illness: {from: 2026-08, to: 2026-09-01}
    willing: true
cases:
"""


def case_of(tmp_path: Path, *cases: str) -> Case:
    """Load a file of cases, and give the last of them."""
    path = tmp_path / "cases.yaml"
    path.write_text(HEAD + "\n".join(f"  - {case}" for case in cases), encoding="utf-8")
    return load_cases(path).cases[-1]


def plain(tmp_path: Path, rest: str = "") -> Case:
    return case_of(tmp_path, f"{{id: a, about: An example. {rest}}}")


def test_a_case_that_changes_nothing_is_the_base(tmp_path: Path) -> None:
    case = plain(tmp_path)
    assert (case.id, case.person.id, case.person.sex) == ("a", "a", "male")
    assert case.anchors == {"screening": date(2026, 11, 2), "first_dose": date(2026, 11, 16)}
    assert case.on == date(2026, 11, 16)
    assert case.coverage() == {"condition": Observed(None, None)}
    assert [one.value for one in case.person.records["ast"]] == [25, 26]


def test_an_undated_answer_is_of_the_day_of_screening(tmp_path: Path) -> None:
    case = plain(tmp_path)
    assert case.person.records["willing"][0].on == "2026-11-02"
    assert case.person.records["illness"][0].on is None


def test_change_replaces_or_removes_an_element(tmp_path: Path) -> None:
    case = plain(tmp_path, ", change: {ast: {value: 99, on: 2026-11-03}, illness: []}")
    assert [one.value for one in case.person.records["ast"]] == [99]
    assert set(case.person.records) == {"ast", "willing"}


def test_facts_replace_everything(tmp_path: Path) -> None:
    case = plain(tmp_path, ", facts: {alt: {value: 1}}, change: {ast: {value: 2}}")
    assert set(case.person.records) == {"alt", "ast"}


def test_everything_else_can_be_changed(tmp_path: Path) -> None:
    case = plain(
        tmp_path,
        ", anchors: {screening: 2026-11-03}, on: 2026-11-05, exhaustive: [],"
        " observed: {since: 2024-01-01}, person: {sex: female, birth: 1990},"
        " allergies: [{substance: latex}]",
    )
    assert case.anchors["screening"] == date(2026, 11, 3)
    assert case.anchors["first_dose"] == date(2026, 11, 16)
    assert (case.on, case.exhaustive) == (date(2026, 11, 5), ())
    assert case.observed == Observed(date(2024, 1, 1), None)
    assert (case.person.sex, case.person.birth) == ("female", "1990")
    assert case.person.allergies[0].substance == "latex"


def test_a_case_like_an_earlier_one(tmp_path: Path) -> None:
    case = case_of(
        tmp_path,
        "{id: a, about: An example., change: {ast: {value: 7}}, expect: {E1: true}}",
        "{id: b, about: Another one., like: a, change: {alt: {value: 8}}}",
    )
    assert case.person.id == "b"
    assert set(case.person.records) >= {"ast", "alt"}
    assert case.person.records["ast"][0].value == 7
    assert case.expect.truth == {}


def test_moving_the_first_dose_moves_every_exact_date(tmp_path: Path) -> None:
    case = plain(tmp_path, ", moved_to: 2026-12-16, change: {alt: {value: 1, on: 2026-12-02}}")
    assert case.anchors == {"screening": date(2026, 12, 2), "first_dose": date(2026, 12, 16)}
    assert case.on == date(2026, 12, 16)
    assert [one.on for one in case.person.records["ast"]] == ["2026-12-02", "2026-12-14"]
    illness = case.person.records["illness"][0]
    assert (illness.from_, illness.to) == ("2026-08", "2026-10-01")
    assert case.person.records["alt"][0].on == "2026-12-02"
    assert case.person.birth == "1992-05-14"


def test_expectations(tmp_path: Path) -> None:
    case = plain(
        tmp_path,
        ", reading: {E7c: B}, expect: {E7c: true, I1b: false, E9: unknown, status: undetermined,"
        " because_of: {E9: partial date}, eligible_from: null}, default: {E7c: false}",
    )
    assert case.readings == {"E7c": "B"}
    assert case.expect.truth == {"E7c": TRUE, "I1b": FALSE, "E9": UNKNOWN}
    assert case.expect.because_of == {"E9": "partial date"}
    assert (case.expect.judges_eligible_from, case.expect.eligible_from) == (True, None)
    assert case.default is not None
    assert case.default.truth == {"E7c": FALSE}
    assert not case.default.judges_eligible_from


def test_yaml_words_stay_words(tmp_path: Path) -> None:
    case = plain(tmp_path, ", change: {serology: {result: no, on: 2026-11-02}}")
    assert case.person.records["serology"][0].result == "no"


@pytest.mark.parametrize(
    ("case", "says"),
    [
        ("{id: a, about: An example., chnage: {}}", "case a.chnage: Extra inputs"),
        ("{id: a, about: short}", "case a.about: String should have at least 10"),
        ("{id: a b, about: An example.}", "String should match pattern"),
        ("{id: a, about: An example., change: {ast: {on: 2026-13-01}}}", "month must be in 1..12"),
        ("{id: a, about: An example., change: {ast: {valeu: 3}}}", "ast.0.valeu: Extra inputs"),
        ("{id: a, about: An example., change: {x: {dose: ten}}}", "x.0.dose"),
        ("{id: a, about: An example., expect: {E1: maybe}}", "'maybe' is not true, false or unk"),
        ("{id: a, about: An example., expect: {status: fine}}", "expect.status"),
        ("{id: a, about: An example., like: z}", "there is no case 'z' before 'a'"),
        ("{id: a, about: An example., id: b}", "the key 'id' stands twice"),
        ("{id: a, about: [An example.}", "these cases are not YAML"),
        ("just a word", "case 0: Input should be a valid dictionary"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, case: str, says: str) -> None:
    with pytest.raises(UnusableInput) as raised:
        case_of(tmp_path, case)
    assert says in str(raised.value)
    assert "cases.yaml" in str(raised.value)


def test_two_cases_of_one_id(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="the case 'a' stands twice"):
        case_of(tmp_path, *["{id: a, about: An example.}"] * 2)


def test_a_file_that_is_not_there_or_not_cases(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="these cases cannot be read"):
        load_cases(tmp_path / "none.yaml")
    (tmp_path / "list.yaml").write_text("- 1\n", encoding="utf-8")
    with pytest.raises(UnusableInput, match="do not follow the format"):
        load_cases(tmp_path / "list.yaml")


def test_nothing_to_move_from(tmp_path: Path) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text(
        "schema: gradatim.cases/1\nbase: {}\ncases:\n"
        "  - {id: a, about: An example., moved_to: 2027-05-31}\n",
        encoding="utf-8",
    )
    with pytest.raises(UnusableInput, match="`moved_to` of the case 'a' has nothing to move from"):
        load_cases(path)
