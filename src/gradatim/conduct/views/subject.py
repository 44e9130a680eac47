"""What an act that is signed is about: what its signer reads before they sign.

Nobody signs a preparation, a toxicity, a dose, a result, a query or a deviation without having seen
it. One function gives for each act the lines that are to be read and the entries that it judges;
pages and programs show them beside the signature. What is worked out here is that of the views.
"""

from collections.abc import Callable, Container, Iterator, Mapping
from datetime import date, datetime
from typing import Literal, NamedTuple

from gradatim.conduct.escalation import advice_or_why
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.product import ProductReleased
from gradatim.conduct.policies import gates
from gradatim.conduct.policies.verdicts import sentence
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.bedside import bags_of_dose, bedside_rules
from gradatim.conduct.views.comparison import Compared, beside_the_plan
from gradatim.conduct.views.doses import doses, entries_of, first_dose_on, given
from gradatim.conduct.views.eligibility import assessed
from gradatim.conduct.views.facts import facts_of, position_of
from gradatim.conduct.views.grades import grades
from gradatim.conduct.views.judgements import JUDGEMENTS
from gradatim.conduct.views.reporting import reports
from gradatim.conduct.views.safety import (
    DltCandidate,
    dlt_outcome,
    left_on,
    possible_dlts,
    reactions_while_watched,
)
from gradatim.conduct.views.stopping_rules import unanswered_rules
from gradatim.core.dates import step
from gradatim.core.message import Text
from gradatim.core.quantity import Quantity
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, Truth
from gradatim.core.verdict import Verdict
from gradatim.dosing.accountability import adds_up, mismatch
from gradatim.dosing.labels import label_code
from gradatim.screening.assess import EligibilityStatus

LineMark = Literal["", "good", "warn", "bad"]
"""How a line is marked: as it should be, to be looked at, or against what is signed."""
EARLIER_VALUES = 5
"""So many earlier values of an element are shown beside the one that is judged."""


class SubjectLine(NamedTuple):
    """One line of what is signed.

    Args:
        name: of what it tells, as labels name it.
        value: what it says.
        mark: whether it speaks for or against.
    """

    name: str
    value: Text | date | datetime
    mark: LineMark = ""


class Subject(NamedTuple):
    """What an act is about.

    Args:
        lines: to be read.
        entries: positions of the entries that it judges, to be read in full.
        compared: of a preparation, each amount beside the plan.
    """

    lines: tuple[SubjectLine, ...] = ()
    entries: tuple[int, ...] = ()
    compared: tuple[Compared, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything to be read."""
        return bool(self.lines or self.entries or self.compared)


class ActInQuestion(NamedTuple):
    """An act that is about to be signed.

    Args:
        state: the trial.
        participant: whom it is about, if anybody.
        given: what is known of it, as text: the dose, the candidate, the entry.
        on: the day.
        now: the moment.
    """

    state: State
    participant: Participant | None
    given: Mapping[str, str]
    on: date
    now: datetime

    @property
    def about(self) -> Participant:
        """Whom it is about.

        Raises:
            LookupError: nobody is named.
        """
        if self.participant is None:
            raise LookupError("nobody is named")
        return self.participant

    def number(self, name: str) -> int | None:
        """Return a field that holds a number; None where it does not."""
        text = self.given.get(name, "")
        return int(text) if text.isdecimal() else None

    def day(self, name: str) -> date | None:
        """Return a field that holds a date; None where it does not."""
        try:
            return date.fromisoformat(self.given.get(name, ""))
        except ValueError:
            return None


def subject_of(
    state: State,
    event: str,
    participant: Participant | None,
    given: Mapping[str, str],
    on: date,
    now: datetime,
) -> Subject:
    """Return what an act is about; nothing where all of it stands in its own form.

    Args:
        state: the trial.
        event: name of the act's event.
        participant: whom it is about, if anybody.
        given: what is known of the act, as text.
        on: the day, by the clock of the site.
        now: the moment.
    """
    found = _SUBJECTS.get(event)
    asked = ActInQuestion(state, participant, given, on, now)
    if found is None or (event in _OF_SOMEBODY and participant is None):
        return Subject()
    return found(asked)


def _preparation(asked: ActInQuestion) -> Subject:
    number = asked.number("dose")
    dose = doses(asked.state, asked.about).get(number) if number else None
    if number is None or dose is None or dose.prepared is None:
        return Subject()
    compared = beside_the_plan(asked.state, asked.about.id, number)
    return Subject((), (dose.at["prepared"],), tuple(compared))


def _checklist(asked: ActInQuestion) -> Subject:
    found, number = _preparation(asked), asked.number("dose")
    if number is None:
        return found
    lines = []
    for gate, verdict in gates(asked.state, asked.about, number, asked.on, asked.now):
        if verdict.truth is not TRUE:
            why = "; ".join(dict.fromkeys(verdict.clauses()))
            lines.append(SubjectLine("stands_against", why or sentence(gate), _mark(verdict)))
    if not lines:
        lines.append(SubjectLine("stands_against", "nothing", "good"))
    return found._replace(lines=tuple(dict.fromkeys(lines)))


def _bedside(asked: ActInQuestion) -> Subject:
    number = asked.number("dose") or 0
    bags = bags_of_dose(asked.state, asked.about.id, number)
    rules = bedside_rules(asked.state, asked.about)
    lines = [SubjectLine("bag_codes", label_code(*one.key)) for one in bags]
    asks = f"{rules.people} people, {rules.identifiers} identifiers ({rules.basis})"
    return Subject((*lines, SubjectLine("check_asked_for", asks)))


def _candidate(asked: ActInQuestion) -> Subject:
    wanted = asked.given.get("candidate")
    found = [one for one in possible_dlts(asked.state, asked.about) if wanted in (None, "", one.id)]
    entries: dict[int, None] = {}
    lines: list[SubjectLine] = []
    for one in found:
        lines += _of_candidate(asked, one)
        for at, event in entries_of(asked.state, asked.about, *JUDGEMENTS):
            if event.adverse_event == one.id:
                entries[at] = None
        entries[one.entry] = None
    definition = asked.state.governing("safety", asked.about).safety.dose_limiting_toxicity
    return Subject(
        (*lines, SubjectLine("definition", f"{definition.reading} ({definition.basis})")),
        tuple(sorted(entries)),
    )


def _of_candidate(asked: ActInQuestion, one: DltCandidate) -> Iterator[SubjectLine]:
    yield SubjectLine("candidate", one.label)
    if (event := one.event) is not None:
        yield SubjectLine("grade", str(event.grade or "not graded"), _severe(event.grade))
        relation = event.investigator_relation or "not judged: it counts as related"
        yield SubjectLine("relation", relation)
        if event.sponsor_relation:
            yield SubjectLine("relation_by_sponsor", event.sponsor_relation)
        yield SubjectLine("onset", _since_dose(asked, event.onset.first, str(event.onset)))
    level = asked.about.level
    yield SubjectLine("level", str(level) if level else "none")
    for why in dict.fromkeys(one.verdict.clauses()):
        yield SubjectLine("why_limiting", why, "bad")
    if one.changed_by is not None:
        yield SubjectLine("changed_by", f"entry {one.changed_by}", "warn")


def _severe(grade: int | None) -> LineMark:
    return "bad" if grade is None or grade >= 3 else ""


def _since_dose(asked: ActInQuestion, day: date, words: str) -> str:
    first = first_dose_on(asked.state, asked.about)
    return words if first is None else f"{words}, day {(day - first).days} after the first dose"


def _dose_decision(asked: ActInQuestion) -> Subject:
    advice, why = advice_or_why(asked.state, asked.on)
    lines: list[SubjectLine] = []
    if advice is None:
        lines.append(SubjectLine("advice_action", f"none: {why}", "bad"))
    else:
        lines.append(SubjectLine("outcomes", advice.outcomes or "none yet"))
        lines.append(SubjectLine("advice_action", str(advice)))
        lines += [SubjectLine("why", one.text) for one in advice.decision.reasons]
    lines += _of_safety(asked)
    return Subject(tuple(lines))


def _of_safety(asked: ActInQuestion) -> Iterator[SubjectLine]:
    """Yield the rules that have fired, and the candidates that nobody has adjudicated."""
    for rule in unanswered_rules(asked.state, asked.on):
        yield SubjectLine("stopping_rules", rule.message, "bad")
    for one in asked.state.participants.values():
        for found in possible_dlts(asked.state, one):
            if found.dose_limiting is None:
                yield SubjectLine("not_adjudicated", f"{one.id}: {found.label}", "warn")


def _resumption(asked: ActInQuestion) -> Subject:
    return Subject(tuple(_of_safety(asked)), tuple(asked.state.pauses))


def _replacement(asked: ActInQuestion) -> Subject:
    one = asked.about
    lines = [SubjectLine("status", one.status)]
    for number, dose in sorted(doses(asked.state, one).items()):
        if dose.administrations:
            part = "not known" if dose.fraction is None else f"{dose.fraction:.0%}"
            lines.append(SubjectLine("part_given", f"dose {number}: {part} of the planned dose"))
    if one.level is not None and given(asked.state, one):
        outcome = dlt_outcome(asked.state, one, asked.on)
        lines.append(SubjectLine("outcome", outcome.words if outcome else "not evaluable"))
    else:
        lines.append(SubjectLine("part_given", "no dose was given"))
    return Subject(tuple(lines))


def _evaluability(asked: ActInQuestion) -> Subject:
    return Subject((*_replacement(asked).lines, *_counting(asked.state, asked.about)))


def _allowance(asked: ActInQuestion) -> Subject:
    one = asked.about
    lines = [SubjectLine("level", str(one.level))] if one.level is not None else []
    closed = [rule for rule in unanswered_rules(asked.state, asked.on) if rule.closes(one.level)]
    lines += [SubjectLine("stopping_rules", rule.message, "bad") for rule in closed]
    return Subject((*lines, *_counting(asked.state, one)))


def _observation(asked: ActInQuestion) -> Subject:
    """Say how long a sentinel is to be watched, whether they left, and what they had."""
    state, one = asked.state, asked.about
    sentinel, dosed = state.governing("safety").safety.sentinel, first_dose_on(state, one)
    if sentinel is None or dosed is None:
        return Subject()
    number = str(len(given(state, one)))
    lines = [
        SubjectLine("first_dose", dosed),
        SubjectLine("watched_until", step(dosed, sentinel.wait)),
        SubjectLine("infusions", f"{number} of {sentinel.infusions} to be observed"),
    ]
    if (left := left_on(state, one)) is not None:
        lines.append(SubjectLine("left_on", left, "warn"))
    had = set(reactions_while_watched(state, one, sentinel))
    return Subject((*lines, *_counting(state, one, had)))


def _counting(
    state: State, one: Participant, named: Container[str] | None = None
) -> Iterator[SubjectLine]:
    """Yield the candidates that count as dose-limiting; those that are named, if any are."""
    for found in possible_dlts(state, one):
        if found.counts and (named is None or found.id in named):
            yield SubjectLine("candidate", f"{found.label} ({found.id})", "bad")


def _eligibility(asked: ActInQuestion) -> Subject:
    """Say of the criteria what the signature would be asked: what is attested counts as it does."""
    one = asked.about
    first = max(asked.day("first_dose_on") or one.first_dose_planned or asked.on, asked.on)
    found = assessed(asked.state, one, asked.on, first)
    status: EligibilityStatus = _STATUS[found.truth]
    against = [SubjectLine("criterion", each.message, _mark(each)) for each in found.children]
    verdict = f"{status}: {len(against)} criteria do not pass" if against else status
    if not against and found.truth is not TRUE:
        verdict = f"{status}: {found.text}"
    return Subject((SubjectLine("verdict", verdict, _mark(found)), *against))


_STATUS: Mapping[Truth, EligibilityStatus] = {
    TRUE: "eligible",
    UNKNOWN: "undetermined",
    FALSE: "ineligible",
}


def _mark(found: Verdict) -> LineMark:
    if found.truth is TRUE:
        return "good"
    return "warn" if found.truth is UNKNOWN else "bad"


def _result(asked: ActInQuestion) -> Subject:
    of, element = asked.number("of"), asked.given.get("element", "")
    if of is None:
        return Subject()
    lines: list[SubjectLine] = []
    known = facts_of(asked.state, asked.about).of(element)
    for fact in known:
        if position_of(fact) != of:
            continue
        value = "–" if fact.value is None else str(Quantity(fact.value, fact.unit, fact.bound))
        lines.append(SubjectLine("value", f"{value} {fact.code}".strip()))
        if fact.low or fact.high:
            limits = f"{fact.low or '–'} to {fact.high or '–'}"
            lines.append(SubjectLine("limits", limits))
        lines.append(
            SubjectLine("collected_on", _since_dose(asked, fact.start.first, str(fact.start)))
        )
    for one in grades(asked.state, asked.about):
        if one.position == of and one.element == element:
            worst = one.by_numbers
            mark: LineMark = "bad" if worst >= 3 else "warn" if worst else ""
            lines.append(SubjectLine("grade", f"{one.grade.term}: {_grade_words(one.grade)}", mark))
    before = sorted(
        (fact for fact in known if position_of(fact) != of and fact.value is not None),
        key=lambda fact: fact.start.first,
    )
    for fact in before[-EARLIER_VALUES:]:
        text = f"{Quantity(fact.value or 0.0, fact.unit, fact.bound)} on {fact.start}"
        lines.append(SubjectLine("earlier", text))
    return Subject(tuple(lines), (of,))


def _grade_words(grade: object) -> str:
    known = getattr(grade, "grade", None)
    possible = getattr(grade, "possible", ())
    return (
        f"grade {known}" if known is not None else f"perhaps grade {'/'.join(map(str, possible))}"
    )


def _query(asked: ActInQuestion) -> Subject:
    query = asked.state.queries.get(asked.given.get("query", ""))
    if query is None:
        return Subject()
    lines = [SubjectLine("question", query.question)]
    if query.answer:
        lines.append(SubjectLine("answer", query.answer))
    return Subject(tuple(lines), (query.of,))


def _deviation(asked: ActInQuestion) -> Subject:
    found = asked.state.deviations.get(asked.number("of") or 0)
    if found is None:
        return Subject()
    lines = [SubjectLine("rule", found.rule), SubjectLine("description", found.description, "warn")]
    if found.participant:
        lines.append(SubjectLine("participant", found.participant))
    if found.of is not None and asked.state.corrected_by.get(found.of):
        corrections = ", ".join(map(str, asked.state.corrected_by[found.of]))
        lines.append(SubjectLine("corrected_since", f"by entry {corrections}", "warn"))
    return Subject(tuple(lines), () if found.of is None else (found.of,))


def _adverse_event(asked: ActInQuestion) -> Subject:
    name = asked.given.get("adverse_event", "")
    found = courses(asked.state, asked.about).get(name)
    if found is None:
        return Subject()
    event = found.event
    lines = [
        SubjectLine("term", event.term),
        SubjectLine("grade", str(event.grade or "not graded"), _severe(event.grade)),
        SubjectLine("serious", ", ".join(event.serious) or "no"),
        SubjectLine("relation", event.investigator_relation or "not judged"),
        SubjectLine("onset", _since_dose(asked, event.onset.first, str(event.onset))),
    ]
    if event.sponsor_relation:
        lines.append(SubjectLine("relation_by_sponsor", event.sponsor_relation))
    if event.expected is not None:
        lines.append(SubjectLine("expected", "yes" if event.expected else "no"))
    wanted = asked.given.get("recipient")
    for due in reports(asked.state, asked.about):
        if due.adverse_event == name and wanted in (None, "", due.clock.recipient):
            status = due.status(asked.now)
            text = f"{due.clock.report} to {due.clock.recipient}: {status}"
            mark: LineMark = "bad" if status in ("missed", "late") else ""
            lines += [SubjectLine("report", text, mark), SubjectLine("due", due.clock.due)]
    entries = [
        at
        for at, made in entries_of(asked.state, asked.about, *JUDGEMENTS)
        if made.adverse_event == name
    ]
    return Subject(tuple(lines), tuple(entries))


def _lot(asked: ActInQuestion) -> Subject:
    lot = asked.state.lots.get(asked.given.get("lot", ""))
    if lot is None:
        return Subject()
    made = [at for at, one in asked.state.events.of(ProductReleased) if one.lot == lot.id]
    lines = [
        SubjectLine("bag", f"{one.id}: {one.status}", "" if one.status == "quarantined" else "warn")
        for one in lot.containers.values()
        if one.status in ("quarantined", "excursion", "unfit")
    ]
    return Subject(tuple(lines), tuple(made))


def _account(asked: ActInQuestion) -> Subject:
    lot = asked.state.lots.get(asked.given.get("lot", ""))
    lines: list[SubjectLine] = []
    for one in lot.containers.values() if lot else ():
        if adds_up(one) and not one.open_faults:
            continue
        told = (
            f"{one.id}: {one.received:.4g} {one.measure} received, {one.used:.4g} used, "
            f"{one.discarded:.4g} discarded, {one.returned:.4g} returned, "
            f"{one.destroyed:.4g} destroyed, {one.on_hand:.4g} left"
        )
        lines.append(SubjectLine("bag", told))
        lines += [SubjectLine("difference", str(fault), "bad") for fault in mismatch(one)]
        lines += [SubjectLine("fault", str(fault), "warn") for fault in one.open_faults]
    return Subject(tuple(lines))


def _entries(asked: ActInQuestion) -> Subject:
    named = asked.given.get("entries", "").split(",")
    found = [int(one) for one in named if one.isdecimal()]
    return Subject((), tuple(at for at in found if at in asked.state.events))


def entry_events(state: State, subject: Subject) -> list[tuple[int, Event]]:
    """Return the entries that a subject names, with their positions, as they stand."""
    return [(at, state.events[at]) for at in subject.entries if at in state.events]


def _delegation(asked: ActInQuestion) -> Subject:
    of = asked.number("of")
    if of is None or of not in asked.state.unconfirmed:
        return Subject()
    given = asked.state.events[of]
    place = given.site or "the whole trial"
    lines = (SubjectLine("recorded_by", given.recorded_by), SubjectLine("site", place))
    return Subject(lines, (of,))


def _identification(asked: ActInQuestion) -> Subject:
    """Show the key: it is compared with the one that the person's own account shows."""
    keys = asked.state.signing_keys.get(asked.given.get("user", ""))
    return Subject((SubjectLine("signing_key", keys[-1].public_key[:16]),)) if keys else Subject()


_SUBJECTS: Mapping[str, Callable[[ActInQuestion], Subject]] = {
    "PreparationVerified": _preparation,
    "PreDoseChecklistSigned": _checklist,
    "BedsideChecked": _bedside,
    "DoseLimitingToxicityAdjudicated": _candidate,
    "DoseDecision": _dose_decision,
    "TrialResumed": _resumption,
    "ParticipantReplaced": _replacement,
    "DosingAllowed": _allowance,
    "EvaluabilityJudged": _evaluability,
    "SentinelObservationJudged": _observation,
    "EligibilityConfirmed": _eligibility,
    "ClinicalSignificanceSigned": _result,
    "QueryAnswered": _query,
    "QueryClosed": _query,
    "ProtocolDeviationReviewed": _deviation,
    "SafetyReportSent": _adverse_event,
    "AdverseEventAssessed": _adverse_event,
    "AdverseEventClassified": _adverse_event,
    "AdverseEventUpdated": _adverse_event,
    "AdverseEventResolved": _adverse_event,
    "ProductReleased": _lot,
    "ProductDifferenceExplained": _account,
    "SourceDataVerified": _entries,
    "DelegationConfirmed": _delegation,
    "PersonIdentified": _identification,
}
"""What is read before an act is signed, by the name of its event."""
_OF_SOMEBODY = frozenset(
    {
        "PreparationVerified",
        "PreDoseChecklistSigned",
        "BedsideChecked",
        "DoseLimitingToxicityAdjudicated",
        "ParticipantReplaced",
        "DosingAllowed",
        "EvaluabilityJudged",
        "SentinelObservationJudged",
        "EligibilityConfirmed",
        "ClinicalSignificanceSigned",
        "SafetyReportSent",
        "AdverseEventAssessed",
        "AdverseEventClassified",
        "AdverseEventUpdated",
        "AdverseEventResolved",
    }
)
"""Acts that are about a participant: without one there is nothing to read."""
