"""Bad input in every form: a message at the field, nothing lost, nothing recorded, no fault."""

import re
from html import unescape

import pytest

from gradatim.conduct.catalogue import act_named
from gradatim.conduct.events import BY_NAME
from gradatim.conduct.events.participants import EntryCorrected
from gradatim.conduct.events.trial import Range, ReferenceRangesRecorded
from gradatim.conduct.narrative import narrate
from gradatim.conduct.permissions import MAY, OF_THE_WHOLE_TRIAL
from gradatim.web.live_trial import Running
from tests.markup import markup
from tests.web.conftest import PASSWORD, state

USERS = {
    "sponsor": "sponsor.1",
    "safety_committee": "committee.1",
    "data_manager": "data.1",
    "monitor": "monitor.1",
    "statistician": "statistics.1",
    "coder": "coder.1",
}
NASTY = (
    "",
    "<script>alert(1)</script>",
    "=HYPERLINK(1)",
    "{{ 7|add:7 }}{% debug %}",
    "x" * 5_000,
    "nul\x00nul",
    "-1",
    "1e400",
    "NaN",
    "9999-99-99",
    "2026-13",
    "\u202egnp.exe",
    "; DROP TABLE",
    "../../etc/passwd",
    "1,5",
)
INPUT = re.compile(r'<(?:input|select|textarea)[^>]*\bname="([^"]+)"')


def user_for(event: str) -> str:
    """Name somebody who may record an act, at the first site where it is of a site."""
    role = MAY[event][0]
    return USERS.get(role) or f"{role}.S01.1"


def address(app: Running, event: str) -> str:
    """Give the address of a form, about a treated participant where it is about one."""
    one = next(
        p
        for p in app.trial.state.participants.values()
        if p.site == "S01" and p.status == "treated"
    )
    site = "" if event in OF_THE_WHOLE_TRIAL or MAY[event][0] in USERS else "S01"
    about = f"&participant={one.id}" if "participant" in BY_NAME[event].__struct_fields__ else ""
    return f"/record/{event}/?site={site}{about}"


FORMS = [name for name in BY_NAME if not act_named(name).elsewhere]


@pytest.mark.parametrize("event", FORMS)
def test_nasty_input_is_told_and_kept(app: Running, signed_in, event: str):
    """Whatever is typed: no fault, nothing recorded, no markup of it on the page."""
    client, path = signed_in(user_for(event)), address(app, event)
    names = list(dict.fromkeys(INPUT.findall(markup(client.get(path)))))
    names = [
        one
        for one in names
        if one
        not in ("csrfmiddlewaretoken", "seen", "request", "theme", "next", "password", "_more")
    ]
    before = state(app).position
    for said in NASTY:
        data = {
            **dict.fromkeys(names, said),
            "seen": before,
            "request": "r" * 8,
            "password": "wrong password here",
        }
        response = client.post(path, data)
        text = markup(response)
        if response.status_code == 302:  # nothing of it was wrong: it is recorded, as it was typed
            before = state(app).position
            continue
        assert response.status_code in (409, 422), (said[:20], response.status_code)
        assert state(app).position == before
        assert "<script>alert(1)" not in text
        assert "14{" not in text
        assert 'role="alert"' in text


def test_what_was_typed_is_still_there(app: Running, signed_in):
    """A form with one fault comes back as it was filled in, the message at the field."""
    client = signed_in("investigator.S01.1")
    path = address(app, "AdverseEventReported")
    data = {
        "term": "Fever & <b>chills</b>",
        "onset": "yesterday",
        "grade": "2",
        "scale": "CTCAE v5.0",
        "serious": ["hospitalisation"],
        "description": "after the dose",
        "occurred_on": "2026-09-21",
        "seen": app.trial.state.position,
        "request": "abc",
    }
    response = client.post(path, data)
    text = markup(response)
    assert response.status_code == 422
    assert 'value="Fever &amp; &lt;b&gt;chills&lt;/b&gt;"' in text
    assert "after the dose" in text
    assert re.search(r'value="2"[^>]*checked', text)
    assert re.search(r'value="hospitalisation"[^>]*checked', text)
    fault = re.search(r'id="id_onset_error".*?</div>', text, re.S)
    assert fault
    assert "2026-11-26, as 2026-11 or as 2026" in unescape(fault[0])
    assert re.search(r'aria-describedby="[^"]*id_onset_error', text)


def test_no_limits_of_another_laboratory_stand_in_a_new_result(app: Running, signed_in):
    """Which laboratory's they are is typed on this very page; the limits of its version count."""
    now = app.trial.state.recorded_at
    assert now is not None
    ranges = (Range(element="alt", unit="U/L", low=7.25, high=41.75),)
    made = ReferenceRangesRecorded(
        occurred_on=now.date(),
        recorded_at=now,
        recorded_by="nurse.S01.1",
        site="S01",
        laboratory="another",
        version="9",
        ranges=ranges,
    )
    assert app.trial.record(made)
    text = markup(signed_in("nurse.S01.1").get(address(app, "LaboratoryResultsRecorded")))
    assert 'name="results-alt-high"' in text
    assert "41.75" not in text
    assert "7.25" not in text


def test_a_stale_page_is_told_what_changed(app: Running, signed_in):
    """Somebody else records about the participant: the form comes back, and shows the change."""
    first, second = signed_in("investigator.S01.1"), signed_in("nurse.S01.1")
    path = address(app, "AdverseEventReported")
    data = {
        "onset": "2026-09-20",
        "scale": "CTCAE v5.0",
        "occurred_on": "2026-09-21",
        "seen": state(app).position,
    }
    assert second.post(path, {**data, "term": "Dizziness", "request": "n1"}).status_code == 302
    response = first.post(path, {**data, "term": "Vertigo", "request": "i1"})
    text = markup(response)
    assert response.status_code == 409
    assert "Dizziness" in text
    assert "nurse.S01.1" in text
    assert 'value="Vertigo"' in text
    seen = re.search(r'name="seen" value="(\d+)"', text)
    assert seen
    assert int(seen[1]) == state(app).position
    again = {**data, "term": "Vertigo", "seen": seen[1], "request": "i2"}
    assert first.post(path, again).status_code == 302


def test_a_form_sent_twice_is_recorded_once(app: Running, signed_in):
    """The same form, sent again by an impatient user, is one entry."""
    client, path = signed_in("nurse.S01.1"), address(app, "AdverseEventReported")
    data = {
        "term": "Cough",
        "onset": "2026-09-20",
        "scale": "CTCAE v5.0",
        "occurred_on": "2026-09-21",
        "seen": state(app).position,
        "request": "once",
    }
    before = state(app).position
    assert client.post(path, data).status_code == 302
    assert client.post(path, data).status_code == 302
    assert state(app).position == before + 1


def test_a_signature_is_bound_to_the_record(app: Running, signed_in):
    """Printed name, time and meaning stand in the event itself."""
    one = next(
        p
        for p in app.trial.state.participants.values()
        if p.site == "S01" and p.status == "treated"
    )
    client = signed_in("investigator.S01.1")
    path = f"/record/CriterionAttested/?participant={one.id}&criterion=E16"
    data = {
        "passes": "yes",
        "reason": "nothing speaks against it",
        "occurred_on": "2026-09-21",
        "seen": state(app).position,
        "request": "s1",
    }
    assert client.post(path, {**data, "password": "not my password"}).status_code == 422
    assert client.post(path, {**data, "password": PASSWORD}).status_code == 302
    event = state(app).events[state(app).position]
    assert event.signature is not None
    assert event.signature.printed_name == "Printed investigator.S01.1"
    assert "judged this criterion" in event.signature.meaning


def test_an_entry_is_corrected_with_a_reason(app: Running, signed_in):
    """The form is filled in as it stands; only what changed is recorded; both stay visible."""
    one = next(
        p
        for p in app.trial.state.participants.values()
        if p.site == "S01" and p.status == "treated"
    )
    client = signed_in("nurse.S01.1")
    report = address(app, "AdverseEventReported")
    mild = {
        "onset": "2026-09-20",
        "scale": "CTCAE v5.0",
        "grade": "1",
        "relation": "unrelated",
        "occurred_on": "2026-09-21",
    }
    client.post(report, {"term": "Chills", **mild, "seen": state(app).position, "request": "c1"})
    at = state(app).position
    path = f"/entries/{at}/correct/"
    text = markup(client.get(path))
    assert 'value="Chills"' in text
    data = {"term": "Fever", **mild, "seen": at, "request": "c2"}
    assert client.post(path, data).status_code == 422, "a reason is asked for"
    assert client.post(path, {**data, "correction_reason": "a slip"}).status_code == 302
    now = state(app)
    assert "Fever" in narrate(now.events[at])
    correction = now.events[now.position]
    assert isinstance(correction, EntryCorrected)
    assert correction.fields == {"term": "Fever"}
    page = markup(client.get(f"/entries/{at}/"))
    assert "Chills" in page
    assert "a slip" in page
    assert one.id in page


def test_what_is_of_another_site_cannot_be_named(app: Running, signed_in):
    """A query about another site's entry is not answered from here; it is not even there."""
    theirs = next(p for p in state(app).participants.values() if p.site == "S02")
    monitor, nurse = signed_in("monitor.1"), signed_in("nurse.S01.1")
    said = {
        "question": "is this the right day?",
        "occurred_on": "2026-09-21",
        "seen": state(app).position,
        "request": "q1",
    }
    assert monitor.post(f"/record/QueryOpened/?of={theirs.position}", said).status_code == 302
    query = list(state(app).queries)[-1]
    assert state(app).queries[query].of == theirs.position
    before = state(app).position
    answer = {
        "answer": "yes it is",
        "stands": "yes",
        "occurred_on": "2026-09-21",
        "seen": before,
        "request": "q2",
    }
    path = f"/record/QueryAnswered/?query={query}&site=S01"
    assert nurse.post(path, answer).status_code == 404
    assert state(app).position == before
    there = signed_in("nurse.S02.1")
    assert there.post(path.replace("S01", "S02"), answer).status_code == 302


def test_a_weight_in_pounds_is_asked_about_first(app: Running, signed_in):
    """Beside the weights recorded it is implausible: nothing is recorded before it is confirmed."""
    client, path = signed_in("nurse.S01.1"), address(app, "VitalSignsRecorded")
    data = {
        "results-body_weight-value": "702",
        "results-body_weight-unit": "kg",
        "occurred_on": "2026-09-21",
        "seen": state(app).position,
        "request": "kg",
    }
    before = state(app).position
    response = client.post(path, data)
    assert response.status_code == 422
    assert "Is this body weight right, and in kg? 702 kg" in markup(response)
    assert state(app).position == before
    confirmed = client.post(path, {**data, "_right": "yes"}, follow=True)
    assert "702 kg" in markup(confirmed)
    assert state(app).queries[list(state(app).queries)[-1]].of == before + 1


def test_values_that_do_not_go_together_are_asked_about_first(app: Running, signed_in):
    """An edit check of the protocol: nothing is recorded before it is confirmed; then a query."""
    client, path = signed_in("nurse.S01.1"), address(app, "VitalSignsRecorded")
    data = {
        "results-systolic_pressure-value": "80",
        "results-systolic_pressure-unit": "mm[Hg]",
        "results-diastolic_pressure-value": "120",
        "results-diastolic_pressure-unit": "mm[Hg]",
        "occurred_on": "2026-09-21",
        "seen": state(app).position,
        "request": "bp",
    }
    before, queries = state(app).position, set(state(app).queries)
    response = client.post(path, data)
    text = markup(response)
    assert response.status_code == 422
    assert "Were the two exchanged?" in text
    assert "assumed" in text.split('name="_right"')[0].rpartition("<fieldset")[2]
    assert 'value="120"' in text
    assert state(app).position == before
    confirmed = client.post(path, {**data, "_right": "yes"}, follow=True)
    assert "Were the two exchanged?" in markup(confirmed)
    (query,) = set(state(app).queries) - queries
    assert state(app).queries[query].of == before + 1
    right = {
        **data,
        "results-systolic_pressure-value": "130",
        "request": "bp2",
        "seen": state(app).position,
    }
    assert client.post(path, right).status_code == 302
    assert len(state(app).queries) == len(queries) + 1
