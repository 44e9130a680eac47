"""`gradatim dose`: what it prints, its JSON document, and what it will not take."""

import json
from pathlib import Path

import jsonschema
import pytest

LABEL = ("--cells-per-ml", "1e7", "--counted", "viable", "--measured", "post-thaw")
COMPLETE = (
    "--baseline-weight",
    70,
    "--bag-volume",
    5,
    "--dmso",
    0.1,
    "--certified-viability",
    0.9,
    "--thawed-at",
    "2026-11-16T09:00",
    "--ends-at",
    "2026-11-16T11:00",
    "--expiry",
    "2026-11-16",
    "--duration",
    60,
)
NUMBER = {"type": ["number", "null"]}
DOCUMENT = {
    "type": "object",
    "additionalProperties": False,
    "required": [
        "schema",
        "protocol",
        "level",
        "status",
        "planned",
        "mode",
        "cells",
        "volume_ml",
        "bags",
        "infused_ml",
        "infused_cells",
        "discarded_ml",
        "discarded_cells",
        "deviation",
        "minimum_duration_min",
        "dmso_g_per_kg",
        "units",
        "steps",
        "checks",
        "rests_on",
    ],
    "properties": {
        "schema": {"const": "gradatim.dose/1"},
        "protocol": {"required": ["id", "version", "sha256"]},
        "level": {"required": ["number", "label", "dose", "unit"]},
        "status": {"enum": ["accepted", "refused", "undetermined"]},
        "planned": {"required": ["value", "unit", "counts"]},
        "mode": {"enum": ["exact volume", "whole units", None]},
        **dict.fromkeys(
            (
                "cells",
                "volume_ml",
                "infused_ml",
                "infused_cells",
                "discarded_ml",
                "discarded_cells",
                "deviation",
                "minimum_duration_min",
                "dmso_g_per_kg",
            ),
            NUMBER,
        ),
        "bags": {"type": ["integer", "null"]},
        "units": {
            "items": {
                "required": [
                    "id",
                    "lot",
                    "volume_ml",
                    "drawn_ml",
                    "infused_ml",
                    "held_ml",
                    "discarded_ml",
                    "infused_cells",
                    "discarded_cells",
                    "end_before",
                ]
            }
        },
        "steps": {"items": {"required": ["label", "formula", "numbers", "arithmetic", "result"]}},
        "checks": {
            "minItems": 1,
            "items": {
                "required": ["id", "truth", "because", "unknown_because"],
                "properties": {
                    "truth": {"enum": ["true", "false", "unknown"]},
                    "because": {"type": "string", "minLength": 1},
                },
            },
        },
        "rests_on": {"minItems": 1, "items": {"required": ["what", "value", "basis", "source"]}},
    },
}


@pytest.fixture
def dose(run):
    """Run with `--json` and give the document, after checking its shape."""

    def document(*arguments):
        ran = run("dose", *arguments, "--json")
        assert (ran.code, ran.err) == (0, "")
        found = json.loads(ran.out)
        jsonschema.validate(found, DOCUMENT)
        return found

    return document


def trial(level, kg, *more):
    return ("nct05962762", "--level", level, "--weight", kg, *LABEL, *more)


def truths(found):
    return {one["id"]: one["truth"] for one in found["checks"]}


def test_a_complete_preparation_is_accepted(dose):
    found = dose(*trial(3, 70, *COMPLETE))
    assert found["status"] == "accepted"
    assert (found["cells"], found["volume_ml"], found["bags"]) == (3.5e8, 35.0, 7)
    assert found["planned"] == {"value": 3.5e8, "unit": "{cells}", "counts": "viable"}
    assert found["deviation"] == 0
    assert found["units"][0]["end_before"] == "2026-11-16T12:00:00"
    assert set(truths(found).values()) == {"true"}


def test_without_a_bag_volume_cells_and_volume_are_given_and_the_rest_is_unknown(dose):
    found = dose(*trial(3, 70))
    assert found["status"] == "undetermined"
    assert (found["cells"], found["volume_ml"], found["bags"]) == (3.5e8, 35.0, None)
    assert truths(found)["deviation"] == truths(found)["weight"] == "unknown"


def test_a_total_count_is_multiplied_by_viability_and_recovery(dose):
    found = dose(
        "nct05962762",
        "--level",
        2,
        "--weight",
        70,
        "--cells-per-ml",
        "1.25e7",
        "--counted",
        "total",
        "--measured",
        "release",
        "--viability",
        0.8,
        "--recovery",
        0.7,
    )
    assert found["volume_ml"] == pytest.approx(30)
    step = next(one for one in found["steps"] if one["label"] == "viable cells per mL")
    assert step["arithmetic"] == "12,500,000 cells/mL × 0.8 × 0.7"
    assert step["result"] == {"value": pytest.approx(7e6), "unit": "{cells}/mL"}


def test_viability_given_twice_is_shown_as_refused(run, dose):
    found = dose(*trial(1, 70, "--viability", 0.9))
    assert (found["status"], found["volume_ml"]) == ("refused", None)
    assert truths(found)["basis"] == "false"
    ran = run("dose", *trial(1, 70, "--viability", 0.9))
    assert ran.code == 0
    assert "refused" in ran.out
    assert "applied twice" in " ".join(ran.out.replace("│", " ").split())


def test_whole_bags_outside_the_tolerance_are_shown_as_refused(run, dose):
    asked = trial(1, 70, "--bag-volume", 5, "--bags", 2, "--whole-bags")
    found = dose(*asked)
    assert (found["status"], found["bags"]) == ("refused", 2)
    assert found["deviation"] == pytest.approx(0.428571, abs=1e-6)
    assert "+43 %" in run("dose", *asked).out


def test_too_few_bags_are_refused(dose):
    found = dose(*trial(3, 70, "--bag-volume", 5, "--bags", 6))
    assert (found["status"], found["bags"]) == ("refused", 6)


def test_a_tablet_needs_no_weight_and_has_no_volume(dose):
    found = dose("example_oncology_tablet", "--level", 2)
    assert found["planned"] == {"value": 40, "unit": "mg", "counts": None}
    assert (found["status"], found["cells"], found["volume_ml"]) == ("accepted", None, None)


def test_people_see_steps_bags_checks_and_what_is_only_proposed(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    out = run("dose", *trial(3, 70, *COMPLETE)).out
    for words in (
        "accepted",
        "350,000,000 viable cells, 35.00 mL to draw, from 7 bags",
        "5,000,000 cells/kg × 70 kg",
        "dose level × weight",
        "✔ passes",
        "2026-11-16 12:00",
        "thaw to end",
        "proposed",
        "stated",
        "assumed",
    ):
        assert words in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ("nct05962762", "--level", 1, "--weight", 70, "--cells-per-ml", 1e7),
            "--counted viable|total and --measured release|post-thaw: what was counted is not said",
        ),
        (
            (
                "nct05962762",
                "--level",
                1,
                "--weight",
                70,
                "--cells-per-ml",
                1e7,
                "--counted",
                "total",
            ),
            "--measured release|post-thaw: what was counted is not said",
        ),
        (("nct05962762", "--level", 1, "--weight", 70), "--cells-per-ml: there is no count"),
        (("nct05962762", "--level", 1, *LABEL), "there is no weight"),
        (("nct05962762", "--level", 1, "--baseline-weight", 70, *LABEL), "--baseline-weight"),
        (trial(7, 70), "there is no dose level 7"),
        (trial(1, -70), "-70 kg is not a body weight"),
        (trial(1, "nan"), "nan kg is not a body weight"),
        (trial(1, 70, "--counted", "live"), "use viable or total"),
        (trial(1, 70, "--recovery", 90), "write 90 % as 0.9"),
        (trial(1, 70, "--bag-volume", 0), "--bag-volume: 0 is not a positive number"),
        (trial(1, 70, "--bags", 2), "--bags: there is no volume of a bag"),
        (trial(1, 70, "--whole-bags"), "--whole-bags: there is no volume of a bag"),
        (trial(1, 70, "--bag-volume", 1e-9), "this would take"),
        (trial(1, 70, "--ends-at", "tomorrow"), "--ends-at: 'tomorrow' is not a time"),
        (trial(1, 70, "--thawed-at", "2026-11-16"), "has no time of day"),
        (trial(1, 70, "--expiry", "1066-01-01"), "check the year"),
        (trial(1, 70, "--duration", 0, "--bag-volume", 5), "--duration: 0 is not"),
        (
            trial(
                1,
                70,
                "--bag-volume",
                5,
                "--thawed-at",
                "2026-11-16T09:00",
                "--ends-at",
                "2026-11-16T11:00+08:00",
            ),
            "only one of them has a time zone",
        ),
    ],
)
def test_what_cannot_be_used_is_said_in_one_message(run, arguments, says):
    ran = run("dose", *arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert says.casefold() in ran.err.casefold()
    assert len(ran.err.strip().splitlines()) == 1


def test_the_worked_example_on_the_page_is_what_the_command_answers(dose):
    page = (Path(__file__).parents[2] / "docs" / "dosing.md").read_text(encoding="utf-8")
    example = page.split("```sh\ngradatim dose ")[1].split("```")[0]
    found = dose(*example.replace("\\\n", " ").split())
    assert found["status"] == "accepted"
    for step in found["steps"]:
        assert f"| {step['formula']} |" in page
        if step["label"] != "deviation":
            assert f"| {step['arithmetic']} |" in page
    assert all(f"`{one['id']}`" in page for one in found["checks"])


@pytest.mark.parametrize(
    "weights",
    [
        ("--weight", 154, "--baseline-weight", 70),
        ("--weight", 70, "--baseline-weight", 7.0),
        ("--weight", 31.8, "--baseline-weight", 70),
        ("--weight", 9),
    ],
)
def test_an_implausible_weight_is_refused_until_it_is_confirmed(run, dose, weights):
    """Pounds for kilograms, a slipped decimal point: said which, why, and what to do."""
    ran = run("dose", "nct05962762", "--level", 1, *weights, *LABEL)
    assert ran.code == 2
    assert "is not plausible" in ran.err
    assert "--weight-is-meant" in ran.err
    found = dose("nct05962762", "--level", 1, *weights, *LABEL, "--weight-is-meant")
    said = {one["id"]: one for one in found["checks"]}["weight"]
    assert "confirmed as meant" in said["because"] or said["truth"] == "unknown"
