"""`gradatim screen`: what it prints, its JSON document, and its exit codes."""

import json

import jsonschema
import pytest

from tests.cli.people import ELIGIBLE, TRIAL, bundle, options, write

DOCUMENT = {
    "type": "object",
    "required": ["schema", "protocol", "people"],
    "properties": {
        "schema": {"const": "gradatim.screening/1"},
        "protocol": {"required": ["id", "version", "sha256"]},
        "people": {
            "items": {
                "required": [
                    "person",
                    "anchors",
                    "status",
                    "eligible_from",
                    "repeat",
                    "recheck",
                    "criteria",
                    "missing",
                    "not_used",
                ],
                "properties": {
                    "status": {"enum": ["eligible", "ineligible", "undetermined"]},
                    "criteria": {
                        "minItems": 47,
                        "maxItems": 47,
                        "items": {
                            "required": [
                                "id",
                                "category",
                                "truth",
                                "passes",
                                "reading",
                                "text",
                                "says",
                                "because",
                                "evidence",
                                "unknown_because",
                                "passes_from",
                                "passes_until",
                            ],
                            "properties": {
                                "truth": {"enum": ["true", "false", "unknown"]},
                                "passes": {"enum": [True, False, None]},
                                "because": {"type": "string", "minLength": 1},
                                "says": {"type": "string", "minLength": 1},
                            },
                        },
                    },
                    "missing": {"items": {"required": ["element", "settles", "rank"]}},
                    "not_used": {"items": {"required": ["id", "why"]}},
                },
            }
        },
    },
}


def test_the_json_document_has_the_agreed_shape(run, tmp_path):
    ran = run("screen", "nct05962762", write(tmp_path, bundle()), "--json", *options())
    assert (ran.code, ran.err) == (0, "")
    document = json.loads(ran.out)
    jsonschema.validate(document, DOCUMENT)
    (person,) = document["people"]
    assert (person["person"], person["status"]) == (ELIGIBLE.person.id, "eligible")
    assert person["anchors"]["first_dose"] == ELIGIBLE.anchors["first_dose"].isoformat()


def test_evidence_names_the_record_its_value_and_its_limit(run, tmp_path):
    case = TRIAL.cases.case("ast-above-2.5-uln")
    ran = run("screen", "nct05962762", write(tmp_path, bundle(case)), "--json", *options(case))
    criterion = {one["id"]: one for one in json.loads(ran.out)["people"][0]["criteria"]}["E11a"]
    assert criterion["passes"] is False
    ast = next(one for one in criterion["evidence"] if one["element"] == "ast")
    assert {"id", "on", "value", "unit", "uln"} <= set(ast)
    assert "x ULN" in criterion["because"]


def test_every_anchor_not_given_is_the_day_asked_about(run, tmp_path):
    path = write(tmp_path, bundle())
    ran = run(
        "screen",
        "nct05962762",
        path,
        "--json",
        "--on",
        "2026-11-20",
        "--anchor",
        "screening=2026-11-02",
    )
    anchors = json.loads(ran.out)["people"][0]["anchors"]
    assert anchors.pop("screening") == "2026-11-02"
    assert set(anchors.values()) == {"2026-11-20"}


def test_a_person_is_shown_with_words_and_symbols(run, tmp_path):
    case = TRIAL.cases.case("ast-above-2.5-uln")
    ran = run("screen", "nct05962762", write(tmp_path, bundle(case)), *options(case))
    assert "✘ not eligible" in ran.out
    assert "✔ passes" in ran.out
    assert all(one.id in ran.out for one in TRIAL.study.criteria)


def test_ten_people_are_shown_as_a_matrix(run, tmp_path):
    paths = [write(tmp_path, bundle(person=f"p{n}"), f"p{n}.json") for n in range(10)]
    ran = run("screen", "nct05962762", *paths, *options())
    assert ran.code == 0
    assert "10 eligible" in ran.out
    assert "because" not in ran.out


def test_a_reading_changes_the_verdict(run, tmp_path):
    case = TRIAL.cases.case("hbsag-positive")
    path = write(tmp_path, bundle(case))
    truths = {}
    for reading in ("A", "B", "C"):
        ran = run(
            "screen", "nct05962762", path, "--json", "--reading", f"E7c={reading}", *options(case)
        )
        criteria = {one["id"]: one for one in json.loads(ran.out)["people"][0]["criteria"]}
        truths[reading] = (criteria["E7c"]["truth"], criteria["E7c"]["reading"])
    assert truths["A"] == ("true", "A")
    assert truths["B"][0] != "true"
    assert truths["B"][1] == "B"


def test_the_strictest_readings_never_pass_who_fails_under_the_usual_ones(run, tmp_path):
    for case in TRIAL.cases.cases[:40]:
        path = write(tmp_path, bundle(case))
        usual = json.loads(run("screen", "nct05962762", path, "--json", *options(case)).out)
        strict = json.loads(
            run(
                "screen", "nct05962762", path, "--json", "--readings", "strictest", *options(case)
            ).out
        )
        pairs = zip(usual["people"][0]["criteria"], strict["people"][0]["criteria"], strict=True)
        rank = {False: 0, None: 1, True: 2}
        assert all(rank[b["passes"]] <= rank[a["passes"]] for a, b in pairs)


PATIENT = {"resourceType": "Patient", "id": "p", "birthDate": "1990-01-01"}


def _bundle_of(*resources: object) -> dict[str, object]:
    entries = [{"resource": one} for one in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


BAD = {
    "not json": ("{", "not JSON"),
    "NaN": ('{"resourceType": "Bundle", "entry": [NaN]}', "not JSON"),
    "another resource": (PATIENT, "not a FHIR Bundle"),
    "no patient": (_bundle_of(), "no Patient"),
    "two patients": (_bundle_of(PATIENT, {**PATIENT, "id": "q"}), "2 Patients"),
    "no birth date": (_bundle_of({"resourceType": "Patient", "id": "p"}), "birth"),
    "born in the future": (_bundle_of({**PATIENT, "birthDate": "2031-01-01"}), "birth"),
    "duplicate ids": (
        _bundle_of(PATIENT, *[{"resourceType": "Observation", "id": "o"}] * 2),
        "same id",
    ),
    "another FHIR": (_bundle_of(PATIENT, {"resourceType": "MedicationOrder", "id": "m"}), "R4"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_bundle_gives_one_message_and_the_others_are_screened(run, tmp_path, name):
    content, words = BAD[name]
    good, bad = write(tmp_path, bundle(), "good.json"), write(tmp_path, content, "bad.json")
    ran = run("screen", "nct05962762", good, bad, "--json", *options())
    assert ran.code == 2
    document = json.loads(ran.out)
    assert [one["person"] for one in document["people"]] == [ELIGIBLE.person.id]
    (unusable,) = document["unusable"]
    assert unusable["input"] == str(bad)
    assert words in unusable["why"]
    assert ran.err.count("\n") == 1
    assert str(bad) in ran.err
    assert "Traceback" not in ran.err


def test_a_bundle_that_is_too_large_is_not_read(run, tmp_path):
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    ran = run("screen", "nct05962762", path)
    assert ran.code == 2
    assert "50" in ran.err
    assert ran.err.count("\n") == 1


def test_one_person_given_twice_is_refused_once(run, tmp_path):
    first, second = write(tmp_path, bundle()), write(tmp_path, bundle(), "again.json")
    ran = run("screen", "nct05962762", first, second, "--json", *options())
    assert ran.code == 2
    document = json.loads(ran.out)
    assert len(document["people"]) == 1
    assert "already screened" in document["unusable"][0]["why"]


WRONG = {
    "--reading": ["--reading", "E7c=Z"],
    "criterion": ["--reading", "E99=A"],
    "--readings": ["--readings", "loosest"],
    "--anchor name": ["--anchor", "birth=2026-01-01"],
    "--anchor date": ["--anchor", "screening=soon"],
    "--on": ["--on", "2026-02-30"],
    "--exhaustive": ["--exhaustive", "answer"],
    "--observed": ["--exhaustive", "condition", "--observed", "2026"],
    "--observed alone": ["--observed", "2024-01-01.."],
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_option_gives_one_message(run, tmp_path, name):
    ran = run("screen", "nct05962762", write(tmp_path, bundle()), *WRONG[name])
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.startswith("gradatim: --")
    assert ran.err.count("\n") == 1


def test_a_missing_file_and_a_missing_protocol_are_named(run, tmp_path):
    missing = run("screen", "nct05962762", tmp_path / "nobody.json")
    assert missing.code == 2
    assert "nobody.json" in missing.err
    unknown = run("screen", "nct00000000", write(tmp_path, bundle()))
    assert unknown.code == 2
    assert "nct05962762" in unknown.err


def test_the_dead_are_not_screened(run, tmp_path):
    content = bundle()
    content["entry"][0]["resource"]["deceasedDateTime"] = "2026-11-01"
    ran = run("screen", "nct05962762", write(tmp_path, content), *options())
    assert ran.code == 2
    assert "has died: on 2026-11-01" in ran.err
    content["entry"][0]["resource"]["deceasedDateTime"] = "2030-01-01"  # as of before that
    assert run("screen", "nct05962762", write(tmp_path, content), *options()).code == 0


def test_a_drug_that_cannot_be_identified_is_not_taken_for_none(run, tmp_path):
    content = bundle()
    patient = content["entry"][0]["resource"]["id"]
    unnamed = {
        "resourceType": "MedicationStatement",
        "id": "text-only",
        "status": "active",
        "medicationCodeableConcept": {"text": "Leflunomide 20 mg"},
        "subject": {"reference": f"Patient/{patient}"},
    }
    content["entry"].append({"resource": unnamed})
    ran = run("screen", "nct05962762", write(tmp_path, content), "--json", *options())
    criteria = {one["id"]: one for one in json.loads(ran.out)["people"][0]["criteria"]}
    assert criteria["E10c"]["truth"] == "unknown"
    assert "not understood" in criteria["E10c"]["because"]


def test_a_report_is_written_for_each_person(run, tmp_path):
    out = tmp_path / "reports"
    ran = run("screen", "nct05962762", write(tmp_path, bundle()), "--report", out, *options())
    assert ran.code == 0
    written = list(out.glob("*.html"))
    assert any(ELIGIBLE.person.id in path.read_text(encoding="utf-8") for path in written)
