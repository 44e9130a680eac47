"""One code in two versions of its dictionary: whether it still says what it said.

A code is unchanged where both versions, and whoever coded, call it the same, the newer one holds
it in use, and it stands under the same term in both: of MedDRA the preferred term, of WHODrug the
preferred name and the ATC codes. Where a version is not at hand, or does not hold what decides,
nobody can tell.
"""

from enum import StrEnum
from typing import NamedTuple

from gradatim.vocabulary.concepts import WHODRUG, Code, Concept
from gradatim.vocabulary.graph import Vocabulary


class CodeChange(StrEnum):
    """What became of a code in a newer version of its dictionary."""

    UNCHANGED = "unchanged"
    ABSENT = "absent"
    """The newer version does not hold it."""
    NOT_CURRENT = "not current"
    """The newer version holds it, and says that it is not to be used."""
    RENAMED = "renamed"
    MOVED = "moved"
    """It stands under another term."""
    NOT_KNOWN = "not known"
    """One of the versions is not at hand, or does not hold what decides."""


class CodeComparison(NamedTuple):
    """A code in a newer version of its dictionary.

    Args:
        change: what became of it.
        concept: the code there; None where it is not held, or the version is not at hand.
        under: the preferred term or name that it stands under, with the code of that; empty where
            it is not known.
        was: what it was called, or stood under, before, where that is another thing.
    """

    change: CodeChange
    concept: Concept | None = None
    under: str = ""
    was: str = ""


def compare_versions(
    older: Vocabulary | None, newer: Vocabulary | None, code: Code, term: str = ""
) -> CodeComparison:
    """Return what became of a code from one version of its dictionary to another.

    Args:
        older: the version that the code is of; None where it is not at hand.
        newer: the version to compare it with; None where it is not at hand.
        code: system and code.
        term: what whoever coded wrote beside the code; empty where nothing was.
    """
    if newer is None:
        return CodeComparison(CodeChange.NOT_KNOWN)
    now = newer.concept(*code)
    if now is None:
        return CodeComparison(CodeChange.ABSENT)
    under = _in_words(newer, code)
    if not now.active:
        return CodeComparison(CodeChange.NOT_CURRENT, now, under)
    was = older.concept(*code) if older is not None else None
    if older is None or was is None:
        return CodeComparison(CodeChange.NOT_KNOWN, now, under)
    if was.name != now.name:
        return CodeComparison(CodeChange.RENAMED, now, under, was.name)
    if term and term.casefold() != now.name.casefold():
        return CodeComparison(CodeChange.RENAMED, now, under, term)
    before, after = _place(older, code), _place(newer, code)
    if before is None or after is None:
        return CodeComparison(CodeChange.NOT_KNOWN, now, under)
    if before != after:
        return CodeComparison(CodeChange.MOVED, now, under, _in_words(older, code))
    return CodeComparison(CodeChange.UNCHANGED, now, under)


_LOWEST, _PREFERRED = (4, 1), (3, 0)
"""How many steps a term has above it: with the levels of the hierarchy, and without them. With
them, a term with fewer is a group or a system organ class."""


def preferred_term(vocabulary: Vocabulary, code: Code) -> Code | None:
    """Return the preferred term of MedDRA that a term stands under; None where that is not known.

    A term of the lowest level stands under one; a preferred term is its own. The levels above,
    such as system organ classes, have none.
    """
    above, height = _above(vocabulary, code), _height(vocabulary, code)
    if height < _PREFERRED[0] and vocabulary.is_placed(*code):
        return None
    if height in _LOWEST:
        return above[0] if len(above) == 1 else None
    return code if height in _PREFERRED and vocabulary.concept(*code) else None


def _height(vocabulary: Vocabulary, code: Code) -> int:
    return max((1 + _height(vocabulary, one) for one in _above(vocabulary, code)), default=0)


def _above(vocabulary: Vocabulary, code: Code) -> tuple[Code, ...]:
    return tuple(one for one in vocabulary.broader(*code) if one[0] == code[0] and one != code)


def _place(vocabulary: Vocabulary, code: Code) -> frozenset[Code] | None:
    """Return what a code is counted under; None where that is not known."""
    if code[0] == WHODRUG:
        return vocabulary.above(*code) | vocabulary.perhaps(*code)
    found = preferred_term(vocabulary, code)
    return None if found is None else frozenset({found})


def _in_words(vocabulary: Vocabulary, code: Code) -> str:
    """Return what a code stands under, with the code of that; empty where it is not known."""
    if code[0] == WHODRUG:
        above = (vocabulary.above(*code) - {code}) | vocabulary.perhaps(*code)
    else:
        found = preferred_term(vocabulary, code)
        above = frozenset({found} if found else ())
    concepts = (vocabulary.concept(*one) for one in sorted(above))
    return ", ".join(f"{one.name} ({one.code})".strip() for one in concepts if one)
