"""The hierarchy of ATC, which its codes show.

Source: WHO Collaborating Centre for Drug Statistics Methodology, "ATC: structure and principles".
"""

from collections.abc import Iterable, Iterator

from gradatim.vocabulary.concepts import Code, Concept, Held, Link
from gradatim.vocabulary.stores.writing import Writer

_LENGTHS = (1, 3, 4, 5, 7)


def atc_parent(code: str) -> str:
    """Return the code one level up; empty at the top, and of what is no ATC code."""
    if len(code) not in _LENGTHS:
        return ""
    return code[: _LENGTHS[_LENGTHS.index(len(code)) - 1]] if len(code) > 1 else ""


def hierarchy(writer: Writer, codes: Iterable[str]) -> None:
    """Put down where codes stand, up to their anatomical main groups."""
    places = {code: atc_parent(code) for each in codes for code in _upward(each)}
    writer.concepts(Held(Concept("atc", code), placed=True) for code in places)
    pairs = ((("atc", code), ("atc", above)) for code, above in places.items() if above)
    writer.links(Link.IS_A, pairs)


def _upward(code: str) -> Iterator[str]:
    while code and len(code) in _LENGTHS:
        yield code
        code = atc_parent(code)


def substances(writer: Writer, pairs: Iterable[tuple[Code, str]]) -> None:
    """Put down which ATC codes (level 5) an ingredient has.

    An ATC code of one ingredient is that ingredient. An ingredient with one code means the same;
    one with several, for several routes or uses, is one of them, and all that they have in common.

    Args:
        writer: where to.
        pairs: each ingredient and a code of it.
    """
    codes: dict[Code, set[str]] = {}
    ingredients: dict[str, set[Code]] = {}
    for ingredient, code in pairs:
        codes.setdefault(ingredient, set()).add(code)
        ingredients.setdefault(code, set()).add(ingredient)
    alone = {code: some for code, some in ingredients.items() if len(some) == 1}
    writer.links(Link.IS_A, ((("atc", code), one) for code, some in alone.items() for one in some))
    several: list[tuple[Code, Code]] = []
    same: list[tuple[Code, Code]] = []
    for ingredient, found in codes.items():
        own = {code for code in found if code in alone} or found
        kept = several if len(own) > 1 else same
        kept += [(ingredient, ("atc", code)) for code in own]
        shared = set.intersection(*({code[:size] for size in _LENGTHS} for code in own))
        same += [(ingredient, ("atc", code)) for code in shared if len(own) > 1]
    writer.links(Link.ONE_OF, several)
    writer.links(Link.IS_A, same)
