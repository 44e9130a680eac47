"""The logs of a participant, and the case of an event, on their pages."""

from typing import Any

from gradatim.conduct.events.logs import ConcomitantMedicationRecorded, MedicalHistoryRecorded
from gradatim.conduct.events.safety import AdverseEventReported
from gradatim.web.live_trial import Running
from tests.conduct.trials import event, recorded
from tests.web.conftest import NOW, state


def test_what_the_logs_hold_is_shown(app: Running, signed_in):
    one = next(p for p in state(app).participants.values() if p.status == "treated")
    on, nurse = NOW.date(), f"nurse.{one.site}.1"
    about: dict[str, Any] = {"on": on, "participant": one.id}
    for made in (
        event(
            AdverseEventReported,
            nurse,
            one.site,
            adverse_event=f"{one.id}-AE901",
            term="Headache",
            onset=str(on),
            treated="yes",
            narrative="It began at noon.",
            **about,
        ),
        event(
            ConcomitantMedicationRecorded,
            nurse,
            one.site,
            medication="M901",
            drug="ibuprofen",
            indication="headache",
            start=str(on),
            adverse_event=f"{one.id}-AE901",
            **about,
        ),
        event(MedicalHistoryRecorded, nurse, one.site, condition="A broken arm", **about),
    ):
        recorded(app.trial.record(made))
    client = signed_in(nurse)
    logs = client.get(f"/participants/{one.id}/logs/").content.decode()
    assert "ibuprofen" in logs
    assert "A broken arm" in logs
    assert "not known" in logs, "nobody has said what it is"
    case = client.get(f"/participants/{one.id}/adverse-events/").content.decode()
    assert "It began at noon." in case
    assert "ibuprofen" in case
    assert client.get(f"/participants/{one.id}/visits/").status_code == 200
    for act in ("ConcomitantMedicationRecorded", "MedicalHistoryRecorded", "UnscheduledVisitDone"):
        form = client.get(f"/record/{act}/", {"participant": one.id})
        assert form.status_code == 200
