"""The first trial at its first day, and the people who screen somebody in it, each at a browser."""

import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from gradatim.conduct.event_store import StoreMode
from gradatim.conduct.simulate import simulate
from gradatim.conduct.simulate.opening import receive
from gradatim.conduct.stores import open_store
from gradatim.conduct.trial import Trial
from gradatim.protocol.load import bundled, load
from gradatim.synthetic.candidates import Candidates
from gradatim.synthetic.cases import load_cases
from tests.web.browser import Person
from tests.web.conftest import PASSWORD, opened, state

NAME = "nct05962762"
OPENED = date(2026, 10, 28)
NUMBER = "S01-001"
COORDINATOR, INVESTIGATOR, NURSE = "coordinator.S01.1", "investigator.S01.1", "nurse.S01.1"
CHAIR, MEMBER = "committee.1", "committee.2"
ABOUT = f"participant={NUMBER}"
SHEET = f"/participants/{NUMBER}/eligibility/"
BAGS = ("S01-L1-001", "S01-L1-002")


def at_site(day: str, clock: str = "09:00") -> datetime:
    """Give a time by the clock of the sites, eight hours ahead of UTC."""
    return datetime.fromisoformat(f"{day}T{clock}:00+08:00").astimezone(UTC)


@pytest.fixture
def fresh(tmp_path: Path, settings, transactional_db, at):
    """A trial that has just been opened, with product at its first site."""
    folder = bundled()[NAME].parent
    document = load(NAME)
    path = tmp_path / "fresh.sqlite"
    store = open_store(f"sqlite:///{path}", StoreMode.CREATE)
    run = simulate(
        Trial(store, document.study.study.id),
        document,
        (folder / "protocol.yaml").read_text(),
        Candidates(document.study, folder / "participants.yaml"),
        1,
        start=OPENED,
        until=OPENED,
        mode="demo",
    )
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
    """Give the patient of the records."""
    return next(
        one["resource"] for one in bundle["entry"] if one["resource"]["resourceType"] == "Patient"
    )


class Cast:
    """Everybody in the story, each at a browser of their own."""

    def __init__(self, browser, address: str) -> None:
        self.browser, self.address = browser, address
        self.known: dict[str, Person] = {}

    def __getitem__(self, user: str) -> Person:
        if user not in self.known:
            self.known[user] = Person(self.browser, self.address, user)
        return self.known[user]

    def leave(self) -> None:
        """Everybody closes their browser."""
        for person in self.known.values():
            person.close()


def registered(cast: Cast, tmp_path: Path) -> None:
    """A coordinator registers a person and records consent; the same person twice is refused."""
    hospital = records()
    (tmp_path / "bundle.json").write_text(json.dumps(hospital))
    birth, sex = patient(hospital)["birthDate"], patient(hospital)["gender"]
    one = cast[COORDINATOR]
    one.go("/screening/")
    one.page.click("text=Register a person")
    one.fill(full_name="Made-up Person", birth_date=birth, sex=sex)
    assert "Recorded as entry" in one.press("Record")
    text = one.record(
        "ParticipantRegistered", full_name="made-up  person", birth_date=birth, sex=sex
    )
    assert "Nothing was recorded" in text
    text = one.record(
        "InformedConsentObtained",
        ABOUT,
        version="1.0",
        language="zh-CN",
        obtained_by=INVESTIGATOR,
        witnessed="no",
    )
    assert "Recorded" in text, text


def screened(cast: Cast, fresh, tmp_path: Path) -> None:
    """Records arrive, and an investigator signs that the person is eligible."""
    one, lead = cast[COORDINATOR], cast[INVESTIGATOR]
    one.go(f"/participants/{NUMBER}/records/")
    one.fill(bundle=str(tmp_path / "bundle.json"), source="Hospital record")
    assert "entries recorded" in one.press("Read and record")
    lead.record(
        "HistoryDeclaredComplete",
        ABOUT,
        signed=True,
        sources="record, interview",
        kinds=["condition", "exposure", "procedure"],
    )
    suited(lead)
    assert "Eligible" in lead.go(SHEET)
    text = lead.record("EligibilityConfirmed", ABOUT, signed=True, first_dose_on="2026-11-16")
    assert "Recorded" in text, text
    assert state(fresh).participants[NUMBER].status == "eligible"


def suited(lead: Person) -> None:
    """An investigator answers what is an investigator's to judge, whatever the records say."""
    assert "Undetermined" in lead.go(SHEET)
    row = lead.page.inner_text("#criterion-E16")
    assert "unconfirmed" in row, "the records alone do not settle it"
    lead.page.click("#criterion-E16 a:has-text('unsuitable')")
    lead.fill(answer="false", source="interview")
    assert "it takes your signature" in lead.press("Record")
    lead.fill(password=PASSWORD)
    text = lead.press("Sign and record")
    assert "Recorded as entry" in text, text
    assert "passes" in lead.page.inner_text("#criterion-E16").casefold()


def enrolled(cast: Cast) -> None:
    """The person takes a place at the level that is open."""
    one = cast[COORDINATOR]
    one.go(f"/participants/{NUMBER}/")
    one.page.click("text=Enrol")
    assert "Recorded" in one.press("Record")
