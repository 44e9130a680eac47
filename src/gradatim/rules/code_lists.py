"""Check a protocol's lists of codes against a vocabulary: what should not, or no longer, be listed.

All are warnings: a vocabulary may be a part of a release, or older than the protocol. A code below
another of the same element is none; it is what screens without a vocabulary.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from gradatim.core.codes import LABELS
from gradatim.core.documents import Steps
from gradatim.protocol.elements import Element
from gradatim.protocol.references import Fault
from gradatim.protocol.study import Study
from gradatim.vocabulary.concepts import Code, Subsumption
from gradatim.vocabulary.graph import Vocabulary


class Listed(NamedTuple):
    """A code of an element, with its place in the protocol.

    Args:
        element: name of the element.
        code: the code; of a pattern (`I21*`) the code that stands before the asterisk.
        path: of the group of codes.
    """

    element: str
    code: Code
    path: Steps

    def __str__(self) -> str:
        """As a message names it."""
        system, code = self.code
        return f"{LABELS.get(system, system)} {code} of {self.element}"


def check_code_lists(study: Study, vocabulary: Vocabulary) -> Iterator[Fault]:
    """Return what a vocabulary finds wrong with the lists of codes of a protocol.

    Args:
        study: the protocol.
        vocabulary: what codes mean; systems that it does not hold are left alone.
    """
    listed = [one for one in _listed(study) if one.code[0] in vocabulary.counts]
    for check in _CHECKS:
        for one, what in check(study, vocabulary, listed):
            yield Fault(one.path, what, warning=True)


def _listed(study: Study) -> Iterator[Listed]:
    for name, element in study.elements.items():
        for i, group in enumerate(element.codes):
            for code in group.codes:
                if group.system == "icd10" and "-" in code:
                    continue  # a range of blocks, which need not be concepts
                path = ("elements", name, "codes", i)
                yield Listed(name, (group.system, code.removesuffix("*")), path)


_Found = Iterator[tuple[Listed, str]]


def unknown_codes(study: Study, vocabulary: Vocabulary, listed: list[Listed]) -> _Found:
    """Every code is known to the vocabulary, if that holds its system."""
    for one in listed:
        if vocabulary.concept(*one.code) is None:
            yield one, f"the vocabulary does not know {one}"


def retired_codes(study: Study, vocabulary: Vocabulary, listed: list[Listed]) -> _Found:
    """Every code is in use; of a retired one, what is used instead is listed as well."""
    for one in listed:
        concept = vocabulary.concept(*one.code)
        if concept is None or concept.active:
            continue
        instead = vocabulary.replacements(*one.code)
        codes = {other.code for other in listed if other.element == one.element}
        if instead and codes.issuperset(instead):
            continue
        named = ", ".join(_named(vocabulary, code) for code in instead)
        yield one, f"{one} is retired" + (f"; used instead: {named}" if named else "")


def codes_of_two_elements(study: Study, vocabulary: Vocabulary, listed: list[Listed]) -> _Found:
    """No code lies in another element of its kind, unless the two share codes or the whole does."""
    for name, element in study.elements.items():
        own = [one for one in listed if one.element == name]
        for other in study.elements:
            if other == name or study.elements[other].kind != element.kind:
                continue
            codes = {one.code for one in listed if one.element == other}
            inside = [one for one in own if vocabulary.above(*one.code) & codes]
            if any(one.code in codes for one in own):
                continue  # they are meant to overlap
            if len(inside) == len(own) or _all_inside(vocabulary, listed, other, own):
                continue  # one is a kind of the other, and meant to be
            for one in inside:
                above = _named(vocabulary, min(vocabulary.above(*one.code) & codes))
                yield one, f"{one} lies below {above} of {other}: a record of it counts for both"


def _all_inside(
    vocabulary: Vocabulary, listed: list[Listed], name: str, others: list[Listed]
) -> bool:
    codes = {one.code for one in others}
    own = [one for one in listed if one.element == name]
    return all(vocabulary.above(*one.code) & codes for one in own)


_KINDS = {
    "condition": ("404684003", "272379006", "243796009"),  # finding, event, situation
    "procedure": ("71388002", "243796009"),
    "exposure": ("105590001", "373873005", "763158003", "71388002"),  # substance, product, ...
    "measurement": ("363787002", "71388002", "404684003"),  # observable, procedure, finding
}
"""Top concepts of SNOMED CT that codes of a kind of element lie below."""


def codes_of_another_kind(study: Study, vocabulary: Vocabulary, listed: list[Listed]) -> _Found:
    """Every SNOMED CT code is of the kind of its element: no procedure among the conditions."""
    for one in listed:
        kind = study.elements[one.element].kind
        tops = [("snomed", code) for code in _KINDS.get(kind, ())]
        if one.code[0] != "snomed" or not tops:
            continue
        if all(vocabulary.subsumes(top, one.code) == Subsumption.NOT_SUBSUMED for top in tops):
            named = _named(vocabulary, one.code)
            yield one, f"{named} of {one.element} is no {kind} by its place in SNOMED CT"


def names_that_do_not_fit(study: Study, vocabulary: Vocabulary, listed: list[Listed]) -> _Found:
    """No code of a condition or procedure stands out by its name and its place from the others.

    A name of other words alone is none: a stroke is a cerebrovascular accident.
    """
    for name, element in study.elements.items():
        if element.kind not in ("condition", "procedure"):
            continue
        own = [one for one in listed if one.element == name]
        stems = {one: _stems(_name(vocabulary, one.code)) for one in own}
        words = _stems(_words(name, element))
        fit = {one for one in own if stems[one] & words.union(*_others(stems, one))}
        for one in own:
            if not stems[one] or one in fit or len(fit) < _SEVERAL:
                continue
            if not any(_related(vocabulary, one.code, other.code) for other in fit):
                called = _name(vocabulary, one.code)
                yield one, f"the vocabulary calls {one} {called!r}: check that it is meant"


def _others(stems: dict[Listed, set[str]], one: Listed) -> list[set[str]]:
    return [found for other, found in stems.items() if other != one]


def _related(vocabulary: Vocabulary, one: Code, other: Code) -> bool:
    return one in vocabulary.above(*other) or other in vocabulary.above(*one)


def _words(name: str, element: Element) -> str:
    words = (name, element.label, element.note, *element.synonyms, *element.ctcae_terms)
    return " ".join([*words, *(group.note for group in element.codes)])


def _stems(words: str) -> set[str]:
    found = re.findall(r"[^\W\d_]{4,}", words.replace("_", " ").lower())
    return {one[:_STEM] for one in found} - _EMPTY


_STEM = 5
_SEVERAL = 2
_EMPTY = {
    one[:_STEM]
    for one in (
        "disorder",
        "disease",
        "finding",
        "other",
        "with",
        "unspecified",
        "procedure",
        "structure",
        "acute",
        "chronic",
    )
}


def _name(vocabulary: Vocabulary, code: Code) -> str:
    concept = vocabulary.concept(*code)
    return concept.name if concept else ""


def _named(vocabulary: Vocabulary, code: Code) -> str:
    name = _name(vocabulary, code)
    return f"{LABELS.get(code[0], code[0])} {code[1]}" + (f" ({name})" if name else "")


_CHECKS: tuple[Callable[[Study, Vocabulary, list[Listed]], _Found], ...] = (
    unknown_codes,
    retired_codes,
    codes_of_two_elements,
    codes_of_another_kind,
    names_that_do_not_fit,
)
