"""What a source says is what the ledger says: days, doubts, doses; each record once."""

import json
from datetime import date
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.conduct.days import days_of, kept_days
from gradatim.conduct.events import decoded, encoded
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import records as d
from gradatim.conduct.events.base import Measured
from gradatim.conduct.source_import import fact_fields, record_read
from gradatim.conduct.state import State
from gradatim.conduct.views.facts import facts_in
from gradatim.core.dates import ANY_DAY, NEVER_ENDED, Day, parse_day
from gradatim.evidence.codebook import Codebook
from gradatim.evidence.facts import Fact
from gradatim.evidence.fhir.reader import read_facts
from gradatim.evidence.fhir.record_resolution import received
from gradatim.protocol.load import load
from tests.conduct.trials import event

CASES = sorted((Path(__file__).parents[3] / "shared" / "cases" / "fhir").glob("*.json"))
ON = date(2026, 11, 16)
DAYS = st.dates(date(1950, 1, 1), date(2030, 1, 1))
PARTIAL = st.one_of(
    st.builds(lambda day: parse_day(str(day)), DAYS),
    st.builds(lambda day: parse_day(f"{day:%Y-%m}"), DAYS),
    st.builds(lambda day: parse_day(f"{day:%Y}"), DAYS),
    st.builds(lambda one, other: Day(*sorted((one, other))), DAYS, DAYS),
    st.builds(lambda day: Day(day, date.max), DAYS),
    st.builds(lambda day: Day(date.min, day), DAYS),
    st.just(ANY_DAY),
)


@given(PARTIAL, st.one_of(PARTIAL, st.just(NEVER_ENDED)))
def test_days_are_kept_as_they_are_known(start: Day, end: Day):
    """A drug whose end is not known is not one of a single day."""
    kept = p.FactRecorded(**_fields(start, end))
    assert days_of(kept) == (start, end)


def _fields(start: Day, end: Day) -> dict:
    return {**_common(), "fact": Measured(element="alt"), **kept_days(start, end)}


@lru_cache
def study():
    return load("nct05962762").study


@pytest.mark.skipif(not CASES, reason="the shared cases are not here")
def test_every_fact_of_the_shared_cases_is_in_the_ledger_what_it_was_in_its_source():
    elements = study().elements
    codebook = Codebook(elements, study().study.id)
    seen = 0
    for path in CASES:
        facts = _read(path, codebook)
        for some in facts.by_element.values() if facts else ():
            for fact in some:
                made = p.FactRecorded(**_fields(ANY_DAY, ANY_DAY) | fact_fields(fact, "EHR"))
                (kept,) = facts_in(1, decoded(encoded(made)[0]), State("t"))
                assert _said(kept) == _said(fact), path.name
                seen += 1
    assert seen > 1000


def _read(path: Path, codebook: Codebook):
    try:
        return read_facts(json.loads(path.read_text()), codebook, study().elements, on=ON)
    except Exception:  # cases that are no Bundle as a whole are told elsewhere
        return None


def _said(fact: Fact) -> tuple:
    """What the ledger keeps of a fact; of a dose that lies between two it keeps none."""
    low, high = fact.low and fact.low.value, fact.high and fact.high.value
    value = None if fact.most is not None else fact.value
    return (
        fact.element,
        fact.start,
        fact.end,
        value,
        fact.unit if value else "",
        fact.bound,
        low,
        high,
        fact.code,
        fact.route,
        fact.derived,
        fact.doubtful,
        fact.course,
        fact.often,
    )


@pytest.mark.skipif(not CASES, reason="the shared cases are not here")
def test_every_record_of_the_shared_cases_is_told_of_as_it_was_understood():
    """Each element that a record is of, or may be of, stands with it; each fits into the ledger."""
    elements = study().elements
    codebook = Codebook(elements, study().study.id)
    for path in CASES:
        facts = _read(path, codebook)
        if facts is None:
            continue
        content = json.loads(path.read_text())
        told = list(received(content, facts, codebook, elements, on=ON))
        assert len({one.id for one in told}) == len(told)
        used = {name for one in told for name in one.used}
        perhaps = {name for one in told for name in one.perhaps}
        assert used == set(facts.by_element), path.name
        dated = {fact.element for one in facts.not_used for fact in one.instead}
        assert perhaps == set(facts.not_understood) | dated, path.name
        made = d.RecordsRead(
            **_common(), source="EHR", read=len(told), records=tuple(map(record_read, told))
        )
        assert decoded(encoded(made)[0]) == made


def _common() -> dict:
    plain = event(p.ScreenFailed, "n", participant="P1")
    names = ("occurred_on", "recorded_at", "recorded_by", "participant")
    return {name: getattr(plain, name) for name in names}
