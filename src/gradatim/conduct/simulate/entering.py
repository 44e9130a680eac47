"""From a person at the door to a place in a cohort."""

from datetime import date, timedelta
from functools import partial
from hashlib import sha256

from gradatim.conduct.events import logs, participants, records
from gradatim.conduct.events.base import Event, Measured, Sealed
from gradatim.conduct.identity import Whose, person_token, seal
from gradatim.conduct.simulate.dosing import plan_dose
from gradatim.conduct.simulate.results import record_fact, record_results
from gradatim.conduct.simulate.run import Run, staff
from gradatim.conduct.source_import import event_type_of, measured, not_understood_fields
from gradatim.conduct.trial import Recorded, RecordOutcome, Refused
from gradatim.conduct.views.weights import in_kg, weight_elements
from gradatim.core.codes import LABELS, WIRE_NAMES
from gradatim.core.verdict import Reason
from gradatim.evidence.facts import Coding, Fact, Facts, NotUsed
from gradatim.protocol.nodes import Attested

DAYS_OF_SCREENING = 14


def arrives(run: Run, site: str) -> None:
    """A person comes to be screened: registered and asked for consent today, tested and judged."""
    name = registered(run, site)
    run.later(DAYS_OF_SCREENING - 2, lambda: _confirm_eligibility(run, name))


def registered(run: Run, site: str) -> str:
    """Register a person who consents, plan the recording of what is known; give the number."""
    run.people_seen += 1
    name = f"{site}-{run.people_seen:03}"
    first_dose = run.today + timedelta(days=DAYS_OF_SCREENING)
    facts = run.people(run.rng, run.people_seen, first_dose)
    run.facts[name] = facts
    run.weights[name] = _weight(run, facts)
    nurse, lead = staff(site, "coordinator"), staff(site, "investigator")
    token, identity = run.identify(name, facts) if run.identify else _made_up(run, name, facts)
    sex = facts.sex if facts.sex in ("female", "male") else ""
    run.do(
        participants.ParticipantRegistered,
        nurse,
        site,
        participant=name,
        person_token=token,
        identity=identity,
        sex=sex,
        birth=str(facts.birth),
    )
    if run.happens("the same person comes twice"):
        run.ask(
            participants.ParticipantRegistered,
            nurse,
            site,
            participant=f"{name}-again",
            person_token=token,
        )
    run.do(
        participants.InformedConsentObtained,
        lead,
        site,
        participant=name,
        version="1.0",
        language="zh-CN",
        obtained_by=lead,
    )
    run.do(
        logs.MedicalHistoryRecorded,
        nurse,
        site,
        at=run.at(run.minutes),
        participant=name,
        condition="Appendectomy",
        start="2009",
        end="2009",
        none_of_these=True,
    )
    _history(run, site, name, facts)
    return name


def _weight(run: Run, facts: Facts) -> float:
    """Give the weight that the records say; if they do not, one made up."""
    made_up = round(run.rng.uniform(52, 95), 1)
    known = [
        kg
        for element in weight_elements(run.study)
        for fact in facts.of(element)
        if (kg := in_kg(fact)) is not None
    ]
    return known[-1] if known else made_up


def _made_up(run: Run, name: str, facts: Facts) -> tuple[str, dict[str, Sealed]]:
    """Seal a made-up name under a key that nobody keeps."""
    values = {"name": f"Simulated person {run.people_seen}", "birth_date": str(facts.birth)}
    sealed = seal(Whose(run.trial.name, name), values, run.rng.randbytes(32), run.rng.randbytes)
    return person_token(values, bytes(32)), sealed


def _history(run: Run, site: str, name: str, facts: Facts) -> None:
    """Record what is known of a person, each in its time: results by sample, all else singly."""
    samples: dict[tuple[type[Event], date], list[Measured]] = {}
    for element, some in facts.by_element.items():
        for fact in some if run.study.elements[element].kind != "consent" else ():
            kind = event_type_of(run.study.elements[element], fact)
            if _forgotten(run, element, fact):
                continue
            if kind is None:
                day = fact.start.first if fact.start.exact else run.today
                run.on(day, partial(record_fact, run, name, fact))
            else:
                samples.setdefault((kind, fact.start.first), []).append(measured(fact))
    for (kind, day), results in samples.items():
        run.on(day, partial(record_results, run, name, kind, day, tuple(results)))
    for record in facts.not_used:
        if record.elements or record.instead:
            _unclear(run, site, name, record)
    if run.happens("a record is not understood"):
        at = _unclear(run, site, name, _hypertension(run))
        _read(run, at)
        run.later(1, lambda: _found_out(run, at))
    lead = staff(site, "investigator")
    for kinds, seen in _covered(facts).items():
        run.do(
            participants.HistoryDeclaredComplete,
            lead,
            site,
            participant=name,
            kinds=kinds,
            signer=lead,
            sources="hospital records and interview",
            since=seen[0],
            until=seen[1],
        )


def _forgotten(run: Run, element: str, fact: Fact) -> bool:
    """Once, an answer that a criterion asks for is not written down."""
    asked = {one.rule.attested for one in run.study.criteria if isinstance(one.rule, Attested)}
    return element in asked and run.happens("a judgement is missing")


def _covered(facts: Facts) -> dict[tuple[str, ...], tuple[object, object]]:
    kinds = tuple(facts.coverage)
    if not kinds:
        return {}
    seen = facts.coverage[kinds[0]]
    return {kinds: (seen.since, seen.until)}


def _unclear(run: Run, site: str, name: str, record: NotUsed) -> int:
    fields = not_understood_fields(record, "hospital record")
    by = staff(site, "coordinator")
    return run.do(participants.RecordNotUnderstood, by, site, participant=name, **fields)


def _hypertension(run: Run) -> NotUsed:
    """Return a diagnosis whose code no protocol lists."""
    elements = run.study.elements
    names = tuple(name for name, one in elements.items() if one.kind == "condition")
    code = Coding("38341003", WIRE_NAMES["snomed"], "Hypertensive disorder", LABELS["snomed"])
    return NotUsed("Condition/1", "its code is not known here", names, (code,))


def _read(run: Run, at: int) -> None:
    """A coordinator's file says how that record was understood."""
    held = run.state.events[at]
    assert isinstance(held, participants.RecordNotUnderstood)
    one = _hypertension(run)
    code = one.codes[0]
    read = records.RecordRead(
        record=held.record,
        kind="Condition",
        content=sha256(held.record.encode()).hexdigest(),
        codes=(records.Coded(code.system, code.code, code.display),),
        perhaps=held.elements,
        outside=("condition",),
        why=one.why,
    )
    run.do(
        records.RecordsRead,
        held.recorded_by,
        held.site,
        at=held.recorded_at,
        participant=held.participant,
        source=held.source,
        read=1,
        records=(read,),
    )


def _found_out(run: Run, at: int) -> None:
    """An investigator finds out what a record means: nothing that the protocol asks about."""
    held = run.state.events[at]
    assert isinstance(held, participants.RecordNotUnderstood)
    lead = staff(held.site, "investigator")
    run.do(
        records.RecordJudged,
        lead,
        held.site,
        participant=held.participant,
        of=at,
        record=held.record,
        answers=dict.fromkeys(held.elements, "no"),
        signer=lead,
        reason="high blood pressure, which is not asked about",
    )


def _confirm_eligibility(run: Run, name: str) -> None:
    """An investigator confirms that a person is eligible, or the person does not enter."""
    site = run.participant(name).site
    lead = staff(site, "investigator")
    if run.state.stopped is not None:
        run.do(participants.ScreenFailed, lead, site, participant=name, reason="enrolment ended")
        return
    outcome = _confirmed(run, name, days=2)
    if isinstance(outcome, Refused) and _attested(run, name, outcome):
        outcome = _confirmed(run, name, days=2)
    if isinstance(outcome, Recorded):
        enrol(run, name)
        return
    run.do(
        participants.ScreenFailed,
        lead,
        site,
        participant=name,
        criteria=(),
        reason="not every criterion is met",
    )


def _confirmed(run: Run, name: str, days: int) -> RecordOutcome:
    """An investigator signs that a person is eligible, the first dose being in so many days."""
    site = run.participant(name).site
    lead = staff(site, "investigator")
    return run.ask(
        participants.EligibilityConfirmed,
        lead,
        site,
        participant=name,
        signer=lead,
        first_dose_on=run.today + timedelta(days=days),
    )


def _attested(run: Run, name: str, refused: Refused) -> bool:
    """Attest the criteria that only a judgement is missing for; False if more is missing."""
    open_ = [one for child in refused.verdict.children for one in child.children]
    if not open_ or any(one.reason not in (Reason.JUDGEMENT, Reason.NO_RECORD) for one in open_):
        return False
    site = run.participant(name).site
    for one in open_:
        run.do(
            participants.CriterionAttested,
            staff(site, "investigator"),
            site,
            participant=name,
            criterion=one.text.split(":")[0],
            passes=True,
            reason="asked again today",
        )
    return True


def enrol(run: Run, name: str) -> None:
    """Take a place where one is free; else wait for one."""
    one = run.participant(name)
    lead, cohort = staff(one.site, "investigator"), run.state.cohort
    if one.status not in ("eligible", "waiting"):
        return
    if run.state.stopped is not None:
        run.do(
            participants.ScreenFailed,
            lead,
            one.site,
            participant=name,
            reason="no place was free before the trial ended",
        )
        return
    if cohort is not None:
        outcome = run.ask(
            participants.ParticipantEnrolled,
            staff(one.site, "coordinator"),
            one.site,
            participant=name,
            level=cohort.level,
        )
        if isinstance(outcome, Recorded):
            run.later(1, lambda: plan_dose(run, name))
            return
    if one.status == "eligible":
        run.do(
            participants.PlacedOnWaitingList,
            staff(one.site, "coordinator"),
            one.site,
            participant=name,
        )
    run.later(3, lambda: again(run, name))


def again(run: Run, name: str) -> None:
    """Who waits is judged again, since results grow stale, and asks for a place."""
    one = run.participant(name)
    lead = staff(one.site, "investigator")
    if one.status != "waiting":
        return
    if run.state.cohort is None or run.state.free_places(run.state.cohort) <= 0:
        if run.state.stopped is None:
            run.later(3, lambda: again(run, name))
        else:
            run.do(
                participants.ScreenFailed,
                lead,
                one.site,
                participant=name,
                reason="no place was free before the trial ended",
            )
        return
    outcome = _confirmed(run, name, days=1)
    if isinstance(outcome, Recorded):
        enrol(run, name)
    else:
        run.do(
            participants.ScreenFailed,
            lead,
            one.site,
            participant=name,
            reason="the results of screening are too old",
        )
