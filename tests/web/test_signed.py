"""Signed content and the committee's signatures, over the pages: what the faults of others were."""

from typing import Any

import pytest

from gradatim.conduct.events import findings as f
from gradatim.conduct.events import safety as s
from gradatim.conduct.events.base import Event
from gradatim.conduct.state import Participant
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.safety import dlt_outcome, possible_dlts
from gradatim.dosefinding.outcomes import DoseOutcome
from gradatim.web.clock import now, today
from gradatim.web.live_trial import Running
from tests.markup import markup
from tests.web.conftest import PASSWORD, signer_of, state


def treated(app: Running) -> Participant:
    return next(
        one
        for one in state(app).participants.values()
        if one.site == "S01" and one.status == "treated"
    )


def add(app: Running, kind: type[Event], by: str, site: str = "S01", **fields: Any) -> int:
    """Record an event past the pages, as another user does meanwhile."""
    made = kind(occurred_on=today(), recorded_at=now(), recorded_by=by, site=site, **fields)
    found = app.trial.record(made)
    return found.position  # type: ignore[union-attr]


def severe(app: Running, **more: Any) -> tuple[Participant, int]:
    """A grade 3, possibly related event in the window of a treated participant."""
    one = treated(app)
    last = max(
        event.occurred_on
        for at in one.entries
        if type(event := state(app).events[at]).__name__ == "DoseAdministered"
    )
    at = add(
        app,
        s.AdverseEventReported,
        "investigator.S01.1",
        participant=one.id,
        adverse_event="AE-9",
        term="Dyspnea",
        onset=str(last),
        grade=3,
        relation="possible",
        **more,
    )
    assert "AE-9" in [found.id for found in possible_dlts(state(app), one)]
    return one, at


def correcting(app: Running, at: int, **more: Any) -> dict[str, Any]:
    event: Any = state(app).events[at]
    return {
        "term": event.term,
        "onset": event.onset,
        "scale": event.scale,
        "grade": event.grade,
        "relation": event.relation,
        "occurred_on": str(event.occurred_on),
        "seen": state(app).position,
        "request": f"c{state(app).position}",
        "correction_reason": "Transcription error",
        **more,
    }


@pytest.mark.parametrize(
    "user",
    [
        "sponsor.1",
        "pharmacist.S01.1",
        "cell_lab.S01.1",
        "data.1",
        "monitor.1",
        "investigator.S02.1",
        "nurse.S02.1",
    ],
)
def test_who_may_not_report_an_event_has_no_correction_of_it(app: Running, signed_in, user: str):
    """Neither the button nor the page, nor the recording by its address."""
    _one, at = severe(app)
    client, before = signed_in(user), state(app).position
    assert f"/entries/{at}/correct/" not in markup(client.get(f"/entries/{at}/"))
    assert client.get(f"/entries/{at}/correct/").status_code == 404
    sent = client.post(f"/entries/{at}/correct/", correcting(app, at, grade=1))
    assert sent.status_code == 404
    assert state(app).position == before


def test_a_candidate_is_not_made_less_without_an_investigators_signature(app, signed_in):
    for user in ("nurse.S01.1", "investigator.S01.1"):
        signer_of(user)
    _one, at = severe(app)
    path, nurse = f"/entries/{at}/correct/", signed_in("nurse.S01.1")
    lead = signed_in("investigator.S01.1")
    first = nurse.post(path, correcting(app, at, grade=1))
    assert first.status_code == 403
    assert "takes the signature of investigator" in markup(first)
    assert 'name="password"' not in markup(first), "who may not sign is not asked to"
    again = nurse.post(path, correcting(app, at, grade=1, password=PASSWORD))
    assert again.status_code == 403
    assert "takes the signature of investigator" in markup(again)
    asked = lead.post(path, correcting(app, at, grade=1))
    assert asked.status_code == 422
    assert "it takes your signature" in markup(asked)
    wrong = lead.post(path, correcting(app, at, grade=1, password="not my password"))
    assert wrong.status_code == 422
    assert state(app).position == at


def test_a_candidate_that_an_investigator_makes_less_stays_one(app, signed_in):
    one, at = severe(app)
    lead, path = signed_in("investigator.S01.1"), f"/entries/{at}/correct/"
    assert lead.post(path, correcting(app, at, grade=1, password=PASSWORD)).status_code == 302
    now_: Any = state(app)
    assert now_.events[at].grade == 1
    assert "I have judged this adverse event" in now_.events[now_.position].signature.meaning
    assert dlt_outcome(now_, now_.participants[one.id], today()) is DoseOutcome.CANDIDATE
    was = f"was a candidate: grade 3, possible, until entry {now_.position} changed it"
    text = markup(lead.get(f"/participants/{one.id}/adverse-events/"))
    assert "DLT candidate" in text
    assert was in text
    committee = signed_in("committee.1")
    assert was in markup(committee.get("/review/?part=toxicity"))
    assert "Dyspnea awaits adjudication" in markup(committee.get("/"))


def test_an_update_that_makes_a_candidate_less_is_signed_by_an_investigator(app, signed_in):
    one, _at = severe(app)
    path = f"/record/AdverseEventUpdated/?site=S01&participant={one.id}&adverse_event=AE-9"
    data = {
        "relation": "unrelated",
        "occurred_on": str(today()),
        "seen": state(app).position,
        "request": "u1",
    }
    lead = signed_in("investigator.S01.1")
    assert lead.post(path, data).status_code == 422
    assert lead.post(path, {**data, "password": PASSWORD}).status_code == 302
    assert state(app).events[state(app).position].signature is not None
    assert (
        dlt_outcome(state(app), state(app).participants[one.id], today()) is DoseOutcome.CANDIDATE
    )


def test_what_a_nurse_makes_less_is_recorded_and_does_not_count(app, signed_in):
    """Neither that it is less serious, nor a relation, which a nurse is not asked for at all."""
    one, _at = severe(app, serious=("life_threatening",))
    path = f"/record/AdverseEventUpdated/?site=S01&participant={one.id}&adverse_event=AE-9"
    data = {
        "serious": ["hospitalisation"],
        "relation": "unrelated",
        "occurred_on": str(today()),
        "seen": state(app).position,
        "request": "u2",
    }
    nurse = signed_in("nurse.S01.1")
    assert 'name="relation"' not in markup(nurse.get(path))
    assert nurse.post(path, data).status_code == 302
    now_ = state(app)
    (made,) = [
        one for _, one in now_.events.of(s.AdverseEventUpdated) if one.adverse_event == "AE-9"
    ]
    assert (made.serious, made.relation) == (("hospitalisation",), None)
    course = courses(now_, now_.participants[one.id])["AE-9"]
    assert course.event.serious == ("life_threatening",)
    assert dlt_outcome(now_, now_.participants[one.id], today()) is DoseOutcome.CANDIDATE
    text = markup(nurse.get(f"/participants/{one.id}/adverse-events/"))
    assert "not signed" in text
    mine = markup(signed_in("investigator.S01.1").get("/"))
    assert "counts once an investigator has signed it" in mine


def judged(app: Running, signed_in) -> tuple[int, dict[str, Any]]:
    """An investigator signs what a result means; with what a correction of that is sent with."""
    one = treated(app)
    of = next(
        at for at in one.entries if isinstance(state(app).events[at], f.LaboratoryResultsRecorded)
    )
    element = state(app).events[of].results[0].element  # type: ignore[attr-defined]
    path = (
        f"/record/ClinicalSignificanceSigned/?site=S01&participant={one.id}&of={of}"
        f"&element={element}"
    )
    data = {
        "significant": "no",
        "occurred_on": str(today()),
        "seen": state(app).position,
        "request": "s1",
        "password": PASSWORD,
    }
    assert signed_in("investigator.S01.1").post(path, data).status_code == 302
    at = state(app).position
    return at, {
        **data,
        "of": of,
        "element": element,
        "significant": "yes",
        "seen": at,
        "correction_reason": "slip",
        "request": "s2",
    }


@pytest.mark.parametrize(
    "user", ["nurse.S01.1", "pharmacist.S01.1", "coordinator.S01.1", "sponsor.1"]
)
def test_what_an_investigator_signed_is_not_corrected_by_others(app, signed_in, user: str):
    """The page says who may; there is no button, and nothing behind its address."""
    at, sent = judged(app, signed_in)
    client = signed_in(user)
    page = markup(client.get(f"/entries/{at}/"))
    assert f"/entries/{at}/correct/" not in page
    assert "under the signature of" in page
    assert client.get(f"/entries/{at}/correct/").status_code == 404
    assert client.post(f"/entries/{at}/correct/", sent).status_code == 404
    assert state(app).position == at


def test_a_correction_of_what_was_signed_is_signed_anew(app, signed_in):
    """What was signed before is shown as it was signed, under nothing else."""
    at, sent = judged(app, signed_in)
    lead, path = signed_in("investigator.S01.1"), f"/entries/{at}/correct/"
    assert 'name="password"' in markup(lead.get(path))
    unsigned = {name: value for name, value in sent.items() if name != "password"}
    assert lead.post(path, unsigned).status_code == 422
    assert state(app).position == at
    assert lead.post(path, sent).status_code == 302
    assert state(app).events[at].significant  # type: ignore[attr-defined]
    page = markup(lead.get(f"/entries/{at}/"))
    present, before = page.split("It said before")
    assert "sign what the entry says now. I have judged this result." in present
    assert "<q>I have judged this result.</q>" not in present
    assert "Signed as it was before" in before
    assert "<q>I have judged this result.</q>" in before


def test_a_seriousness_ticked_by_mistake_is_taken_off_by_an_investigator(app, signed_in):
    one = treated(app)
    at = add(
        app,
        s.AdverseEventReported,
        "nurse.S01.1",
        participant=one.id,
        adverse_event="AE-8",
        term="Dyspnea",
        onset="2020-01-01",
        grade=1,
        relation="unrelated",
        serious=("hospitalisation",),
    )
    path = f"/entries/{at}/correct/"
    assert signed_in("nurse.S01.1").post(path, correcting(app, at)).status_code == 403
    assert state(app).events[at].serious  # type: ignore[attr-defined]
    lead = signed_in("investigator.S01.1")
    assert lead.post(path, correcting(app, at)).status_code == 422, "no signature"
    signed = lead.post(path, correcting(app, at) | {"password": PASSWORD})
    assert signed.status_code == 302
    assert state(app).events[at].serious == ()  # type: ignore[attr-defined]


def test_a_correction_of_a_stale_page_is_handed_back(app, signed_in):
    _one, at = severe(app)
    data = correcting(app, at, term="Dyspnea at rest")
    add(
        app,
        s.AdverseEventUpdated,
        "coordinator.S01.1",
        participant=_one.id,
        adverse_event="AE-9",
        comment="seen again",
    )
    nurse = signed_in("nurse.S01.1")
    stale = nurse.post(f"/entries/{at}/correct/", data)
    assert stale.status_code == 409
    assert "changed by somebody else" in markup(stale)


# The committee signs what stands.

SEEN = 'name="seen" value="'


def proposing(app: Running, signed_in, one: Participant) -> tuple[str, Any]:
    """The first member proposes that the event was not dose-limiting; the second opens the page."""
    path = f"/record/DoseLimitingToxicityAdjudicated/?site=&participant={one.id}&candidate=AE-9"
    data = {
        "dose_limiting": "no",
        "reason": "another cause",
        "occurred_on": str(today()),
        "seen": state(app).position,
        "request": "p1",
        "password": PASSWORD,
    }
    first = signed_in("committee.1")
    for _ in "ab":  # a second press of the button sends the same again
        answer = first.post(path, data)
        assert answer.status_code == 302, answer.content.decode()
    assert sum(one.act.get("candidate") == "AE-9" for one in state(app).proposals.values()) == 1
    proposal = list(state(app).proposals)[-1]
    second = signed_in("committee.2")
    page = markup(second.get(f"/review/proposals/{proposal}/"))
    return page.split(SEEN)[1].split('"')[0], second


def worse(app: Running, one: Participant) -> int:
    """A nurse records that the event became worse."""
    return add(
        app, s.AdverseEventUpdated, "nurse.S01.1", participant=one.id, adverse_event="AE-9", grade=4
    )


def test_a_signature_on_a_page_older_than_its_subject_is_not_given(app, signed_in):
    one, _at = severe(app)
    seen, second = proposing(app, signed_in, one)
    path = f"/review/proposals/{list(state(app).proposals)[-1]}/"
    changed = worse(app, one)
    stale = second.post(path, {"password": PASSWORD, "seen": seen})
    text = markup(stale)
    assert stale.status_code == 409
    assert "Nothing was signed" in text
    assert f"entry {changed}" in text
    for missing in ({"password": PASSWORD}, {"password": PASSWORD, "seen": "x"}):
        assert second.post(path, missing).status_code == 422
    assert state(app).position == changed
    fresh = text.split(SEEN)[1].split('"')[0]
    assert second.post(path, {"password": PASSWORD, "seen": fresh}).status_code == 302
    assert state(app).proposals[list(state(app).proposals)[-1]].status == "open"


def test_a_signature_from_before_a_change_is_given_anew(app, signed_in):
    one, _at = severe(app)
    _seen, second = proposing(app, signed_in, one)
    proposal = list(state(app).proposals)[-1]
    path = f"/review/proposals/{proposal}/"
    seen = worse(app, one)
    assert second.post(path, {"password": PASSWORD, "seen": seen}).status_code == 302
    first = signed_in("committee.1")
    page = markup(first.get(path))
    assert "1 of 2 signatures" in page
    assert "<dd>committee.2</dd>" in page, "only whose signature holds stands under it"
    assert "to be signed anew" in page
    assert "Signatures from before do not count" in page
    assert "signatures; entry" in markup(first.get("/"))
    again = page.split(SEEN)[1].split('"')[0]
    assert first.post(path, {"password": PASSWORD, "seen": again}).status_code == 302
    assert state(app).proposals[proposal].status == "recorded"
    adjudicated: Any = state(app).events[state(app).position]
    assert isinstance(adjudicated, s.DoseLimitingToxicityAdjudicated)
    assert set(adjudicated.signers) == {"committee.1", "committee.2"}


def test_what_is_proposed_on_a_stale_page_is_handed_back(app, signed_in):
    one, _at = severe(app)
    path = f"/record/DoseLimitingToxicityAdjudicated/?site=&participant={one.id}&candidate=AE-9"
    data = {
        "dose_limiting": "no",
        "reason": "another cause",
        "occurred_on": str(today()),
        "seen": state(app).position,
        "request": "p2",
        "password": PASSWORD,
    }
    add(
        app, s.AdverseEventUpdated, "nurse.S01.1", participant=one.id, adverse_event="AE-9", grade=4
    )
    stale = signed_in("committee.1").post(path, data)
    assert stale.status_code == 409
    assert (
        not state(app).proposals
        or list(state(app).proposals.values())[-1].act.get("candidate") != "AE-9"
    )


def dissenting(seen: str, **more: str) -> dict[str, str]:
    said = {"seen": seen, "dissent": "yes", "reason": "the cause is not shown"}
    return {**said, "dissent-password": PASSWORD, **more}


def test_a_member_who_does_not_agree_says_why(app, signed_in):
    """Shown on the page, to whoever signs next, and beside the decision; it is not taken back."""
    one, _at = severe(app)
    seen, second = proposing(app, signed_in, one)
    proposal = list(state(app).proposals)[-1]
    path, before = f"/review/proposals/{proposal}/", state(app).position
    for wrong in ({"reason": ""}, {"dissent-password": "not my password"}):
        assert second.post(path, dissenting(seen, **wrong)).status_code == 422
    assert state(app).position == before
    third = signed_in("committee.3")
    old = markup(third.get(path)).split(SEEN)[1].split('"')[0]
    assert second.post(path, dissenting(seen)).status_code == 302
    made: Any = state(app).events[state(app).position]
    assert (made.recorded_by, made.reason) == ("committee.2", "the cause is not shown")
    assert made.signature.meaning.endswith("do not agree with what is proposed.")
    assert "I do not agree" not in markup(second.get(path)), "once"
    stale = third.post(path, {"seen": old, "password": PASSWORD})
    assert stale.status_code == 409, "who had the page open sees the dissent first"
    assert "the cause is not shown" in markup(stale)
    fresh = markup(stale).split(SEEN)[1].split('"')[0]
    assert third.post(path, {"seen": fresh, "password": PASSWORD}).status_code == 302
    adjudicated: Any = state(app).events[state(app).position]
    assert isinstance(adjudicated, s.DoseLimitingToxicityAdjudicated)
    assert adjudicated.signers == ("committee.1", "committee.3")
    shown = markup(third.get(f"/entries/{state(app).position}/"))
    assert "the cause is not shown" in shown


def test_a_proposal_that_too_few_can_still_sign_is_not_carried(app, signed_in):
    one, _at = severe(app)
    _seen, second = proposing(app, signed_in, one)
    proposal = list(state(app).proposals)[-1]
    path, first = f"/review/proposals/{proposal}/", signed_in("committee.3")
    for member in (second, first):
        page = markup(member.get(path))
        sent = member.post(path, dissenting(page.split(SEEN)[1].split('"')[0]))
        assert sent.status_code == 302
    assert state(app).proposals[proposal].status == "not carried"
    page = markup(first.get(path))
    assert "cannot be signed by 2 any more" in page
    assert 'name="password"' not in page
    review = markup(first.get("/review/"))
    assert "Proposals that were not carried" in review
    assert "the cause is not shown" in review
