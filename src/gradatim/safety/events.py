"""Adverse events as the safety floor sees them, and what their causality and seriousness come to.

The ledger builds these values from what was recorded. What is not known is left empty, and empty
is never taken for harmless: an event that nobody judged is not "unrelated".
"""

from msgspec import Struct

from gradatim.core.dates import Day
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, Truth, any_of
from gradatim.evidence.facts import RELATED, GradeSpell

NOT_RELATED = ("unrelated", "unlikely")
"""Judgements that exclude a relation to the product; every word in neither list is unknown."""
DEATH, LIFE_THREATENING = "death", "life_threatening"
SERIOUS = (
    DEATH,
    LIFE_THREATENING,
    "hospitalisation",
    "disability",
    "congenital_anomaly",
    "important_medical_event",
)
"""Criteria of seriousness. Source: ICH E2A (1994), section II.B."""
FATAL_OUTCOME = "fatal"
FATAL_GRADE = 5
"""Source: CTCAE v5.0 (2017), "Grade 5: Death related to AE"; ASTCT 2019 likewise."""


class AdverseEvent(Struct, frozen=True, kw_only=True):
    """One adverse event of one participant, as it is known at the time asked about.

    Args:
        id: identifier, unique in the trial.
        participant: whose event it is.
        term: the CTCAE term, or the words in which it was reported.
        grade: 1 to 5 by `scale`; None while nobody has graded it.
        onset: the day it began, possibly known in part.
        scale: `CTCAE v5.0` or `ASTCT 2019`.
        resolved: the day it ended, possibly known in part; None while it goes on.
        serious: criteria of `SERIOUS` that it meets.
        investigator_relation: `unrelated`, `unlikely`, `possible`, `probable`, `definite` or
            `related`; empty while the investigator has not judged.
        sponsor_relation: likewise of the sponsor.
        expected: whether nature and severity are in the reference safety information; None while
            nobody has said.
        reference_safety_information: the version that `expected` was judged by.
        elements: further elements of the protocol that it is an event of, as a person said.
        not_elements: elements that an investigator has said it is not an event of.
        led_to: what was done because of it, such as `withdrawal` or `dose_withheld`.
        lab: derived from a graded laboratory value, and not yet judged by a person.
        doubted: whether the investigator once had not judged the relation, or could not exclude it.
        outcome: as last recorded; empty if it is not.
        spells: the grades that it had, one after another; none where `grade` is that all along.
        exposed: whether the participant may have been given the product before it began.
        also_called: other names of its term, by the list that it was picked from.
        codes: codes of its term by that list, each with its system.
    """

    id: str
    participant: str
    term: str
    grade: int | None
    onset: Day
    scale: str = "CTCAE v5.0"
    resolved: Day | None = None
    serious: tuple[str, ...] = ()
    investigator_relation: str = ""
    sponsor_relation: str = ""
    expected: bool | None = None
    reference_safety_information: str = ""
    elements: tuple[str, ...] = ()
    not_elements: tuple[str, ...] = ()
    led_to: tuple[str, ...] = ()
    lab: bool = False
    doubted: bool = False
    exposed: bool = True
    outcome: str = ""
    spells: tuple[GradeSpell, ...] = ()
    also_called: tuple[str, ...] = ()
    codes: tuple[tuple[str, str], ...] = ()


def causality_truth(word: str) -> Truth:
    """Give what one judgement of causality says; `unlikely` excludes, as in `facts.RELATED`."""
    if word in RELATED:
        return TRUE
    return FALSE if word in NOT_RELATED else UNKNOWN


def relation(event: AdverseEvent) -> Truth:
    """Give whether an adverse event is related to the product: the more related judgement counts.

    Returns:
        TRUE where the investigator or the sponsor cannot exclude it; FALSE only where the
        investigator excludes it and the sponsor does not say otherwise; UNKNOWN while the
        investigator has not judged. The sponsor never makes it less related.

    Source: ICH E2A (1994), section III.A.1; Regulation (EU) 536/2014, Annex III, 2.1.
    """
    investigator, sponsor = (
        causality_truth(event.investigator_relation),
        causality_truth(event.sponsor_relation),
    )
    if not event.sponsor_relation:
        return investigator
    return any_of([investigator, sponsor])


def suspicion(event: AdverseEvent) -> Truth:
    """Return whether an adverse event is related, as the stopping rules take it.

    Returns:
        As `relation`, but that UNKNOWN becomes FALSE only once the investigator and the sponsor
        have excluded it. The sponsor is waited for where it must judge, which it does of whatever
        is serious, and where the investigator had a doubt before.

    Source: ICH E2A (1994), section III.A.1; Regulation (EU) 536/2014, Annex III, 2.1.
    """
    found = relation(event)
    waits = event.exposed and (is_serious(event) or event.doubted)
    if found is FALSE and waits and causality_truth(event.sponsor_relation) is not FALSE:
        return UNKNOWN
    return found


def graded(event: AdverseEvent) -> int | None:
    """Give the grade: of an event that was fatal 5, whatever was written; None if not graded."""
    return FATAL_GRADE if fatal(event) else event.grade


def fatal(event: AdverseEvent) -> bool:
    """Whether a person died of it."""
    return DEATH in event.serious or event.grade == FATAL_GRADE


def grave(event: AdverseEvent) -> bool:
    """Whether it was fatal or life-threatening: what is reported within seven days.

    Source: ICH E2A (1994), section III.B.1.
    """
    return fatal(event) or LIFE_THREATENING in event.serious


def is_serious(event: AdverseEvent) -> bool:
    """Whether it meets a criterion of seriousness; a fatal grade is one."""
    return bool(event.serious) or fatal(event)
