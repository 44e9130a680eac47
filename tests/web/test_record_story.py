"""A diagnosis in a code that nobody knows, from the upload to the judgement, at a browser."""

import json
from pathlib import Path

import pytest

from tests.web.browser import IN_BROWSER, Person, launched
from tests.web.conftest import PASSWORD, state
from tests.web.story import (
    ABOUT,
    COORDINATOR,
    INVESTIGATOR,
    NUMBER,
    SHEET,
    Cast,
    at_site,
    fresh,
    patient,
    records,
    registered,
    suited,
)

__all__ = ["fresh"]
pytestmark = [*IN_BROWSER, pytest.mark.slow]
browser = pytest.fixture(scope="module")(launched)
SCREENED = at_site("2026-11-16")
UNKNOWN = {
    "resourceType": "Condition",
    "id": "c7",
    "onsetDateTime": "2026-08-01",
    "code": {
        "coding": [
            {
                "system": "http://snomed.info/sct",
                "code": "38341003",
                "display": "Hypertensive disorder",
            }
        ]
    },
}


def test_a_code_that_nobody_knows_is_judged(fresh, browser, live_server, tmp_path, at):
    """It keeps criteria open; the investigator says that it is none of them, and they pass."""
    at(SCREENED)
    cast = Cast(browser, live_server.url)
    registered(cast, tmp_path)
    uploaded(cast[COORDINATOR], tmp_path)
    lead = cast[INVESTIGATOR]
    lead.record(
        "HistoryDeclaredComplete",
        ABOUT,
        signed=True,
        sources="record, interview",
        kinds=["condition", "exposure", "procedure"],
    )
    assert "Undetermined" in lead.go(SHEET)
    judged(lead)
    suited(lead)
    assert "Eligible" in lead.go(SHEET)
    text = lead.record("EligibilityConfirmed", ABOUT, signed=True, first_dose_on="2026-11-16")
    assert "Recorded" in text
    assert state(fresh).participants[NUMBER].status == "eligible"
    cast.leave()


def uploaded(one: Person, folder: Path) -> None:
    """A coordinator adds the hospital's records, one of them in a code that nobody knows."""
    bundle = records()
    subject = {"reference": f"Patient/{patient(bundle)['id']}"}
    bundle["entry"].append({"resource": {**UNKNOWN, "subject": subject}})
    (folder / "bundle.json").write_text(json.dumps(bundle))
    one.go(f"/participants/{NUMBER}/records/")
    one.fill(bundle=str(folder / "bundle.json"), source="Hospital record")
    assert "Not understood: 1" in one.press("Read and record")
    assert "SNOMED CT 38341003 (Hypertensive disorder)" in one.text()


def judged(lead: Person) -> None:
    """An investigator finds the record beside the criterion, and signs that it is none of these."""
    row = lead.page.inner_text("#criterion-E3")
    assert "not understood" in row
    assert "Condition/c7" in row
    lead.page.click("#criterion-E3 a:has-text('Judge')")
    assert "Hypertensive disorder" in lead.text()
    lead.page.check("[name='none_of_the_rest']")
    lead.fill(reason="high blood pressure, as the hospital says", password=PASSWORD)
    assert "Recorded as entry" in lead.press("Sign and record")
    row = lead.page.inner_text("#criterion-E3")
    assert "high blood pressure, as the hospital says" in row
    assert "passes" in row.casefold()
