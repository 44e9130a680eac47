from tests.web.conftest import *  # noqa
def test_given(app, signed_in):
    c = signed_in("sponsor.1"); c.raise_request_exception = False
    seen = app.trial.state.position
    out=[]
    r = c.post("/record/ProtocolActivated/?site=&document=x", {"occurred_on": "2026-09-21", "seen": seen, "request": "p", "password": PASSWORD}); out.append(r.status_code)
    c = signed_in("committee.1"); c.raise_request_exception = False
    r = c.post("/record/DoseDecision/?site=&occurred_on=x", {"action": "stop", "reason": "reason", "seen": seen, "request": "p", "password": PASSWORD}); out.append(r.status_code)
    c = signed_in("investigator.S01.1"); c.raise_request_exception = False
    r = c.post("/record/ParticipantRegistered/?site=S01&full_name=x&birth=y&sex=z", {"full_name":"a b","birth_date":"1990-01-01","occurred_on": "2026-09-21", "seen": seen, "request": "p", "password": PASSWORD}); out.append(r.status_code)
    print(out); assert 0, out
