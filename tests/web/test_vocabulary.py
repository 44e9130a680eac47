"""Uploads read by a vocabulary: what it tells stays in the ledger, whatever is installed later."""

import html
from pathlib import Path

import pytest

from gradatim.conduct.events.participants import RecordNotUnderstood
from gradatim.conduct.events.records import RecordsRead
from gradatim.conduct.state import State
from gradatim.conduct.views.facts import facts_of
from gradatim.conduct.views.records import records_of
from gradatim.core.errors import UnusableInput
from gradatim.core.verdict import Reason
from gradatim.protocol.load import load
from gradatim.vocabulary.concepts import Concept, Held, Link, Source
from gradatim.vocabulary.graph import Vocabulary
from gradatim.vocabulary.stores.writing import new_file
from gradatim.web.configuration import configuration
from gradatim.web.live_trial import Running
from tests.web.conftest import state
from tests.web.security.attacks import treated
from tests.web.security.test_data import GOOD
from tests.web.test_upload import CANCER, post, reasons

FINDING, TUMOUR, NIPPLE, PRESSURE = "404684003", "363346000", "188147009", "38341003"
NAMES = {
    FINDING: "Clinical finding",
    TUMOUR: "Malignant neoplastic disease",
    NIPPLE: "Malignant neoplasm of nipple",
    PRESSURE: "Hypertensive disorder",
}
HYPERTENSION = {
    **CANCER,
    "id": "c9",
    "code": {"coding": [{"system": "http://snomed.info/sct", "code": PRESSURE}]},
}


def listed() -> set[str]:
    """Give the codes of SNOMED CT that the protocol lists: a site's release has them all."""
    elements = load("nct05962762").study.elements.values()
    groups = (group for one in elements for group in (*one.codes, *one.perhaps))
    return {code for group in groups if group.system == "snomed" for code in group.codes}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A vocabulary in which a finding is malignant, another is high blood pressure."""
    path = tmp_path / "codes.vocabulary"
    with new_file(path) as writer:
        writer.source(Source("made up", "test", "1"))
        writer.concepts(
            Held(Concept("snomed", code, NAMES.get(code, code), True), True, True)
            for code in {*NAMES, *listed()}
        )
        broader = dict.fromkeys({*listed(), TUMOUR, PRESSURE}, FINDING) | {NIPPLE: TUMOUR}
        links = ((("snomed", narrow), ("snomed", broad)) for narrow, broad in broader.items())
        writer.links(Link.IS_A, links)
    return path


def told(now: State, name: str) -> list[RecordsRead]:
    return [
        event
        for event in now.events.values()
        if isinstance(event, RecordsRead) and event.participant == name and event.source == "EHR"
    ]


def test_what_a_vocabulary_tells_is_kept_without_it(app: Running, signed_in, settings, file: Path):
    one, client = treated(app), signed_in("coordinator.S01.1")
    settings.VOCABULARY = file
    post(app, client, one, CANCER, HYPERTENSION)
    now = state(app)
    (reading,) = told(now, one.id)
    assert reading.vocabulary is not None
    assert reading.vocabulary.sha256 == Vocabulary.open(file).sha256
    assert reading.vocabulary.concepts == {"snomed": len({*NAMES, *listed()})}
    cancer, pressure = reading.records
    assert cancer.used == {"malignancy": ""}, "through which code is sealed"
    assert "malignancy" not in pressure.perhaps
    used = next(
        found.used
        for found in records_of(now, now.participants[one.id]).values()
        if found.id == cancer.record and found.source == "EHR"
    )
    assert used == {"malignancy": f"SNOMED CT {NIPPLE}, which is SNOMED CT {TUMOUR}"}
    settings.VOCABULARY = None
    file.unlink()
    (fact,) = facts_of(now, now.participants[one.id]).of("malignancy")
    assert str(fact.start) == "2026-08-01"
    page = html.unescape(client.get(f"/participants/{one.id}/sources/").content.decode())
    assert reading.vocabulary.sha256[:12] in page
    assert "which is SNOMED CT 363346000" in page


def test_the_same_file_by_a_vocabulary_settles_what_was_open(
    app: Running, signed_in, settings, file: Path
):
    one, client = treated(app), signed_in("coordinator.S01.1")
    post(app, client, one, HYPERTENSION)
    assert reasons(state(app), one.id)["E3"] is Reason.NOT_UNDERSTOOD
    settings.VOCABULARY = file
    post(app, client, one, HYPERTENSION)
    assert reasons(state(app), one.id)["E3"] is None
    position = state(app).position
    post(app, client, one, HYPERTENSION)
    assert state(app).position == position
    settings.VOCABULARY = None
    post(app, client, one, HYPERTENSION)
    assert reasons(state(app), one.id)["E3"] is Reason.NOT_UNDERSTOOD
    open_ = [
        event
        for event in state(app).events.values()
        if isinstance(event, RecordNotUnderstood) and event.source == "EHR"
    ]
    assert len(open_) == 1, "what was open before is not recorded again"


def test_a_vocabulary_that_cannot_be_used_is_not_taken_for_none(
    app: Running, signed_in, settings, file: Path
):
    one, client = treated(app), signed_in("coordinator.S01.1")
    settings.VOCABULARY = file
    path = f"/participants/{one.id}/records/"
    assert Vocabulary.open(file).sha256[:12] in client.get(path).content.decode()
    file.unlink()
    assert "the vocabulary of this installation cannot be used" in client.get(path).content.decode()
    before = state(app).position
    with pytest.raises(AssertionError):
        post(app, client, one, CANCER)
    assert state(app).position == before


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "cannot be read"),
        (b"", "no vocabulary"),
        (b"SQLite format 3\0" + b"\0" * 84, "no vocabulary"),
        (b"PK\x03\x04 a zip file", "no vocabulary"),
    ],
)
def test_the_service_does_not_start_by_a_file_that_is_none(
    tmp_path: Path, content: bytes | None, why: str
):
    path = tmp_path / "codes"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnusableInput, match=why):
        configuration({**GOOD, "GRADATIM_VOCABULARY": str(path)})


def test_the_service_starts_by_a_good_one(file: Path):
    assert configuration({**GOOD, "GRADATIM_VOCABULARY": str(file)}).vocabulary == file
    cut = file.read_bytes()[:-4096]
    file.write_bytes(cut)
    with pytest.raises(UnusableInput, match="damaged"):
        configuration({**GOOD, "GRADATIM_VOCABULARY": str(file)})
