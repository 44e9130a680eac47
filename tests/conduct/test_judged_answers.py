"""Answers that the protocol leaves to an investigator are given and signed by investigators."""

from datetime import timedelta
from typing import Any

import pytest

from gradatim.conduct.events import participants as p
from gradatim.conduct.events.base import Measured
from gradatim.conduct.permissions import signature_meaning
from gradatim.conduct.trial import Recorded, Refused
from gradatim.conduct.views.facts import facts_of
from tests.conduct.ready import DAY, LEAD, NURSE, SITE, enrolled
from tests.conduct.trials import event

UNSUITABLE, COORDINATOR = "unsuitable_by_investigator", f"coordinator.{SITE}.1"
ON = DAY - timedelta(days=1)


@pytest.mark.parametrize(
    ("who", "element", "may"),
    [
        (LEAD, UNSUITABLE, True),
        (COORDINATOR, UNSUITABLE, False),
        (NURSE, UNSUITABLE, False),
        (COORDINATOR, "willing_to_comply", True),
    ],
)
def test_only_an_investigator_answers_what_is_his_to_judge(
    who: str, element: str, may: bool
) -> None:
    led = enrolled()
    said: dict[str, Any] = {"fact": Measured(element=element, code="negative"), "start": str(ON)}
    outcome = led.ask(p.FactRecorded, who, on=ON, **said)
    assert isinstance(outcome, Recorded if may else Refused)
    if isinstance(outcome, Refused):
        assert outcome.by == "permission"


@pytest.mark.parametrize(("element", "signed"), [(UNSUITABLE, True), ("willing_to_comply", False)])
def test_such_an_answer_is_signed(element: str, signed: bool) -> None:
    led = enrolled()
    made = event(
        p.FactRecorded, LEAD, SITE, on=ON, participant="P1", fact=Measured(element=element)
    )
    assert bool(signature_meaning(led.trial.state, made)) is signed


@pytest.mark.parametrize(("who", "counts"), [(LEAD, True), (COORDINATOR, False)])
def test_what_somebody_else_read_in_is_open(who: str, counts: bool) -> None:
    led = enrolled()
    done = led.do(
        p.FactRecorded,
        who,
        on=ON,
        fact=Measured(element=UNSUITABLE, code="negative"),
        start=str(ON),
        record="Observation/o1",
        source="hospital record",
    )
    (fact,) = [
        one
        for one in facts_of(led.trial.state, led.one).of(UNSUITABLE)
        if one.entry == done.position
    ]
    assert (not fact.doubtful) is counts
