"""Histories: Conditions, Procedures and participation in research.

Source: HL7 FHIR R4 (4.0.1), sections 9.2 (Condition), 9.3 (Procedure) and 7.5
(ResearchSubject).
"""

from collections.abc import Iterable
from datetime import date

from gradatim.core.dates import Day
from gradatim.core.message import Term, Text
from gradatim.evidence.doubts import Doubt
from gradatim.evidence.facts import Fact, NotUsed
from gradatim.evidence.fhir.datatypes import (
    ABSENT_OR_UNKNOWN,
    UNSETTLED,
    Contradictory,
    Resource,
    day,
    obj,
    period,
    raw_codes,
    state,
    text,
)
from gradatim.evidence.fhir.onsets import point
from gradatim.evidence.fhir.reader_context import (
    About,
    Results,
    besides,
    contradictory,
    happened,
    not_understood,
    settle,
    status_why,
)
from gradatim.evidence.fhir.statuses import (
    CONDITION_GOES_ON,
    ENTERED_IN_ERROR,
    LEFT_TRIAL,
    NOT_IN_TRIAL,
    PROCEDURE_DONE,
    PROCEDURE_GOES_ON,
    PROCEDURE_NOT_DONE,
    REFUTED,
    TRIAL_NOT_BEGUN,
    UNCONFIRMED,
)

_DOUBTS = {
    **dict.fromkeys(UNCONFIRMED, Doubt.UNCONFIRMED()),
    UNSETTLED: Doubt.NOT_VERIFIED(),
}
NO_KNOWN_PROBLEM = (ABSENT_OR_UNKNOWN, "no-known-problems")


def condition(resource: Resource, id_: str, about: About) -> Results:
    """Read a Condition.

    Raises:
        Unreadable: a part is of the wrong shape.
    """
    verified = state(resource, "verificationStatus")
    if verified in REFUTED:
        return [NotUsed(id_, status_why(verified))]
    concept = obj(resource, "code")
    if NO_KNOWN_PROBLEM in raw_codes(concept):
        return [NotUsed(id_, "says that no problem is known")]
    asked = about.asked(concept)
    open_to = about.open_to([concept], about.of_diagnosis(concept), asked)
    if not asked:
        return [not_understood(id_, [concept], open_to, about)]
    doubtful: Text = _DOUBTS.get(verified, "")
    try:
        start, end = _days(resource, about)
    except Contradictory as error:
        some = about.undated()
        found = contradictory(id_, error.message, _all(asked, id_, some, some, doubtful, about))
    else:
        found = _all(asked, id_, start, end, doubtful, about)
        if why := _contradiction(resource, end, about):
            found = contradictory(id_, why, found)
    return [*found, *besides(id_, [concept], open_to, about)]


def _days(resource: Resource, about: About) -> tuple[Day, Day]:
    start = point(resource, "onset", about) or day(resource, "recordedDate") or about.undated()
    return start, _condition_end(resource, start, about)


def _contradiction(resource: Resource, end: Day, about: About) -> Text:
    """Return that something is still active after its end, or nothing (constraint con-4)."""
    clinical = state(resource, "clinicalStatus")
    abated = any(name.startswith("abatement") for name in resource if resource[name] is not None)
    if clinical in CONDITION_GOES_ON and abated and end.last <= about.on:
        return Doubt.ACTIVE_AFTER_ITS_END(status=Term(clinical), day=end)
    return ""


def _condition_end(resource: Resource, start: Day, about: About) -> Day:
    end = point(resource, "abatement", about)
    if end is None:
        clinical = state(resource, "clinicalStatus")
        if clinical in ("", UNSETTLED):
            return Day(start.first, date.max)
        return about.until(start, clinical in CONDITION_GOES_ON)
    if end.last < start.first:
        raise Contradictory(Doubt.ENDS_BEFORE_IT_BEGINS(day=end, day2=start))
    return Day(max(end.first, start.first), end.last)


def procedure(resource: Resource, id_: str, about: About) -> Results:
    """Read a Procedure.

    Raises:
        Unreadable: a part is of the wrong shape.
    """
    status = text(resource, "status")
    if status in PROCEDURE_NOT_DONE:
        return [NotUsed(id_, status_why(status))]
    concept = obj(resource, "code")
    asked = about.asked(concept)
    open_to = about.open_to([concept], about.of_procedure(), asked)
    if not asked:
        return [not_understood(id_, [concept], open_to, about)]
    # Whether one broken off, or of unknown status, counts is for a person to say.
    known = status in PROCEDURE_DONE
    open_ = Doubt.STATUS(status=Term(status)) if status else Doubt.NO_STATUS()
    doubtful: Text = "" if known else open_
    start, end = _performed(resource, status == PROCEDURE_GOES_ON, about)
    return [
        *_all(asked, id_, start, end, doubtful, about),
        *besides(id_, [concept], open_to, about),
    ]


def _performed(resource: Resource, goes_on: bool, about: About) -> tuple[Day, Day]:
    span = period(resource, "performedPeriod")
    if span and span[0]:
        return span[0], span[1] or about.until(span[0], goes_on)
    start = point(resource, "performed", about) or about.undated()
    return start, about.until(start, True) if goes_on else start


def _all(
    asked: Iterable[str], id_: str, start: Day, end: Day, doubtful: Text, about: About
) -> Results:
    facts: list[Fact] = []
    faults: dict[str, str] = {}
    for name in asked:
        found = happened(name, id_, start, end, about, doubtful)
        if isinstance(found, Fact):
            facts.append(found)
        else:
            faults[name] = found
    return settle(id_, facts, faults)


ANY_TRIAL = "other_trial_participation"
"""The element that stands for participation in whatever other trial; others ask for some kinds."""


def research_subject(resource: Resource, id_: str, about: About) -> Results:
    """Read a ResearchSubject: a participation in a trial, over its period.

    Raises:
        Unreadable: a part is of the wrong shape.
    """
    status = text(resource, "status")
    if status in NOT_IN_TRIAL:
        return [NotUsed(id_, f"status {status} is no participation")]
    if not status or status == ENTERED_IN_ERROR:
        return [NotUsed(id_, status_why(status))]
    if about.codebook.study and about.codebook.study in _study_names(resource):
        return [NotUsed(id_, "is the participation in this very trial")]
    start, end = period(resource, "period") or (None, None)
    start = start or about.undated()
    end = end or about.until(start, status not in LEFT_TRIAL)
    doubtful: Text = Doubt.NOT_BEGUN() if status == TRIAL_NOT_BEGUN else ""
    names = about.of_kind("participation")
    if ANY_TRIAL not in names:
        return _answers(
            names, id_, start, end, doubtful, "participation in trials is not asked about"
        )
    narrower = [name for name in names if name != ANY_TRIAL]
    found = _answers([ANY_TRIAL], id_, start, end, doubtful, "")
    if narrower:
        doubtful = doubtful or Doubt.NO_KIND_OF_TRIAL()
        found += _answers(narrower, id_, start, end, doubtful, "")
    return found


def _study_names(resource: Resource) -> set[str]:
    """Give what the study of a ResearchSubject is called: identifier, reference, display."""
    study = obj(resource, "study") or {}
    identifier = obj(study, "identifier") or {}
    reference = text(study, "reference")
    return {text(identifier, "value"), reference.split("/")[-1], text(study, "display")} - {""}


def _answers(
    names: Iterable[str], id_: str, start: Day, end: Day, doubtful: Text, otherwise: str
) -> Results:
    facts = [Fact(name, id_, start, end, doubtful=doubtful) for name in names]
    return [*facts] if facts else [NotUsed(id_, otherwise)]
