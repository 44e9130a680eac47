"""What a page shows to whoever has to judge: the thing itself, by its label, in words."""

import re
from typing import Any

from gradatim.conduct.events import safety as s
from gradatim.conduct.events.base import Signature
from gradatim.conduct.events.findings import (
    ClinicalSignificanceSigned,
    LaboratoryResultsRecorded,
)
from gradatim.conduct.state import Participant
from gradatim.web.clock import now, today
from gradatim.web.live_trial import Running
from tests.conduct.trials import recorded
from tests.markup import markup
from tests.web.conftest import state

CLASSIFY = "/record/AdverseEventClassified/"


def treated(app: Running) -> Participant:
    return next(
        one
        for one in state(app).participants.values()
        if one.site == "S01" and one.status == "treated"
    )


def reported(app: Running, number: str, term: str, **more: Any) -> Participant:
    """Report an adverse event of somebody treated, past the pages."""
    one = treated(app)
    app.trial.record(
        s.AdverseEventReported(
            occurred_on=today(),
            recorded_at=now(),
            recorded_by="nurse.S01.1",
            site="S01",
            participant=one.id,
            adverse_event=number,
            term=term,
            onset=str(today()),
            **more,
        )
    )
    return one


def test_who_says_what_an_event_is_sees_the_event(app: Running, signed_in):
    """Its words, its grade and what was described, beside the questions."""
    one = reported(app, "AE-9", "Funny turn", grade=2, description="fell from the chair, pale")
    text = markup(
        signed_in("investigator.S01.1").get(
            CLASSIFY, {"participant": one.id, "adverse_event": "AE-9"}
        )
    )
    assert "<dd>Funny turn</dd>" in text
    assert "<dd>fell from the chair, pale</dd>" in text
    assert "Until you have answered, it counts as each of these" in text


def test_only_of_a_term_that_says_nothing_it_is_asked_what_it_is(app: Running, signed_in):
    reported(app, "AE-8", "Headache", grade=1)
    one = reported(app, "AE-9", "Funny turn", grade=2)
    lead = signed_in("investigator.S01.1")
    text = markup(lead.get(f"/participants/{one.id}/adverse-events/"))
    offered = re.findall(rf"{CLASSIFY}[^\"]*adverse_event=([^&\"]+)", text)
    assert offered == ["AE-9"]
    assert text.count("Which event this is has not been said") == 1
    known = markup(lead.get(CLASSIFY, {"participant": one.id, "adverse_event": "AE-8"}))
    assert "Its term says what it is already" in known
    assert "counts as each of these" not in known


def test_who_verifies_a_preparation_sees_what_was_prepared(app: Running, signed_in):
    one = treated(app)
    text = markup(
        signed_in("cell_lab.S01.2").get(
            "/record/PreparationVerified/", {"participant": one.id, "dose": "1"}
        )
    )
    assert "Drawn from the bags" in text
    assert "Body weight, kg" in text
    assert re.search(r"<dd>\d{1,3}(\u202f\d{3})+</dd>", text), "no zero is lost in reading"
    assert "{cells}" not in text


def test_what_is_measured_is_named_by_its_label(app: Running, signed_in):
    """In an entry and in a task; its short name is for protocols."""
    one = treated(app)
    of, found = next(
        (at, made)
        for at, made in state(app).events.of(LaboratoryResultsRecorded)
        if made.participant == one.id
    )
    event = ClinicalSignificanceSigned(
        occurred_on=today(),
        recorded_at=now(),
        recorded_by="investigator.S01.1",
        site="S01",
        participant=one.id,
        of=of,
        element=found.results[0].element,
        significant=False,
        signer="investigator.S01.1",
        signature=Signature("Investigator", "I have judged this result."),
    )
    at = recorded(app.trial.record(event)).position
    label = state(app).study.elements[event.element].label
    assert label != event.element
    text = markup(signed_in("investigator.S01.1").get(f"/entries/{at}/"))
    assert f"<dd>{label}</dd>" in text
    assert f"<dd>{event.element}</dd>" not in text


def test_a_deviation_does_not_deny_itself(app: Running, signed_in):
    """What happened comes first, and the rule is told as one."""
    app.trial.record(deviation())
    text = markup(signed_in("sponsor.1").get("/"))
    assert "S01-003 missed day 7 (rule: no visit is missed)" in text
    assert "no visit is missed: S01-003" not in text


def deviation() -> Any:
    return s.ProtocolDeviation(
        occurred_on=today(),
        recorded_at=now(),
        recorded_by="monitor.1",
        site="S01",
        rule="no visit is missed",
        description="S01-003 missed day 7",
    )
