"""Scores of ankylosing spondylitis: BASDAI, BASFI, BASMI and ASDAS, with ASDAS cut-offs.

All are unrounded: 3.96 is not 4. The formulas stand in `tables/formulas.yaml`.
"""

from collections.abc import Sequence

from gradatim.clinical.basmi import basmi_linear, basmi_three_point
from gradatim.clinical.formulas import Score, formula, is_number
from gradatim.core.quantity import compare

__all__ = [
    "asdas_change",
    "asdas_crp",
    "asdas_esr",
    "asdas_state",
    "basdai",
    "basfi",
    "basmi_linear",
    "basmi_three_point",
]


def basdai(q: Sequence[float | None]) -> Score:
    """Disease activity, 0 (none) to 10.

    Args:
        q: the six items in order, each 0 to 10; None where one was not answered.

    Returns:
        The score; none if an item is missing, since published imputation rules differ.

    Source: Garrett et al., J Rheumatol 1994;21:2286-91.
    """
    return _questionnaire("basdai", q)


def basfi(q: Sequence[float | None]) -> Score:
    """Functional limitation, 0 (none) to 10: the mean of ten items.

    Args:
        q: the ten items in order, each 0 to 10; None where one was not answered.

    Returns:
        The score; none if an item is missing.

    Source: Calin et al., J Rheumatol 1994;21:2281-5.
    """
    return _questionnaire("basfi", q)


def asdas_crp(
    back_pain: float | None,
    stiffness_duration: float | None,
    patient_global: float | None,
    peripheral: float | None,
    crp: float | None,
) -> Score:
    """Disease activity with CRP; a CRP below 2 mg/L counts as 2 mg/L.

    Args:
        back_pain: BASDAI item 2, 0 to 10.
        stiffness_duration: BASDAI item 6, 0 to 10.
        patient_global: patient's global assessment, 0 to 10.
        peripheral: BASDAI item 3, 0 to 10.
        crp: C-reactive protein, mg/L.

    Source: van der Heijde et al., Ann Rheum Dis 2009;68:1811-8; Machado et al., Arthritis
    Rheumatol 2015;67:408-13.
    """
    return formula("asdas_crp").calculate(
        {
            "back_pain": back_pain,
            "stiffness_duration": stiffness_duration,
            "patient_global": patient_global,
            "peripheral": peripheral,
            "crp": crp,
        }
    )


def asdas_esr(
    back_pain: float | None,
    stiffness_duration: float | None,
    patient_global: float | None,
    peripheral: float | None,
    esr: float | None,
) -> Score:
    """Disease activity with the erythrocyte sedimentation rate.

    Args:
        back_pain: BASDAI item 2, 0 to 10.
        stiffness_duration: BASDAI item 6, 0 to 10.
        patient_global: patient's global assessment, 0 to 10.
        peripheral: BASDAI item 3, 0 to 10.
        esr: erythrocyte sedimentation rate, mm/h.

    Source: van der Heijde et al., Ann Rheum Dis 2009;68:1811-8.
    """
    return formula("asdas_esr").calculate(
        {
            "back_pain": back_pain,
            "stiffness_duration": stiffness_duration,
            "patient_global": patient_global,
            "peripheral": peripheral,
            "esr": esr,
        }
    )


def asdas_state(x: float | None) -> str | None:
    """Name the disease activity of an ASDAS: `inactive`, `low`, `high` or `very_high`.

    Args:
        x: the score; exactly 1.3 is low, 2.1 and 3.5 are high.

    Returns:
        The state, or None without a score.

    Source: Machado et al., Ann Rheum Dis 2011;70:47-53; names of Machado et al., Ann Rheum Dis
    2018;77:1539-40.
    """
    if not is_number(x):
        return None
    if compare(x, "<", 1.3):
        return "inactive"
    if compare(x, "<", 2.1):
        return "low"
    return "very_high" if compare(x, ">", 3.5) else "high"


def asdas_change(delta: float | None) -> str | None:
    """Name an improvement in ASDAS: `none`, `clinically_important` or `major`.

    Args:
        delta: baseline minus follow-up, so that positive is better; exactly 1.1 is clinically
            important, exactly 2.0 is major.

    Returns:
        The category, or None without a difference.

    Source: Machado et al., Ann Rheum Dis 2011;70:47-53.
    """
    if not is_number(delta):
        return None
    if compare(delta, ">=", 2.0):
        return "major"
    return "clinically_important" if compare(delta, ">=", 1.1) else "none"


def _questionnaire(name: str, answers: Sequence[float | None]) -> Score:
    items = list(formula(name).inputs)
    if len(answers) != len(items):
        return Score(None, f"{len(answers)} answers were given, not {len(items)}")
    return formula(name).calculate(dict(zip(items, answers, strict=True)))
