"""What needs doing, by whom and until when: worked out of the ledger, never kept as a list.

A task goes when the entry that it asks for is recorded.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from gradatim.conduct.conflicts import participant_of
from gradatim.conduct.days import zone_of
from gradatim.conduct.delegations import has_lapsed, lapses_at, waiting
from gradatim.conduct.erasure import requested_erasure
from gradatim.conduct.escalation import advice_or_why
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.participants import EntryVoided
from gradatim.conduct.events.records import RecordJudged
from gradatim.conduct.events.safety import AdverseEventReported, PregnancyReported
from gradatim.conduct.permissions import MAY, SIGNED_BY
from gradatim.conduct.policies import withdrawn_since
from gradatim.conduct.proposals import altered_since, holding
from gradatim.conduct.proposed_acts import signatures_needed
from gradatim.conduct.signers import identification_of
from gradatim.conduct.state import Participant, State, Void
from gradatim.conduct.transfers import proposed_transfer, site_of
from gradatim.conduct.transitions import ON_THE_WAY
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.approvals import AUTHORITIES, lapsed, last_day
from gradatim.conduct.views.coding import to_code_anew
from gradatim.conduct.views.dose_tasks import account_tasks, dose_steps
from gradatim.conduct.views.doses import doses, entries_of, first_dose_at
from gradatim.conduct.views.eligibility import before_planned_dose
from gradatim.conduct.views.endorsement import to_endorse
from gradatim.conduct.views.grades import unsigned
from gradatim.conduct.views.judgements import JUDGEMENTS, to_be_signed
from gradatim.conduct.views.levels import closed_by
from gradatim.conduct.views.logs import open_pregnancies
from gradatim.conduct.views.records import records_of
from gradatim.conduct.views.reporting import reports, to_nullify
from gradatim.conduct.views.safety import possible_dlts
from gradatim.conduct.views.stopping_rules import FiredRule, unanswered_rules
from gradatim.conduct.views.urgent import notifications
from gradatim.conduct.views.visits import visits
from gradatim.core.collecting import collector_paused
from gradatim.core.dates import parse_day, step
from gradatim.core.truth import TRUE, UNKNOWN
from gradatim.safety.dlt import perhaps_of
from gradatim.safety.events import fatal, suspicion

SOON = timedelta(days=7)
SIGNATURE = "signature"
"""The kind of a task that a signature settles."""


class Task(NamedTuple):
    """One thing that waits for somebody.

    Args:
        kind: what sort of thing, such as `safety report`.
        what: in a sentence.
        event: the act that settles it.
        site: where; empty for the trial as a whole.
        participant: whom it is about; None for nobody in particular.
        due: until when, where there is a time.
        given: fields of the act that are known.
    """

    kind: str
    what: str
    event: str
    site: str = ""
    participant: str | None = None
    due: datetime | None = None
    given: Mapping[str, str] = {}

    @property
    def roles(self) -> tuple[str, ...]:
        """Who may do it; what is to be signed, whoever may sign it."""
        return SIGNED_BY[self.event] if self.kind == SIGNATURE else MAY[self.event]

    def late(self, now: datetime) -> bool:
        """Whether its time has passed."""
        return self.due is not None and self.due < now


def tasks(state: State, now: datetime, on: date) -> list[Task]:
    """Give what needs doing: what is due first comes first, then what has no time.

    Args:
        state: the trial.
        now: the time that clocks are looked at; where no zone is recorded, days end by its own.
        on: the day, by the clock of the sites.
    """
    found = list(_delegations(state, now))
    if not state.versions:
        return found
    with collector_paused():  # the first time it reads what everybody has
        found += _of_trial(state, on)
        for one in state.participants.values():
            for source in _OF_PARTICIPANT:
                found += source(state, one, now, on)
    return sorted(found, key=lambda one: (one.due is None, one.due or now, one.kind, one.what))


def with_events(state: State) -> frozenset[str]:
    """Give who has had an adverse event reported."""
    return state.remembered("with events", lambda: frozenset(state.adverse_events.values()))


def _end_of(state: State, one: Participant, day: date | None, now: datetime) -> datetime | None:
    """Return the end of a day at the site of a participant."""
    zone = zone_of(state, one.site) or now.tzinfo
    return None if day is None else datetime.combine(day, time(23, 59), tzinfo=zone)


def _reports(state: State, one: Participant, now: datetime, on: date) -> Iterator[Task]:
    if one.id not in with_events(state) and one.status != "died":
        return
    for due in reports(state, one):
        if due.status(now) in ("open", "missed"):
            clock = due.clock
            what = f"{clock.report} report to {clock.recipient}"
            if due.adverse_event in state.adverse_events:
                yield Task(
                    "safety report",
                    f"{due.adverse_event}: {what}",
                    "SafetyReportSent",
                    one.site,
                    one.id,
                    clock.due,
                    {
                        "adverse_event": due.adverse_event,
                        "recipient": clock.recipient,
                        "report": clock.report,
                    },
                )
            else:
                yield Task(
                    "safety report",
                    f"death of {one.id}: {what}; first record the adverse event that led to it",
                    "AdverseEventReported",
                    one.site,
                    one.id,
                    clock.due,
                )


def _nullifications(state: State, one: Participant, now: datetime, on: date) -> Iterator[Task]:
    """Return the reports that were sent of what was reported in error."""
    for number, recipient in to_nullify(state, one):
        given = {"adverse_event": number, "recipient": recipient, "report": "nullification"}
        what = f"{number} was entered in error: nullify its report to {recipient}"
        yield Task("safety report", what, "SafetyReportSent", one.site, one.id, None, given)


def _causality(state: State, one: Participant, now: datetime, on: date) -> Iterator[Task]:
    """Return the adverse events whose relation somebody else stated, and no investigator judged."""
    if one.id not in with_events(state):
        return
    for _, event in entries_of(state, one, AdverseEventReported):
        course = courses(state, one)[event.adverse_event]
        if event.relation and not course.event.investigator_relation:
            what = f"{event.adverse_event}: no investigator has judged whether it is related"
            given = {"adverse_event": event.adverse_event}
            act = "AdverseEventUpdated"
            yield Task(SIGNATURE, what, act, one.site, one.id, None, given)


def _voids(state: State, one: Participant, now: datetime, on: date) -> Iterator[Task]:
    """Return what was marked as made in error, bears on the trial's safety, and is to be signed."""
    for position, event in entries_of(state, one, EntryVoided):
        void = state.voids.get(event.of)
        if void is not None and void.position == position and void.since is None:
            yield _to_confirm(void, f"{one.id}: ", one.site, one.id)


def _to_confirm(void: Void, whose: str, site: str, participant: str | None = None) -> Task:
    rests = "; ".join(void.bears_on)
    what = f"{whose}entry {void.of} was made in error, it is said, and bears on {rests}"
    given = {"of": str(void.position)}
    return Task("void", what, "VoidConfirmed", site, participant, None, given)


def _voids_of_trial(state: State) -> Iterator[Task]:
    """Return what is about no participant, such as a receipt or reference ranges."""
    for void in state.voids.values():
        if void.since is None and participant_of(state, state.events[void.of]) is None:
            yield _to_confirm(void, "", state.events[void.of].site)


def _delegations(state: State, now: datetime) -> Iterator[Task]:
    """Return the tasks that were given, and wait for a second person."""
    for position, one in waiting(state):
        due = lapses_at(one) if one.urgent else None
        until = " and no longer works" if has_lapsed(one, now) else ""
        what = (
            f"{one.recorded_by} gives {one.user} the task {one.role.replace('_', ' ')}, which "
            f"waits for a second person{until}"
        )
        given = {"of": str(position)}
        yield Task("delegation", what, "DelegationConfirmed", one.site, None, due, given)


def _deaths(state: State, one: Participant, now: datetime, on: date) -> Iterator[Task]:
    """Return what says that somebody died where the end of their participation does not."""
    if one.id not in with_events(state) or one.status == "died":
        return
    for number, course in courses(state, one).items():
        if fatal(course.event):
            yield Task(
                "death",
                f"{number} was fatal, and {one.id} is {one.status}: record the death, "
                "or correct the event",
                "Disposition",
                one.site,
                one.id,
                None,
                {"adverse_event": number, "status": "died"},
            )


def _terms(state: State, one: Participant, now: datetime, on: date) -> Iterator[Task]:
    if one.id not in with_events(state):
        return
    study = state.governing("safety", one)
    for number, course in courses(state, one).items():
        if perhaps_of(study, course.event):
            yield Task(
                "term",
                f"{number}: which watched event {course.event.term!r} is, if any, is not said",
                "AdverseEventClassified",
                one.site,
                one.id,
                None,
                {"adverse_event": number},
            )


def _codes(state: State, one: Participant, now: datetime, on: date) -> Iterator[Task]:
    """Return the codes of another version of their dictionary than the one in use."""
    for found in to_code_anew(state, one):
        code = found.event
        by = {"of": str(code.of)} if code.adverse_event is None else {}
        yield Task(
            "coding",
            f"{found.what} is coded with {code.dictionary} {code.version} as {code.term} "
            f"({code.code}); the trial codes with {found.anew}",
            "TermCoded",
            one.site,
            one.id,
            None,
            by or {"adverse_event": code.adverse_event or ""},
        )


def _candidates(state: State, one: Participant, now: datetime, on: date) -> Iterator[Task]:
    if first_dose_at(state, one) is None and one.id not in with_events(state):
        return
    for found in possible_dlts(state, one):
        if found.dose_limiting is None:
            yield Task(
                "adjudication",
                f"{one.id}: {found.label} awaits adjudication",
                "DoseLimitingToxicityAdjudicated",
                "",
                one.id,
                None,
                {"candidate": found.id},
            )


def _signatures(state: State, one: Participant, now: datetime, on: date) -> Iterator[Task]:
    """Return what was changed without the signature that it takes."""
    for position, event in to_be_signed(state, one):
        act, given = _signed_by(event)
        yield Task(
            SIGNATURE,
            f"{one.id}: entry {position} was changed after it was signed, and is not signed anew",
            act,
            event.site,
            one.id,
            None,
            given,
        )
    if one.id not in with_events(state):
        return
    for number, course in courses(state, one).items():
        if course.unsigned:
            made = ", ".join(map(str, course.unsigned))
            yield Task(
                SIGNATURE,
                f"{number}: entry {made} makes it less than was judged, and "
                "counts once an investigator has signed it",
                "AdverseEventUpdated",
                one.site,
                one.id,
                None,
                {"adverse_event": number},
            )


def _signed_by(event: Event) -> tuple[str, dict[str, str]]:
    """Return the act that signs anew what an entry says, with the fields of it that are known."""
    known = {
        name: str(value)
        for name in ("adverse_event", "of", "element")
        if (value := getattr(event, name, None)) is not None
    }
    if isinstance(event, JUDGEMENTS):
        return "AdverseEventUpdated", {"adverse_event": event.adverse_event}
    return type(event).__name__, known


def _visits(state: State, one: Participant, now: datetime, on: date) -> Iterator[Task]:
    if one.status not in ("enrolled", "treated"):
        return
    for visit in visits(state, one, on):
        near = visit.status == "open" and visit.last is not None and visit.last - on <= SOON
        if visit.status == "overdue" or near:
            yield Task(
                "visit",
                f"{one.id}: {visit.label}",
                "EncounterDone",
                one.site,
                one.id,
                _end_of(state, one, visit.last, now),
                {"encounter": visit.encounter},
            )


def _pregnancies(state: State, one: Participant, now: datetime, on: date) -> Iterator[Task]:
    """How a pregnancy ended is asked for, whatever became of the participant meanwhile."""
    if PregnancyReported not in one.entries_of:
        return
    within = state.governing("safety", one).safety.of_pregnancies.outcome_within
    for position, event in open_pregnancies(state, one):
        yield Task(
            "pregnancy",
            f"{one.id}: how the pregnancy of the {event.person} ended is not recorded",
            "PregnancyOutcomeReported",
            one.site,
            one.id,
            _end_of(state, one, step(parse_day(event.detected_on).first, within), now),
            {"of": str(position)},
        )


def _doses(state: State, one: Participant, now: datetime, on: date) -> Iterator[Task]:
    held = set()
    for number, dose in doses(state, one).items():
        if dose.authorised and (why := _withdrawn(state, one, number, now, on)):
            held.add(str(number))
            yield from _held(one, number, why)
    for found in dose_steps(state, one, now, on):
        if found.given["dose"] not in held:
            yield Task(
                "dose",
                found.what,
                found.event,
                one.site,
                one.id,
                _end_of(state, one, found.day, now),
                found.given,
            )


def _withdrawn(state: State, one: Participant, number: int, now: datetime, on: date) -> str:
    """Return what has come to speak against a dose that was signed for; empty where nothing."""
    reasons = (str(why) for _, why in withdrawn_since(state, one, number, on, now))
    return "; ".join(dict.fromkeys(reasons))


def _held(one: Participant, number: int, why: str) -> Iterator[Task]:
    """Tell whoever would give a dose, and whoever signed for it, that it is not to be given."""
    given = {"dose": str(number)}
    told = f"{one.id}, dose {number}: the checklist is no longer in force: {why}"
    sign = f"{told}. Sign it anew once that is settled, or withhold the dose"
    yield Task("dose", sign, "PreDoseChecklistSigned", one.site, one.id, None, given)
    stop = f"{one.id}, dose {number}: do not give it: {why}"
    yield Task("dose", stop, "DoseWithheld", one.site, one.id, None, given)


def _readiness(state: State, one: Participant, now: datetime, on: date) -> Iterator[Task]:
    """What keeps somebody who has a place from the first dose: to be repeated, or judged anew."""
    if one.status != "enrolled" or one.replaced:
        return
    found = state.remembered(
        f"readiness {one.id} {on}", lambda: before_planned_dose(state, one, on)
    )
    if found.truth is TRUE:
        return
    why = "; ".join(dict.fromkeys(found.clauses()))
    yield Task(
        "readiness",
        f"{one.id} cannot be dosed as the records stand: {why}",
        "EligibilityConfirmed",
        one.site,
        one.id,
        _end_of(state, one, one.first_dose_planned, now),
    )


def _results(state: State, one: Participant, now: datetime, on: date) -> Iterator[Task]:
    if one.status not in ON_THE_WAY:
        return  # whoever did not enter, or has left, waits for nothing
    open_ = sorted({(found.position, found.element) for found in unsigned(state, one)})
    if not open_:
        return
    known = state.governing("elements", one).elements
    labels = (known[name].label if name in known else name for _, name in open_)
    names = ", ".join(dict.fromkeys(labels))
    position, element = open_[0]
    count = "1 result awaits" if len(open_) == 1 else f"{len(open_)} results await"
    yield Task(
        "abnormal result",
        f"{one.id}: {count} judgement: {names}",
        "ClinicalSignificanceSigned",
        one.site,
        one.id,
        None,
        {"of": str(position), "element": element},
    )


def _changed_records(state: State, one: Participant, now: datetime, on: date) -> Iterator[Task]:
    """Return the records that have come to say something else since they were judged."""
    if RecordJudged not in one.entries_of or one.status not in ON_THE_WAY:
        return
    for record in records_of(state, one).values():
        if any(said.stale for said in record.judged.values()):
            what = f"{one.id}: {record.id} of {record.source} has changed since it was judged"
            given = {"of": str(record.at), "record": record.id}
            yield Task("record", what, "RecordJudged", one.site, one.id, None, given)


def _waiting(state: State, one: Participant, now: datetime, on: date) -> Iterator[Task]:
    cohort = state.cohort
    free = cohort is not None and state.free_places(cohort) > 0
    if one.status not in ("eligible", "waiting") or not free or cohort is None:
        return
    if not closed_by(state, cohort.level, on):
        yield Task(
            "enrolment",
            f"{one.id} is eligible; a place at level {cohort.level} is free",
            "ParticipantEnrolled",
            one.site,
            one.id,
            None,
            {"level": str(cohort.level)},
        )


def _transfers(state: State, one: Participant, now: datetime, on: date) -> Iterator[Task]:
    """Yield the transfer that waits for the site which is to take a participant over."""
    if (found := proposed_transfer(state, one)) is not None:
        _, event = found
        what = f"{one.id} of site {one.site} is to go on here: {event.reason}"
        yield Task("transfer", what, "ParticipantTransferred", event.to_site, one.id)


def _erasures(state: State, one: Participant, now: datetime, on: date) -> Iterator[Task]:
    """Yield the erasure that waits for the sponsor's confirmation."""
    if (found := requested_erasure(state, one)) is not None:
        what = f"{one.id}: that identifying data be erased is asked for: {found[1].reason}"
        yield Task("erasure", what, "PersonalDataErased", "", one.id)


_OF_PARTICIPANT: tuple[Callable[[State, Participant, datetime, date], Iterator[Task]], ...] = (
    _reports,
    _nullifications,
    _causality,
    _voids,
    _deaths,
    _terms,
    _codes,
    _candidates,
    _signatures,
    _visits,
    _pregnancies,
    _readiness,
    _doses,
    _results,
    _changed_records,
    _waiting,
    _transfers,
    _erasures,
)


def _of_trial(state: State, on: date) -> Iterator[Task]:
    for query in state.queries.values():
        if query.status == "open":
            yield Task(
                "query",
                f"{query.id}: {query.question}",
                "QueryAnswered",
                site_of(state, state.events[query.of]),
                _about(state, query.of),
                None,
                {"query": query.id},
            )
        elif query.status == "answered":
            yield Task(
                "query",
                f"{query.id} is answered: {query.answer}",
                "QueryClosed",
                "",
                _about(state, query.of),
                None,
                {"query": query.id},
            )
    for rule in unanswered_rules(state, on):
        if rule.action == "pause":
            yield Task("stopping rule", rule.text, "TrialResumed")
        if not rule.certain:
            yield from _open_relations(state, rule)
    for found in account_tasks(state, on):
        yield Task("product", found.what, found.event, found.site, None, None, found.given)
    yield from _approvals(state, on)
    yield from _measures(state)
    yield from _voids_of_trial(state)
    yield from _reviews(state)
    yield from _proposals(state)
    yield from _unidentified(state)
    yield from _endorsements(state)
    advice, _why = advice_or_why(state, on)
    if advice and state.stopped is None and advice.action not in ("pending", "continue_cohort"):
        yield Task("dose decision", f"the design advises to {advice}", "DoseDecision")


def _open_relations(state: State, rule: FiredRule) -> Iterator[Task]:
    """Return whose judgement a rule that only may have fired waits for."""
    for number in rule.by:
        if number not in state.adverse_events:
            continue
        one = state.participants[state.adverse_events[number]]
        event = courses(state, one)[number].event
        if suspicion(event) is not UNKNOWN:
            continue
        acts = {
            "AdverseEventUpdated": event.investigator_relation,
            "AdverseEventAssessed": event.sponsor_relation,
        }
        for act in (act for act, said in acts.items() if not said):
            yield Task(
                "stopping rule",
                f"whether {number} is related is not judged, and {rule.text}",
                act,
                one.site if act == "AdverseEventUpdated" else "",
                one.id,
                None,
                {"adverse_event": number},
            )


def _measures(state: State) -> Iterator[Task]:
    """Return the authorities that have still to be told of an urgent safety measure."""
    for one in notifications(state):
        if one.sent is None:
            yield Task(
                "urgent measure",
                f"tell the {one.recipient} authority of the urgent safety measure of entry "
                f"{one.measure}",
                "UrgentSafetyMeasureNotified",
                due=one.due,
                given={"of": str(one.measure), "recipient": one.recipient},
            )


AHEAD = timedelta(days=60)
"""How long ahead the lapse of an approval is announced: a committee has to meet before."""


def _approvals(state: State, on: date) -> Iterator[Task]:
    """Return the approvals that have lapsed, or are about to."""
    gone = {one.authority for one in lapsed(state, on)}
    for authority in AUTHORITIES:
        until = last_day(state, authority, on)
        if authority in gone:
            ended = f"ended on {until}" if until else "is not recorded"
            what = (
                f"{authority} approval {ended}: nobody enters, nobody is dosed for the first time"
            )
        elif until is not None and until - on <= AHEAD:
            what = f"{authority} approval ends on {until}"
        else:
            continue
        yield Task("approval", what, "ApprovalRecorded", given={"authority": authority})


def _unidentified(state: State) -> Iterator[Task]:
    """Yield who has a task and a key, and whom nobody has identified; in real trials."""
    if state.mode != "real":
        return
    for user in sorted({user for (user, _), roles in state.roles.items() if roles}):
        found = identification_of(state, user)
        if found.key is not None and found.position is None:
            sites = {site for (one, site), roles in state.roles.items() if one == user and roles}
            where = min(sites) if len(sites) == 1 else ""
            what = f"{user} is to be identified by another person"
            given = {"user": user}
            yield Task("identification", what, "PersonIdentified", where, None, found.until, given)


def _proposals(state: State) -> Iterator[Task]:
    """Return the proposals that wait for signatures, with what altered their subjects."""
    for one in state.proposals.values():
        if one.status == "open":
            since = altered_since(state, one)
            anew = f"; entry {since[-1]} altered what it is about" if since else ""
            anew += f"; {', '.join(one.dissents)} dissented" if one.dissents else ""
            yield Task(
                "proposal",
                f"{one.id}: {len(holding(state, one))} of {signatures_needed(state)}"
                f" signatures{anew}",
                "ProposalSigned",
                "",
                one.act.get("participant"),
                None,
                {"proposal": one.id},
            )


def _endorsements(state: State) -> Iterator[Task]:
    """Return what investigators have to endorse, where the trial asks for it."""
    for site in state.sites if state.endorsed else ():
        if n := sum(len(one.entries) for one in to_endorse(state, site)):
            what = f"{n} {'entry' if n == 1 else 'entries'} to endorse"
            yield Task("endorsement", what, "DataEndorsed", site)


def _reviews(state: State) -> Iterator[Task]:
    for position, one in state.deviations.items():
        if one.open:
            yield Task(
                "deviation",
                f"{one.description} (rule: {one.rule})",
                "ProtocolDeviationReviewed",
                "",
                one.participant,
                None,
                {"of": str(position)},
            )


def _about(state: State, position: int) -> str | None:
    name: str | None = getattr(state.events[position], "participant", None)
    return name
