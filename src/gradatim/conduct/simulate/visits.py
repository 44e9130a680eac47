"""Follow-up: visits, results, adverse events, and what people get wrong."""

from datetime import date, timedelta
from functools import partial

from msgspec import to_builtins

from gradatim.conduct.events import findings, logs, participants, review, safety
from gradatim.conduct.events.base import Event, Measured
from gradatim.conduct.simulate.results import record_results
from gradatim.conduct.simulate.run import CODER, DATA_MANAGER, MONITOR, SPONSOR, Run, staff
from gradatim.conduct.source_import import event_type_of, measured
from gradatim.conduct.views.anchors import anchors_of
from gradatim.conduct.views.doses import first_dose_at
from gradatim.conduct.views.grades import abnormal, grades
from gradatim.conduct.views.weights import weight_elements
from gradatim.core.dates import Duration, step
from gradatim.core.quantity import Quantity
from gradatim.evidence.facts import Fact
from gradatim.safety.dlt import watched_elements

COMMON = (
    ("Fever", 1, 0),
    ("Chills", 1, 0),
    ("Infusion related reaction", 1, 0),
    ("Headache", 1, 9),
    ("Fatigue", 1, 12),
    ("Arthralgia", 2, 20),
)
"""What is usual after cells, mild and soon over: term, grade, mean days until it begins."""
LIMITING = (("Thromboembolic event", 3), ("Infusion related reaction", 3))
RSI = "Investigator's Brochure 2.0"


def plan_visits(run: Run, name: str) -> None:
    """Plan the visits after the first dose, the adverse events, and the end."""
    one = run.participant(name)
    at = first_dose_at(run.state, one)
    assert at is not None
    anchors = anchors_of(run.state, one, run.study) or {}
    last = at.date()
    for encounter, visit in run.study.schedule.encounters.items():
        window = visit.window
        first = step(anchors[window.anchor], window.from_ or Duration())
        to = step(anchors[window.anchor], window.to or Duration())
        if to < at.date():
            continue
        day = max(at.date(), first + timedelta(days=run.rng.randint(0, max(0, (to - first).days))))
        last = max(last, day)
        run.on(day, partial(_visit, run, name, encounter))
    _plan_events(run, name, at.date())
    run.on(last + timedelta(days=1), lambda: _end(run, name))


def _here(run: Run, name: str) -> bool:
    return run.participant(name).status == "treated"


def _visit(run: Run, name: str, encounter: str) -> None:
    one = run.participant(name)
    if not _here(run, name):
        return
    nurse = staff(one.site, "nurse")
    if encounter not in _with_dose(run) and run.happens("a visit is missed"):
        run.do(
            findings.EncounterMissed,
            nurse,
            one.site,
            participant=name,
            encounter=encounter,
            reason="the train was cancelled",
        )
        return
    run.do(findings.EncounterDone, nurse, one.site, participant=name, encounter=encounter)
    late = 9 if run.happens("results come late") else 0
    run.later(late, partial(_results, run, name, encounter, run.today))


def _with_dose(run: Run) -> set[str]:
    """Give the visits that are the day of the dose itself."""
    return {
        name
        for name, one in run.study.schedule.encounters.items()
        if one.window.from_ == one.window.to == Duration()
    }


def _results(run: Run, name: str, encounter: str, on: date) -> None:
    """Record what is measured at a visit, around the values that the person had before."""
    samples: dict[type[Event], list[Measured]] = {}
    for activity in run.study.schedule.activities.values():
        for element in activity.elements if encounter in activity.encounters else ():
            fact = next(iter(run.facts[name].of(element)), None)
            if fact is None or fact.value is None:
                continue
            kind = event_type_of(run.study.elements[element], fact)
            if kind is not None:
                samples.setdefault(kind, []).append(measured(_changed(run, fact)))
    for kind, results in samples.items():
        at = record_results(run, name, kind, on, tuple(results), encounter=encounter)
        _looked_at(run, name, at)
        _corrected(run, name, at, results)


def _changed(run: Run, fact: Fact) -> Fact:
    spread = 0.01 if fact.element in weight_elements(run.study) else 0.08
    value = round((fact.value or 0) * run.rng.lognormvariate(0, spread), 2)
    high = Quantity(fact.high.value, fact.high.unit) if fact.high else None
    return fact._replace(value=value, high=high, bound="")


def _looked_at(run: Run, name: str, position: int) -> None:
    """The investigator signs what abnormal results mean; the monitor compares and asks."""
    one = run.participant(name)
    lead = staff(one.site, "investigator")
    seen = {
        graded.element
        for graded in grades(run.state, one)
        if graded.position == position and abnormal(graded)
    }
    for element in sorted(seen)[:3]:
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
    if run.rng.random() < 0.1:
        run.do(review.SourceDataVerified, MONITOR, one.site, entries=(position,))


def _corrected(run: Run, name: str, position: int, results: list[Measured]) -> None:
    """Now and then a value was written down wrongly: asked about, corrected, closed."""
    if not (run.happens("a value was mistyped") or run.rng.random() < 0.02):
        return
    one, query = run.participant(name), f"Q{position}"
    run.do(
        review.QueryOpened,
        MONITOR,
        one.site,
        query=query,
        of=position,
        question=f"Is {results[0].element} as in the laboratory's report?",
    )
    right = [to_builtins(item) for item in results]
    right[0]["value"] = round((results[0].value or 0) * 1.1, 2)
    run.do(
        participants.EntryCorrected,
        staff(one.site, "coordinator"),
        one.site,
        of=position,
        fields={"results": right},
        reason="mistyped from the laboratory's report",
    )
    run.do(
        review.QueryAnswered,
        staff(one.site, "coordinator"),
        one.site,
        query=query,
        answer="It was mistyped, and is corrected.",
        stands=False,
    )
    run.do(review.QueryClosed, DATA_MANAGER, one.site, query=query)


def _plan_events(run: Run, name: str, dosed: date) -> None:
    one = run.participant(name)
    for _ in range(min(4, int(run.rng.expovariate(0.8)))):
        term, grade, mean = run.rng.choice(COMMON)
        day = dosed + timedelta(days=int(run.rng.expovariate(1 / mean)) if mean else 0)
        run.on(day, partial(_mild, run, name, term, grade))
    if run.rng.random() < run.toxicity[(one.level or 1) - 1]:
        term, grade = run.rng.choice(LIMITING)
        day = dosed + timedelta(days=run.rng.randint(0, 20))
        run.on(day, lambda: _limiting(run, name, term, grade))
    if run.happens("a pregnancy"):
        run.on(dosed + timedelta(days=40), lambda: _pregnancy(run, name))


def _report(run: Run, name: str, term: str, **known: object) -> str:
    one = run.participant(name)
    number = f"{name}-AE{sum(who == name for who in run.state.adverse_events.values()) + 1}"
    run.do(
        safety.AdverseEventReported,
        staff(one.site, "investigator"),
        one.site,
        participant=name,
        adverse_event=number,
        term=term,
        onset=str(run.today),
        site_aware_at=run.now(),
        **known,
    )
    return number


def _mild(run: Run, name: str, term: str, grade: int) -> None:
    if not _here(run, name):
        return
    one = run.participant(name)
    relation = run.rng.choice(("unlikely", "possible", "probable"))
    own_words = run.happens("an event in words of one's own")
    number = _report(
        run, name, f"{term}, soon over" if own_words else term, grade=grade, relation=relation
    )
    if own_words:
        _says_what_it_is(run, name, number)
    days = run.rng.randint(1, 6)
    run.later(
        days,
        lambda: run.do(
            safety.AdverseEventResolved,
            staff(one.site, "investigator"),
            one.site,
            participant=name,
            adverse_event=number,
            resolved_on=str(run.today),
            outcome="recovered",
        ),
    )


def _says_what_it_is(run: Run, name: str, number: str) -> None:
    """The investigator answers of each watched event that this is none."""
    site = run.participant(name).site
    lead = staff(site, "investigator")
    watched = watched_elements(run.state.governing("safety", run.participant(name)))
    run.do(
        safety.AdverseEventClassified,
        lead,
        site,
        participant=name,
        adverse_event=number,
        answers=dict.fromkeys(watched, "no"),
        signer=lead,
    )
    run.do(
        safety.TermCoded,
        CODER,
        site,
        participant=name,
        adverse_event=number,
        dictionary="MedDRA",
        version="made up",
        code="90000001",
        term="Made-up term",
    )


def _limiting(run: Run, name: str, term: str, grade: int) -> None:
    """A serious event: reported at once, assessed by the sponsor, seen through, adjudicated."""
    if not _here(run, name):
        return
    one = run.participant(name)
    site, lead = one.site, staff(one.site, "investigator")
    number = _report(
        run,
        name,
        term,
        grade=grade,
        serious=("hospitalisation",),
        action_taken="dose not changed",
        treated="yes",
        treatment_given="analgesic",
    )
    _seen_between_visits(run, name, number)
    about = {"participant": name, "adverse_event": number}
    run.do(
        safety.SafetyReportSent,
        lead,
        site,
        recipient="sponsor",
        report="initial",
        sent_at=run.now(),
        **about,
    )
    run.later(
        1,
        lambda: run.do(
            safety.AdverseEventUpdated,
            lead,
            site,
            relation="possible",
            comment="ultrasound confirms it",
            **about,
        ),
    )
    run.later(2, lambda: _assessed(run, name, number))
    run.later(
        9,
        lambda: run.do(
            safety.AdverseEventResolved,
            lead,
            site,
            outcome="recovered",
            resolved_on=str(run.today),
            **about,
        ),
    )


def _seen_between_visits(run: Run, name: str, number: str) -> None:
    """Who falls ill comes outside the schedule, and is given a drug that no criterion is about.

    At the time of what came before: a step that takes no chance leaves later ones as they were.
    """
    one = run.participant(name)
    about = {"at": run.at(run.minutes), "participant": name}
    nurse = staff(one.site, "nurse")
    run.do(
        logs.UnscheduledVisitDone, nurse, one.site, visit=f"{number}-U", reason="an event", **about
    )
    run.do(
        logs.ConcomitantMedicationRecorded,
        nurse,
        one.site,
        medication=f"{number}-CM",
        drug="paracetamol",
        indication="pain",
        dose=500,
        unit="mg",
        frequency="three times a day",
        start=str(run.today),
        ongoing=True,
        none_of_these=True,
        adverse_event=number,
        **about,
    )


def _assessed(run: Run, name: str, number: str) -> None:
    about = {"participant": name, "adverse_event": number}
    run.do(
        safety.AdverseEventAssessed,
        SPONSOR,
        relation="unlikely",
        expected=False,
        reference_safety_information=RSI,
        **about,
    )
    for recipient in ("regulator", "ethics"):
        run.do(
            safety.SafetyReportSent,
            SPONSOR,
            recipient=recipient,
            report="initial",
            sent_at=run.now(),
            **about,
        )


def _pregnancy(run: Run, name: str) -> None:
    if _here(run, name):
        one = run.participant(name)
        run.do(
            safety.PregnancyReported,
            staff(one.site, "investigator"),
            one.site,
            participant=name,
            person="partner",
            detected_on=str(run.today),
        )
        run.do(
            safety.PregnancyOutcomeReported,
            staff(one.site, "investigator"),
            one.site,
            at=run.at(run.minutes),
            participant=name,
            of=run.state.position,
            outcome="spontaneous abortion",
            ended_on=str(run.today),
        )


def _end(run: Run, name: str) -> None:
    one = run.participant(name)
    if _here(run, name):
        run.do(
            participants.Disposition,
            staff(one.site, "investigator"),
            one.site,
            participant=name,
            status="completed",
        )
