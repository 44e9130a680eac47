"""Input that is no fact: it names what does not exist, or says what cannot be.

A fact is recorded whatever rule it breaks. But a participant nobody knows, a day that has not come,
a unit that measures something else are slips of the pen: nothing happened that they describe.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from functools import cache
from math import isfinite
from operator import attrgetter
from typing import Any, TypeGuard

import msgspec

from gradatim.clinical.ctcae.terms import says_something
from gradatim.clinical.units import convert_for
from gradatim.conduct.coding_validation import validate_codes, validate_term_list
from gradatim.conduct.correction_validation import validate_correction
from gradatim.conduct.day_validation import validate_days
from gradatim.conduct.delegations import delegation_of, same_task, waiting
from gradatim.conduct.events import participants, records, review, safety
from gradatim.conduct.events.base import SYSTEM, Event, Measured
from gradatim.conduct.events.review import QueryAnswered, QueryClosed, ReviewMeetingHeld
from gradatim.conduct.events.trial import (
    DelegationConfirmed,
    ProtocolActivated,
    ProtocolAmended,
    ProtocolSubmitted,
    ReferenceRangesRecorded,
    RoleRevoked,
    UrgentSafetyMeasureNotified,
)
from gradatim.conduct.folding.anew import participant_named
from gradatim.conduct.log_validation import validate_logs, validate_numbers
from gradatim.conduct.product_validation import validate_product
from gradatim.conduct.state import State
from gradatim.conduct.stored_messages import read_back
from gradatim.conduct.transfers import site_of
from gradatim.conduct.views.birth import agreed
from gradatim.conduct.views.records import all_elements, held_records
from gradatim.conduct.views.reporting import reported_in_error
from gradatim.conduct.voids import void_to_confirm, why_not_void
from gradatim.core.dates import EARLIEST, parse_day
from gradatim.core.errors import UnusableInput, shortened


def validate(state: State, event: Event) -> None:
    """Refuse an event that cannot be meant.

    Raises:
        UnusableInput: it names what does not exist, or a day or unit that cannot be.
    """
    for fault in (*_OF_THE_ACT, *_OF_CONTENT, *_OF_OTHERS):
        fault(state, event)


def _unusable(event: Event, what: str, why: str = "", todo: str = "") -> UnusableInput:
    return UnusableInput(what, type(event).__name__, why, todo)


def _finite(state: State, event: Event) -> None:
    """What is a number is one: not what a computation yields that went wrong."""
    for name, value in zip(event.__struct_fields__, _fields_of(type(event))(event), strict=True):
        if type(value) not in _NO_NUMBER and not _is_finite(value):
            raise _unusable(
                event, f"{name} has a value that is no number", todo="leave it out, or correct it"
            )


_NO_NUMBER = frozenset({str, int, bool, bytes, type(None), date, datetime})
"""Types of which no value is a number that went wrong; most of what an event holds is of them."""


@cache
def _fields_of(kind: type[msgspec.Struct]) -> Callable[[msgspec.Struct], tuple[Any, ...]]:
    """Return what reads all fields of a struct at once."""
    names = kind.__struct_fields__
    if len(names) > 1:
        return attrgetter(*names)
    return lambda one: tuple(getattr(one, name) for name in names)


def _is_finite(value: Any) -> bool:
    """Whether each number in a value is one, however deep values are nested in it."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, float):
            if not isfinite(one):
                return False
            continue
        parts: Iterable[Any] = ()
        if isinstance(one, msgspec.Struct):
            parts = _fields_of(type(one))(one)
        elif isinstance(one, dict):
            parts = one.values()
        elif isinstance(one, tuple | list):
            parts = one
        waiting += [part for part in parts if type(part) not in _NO_NUMBER]
    return True


def _paper(state: State, event: Event) -> None:
    """What was signed on paper was signed before it was entered, by whom the entry names."""
    signer = getattr(event, "signer", None)
    if event.paper is not None and signer is not None and signer != event.paper.signed_by:
        raise _unusable(
            event,
            f"{signer} is the signer, and {event.paper.signed_by} signed on paper",
            todo="name who signed the paper",
        )


def _places(state: State, event: Event) -> None:
    """Sites, and who acts there, are plain names: they stand in file names and on terminals."""
    if event.site and not (len(event.site) <= 64 and event.site.isprintable()):
        raise _unusable(
            event,
            f"site cannot be {shortened(event.site)}",
            "it has at most 64 printable characters",
            "give the number of the site",
        )


def _meetings(state: State, event: Event) -> None:
    """The committee met over data that there were: a cut lies before the meeting."""
    if isinstance(event, ReviewMeetingHeld) and not (
        EARLIEST <= event.data_cut_on <= event.occurred_on
    ):
        raise _unusable(
            event,
            f"data_cut_on is {event.data_cut_on}",
            f"the meeting was on {event.occurred_on}",
            "give the day up to which the data were looked at",
        )


def _people(state: State, event: Event) -> None:
    name = getattr(event, "participant", None)
    if isinstance(event, participants.ParticipantRegistered) or name is None:
        return
    if name not in state.participants:
        raise _unusable(event, f"there is no participant {name}", todo="register the person first")
    goes_on = participant_named(state, name)
    if goes_on is not None and goes_on.id != name:
        other = goes_on.id
        raise _unusable(
            event, f"{name} is the number of {other} as well", todo=f"record it of {other}"
        )
    if isinstance(event, participants.ParticipantTransferred):
        return  # of the site that takes them over
    of = state.participants[name].site
    if event.site and of and event.site != of:
        raise _unusable(event, f"{name} is a participant of site {of}, not of {event.site}")


def _births(state: State, event: Event) -> None:
    """A date of birth is one: sealed, and in clear no other. Read where the keys are at hand."""
    if not isinstance(event, participants.ParticipantRegistered) or state.unsealed_birth is None:
        return
    sealed = state.unsealed_birth(event.participant, event.identity)
    if sealed is None:
        return
    if sealed.last < EARLIEST or sealed.first > event.occurred_on:
        raise _unusable(
            event,
            "the sealed date of birth cannot be",
            f"it is not between {EARLIEST} and the day of the registration",
            "correct the date of birth",
        )
    if event.birth and agreed(sealed, parse_day(event.birth)) is None:
        raise _unusable(
            event,
            f"birth is {event.birth}, and the sealed date of birth is another",
            "they are of one person",
            "give the date of birth once; the ledger keeps its year",
        )


def _adverse_events(state: State, event: Event) -> None:
    name = getattr(event, "adverse_event", None)
    if name is None:
        return
    if (at := reported_in_error(state, name)) is not None:
        if _nullifies(event):
            return
        raise _unusable(
            event,
            f"{name} was entered in error",
            f"entry {at} says so",
            "report the adverse event anew; of a report that was sent, send its nullification",
        )
    about = getattr(event, "participant", None)
    if isinstance(event, safety.AdverseEventReported):
        if name in state.adverse_events:
            raise _unusable(
                event,
                f"there is an adverse event {name} already",
                todo="give it another number, or record an update",
            )
    elif state.adverse_events.get(name) != about:
        raise _unusable(event, f"{about} has no adverse event {name}", todo="report it first")


def _nullifications(state: State, event: Event) -> None:
    """Only the reports of an adverse event that was entered in error are nullified."""
    if _nullifies(event) and reported_in_error(state, event.adverse_event) is None:
        raise _unusable(event, f"{event.adverse_event} stands", todo="send a follow-up report")


def _terms(state: State, event: Event) -> None:
    """A term says something: spaces, signs and characters that are not seen do not."""
    if isinstance(event, safety.AdverseEventReported) and not says_something(event.term):
        raise _unusable(
            event,
            "term has no letter",
            "it says nothing of what happened",
            "choose a term, or write what happened in the words that were used",
        )


def _nullifies(event: Event) -> TypeGuard[safety.SafetyReportSent]:
    return isinstance(event, safety.SafetyReportSent) and event.report == "nullification"


def _named(state: State, event: Event) -> None:
    """Elements, encounters, levels and criteria are the protocol's."""
    if not state.versions:
        if isinstance(getattr(event, "participant", None), str):
            raise _unusable(event, "no protocol is active yet", todo="activate one first")
        return
    study = state.study
    visits = {name for one in state.versions for name in one.study.schedule.encounters}
    encounter, level = getattr(event, "encounter", None), getattr(event, "level", None)
    if encounter is not None and encounter not in visits:
        raise _unusable(
            event,
            f"the protocol has no encounter {encounter!r}",
            todo=f"use one of {', '.join(study.schedule.encounters)}",
        )
    if level is not None and level > len(study.treatment.dose_levels):
        raise _unusable(
            event,
            f"the protocol has no level {level}",
            f"it has {len(study.treatment.dose_levels)}",
        )
    criterion = getattr(event, "criterion", None)
    if criterion is not None and study.criterion(criterion) is None:
        raise _unusable(event, f"the protocol has no criterion {criterion!r}")
    named = (*(getattr(event, "elements", None) or ()), *getattr(event, "answers", ()))
    for name in named:
        _element(state, event, name)


def _element(state: State, event: Event, name: str) -> None:
    if name not in all_elements(state):
        raise _unusable(
            event, f"the protocol has no element {name!r}", todo="name one of its elements"
        )


def _values(state: State, event: Event) -> None:
    for one in _measured(event):
        _element(state, event, one.element)
        element = all_elements(state)[one.element]
        if one.value is None or not element.unit or element.kind != "measurement":
            continue
        if convert_for(element.analyte or None, one.value, one.unit, element.unit) is None:
            raise _unusable(
                event,
                f"{one.element} {one.value:g} {one.unit}",
                f"this unit does not convert to {element.unit}",
                "correct the unit",
            )


def _measured(event: Event) -> Iterable[Measured]:
    if isinstance(event, participants.FactRecorded):
        return (event.fact,)
    results: tuple[Measured, ...] = getattr(event, "results", ())
    return results


def _references(state: State, event: Event) -> None:
    """Positions, queries and site visits that an event refers to exist."""
    of = getattr(event, "of", None)
    for position in (of, *getattr(event, "entries", ())):
        if position is not None and position not in state.events:
            raise _unusable(
                event, f"there is no entry {position}", f"the ledger has {state.position}"
            )
    query = getattr(event, "query", None)
    if isinstance(event, review.QueryAnswered) and _status(state, event.query) == "closed":
        raise _unusable(event, f"query {query} is closed", todo="open another query")
    if isinstance(event, safety.ProtocolDeviationReviewed) and event.of not in state.deviations:
        raise _unusable(event, f"entry {event.of} is no deviation", todo="name the deviation")
    if query is not None and (query in state.queries) is (type(event).__name__ == "QueryOpened"):
        there = "there is a query" if query in state.queries else "there is no query"
        raise _unusable(event, f"{there} {query}")
    _settled(state, event)


def _status(state: State, query: str) -> str:
    return state.queries[query].status if query in state.queries else ""


def _counting(state: State, event: Event) -> None:
    """What is judged, verified, asked about or corrected is no entry that was made in error."""
    if isinstance(event, safety.ProtocolDeviation | participants.EntryVoided):
        return
    for position in (getattr(event, "of", None), *getattr(event, "entries", ())):
        if position is not None and not state.counts(position):
            at = state.voids[position].position
            raise _unusable(
                event,
                f"entry {position} was made in error",
                f"entry {at} says so",
                f"if it is right after all, mark entry {at} as made in error",
            )


def _voids(state: State, event: Event) -> None:
    if isinstance(event, participants.EntryVoided):
        why, todo = why_not_void(state, event)
        if why:
            raise _unusable(event, f"entry {event.of} is not marked as made in error", why, todo)
        _same_place(state, event, state.events[event.of])
    if isinstance(event, participants.VoidConfirmed):
        void = void_to_confirm(state, event)
        if void is None:
            raise _unusable(event, f"entry {event.of} waits for no confirmation")
        said = state.events[void.of]
        if said.site or getattr(said, "participant", None):  # else an investigator of any site may
            _same_place(state, event, said)


def _same_place(state: State, event: Event, entry: Event) -> None:
    """What is said of an entry is said where it was recorded, or where its participant is."""
    one, site = (
        state.participants.get(getattr(entry, "participant", None) or ""),
        site_of(state, entry),
    )
    if event.site not in {site, one.site if one else site}:
        raise _unusable(
            event,
            f"the entry is of {'site ' + site if site else 'the trial as a whole'}",
            f"this names {event.site or 'no site'}",
            "record it where the entry was recorded, or where its participant is now",
        )


def _ranges(state: State, event: Event) -> None:
    """A version of the reference ranges is one: what was graded by it is not graded by others."""
    if not isinstance(event, ReferenceRangesRecorded):
        return
    at = state.ranges.get((event.laboratory, event.version))
    if at is not None:
        raise _unusable(
            event,
            f"there are ranges of version {event.version} of laboratory {event.laboratory}",
            f"entry {at} holds them",
            f"give these another version, or first mark entry {at} as made in error",
        )


def _merges(state: State, event: Event) -> None:
    if isinstance(event, participants.ParticipantsMerged) and (
        event.into not in state.participants or event.into == event.participant
    ):
        raise _unusable(event, f"there is no other participant {event.into}")


def _settled(state: State, event: Event) -> None:
    """A closed query is neither answered nor closed again."""
    if isinstance(event, UrgentSafetyMeasureNotified) and event.of not in state.urgent:
        raise _unusable(event, f"entry {event.of} is no urgent safety measure")
    if not isinstance(event, QueryAnswered | QueryClosed):
        return
    if state.queries[event.query].status == "closed":
        raise _unusable(event, f"query {event.query} is closed", todo="open another query")


def _judgements(state: State, event: Event) -> None:
    """What is judged is a record of the participant, which an entry holds."""
    if not isinstance(event, records.RecordJudged):
        return
    held = state.events[event.of]
    mine = getattr(held, "participant", None) == event.participant
    if not mine or event.record not in {key[1] for key, _ in held_records(held)}:
        what = f"entry {event.of} holds no record {event.record} of {event.participant}"
        raise _unusable(event, what, todo="judge it from the list of records")
    if not event.answers:
        raise _unusable(event, "nothing is judged", todo="say what the record is, or is not")
    if "yes" not in event.answers.values() and _describes(event):
        raise _unusable(
            event,
            "days, drug or dose are given of what the record is not",
            todo="say what it is, or leave them out",
        )


def _describes(event: records.RecordJudged) -> bool:
    return bool(event.start or event.end or event.ongoing or event.drug or event.daily_dose)


def _corrections(state: State, event: Event) -> None:
    """What an entry would say once it is corrected is asked all that a new one is asked."""
    if not isinstance(event, participants.EntryCorrected):
        return
    said = validate_correction(state, event)
    for fault in _OF_CONTENT:
        fault(state, said)
    if not event.fields.keys().isdisjoint(("of", "entries")):  # else it was named while it counted
        _counting(state, said)


def _revocations(state: State, event: Event) -> None:
    """What is taken back was given there; it may still wait for a second person."""
    if not isinstance(event, RoleRevoked) or any(
        same_task(one, event) for _, one in waiting(state)
    ):
        return
    if event.role not in state.roles.get((event.user, event.site), set()):
        where = f"at site {event.site}" if event.site else "in the whole trial"
        raise _unusable(
            event,
            f"{event.user} is not {event.role} {where}",
            todo="revoke it where it was granted",
        )


def _confirmations(state: State, event: Event) -> None:
    """What is confirmed waits for it; only on the server it is confirmed without a signature."""
    if not isinstance(event, DelegationConfirmed):
        return
    if event.of not in state.unconfirmed:
        raise _unusable(event, f"entry {event.of} is no delegation that waits for a second person")
    site = delegation_of(state, event.of).site
    if event.site != site:
        where = f"site {site}" if site else "the whole trial"
        raise _unusable(event, f"the task is of {where}", todo="confirm it where it was given")
    if (event.administrator or event.reason) and event.recorded_by != SYSTEM:
        raise _unusable(
            event,
            "an administrator is named",
            "that is said of what is confirmed on the server",
            "leave it out, and sign",
        )


def _protocols(state: State, event: Event) -> None:
    if not state.mode and type(event).__name__ != "TrialCreated":
        raise _unusable(event, "the ledger has no trial yet", todo="begin with TrialCreated")
    held = ProtocolSubmitted | ProtocolActivated | ProtocolAmended
    if isinstance(event, held) and not event.document.strip():
        raise _unusable(event, "the document is empty")


def _sentences(state: State, event: Event) -> None:
    """What a deviation says in other languages is what it says in English."""
    if not isinstance(event, safety.ProtocolDeviation) or event.message is None:
        return
    text = read_back(event.message)
    if text is None or str(text) != event.description:
        raise _unusable(
            event,
            "message is not the sentence of the description",
            f"it says {text}" if text else "no catalogue has it",
            "leave it out; the description is enough",
        )


_Fault = Callable[[State, Event], None]
_OF_CONTENT: tuple[_Fault, ...] = (
    _finite,
    validate_days,
    _meetings,
    _births,
    _named,
    _terms,
    validate_codes,
    _nullifications,
    _values,
    _references,
    validate_product,
    validate_logs,
    _judgements,
)
"""What is asked of what an entry says: when it is recorded, and again of each correction."""
_OF_THE_ACT: tuple[_Fault, ...] = (_protocols, _paper, _places, _people)
"""What is asked of who records it, where, and of whom: nothing that a correction changes."""
_OF_OTHERS: tuple[_Fault, ...] = (
    _adverse_events,
    validate_numbers,
    validate_term_list,
    _counting,
    _corrections,
    _voids,
    _ranges,
    _merges,
    _revocations,
    _confirmations,
    _sentences,
)
"""What is asked of how it stands to what is recorded already."""
