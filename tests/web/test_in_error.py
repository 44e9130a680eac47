"""Entries made in error, registrations and own answers, as their pages set them right."""

from typing import Any

from gradatim.conduct.events import findings as f
from gradatim.conduct.events import safety as s
from gradatim.conduct.events.base import Measured
from gradatim.conduct.views.safety import possible_dlts
from gradatim.web.live_trial import Running
from tests.markup import markup
from tests.web.conftest import PASSWORD, state
from tests.web.test_birth import registered
from tests.web.test_signed import add, severe, treated


def sends(app: Running, **more: Any) -> dict[str, Any]:
    """Return what every form sends."""
    seen = state(app).position
    return {"seen": seen, "request": f"r{seen}", "occurred_on": "2026-09-21", **more}


def test_an_entry_is_marked_from_its_page_and_stays_to_be_seen(app: Running, signed_in):
    one = treated(app)
    at = add(
        app,
        s.PregnancyReported,
        "nurse.S01.1",
        participant=one.id,
        person="partner",
        detected_on="2026-05",
    )
    nurse = signed_in("nurse.S01.1")
    page = markup(nurse.get(f"/entries/{at}/"))
    assert "Mark as entered in error" in page
    path = f"/record/EntryVoided/?of={at}&site=S01"
    form = markup(nurse.get(path))
    assert "pregnancy of the partner" in form, "what is signed stands beside the signature"
    said = sends(app, reason="another couple")
    assert nurse.post(path, said).status_code == 422, "it is signed"
    assert nurse.post(path, {**said, "password": PASSWORD}).status_code == 302
    assert not state(app).counts(at)
    assert "entered in error: it counts no more" in markup(nurse.get(f"/entries/{at}/"))
    history = markup(nurse.get(f"/participants/{one.id}/history/"))
    row = history.split(f'id="entry-{at}"')[1].split("</tr>")[0]
    assert "entered in error" in row
    assert "Mark as entered in error" not in markup(signed_in("monitor.1").get(f"/entries/{at}/"))


def test_a_candidate_takes_two_and_the_committee_reads_of_it(app: Running, signed_in):
    one, at = severe(app)
    nurse, lead = signed_in("nurse.S01.1"), signed_in("investigator.S01.1")
    path = f"/record/EntryVoided/?of={at}&site=S01"
    answer = nurse.post(path, sends(app, reason="another person", password=PASSWORD))
    assert answer.status_code == 302
    page = markup(lead.get(f"/entries/{at}/"))
    assert "it goes on counting until an investigator and a second person have signed" in page
    assert "the candidate AE-9" in page
    assert "AE-9" in [found.id for found in possible_dlts(state(app), one)]
    assert "Confirm that it was made in error" in page
    assert "Confirm that it was made in error" not in markup(nurse.get(f"/entries/{at}/"))
    said = state(app).voids[at].position
    assert f"entry {at} was made in error, it is said" in markup(lead.get("/"))
    confirm = f"/record/VoidConfirmed/?of={said}&site=S01"
    assert "AE-9" in markup(lead.get(confirm)), "the entry itself is shown"
    assert lead.post(confirm, sends(app, password=PASSWORD)).status_code == 302
    assert "AE-9" not in [found.id for found in possible_dlts(state(app), one)]
    review = markup(signed_in("committee.1").get("/review/?part=toxicity"))
    assert "Entered in error, and bearing on safety" in review
    assert f"/entries/{at}/" in review


def test_what_is_superseded_offers_no_button(app: Running, signed_in):
    one = treated(app)
    (at, *_) = [
        at
        for kind, some in one.entries_of.items()
        if kind.__name__ == "EligibilityConfirmed"
        for at in some
    ]
    lead = signed_in("investigator.S01.1")
    assert "Mark as entered in error" not in markup(lead.get(f"/entries/{at}/"))
    path = f"/record/EntryVoided/?of={at}&site=S01"
    answer = lead.post(path, sends(app, reason="it was wrong", password=PASSWORD))
    assert answer.status_code == 422
    assert "Confirm eligibility anew" in markup(answer)


def test_a_registration_is_corrected_with_its_sealed_birth(app: Running, signed_in):
    client = signed_in("coordinator.S01.1")
    number = registered(app, client, "1990-05-14")
    at = state(app).participants[number].position
    page = markup(client.get(f"/entries/{at}/correct/"))
    assert "Left empty, it stays as it is." in page
    identity = state(app).participants[number].identity
    said = sends(app, sex="male", birth_date="1991-06-15", correction_reason="misread")
    assert client.post(f"/entries/{at}/correct/", said).status_code == 302
    one = state(app).participants[number]
    assert (one.sex, one.birth) == ("male", "1991")
    assert one.identity.keys() == identity.keys()
    assert one.identity != identity
    row = markup(client.get(f"/participants/{number}/eligibility/"))
    assert "35 years old on" in row.split('id="criterion-I0"')[1].split("</tr>")[0]
    page = markup(client.get(f"/participants/{number}/"))
    assert "Somebody Madeup" in page, "the name stays as it was"
    shown = markup(client.get(f"/entries/{state(app).position}/"))
    assert "ciphertext" not in shown.casefold()
    other = client.post(
        "/record/ParticipantRegistered/?site=S01",
        sends(app, sex="male", full_name="Madeup Somebody", birth_date="1991-06-15"),
    )
    assert other.status_code == 409
    assert f"this may be the same person as participant {number}" in markup(other)


def test_own_answers_ask_whether_the_participant_asked(app: Running, signed_in):
    one = treated(app)
    answer = Measured(element="patient_global", value=6.0, unit="{score}")
    at = add(app, f.ScoresRecorded, "nurse.S01.1", participant=one.id, results=(answer,))
    nurse = signed_in("nurse.S01.1")
    page = markup(nurse.get(f"/entries/{at}/correct/"))
    assert "The participant has asked for this correction" in page
    said = sends(app, occurred_on="2026-09-20", correction_reason="the day was wrong")
    path = f"/entries/{at}/correct/"
    asked = {"results-patient_global-value": "6", "results-patient_global-unit": "{score}"}
    refused = nurse.post(path, {**said, **asked})
    assert refused.status_code == 403, markup(refused)
    assert nurse.post(path, {**said, **asked, "asked_for": "on"}).status_code == 302


def test_only_an_investigator_is_asked_for_the_relation(app: Running, signed_in):
    one = treated(app)
    path = f"/record/AdverseEventReported/?participant={one.id}"
    assert 'name="relation"' not in markup(signed_in("nurse.S01.1").get(path))
    assert 'name="relation"' in markup(signed_in("investigator.S01.1").get(path))
