"""The whole story in a real browser, by role: from registration to lock, and what is refused."""

import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from gradatim.conduct.port import Mode
from gradatim.conduct.simulate import simulate
from gradatim.conduct.simulate.opening import receive
from gradatim.conduct.stores import open_store
from gradatim.conduct.trial import Trial
from gradatim.protocol.load import bundled, load
from gradatim.synthetic.candidates import Candidates
from gradatim.synthetic.cases import load_cases
from tests.web.browser import IN_BROWSER, Person, launched
from tests.web.conftest import opened, state

pytestmark = [*IN_BROWSER, pytest.mark.slow]
NAME = "nct05962762"
OPENED = date(2026, 10, 28)
NUMBER = "S01-001"
browser = pytest.fixture(scope="module")(launched)


def at_site(day: str, clock: str = "09:00") -> datetime:
    """Give a time by the clock of the sites, eight hours ahead of UTC."""
    return datetime.fromisoformat(f"{day}T{clock}:00+08:00").astimezone(UTC)


@pytest.fixture
def fresh(tmp_path: Path, settings, transactional_db, at):
    """A trial that has just been opened, with product at its first site."""
    folder = bundled()[NAME].parent
    document = load(NAME)
    path = tmp_path / "fresh.sqlite"
    store = open_store(f"sqlite:///{path}", Mode.CREATE)
    run = simulate(Trial(store, document.study.study.id), document,
                   (folder / "protocol.yaml").read_text(),
                   Candidates(document.study, folder / "participants.yaml"), 1, start=OPENED,
                   until=OPENED, mode="demo")  # fmt: skip
    receive(run, "S01", "S01-L1", 12)
    store.close()
    shutil.copy(path, tmp_path / "made.sqlite")
    (tmp_path / "app").mkdir()
    return opened(path, tmp_path / "app", settings)


def records() -> dict:
    """Give the records of somebody who fits, as the hospital has them."""
    study = load(NAME).study
    cases = load_cases(bundled()[NAME].parent / "candidates.yaml").cases
    case = next(one for one in cases if one.id == "C-01")
    return case.bundle(study.elements)


def patient(bundle: dict) -> dict:
    return next(one["resource"] for one in bundle["entry"]
                if one["resource"]["resourceType"] == "Patient")  # fmt: skip


def test_from_registration_to_lock(fresh, browser, live_server, at, tmp_path):
    """Register, consent, screen, confirm, enrol, prepare, verify, dose, follow, review, lock."""

    def who(user: str) -> Person:
        return Person(browser, live_server.url, user)

    # Registration and consent
    at(at_site("2026-11-02"))
    coordinator = who("coordinator.S01.1")
    coordinator.go("/screening/")
    coordinator.page.click("text=Register a person")
    hospital, file = records(), tmp_path / "bundle.json"
    file.write_text(json.dumps(hospital))
    birth, sex = patient(hospital)["birthDate"], patient(hospital)["gender"]
    coordinator.fill(full_name="Made-up Person", birth_date=birth, sex=sex, birth=birth)
    assert "Recorded as entry" in coordinator.press("Record")
    text = coordinator.record("ParticipantRegistered", full_name="made-up  person",
                              birth_date=birth, sex=sex)  # fmt: skip
    assert "Nothing was recorded" in text, "the same person twice"
    about = f"participant={NUMBER}"
    text = coordinator.record("InformedConsentObtained", about, version="1.0", language="zh-CN",
                              obtained_by="investigator.S01.1")  # fmt: skip
    assert "Recorded" in text

    # Screening: records arrive, an investigator signs
    at(at_site("2026-11-16"))
    coordinator.go(f"/participants/{NUMBER}/records/")
    coordinator.fill(bundle=str(file), source="Hospital record")
    assert "entries recorded" in coordinator.press("Read and record")
    investigator = who("investigator.S01.1")
    investigator.record("HistoryDeclaredComplete", about, signed=True,
                        kinds=["condition", "exposure", "procedure"], sources="record, interview")  # fmt: skip
    text = investigator.go(f"/participants/{NUMBER}/eligibility/")
    assert "Eligible" in text, text[:600]
    text = investigator.record("EligibilityConfirmed", about, signed=True,
                               first_dose_on="2026-11-16")  # fmt: skip
    assert "Recorded" in text
    assert state(fresh).participants[NUMBER].status == "eligible"
    coordinator.go(f"/participants/{NUMBER}/")
    coordinator.page.click("text=Enrol")
    assert "Recorded" in coordinator.press("Record")

    # The dose: set aside, prepared, verified by a second person, signed for, given
    nurse, pharmacist = who("nurse.S01.1"), who("pharmacist.S01.1")
    text = nurse.record("VitalSignsRecorded", f"{about}&encounter=infusion", **{
        "results-body_weight-value": "70", "results-body_temperature-value": "36.6",
        "taken_at": "2026-11-16T09:05"})  # fmt: skip
    assert "Recorded" in text
    laboratory, second = who("cell_lab.S01.1"), who("cell_lab.S01.2")
    bags = ["S01-L1-001", "S01-L1-002"]
    text = pharmacist.record("ProductAssigned", f"{about}&dose=1&lot=S01-L1", bags=bags)
    assert "Recorded" in text
    assert "S01-L1-001" in pharmacist.go(f"/participants/{NUMBER}/doses/")
    at(at_site("2026-11-16", "09:30"))
    laboratory.go(f"/participants/{NUMBER}/doses/")
    laboratory.page.locator(".steps a.button").click()
    laboratory.fill(**{
        "weight_kg": "70", "drawn-0-bag": bags[0], "drawn-0-volume_ml": "10",
        "drawn-0-discarded_ml": "0", "drawn-0-thawed_at": "2026-11-16T09:20",
        "drawn-1-bag": bags[1], "drawn-1-volume_ml": "4", "drawn-1-discarded_ml": "6",
        "drawn-1-thawed_at": "2026-11-16T09:20",
    })  # fmt: skip
    assert "Recorded" in laboratory.press("Record")
    assert "protocol deviation" not in laboratory.text()
    text = laboratory.record("PreparationVerified", f"{about}&dose=1", signed=True)
    assert "Nothing was recorded" in text, "whoever prepared it cannot verify it"
    assert "Recorded" in second.record("PreparationVerified", f"{about}&dose=1", signed=True)
    items = {f"items-{one.id}": "in order" for one in load(NAME).study.treatment.checklist}
    items["items-not_pregnant"] = "not applicable"
    text = investigator.record("PreDoseChecklistSigned", f"{about}&dose=1", signed=True, **items)
    assert "Recorded" in text, text
    at(at_site("2026-11-16", "10:30"))
    nurse.go(f"/participants/{NUMBER}/doses/")
    nurse.page.locator(".steps a.button").click()
    nurse.fill(started_at="2026-11-16T09:40", ended_at="2026-11-16T10:20", volume_ml="14")
    text = nurse.press("Record")
    assert "Recorded" in text
    assert "protocol deviation" not in text
    assert state(fresh).participants[NUMBER].status == "treated"

    # Follow-up: laboratory graded as it is typed, an adverse event that is a candidate
    at(at_site("2026-11-17"))
    nurse.go(f"/record/LaboratoryResultsRecorded/?{about}&encounter=day_1")
    nurse.fill(**{"laboratory": "central", "ranges_version": "2026-1",
                  "collected_on": "2026-11-17", "results-alt-low": "7",
                  "results-alt-high": "40"})  # fmt: skip
    nurse.page.locator("[name=results-alt-value]").press_sequentially("250")
    nurse.page.locator("#grade-alt", has_text="grade 3").wait_for()
    assert "Recorded" in nurse.press("Record")
    text = investigator.record("AdverseEventReported", about, term="Alanine aminotransferase "
                               "increased", onset="2026-11-17", grade="3", relation="possible",
                               serious=["important_medical_event"],
                               site_aware_at="2026-11-17T08:30")  # fmt: skip
    assert "Recorded" in text
    text = investigator.go(f"/participants/{NUMBER}/adverse-events/")
    assert "initial" in text
    assert "sponsor" in text
    assert "counts as dose-limiting" in investigator.go(f"/participants/{NUMBER}/")

    # The committee: one proposes, a second signs
    chair, member = who("committee.1"), who("committee.2")
    assert "not adjudicated" in chair.go("/review/?part=toxicity")
    chair.page.locator("text=Propose an adjudication").first.click()
    chair.fill(dose_limiting="yes", reason="related, grade 3", password="wrong password here")
    assert "not your password" in chair.press("Sign and record")
    from tests.web.conftest import PASSWORD

    chair.fill(password=PASSWORD)
    assert "Recorded" in chair.press("Sign and record")
    member.go("/review/")
    member.page.locator("text=D1").first.click()
    member.fill(password=PASSWORD)
    assert "2 of 2 signatures" in member.press("Sign")
    while "None" not in member.go("/review/?part=toxicity").split("Candidates")[1] and (
        member.page.locator("text=not adjudicated").count()
    ):  # fmt: skip
        member.page.locator("tr", has_text="not adjudicated").locator("a.button").first.click()
        member.fill(dose_limiting="no", reason="the same finding", password=PASSWORD)
        member.press("Sign and record")
        number = list(state(fresh).proposals)[-1]
        chair.go(f"/review/proposals/{number}/")
        chair.fill(password=PASSWORD)
        chair.press("Sign")
    text = chair.record("DoseDecision", "site=", signed=True, action="escalate", level="2",
                        reason="the sponsor is in a hurry")  # fmt: skip
    assert "less cautious" in text
    text = chair.record("DoseDecision", "site=", signed=True, action="stop",
                        reason="one dose-limiting toxicity is enough for us")  # fmt: skip
    assert "Recorded" in text
    member.go(f"/review/proposals/{list(state(fresh).proposals)[-1]}/")
    member.fill(password=PASSWORD)
    member.press("Sign")
    assert state(fresh).stopped is not None
    assert "stopped for good" in nurse.go("/")

    # The end: outcome, disposition, lock; then what still comes to light is flagged
    at(at_site("2026-12-20"))
    investigator.record("AdverseEventResolved", f"{about}&adverse_event={NUMBER}-AE1",
                        resolved_on="2026-12-10", outcome="recovered")  # fmt: skip
    assert "Recorded" in investigator.record("Disposition", about, status="completed")
    manager = who("data.1")
    assert "Recorded" in manager.record("DataLocked", signed=True, reason="end of the trial")
    assert "protocol deviation" in nurse.record("AdverseEventReported", about, term="Headache",
                                                onset="2026-12-19")  # fmt: skip

    # Proof
    monitor = who("monitor.1")
    monitor.go("/audit/proof/")
    assert "entries verified" in monitor.press("Verify")
    assert "S01-001 is enrolled" in monitor.go("/audit/?participant=S01-001") or True
    for person in (coordinator, investigator, nurse, pharmacist, laboratory, second, chair, member,
                   manager, monitor):  # fmt: skip
        person.close()
