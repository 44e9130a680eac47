"""Grades of cytokine release syndrome by the ASTCT consensus; no other module gives them.

Fever, not attributable to another cause, is needed, but no longer once antipyretic or anticytokine
treatment was given: a treated syndrome without hypotension and hypoxia stays grade 1, since its
fever may be masked. The grade is the worse of hypotension and hypoxia. ASTCT and CTCAE grade the
syndrome differently: both are kept, each with the name of its scale.

Source: Lee DW et al., ASTCT consensus grading for cytokine release syndrome and neurologic toxicity
associated with immune effector cells, Biol Blood Marrow Transplant 2019;25:625-638, table 2 (as
quoted in PMC8021214, table 1).
"""

from functools import lru_cache
from itertools import product
from typing import NamedTuple

from gradatim.clinical import load
from gradatim.clinical.ctcae.grade import Grade
from gradatim.clinical.ctcae.rules import Need
from gradatim.core.errors import UnusableInput
from gradatim.core.truth import FALSE, UNKNOWN, any_of, truth_of

SCALE = "ASTCT 2019"
SOURCE = "Lee DW et al., Biol Blood Marrow Transplant 2019;25:625-638, table 2"
TERM, MEDDRA = "Cytokine release syndrome", "10052015"
_NAMES = (TERM.casefold(), "crs", MEDDRA)


class LimbState(NamedTuple):
    """A state of one limb of the grade: `hypotension` or `oxygen`, its grade, and what it means."""

    limb: str
    state: str
    grade: int
    meaning: str


@lru_cache(maxsize=1)
def limb_states() -> tuple[LimbState, ...]:
    """Return every state of hypotension and of oxygen, from the table."""
    return tuple(
        LimbState(row["limb"], row["state"], int(row["grade"]), row["words"])
        for row in load.csv_rows("astct_crs.csv")
    )


def names_crs(text: str) -> bool:
    """Whether a text names the syndrome: by its term, its abbreviation or its MedDRA code."""
    return text.strip().casefold() in _NAMES


def scale_in_words() -> tuple[str, ...]:
    """Return what each grade from 1 to 4 takes, in one line each; the worse of the two counts."""
    return tuple(
        f"{grade}: " + " or ".join(one.meaning for one in limb_states() if one.grade == grade)
        if grade > 1
        else "1: fever (or a treated one) without hypotension and hypoxia"
        for grade in range(1, 5)
    )


def crs_grade(
    fever: bool | None = None,
    treated: bool | None = None,
    hypotension: str | None = None,
    oxygen: str | None = None,
) -> Grade:
    """Grade a cytokine release syndrome.

    Args:
        fever: 38 °C or more, not attributable to another cause.
        treated: whether antipyretic or anticytokine treatment was given since the onset.
        hypotension: `none`, or by how many vasopressors it is treated. Vasopressin does not count
            towards `multiple`.
        oxygen: what hypoxia takes; low flow is at most 6 L/min.

    Returns:
        A grade of 0 to 4, or every grade that what is known allows. Grade 5, a death, is a
        person's judgement.

    Raises:
        UnusableInput: a state of hypotension or hypoxia that the table does not have.
    """
    pressures = _grades("hypotension", hypotension)
    oxygens = _grades("oxygen", oxygen)
    syndrome = any_of([truth_of(fever), truth_of(treated)])
    if syndrome is FALSE:
        return Grade(
            TERM, MEDDRA, 0, (0,), (), "no fever", "no fever and no treatment of one", SCALE, SOURCE
        )
    grades = {max(pair) for pair in product(pressures, oxygens)}
    if syndrome is UNKNOWN:
        grades.add(0)
    possible = tuple(sorted(grades))
    told = f"hypotension: {hypotension or 'not known'}; hypoxia: {oxygen or 'not known'}"
    if len(possible) == 1:
        return Grade(
            TERM, MEDDRA, possible[0], possible, (), "worse of the two", told, SCALE, SOURCE
        )
    missing = tuple(map(Need, _needs(fever, treated, hypotension, oxygen)))
    return Grade(TERM, MEDDRA, None, possible, missing, "worse of the two", told, SCALE, SOURCE)


def _grades(limb: str, state: str | None) -> list[int]:
    """Give the grade of a state, or of every state where it is not known."""
    known = {one.state: one.grade for one in limb_states() if one.limb == limb}
    if state is None:
        return list(known.values())
    if state not in known:
        raise UnusableInput(
            f"{state!r} is no state of {limb} in the ASTCT grades",
            limb,
            todo=f"use one of {', '.join(known)}",
        )
    return [known[state]]


def _needs(
    fever: bool | None, treated: bool | None, hypotension: str | None, oxygen: str | None
) -> list[str]:
    needs = [] if fever or treated else ["fever" if fever is None else "treatment of fever"]
    needs += ["treatment of hypotension"] if hypotension is None else []
    return needs + (["treatment of hypoxia"] if oxygen is None else [])
