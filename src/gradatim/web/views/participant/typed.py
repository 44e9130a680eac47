"""The grade of a value while it is typed, before anything is recorded."""

from typing import NamedTuple

from django.utils.translation import gettext as _

from gradatim.clinical.ctcae.grade import Given, Grade, Value, grade
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.doses import first_dose_at
from gradatim.conduct.views.facts import facts_of
from gradatim.conduct.views.grades import baseline, value_of
from gradatim.core.errors import UnusableInput


class Typed(NamedTuple):
    """A value as it stands in the form."""

    value: float
    unit: str
    bound: str
    low: float | None
    high: float | None


def grade_words(state: State, one: Participant, element: str, analyte: str, typed: Typed) -> str:
    """Grade a value against its limits and, after the first dose, the participant's baseline."""
    value = Value(typed.value, typed.unit, typed.bound, typed.low, typed.high)
    try:
        found = grade(analyte, value, _given(state, one, element))
    except UnusableInput as error:
        return str(error)
    return "; ".join(_words(term) for term in found if term.grade != 0) or _("grade 0")


def _given(state: State, one: Participant, element: str) -> Given:
    first = first_dose_at(state, one)
    if first is None:
        return Given(at_baseline=True)
    before = [
        fact
        for fact in facts_of(state, one).of(element)
        if fact.value is not None and fact.start.first <= first.date()
    ]
    base = baseline(before)
    return Given(baseline=value_of(base) if base else None)


def _words(term: Grade) -> str:
    if term.grade is not None:
        return f"{term.term}: {_('grade')} {term.grade}"
    possible = "/".join(map(str, term.possible))
    return f"{term.term}: {_('grade')} {possible} ({term.needs})"
