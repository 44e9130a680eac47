"""The whole story in a real browser, by role: from registration to lock, and what is refused."""

from typing import Any

import pytest

from gradatim.protocol.load import load
from tests.web.browser import IN_BROWSER, Person, launched
from tests.web.conftest import PASSWORD, state
from tests.web.story import (
    ABOUT,
    BAGS,
    CHAIR,
    INVESTIGATOR,
    MEMBER,
    NAME,
    NUMBER,
    NURSE,
    Cast,
    at_site,
    enrolled,
    fresh,
    registered,
    screened,
)

__all__ = ["fresh"]
pytestmark = [*IN_BROWSER, pytest.mark.slow]
browser = pytest.fixture(scope="module")(launched)


def test_from_registration_to_lock(fresh, browser, live_server, at, tmp_path):
    """Register, consent, screen, confirm, enrol, prepare, verify, dose, follow, review, lock."""
    cast = Cast(browser, live_server.url)
    at(at_site("2026-11-02"))
    registered(cast, tmp_path)
    at(at_site("2026-11-16"))
    screened(cast, fresh, tmp_path)
    enrolled(cast)
    prepared(cast, at)
    verified_and_given(cast, at)
    assert state(fresh).participants[NUMBER].status == "treated"
    at(at_site("2026-11-17"))
    followed(cast)
    adjudicated(cast, fresh)
    decided(cast, fresh)
    at(at_site("2026-12-20"))
    ended(cast)
    cast.leave()


BASELINE: dict[str, Any] = {
    "results-body_weight-value": "69",
    "taken_at": "2026-11-15T10:00",
    "occurred_on": "2026-11-15",
}
SIGNS: dict[str, Any] = {
    "results-body_weight-value": "70",
    "results-body_temperature-value": "36.6",
    "taken_at": "2026-11-16T09:05",
}


def prepared(cast: Cast, at) -> None:
    """A nurse weighs, a pharmacist sets bags aside, the laboratory prepares the dose.

    The dose is scaled by the weight at baseline, 69 kg; that of the day, 70 kg, is close to it.
    """
    text = cast[NURSE].record("VitalSignsRecorded", f"{ABOUT}&encounter=baseline", **BASELINE)
    assert "Recorded" in text, text
    text = cast[NURSE].record("VitalSignsRecorded", f"{ABOUT}&encounter=infusion", **SIGNS)
    assert "Recorded" in text, text
    pharmacist, laboratory = cast["pharmacist.S01.1"], cast["cell_lab.S01.1"]
    assert "Recorded" in pharmacist.record(
        "ProductAssigned", f"{ABOUT}&dose=1&lot=S01-L1", bags=BAGS
    )
    assert BAGS[0] in pharmacist.go(f"/participants/{NUMBER}/doses/")
    at(at_site("2026-11-16", "09:30"))
    laboratory.go(f"/participants/{NUMBER}/doses/")
    laboratory.page.locator(".steps a.button").click()
    laboratory.fill(
        **{
            "weight_kg": "70",
            "drawn-0-bag": BAGS[0],
            "drawn-0-volume_ml": "10",
            "drawn-0-discarded_ml": "0",
            "drawn-0-thawed_at": "2026-11-16T09:20",
            "drawn-1-bag": BAGS[1],
            "drawn-1-volume_ml": "3.8",
            "drawn-1-discarded_ml": "6.2",
            "drawn-1-thawed_at": "2026-11-16T09:20",
        }
    )
    text = laboratory.press("Record")
    assert "Recorded" in text, text
    assert "protocol deviation" not in text


def verified_and_given(cast: Cast, at) -> None:
    """A second person verifies, the investigator signs the checklist, a nurse gives the dose."""
    dose = f"{ABOUT}&dose=1"
    text = cast["cell_lab.S01.1"].record("PreparationVerified", dose, signed=True)
    assert "Nothing was recorded" in text, "whoever prepared it cannot verify it"
    second = cast["cell_lab.S01.2"]
    assert "Recorded" in second.record("PreparationVerified", dose, signed=True)
    items: dict[str, Any] = {
        f"items-{one.id}": "in order" for one in load(NAME).study.treatment.checklist
    }
    items["items-not_pregnant"] = "not applicable"
    text = cast[INVESTIGATOR].record("PreDoseChecklistSigned", dose, signed=True, **items)
    assert "Recorded" in text, text
    at(at_site("2026-11-16", "09:35"))
    for who in (NURSE, INVESTIGATOR):
        at_bedside(cast[who])
    at(at_site("2026-11-16", "10:30"))
    nurse = cast[NURSE]
    nurse.go(f"/participants/{NUMBER}/doses/")
    nurse.page.click(".steps a:has-text('Record the dose given')")
    nurse.fill(started_at="2026-11-16T09:40", ended_at="2026-11-16T10:20", volume_ml="13.8")
    text = nurse.press("Record")
    assert "Recorded" in text, text
    assert "protocol deviation" not in text


def at_bedside(one: Person) -> None:
    """One of two people holds person and bags against the preparation."""
    one.go(f"/participants/{NUMBER}/doses/")
    one.page.click(".steps a:has-text('at the bedside')")
    codes = "\n".join(f"S01-L1/{bag}" for bag in BAGS)
    one.fill(identifiers=["name", "birth date"], person_code=NUMBER, bag_codes=codes, how="read")
    one.fill(password=PASSWORD)
    text = one.press("Sign and record")
    assert "Recorded" in text, text


def followed(cast: Cast) -> None:
    """A result is graded as it is typed; an adverse event is a candidate, and has its clocks."""
    nurse, lead = cast[NURSE], cast[INVESTIGATOR]
    nurse.go(f"/record/LaboratoryResultsRecorded/?{ABOUT}&encounter=day_1")
    nurse.fill(
        **{
            "laboratory": "central",
            "ranges_version": "2026-1",
            "collected_on": "2026-11-17",
            "results-alt-low": "7",
            "results-alt-high": "40",
        }
    )
    nurse.page.locator("[name=results-alt-value]").press_sequentially("250")
    nurse.page.locator("#grade-alt", has_text="grade 3").wait_for()
    assert "Recorded" in nurse.press("Record")
    text = lead.record(
        "AdverseEventReported",
        ABOUT,
        onset="2026-11-17",
        grade="3",
        term="Alanine aminotransferase increased",
        relation="possible",
        serious=["important_medical_event"],
        site_aware_at="2026-11-17T08:30",
    )
    assert "Recorded" in text, text
    text = lead.go(f"/participants/{NUMBER}/adverse-events/")
    assert "initial to sponsor" in text
    assert "counts as dose-limiting" in lead.go(f"/participants/{NUMBER}/")


def signs(one: Person, fresh) -> str:
    """Have a member sign the latest proposal."""
    one.go(f"/review/proposals/{list(state(fresh).proposals)[-1]}/")
    one.fill(password=PASSWORD)
    one.page.locator("main button", has_text="Sign").first.click()  # the other is of a dissent
    one.page.wait_for_load_state()
    return one.text()


def adjudicated(cast: Cast, fresh) -> None:
    """One member proposes, a second signs: only then is it recorded."""
    chair, member = cast[CHAIR], cast[MEMBER]
    open_ = chair.go("/review/?part=toxicity").count("not adjudicated")
    assert open_
    for _n in range(open_):
        chair.go("/review/?part=toxicity")
        row = chair.page.locator("tr", has_text="not adjudicated").first
        limiting = (
            "yes"
            if "AE1" in row.inner_text() or "aminotransferase increased" in (row.inner_text())
            else "no"
        )
        row.locator("a.button").click()
        chair.fill(dose_limiting=limiting, reason="as defined", password="wrong password here")
        assert "not your password" in chair.press("Sign and record")
        chair.fill(password=PASSWORD)
        assert "Recorded" in chair.press("Sign and record")
        assert "1 of 2 signatures" in chair.go(
            f"/review/proposals/{list(state(fresh).proposals)[-1]}/"
        )
        assert "2 of 2 signatures" in signs(member, fresh)


def decided(cast: Cast, fresh) -> None:
    """Nothing bolder than the design's advice can be proposed; more caution can."""
    chair = cast[CHAIR]
    text = chair.record(
        "DoseDecision",
        "site=",
        signed=True,
        action="escalate",
        level="2",
        reason="the sponsor is in a hurry",
    )
    assert "less cautious" in text
    text = chair.record(
        "DoseDecision",
        "site=",
        signed=True,
        action="stop",
        reason="one dose-limiting toxicity is enough for us",
    )
    assert "Recorded" in text, text
    signs(cast[MEMBER], fresh)
    assert state(fresh).stopped is not None
    assert "stopped for good" in cast[NURSE].go("/")


def ended(cast: Cast) -> None:
    """The event resolves, participation ends, the data are locked; the ledger verifies."""
    lead, nurse, monitor = cast[INVESTIGATOR], cast[NURSE], cast["monitor.1"]
    lead.record(
        "AdverseEventResolved",
        f"{ABOUT}&adverse_event={NUMBER}-AE1",
        resolved_on="2026-12-10",
        outcome="recovered",
    )
    assert "Recorded" in lead.record("Disposition", ABOUT, status="completed")
    assert "Recorded" in cast["data.1"].record("DataLocked", signed=True, reason="the end")
    text = nurse.record("AdverseEventReported", ABOUT, term="Headache", onset="2026-12-19")
    assert "protocol deviation" in text
    monitor.go("/audit/proof/")
    assert "entries verified" in monitor.press("Verify")
    assert "S01-001 takes a place at level 1" in monitor.go(f"/audit/?{ABOUT}")
