"""What is done again before a first dose that was put off: visits, results, the confirmation."""

from datetime import UTC, date, datetime, time, timedelta

from gradatim.conduct.event_for_element import event_type_for
from gradatim.conduct.events import findings, participants
from gradatim.conduct.events.base import Event, Measured
from gradatim.conduct.policies.dosing import SEVERE
from gradatim.conduct.simulate.results import record_fact, record_results
from gradatim.conduct.simulate.run import Run, staff
from gradatim.conduct.source_import import event_type_of, measured
from gradatim.conduct.views.anchors import anchors_of, is_screening
from gradatim.conduct.views.checklist import items_shown
from gradatim.conduct.views.eligibility import before_dose
from gradatim.conduct.views.facts import facts_of
from gradatim.conduct.views.grades import unsigned
from gradatim.conduct.views.visits import window_days
from gradatim.conduct.views.weights import weights_for_dose
from gradatim.core.dates import on
from gradatim.core.truth import FALSE, TRUE, Truth
from gradatim.rules.context import Situation


def made_ready(run: Run, name: str) -> Truth:
    """Repeat what a dose tomorrow needs; give whether the criteria let it be given then."""
    tomorrow = run.today + timedelta(days=1)
    found = before_dose(run.state, run.participant(name), tomorrow).truth
    if found is FALSE or (found is TRUE and _weighed(run, name, tomorrow)):
        tested(run, name, tomorrow)
        return found
    for screening in (False, True):
        _repeat(run, name, tomorrow, screening)
        found = before_dose(run.state, run.participant(name), tomorrow).truth
        if found is not Truth.UNKNOWN:
            break
    if found is TRUE:
        _confirm(run, name, tomorrow)
    return found


def _weighed(run: Run, name: str, day: date) -> bool:
    """Whether the weight at the protocol's anchor is recorded, where one is asked for."""
    if not run.study.treatment.administration.dose_per:
        return True
    known = weights_for_dose(run.state, run.participant(name), day).weights
    asked = run.study.treatment.administration.weight_from
    return known is not None and (asked is None or known.at_anchor is not None)


def tested(run: Run, name: str, day: date) -> None:
    """Repeat the tests that the checklist of a dose on that day waits for."""
    at = datetime.combine(day, time(), UTC)
    for _, found in items_shown(run.state, run.participant(name), day, at):
        open_ = {leaf.element for leaf in found.deciding() if leaf.truth is Truth.UNKNOWN}
        for element, one in run.study.elements.items():
            kind = event_type_for(one)
            if element in open_ and kind not in (None, findings.VitalSignsRecorded):
                _again(run, name, element)


def _again(run: Run, name: str, element: str) -> None:
    """Record a result once more, as it was, of today."""
    fact = next(iter(reversed(run.facts[name].of(element))), None)
    if fact is not None:
        record_fact(run, name, fact._replace(start=on(run.today), end=on(run.today)))


def judge_severe_results(run: Run, name: str) -> None:
    """An investigator signs what the severe results of today and yesterday mean."""
    one = run.participant(name)
    lead = staff(one.site, "investigator")
    first = run.today - timedelta(days=1)
    found = {
        (one.position, one.element)
        for one in unsigned(run.state, one)
        if one.by_numbers >= SEVERE and one.fact.start.last >= first
    }
    for position, element in sorted(found):
        run.do(
            findings.ClinicalSignificanceSigned,
            lead,
            one.site,
            participant=name,
            of=position,
            element=element,
            significant=False,
            signer=lead,
        )


def _repeat(run: Run, name: str, first_dose: date, screening: bool) -> None:
    """Do the visits before the first dose again; the results are as they were."""
    visits = _visits(run, name, first_dose, screening)
    site = run.participant(name).site
    for visit in visits if screening else ():
        run.do(
            findings.EncounterDone, staff(site, "nurse"), site, participant=name, encounter=visit
        )
    samples: dict[type[Event], list[Measured]] = {}
    for element in _elements(run, visits):
        fact = next(iter(reversed(run.facts[name].of(element))), None)
        if fact is None or run.study.elements[element].kind == "consent":
            continue
        today = fact._replace(start=on(run.today), end=on(run.today))
        kind = event_type_of(run.study.elements[element], today)
        if kind is None:
            record_fact(run, name, today)
        else:
            samples.setdefault(kind, []).append(measured(today))
    for kind, results in samples.items():
        record_results(run, name, kind, run.today, tuple(results), encounter=visits[0])


def _visits(run: Run, name: str, first_dose: date, screening: bool) -> list[str]:
    """Give the visits of screening, or the others that lie before the first dose."""
    one, study = run.participant(name), run.study
    anchors = anchors_of(run.state, one, study, first_dose) or {}
    situation = Situation(study, facts_of(run.state, one), anchors, run.today)
    found = []
    for encounter, visit in study.schedule.encounters.items():
        first, last = window_days(visit.window, situation)
        before = first is not None and last is not None and first <= run.today <= last
        if is_screening(study, encounter) is screening and (screening or before):
            found.append(encounter)
    return found


def _elements(run: Run, visits: list[str]) -> list[str]:
    asked = [
        element
        for activity in run.study.schedule.activities.values()
        if set(visits) & set(activity.encounters)
        for element in activity.elements
    ]
    return list(dict.fromkeys(asked))


def _confirm(run: Run, name: str, first_dose: date) -> None:
    """An investigator confirms anew that a person is eligible."""
    site = run.participant(name).site
    lead = staff(site, "investigator")
    run.do(
        participants.EligibilityConfirmed,
        lead,
        site,
        participant=name,
        signer=lead,
        first_dose_on=first_dose,
    )
