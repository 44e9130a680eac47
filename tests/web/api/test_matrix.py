"""The whole matrix of the API: every operation and every act, by every role, at every place.

What is expected is worked out from the two tables alone (`SEES` and `MAY`); it is asked over HTTP.
"""

from typing import Any

import msgspec
import pytest

from gradatim.conduct.access import SEES
from gradatim.conduct.events import BY_NAME
from gradatim.conduct.permissions import MAY, OF_THE_WHOLE_TRIAL
from gradatim.conduct.roles import ROLES
from gradatim.conduct.signatures import MEANINGS
from gradatim.web.api.fhir import fhir
from gradatim.web.api.input_events import GIVEN, filled_in
from gradatim.web.api.interface import api
from gradatim.web.live_trial import Running
from tests.web.api.conftest import Program, probe

HERE, THERE = "S01", "S02"
PLACES = (HERE, THERE, "")
OPERATIONS = {
    "trial": "overview",
    "tasks": "overview",
    "events": "audit",
    "next-dose": "review",
    "queries": "participants",
    "lots": "dosing",
    "participants": "participants",
    "participants/{id}": "participants",
    "participants/{id}/eligibility": "participants",
    "fhir/ResearchStudy/{trial}": "overview",
    "fhir/ResearchSubject": "participants",
    "fhir/ResearchSubject/{id}": "participants",
    "fhir/Patient/{id}": "participants",
    "fhir/Patient/{id}/$everything": "participants",
    "fhir/Observation?subject=Patient/{id}": "participants",
    "fhir/AdverseEvent?subject={id}": "participants",
    "fhir/MedicationAdministration?patient={id}": "dosing",
    "fhir/Consent?patient=Patient/{id}": "participants",
}
"""Every operation that reads, and the area it belongs to."""
OPEN = {"fhir/metadata"}
"""Operations for everybody; they tell nothing of the trial."""


def test_the_matrix_knows_every_operation():
    known = {
        f"/api/{path.split('?')[0]}".replace("{trial}", "{id}") for path in {*OPERATIONS, *OPEN}
    }
    reads, writes = set(), set()
    for one in (api, fhir):
        for path, methods in one.get_openapi_schema()["paths"].items():
            reads |= {path} if "get" in methods else set()
            writes |= {(path, method) for method in methods if method != "get"}
    assert reads == known
    assert writes == {("/api/events", "post")}


def sites_in(value: Any) -> set[str]:
    """Give the sites of whoever and whatever an answer names by its number."""
    text = msgspec.json.encode(value).decode()
    return {site for site in (HERE, THERE) if f'"{site}-' in text or f"/{site}-" in text}


@pytest.mark.parametrize("role", ["", *ROLES])
def test_operations(app: Running, role: str):
    """Each operation is found by exactly those who may see it, and shows them their sites alone."""
    state = app.trial.state
    one = next(p for p in state.participants.values() if p.site == HERE and p.status == "treated")
    for place in PLACES if role else ("",):
        program = probe(app, role, place)
        for path, area in OPERATIONS.items():
            of_one = "{id}" in path
            seen = role in SEES[area] and (not of_one or place in (HERE, ""))
            response = program.get(path.format(id=one.id, trial=state.trial))
            told = f"{role or 'nobody'} at {place or 'the whole trial'}: {path}: "
            assert response.status_code == (200 if seen else 404), told + response.content.decode()
            if not seen:
                assert sites_in(response.json()) == set()
            elif place and path != "fhir/ResearchStudy/{trial}":
                assert sites_in(response.json()) <= {place}, told
        assert program.get("fhir/metadata").status_code == 200


@pytest.mark.parametrize("role", ["", *ROLES])
def test_acts(app: Running, role: str):
    """Each act is open to exactly those who may record it, where they may; none is signed."""
    for place in PLACES if role else ("",):
        program = probe(app, role, place)
        for name in BY_NAME:
            for site in PLACES:
                may = BY_NAME[name] not in MEANINGS and role in MAY[name] and place in (site, "")
                may = may and (not site or name not in OF_THE_WHOLE_TRIAL)
                response = program.post({"event": name, "site": site})
                told = f"{role} at {place!r}: {name} at {site!r}: {response.content.decode()}"
                expected = 422 if may else 403 if role else 404
                assert response.status_code == expected, told


def example(app: Running, name: str, site: str) -> dict[str, Any] | None:
    """Give an entry of the ledger about somebody or something at a site, as a program sends it.

    None about a lot that went from one site to another: it is known at both.
    """
    moved = {lot for _, lot in app.trial.state.inventory.shipments}
    for event in app.trial.state.events.values():
        if type(event).__name__ != name or getattr(event, "lot", "") in moved:
            continue
        if event.site == site:
            plain = msgspec.to_builtins(event)
            return {key: value for key, value in plain.items() if key not in filled_in(name)}
    return None


def test_nothing_of_another_site_is_recorded(app: Running):
    """Whoever works at one site cannot record anything about another's, under either name.

    The answer is the same as for what is not there.
    """
    tried = set()
    before = app.trial.state.position
    for name in GIVEN:
        role = next((one for one in MAY[name] if one not in ("sponsor", "monitor")), None)
        found = example(app, name, THERE)
        if role is None or found is None or not {"participant", "of", "query", "lot"} & set(found):
            continue
        if name == "ProductReceived" or name in OF_THE_WHOLE_TRIAL:
            continue  # a lot may be received by several sites
        tried.add(name)
        program = probe_once(app, role)
        theirs = program.post({**found, "site": HERE})
        assert theirs.status_code == 404, f"{name}: {theirs.content.decode()}"
        nobody = {"participant": "S09-999", "of": 99_999, "query": "Q9999", "lot": "L9999"}
        absent = {**found, **{key: value for key, value in nobody.items() if key in found}}
        assert program.post({**absent, "site": HERE}).content == theirs.content
        assert program.post({**found, "site": THERE}).status_code == 403
    assert app.trial.state.position == before
    assert len(tried) > 20, tried


_programs: dict[tuple[int, str], Program] = {}


def probe_once(app: Running, role: str) -> Program:
    """Give one program for each role, at the first site."""
    key = (id(app), role)
    if key not in _programs:
        _programs[key] = probe(app, role, HERE)
    return _programs[key]
