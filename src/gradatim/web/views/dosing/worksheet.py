"""The doses of a participant: the worksheet with its arithmetic, and each step in its order."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import localtime

from gradatim.conduct.access import Access
from gradatim.conduct.policies import gates
from gradatim.conduct.policies.preparation import containers_of_dose
from gradatim.conduct.policies.verdicts import rule, sentence
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.doses import Dose, doses
from gradatim.conduct.views.weights import weights_for_dose
from gradatim.core.errors import UnusableInput
from gradatim.core.truth import TRUE
from gradatim.core.verdict import Verdict
from gradatim.dosing.inventory import Container
from gradatim.dosing.preparation import prepare
from gradatim.dosing.prepared import Prepared
from gradatim.dosing.product import Intended, Weights
from gradatim.web.access import Request, page, participant_or_404
from gradatim.web.clock import now, today
from gradatim.web.views.participant.frame import framed


class Step(NamedTuple):
    """A step on the way to a dose: what, by whom it was done, and how it is done."""

    event: str
    entry: Any
    position: int | None
    url: str
    here: bool


class Worksheet(NamedTuple):
    """A dose of a participant as it is worked on.

    Args:
        number: of the dose.
        dose: what is recorded of it.
        steps: in their order.
        computed: the arithmetic for the bags set aside; None where it cannot be done.
        fault: why not.
        gates: what must hold before a dose, each with its answer today.
        end_by: when the infusion must have ended, for the thaw.
    """

    number: int
    dose: Dose
    steps: list[Step]
    computed: Prepared | None
    fault: str
    gates: list[tuple[str, Verdict]]
    end_by: datetime | None


@page("dosing")
def worksheets(request: Request, id: str) -> HttpResponse:
    """Show the doses of a participant, done and to be done."""
    access: Access = request.access
    one = participant_or_404(access, "dosing", id)
    planned = access.state.governing("treatment", one).treatment.administration.doses or 1
    found = doses(access.state, one)
    numbers = range(1, max(planned, *found, 1) + 1) if found else range(1, planned + 1)
    sheets = [_worksheet(access, one, n, found.get(n) or Dose(n)) for n in numbers]
    return render(
        request,
        "gradatim/dosing/worksheet.html",
        {
            **framed(request, one, "doses"),
            "sheets": sheets,
            "now": now(),
            "bare": not access.sees_participant("participants", one),
        },
    )


def _worksheet(access: Access, one: Participant, number: int, dose: Dose) -> Worksheet:
    state = access.state
    computed, fault = None, ""
    try:
        computed = _computed(state, one, dose)
    except UnusableInput as error:
        fault = str(error)
    open_ = not dose.administrations and dose.withheld is None and one.level is not None
    before = _gates(state, one, number) if open_ else []
    return Worksheet(
        number,
        dose,
        list(_steps(access, one, number, dose)),
        computed,
        fault,
        before,
        _end_by(state, one, dose),
    )


def _computed(state: State, one: Participant, dose: Dose) -> Prepared | None:
    if one.level is None:
        return None
    study = state.governing("treatment", one)
    weights = _weights(state, one, dose) if study.treatment.administration.dose_per else None
    return prepare(
        study, one.level, weights, tuple(_containers(state, one, dose)), intended=_as_given(dose)
    )


def _weights(state: State, one: Participant, dose: Dose) -> Weights | None:
    """Return the recorded weights of the day on which the dose was given, or would be.

    Raises:
        UnusableInput: one of them is in doubt.
    """
    day = dose.given.occurred_on if dose.given else today()
    prepared = dose.prepared.occurred_on if dose.prepared else day
    until = dose.given.started_at if dose.given else None
    found = weights_for_dose(state, one, day, since=min(prepared, day), until=until)
    if found.doubt:
        raise UnusableInput("the weights recorded cannot be relied on", one.id, found.doubt)
    return found.weights


def _containers(state: State, one: Participant, dose: Dose) -> Iterator[Container]:
    """Yield the bags set aside, with their times as the clock of the sites shows them."""
    for bag in containers_of_dose(state, one.id, dose.number, dose.prepared):
        yield bag._replace(thawed_at=_local(bag.thawed_at), expiry=_local(bag.expiry))


def _local(at: datetime | None) -> datetime | None:
    return None if at is None else localtime(at)


def _as_given(dose: Dose) -> Intended:
    """Give how long the infusion took and when it ended; before it nothing of it is known."""
    if dose.given is None:
        return Intended()
    took = dose.given.ended_at - dose.given.started_at
    return Intended(took / timedelta(minutes=1), localtime(dose.given.ended_at))


def _gates(state: State, one: Participant, number: int) -> list[tuple[str, Verdict]]:
    """Return what must hold before a dose, in sentences, each with its answer now."""
    found = gates(state, one, number, today(), now())
    return [(sentence(gate) or rule(gate), answer) for gate, answer in found]


def _end_by(state: State, one: Participant, dose: Dose) -> datetime | None:
    rules = state.governing("treatment", one).treatment.preparation
    if rules is None or rules.thaw_to_end is None or dose.prepared is None:
        return None
    thawed = [d.thawed_at for d in dose.prepared.drawn if d.thawed_at is not None]
    return min(thawed) + timedelta(hours=rules.thaw_to_end) if thawed else None


_ORDER = (
    ("ProductAssigned", "assigned"),
    ("DosePrepared", "prepared"),
    ("PreparationVerified", "verified"),
    ("PreDoseChecklistSigned", "signed"),
    ("DoseAdministered", "given"),
)


def _steps(access: Access, one: Participant, number: int, dose: Dose) -> Iterator[Step]:
    """Give the steps, each with the way to do it for whoever may; the next one is marked."""
    over = bool(dose.administrations or dose.withheld)
    fields = dict(_ORDER)
    next_ = next((name for name, field in _ORDER if getattr(dose, field) is None), "")
    for event, field in fields.items():
        entry = getattr(dose, field)
        may = access.may(event, one.site) and not over and one.level is not None
        yield Step(
            event,
            entry,
            dose.at.get("given" if field == "given" else field),
            _url(access.state, one, number, dose, event) if may else "",
            event == next_ and not over,
        )


def _url(state: State, one: Participant, number: int, dose: Dose, event: str) -> str:
    query = {"participant": one.id, "dose": str(number), "next": reverse("doses", args=[one.id])}
    if event == "DosePrepared" and dose.assigned is not None:
        query |= {"lot": dose.assigned.lot, **_initial(state, one, dose)}
    if event == "DoseAdministered" and dose.prepared is not None:
        query |= {"initial-amount": f"{dose.prepared.amount:.10g}", "unit": dose.prepared.unit}
    return f"{reverse('record', args=[event])}?{urlencode(query)}"


def _initial(state: State, one: Participant, dose: Dose) -> dict[str, str]:
    """Return what the form of a preparation begins with, as far as the records say it."""
    try:
        found = _computed(state, one, dose)
    except UnusableInput:
        return {}
    if found is None or (found.weight is not None and found.weight.truth is not TRUE):
        return {}
    given = {
        "initial-planned": f"{found.planned.value:.10g}",
        "unit": found.planned.unit,
        "initial-amount": f"{found.planned.value:.10g}",
    }
    weights = found.weights
    return given | ({"initial-weight_kg": f"{weights.on_day:g}"} if weights else {})
