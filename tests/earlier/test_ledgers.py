"""Ledgers of earlier versions: every byte verifies, and they say today what they said then."""

import json
import secrets
import subprocess
import sys
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gradatim.conduct.event_store import Store, StoreMode
from gradatim.conduct.events.participants import EntryCorrected
from gradatim.conduct.events.product import DoseAdministered
from gradatim.conduct.events.review import QueryOpened
from gradatim.conduct.identity import ERASED
from gradatim.conduct.keyring.stores import Keyring
from gradatim.conduct.ledger import verify
from gradatim.conduct.personal import open_identity
from gradatim.conduct.replay import replay
from gradatim.conduct.state import State
from gradatim.conduct.stores import ExportStore, open_store
from gradatim.conduct.trial import Recorded, Trial
from gradatim.core.errors import UnusableInput
from tests.earlier.conftest import FOLDERS, Command, Earlier
from tests.earlier.facts import facts_of, identities

VERIFIER = Path(__file__).parents[2] / "scripts/verify_ledger.py"
KEPT, ERASED_PERSON = "S01-901", "S01-902"


def says_what_it_said(store: Store, then: dict[str, Any]) -> State:
    """Insist that a ledger verifies and says what it is known to say; return its state."""
    assert store.trials() == [then["trial"]]
    found = verify(store.read(then["trial"]), then["trial"])
    assert (found.ok, found.events, found.head.hex()) == (True, then["entries"], then["head"])
    trial = Trial(store, then["trial"])
    now = facts_of(trial)
    assert {name: now[name] for name in then} == then
    return trial.state


def test_there_is_something_of_an_earlier_version() -> None:
    assert "cf71a43" in {one.name for one in FOLDERS}


def test_a_ledger_verifies_and_says_what_it_said(earlier: Earlier, ledger: str) -> None:
    """Entries, head, versions, participants, doses, decisions, deviations, corrections."""
    with closing(open_store(str(earlier.file(f"{ledger}.sqlite")), StoreMode.WRITE)) as store:
        says_what_it_said(store, earlier.facts["ledgers"][ledger])


REFUSED_TODAY = {"PersonalDataErased"}
"""What a version that names itself as this one does recorded by rules that are stricter today."""


def test_replayed_it_has_nothing_that_nobody_may_have_recorded(
    earlier: Earlier, ledger: str
) -> None:
    """What its own version recorded by its own rules is listed, and is no fault."""
    with closing(open_store(str(earlier.file(f"{ledger}.sqlite")), StoreMode.READ)) as store:
        (name,) = store.trials()
        found = list(replay(name, list(store.read(name))))
    assert {one.kind for one in found if one.refused} <= REFUSED_TODAY
    assert all(one.why for one in found)


@pytest.mark.postgres
@pytest.mark.xdist_group("postgres")
def test_its_dump_from_postgresql_has_the_same_head(
    earlier: Earlier, ledger: str, postgres_server: str
) -> None:
    url = earlier.in_postgres(ledger, postgres_server)
    with closing(open_store(url, StoreMode.WRITE)) as store:
        says_what_it_said(store, earlier.facts["ledgers"][ledger])


def test_the_entries_are_those_that_were_written(earlier: Earlier, ledger: str) -> None:
    """What is counted of the fold is counted of the bytes too, which no later code can change."""
    then = earlier.facts["ledgers"][ledger]
    with closing(open_store(str(earlier.file(f"{ledger}.sqlite")), StoreMode.READ)) as store:
        written = [json.loads(one.body) for one in store.read(then["trial"])]
    kinds = [one["event"] for one in written]
    assert {kind: kinds.count(kind) for kind in sorted(set(kinds))} == then["events"]
    erased = [one["participant"] for one in written if one["event"] == "PersonalDataErased"]
    people = then["participants"]
    assert [name for name, one in people.items() if one["erased"]] == erased
    assert sum(len(one["doses"]) for one in people.values()) == kinds.count("DoseAdministered")
    decided = [
        [n, one["action"], one.get("level")]
        for n, one in enumerate(written, 1)
        if one["event"] == "DoseDecision"
    ]
    assert decided == then["decisions"]


def test_who_somebody_is_can_be_read_until_it_is_erased(earlier: Earlier) -> None:
    for ledger, then in earlier.facts["people"].items():
        path = earlier.file(f"{ledger}.sqlite")
        keyring = Keyring(earlier.keys(ledger), secrets.token_bytes)
        trial = earlier.facts["ledgers"][ledger]["trial"]
        with closing(open_store(str(path), StoreMode.READ)) as store:
            assert identities(keyring, Trial(store, trial).state) == then
        names = [one["name"].encode() for one in then.values() if one]
        assert not [one for one in names if one in path.read_bytes()]


@pytest.fixture
def corrected(earlier: Earlier) -> Trial:
    """The ledger that was led on by hand: see `corrected.py`."""
    store = open_store(str(earlier.file("corrected.sqlite")), StoreMode.WRITE)
    return Trial(store, earlier.facts["ledgers"]["corrected"]["trial"])


def corrections(state: State, kind: str, field: str) -> list[list[Any]]:
    """Return all that a field has said, earliest first, of each corrected entry of a type."""
    versions = [
        [*state.earlier[of], state.events[of]]
        for of in state.corrected_by
        if type(state.events[of]).__name__ == kind
    ]
    return [[getattr(one, field) for one in entries] for entries in versions]


def test_what_was_corrected_shows_what_stood_there_before(corrected: Trial) -> None:
    """Twice the same value, a day, a grade and a term, a dose: every earlier value stays."""
    state = corrected.state
    (weights,) = corrections(state, "VitalSignsRecorded", "results")
    assert [one[0].value for one in weights] == [17.5, 71.5, 75.1]
    assert corrections(state, "FactRecorded", "start") == [["2019-03", "2009-03"]]
    assert corrections(state, "AdverseEventReported", "grade") == [[1, 2, 2]]
    assert corrections(state, "AdverseEventReported", "term") == [
        ["Headache", "Headache", "Migraine"]
    ]
    assert corrections(state, "AdverseEventResolved", "resolved_on") == [
        ["2026-06-22", "2026-06-21"]
    ]
    ((typed, given),) = corrections(state, "DoseAdministered", "amount")
    assert given == pytest.approx(0.9 * typed)


def test_a_correction_of_what_may_no_longer_be_corrected_is_still_there(
    earlier: Earlier, corrected: Trial
) -> None:
    """It was recorded, whatever is made of it now; and the signed words stand as they were.

    Versions after the first folder let nobody record it.
    """
    state = corrected.state
    entries = [one for one in state.events.values() if isinstance(one, EntryCorrected)]
    found = [one for one in entries if "signature" in one.fields]
    assert bool(found) is (earlier.folder.name == "cf71a43")
    if not found:
        return
    (correction,) = found
    assert set(correction.fields) == {"site", "signature"}
    signed: Any = state.events[correction.of]
    assert (signed.participant, signed.sources) == (KEPT, "hospital record, interview")
    signature = state.earlier[correction.of][0].signature
    assert signature is not None
    assert signature.printed_name == "Investigator One"


def test_an_amendment_applies_when_it_said(corrected: Trial) -> None:
    """At once; after consent was renewed, which one participant did; to the next registered."""
    state = corrected.state
    kept = state.participants[KEPT]
    other = next(one for one in state.participants.values() if one.entries_of[DoseAdministered])
    assert [one.version for one in state.versions] == ["1.0", "1.1", "2.0"]
    for one in (kept, other):
        sentinel = state.governing("safety", one).safety.sentinel
        assert sentinel is not None
        assert str(sentinel.wait) == "21 days"
        assert state.governing("elements", one).elements["malignancy"].label == "malignancy"
    assert state.governing("schedule", kept).schedule.encounters["day_7"].label == "day seven"
    assert state.governing("schedule", other).schedule.encounters["day_7"].label == "day 7"


def test_an_erased_person_is_nobody_to_whoever_has_the_other_keys(
    corrected: Trial, earlier: Earlier
) -> None:
    keyring = Keyring(earlier.keys("corrected"), secrets.token_bytes)
    one = corrected.state.participants[ERASED_PERSON]
    assert one.erased
    assert keyring.key(KEPT) is not None
    assert keyring.key(ERASED_PERSON) is None
    assert open_identity(keyring, corrected.state, one) == {"name": ERASED, "birth_date": ERASED}
    assert one.identity  # the commitments stay: what stood there


def test_an_earlier_ledger_goes_on(corrected: Trial) -> None:
    before, state = corrected.state.position, corrected.state
    weighed = next(of for of in state.corrected_by if len(state.earlier[of]) == 2)
    day = date(2026, 6, 23)
    query = QueryOpened(
        occurred_on=day,
        recorded_at=datetime(2026, 6, 23, 9, tzinfo=UTC),
        recorded_by="monitor.1",
        site="S01",
        query="Q-later",
        of=weighed,
        question="which scales?",
    )
    assert corrected.record(query, request="later") == Recorded(before + 1)
    assert corrected.record(query, request="later") == Recorded(before + 1)
    if state.software[0][0] <= weighed:  # since entries say who wrote them, a key is of one
        with pytest.raises(UnusableInput, match=f"another event: it is entry {weighed}"):
            corrected.record(query, request=f"by-hand-{weighed}")
    else:
        assert corrected.record(query, request=f"by-hand-{weighed}") == Recorded(weighed)
    with pytest.raises(UnusableInput, match=f"another event: it is entry {before + 1}"):
        corrected.record(msgspec.structs.replace(query, of=1), request="later")
    found = verify(corrected.store.read(corrected.name), corrected.name)
    assert (found.ok, found.events) == (True, before + 1)


def test_an_export_holds_the_same_entries(earlier: Earlier) -> None:
    trial = earlier.facts["ledgers"]["corrected"]["trial"]
    export = earlier.file("corrected.jsonl")
    with closing(open_store(str(earlier.file("corrected.sqlite")), StoreMode.READ)) as store:
        assert list(ExportStore(export).read(trial)) == list(store.read(trial))


@pytest.mark.parametrize("name", ["corrected.sqlite", "corrected.jsonl", "installation.sqlite"])
def test_a_checkpoint_kept_elsewhere_fits(earlier: Earlier, gradatim: Command, name: str) -> None:
    """The ledger it was taken of, its export, and one that has gone on since."""
    ledgers = earlier.folder / "ledgers"
    against = ("--against", ledgers / "checkpoint.json", "--key", ledgers / "public.pem")
    code, output = gradatim("ledger", "verify", earlier.file(name), *against)
    assert code == 0, output
    assert "Checked against a checkpoint" in " ".join(output.split())
    code, output = gradatim("ledger", "verify", earlier.file("demonstration.sqlite"), *against)
    assert code == 1, output


def test_the_verifier_that_stands_alone_checks_an_export(earlier: Earlier) -> None:
    ledgers = earlier.folder / "ledgers"
    ran = subprocess.run(
        [
            sys.executable,
            VERIFIER,
            earlier.file("corrected.jsonl"),
            "--against",
            ledgers / "checkpoint.json",
            "--key",
            ledgers / "public.pem",
        ],
        text=True,
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_its_story_is_told(earlier: Earlier, ledger: str, gradatim: Command) -> None:
    """A line for each entry."""
    code, output = gradatim("ledger", "log", earlier.file(f"{ledger}.sqlite"))
    lines = [one for one in output.splitlines() if one[:6].strip().isdigit()]
    assert code == 0, output
    assert len(lines) == earlier.facts["ledgers"][ledger]["entries"]
