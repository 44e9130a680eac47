"""The version of a dictionary that is in use, and codes of another one: tasks, never changed."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradatim.conduct.event_validation import validate
from gradatim.conduct.events import coding as c
from gradatim.conduct.events import logs as l
from gradatim.conduct.events import safety as s
from gradatim.conduct.events.base import Signature
from gradatim.conduct.events.participants import EntryVoided
from gradatim.conduct.fold import fold
from gradatim.conduct.state import State
from gradatim.conduct.views.coding import (
    same_version,
    standing_codes,
    to_code_anew,
    versions_in_use,
)
from gradatim.conduct.views.tasks import tasks
from gradatim.core.errors import UnusableInput
from tests.conduct.treated import AFTER, add, adverse, one, treated

NOW = datetime(2027, 3, 1, tzinfo=UTC)


def adopt(state: State, version: str, dictionary: str = "MedDRA") -> int:
    return add(state, c.DictionaryVersionAdopted, AFTER, dictionary=dictionary, version=version)


def code(state: State, version: str, **more: Any) -> int:
    told = {"dictionary": "MedDRA", "code": "90000001", "term": "Made-up term"}
    about: dict[str, Any] = {"adverse_event": "AE1"} if "of" not in more else {}
    return add(state, s.TermCoded, AFTER, **{**told, **about, **more}, version=version)


def void(state: State, of: int) -> None:
    signed = Signature("i", "It was made in error.")
    add(state, EntryVoided, AFTER, of=of, reason="an error", signature=signed)


def asked(state: State) -> list[str]:
    return [task.what for task in tasks(state, NOW, AFTER) if task.kind == "coding"]


def test_a_code_of_another_version_waits_until_it_is_coded_anew() -> None:
    state = treated()
    adverse(state)
    code(state, "99.0")
    adopt(state, "99.0")
    assert asked(state) == []
    adopt(state, "99.1")
    (task,) = (task for task in tasks(state, NOW, AFTER) if task.kind == "coding")
    assert "coder" in task.roles
    assert (task.event, task.given) == ("TermCoded", {"adverse_event": "AE1"})
    assert "99.0" in task.what
    assert "the trial codes with 99.1" in task.what
    code(state, "99.1")
    assert asked(state) == []
    (standing,) = standing_codes(state, one(state))
    assert [earlier.version for earlier in standing.earlier] == ["99.0"]


def test_without_a_version_in_use_nothing_is_asked() -> None:
    state = treated()
    adverse(state)
    code(state, "99.0")
    void(state, versions_in_use(state)["MedDRA"].position)
    assert dict(versions_in_use(state)) == {}
    assert asked(state) == []


def test_an_adoption_made_in_error_leaves_the_one_before_in_use() -> None:
    state = treated()
    adverse(state)
    adopt(state, "99.0")
    code(state, "99.0")
    wrong = adopt(state, "100.0")
    assert len(asked(state)) == 1
    void(state, wrong)
    assert versions_in_use(state)["MedDRA"].version == "99.0"
    assert asked(state) == []


def test_a_drug_is_asked_of_its_own_dictionary() -> None:
    state = treated()
    drug = add(
        state,
        l.ConcomitantMedicationRecorded,
        AFTER,
        medication="CM1",
        drug="alphamab",
        indication="pain",
    )
    code(state, "March 2099", of=drug, dictionary="WHODrug", code="90000101001")
    adopt(state, "100.0")
    assert asked(state) == []
    adopt(state, "September 2099", "WHODrug")
    (standing,) = to_code_anew(state, one(state))
    assert (standing.what, standing.anew) == ("CM1 alphamab", "September 2099")
    (task,) = (task for task in tasks(state, NOW, AFTER) if task.kind == "coding")
    assert task.given == {"of": str(drug)}
    void(state, drug)
    assert asked(state) == []


def test_a_code_of_another_dictionary_takes_no_place() -> None:
    """A drug is coded with WHODrug, and what it was given for with MedDRA."""
    state = treated()
    taken: dict[str, Any] = {"medication": "CM1", "drug": "alphamab", "indication": "pain"}
    drug = add(state, l.ConcomitantMedicationRecorded, AFTER, **taken)
    code(state, "March 2099", of=drug, dictionary="WHODrug", code="90000101001")
    code(state, "99.0", of=drug)
    adopt(state, "99.0")
    adopt(state, "September 2099", "WHODrug")
    (standing,) = to_code_anew(state, one(state))
    assert standing.event.dictionary == "WHODrug"
    assert [found.earlier for found in standing_codes(state, one(state))] == [(), ()]


def test_what_is_no_drug_is_coded_with_meddra() -> None:
    """Medical history, and an adverse event that is named by its entry."""
    state = treated()
    history = add(state, l.MedicalHistoryRecorded, AFTER, condition="A broken arm")
    adverse(state)
    for held in (history, state.position):
        code(state, "99.0", of=held)
        fine = state.events[state.position]
        validate(state, fine)
        with pytest.raises(UnusableInput, match=f"entry {held} holds no drug and is coded"):
            validate(state, msgspec.structs.replace(fine, dictionary="WHODrug"))


@pytest.mark.parametrize("version", [" ", "v", "Version "])
def test_a_version_that_says_nothing_is_none(version: str) -> None:
    state = treated()
    adopt(state, "99.0")
    made = msgspec.structs.replace(state.events[state.position], version=version)
    with pytest.raises(UnusableInput, match="is no version"):
        validate(state, made)


def test_two_ways_to_write_a_version() -> None:
    assert same_version("27.0", "v27")
    assert not same_version("27.1", "27.10")
    assert not same_version("27.1", "27.0")


VERSIONS = st.sampled_from(("99.0", "99.1", "100.0"))
STEPS = st.lists(
    st.tuples(st.sampled_from(("adopt", "code AE1", "code AE2")), VERSIONS), max_size=8
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_no_code_changes_but_by_an_entry_about_it(steps: list[tuple[str, str]]) -> None:
    state = treated()
    adverse(state)
    adverse(state, adverse_event="AE2", term="Nausea")
    used, last = "made up", dict[str, list[str]]()
    for step, version in steps:
        if step == "adopt":
            adopt(state, version)
            used = version
        else:
            number = step.removeprefix("code ")
            code(state, version, adverse_event=number)
            last.setdefault(number, []).append(version)
        told = {
            str(found.event.adverse_event): [
                *(e.version for e in found.earlier),
                found.event.version,
            ]
            for found in standing_codes(state, one(state))
        }
        assert told == last
        waiting = {found.event.adverse_event for found in to_code_anew(state, one(state))}
        assert waiting == {number for number, codes in last.items() if codes[-1] != used}
        again = fold(state.trial, state.events.items())
        assert [a.anew for a in standing_codes(again, one(again))] == [
            a.anew for a in standing_codes(state, one(state))
        ]
