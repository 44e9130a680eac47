"""Leaves that look at the person: answers that somebody gave, age, sex."""

from datetime import date

from gradatim.core.dates import ANY_DAY, completed_years
from gradatim.core.quantity import compare
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, truth_of
from gradatim.core.verdict import Reason, Verdict
from gradatim.evidence.facts import Fact
from gradatim.protocol.elements import Element
from gradatim.protocol.nodes import Age, Attested, Sex
from gradatim.rules.pick import Candidate, Reading, pick, unsettled
from gradatim.rules.situation import Situation


def attested(node: Attested, s: Situation) -> Verdict:
    """Evaluate an answer: recorded ones outrank what was read out of other records."""
    element = s.study.elements[node.attested]
    fresh = element.fresh.window if element.fresh and node.within is None else None
    answers = s.facts.of(node.attested)
    for group in ([f for f in answers if not f.derived], [f for f in answers if f.derived]):
        candidates = []
        for fact in group:
            window = None if fact.start == ANY_DAY and fresh else node.within or fresh
            inside = s.in_window(window, fact.start, fact.end)
            if inside:
                candidates.append(Candidate(fact, inside is TRUE, _answer(element, fact)))
        if candidates:
            return pick(node.value, candidates, node.attested)
    if answers:
        return Verdict(
            UNKNOWN,
            f"{element.label}: the last answer is too old",
            answers,
            element=node.attested,
            reason=Reason.STALE,
        )
    return Verdict(
        UNKNOWN, f"{element.label}: not answered", element=node.attested, reason=Reason.JUDGEMENT
    )


def _answer(element: Element, fact: Fact) -> Reading:
    if fact.unsettled:
        return unsettled(element, fact)
    word = {"true": "yes", "false": "no"}.get(fact.code)
    said = f"{element.label}: {word or fact.code or 'no answer'} ({fact.start})"
    if word is None or fact.doubtful:
        return Reading(UNKNOWN, f"{said}, {fact.doubtful or 'not a yes or no'}", Reason.JUDGEMENT)
    return Reading(TRUE if word == "yes" else FALSE, said)


def age(node: Age, s: Situation) -> Verdict:
    """Evaluate age in completed years at an anchor."""
    if s.facts.birth_conflict:
        return Verdict(
            UNKNOWN, s.facts.birth_conflict, element="birth_date", reason=Reason.CONFLICT
        )
    if s.facts.birth == ANY_DAY:
        return Verdict(
            UNKNOWN,
            "the date of birth is not recorded",
            element="birth_date",
            reason=Reason.NO_RECORD,
        )
    at = s.edge(node.age)
    oldest, youngest = (completed_years(birth, at.day) for birth in s.facts.birth)
    for birth in s.facts.birth:
        s.reaches(at, _next_birthday(birth, at.day))
    ages = range(youngest, oldest + 1)
    said = f"{' or '.join(map(str, ages))} years old on {at.day}"
    truths = {compare(years, node.is_.op, node.is_.number) for years in ages}
    if len(truths) > 1:
        return Verdict(
            UNKNOWN,
            f"born {s.facts.birth}: {said}",
            element="birth_date",
            reason=Reason.PARTIAL_DATE,
        )
    return Verdict(truth_of(truths.pop()), said, element="birth_date")


def _next_birthday(birth: date, day: date) -> date:
    for year in (day.year, day.year + 1):
        leap_day = birth.month == 2 and birth.day == 29
        moved = date(year, 3, 1) if leap_day else birth.replace(year=year)
        if leap_day and year % 4 == 0 and (year % 100 or year % 400 == 0):
            moved = date(year, 2, 29)
        if moved > day:
            return moved
    return date.max


def sex(node: Sex, s: Situation) -> Verdict:
    """Evaluate administrative sex."""
    if not s.facts.sex:
        return Verdict(
            UNKNOWN, "sex is not recorded as female or male", element="sex", reason=Reason.NO_RECORD
        )
    return Verdict(truth_of(s.facts.sex == node.sex), f"sex: {s.facts.sex}", element="sex")
