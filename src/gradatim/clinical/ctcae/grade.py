"""Grades of laboratory values and vital signs by CTCAE v5.0; no other module grades.

A grade is given only where the facts settle it. A missing limit, baseline or judgement leaves every
grade that it could be, never a grade 0; where all of them agree, that grade is the answer
(platelets of 20 are grade 4 whatever the lower limit). Grade 5 is a death and never comes from a
measurement; treatment, hospital admission and consequences raise a grade only through a clinician.

With an abnormal baseline (above its own upper limit) ALT, AST, ALP, GGT and bilirubin are graded
by multiples of it. A baseline is not compared with itself: as `at_baseline` it is graded as if its
baseline had been normal.

Source: NCI, Common Terminology Criteria for Adverse Events v5.0, 27 November 2017; the figures
stand in `tables/ctcae_v5_labs.yaml`, the readings of unclear print in docs/ctcae.md.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from gradatim.clinical import load
from gradatim.clinical.ctcae.inputs import GradingContext, MeasuredValue, known_of, situation
from gradatim.clinical.ctcae.intervals import BEYOND, stretches
from gradatim.clinical.ctcae.rules import Need, Possible, join_possible, judge, worst
from gradatim.clinical.ctcae.table import Analyte, CtcaeTerm, analyte_called, analytes
from gradatim.clinical.ctcae.wording import because
from gradatim.core.truth import FALSE

VERSION = "CTCAE v5.0"
NOT_GRADED = "not graded"
SOURCE = "NCI, Common Terminology Criteria for Adverse Events v5.0, 27 November 2017"

__all__ = [
    "SOURCE",
    "VERSION",
    "ClinicalTerm",
    "Grade",
    "GradingContext",
    "MeasuredValue",
    "analyte_of_codes",
    "analyte_of_loinc",
    "clinical_terms",
    "grade",
    "zero_around",
]


class Grade(NamedTuple):
    """The grade of one term, with its reasons.

    Args:
        term: the CTCAE term.
        meddra: code of its lowest level term.
        grade: 0 to 4; None where what is known does not settle it.
        possible: every grade that what is known allows, ascending; one when there is a grade.
        missing: what is missing to settle it; nothing when there is a grade.
        rule: the words of the rule applied; of each possible grade where there is no grade.
        because: the value and what it was compared with, in numbers.
        version: the scale.
        source: where the scale is published.
    """

    term: str
    meddra: str
    grade: int | None
    possible: tuple[int, ...]
    missing: tuple[Need, ...]
    rule: str
    because: str
    version: str = VERSION
    source: str = SOURCE

    @property
    def needs(self) -> str:
        """What is missing in words, such as `no baseline; needs clinician: symptoms`."""
        return "; ".join(map(str, self.missing))

    @property
    def needs_observation(self) -> bool:
        """Whether there is something missing, and all of it is said by who sees the person."""
        return bool(self.missing) and all(one.observed for one in self.missing)


class ClinicalTerm(NamedTuple):
    """A term that a person grades.

    Args:
        term: the CTCAE term.
        meddra: code of its lowest level term.
        grades: short words for grade 1 to 5; empty where CTCAE has no such grade.
    """

    term: str
    meddra: str
    grades: tuple[str, str, str, str, str]


def grade(
    analyte: str,
    value: MeasuredValue,
    given: GradingContext = GradingContext(),  # noqa: B008
) -> tuple[Grade, ...]:
    """Grade a measured value by every CTCAE term of its analyte.

    Args:
        analyte: its name in the table, a LOINC code, or a CTCAE term.
        value: the value with its unit and reference range.
        given: what else a grade can depend on; what is left out is not known.

    Returns:
        One grade for each term of the analyte (potassium has two), in the order of the table.

    Raises:
        UnusableInput: no such analyte; the message lists those there are.
    """
    found = analyte_called(analyte)
    return tuple(_graded(found, term, value, given) for term in found.terms)


def zero_around(
    analyte: str, value: MeasuredValue, given: GradingContext
) -> tuple[float, float] | None:
    """Return two numbers around a value between which every term's grade is 0 for sure.

    Whatever else became known, such as symptoms, or another reading, they would still be 0.

    Args:
        analyte, value, given: as of `grade`; the numbers are in the unit of the value.

    Returns:
        None where a grade of the value is, or may be, above 0, or hangs on more than its number.
    """
    found = analyte_called(analyte)
    least, most = 0.0, BEYOND
    for term in found.terms:
        if found.corrected_by or _without_numbers(found, term, value, given).possible != (0,):
            return None
        known = stretches(found.name, term.name, value.unit, value.low, value.high, given)
        around = known.around(value)
        if around is None:
            return None
        least, most = max(least, around[0]), min(most, around[1])
    return least, most


def analyte_of_loinc(code: str) -> str | None:
    """Give the name of the analyte that has a LOINC code; None when nothing is graded for it."""
    return next((analyte.name for analyte in analytes() if code in analyte.loinc), None)


@lru_cache(maxsize=512)
def analyte_of_codes(codes: tuple[str, ...]) -> str | None:
    """Return the analyte of the first of some LOINC codes that is graded; None where none is."""
    return next((found for code in codes if (found := analyte_of_loinc(code))), None)


def clinical_terms() -> tuple[ClinicalTerm, ...]:
    """Give the terms that people grade, with short words for each grade.

    Source: `tables/ctcae_v5_clinical.csv`, in words of our own; CTCAE v5.0 itself decides.
    """
    return tuple(map(_clinical_term, load.csv_rows("ctcae_v5_clinical.csv")))


def _clinical_term(row: dict[str, str]) -> ClinicalTerm:
    first, second, third, fourth, fifth = (
        row[f"g{n}"].replace("-", "", row[f"g{n}"] == "-") for n in range(1, 6)
    )
    return ClinicalTerm(row["term"], row["meddra_code"], (first, second, third, fourth, fifth))


def _graded(
    analyte: Analyte, term: CtcaeTerm, value: MeasuredValue, given: GradingContext
) -> Grade:
    found = _without_numbers(analyte, term, value, given)
    return found._replace(because=because(analyte, term, value, given))


def _without_numbers(
    analyte: Analyte, term: CtcaeTerm, value: MeasuredValue, given: GradingContext
) -> Grade:
    """Return a grade without the words of its arithmetic; a stretch of values is judged once."""
    if analyte.corrected_by:  # how far a value is moved depends on the albumin of its day
        return grade_by_term(analyte, term, value, given)
    known = stretches(analyte.name, term.name, value.unit, value.low, value.high, given)
    stretch = known.of(value)
    found: Grade | None = None if stretch is None else known.found.get(stretch)
    if found is None:
        found = grade_by_term(analyte, term, value, given)
        if stretch is not None:
            known.found[stretch] = found
    return found


def grade_by_term(
    analyte: Analyte, term: CtcaeTerm, value: MeasuredValue, given: GradingContext
) -> Grade:
    """Judge a value by a term, step by step; the words of its arithmetic are left out."""
    found = _possible(analyte, term, value, given)
    grades = tuple(sorted(found.rules))
    if len(grades) == 1:
        return Grade(term.name, term.meddra, grades[0], grades, (), found.rules[grades[0]], "")
    rule = ", or ".join(f"{number}: {found.rules[number]}" for number in grades[::-1])
    if all(words.startswith(NOT_GRADED) for words in found.rules.values()):
        rule = NOT_GRADED
    missing = tuple(dict.fromkeys(found.needs))
    return Grade(term.name, term.meddra, None, grades, missing, rule, "")


def _possible(
    analyte: Analyte, term: CtcaeTerm, value: MeasuredValue, given: GradingContext
) -> Possible:
    """Judge the lists of steps that apply, or may apply."""
    parts = list(_parts(analyte, term, value, given))
    if not parts:
        return Possible({0: "the baseline itself"}, [])
    return worst(parts) if term.worst_of else join_possible(parts)


def _parts(
    analyte: Analyte, term: CtcaeTerm, value: MeasuredValue, given: GradingContext
) -> Iterator[Possible]:
    for name, steps in term.clauses.items():
        applies, lacking = situation(name, analyte, given)
        if applies is FALSE:
            continue
        known = known_of(name, steps, analyte, value, given)
        if isinstance(known, Need):
            yield Possible(dict.fromkeys(term.grades, NOT_GRADED), [known])
            continue
        found = judge(steps, known)
        rules = found.rules
        if term.worst_of and lacking:  # and where it does not apply, it adds nothing
            rules = {**rules, 0: rules.get(0, f"not of a {name}")}
            lacking = [] if set(rules) == {0} else lacking
        yield Possible(rules, [*lacking, *found.needs])
