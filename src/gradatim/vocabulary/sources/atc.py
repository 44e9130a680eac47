"""The hierarchy of ATC, which its codes show.

Source: WHO Collaborating Centre for Drug Statistics Methodology, "ATC: structure and principles".
"""

from collections.abc import Iterable, Iterator

from gradatim.vocabulary.concepts import Code, Held, Link
from gradatim.vocabulary.stores.writing import Writer

_LENGTHS = (1, 3, 4, 5, 7)


def atc_parent(code: str) -> str:
    """Return the code one level up; empty at the top, and of what is no ATC code."""
    if len(code) not in _LENGTHS:
        return ""
    return code[: _LENGTHS[_LENGTHS.index(len(code)) - 1]] if len(code) > 1 else ""


def atc_chain(code: str) -> Iterator[tuple[Code, Code]]:
    """Return the links from a code up to its anatomical main group."""
    while parent := atc_parent(code):
        yield ("atc", code), ("atc", parent)
        code = parent


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


def placed(held: Held) -> Held:
    """Return a concept with its place, if it is a code of ATC."""
    code = held.concept.code
    return held._replace(placed=len(code) in _LENGTHS) if held.concept.system == "atc" else held
