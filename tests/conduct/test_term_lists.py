"""Terms of a list that the site loads: what they count as, and that no list settles what was."""

from hashlib import sha256
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradatim.conduct.event_validation import validate
from gradatim.conduct.events import coding as c
from gradatim.conduct.events.base import Signature
from gradatim.conduct.events.participants import EntryCorrected, EntryVoided
from gradatim.conduct.events.safety import AdverseEventReported
from gradatim.conduct.fold import apply, fold
from gradatim.conduct.reassessment import bears_on
from gradatim.conduct.state import State
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.term_lists import loaded_lists
from gradatim.core.errors import UnusableInput
from gradatim.protocol.base import Basis
from gradatim.protocol.elements import CodeGroup
from gradatim.protocol.study import Study
from gradatim.safety.dlt import elements_of, perhaps_of, watched_elements
from gradatim.safety.events import AdverseEvent
from tests.conduct.treated import AFTER, add, adverse, correct, one, treated
from tests.conduct.trials import event

LIST = (
    "term,synonyms\n"
    "Made-up swelling of the throat,Anaphylaxis\n"
    "Made-up wobble,wobbling\n"
    "Made-up headache,Headache\n"
)


def load(state: State, document: str = LIST, version: str = "1", **more: Any) -> int:
    made = event(c.TermListLoaded, "i", "S01", on=AFTER, **{**_fields(document, version), **more})
    validate(state, made)
    return add(state, c.TermListLoaded, AFTER, **{**_fields(document, version), **more})


def _fields(document: str, version: str) -> dict[str, Any]:
    hashed = sha256(document.encode()).hexdigest()
    return {"name": "site", "version": version, "document": document, "sha256": hashed}


def known(state: State, number: str = "AE1") -> AdverseEvent:
    return courses(state, one(state))[number].event


def study_of(state: State) -> Study:
    return state.governing("safety", one(state))


def perhaps(state: State, number: str = "AE1") -> tuple[str, ...]:
    return perhaps_of(study_of(state), known(state, number))


def others(state: State) -> tuple[str, ...]:
    """Return the watched elements but the one that the list says the term is."""
    return tuple(name for name in watched_elements(study_of(state)) if name != "anaphylaxis")


def is_anaphylaxis(state: State, number: str = "AE1") -> bool:
    return "anaphylaxis" in elements_of(study_of(state), known(state, number))


def test_a_term_that_the_protocol_does_not_know_is_perhaps_each_watched_element() -> None:
    state = treated()
    load(state)
    adverse(state, term="Made-up wobble")
    assert perhaps(state) == watched_elements(study_of(state))


def test_a_term_with_a_synonym_of_a_watched_element_is_that_and_perhaps_another() -> None:
    for written in ("Made-up swelling of the throat", "ＭＡＤＥ-up  swelling of the throat"):
        state = treated()
        load(state)
        adverse(state, term=written)
        assert is_anaphylaxis(state)
        assert perhaps(state) == others(state) != ()


def test_that_another_name_is_one_of_ctcae_excludes_nothing() -> None:
    state = treated()
    load(state)
    adverse(state, term="Made-up headache")
    assert perhaps(state) == watched_elements(study_of(state))


def test_a_list_says_nothing_of_what_was_reported_before_it() -> None:
    state = treated()
    adverse(state, term="Made-up swelling of the throat")
    load(state)
    assert perhaps(state) == watched_elements(study_of(state))
    correct(state, state.position - 1, term="Made-up  swelling of the throat")
    assert perhaps(state) == watched_elements(study_of(state))
    correct(state, state.position - 2, term="made-up wobble")
    correct(state, state.position - 3, term="Made-up swelling of the throat")
    assert perhaps(state) == others(state)


def test_a_later_version_leaves_what_was_reported_by_the_earlier_one() -> None:
    state = treated()
    load(state)
    adverse(state, term="Made-up swelling of the throat")
    load(state, "term\nMade-up swelling of the throat\n", "2")
    adverse(state, term="Made-up swelling of the throat", adverse_event="AE2")
    assert perhaps(state) == others(state)
    assert perhaps(state, "AE2") == watched_elements(study_of(state))
    (loaded,) = (found for found in loaded_lists(state, "S01") if found.event.name == "site")
    assert loaded.event.version == "2"


def test_a_list_of_another_site_says_nothing() -> None:
    state = treated()
    fields = _fields(LIST, "1")
    made = event(c.TermListLoaded, "i", "S02", on=AFTER, **fields)
    apply(state, state.position + 1, made)
    adverse(state, term="Made-up swelling of the throat")
    assert perhaps(state) == watched_elements(study_of(state))


def test_a_term_is_read_by_the_lists_of_where_it_was_written() -> None:
    """Though its participant is at another site since, where another list says other things."""
    state = treated()
    load(state)
    other = _fields("term,synonyms\nMade-up wobble,Anaphylaxis\n", "1")
    apply(state, state.position + 1, event(c.TermListLoaded, "i", "S02", on=AFTER, **other))
    adverse(state, term="Made-up swelling of the throat")
    wobble: dict[str, Any] = {"adverse_event": "AE2", "term": "Made-up wobble", "onset": str(AFTER)}
    add(state, AdverseEventReported, AFTER, **wobble)
    one(state).site = "S02"
    one(state).changed()
    assert perhaps(state) == others(state)
    assert perhaps(state, "AE2") == watched_elements(study_of(state))


def test_a_list_made_in_error_leaves_it_open_again_and_takes_two_to_sign() -> None:
    state = treated()
    at = load(state)
    void = event(EntryVoided, "i", "S01", on=AFTER, of=at, reason="an error")
    assert isinstance(void, EntryVoided)
    assert bears_on(state, void) == ()
    adverse(state, term="Made-up swelling of the throat")
    assert bears_on(state, void) == ("adverse events",)
    assert perhaps(state) == others(state)
    signed = Signature("i", "It was made in error.")
    add(state, EntryVoided, AFTER, of=at, reason="an error", signature=signed)
    assert perhaps(state) == watched_elements(study_of(state))


def test_a_synonym_of_several_terms_is_none_of_them() -> None:
    """Nobody can tell which is meant, within a list or between two."""
    one_list = "term,synonyms\nMade-up swelling,Anaphylaxis;sway\nMade-up wobble,sway\n"
    other = "term\nsway\n"
    for lists in ((one_list,), ("term,synonyms\nMade-up swelling,Anaphylaxis;sway\n", other)):
        state = treated()
        for number, document in enumerate(lists):
            load(state, document, name=f"list {number}")
        adverse(state, term="Sway")
        assert perhaps(state) == watched_elements(study_of(state))
        adverse(state, term="Made-up swelling", adverse_event="AE2")
        assert is_anaphylaxis(state, "AE2")


def test_a_version_in_error_takes_two_to_sign_where_the_earlier_one_would_be_read() -> None:
    state = treated()
    load(state)
    at = load(state, "term\nMade-up wobble\n", "2")
    void = event(EntryVoided, "i", "S01", on=AFTER, of=at, reason="an error")
    assert isinstance(void, EntryVoided)
    assert bears_on(state, void) == ()
    adverse(state, term="Made-up swelling of the throat")
    assert perhaps(state) == watched_elements(study_of(state))
    assert bears_on(state, void) == ("adverse events",)
    correct(state, state.position, term="Headache")
    assert bears_on(state, void) == ("adverse events",)


def test_a_list_takes_two_to_sign_away_where_a_correction_of_its_site_was_read_by_it() -> None:
    state = treated()
    adverse(state, term="Made-up thing")
    reported = state.position
    one(state).site = "S02"
    one(state).changed()
    made = event(c.TermListLoaded, "i", "S02", on=AFTER, **_fields(LIST, "1"))
    apply(state, at := state.position + 1, made)
    void = event(EntryVoided, "i", "S02", on=AFTER, of=at, reason="an error")
    assert isinstance(void, EntryVoided)
    assert bears_on(state, void) == ()
    term = {"term": "Made-up swelling of the throat"}
    said: dict[str, Any] = {"of": reported, "fields": term, "reason": "a slip"}
    apply(state, state.position + 1, event(EntryCorrected, "i", "S02", on=AFTER, **said))
    assert perhaps(state) == others(state)
    assert bears_on(state, void) == ("adverse events",)


def test_a_code_of_a_watched_element_says_what_a_term_is() -> None:
    study = study_of(treated())
    element = study.elements["anaphylaxis"].model_copy(
        update={"codes": [CodeGroup(system="icd10", codes=["T78.2*"], basis=Basis.ASSUMED)]}
    )
    coded = study.model_copy(update={"elements": {**study.elements, "anaphylaxis": element}})
    state = treated()
    adverse(state, term="Made-up wobble")
    found = known(state)
    for codes, is_one in (
        ((("icd10", "T782"),), True),
        ((("icd10", "T78.3"),), False),
        ((("snomed", "T78.2"),), False),
    ):
        listed = msgspec.structs.replace(found, codes=codes)
        assert ("anaphylaxis" in elements_of(coded, listed)) is is_one
        assert ("anaphylaxis" in perhaps_of(coded, listed)) is not is_one
        assert set(others(state)) <= set(perhaps_of(coded, listed))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"document": "term\n"}, "no term in this list"),
        ({"document": "term,code\nAche\n"}, "line 2"),
        ({"sha256": "0" * 64}, "hash"),
        ({"version": "1.0"}, "there is a version"),
    ],
)
def test_a_list_that_cannot_be_meant_is_not_recorded(changed: dict[str, Any], says: str) -> None:
    state = treated()
    load(state)
    made = event(c.TermListLoaded, "i", "S01", on=AFTER, **{**_fields(LIST, "2"), **changed})
    with pytest.raises(UnusableInput, match=says):
        validate(state, made)


NAMES = ("Anaphylaxis", "Headache", "Made-up word", "Other word", "Infection", "Sepsis")
ROWS = st.dictionaries(
    st.sampled_from(("Wobble", "Sway", "Anaphylaxis", "Headache")),
    st.lists(st.sampled_from(NAMES), max_size=2),
    min_size=1,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(ROWS, max_size=2),
    st.sampled_from(("Wobble", "Sway", "Anaphylaxis", "Headache", "Made-up word")),
    st.lists(ROWS, max_size=2),
)
def test_a_list_only_adds_and_only_what_came_before_counts(
    before: list[dict[str, list[str]]], term: str, after: list[dict[str, list[str]]]
) -> None:
    plain, state = treated(), treated()
    adverse(plain, term=term)
    versions = iter(range(1, 9))

    def loaded(rows: dict[str, list[str]]) -> None:
        lines = (f"{name},{';'.join(synonyms)}" for name, synonyms in rows.items())
        load(state, "\n".join(("term,synonyms", *lines)), str(next(versions)))

    for rows in before:
        loaded(rows)
    adverse(state, term=term)
    at_first = known(state)
    for rows in after:
        loaded(rows)
    assert known(state) == at_first
    study = study_of(state)
    own = set(elements_of(study, known(plain)))
    found = set(elements_of(study, at_first))
    assert own <= found
    assert set(perhaps_of(study, at_first)) == set(perhaps_of(study, known(plain))) - found
    again = fold(state.trial, state.events.items())
    assert known(again) == at_first
