"""The terms of CTCAE v5.0: whether a written term is one of them, however it is written.

A term that is none of them may stand for anything; whoever asks has to be told so.
Source: NCI, Common Terminology Criteria for Adverse Events v5.0 (27 November 2017), the workbook
published by the National Cancer Institute (public domain): term, system organ class, MedDRA code
and printed grades of every term but the 26 called "Other, specify", which name nothing.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from gradatim.clinical import load
from gradatim.clinical.ctcae.grade import clinical_terms
from gradatim.clinical.ctcae.table import analytes

UNSPECIFIC = ("Death NOS", "Sudden death NOS")
"""Terms of CTCAE v5.0 that do not say what happened: any event may be the cause."""
_IGNORED = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
"""Characters without a width that Unicode does not class as format characters.

Source: Unicode 15.1, DerivedCoreProperties.txt, Default_Ignorable_Code_Point."""


_SPELLINGS = tuple(
    (re.compile(british), american)
    for british, american in (
        (r"[ao]+e", "e"),  # anaemia, oedema, diarrhoea, haemorrhage
        (r"our", "or"),  # tumour, odour
        (r"sulph", "sulf"),
        (r"is(e|ed|ing|ation)\b", r"iz\1"),  # localised, hospitalisation
        (r"yse(d?)\b", r"yze\1"),  # paralysed
        (r"tre\b", "ter"),  # titre, centre
    )
)
"""British spellings, which MedDRA uses, as the American ones of CTCAE; both sides are folded so."""


@lru_cache(maxsize=8192)
def folded(term: str) -> str:
    """Return a term as it is compared: width, case, spaces, hyphens and unseen characters aside.

    British and American spellings are one.

    Source: Unicode Standard Annex 15 (NFKC) and section 3.13, default caseless matching.
    """
    once = unicodedata.normalize("NFKC", term).casefold()
    seen = "".join(_as_compared(one) for one in unicodedata.normalize("NFKC", once))
    found = " ".join(seen.split())
    for spelled, instead in _SPELLINGS:
        found = spelled.sub(instead, found)
    return found


def says_something(term: str) -> bool:
    """Whether a term has a letter or a digit that is seen: spaces and signs alone say nothing."""
    return any(unicodedata.category(one)[0] in "LN" for one in folded(term))


def _as_compared(character: str) -> str:
    kind = unicodedata.category(character)
    if kind == "Cf" or character in _IGNORED or 0xFE00 <= ord(character) <= 0xFE0F:
        return ""
    return " " if kind in ("Cc", "Pd") else character


@lru_cache(maxsize=1)
def system_organ_classes() -> Mapping[str, str]:
    """Return the system organ class of each CTCAE v5.0 term, by the folded term."""
    return {folded(row["term"]): row["soc"] for row in load.csv_rows("ctcae_v5_terms.csv")}


@lru_cache(maxsize=1)
def terms() -> tuple[str, ...]:
    """Return the terms of CTCAE v5.0 as printed, in the order of the alphabet."""
    return tuple(sorted((row["term"] for row in load.csv_rows("ctcae_v5_terms.csv")), key=folded))


@lru_cache(maxsize=1)
def _grades() -> Mapping[str, tuple[int, ...]]:
    return {
        folded(row["term"]): tuple(map(int, row["grades"]))
        for row in load.csv_rows("ctcae_v5_terms.csv")
    }


def grades_of_term(term: str) -> tuple[int, ...]:
    """Return the grades that CTCAE v5.0 prints for a term, ascending; none for no term of it."""
    return _grades().get(folded(term), ())


def highest_grade(term: str) -> int | None:
    """Return the highest grade that CTCAE v5.0 has for a term, or None for a term not known here.

    Grade 5 is a death related to the event; a term without it is one that nobody dies of, such as
    headache, and whoever died had another event.
    """
    return max(grades_of_term(term), default=None)


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    graded = {folded(one.term) for one in clinical_terms()}
    measured = {folded(one.name) for analyte in analytes() for one in analyte.terms}
    unspecific = {folded(one) for one in UNSPECIFIC}
    return frozenset({*system_organ_classes(), *graded, *measured} - unspecific)


def is_ctcae_term(term: str) -> bool:
    """Whether a written term is one of CTCAE v5.0 that says what happened."""
    return folded(term) in _known()
