"""What a safety rule asks is refused where nothing answers it, with its line."""

from typing import Any

import pytest

from gradatim.protocol.load import bundled, load
from gradatim.rules.lint import lint
from tests.protocol.documents import small

EVENT: dict[str, Any] = {"event": "toxicity", "grade": ">= 3"}
ALT: dict[str, Any] = {"compare": "alt", "is": "> 3 x ULN"}


def stopping(rule: Any, **more: Any) -> Any:
    one = {"id": "s", "action": "pause", "reading": "as is", "basis": "assumed", "rule": rule}
    return lambda data: data["safety"]["stopping_rules"].append({**one, **more})


def definition(rule: Any) -> Any:
    return lambda data: data["safety"]["dose_limiting_toxicity"].update(definition=rule)


def criterion(rule: Any) -> Any:
    return lambda data: data["eligibility"]["criteria"][1].update(rule=rule)


def window(anchor: str) -> dict[str, Any]:
    return {"anchor": anchor, "from": "0 days", "to": "28 days", "bounds": "[]"}


def with_terms(rule: Any, terms: list[str]) -> Any:
    def change(data: dict[str, Any]) -> None:
        stopping(rule)(data)
        data["elements"]["toxicity"]["ctcae_terms"] = terms

    return change


SOUND: list[Any] = [
    stopping(EVENT),
    stopping({"all": [ALT, {"compare": "alt", "is": "< 9 x ULN"}]}),
    stopping({**ALT, "within": window("first_dose")}),
    stopping(EVENT, participants=2),
    stopping({**EVENT, "serious": True, "outcome": "fatal", "longer_than": "7 days"}),
    stopping({"count": "toxicity", "at_least": 3, "distinct": "record"}),
    stopping({"all": [EVENT, {"not": ALT}]}),
    definition({"any": [EVENT, ALT]}),
    definition({**EVENT, "serious": "hospitalisation"}),
]


@pytest.mark.parametrize("change", SOUND)
def test_what_can_be_asked_is_sound(change: Any) -> None:
    assert [one.what for one in lint(small(change).study) if not one.warning] == []


FAULTS: list[tuple[Any, str]] = [
    (stopping({**ALT, "at": ["screening"]}), "no visits"),
    (stopping({"attested": "willing"}), "cannot ask for `attested`"),
    (stopping({"age": "screening", "is": ">= 65"}), "cannot ask for `age`"),
    (stopping({"sex": "female"}), "cannot ask for `sex`"),
    (stopping({**EVENT, "within": window("screening")}), "counts from first_dose"),
    (stopping({"not": EVENT}), "must not hold where nothing has happened"),
    (stopping({"any": [EVENT, {"not": ALT}]}), "must not hold where nothing has happened"),
    (stopping({"all": []}), "must not hold where nothing has happened"),
    (
        stopping({"all": [{"not": EVENT}, {"any": [{"not": ALT}, EVENT]}]}),
        "must not hold where nothing has happened",
    ),
    (stopping({"event": "toxicity", "grade": ">= 6"}), "no adverse event has grade"),
    (stopping({"event": "toxicity", "grade": "> 2 x ULN"}), "a bare number"),
    (with_terms({"event": "toxicity", "grade": ">= 4"}, ["Headache"]), "3 at most"),
    (
        stopping({"count": "toxicity", "at_least": 3, "distinct": "record"}, participants=2),
        "a count goes over all participants",
    ),
    (stopping({"count": "toxicity", "at_least": 2, "distinct": "ingredient"}), "no ingredients"),
    (definition({"count": "toxicity", "at_least": 2, "distinct": "record"}), "cannot count them"),
    (definition({**ALT, "at": ["screening"]}), "no visits"),
    (definition({"attested": "willing"}), "cannot ask for `attested`"),
    (criterion({**EVENT, "serious": True}), "in the safety rules only"),
    (criterion({**EVENT, "outcome": "fatal"}), "in the safety rules only"),
    (criterion({**EVENT, "longer_than": "7 days"}), "in the safety rules only"),
]


@pytest.mark.parametrize(("change", "told"), FAULTS)
def test_what_cannot_be_answered_is_refused_with_its_line(change: Any, told: str) -> None:
    document = small(change)
    found = [one for one in lint(document.study) if told in one.what]
    assert found, [one.what for one in lint(document.study)]
    assert not found[0].warning
    assert document.where(found[0].path).startswith("small.yaml:")


@pytest.mark.parametrize("name", bundled())
def test_the_bundled_trials_ask_what_can_be_answered(name: str) -> None:
    safety = [one for one in lint(load(name).study) if one.path[:1] == ("safety",)]
    assert safety == []
