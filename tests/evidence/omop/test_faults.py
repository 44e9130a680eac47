"""Faults of a warehouse are told by name, and reference ranges that cannot be used as well."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gradatim.core.errors import UnusableInput
from gradatim.evidence.laboratory_limits_file import load
from gradatim.evidence.omop.check import Checked, check
from gradatim.evidence.omop.mapping import relation
from gradatim.evidence.omop.options import Options, ReferenceRange
from tests.evidence.omop import warehouse as w

PERSON = {"person_id": 1, "year_of_birth": 1990, "gender_concept_id": 8532}
CONDITION = {
    "condition_occurrence_id": 1,
    "person_id": 1,
    "condition_concept_id": w.CANCER,
    "condition_start_date": date(2020, 1, 1),
}


def checked(**tables: list[dict[str, Any]]) -> Checked:
    return check(w.Small({"person": [PERSON]} | tables), w.study(), Options(w.ON))


def test_counts() -> None:
    found = checked(
        condition_occurrence=[
            CONDITION,
            CONDITION | {"person_id": 9},
            CONDITION | {"condition_start_date": None},
            CONDITION | {"condition_start_date": date(1850, 1, 1)},
            CONDITION | {"condition_start_date": date(2080, 1, 1)},
            CONDITION | {"condition_end_date": date(2019, 1, 1)},
        ]
    )
    assert found.not_used == {
        "person: date of birth known in part": 1,
        "condition_occurrence: without start date": 1,
        "condition_occurrence: that start before 1900": 1,
        "condition_occurrence: that start after the day of the evaluation": 1,
        "condition_occurrence: that end before they start": 1,
        "condition_occurrence: of people who are not in person": 1,
    }
    assert "nsaid" in found.missing["drug_exposure"]
    assert "severe_allergy" not in found.unmapped


def test_an_empty_table_is_told() -> None:
    found = checked(measurement=[])
    assert set(found.empty) == {"measurement"}
    assert "ast" in found.empty["measurement"]


@pytest.mark.parametrize(
    ("tables", "what"),
    [
        ({"person": []}, "the table person is empty"),
        ({"person": [PERSON, PERSON]}, "1 rows of person repeat a person_id"),
    ],
)
def test_faults_of_people(tables: dict[str, Any], what: str) -> None:
    with pytest.raises(UnusableInput, match=what):
        checked(**tables)


def test_missing_and_mistyped_columns() -> None:
    store = w.Small({"person": [PERSON], "condition_occurrence": [CONDITION]})
    t = store.table("condition_occurrence")
    for broken, what in (
        (t.drop("condition_start_date"), "no column condition_start_date"),
        (
            t.mutate(condition_start_date=t["condition_start_date"].cast("string")),
            "condition_start_date holds string",
        ),
        (
            t.mutate(condition_concept_id=t["condition_concept_id"].cast("string")),
            "condition_concept_id holds string",
        ),
    ):
        store.replace("condition_occurrence", broken)
        with pytest.raises(UnusableInput, match=what):
            check(store, w.study(), Options(w.ON))


@pytest.mark.parametrize("use", [check, relation])
def test_no_people_table(use: Any) -> None:
    with pytest.raises(UnusableInput, match="no table person"):
        use(w.Small({}), w.study(), Options(w.ON))


def written(tmp_path: Path, name: str, text: str) -> Any:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    return load(file, w.ELEMENTS)


def test_reference_ranges_from_csv(tmp_path: Path) -> None:
    found = written(
        tmp_path,
        "r.csv",
        "element,sex,age_from,age_to,unit,low,high\nast,female,18,,IU/L,,35\nast,,,,U/L,5,40\n",
    )
    assert found == {
        "ast": (ReferenceRange("[IU]/L", None, 35, "female", 18, 999), ReferenceRange("U/L", 5, 40))
    }


def test_reference_ranges_from_yaml(tmp_path: Path) -> None:
    found = written(tmp_path, "r.yaml", "creatinine:\n- {unit: mg/dL, low: 0.5, high: 1.2}\n")
    assert found == {"creatinine": (ReferenceRange("mg/dL", 0.5, 1.2),)}


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("r.csv", "element,unit,low,high\nbilirubin,mg/dL,,1\n", "no measured element"),
        ("r.csv", "element,unit,low,high\nast,furlongs,,1\n", "not understood"),
        ("r.csv", "element,unit,low,high\nast,U/L,,\n", "has no limit"),
        ("r.csv", "element,unit,low,high\nast,U/L,9,1\n", "above the high one"),
        ("r.csv", "element,unit,low,high\nast,U/L,a,1\n", "low 'a' is no number"),
        ("r.csv", "element,unit,low,high,colour\nast,U/L,1,2,red\n", "unknown part 'colour'"),
        ("r.csv", "element,sex,unit,low,high\nast,F,U/L,1,2\n", "neither female nor male"),
        ("r.yaml", "ast: [1]\n", "no reference range"),
        ("r.yaml", "[]\n", "not a mapping"),
        ("r.yaml", "a: [\n", "r.yaml:2: this is not YAML"),
        ("r.yaml", "ast: {unit: U/L, low: 1, high: 2}\nast: {}\n", "r.yaml:2: .* stands twice"),
    ],
)
def test_reference_ranges_that_cannot_be_used(
    tmp_path: Path, name: str, text: str, what: str
) -> None:
    with pytest.raises(UnusableInput, match=what):
        written(tmp_path, name, text)
