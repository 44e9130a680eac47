"""The linter finds each kind of fault, and nothing in a sound document."""

from typing import Any

import pytest

from gradatim.protocol.load import bundled, load
from gradatim.rules.lint import CHECKS, lint
from tests.protocol.documents import Change, criterion, small


def _set(path: str, value: Any) -> Change:
    def change(data: Any) -> None:
        *steps, last = path.split(".")
        for step in steps:
            data = data[int(step)] if isinstance(data, list) else data[step]
        data[last] = value

    return change


def _add(i: int, **keys: Any) -> Change:
    return lambda data: criterion(data, i).update(keys)


def _contradict(data: dict[str, Any]) -> None:
    other = {
        **criterion(data),
        "id": "E1",
        "category": "exclusion",
        "text": "",
        "rule": {"compare": "alt", "is": "<= 4 x ULN", "at": ["screening"]},
    }
    data["eligibility"]["criteria"].append(other)


def _twice(data: dict[str, Any]) -> None:
    data["eligibility"]["criteria"].append({**criterion(data, 1), "text": ""})


def _endpoint(element: str = "alt", **response: Any) -> Change:
    """Give the protocol an endpoint with these criteria of response."""
    score = {"kind": "measurement", "label": "BASDAI", "unit": "{score}"}

    def change(data: dict[str, Any]) -> None:
        data["elements"]["basdai"] = score
        data["endpoints"].append(
            {
                "level": "exploratory",
                "label": "activity",
                "elements": [element, "basdai"],
                "measure": "responses",
                "basis": "assumed",
                "response": {"criteria": ["basdai50"], "inputs": {"basdai": "basdai"}, **response},
            }
        )

    return change


def _stopping(rule: dict[str, Any]) -> Change:
    """Give the protocol a stopping rule."""
    one = {"id": "s", "action": "pause", "reading": "as is", "basis": "assumed", "rule": rule}
    return lambda data: data["safety"]["stopping_rules"].append(one)


ALT = {"kind": "measurement", "label": "x", "unit": "U/L"}
STERILE = {"name": "sterility", "label": "sterility", "answer": "negative", "basis": "stated"}
ICD = {"system": "icd10", "codes": ["I21*"], "basis": "stated"}
SAME = [{"name": "b", "reading": "same", "rule": {"attested": "willing"}}]
CALCIUM = {
    "kind": "measurement",
    "label": "calcium",
    "unit": "mg/dL",
    "codes": [{"system": "loinc", "codes": ["17861-6"], "basis": "stated"}],
}
FAULTS: dict[str, tuple[Change, str]] = {
    "stated nowhere": (
        _set("treatment.product.source", " "),
        "stated without a source: say where it is stated",
    ),
    "registered nowhere": (
        _set("study.phase", {"value": 1, "basis": "registry"}),
        "registry without a source: say in which registry",
    ),
    "a code of nowhere": (
        _set("elements.alt.codes", [{"system": "loinc", "codes": ["1742-6"], "basis": "stated"}]),
        "stated without a source",
    ),
    "undefined element": (_add(1, rule={"attested": "able"}), "no element named 'able'"),
    "gradable without a code": (
        _set("elements.platelet_count", {**ALT, "unit": "10*9/L"}),
        "platelet_count looks like platelets, which CTCAE grades",
    ),
    "calcium without albumin": (
        _set("elements.calcium", CALCIUM),
        "calcium is a total calcium, which CTCAE grades corrected for albumin",
    ),
    "undefined encounter": (
        _add(0, rule={"compare": "alt", "is": "> 1 U/L", "at": ["week_1"]}),
        "no encounter named 'week_1'",
    ),
    "window without anchor": (
        _add(1, rule={"attested": "willing", "within": {"anchor": "moon", "bounds": "[]"}}),
        "no anchor named 'moon'",
    ),
    "wrong kind": (_add(1, rule={"attested": "alt"}), "kind measurement; it needs answer"),
    "criterion twice": (_twice, "I2 is used twice"),
    "unused element": (_set("elements.spare", ALT), "spare is not used"),
    "LOINC check digit": (
        _set("elements.alt.codes.0.codes", ["1742-7"]),
        "1742-7 of alt has a wrong check digit",
    ),
    "SNOMED check digit": (
        _set("elements.alt.codes", [{"system": "snomed", "codes": ["9631009"], "basis": "stated"}]),
        "9631009 of alt has a wrong check digit",
    ),
    "form of a code": (
        _set("elements.alt.codes", [{"system": "atc", "codes": ["L4AB"], "basis": "stated"}]),
        "L4AB of alt is not of the form",
    ),
    "check digit of what may be it": (
        _set(
            "elements.alt.perhaps", [{"system": "snomed", "codes": ["9631009"], "basis": "stated"}]
        ),
        "9631009 of alt has a wrong check digit",
    ),
    "a code in both lists": (
        _set("elements.alt.perhaps", [{"system": "loinc", "codes": ["1742-6"], "basis": "stated"}]),
        "loinc code 1742-6 is of alt by its codes",
    ),
    "a code in both lists by a pattern": (
        _set(
            "elements.alt",
            {
                **ALT,
                "codes": [ICD],
                "perhaps": [{"system": "icd10", "codes": ["I21.4*"], "basis": "stated"}],
            },
        ),
        "icd10 code I21.4* is of alt by its codes",
    ),
    "CTCAE term": (
        _set("elements.alt.ctcae_terms", ["Anaphylaxys"]),
        "no term 'Anaphylaxys'; other words",
    ),
    "CTCAE class": (_set("elements.alt.ctcae_classes", ["Infections"]), "no class 'Infections'"),
    "unknown drug": (
        _set("elements.alt.drugs", ["aspirinium"]),
        "the drug table has no 'aspirinium'",
    ),
    "unit": (_set("elements.alt.unit", "furlongs"), "'furlongs' is not a UCUM unit"),
    "unit of a limit": (
        _add(0, rule={"compare": "alt", "is": "> 3 mm", "at": ["screening"]}),
        "alt is in U/L, which never converts to mm",
    ),
    "formula": (
        _set("elements.alt.derived", {"formula": "astrology", "inputs": {}}),
        "no formula named",
    ),
    "inputs of a formula": (
        _set("elements.alt.derived", {"formula": "ckd_epi_2021", "inputs": {}}),
        "alt needs the input creatinine",
    ),
    "test of a lot twice": (
        _set("treatment.product.specification", [STERILE, STERILE]),
        "the test sterility is used twice",
    ),
    "limit of a test": (
        _set(
            "treatment.product.specification",
            [{"name": "alt", "label": "ALT", "limit": "< 2 x ULN", "basis": "stated"}],
        ),
        "< 2 x ULN is not a limit in a UCUM unit",
    ),
    "endpoint's element": (_endpoint("altt"), "no element named 'altt'"),
    "response's element": (_endpoint(inputs={"basdai": "x"}), "no element named 'x'"),
    "response criterion": (_endpoint(criteria=["acr20"]), "no response criterion 'acr20'"),
    "value of a response criterion": (
        _endpoint(criteria=["basdai50", "asdas_state"]),
        "asks for asdas, and no element holds it",
    ),
    "value that no criterion asks for": (
        _endpoint(inputs={"basdai": "basdai", "pain": "basdai"}),
        "none of these response criteria asks for pain",
    ),
    "unit of a response criterion": (
        _endpoint(inputs={"basdai": "alt"}),
        "basdai is in {score}, not in U/L",
    ),
    "text not covered": (_set("eligibility.connectives", []), "belong to no criterion: 'and'"),
    "text not in the record": (_add(1, text="able to come"), "does not contain the text of I2"),
    "same reading": (_add(1, alternatives=SAME), "reading b is the same as literal"),
    "contradiction": (_contradict, "nobody can pass both I1 and E1"),
    "safety rule that nothing answers": (
        _stopping({"attested": "willing"}),
        "a safety rule cannot ask for `attested`",
    ),
    "grade that nothing reaches": (
        _stopping({"event": "toxicity", "grade": ">= 6"}),
        "no adverse event has grade >= 6",
    ),
    "ruling": (
        _set(
            "rulings",
            [{"question": "eligibility.I1", "answer": "Z", "by": "sponsor", "on": "2026-11-22"}],
        ),
        "no reading 'Z'",
    ),
    "ruling on nothing": (
        _set(
            "rulings",
            [
                {
                    "question": "treatment.nonsense",
                    "answer": "yes",
                    "by": "sponsor",
                    "on": "2026-11-22",
                }
            ],
        ),
        "nothing to rule on at 'treatment.nonsense'",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_found_with_its_line(name: str) -> None:
    """Each fault is named, at a line of the document."""
    change, words = FAULTS[name]
    document = small(change)
    found = [one for one in lint(document.study) if words in one.what]
    assert found, [one.what for one in lint(document.study)]
    file, line = document.where(found[0].path).split(":")
    assert file == "small.yaml"
    assert int(line) > 1


def test_a_sound_document_has_no_fault() -> None:
    """Nothing is found where nothing is wrong."""
    assert lint(small().study) == []


@pytest.mark.parametrize("trial", sorted(bundled()))
def test_the_bundled_trials_are_sound(trial: str) -> None:
    """Not even a warning."""
    assert lint(load(trial).study) == []


def test_every_check_has_a_fault_that_only_it_finds() -> None:
    """No check could be removed without a test failing."""
    for check in CHECKS:
        assert any(_finds(check, change) for change, _ in FAULTS.values()), check.__name__


def _finds(check: Any, change: Change) -> bool:
    try:
        return bool(list(check(small(change).study)))
    except (KeyError, AttributeError):  # a name that refers to nothing is reported before
        return False
