"""What is recorded on a page is of the day at the site, not of the day where the server stands."""

from datetime import date

from gradatim.web.live_trial import Running
from tests.markup import markup
from tests.web.conftest import NOW, state

HERE = "S01"
YESTERDAY = date(2026, 9, 20)
"""The day at a site in California while it is morning where the server stands."""


def test_an_answer_a_score_and_a_correction_are_of_the_day_at_the_site(app: Running, signed_in):
    assert NOW.date() > YESTERDAY
    app.trial.state.zones |= {HERE: "America/Los_Angeles", "": "America/Los_Angeles"}
    one = next(
        p for p in app.trial.state.participants.values() if (p.site, p.status) == (HERE, "treated")
    )
    lead, at = signed_in(f"investigator.{HERE}.1"), app.trial.state.position
    path = f"/participants/{one.id}/answer/willing_to_comply/"
    assert f'value="{YESTERDAY}"' in markup(lead.get(path))
    said = {"answer": "true", "source": "interview", "start": str(YESTERDAY), "seen": at}
    assert lead.post(path, {**said, "request": "1"}).status_code == 302
    path = f"/participants/{one.id}/questionnaire/"
    scores = {f"basdai_q{n}": "3" for n in range(1, 7)} | {"patient_global": "3"}
    assert lead.post(path, {**scores, "seen": at + 1, "request": "2"}).status_code == 302
    report = {
        "term": "Chills",
        "onset": str(YESTERDAY),
        "scale": "CTCAE v5.0",
        "grade": "1",
        "relation": "unrelated",
        "occurred_on": str(YESTERDAY),
    }
    nurse, seen = signed_in(f"nurse.{HERE}.1"), state(app).position
    path = f"/record/AdverseEventReported/?site={HERE}&participant={one.id}"
    assert nurse.post(path, {**report, "seen": seen, "request": "3"}).status_code == 302
    reported = state(app).position
    while type(app.trial.state.events[reported]).__name__ != "AdverseEventReported":
        reported -= 1
    corrected = {**report, "term": "Fever", "correction_reason": "a slip", "seen": reported}
    path = f"/entries/{reported}/correct/"
    assert nurse.post(path, {**corrected, "request": "4"}).status_code == 302
    now = state(app)
    made = {
        type(now.events[position]).__name__: now.events[position].occurred_on
        for position in range(at + 1, now.position + 1)
        if now.events[position].recorded_by != "gradatim"
    }
    kinds = ("FactRecorded", "ScoresRecorded", "AdverseEventReported", "EntryCorrected")
    assert made == dict.fromkeys(kinds, YESTERDAY)
