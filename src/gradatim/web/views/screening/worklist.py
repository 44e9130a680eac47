"""Who is being screened, and the log of everyone who was."""

from datetime import date, timedelta
from typing import Any, NamedTuple

from django.http import HttpResponse
from django.shortcuts import render

from gradatim.conduct.events.participants import ParticipantRegistered, ScreenFailed
from gradatim.conduct.state import Participant, State
from gradatim.conduct.transitions import IN_SCREENING
from gradatim.conduct.views.doses import entries_of
from gradatim.conduct.views.eligibility import attested, eligibility
from gradatim.core.errors import UnusableInput
from gradatim.protocol.eligibility import EligibilityCriterion
from gradatim.protocol.nodes import Age
from gradatim.reports.words import STATUSES
from gradatim.screening.assess import Eligibility
from gradatim.web.access import Access, Request, page
from gradatim.web.clock import today

SHOWN = 4


class Screened(NamedTuple):
    """A person in screening, with what the records say today.

    Args:
        one: the person.
        found: the assessment; None where it cannot be made.
        fault: why not.
        open_: criteria that wait for a record, and those that an investigator has attested.
        missing: what to obtain, the most useful first.
    """

    one: Participant
    found: Eligibility | None
    fault: str
    open_: int
    attested: int
    missing: list[str]

    @property
    def status(self) -> Any:
        """The verdict in words."""
        return STATUSES[self.found.status] if self.found else None


def planned_dose(state: State, one: Participant, day: date) -> date:
    """Give the day of the first dose that somebody is screened for: as planned, or by schedule."""
    if one.first_dose_planned is not None and one.first_dose_planned >= day:
        return one.first_dose_planned
    anchors = state.governing("schedule", one).schedule.anchors
    offset = anchors["screening"].offset if "screening" in anchors else None
    ahead = -offset.days if offset is not None and offset.days < 0 else 14
    registered = state.events[one.position].occurred_on
    return max(day, registered + timedelta(days=ahead))


def screened(state: State, one: Participant, day: date) -> Screened:
    """Assess a person on today's records."""
    return one.remembered(f"screened {day}", lambda: _screened(state, one, day))


def _screened(state: State, one: Participant, day: date) -> Screened:
    try:
        found = eligibility(state, one, day, planned_dose(state, one, day))
    except UnusableInput as error:
        return Screened(one, None, str(error), 0, 0, [])
    study = state.governing("eligibility", one)
    labels = [
        study.elements[item.element].label if item.element in study.elements else item.element
        for item in found.missing
    ]
    return Screened(
        one,
        found,
        "",
        sum(f.passes is None for f in found.findings),
        len(attested(state, one)),
        labels,
    )


def tells_birthday(access: Access, one: Participant, criterion: EligibilityCriterion) -> bool:
    """Whether the days on which a criterion changes give away a birthday that the user may not see.

    The age is reckoned with the sealed date; of it, those who do not treat a person see the years.
    """
    asks_age = any(isinstance(leaf, Age) for leaf in criterion.rule.leaves())
    return asks_age and not access.sees_participant("identity", one)


@page("screening")
def worklist(request: Request) -> HttpResponse:
    """Show who is being screened, what is missing, and from when they could enter."""
    access: Access = request.access
    people = [one for one in access.participants("screening") if one.status in IN_SCREENING]
    rows = [screened(access.state, one, today()) for one in people]
    return render(request, "gradatim/screening/worklist.html", {"rows": rows, "shown": SHOWN})


class Logged(NamedTuple):
    """A line of the screening log."""

    one: Participant
    registered: date
    registered_by: str
    failure: ScreenFailed | None


@page("screening")
def log(request: Request) -> HttpResponse:
    """Show everyone who was screened, with the reason of whoever did not enter."""
    access: Access = request.access
    rows = [_logged(access.state, one) for one in access.participants("screening")]
    return render(request, "gradatim/screening/log.html", {"rows": rows})


def _logged(state: State, one: Participant) -> Logged:
    first = state.events[one.position]
    assert isinstance(first, ParticipantRegistered)
    failures = [event for _, event in entries_of(state, one, ScreenFailed)]
    return Logged(one, first.occurred_on, first.recorded_by, failures[-1] if failures else None)
