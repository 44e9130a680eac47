"""Allergies: what a record of one says about severity, and about named substances.

Source: HL7 FHIR R4 (4.0.1), section 9.1, AllergyIntolerance.
"""

import re
from functools import lru_cache

from gradatim.core.dates import NEVER_ENDED, Day
from gradatim.core.message import Text
from gradatim.core.verdict import Reason
from gradatim.evidence.doubts import Doubt
from gradatim.evidence.facts import Fact, NotUsed
from gradatim.evidence.fhir.datatypes import (
    ABSENT_OR_UNKNOWN,
    UNSETTLED,
    Resource,
    Unreadable,
    codes,
    day,
    items,
    obj,
    raw_codes,
    state,
    text,
    words,
)
from gradatim.evidence.fhir.onsets import point
from gradatim.evidence.fhir.reader_context import About, Results, contradictory, status_why
from gradatim.evidence.fhir.statuses import REFUTED, UNCONFIRMED
from gradatim.protocol.elements import Allergies

_NONE_KNOWN = {("http://snomed.info/sct", "716186003"), (ABSENT_OR_UNKNOWN, "no-known-allergies")}
_NOTHING_TOLD = (ABSENT_OR_UNKNOWN, "no-allergy-info")
ANAPHYLAXIS = ("snomed", "39579001")
_DOUBTS = {
    **dict.fromkeys(UNCONFIRMED, Doubt.UNCONFIRMED()),
    UNSETTLED: Doubt.NOT_VERIFIED(),
}
_OVER = ("inactive", "resolved")


def allergy(resource: Resource, id_: str, about: About) -> Results:
    """Read an AllergyIntolerance: a yes to the elements it answers, read out of a record.

    "No known allergy" is a no to all of them. A given answer outranks both (`derived`). A record
    that cannot be read leaves all of them open.
    """
    try:
        return _read(resource, id_, about)
    except Unreadable as error:
        return [unsettled_allergy(id_, error.message, about)]


def unsettled_allergy(id_: str, why: Text, about: About) -> NotUsed:
    """Say of an allergy that is not read that it leaves open what allergies answer."""
    at = about.undated()
    instead = tuple(
        Fact(
            name, id_, at, NEVER_ENDED, derived=True, doubtful=why, unsettled=Reason.NOT_UNDERSTOOD
        )
        for name in _asking(about)
    )
    return NotUsed(id_, str(why), instead=instead)


def _read(resource: Resource, id_: str, about: About) -> Results:
    verified = state(resource, "verificationStatus")
    if verified in REFUTED:
        return [NotUsed(id_, status_why(verified))]
    doubtful: Text = _DOUBTS.get(verified, "")
    said = set(raw_codes(obj(resource, "code")))
    if _NOTHING_TOLD in said:
        return [NotUsed(id_, "says that nothing is known of allergies")]
    start = point(resource, "onset", about) or day(resource, "recordedDate") or about.undated()
    if said & _NONE_KNOWN:
        return _none_known(resource, id_, start, doubtful, about)
    answered = {name: doubtful or doubt for name, doubt in _answered(resource, about).items()}
    facts = [
        Fact(name, id_, start, NEVER_ENDED, code="true", derived=True, doubtful=doubt)
        for name, doubt in answered.items()
    ]
    return [*facts] if facts else [NotUsed(id_, _why(resource, about))]


def _none_known(resource: Resource, id_: str, start: Day, doubtful: Text, about: About) -> Results:
    """Read a record that says that no allergy is known; one that is over says it no more."""
    clinical = state(resource, "clinicalStatus")
    if clinical in _OVER:
        return [NotUsed(id_, f"says that no allergy is known, and is {clinical}")]
    facts: Results = [
        Fact(name, id_, start, start, code="false", derived=True, doubtful=doubtful)
        for name in _asking(about)
    ]
    if _severe(resource) or items(resource, "reaction"):
        why = "says that no allergy is known, and tells of a reaction"
        return contradictory(id_, why, facts)
    return facts or [NotUsed(id_, _why(resource, about))]


def _asking(about: About) -> list[str]:
    return [name for name, element in about.elements.items() if element.allergies]


def _answered(resource: Resource, about: About) -> dict[str, Text]:
    """Return the elements that a record says yes to, each with why it may not count, or nothing."""
    names = _names(resource)
    asking = {name: about.elements[name].allergies for name in _asking(about)}
    found = {name: _says(asked, resource, names) for name, asked in asking.items() if asked}
    return {name: doubt for name, doubt in found.items() if doubt is not None}


def _says(asked: Allergies, resource: Resource, names: list[str]) -> Text | None:
    """Return why a record may not answer with yes (empty: it does); None where it does not.

    An intolerance is no allergy, unless it came with anaphylaxis, which is a sign of one.
    """
    intolerance = text(resource, "type") == "intolerance"
    if any(_names_it(wanted, name) for wanted in asked.substances for name in names):
        return Doubt.INTOLERANCE() if intolerance else ""
    if not asked.severe:
        return None
    if intolerance:
        return Doubt.ANAPHYLAXIS() if _anaphylaxis(resource) else None
    if _severe(resource):
        return ""
    return None if _graded(resource) else Doubt.NO_SEVERITY()


def _severe(resource: Resource) -> bool:
    severities = [text(one, "severity") for one in items(resource, "reaction")]
    critical = text(resource, "criticality") == "high"
    return critical or "severe" in severities or _anaphylaxis(resource)


def _anaphylaxis(resource: Resource) -> bool:
    shown = [sign for one in items(resource, "reaction") for sign in items(one, "manifestation")]
    return any(
        ANAPHYLAXIS in codes(one) or any(_names_it("anaphylaxis", said) for said in words(one))
        for one in shown
    )


def _graded(resource: Resource) -> bool:
    """Whether it is recorded that an allergy is not severe."""
    severities = [text(one, "severity") for one in items(resource, "reaction")]
    return text(resource, "criticality") == "low" or any(severities)


def _names(resource: Resource) -> list[str]:
    """Give every text and code that names what the person reacts to."""
    reactions = items(resource, "reaction")
    concepts = [obj(resource, "code"), *(obj(one, "substance") for one in reactions)]
    return [name for concept in concepts for name in words(concept)]


def _names_it(wanted: str, said: str) -> bool:
    """Whether a text names a substance: as a whole word, so that `albumin` is no `ovalbumin`."""
    return bool(_whole_word(wanted).search(said))


@lru_cache(maxsize=1024)
def _whole_word(wanted: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(wanted.strip().casefold())}(?!\w)")


def _why(resource: Resource, about: About) -> str:
    if not _asking(about):
        return "allergies are not asked about by this protocol"
    if text(resource, "type") == "intolerance":
        return f"is {Doubt.INTOLERANCE()}"
    return "a mild allergy answers no question of this protocol"
