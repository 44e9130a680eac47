"""Visits before and after the first dose, and what is measured at them."""

from datetime import date, timedelta
from functools import partial
from typing import NamedTuple

from gradatim.conduct.event_for_element import event_type_for
from gradatim.conduct.events import findings
from gradatim.conduct.events.base import Event, Measured
from gradatim.conduct.simulate.results import record_results
from gradatim.conduct.simulate.run import Run, staff
from gradatim.conduct.transitions import ON_THE_WAY
from gradatim.conduct.views.anchors import anchors_of
from gradatim.conduct.views.doses import first_dose_at
from gradatim.conduct.views.grades import unsigned
from gradatim.core.dates import Duration, step
from gradatim.synthetic.demonstration.ordinary import Ordinary

RELIEF_DAYS, MOST_RELIEF = 14.0, (0.55, 0.7)
"""Days until half of the relief is felt, and the part by which activity falls at levels 1 and 2."""

WEIGHT = "body_weight"


class Abnormal(NamedTuple):
    """A result that is outside its limits for a while.

    Args:
        loinc: which, by its code.
        times: how far: multiple of the upper limit, or of the lower one where it is below 1.
        first, last: days after the first dose.
    """

    loinc: str
    times: float
    first: int
    last: int


class Followed:
    """Follows participants through the schedule; see `Run.follow`.

    Args:
        ordinary: what results usually are.
        abnormal: results that are not, by participant.
        misses: who misses a visit; the first one a few days after the dose.
        lacks: of whom no result of the laboratory is there yet.
    """

    def __init__(
        self,
        ordinary: Ordinary,
        abnormal: dict[str, tuple[Abnormal, ...]],
        misses: str,
        lacks: frozenset[str] = frozenset(),
    ) -> None:
        self.ordinary, self.abnormal, self.misses, self.lacks = ordinary, abnormal, misses, lacks
        self.bases: dict[tuple[str, str], float | None] = {}

    def before(self, run: Run, name: str, first_dose: date) -> None:
        """Plan the visits before the first dose; the first of them is today."""
        for encounter, (first, last) in self._windows(run, name, first_dose).items():
            if last > first_dose or first == last == first_dose:
                continue
            day = max(run.today, min(last, first_dose - timedelta(days=2)))
            run.on(
                run.today if first <= run.today <= last else day,
                partial(self._visit, run, name, encounter),
            )

    def __call__(self, run: Run, name: str) -> None:
        """Plan the visits from the day of the first dose, which is today."""
        missed = False
        for encounter, (first, last) in self._windows(run, name, run.today).items():
            if last < run.today or (first < run.today and last == run.today):
                continue
            day = max(run.today, first + (last - first) // 2)
            if name == self.misses and not missed and (first - run.today).days > 2:
                run.on(last, partial(self._missed, run, name, encounter))
                missed = True
            else:
                run.on(day, partial(self._visit, run, name, encounter))

    def _windows(self, run: Run, name: str, first_dose: date) -> dict[str, tuple[date, date]]:
        anchors = anchors_of(run.state, run.participant(name), run.study, first_dose) or {}
        return {
            encounter: (
                step(anchors[one.window.anchor], one.window.from_ or Duration()),
                step(anchors[one.window.anchor], one.window.to or Duration()),
            )
            for encounter, one in run.study.schedule.encounters.items()
        }

    def _missed(self, run: Run, name: str, encounter: str) -> None:
        site = run.participant(name).site
        run.do(
            findings.EncounterMissed,
            staff(site, "nurse"),
            site,
            participant=name,
            encounter=encounter,
            reason="travelling; well when telephoned",
        )

    def _visit(self, run: Run, name: str, encounter: str) -> None:
        if run.participant(name).status not in ON_THE_WAY:
            return
        site = run.participant(name).site
        run.do(
            findings.EncounterDone,
            staff(site, "nurse"),
            site,
            participant=name,
            encounter=encounter,
        )
        samples: dict[type[Event], list[Measured]] = {}
        for element in self._elements(run, name, encounter):
            found = self._result(run, name, element)
            kind = event_type_for(run.study.elements[element])
            if found is not None and kind is not None:
                samples.setdefault(kind, []).append(found)
        for kind, results in samples.items():
            record_results(run, name, kind, run.today, tuple(results), encounter=encounter)
        self._looked_at(run, name)

    def _elements(self, run: Run, name: str, encounter: str) -> list[str]:
        """Give what is measured at a visit and not known of that day already."""
        known = {
            element
            for element, some in run.facts[name].by_element.items()
            if any(one.start.first == run.today for one in some)
        }
        totals = [
            one.derived.inputs.values()
            for element, one in run.study.elements.items()
            if one.derived and element in known
        ]
        spared = known.union(*totals)
        asked = [
            one
            for activity in run.study.schedule.activities.values()
            if encounter in activity.encounters
            for one in activity.elements
        ]
        return [
            one
            for one in asked
            if one not in spared
            and run.study.elements[one].derived is None
            and not self._awaited(run, name, one)
        ]

    def _awaited(self, run: Run, name: str, element: str) -> bool:
        kind = event_type_for(run.study.elements[element])
        return name in self.lacks and kind is findings.LaboratoryResultsRecorded

    def _result(self, run: Run, name: str, element: str) -> Measured | None:
        key = (name, element)
        if key not in self.bases:
            known = run.weights[name] if element == WEIGHT else None
            self.bases[key] = known or self.ordinary.base(
                element, run.facts[name].by_element, run.rng
            )
        base = self.bases[key]
        if base is None or run.study.elements[element].kind != "measurement":
            return None
        one = run.participant(name)
        at = first_dose_at(run.state, one)
        days = (run.today - at.date()).days if at else 0
        most = MOST_RELIEF[min((one.level or 1), len(MOST_RELIEF)) - 1]
        found = self.ordinary.measured(element, base, most * days / (days + RELIEF_DAYS), run.rng)
        return self._as_told(run, name, found, days) if at else found

    def _as_told(self, run: Run, name: str, found: Measured, days: int) -> Measured:
        """Give the result, or the abnormal one that this person is to have."""
        codes = {code for group in run.study.elements[found.element].codes for code in group.codes}
        for one in self.abnormal.get(name, ()):
            limit = found.high if one.times > 1 else found.low
            if one.loinc in codes and one.first <= days <= one.last and limit is not None:
                return Measured(
                    element=found.element,
                    value=round(limit * one.times, 1),
                    unit=found.unit,
                    low=found.low,
                    high=found.high,
                )
        return found

    def _looked_at(self, run: Run, name: str) -> None:
        """The investigator signs what abnormal results mean; at the open level that is to come."""
        one = run.participant(name)
        lead = staff(one.site, "investigator")
        here = run.state.cohort
        if here is None or (here.number > 1 and one.cohort == here.number):
            return
        open_ = {(found.position, found.element) for found in unsigned(run.state, one)}
        for position, element in sorted(open_):
            run.do(
                findings.ClinicalSignificanceSigned,
                lead,
                one.site,
                participant=name,
                of=position,
                element=element,
                significant=False,
                signer=lead,
                comment="seen; to be repeated at the next visit",
            )
