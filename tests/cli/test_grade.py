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
    done = run(
        "grade",
        "potassium",
        "3.2",
        "--unit",
        "mmol/L",
        "--low",
        "3.5",
        "--high",
        "5.1",
        "--symptomatic",
        "--json",
    )
    document = json.loads(done.out)
    assert document["schema"] == "gradatim.grade/1"
    assert [one["grade"] for one in document["grades"]] == [0, 2]


def test_the_document_names_the_analyte_and_what_is_needed(run) -> None:
    done = run("grade", "718-7", "75", "--unit", "g/L", "--low", "120", "--high", "160", "--json")
    document = json.loads(done.out)
    assert (document["analyte"], document["version"]) == ("hemoglobin", "CTCAE v5.0")
    assert document["grades"][0] == {
        "term": "Anemia",
        "meddra": "10002272",
        "grade": None,
        "possible": [3, 4],
        "needs": "needs clinician: life-threatening consequences",
        "rule": "4: < 80 g/L, life-threatening, or 3: < 80 g/L",
        "because": "hemoglobin 75 g/L is 0.625 x LLN (120)",
    }


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["platelets", "<20", "--unit", "10*9/L"], "grade 4"),
        (["platelets", "<60", "--unit", "10*9/L"], "it could be 2 or 3 or 4"),
        (["INR", "1.4", "--not-anticoagulated", "--no-bleeding"], "grade 1"),
        (["INR", "1.4", "--anticoagulated", "--no-bleeding", "--baseline", "2"], "grade 0"),
        (["INR", "1.4", "--at-baseline", "--bleeding"], "grade 3"),
        (["temperature", "40.2", "--unit", "Cel", "--hours-above-40", "30"], "grade 4"),
        (["calcium", "1.7", "--unit", "mmol/L", "--ionized", "--low", "1.1"], "grade 3"),
        (["calcium", "1.7", "--unit", "mmol/L", "--total", "--low", "2.1"], "no albumin"),
        (
            ["calcium", "1.7", "--unit", "mmol/L", "--total", "--low", "2.1", "--albumin", "40"],
            "grade 3",
        ),
        (
            [
                *("17861-6", "12.0", "--unit", "mg/dL", "--high", "10.5"),
                *("--albumin", "2", "--albumin-unit", "g/dL"),
            ],
            "Hypercalcemia: grade 4",
        ),
        (["QTc", "505", "--unit", "ms"], "it could be 0 or 1 or 2 or 3 or 4"),
        (["QTc", "505", "--unit", "ms", "--repeated", "--baseline", "430"], "3 or 4"),
        (["SpO2", "70", "--unit", "%", "--at-rest"], "3 or 4"),
        (["platelets", "20", "--unit", "G/L"], "grade 4"),
        (["temperature", "104.5", "--unit", "F", "--hours-above-40", "1"], "grade 3"),
        (["potassium", "3.2", "--unit", "mmol/L", "--low", "3.5", "--not-symptomatic"], "grade 1"),
        (["hemoglobin", "75", "--unit", "g/L", "--life-threatening"], "grade 4"),
        (
            [
                "ALT",
                "89",
                "--unit",
                "U/L",
                "--high",
                "50",
                "--baseline",
                "60",
                "--baseline-high",
                "40",
            ],
            "grade 0",
        ),
    ],
)
def test_what_is_told_settles_the_grade(run, arguments: list[str], says: str) -> None:
    done = run("grade", *arguments)
    assert done.code == 0
    assert says in done.out


def test_the_list(run) -> None:
    assert "Ejection fraction decreased" in run("grade", "--list").out
    assert len(json.loads(run("grade", "--list", "--json").out)["analytes"]) > 30


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ALT", "nan"], "is not a number"),
        (["ALT", "high"], "is not a number"),
        (["ALT", ""], "is not a number"),
        (["unobtainium", "1"], "is no analyte"),
        (["ALT", "3", "--unit", "mg/dL"], "is no unit of ALT"),
        (["ALT", "3", "--unit", "furlong"], "is not a unit"),
        ([], "no analyte is given"),
        (["ALT", "1e999", "--unit", "U/L"], "no finite number"),
        (["ALT", "3", "--unit", "U/L", "--high", "nan"], "no finite number"),
        (["ALT", "3", "--unit", "U/L", "--low", "9", "--high", "4"], "lower limit 9 is above"),
        (["ALT", "3", "--unit", "U/L", "--baseline-high", "4"], "without the baseline"),
        (["platelets", "3"], "platelets comes without a unit"),
    ],
)
def test_bad_input_is_one_message(run, arguments: list[str], says: str) -> None:
    done = run("grade", *arguments)
    assert done.code == 2
    assert says in done.err
    assert "Traceback" not in done.err


def test_a_cytokine_release_syndrome_is_graded_by_its_signs(run) -> None:
    signs = ("--fever", "--hypotension", "one", "--oxygen", "low flow")
    done = run("grade", "Cytokine release syndrome", *signs)
    assert done.code == 0
    assert "Cytokine release syndrome: grade 3" in done.out
    assert "ASTCT 2019 (Lee DW et al." in done.out
    document = json.loads(run("grade", "CRS", *signs[:3], "--json").out)
    assert (document["version"], document["analyte"]) == ("ASTCT 2019", "Cytokine release syndrome")
    assert document["grades"][0]["possible"] == [3, 4]
    assert document["grades"][0]["needs"] == "treatment of hypoxia"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["CRS", "3"], "graded by its signs, not by a value"),
        (["CRS", "--fever", "--life-threatening"], "--life-threatening: "),
        (["CRS", "--fever", "--baseline", "3"], "--baseline: "),
        (["CRS", "--fever", "--unit", "kg"], "--unit: "),
        (["xyz", "--fever"], "xyz"),
        (["CRS", "--hypotension", "two"], "'two' is no state of hypotension"),
        (["ALT", "121", "--unit", "U/L", "--fever"], "grade a cytokine release syndrome"),
    ],
)
def test_signs_and_values_are_not_mixed(run, arguments, says) -> None:
    done = run("grade", *arguments)
    assert done.code == 2
    assert says in " ".join(done.err.split())
