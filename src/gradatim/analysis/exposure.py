"""Exposure: what each participant was given of what was planned, and how long they are observed.

An amount that is not known is None, never 0: a dose without a preparation has no planned amount,
and amounts in different units are not added.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from gradatim.analysis.groups import By, Group, groups, level_label, people
from gradatim.analysis.observation import DltWindow, WindowStatus, died, dlt_window, ended_on
from gradatim.analysis.rests_on import RestsOn, rests_on
from gradatim.conduct.days import day_of
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.doses import Dose, doses, given
from gradatim.conduct.views.safety import dlt_outcome
from gradatim.conduct.views.traceability import lots_of
from gradatim.dosefinding.outcomes import letter_of


class Amount(NamedTuple):
    """What was given, and what had been planned for the doses given or withheld so far.

    Args:
        given, planned: in `unit`; None where it is not known.
        unit: of the dose, such as `{cells}` or `mg`; empty where nothing was given or prepared.
    """

    given: float | None
    planned: float | None
    unit: str

    @property
    def fraction(self) -> float | None:
        """The part that was given; None where it is not known, or nothing was due."""
        return self.given / self.planned if self.given is not None and self.planned else None


class Exposure(NamedTuple):
    """One participant who has been enrolled or dosed.

    Args:
        level, label: dose level they were enrolled at, None if at none, and its name.
        lots: see `conduct.views.traceability.lots_of`.
        doses_given: planned doses of which at least one administration is recorded.
        doses_withheld: of which none is, and which were withheld.
        doses_planned: by the protocol; None where treatment goes on without a number.
        first_dose_at, last_dose_at: when the first dose began and the last one ended.
        days: on study, the day of the first dose being the first; None before it, and of who died
            on a day that is not known.
        window: for dose-limiting toxicity.
        letter: what they are for the design, `conduct.views.safety.dlt_outcome`, as it is written;
            empty also before the first dose.
    """

    participant: str
    site: str
    level: int | None
    label: str
    lots: tuple[str, ...]
    doses_given: int
    doses_withheld: int
    doses_planned: int | None
    amount: Amount
    first_dose_at: datetime | None
    last_dose_at: datetime | None
    days: int | None
    window: DltWindow
    letter: str
    status: str
    replaced: bool


class ExposureTotal(NamedTuple):
    """What the participants of a group, or all of them (`group` None), come to together."""

    group: Group | None
    participants: int
    doses_given: int
    doses_withheld: int
    amount: Amount
    windows: dict[WindowStatus, int]
    letters: dict[str, int]


class ExposureTable(NamedTuple):
    """Every participant enrolled or dosed, and the totals of those dosed."""

    rows: tuple[Exposure, ...]
    totals: tuple[ExposureTotal, ...]
    overall: ExposureTotal
    rests_on: tuple[RestsOn, ...]


def exposure(state: State, on: date, by: By = "level") -> ExposureTable:
    """Give the exposure of everybody enrolled or dosed, as of a day.

    Args:
        state: the trial, already as of the data cut.
        on: the day of the cut.
        by: what the totals are of.
    """
    rows = {
        one.id: _row(state, one, on)
        for one in people(state)
        if one.level is not None or given(state, one)
    }
    totals = tuple(
        _total(group, [rows[name] for name in group.participants]) for group in groups(state, by)
    )
    overall = _total(None, [one for one in rows.values() if one.first_dose_at is not None])
    return ExposureTable(tuple(rows.values()), totals, overall, _rests_on(state))


def _rests_on(state: State) -> tuple[RestsOn, ...]:
    if not state.versions:
        return ()
    safety, treatment = state.governing("safety").safety, state.governing("treatment").treatment
    return rests_on(
        ("number of doses", treatment.administration),
        ("window for dose-limiting toxicity", safety.dose_limiting_toxicity),
        ("who is evaluable", safety.evaluable),
    )


def _row(state: State, participant: Participant, on: date) -> Exposure:
    known, done = doses(state, participant), given(state, participant)
    asked = state.governing("treatment", participant).treatment.administration.doses
    return Exposure(
        participant.id,
        participant.site,
        participant.level,
        level_label(state, participant.level),
        lots_of(state, participant),
        sum(bool(one.administrations) for one in known.values()),
        sum(not one.administrations and one.withheld is not None for one in known.values()),
        asked,
        _amount(known.values()),
        done[0].started_at if done else None,
        max((one.ended_at for one in done), default=None),
        _days(state, participant, on),
        dlt_window(state, participant, on),
        letter_of(dlt_outcome(state, participant, on)) if done else "",
        participant.status,
        participant.replaced,
    )


def _days(state: State, participant: Participant, on: date) -> int | None:
    done = given(state, participant)
    if not done:
        return None
    ended = ended_on(state, participant)
    if ended is None and died(state, participant):
        return None
    end = min(ended or on, on)
    return max((end - day_of(state, done[0])).days + 1, 0)


def _amount(known: Iterable[Dose]) -> Amount:
    due = [one for one in known if one.administrations or one.withheld is not None]
    events = [event for one in due for event in one.administrations]
    prepared = [one.prepared for one in due]
    units = {one.unit for one in (*events, *prepared) if one is not None}
    if len(units) > 1:
        return Amount(None, None, "")
    told = [None if one is None else one.planned for one in prepared]
    return Amount(sum((one.amount for one in events), 0.0), _sum(told), next(iter(units), ""))


def _sum(values: Sequence[float | None]) -> float | None:
    """Add, where every value is known."""
    known = [one for one in values if one is not None]
    return sum(known, 0.0) if len(known) == len(values) else None


def _total(group: Group | None, rows: Sequence[Exposure]) -> ExposureTotal:
    return ExposureTotal(
        group,
        len(rows),
        sum(one.doses_given for one in rows),
        sum(one.doses_withheld for one in rows),
        _together([one.amount for one in rows]),
        dict(Counter(one.window.status for one in rows)),
        dict(Counter(one.letter for one in rows)),
    )


def _together(amounts: Sequence[Amount]) -> Amount:
    units = {one.unit for one in amounts}
    if len(units) != 1:
        return Amount(None if units else 0.0, None if units else 0.0, "")
    return Amount(
        _sum([one.given for one in amounts]), _sum([one.planned for one in amounts]), units.pop()
    )
