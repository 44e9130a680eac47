"""Allergies: what a record of one says about severity, and about named substances.

Source: HL7 FHIR R4 (4.0.1), section 9.1, AllergyIntolerance.
"""

import re
from functools import lru_cache

from gradatim.core.dates import NEVER_ENDED, Day
from gradatim.evidence.facts import Fact, NotUsed
from gradatim.evidence.sources.about import About, Results, status_why
from gradatim.evidence.sources.datatypes import Resource, codes, day, items, obj, state, text, words
from gradatim.evidence.sources.onsets import point
from gradatim.protocol.elements import Allergies

NO_KNOWN_ALLERGY = ("snomed", "716186003")
ANAPHYLAXIS = ("snomed", "39579001")


def allergy(resource: Resource, id_: str, about: About) -> Results:
    """Read an AllergyIntolerance: a yes to the elements it answers, read out of a record.

    "No known allergy" is a no to all of them. A given answer outranks both (`derived`).

    Raises:
        Unreadable: a part is of the wrong shape.
    """
    verified = state(resource, "verificationStatus")
    if verified in ("refuted", "entered-in-error"):
        return [NotUsed(id_, status_why(verified))]
    doubtful = "unconfirmed" if verified in ("unconfirmed", "presumed") else ""
    none_known = NO_KNOWN_ALLERGY in codes(obj(resource, "code"))
    start = point(resource, "onset", about) or day(resource, "recordedDate") or about.undated()
    end = start if none_known else NEVER_ENDED
    names = _asking(about) if none_known else _answered(resource, about)
    facts = [_answer(name, id_, start, end, none_known, doubtful) for name in names]
    return [*facts] if facts else [NotUsed(id_, _why(resource, about))]


def _answer(name: str, id_: str, start: Day, end: Day, denied: bool, doubtful: str) -> Fact:
    code = "false" if denied else "true"
    return Fact(name, id_, start, end, code=code, derived=True, doubtful=doubtful)


def _asking(about: About) -> list[str]:
    return [name for name, element in about.elements.items() if element.allergies]


def _answered(resource: Resource, about: About) -> list[str]:
    severe, names = _severe(resource), _names(resource)
    return [name for name, element in about.elements.items()
            if element.allergies and _matches(element.allergies, severe, names)]  # fmt: skip


def _matches(asked: Allergies, severe: bool, names: list[str]) -> bool:
    named = any(_names_it(wanted, name) for wanted in asked.substances for name in names)
    return named or (asked.severe and severe)


def _severe(resource: Resource) -> bool:
    if text(resource, "criticality") == "high":
        return True
    for reaction in items(resource, "reaction"):
        if text(reaction, "severity") == "severe":
            return True
        shown = items(reaction, "manifestation")
        if any(ANAPHYLAXIS in codes(one) or _names_it("anaphylaxis", said) for one in shown
               for said in (*words(one), "")):  # fmt: skip
            return True
    return False


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
    graded = text(resource, "criticality") or any(
        text(one, "severity") for one in items(resource, "reaction"))  # fmt: skip
    how = "a mild allergy" if graded else "an allergy of unrecorded severity"
    return f"{how} answers no question of this protocol"
