"""How each record of a Bundle was understood: of what it is, through which code, and from when.

The facts say what is known of a person; this says of every record how it came to that. Whoever
keeps it needs no code list, and no vocabulary, to know later what was known then.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any, NamedTuple

from gradatim.core.codes import LABELS, normalised, system_of
from gradatim.evidence.codebook import Codebook
from gradatim.evidence.facts import Coding, Fact, Facts, NotUsed
from gradatim.evidence.fhir.bundles import Entry
from gradatim.evidence.fhir.datatypes import (
    Resource,
    Unreadable,
    obj,
)
from gradatim.evidence.fhir.medications import named_drug
from gradatim.evidence.fhir.reader import READERS, open_bundle
from gradatim.evidence.fhir.reader_context import NOT_ASKED, NOT_CODED, About, codes_of
from gradatim.protocol.elements import Element

_COMPARED: Mapping[str, tuple[str, ...]] = {
    "Condition": ("condition",),
    "Procedure": ("procedure", "exposure"),
    "MedicationStatement": ("exposure",),
    "MedicationAdministration": ("exposure",),
    "MedicationRequest": ("exposure",),
    "MedicationDispense": ("exposure",),
}
"""The kinds of elements that a record of a type is compared with, whatever its code."""
_UNSAID = ("meta", "text")
"""Parts of a resource that change without it: its version, and its words made from the rest."""


class Received(NamedTuple):
    """How one record was understood.

    Args:
        id: its place, such as `Condition/c7`.
        kind: its resource type; empty where there is none.
        content: SHA-256 of what it says, in hex.
        codes: what it is coded as.
        used: the elements that it is of, each with the code that says so, in words; where a
            vocabulary says it, with the listed code that this is.
        perhaps: the elements that it may be of.
        outside: kinds of elements of which it is known to be of no other.
        why: why it is not used; empty where it is.
        as_fact: its days, dose and route, as a fact of no element in particular; None where they
            cannot be told.
    """

    id: str
    kind: str
    content: str
    codes: tuple[Coding, ...]
    used: Mapping[str, str]
    perhaps: tuple[str, ...]
    outside: tuple[str, ...]
    why: str
    as_fact: Fact | None


def received(
    bundle: dict[str, Any],
    facts: Facts,
    codebook: Codebook,
    elements: Mapping[str, Element],
    *,
    on: date,
) -> Iterator[Received]:
    """Give how each record of a Bundle was understood, the Patient and what holds nothing left out.

    Args:
        bundle: the Bundle.
        facts: what was read from it with the same codebook, elements and day.
        codebook: the protocol's codes.
        elements: the protocol's elements by name.
        on: the day of the evaluation.

    Raises:
        UnusableInput: the Bundle as a whole cannot be used.
    """
    entries, about = open_bundle(bundle, codebook, elements, on)
    used: dict[str, list[Fact]] = {}
    for some in facts.by_element.values():
        for fact in some:
            used.setdefault(whole_record_id(fact.id), []).append(fact)
    left: dict[str, list[NotUsed]] = {}
    for record in facts.not_used:
        left.setdefault(whole_record_id(record.id), []).append(record)
    for entry in entries:
        if entry.kind != "Patient" and (entry.kind or entry.holds):
            yield _received(entry, used.get(entry.id, []), left.get(entry.id, []), about)


def whole_record_id(id_: str) -> str:
    """Return the id of the record that a part belongs to: `Condition/c7` of `Condition/c7#code`."""
    return id_.partition("#")[0]


def _received(entry: Entry, used: list[Fact], left: list[NotUsed], about: About) -> Received:
    concepts = _concepts(entry, about)
    codes = codes_of(concepts)
    perhaps = tuple(
        dict.fromkeys(
            name
            for one in left
            for name in (*one.elements, *(fact.element for fact in one.instead))
        )
    )
    names = dict.fromkeys(fact.element for fact in used)
    why = next((one.why for one in left if one.id == entry.id), "").partition(": ")[0]
    compared = _COMPARED.get(entry.kind, ())
    told = bool(names or perhaps) or why in (NOT_ASKED, NOT_CODED)
    return Received(
        entry.id,
        entry.kind,
        _content(entry.resource, concepts),
        codes,
        {name: _through(codes, name, about) for name in names},
        perhaps,
        compared if told else (),
        "" if names else why,
        used[0] if used else _as_fact(entry, perhaps, compared, about),
    )


def _concepts(entry: Entry, about: About) -> list[Resource]:
    """Return what says what a record is about; nothing of one that cannot be read."""
    try:
        if entry.kind.startswith("Medication") and entry.kind != "Medication":
            return named_drug(entry.resource, about).concepts()
        code = obj(entry.resource, "code")
    except Unreadable:
        return []
    return [] if code is None else [code]


def _content(resource: Resource, concepts: Iterable[Resource]) -> str:
    """Return the hash of what a resource says, with the drug that it refers to."""
    said = {name: value for name, value in resource.items() if name not in _UNSAID}
    plain = json.dumps([said, list(concepts)], sort_keys=True, default=str)
    return sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


def _through(codes: Iterable[Coding], name: str, about: About) -> str:
    """Return the code through which a record is of an element; empty where it is by its words."""
    for one in codes:
        system = system_of(one.system)
        if name in about.codebook.lookup(system, one.code)[0]:
            said = f"{named(system) or one.system} {one.code}".strip()
            listed = _listed(system, one.code, name, about)
            return said if listed is None else f"{said}, {IS_A} {listed}"
    return ""


IS_A = "which is"
"""Between a code and the listed one that a vocabulary places it under."""


def _listed(system: str, code: str, name: str, about: About) -> str | None:
    """Return the listed code that a vocabulary places a code under; None where it is listed."""
    vocabulary = about.codebook.vocabulary
    plain = Codebook({name: about.elements[name]})
    if vocabulary is None or name in plain.lookup(system, code)[0]:
        return None
    own = system, normalised(system, code)
    above = (one for part in (own, *vocabulary.parts(*own)) for one in vocabulary.above(*part))
    found = sorted(one for one in above if name in plain.lookup(*one)[0])
    return f"{named(found[0][0]) or found[0][0]} {found[0][1]}" if found else None


def named(system: str) -> str:
    """Return what people call a code system (short name); empty where it has no name here."""
    return "local" if system == "local" else LABELS.get(system, "")


@dataclass(frozen=True, slots=True)
class _AsIf(About):
    """Reads every record as one of a certain element, to tell the days that it would have."""

    element: str = ""

    def asked(self, concept: Resource | None) -> dict[str, str]:
        """Answer that every concept means the element."""
        return {self.element: ""}

    def ingredients(self, concepts: Iterable[Resource | None]) -> dict[str, tuple[str, ...]]:
        """Answer that whatever is named is the element, of one ingredient that is not told."""
        return {self.element: ("",)}

    @property
    def drugs_read(self) -> dict[bytes, Any]:
        """Return nothing: what is answered here is so of no drug."""
        return {}

    @property
    def numbers_read(self) -> dict[bytes, Any]:
        """Return nothing: what is answered here is so of no number."""
        return {}


def _as_fact(
    entry: Entry, perhaps: Iterable[str], compared: tuple[str, ...], about: About
) -> Fact | None:
    """Return what a record would say if it were of an element that it may be of."""
    names = [one for one in perhaps if about.elements[one].kind in compared]
    names += [one for kind in compared for one in about.of_kind(kind)]
    if not names or entry.kind not in READERS:
        return None
    as_if = _AsIf(
        about.codebook, about.elements, about.person, about.on, about.medications, names[0]
    )
    try:
        found = READERS[entry.kind][1](entry.resource, entry.id, as_if)
    except Unreadable:
        return None
    return next((one for one in found if isinstance(one, Fact)), None)
