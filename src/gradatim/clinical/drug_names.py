"""Names of drugs in words: hints at what a record is about, never proof."""

import re
import unicodedata
from functools import lru_cache

from gradatim.clinical.drugs import Drug, drugs

_REMEMBERED = 50_000


@lru_cache(maxsize=_REMEMBERED)
def drugs_named(text: str) -> tuple[tuple[Drug, str], ...]:
    """Return the drugs of the table that a text names, each with the word as it stands there.

    Names and brands are found as whole words, in any case, with or without accents: "warfarin" in
    "Warfarin sodium", not in "warfarinised". In Chinese, which has no spaces, anywhere.

    Source: each drug's own row of the table.
    """
    if not text:
        return ()
    folded = _folded(text)
    found: dict[str, tuple[Drug, str]] = {}
    for match in _pattern().finditer(folded):
        for drug in _by_folded()[match[0]]:
            found.setdefault(drug.name, (drug, _as_written(text, folded, match)))
    return tuple(found.values())


def _folded(text: str) -> str:
    """Return a text without case and accents."""
    parts = unicodedata.normalize("NFKD", text)
    bare = "".join(one for one in parts if not unicodedata.combining(one))
    return " ".join(bare.casefold().split())


def _as_written(text: str, folded: str, match: re.Match[str]) -> str:
    """Return the word in its own letters, where folding has kept their number."""
    plain = " ".join(text.split())
    return plain[match.start() : match.end()] if len(plain) == len(folded) else match[0]


@lru_cache(maxsize=1)
def _by_folded() -> dict[str, tuple[Drug, ...]]:
    found: dict[str, tuple[Drug, ...]] = {}
    for one in drugs():
        for name in (one.name, *one.brands):
            folded = _folded(name)
            if one not in found.get(folded, ()):
                found[folded] = (*found.get(folded, ()), one)
    return found


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    """Return what finds any name, the longest first; Latin letters and digits go on in a word."""
    names = sorted(_by_folded(), key=len, reverse=True)
    spaced = [re.escape(one) for one in names if one.isascii()]
    other = [re.escape(one) for one in names if not one.isascii()]
    words = rf"(?<![a-z0-9])(?:{'|'.join(spaced)})(?![a-z0-9])"
    return re.compile("|".join([words, *other]))
