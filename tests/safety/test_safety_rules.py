"""What safety rules can ask: of one person, of how many, of seriousness, outcome and duration."""

from datetime import date
from typing import Any

import pytest
from pydantic import TypeAdapter

from gradatim.core.dates import on, parse_day
from gradatim.core.quantity import Quantity
from gradatim.core.truth import FALSE, TRUE, UNKNOWN
from gradatim.evidence.facts import Fact, Facts, GradeSpell
from gradatim.protocol.nodes import Rule
from gradatim.protocol.study import Study
from gradatim.safety.dlt import defined, limiting_results
from gradatim.safety.events import AdverseEvent
from gradatim.safety.stopping import Watched, facts_for_rules, fired
from tests.safety.test_dlt import CELLS, DOSED, event

TODAY = date(2027, 6, 1)
HYS_LAW = {
    "all": [
        {"compare": "alt", "is": "> 3 x ULN"},
        {"compare": "bilirubin", "is": "> 2 x ULN"},
    ]
}
"""Source: FDA, Guidance for Industry: Drug-Induced Liver Injury (2009), section IV.A.3."""
_RULE = TypeAdapter(Rule)


def ruled(rule: Any, participants: int = 1, action: str = "pause") -> Study:
    """Return a protocol with one stopping rule."""
    one = CELLS.safety.stopping_rules[0].model_copy(
        update={
            "id": "only",
            "rule": _RULE.validate_python(rule),
            "participants": participants,
            "action": action,
        }
    )
    safety = CELLS.safety.model_copy(update={"stopping_rules": [one]})
    return CELLS.model_copy(update={"safety": safety})


def value(element: str, times: float, day: str = "2027-03-08", uln: float | None = 40) -> Fact:
    """Return a value of so many times its upper limit."""
    at = parse_day(day)
    high = None if uln is None else Quantity(uln, "U/L")
    return Fact(element, f"{element} {day}", at, at, times * (uln or 40), "U/L", high=high)


def results(*some: Fact) -> Facts:
    found: dict[str, tuple[Fact, ...]] = {}
    for one in some:
        found[one.element] = (*found.get(one.element, ()), one)
    return Facts("P1", by_element=found)


def person(
    study: Study, name: str, *some: Fact, events: tuple[AdverseEvent, ...] = (), level: int = 1
) -> Watched:
    known = facts_for_rules(study, name, events, results(*some))
    return Watched(name, level, events, known=known, first_dose=DOSED, answers={})


def asked(study: Study, *some: Watched) -> tuple[Any, tuple[str, ...]]:
    """Return whether the rule has fired, and on what."""
    found = list(fired(study, some, TODAY))
    return (found[0].verdict.truth, found[0].by) if found else (FALSE, ())


# --- results of one person ------------------------------------------------------------------------


def test_laboratory_values_are_those_of_one_person() -> None:
    study = ruled(HYS_LAW)
    both = (value("alt", 3.5), value("bilirubin", 2.5))
    assert asked(study, person(study, "P1", *both)) == (TRUE, ("P1",))
    one, other = (person(study, f"P{n}", item) for n, item in enumerate(both, 1))
    assert asked(study, one, other)[0] is UNKNOWN, "of neither both are known"
    normal = (value("alt", 0.5), value("bilirubin", 0.5))
    pair = [
        person(study, "P1", both[0], normal[1]),
        person(study, "P2", normal[0], both[1]),
    ]
    assert asked(study, *pair) == (FALSE, ()), "never pooled"


@pytest.mark.parametrize(
    ("alt", "bilirubin", "truth"),
    [
        (3.0, 2.5, FALSE),
        (3.1, 2.0, FALSE),
        (3.1, 2.1, TRUE),
        (30, None, UNKNOWN),
        (0.8, None, FALSE),
        (None, None, FALSE),
    ],
)
def test_what_nothing_bears_out_has_not_fired(
    alt: float | None, bilirubin: float | None, truth: Any
) -> None:
    study = ruled(HYS_LAW)
    some = [value(name, x) for name, x in (("alt", alt), ("bilirubin", bilirubin)) if x]
    assert asked(study, person(study, "P1", *some))[0] is truth


def test_a_value_without_limits_may_have_fired_it() -> None:
    study = ruled({"compare": "alt", "is": "> 3 x ULN"})
    assert asked(study, person(study, "P1", value("alt", 1, uln=None))) == (UNKNOWN, ("P1",))


def test_a_value_that_is_normal_again_takes_nothing_back() -> None:
    study = ruled(HYS_LAW)
    some = [value("alt", 4), value("bilirubin", 3), value("alt", 0.5, "2027-03-20")]
    assert asked(study, person(study, "P1", *some))[0] is TRUE


def test_a_new_case_is_another_participant_and_not_another_value() -> None:
    study = ruled(HYS_LAW)
    both = (value("alt", 3.5), value("bilirubin", 2.5))
    more = (*both, value("alt", 5, "2027-03-12"))
    one, two = person(study, "P1", *more), person(study, "P2", *both)
    assert asked(study, one) == (TRUE, ("P1",))
    assert asked(study, one, two) == (TRUE, ("P1", "P2"))


def test_events_and_results_of_one_person_stand_together() -> None:
    rule = {"all": [{"event": "adverse_event", "grade": ">= 2"}, HYS_LAW["all"][0]]}
    study = ruled(rule)
    high, sick = value("alt", 4), event(id="AE1", grade=2)
    together = person(study, "P1", high, events=(sick,))
    assert asked(study, together) == (TRUE, ("AE1", "P1"))
    apart = [
        person(study, "P1", value("alt", 1), events=(sick,)),
        person(study, "P2", high),
    ]
    assert asked(study, *apart) == (FALSE, ())


# --- how many -------------------------------------------------------------------------------------

SEVERE = {"event": "adverse_event", "grade": ">= 3", "related": True}


def test_the_number_of_participants_with_a_grade() -> None:
    """Two events of one are of one participant."""
    study = ruled(SEVERE, participants=2)
    first = person(study, "P1", events=(event(id="AE1"), event(id="AE2")))
    assert asked(study, first) == (FALSE, ())
    second = person(study, "P2", events=(event(id="AE3"),))
    assert asked(study, first, second) == (TRUE, ("AE1", "AE2", "AE3"))
    unsure = person(study, "P2", events=(event(id="AE3", relation=""),))
    assert asked(study, first, unsure) == (UNKNOWN, ("AE1", "AE2", "AE3"))


def test_they_are_counted_within_a_level_where_the_rule_stops_one() -> None:
    study = ruled(SEVERE, participants=2, action="stop level")
    some = [
        person(study, f"P{n}", events=(event(id=f"AE{n}"),), level=level)
        for n, level in enumerate((1, 2, 2))
    ]
    assert [(one.level, one.by) for one in fired(study, some, TODAY)] == [(2, ("AE1", "AE2"))]


def test_a_window_is_counted_from_each_first_dose() -> None:
    span = {"anchor": "first_dose", "from": "0 days", "to": "7 days", "bounds": "[]"}
    study = ruled({**SEVERE, "within": span, "counts": "start"})
    assert asked(study, person(study, "P1", events=(event(onset="2027-03-08"),)))[0] is TRUE
    assert asked(study, person(study, "P1", events=(event(onset="2027-03-09"),)))[0] is FALSE


# --- seriousness, outcome, duration, system -------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "fields", "truth"),
    [
        ({"serious": True}, {"serious": ("hospitalisation",)}, TRUE),
        ({"serious": True}, {}, FALSE),
        ({"serious": True}, {"grade": 5}, TRUE),
        ({"serious": "hospitalisation"}, {"serious": ("disability",)}, FALSE),
        ({"serious": "death"}, {"grade": 5}, TRUE),
        ({"serious": True}, {"lab": True}, UNKNOWN),
        ({"outcome": "not recovered"}, {"outcome": "not recovered"}, TRUE),
        ({"outcome": "not recovered"}, {"outcome": "recovered"}, FALSE),
        ({"outcome": "not recovered"}, {}, UNKNOWN),
        ({"outcome": "fatal"}, {"serious": ("death",)}, TRUE),
    ],
)
def test_a_rule_can_ask_for_seriousness_and_outcome(rule: Any, fields: Any, truth: Any) -> None:
    study = ruled({"event": "adverse_event", **rule})
    assert asked(study, person(study, "P1", events=(event(**fields),)))[0] is truth


@pytest.mark.parametrize(
    ("resolved", "today", "truth"),
    [
        ("2027-03-12", "2027-06-01", FALSE),
        ("2027-03-13", "2027-06-01", TRUE),
        (None, "2027-03-12", FALSE),
        (None, "2027-03-13", TRUE),
    ],
)
def test_grade_4_neutropenia_for_more_than_seven_days(
    resolved: str | None, today: str, truth: Any
) -> None:
    """It began on 5 March."""
    study = ruled({"event": "adverse_event", "grade": ">= 4", "longer_than": "7 days"})
    one = event("Neutrophil count decreased", 4, resolved=parse_day(resolved) if resolved else None)
    found = list(fired(study, [person(study, "P1", events=(one,))], date.fromisoformat(today)))
    assert (found[0].verdict.truth if found else FALSE) is truth


def test_measured_grades_are_sure_on_the_days_of_their_values_only() -> None:
    """Two values eight days apart and none between; then one value, and a normal one later."""
    study = ruled({"event": "adverse_event", "grade": ">= 4", "longer_than": "7 days"})
    days = [on(date(2027, 3, day)) for day in (5, 13, 20)]

    def measured(*grades: int) -> tuple[AdverseEvent, ...]:
        ends = [*days[1 : len(grades)], on(TODAY)]
        spells = tuple(
            GradeSpell(grade, first, last, first)
            for grade, first, last in zip(grades, days, ends, strict=False)
        )
        return (event("Neutrophil count decreased", 4, lab=True, spells=spells),)

    assert asked(study, person(study, "P1", events=measured(4, 4, 1)))[0] is TRUE
    assert asked(study, person(study, "P1", events=measured(4, 1)))[0] is UNKNOWN
    short = replace_days(measured(4, 1), 5, 12)
    assert asked(study, person(study, "P1", events=short))[0] is FALSE


def replace_days(
    events: tuple[AdverseEvent, ...], first: int, second: int
) -> tuple[AdverseEvent, ...]:
    begin, end = on(date(2027, 3, first)), on(date(2027, 3, second))
    spells = (GradeSpell(4, begin, end, begin), GradeSpell(1, end, on(TODAY), end))
    return (event("Neutrophil count decreased", 4, lab=True, spells=spells),)


def test_the_worst_grade_by_system() -> None:
    """An element of a system organ class holds every term of CTCAE v5.0 that is of it."""
    elements = dict(CELLS.elements)
    heart = elements["adverse_event"].model_copy(
        update={"label": "cardiac event", "ctcae_classes": ["Cardiac disorders"]}
    )
    study = ruled({"event": "cardiac_event", "grade": ">= 3"})
    study = study.model_copy(update={"elements": {**elements, "cardiac_event": heart}})
    assert asked(study, person(study, "P1", events=(event("Heart failure", 3),)))[0] is TRUE
    assert asked(study, person(study, "P1", events=(event("Heart failure", 2),)))[0] is FALSE
    assert asked(study, person(study, "P1", events=(event("Headache", 3),)))[0] is FALSE


# --- the definition of a dose-limiting toxicity ---------------------------------------------------


def limited(rule: Any) -> Study:
    """Return a protocol with another definition."""
    dlt = CELLS.safety.dose_limiting_toxicity.model_copy(
        update={"definition": _RULE.validate_python(rule)}
    )
    safety = CELLS.safety.model_copy(update={"dose_limiting_toxicity": dlt})
    return CELLS.model_copy(update={"safety": safety})


DEFINITION = {"any": [SEVERE, HYS_LAW]}


def test_results_in_the_definition_make_no_candidate_of_another_event() -> None:
    """A mild headache is none, whatever the liver does; the liver is one by itself."""
    study = limited(DEFINITION)
    mild = event(grade=1, relation="unrelated")
    assert defined(study, mild, DOSED, DOSED).truth is FALSE
    sick = results(value("alt", 4), value("bilirubin", 3))
    assert defined(study, mild, DOSED, DOSED, sick).truth is FALSE
    (found,) = limiting_results(study, sick, DOSED, DOSED)
    assert (found.elements, found.verdict.truth) == (("alt", "bilirubin"), TRUE)


@pytest.mark.parametrize(
    "some",
    [
        (),
        (value("alt", 1),),
        (value("alt", 4), value("bilirubin", 1)),
        (value("alt", 4, "2027-05-01"), value("bilirubin", 3, "2027-05-01")),
    ],
)
def test_results_that_do_not_meet_it_in_the_window_are_none(some: tuple[Fact, ...]) -> None:
    study = limited(DEFINITION)
    assert list(limiting_results(study, results(*some), DOSED, DOSED)) == []


def test_an_event_may_be_limiting_only_beside_a_result() -> None:
    study = limited({"all": [{"event": "adverse_event", "grade": ">= 2"}, HYS_LAW["all"][0]]})
    assert defined(study, event(grade=2), DOSED, DOSED).truth is UNKNOWN
    known = results(value("alt", 1))
    assert defined(study, event(grade=2), DOSED, DOSED, known).truth is FALSE
    assert defined(study, event(grade=2), DOSED, DOSED, results(value("alt", 4))).truth is TRUE
    assert list(limiting_results(study, known, DOSED, DOSED)) == []
