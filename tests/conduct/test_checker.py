"""Trials in which much goes wrong, held against a second reading of the rules: no difference."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import pytest

from tests.conduct.checker import violations
from tests.conduct.disturbed import disturbed, entries_of, told_wrongly
from tests.conduct.reading import Body

HISTORIES, PART = 200, 10
Doctor = Callable[[list[dict[str, Any]], int], None]
"""Changes the entries before the one at an index."""


@pytest.mark.parametrize("part", range(PART))
def test_nothing_stands_there_or_is_told_that_should_not(part: int) -> None:
    found = {seed: told_wrongly(disturbed(seed)) for seed in range(part, HISTORIES, PART)}
    assert not {seed: some[:3] for seed, some in found.items() if some}


@lru_cache(maxsize=1)
def treated() -> tuple[Body, ...]:
    """A ledger with a dose that was authorised and given, and nothing wrong about it."""
    for seed in range(100):
        entries = entries_of(disturbed(seed))
        authorised = any(one["event"] == "PreDoseChecklistSigned" for one in entries)
        if authorised and not list(violations(entries)):
            return tuple(entries)
    raise AssertionError("no such trial")


def _before(entries: list[dict[str, Any]], at: int, **fields: Any) -> None:
    """Put another entry there; what refers to later ones refers to them still."""
    for one in entries:
        if one.get("of", 0) > at:
            one["of"] += 1
    kept = {name: entries[at][name] for name in ("occurred_on", "recorded_at")}
    entries.insert(at, {**kept, "recorded_by": "nurse.S01.1", "site": "S01", **fields})


def _paused(entries: list[dict[str, Any]], at: int) -> None:
    _before(entries, at, event="TrialPaused", reason="a leak")


def _withdrawn(entries: list[dict[str, Any]], at: int) -> None:
    who = entries[at]["participant"]
    _before(entries, at, event="InformedConsentWithdrawn", participant=who, scope="all")


def _verified_alone(entries: list[dict[str, Any]], at: int) -> None:
    who = entries[at]["participant"]
    mine = [one for one in entries[:at] if one.get("participant") == who]
    preparer = next(one["recorded_by"] for one in mine if one["event"] == "DosePrepared")
    for one in mine:
        if one["event"] == "PreparationVerified":
            one["recorded_by"] = preparer


def _tenfold(entries: list[dict[str, Any]], at: int) -> None:
    who = entries[at]["participant"]
    for one in entries[:at]:
        if one["event"] == "DosePrepared" and one["participant"] == who:
            one["planned"] *= 10


def _recalled(entries: list[dict[str, Any]], at: int) -> None:
    who = entries[at]["participant"]
    made = next(
        one for one in entries[:at] if one["event"] == "DosePrepared" and one["participant"] == who
    )
    bags = [one["bag"] for one in made["drawn"]]
    _before(entries, at, event="ProductQuarantined", lot=made["lot"], bags=bags, reason="recall")


def _feverish(entries: list[dict[str, Any]], at: int) -> None:
    who, day = entries[at]["participant"], entries[at]["occurred_on"]
    for one in entries[:at]:
        if one["event"] == "VitalSignsRecorded" and one["participant"] == who:
            for result in one["results"] if one["occurred_on"] == day else ():
                if result["element"] == "body_temperature":
                    result["value"] = 39.0


def _toxic(entries: list[dict[str, Any]], at: int) -> None:
    who, day = entries[at]["participant"], entries[at]["occurred_on"]
    given = next(one for one in entries if one["event"] == "DoseAdministered")
    event = {"term": "Anaphylaxis", "adverse_event": "A1", "onset": day, "grade": 2}
    _before(entries, at, event="AdverseEventReported", participant=who, **event)
    _before(entries, at, **{**given, "participant": who, "occurred_on": day})


DOCTORS: dict[str, Doctor] = {
    "dosing is paused": _paused,
    "consent is in force": _withdrawn,
    "a second person has verified": _verified_alone,
    "the dose is that of the level": _tenfold,
    "the product is fit": _recalled,
    "no fever": _feverish,
    "no toxicity of the participant's own": _toxic,
}


@pytest.mark.parametrize("rule", DOCTORS)
def test_what_should_not_stand_there_is_found(rule: str) -> None:
    """In a ledger that is in order until it is changed."""
    entries = [_copy(one) for one in treated()]
    at = next(i for i, one in enumerate(entries) if one["event"] == "PreDoseChecklistSigned")
    signed = entries[at]
    DOCTORS[rule](entries, at)
    at = entries.index(signed)
    found = [one.rule for one in violations(entries) if one.position == at + 1]
    assert any(rule in one for one in found), found


def _copy(one: Any) -> Any:
    if isinstance(one, dict):
        return {name: _copy(part) for name, part in one.items()}
    return [_copy(part) for part in one] if isinstance(one, list) else one
