"""Leaves that look at the person: answers that somebody gave, age, sex."""

from datetime import date

from gradatim.core.dates import ANY_DAY, completed_years
from gradatim.core.message import Label, Pair, Term, join
from gradatim.core.quantity import compare_numbers
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, truth_of
from gradatim.core.verdict import Reason, Verdict
from gradatim.evidence.facts import Fact
from gradatim.protocol.elements import Element
from gradatim.protocol.nodes import Age, Attested, Sex
from gradatim.rules.context import Situation
from gradatim.rules.messages import ANSWERS, Clause, Part
from gradatim.rules.value_selection import CandidateValue, ValueReading, pick, unsettled_reading


def attested(node: Attested, s: Situation) -> Verdict:
    """Evaluate an answer: recorded ones outrank what was read out of other records."""
    element = s.study.elements[node.attested]
    label = Label(element.label, node.attested)
    fresh = element.fresh.window if element.fresh and node.within is None else None
    answers = s.facts.of(node.attested)
    for group in ([f for f in answers if not f.derived], [f for f in answers if f.derived]):
        candidates = []
        for fact in group:
            window = None if fact.start == ANY_DAY and fresh else node.within or fresh
            inside = s.in_window(window, fact.start, fact.end)
            if inside:
                candidates.append(
                    CandidateValue(fact, inside is TRUE, _answer(element, label, fact))
                )
        if candidates:
            return pick(node.value, candidates, node.attested)
    if answers:
        return Verdict(
            UNKNOWN,
            Clause.TOO_OLD(label=label),
            answers,
            element=node.attested,
            reason=Reason.STALE,
        )
    return Verdict(
        UNKNOWN,
        Clause.NOT_ANSWERED(label=label),
        element=node.attested,
        reason=Reason.JUDGEMENT,
    )


def _answer(element: Element, label: Label, fact: Fact) -> ValueReading:
    if fact.unsettled:
        return unsettled_reading(element, fact)
    word = ANSWERS.get(fact.code)
    answer = word or (Term(fact.code) if fact.code else Part.NO_ANSWER())
    said = Clause.ANSWERED(label=label, answer=answer, day=fact.start)
    if word is None or fact.doubtful:
        doubted = Clause.DOUBTED(clause=said, doubt=fact.doubtful or Part.NO_YES_OR_NO())
        return ValueReading(UNKNOWN, doubted, Reason.JUDGEMENT)
    return ValueReading(TRUE if fact.code == "true" else FALSE, said)


def age(node: Age, s: Situation) -> Verdict:
    """Evaluate age in completed years at an anchor."""
    if s.facts.birth_conflict:
        return Verdict(
            UNKNOWN, s.facts.birth_conflict, element="birth_date", reason=Reason.CONFLICT
        )
    if s.facts.birth == ANY_DAY:
        return Verdict(
            UNKNOWN,
            Clause.NO_BIRTH(),
            element="birth_date",
            reason=Reason.NO_RECORD,
        )
    at = s.edge(node.age)
    oldest, youngest = (completed_years(birth, at.day) for birth in s.facts.birth)
    for birth in s.facts.birth:
        s.reaches(at, _next_birthday(birth, at.day))
    ages = range(youngest, oldest + 1)
    said = Clause.AGE(years=join(ages, Pair.OR), day=at.day)
    truths = {compare_numbers(years, node.is_.op, node.is_.number) for years in ages}
    if len(truths) > 1:
        return Verdict(
            UNKNOWN,
            Clause.BORN(day=s.facts.birth, clause=said),
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
        return Verdict(UNKNOWN, Clause.NO_SEX(), element="sex", reason=Reason.NO_RECORD)
    said = Clause.FEMALE() if s.facts.sex == "female" else Clause.MALE()
    return Verdict(truth_of(s.facts.sex == node.sex), said, element="sex")
