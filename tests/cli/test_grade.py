"""`gradatim grade` as its users run it."""

import json

import pytest


def test_a_grade_with_its_rule_and_arithmetic(run) -> None:
    done = run("grade", "ALT", "121", "--unit", "U/L", "--high", "40", "--baseline", "30")
    assert done.code == 0
    assert "Alanine aminotransferase increased: grade 2" in done.out
    assert "3.025 x ULN (40)" in done.out
    assert "CTCAE v5.0" in done.out


def test_what_cannot_be_told_is_not_grade_0(run) -> None:
    done = run("grade", "ALT", "121", "--unit", "U/L", "--high", "40")
    assert "not graded; it could be 0 or 1 or 2" in done.out
    assert "no baseline" in done.out


def test_json(run) -> None:
    done = run("grade", "potassium", "3.2", "--unit", "mmol/L", "--low", "3.5", "--high", "5.1",
               "--symptomatic", "--json")  # fmt: skip
    document = json.loads(done.out)
    assert document["schema"] == "gradatim.grade/1"
    assert [one["grade"] for one in document["grades"]] == [0, 2]


def test_the_list(run) -> None:
    assert "Ejection fraction decreased" in run("grade", "--list").out
    assert len(json.loads(run("grade", "--list", "--json").out)["analytes"]) > 30


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ALT", "nan"], "is not a number"), (["ALT", "high"], "is not a number"),
        (["ALT", ""], "is not a number"), (["unobtainium", "1"], "is no analyte"),
        (["ALT", "3", "--unit", "mg/dL"], "is no unit of ALT"),
        (["ALT", "3", "--unit", "furlong"], "is not a unit"),
        (["platelets", "3"], "platelets has no unit"),
    ],
)  # fmt: skip
def test_bad_input_is_one_message(run, arguments: list[str], says: str) -> None:
    done = run("grade", *arguments)
    assert done.code == 2
    assert says in done.err
    assert "Traceback" not in done.err
