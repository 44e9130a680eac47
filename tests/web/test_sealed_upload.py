"""What an upload says of somebody is read by whoever has the keys, and stands nowhere in clear."""

import html
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradatim.conduct.events.base import Signature
from gradatim.conduct.events.participants import IdentificationListExported
from gradatim.conduct.ledger import verify
from gradatim.conduct.signatures import MEANINGS
from gradatim.conduct.state import Participant, State
from gradatim.conduct.trial import Trial
from gradatim.conduct.views.records import records_of
from gradatim.core.verdict import Reason
from gradatim.web.live_trial import Running
from tests.conduct.trials import event, recorded
from tests.markup import markup
from tests.web.conftest import NOW, signer_of, state
from tests.web.security.attacks import treated
from tests.web.test_erasure import erase
from tests.web.test_upload import CANCER, COUGH, NAPROXEN, TNF, post, reasons

PAGES = ("sources", "records", "eligibility", "history")
SOME = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SYSTEMS = (
    "http://snomed.info/sct",
    "http://hl7.org/fhir/sid/icd-10",
    "http://www.nlm.nih.gov/research/umls/rxnorm",
    "http://www.whocc.no/atc",
    "urn:oid:1.2.3",
)
words = st.text("QXZJK", min_size=12, max_size=40)
"""Letters that make up no other word of the ledger."""
KNOWN = ("188147009", "C50.9", "R05", "2588478", "M01AE02", "38341003")
codings = st.fixed_dictionaries(
    {"system": st.sampled_from(SYSTEMS), "code": st.one_of(words, st.sampled_from(KNOWN))},
    optional={"display": words},
)
concepts = st.fixed_dictionaries(
    {"coding": st.lists(codings, max_size=3)}, optional={"text": words}
)


@st.composite
def resources(draw: st.DrawFn) -> dict[str, Any]:
    """A record whose every word is its own."""
    kind = draw(
        st.sampled_from(
            ["Condition", "Procedure", "MedicationRequest", "AllergyIntolerance", "Observation"]
        )
    )
    more: dict[str, Any] = {
        "Condition": {"onsetDateTime": "2026-08-01"},
        "Procedure": {"status": "completed", "performedDateTime": "2026-08-01"},
        "MedicationRequest": {"status": "active", "intent": "order", "authoredOn": "2026-08-20"},
        "AllergyIntolerance": {"recordedDate": "2026-08-20"},
        "Observation": {"status": "final", "effectiveDateTime": "2026-08-20"},
    }[kind]
    code = "medicationCodeableConcept" if kind == "MedicationRequest" else "code"
    return {
        "resourceType": kind,
        "id": f"r{draw(st.integers(0, 999_999))}",
        code: draw(concepts),
        "note": [{"text": draw(words)}],
        **more,
    }


def said_in(value: Any, key: str = "") -> Iterator[str]:
    """Give every code, display and text of a record."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from said_in(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from said_in(one, key)
    elif key in ("code", "display", "text"):
        yield value


def without_keys(app: Running) -> State:
    return Trial(app.trial.store, app.trial.name).state


def clear_of(app: Running, after: int) -> str:
    return "".join(one.body.decode() for one in app.trial.store.read(app.trial.name, after))


@SOME
@given(records=st.lists(resources(), min_size=1, max_size=4, unique_by=lambda one: one["id"]))
def test_nothing_that_a_record_says_stands_in_clear(
    app: Running, signed_in, records: list[dict[str, Any]]
):
    """Neither code nor display nor text, and without the keys the criteria say the same."""
    one, before = treated(app), state(app).position
    post(app, signed_in("coordinator.S01.1"), one, *records)
    now = state(app)
    clear = clear_of(app, before)
    assert all(json.dumps(said)[1:-1] not in clear for said in said_in(records))
    assert reasons(without_keys(app), one.id) == reasons(now, one.id)
    read = {found.id: found for found in records_of(now, now.participants[one.id]).values()}
    for record in records:
        concept = record.get("code") or record["medicationCodeableConcept"]
        found = read[f"{record['resourceType']}/{record['id']}"]
        assert {code.code for code in found.codes} >= {code["code"] for code in concept["coding"]}


@pytest.fixture
def uploaded(app: Running, signed_in) -> Participant:
    one = treated(app)
    post(app, signed_in("coordinator.S01.1"), one, CANCER, COUGH, TNF, NAPROXEN)
    return state(app).participants[one.id]


def listed(app: Running, one: Participant) -> None:
    """Let the site have the list that names somebody whom the simulation made up without a key."""
    by, words = "investigator.S01.1", MEANINGS[IdentificationListExported]
    made = event(
        IdentificationListExported,
        by,
        "S01",
        on=NOW.date(),
        participants=(one.id,),
        signature=Signature("Investigator", words),
    )
    recorded(app.trial.record(made, signer=signer_of(by)))


def shown(client: Any, one: Participant) -> dict[str, str]:
    found = {name: client.get(f"/participants/{one.id}/{name}/") for name in PAGES}
    return {name: html.unescape(markup(answer)) for name, answer in found.items()}


def test_after_an_erasure_nothing_of_it_is_read(app: Running, signed_in, uploaded: Participant):
    client = signed_in("investigator.S01.1")
    now = state(app)
    before, entries = reasons(now, uploaded.id), range(now.position - 3, now.position + 1)
    assert before["E3"] is Reason.NOT_UNDERSTOOD
    assert "Malignant neoplasm of nipple" in shown(client, uploaded)["sources"]
    told = [markup(client.get(f"/entries/{at}/")) for at in entries]
    assert any("188147009" in page for page in told), "whoever has the keys reads the entry"
    listed(app, uploaded)
    erase(app, signed_in, uploaded.id)
    assert reasons(state(app), uploaded.id) == before == reasons(without_keys(app), uploaded.id)
    pages = shown(client, uploaded)
    pages |= {str(at): markup(client.get(f"/entries/{at}/")) for at in entries}
    for page in pages.values():
        assert "188147009" not in page
        assert "neoplasm of nipple" not in page
        assert "M01AE02" not in page
    assert '<span class="tag unknown">erased</span>' in pages["sources"]
    assert any("erased" in pages[str(at)] for at in entries)
    assert verify(app.trial.store.read(app.trial.name), app.trial.name).ok
    position = state(app).position
    answer = signed_in("coordinator.S01.1").get(f"/participants/{uploaded.id}/records/")
    assert answer.status_code == 200
    with pytest.raises(AssertionError):
        post(app, signed_in("coordinator.S01.1"), uploaded, CANCER)
    assert state(app).position == position


def test_without_the_key_pages_say_that_it_is_sealed(
    app: Running, signed_in, uploaded: Participant, settings, tmp_path
):
    settings.KEYS_FOLDER = tmp_path / "elsewhere"
    app.trial.state.participants[uploaded.id].changed()  # what was worked out is forgotten
    page = shown(signed_in("investigator.S01.1"), uploaded)["sources"]
    assert '<span class="tag unknown">sealed</span>' in page
    assert "188147009" not in page


def test_what_is_typed_of_a_record_is_sealed_too(app: Running, signed_in):
    one, before = treated(app), state(app).position
    answer = signed_in("coordinator.S01.1").post(
        f"/record/RecordNotUnderstood/?participant={one.id}",
        {
            "record": "letter of 3 May",
            "codes": "QXZ17.4",
            "elements": "infection",
            "source": "letter",
            "occurred_on": str(state(app).events[before].occurred_on),
            "seen": before,
            "request": "typed",
        },
    )
    assert answer.status_code == 302, markup(answer)
    assert "QXZ" not in clear_of(app, before)
    assert "QXZ17.4" in clear_codes(state(app), one.id)


def clear_codes(now: State, name: str) -> str:
    found = records_of(now, now.participants[name]).values()
    return ", ".join(str(code) for one in found for code in one.codes)
