"""An adverse event in words that no rule knows: what it counts as, and who is asked."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gradatim.conduct.event_validation import validate
from gradatim.conduct.events import safety as s
from gradatim.conduct.events.base import Signature
from gradatim.conduct.events.participants import EntryCorrected, EntryVoided
from gradatim.conduct.policies import check, unmet
from gradatim.conduct.state import State
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.reporting import reports
from gradatim.conduct.views.safety import dlt_outcome, possible_dlts
from gradatim.conduct.views.stopping_rules import unanswered_rules
from gradatim.conduct.views.tasks import tasks
from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.outcomes import letter_of
from gradatim.safety.dlt import watched_elements
from tests.clinical.written import disguised
from tests.conduct.treated import AFTER, LATER, add, adjudicate, adverse, correct, one, treated
from tests.conduct.trials import event

NOW = datetime(2027, 3, 1, tzinfo=UTC)
MILD: dict[str, Any] = {"term": "Quaddeln und Schwindel", "grade": 1, "relation": "unrelated"}


def said(state: State, **answers: str) -> None:
    """Answer for the investigator; `others` is the answer to all that is not named."""
    others = answers.pop("others", None)
    watched = watched_elements(state.governing("safety", one(state)))
    every = dict.fromkeys(watched, others) if others else {}
    add(
        state,
        s.AdverseEventClassified,
        AFTER,
        adverse_event="AE1",
        answers={**every, **answers},
        signer="i",
    )


def asked(state: State) -> list[str]:
    return [found.event for found in tasks(state, NOW, AFTER) if found.kind == "term"]


def test_until_it_is_answered_it_counts_as_each_watched_event() -> None:
    state = treated()
    adverse(state, **MILD)
    assert letter_of(dlt_outcome(state, one(state), LATER)) == "C"
    found = {rule.key.split(" ")[0] for rule in unanswered_rules(state, LATER)}
    assert found == {"product_contamination", "ectopic_tissue_or_new_malignancy"}
    assert [item.clock.recipient for item in reports(state, one(state))] == ["sponsor"]
    assert asked(state) == ["AdverseEventClassified"]
    assert (
        "investigator"
        in next(found for found in tasks(state, NOW, AFTER) if found.kind == "term").roles
    )


def test_no_to_each_settles_it() -> None:
    state = treated()
    adverse(state, **MILD)
    said(state, others="no")
    assert possible_dlts(state, one(state)) == ()
    assert unanswered_rules(state, LATER) == []
    assert reports(state, one(state)) == ()
    assert asked(state) == []


def test_what_is_left_out_stays_open() -> None:
    state = treated()
    adverse(state, **MILD)
    said(state, others="no", anaphylaxis="yes")
    assert letter_of(dlt_outcome(state, one(state), LATER)) == "C"
    other = treated()
    adverse(other, **MILD)
    said(other, thromboembolic_event="no")
    assert letter_of(dlt_outcome(other, one(other), LATER)) == "C"
    assert asked(other) == ["AdverseEventClassified"]


def test_a_yes_is_not_taken_back_and_opens_what_was_adjudicated() -> None:
    state = treated()
    adverse(state, **MILD)
    adjudicate(state, "AE1", dlt=False)
    assert letter_of(dlt_outcome(state, one(state), LATER)) != "C"
    said(state, others="no", anaphylaxis="yes")
    assert letter_of(dlt_outcome(state, one(state), LATER)) == "C"
    said(state, anaphylaxis="no")
    assert letter_of(dlt_outcome(state, one(state), LATER)) == "C"


LESSENS = {
    "answered": lambda state, reported: said(state, others="no"),
    "not related": lambda state, reported: correct(state, reported, relation="unrelated"),
    "before the dose": lambda state, reported: correct(state, reported, onset="2026-01-01"),
    "other words": lambda state, reported: correct(state, reported, term="Headache"),
    "lower": lambda state, reported: add(
        state, s.AdverseEventUpdated, AFTER, adverse_event="AE1", grade=1
    ),
    "the sponsor": lambda state, reported: add(
        state,
        s.AdverseEventAssessed,
        AFTER,
        adverse_event="AE1",
        relation="unrelated",
        expected=True,
        reference_safety_information="1.0",
    ),
}
"""What makes less of an adverse event, by whom it may be said."""


@given(st.lists(st.sampled_from(sorted(LESSENS)), min_size=1, max_size=4))
@example(["answered"])
@example(["before the dose", "answered"])
def test_what_the_committee_judged_limiting_only_it_takes_back(later: list[str]) -> None:
    """Whoever answers, corrects or assesses the event since then: the dose counts as limiting."""
    state = treated()
    adverse(state, **MILD)
    reported = state.position
    adjudicate(state, "AE1", dlt=True)
    for one_of in later:
        LESSENS[one_of](state, reported)
        assert letter_of(dlt_outcome(state, one(state), LATER)) == "T"
    adjudicate(state, "AE1", dlt=False)
    assert letter_of(dlt_outcome(state, one(state), LATER)) == "N"


@pytest.mark.parametrize("grade", [2, 4])
def test_what_was_cleared_and_then_set_before_the_dose_is_open_again_once_it_is_worse(grade: int):
    """The correction alone, after the committee has looked, opens nothing; what is worse does."""
    state = treated()
    adverse(state, grade=3, relation="possible", term="Headache")
    reported = state.position
    adjudicate(state, "AE1", dlt=False)
    correct(state, reported, onset="2026-01-01")
    assert letter_of(dlt_outcome(state, one(state), LATER)) == "N"
    add(state, s.AdverseEventUpdated, AFTER, adverse_event="AE1", grade=grade)
    letter = "C" if grade > 3 else "N"
    assert letter_of(dlt_outcome(state, one(state), LATER)) == letter


def test_what_was_made_in_error_counts_no_more_though_judged_limiting() -> None:
    """Once two people have signed that there was no such event."""
    state = treated()
    adverse(state, **MILD)
    reported = state.position
    adjudicate(state, "AE1", dlt=True)
    said(state, others="no")
    signed = Signature("I", "made in error, as I have seen")
    add(state, EntryVoided, AFTER, of=reported, reason="of somebody else", signature=signed)
    assert possible_dlts(state, one(state)) == ()


def test_an_answer_is_to_the_term_as_it_stood() -> None:
    state = treated()
    adverse(state, **MILD)
    reported = state.position
    said(state, others="no")
    correct(state, reported, term="Etwas anderes")
    assert letter_of(dlt_outcome(state, one(state), LATER)) == "C"
    assert asked(state) == ["AdverseEventClassified"]
    said(state, others="no")
    correct(state, reported, grade=2)
    assert possible_dlts(state, one(state)) == ()


def test_an_answer_settles_what_an_update_before_it_did_not_touch() -> None:
    state = treated()
    adverse(state, **MILD)
    add(state, s.AdverseEventUpdated, AFTER, adverse_event="AE1", grade=1)
    assert letter_of(dlt_outcome(state, one(state), LATER)) == "C"
    said(state, others="no")
    assert possible_dlts(state, one(state)) == ()


def test_words_that_replaced_others_nobody_had_answered_leave_the_candidate() -> None:
    for term in ("Headache", "Etwas anderes"):
        state = treated()
        adverse(state, **MILD)
        correct(state, state.position, term=term)
        if asked(state):
            said(state, others="no")
        assert letter_of(dlt_outcome(state, one(state), LATER)) == "C"
        adjudicate(state, "AE1", dlt=False)
        assert letter_of(dlt_outcome(state, one(state), LATER)) == "N"


def test_a_known_term_asks_nobody() -> None:
    state = treated()
    adverse(state, term="Headache", grade=1)
    assert asked(state) == []
    assert possible_dlts(state, one(state)) == ()


@pytest.mark.parametrize(
    ("answers", "signer"), [({"anaphylaxis": "no"}, "nobody"), ({"alt": "no"}, "i"), ({}, "i")]
)
def test_only_an_investigator_answers_and_only_what_is_asked(answers: Any, signer: str) -> None:
    state = treated()
    adverse(state, **MILD)
    made = event(
        s.AdverseEventClassified,
        "i",
        "S01",
        on=AFTER,
        participant="P1",
        adverse_event="AE1",
        answers=answers,
        signer=signer,
    )
    assert unmet(made, check(state, made))


PROPERTY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TERMS = st.sampled_from(["Anaphylaxis", "Pulmonary embolism", "CRS", "Headache", "Sepsis"])


@PROPERTY
@given(TERMS.flatmap(disguised), st.integers(1, 4), st.sampled_from([None, "unrelated"]))
def test_how_it_was_typed_changes_no_candidate_rule_or_clock(
    pair: Any, grade: int, relation: Any
) -> None:
    found = []
    for term in pair:
        state = treated()
        adverse(state, term=term, grade=grade, relation=relation)
        who = one(state)
        found.append(
            (
                [item.id for item in possible_dlts(state, who)],
                [rule.key for rule in unanswered_rules(state, LATER)],
                [item.clock for item in reports(state, who)],
            )
        )
    assert found[0] == found[1]


def test_courses_tell_what_was_answered() -> None:
    state = treated()
    adverse(state, **MILD)
    said(state, anaphylaxis="yes", infection="no")
    told = courses(state, one(state))["AE1"].event
    assert (told.elements, told.not_elements) == (("anaphylaxis",), ("infection",))


@pytest.mark.parametrize("blank", ["  ", "\u200b\u200b", "--", "\u3000\u3000"])
def test_a_term_that_says_nothing_is_unusable(blank: str) -> None:
    state = treated()
    fields: dict[str, Any] = {"participant": "P1", "adverse_event": "AE1", "onset": str(AFTER)}
    made = event(s.AdverseEventReported, "i", "S01", on=AFTER, term=blank, **fields)
    with pytest.raises(UnusableInput, match="no letter"):
        validate(state, made)
    validate(state, msgspec.structs.replace(made, term="\u5934\u75db"))


def test_a_term_is_not_corrected_into_nothing() -> None:
    state = treated()
    adverse(state)
    fields: dict[str, Any] = {"of": state.position, "fields": {"term": "  "}, "reason": "a slip"}
    with pytest.raises(UnusableInput, match="no letter"):
        validate(state, event(EntryCorrected, "i", "S01", on=AFTER, **fields))


def test_the_words_in_which_it_was_told_stand_beside_the_term() -> None:
    state = treated()
    adverse(state, term="Headache", verbatim="Kopfweh seit gestern")
    course = courses(state, one(state))["AE1"]
    assert (course.event.term, course.verbatim) == ("Headache", "Kopfweh seit gestern")
    assert asked(state) == []


@pytest.mark.parametrize(
    "written",
    ["Anaphylactic reaction", "CRS", "Pulmonary embolism", "Deep vein thrombosis left leg"],
)
def test_other_words_of_a_watched_event_are_candidates(written: str) -> None:
    state = treated()
    adverse(state, term=written, grade=3, relation="possible")
    assert len(possible_dlts(state, one(state))) == 1


def code(state: State, **fields: Any) -> None:
    """Code AE1 of P1."""
    told = {"dictionary": "MedDRA", "version": "99.1", "code": "90000001", "term": "Made-up term"}
    add(state, s.TermCoded, AFTER, **{"adverse_event": "AE1", **told, **fields})


def test_a_later_code_stands_and_the_earlier_is_kept() -> None:
    state = treated()
    adverse(state, **MILD)
    code(state)
    code(state, version="100.0", code="90000002", term="Made-up term, newer")
    found = courses(state, one(state))["AE1"]
    assert [(each.version, each.code) for each in found.coded] == [
        ("99.1", "90000001"),
        ("100.0", "90000002"),
    ]
    assert found.event.term == MILD["term"]


def test_a_code_changes_nothing_for_the_safety_rules() -> None:
    state = treated()
    adverse(state, **MILD)
    before = possible_dlts(state, one(state))
    code(state, term="Headache")
    assert possible_dlts(state, one(state)) == before
    assert asked(state) == ["AdverseEventClassified"]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"adverse_event": None}, "not one thing"),
        ({"of": 1}, "not one thing"),
        ({"adverse_event": None, "of": 1}, "none of P1"),
        ({"dictionary": "WHODrug"}, "an adverse event is coded with MedDRA"),
        ({"version": " "}, "no version"),
    ],
)
def test_one_thing_is_coded_with_its_dictionary(changed: dict[str, Any], says: str) -> None:
    state = treated()
    adverse(state, **MILD)
    code(state)
    made = msgspec.structs.replace(state.events[state.position], **changed)
    with pytest.raises(UnusableInput, match=says):
        validate(state, made)
