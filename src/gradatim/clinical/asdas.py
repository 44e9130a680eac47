"""What an ASDAS means: the state of disease activity, and the category of an improvement.

Source: Machado et al., Ann Rheum Dis 2011;70:47-53 (cut-offs); Machado et al., Ann Rheum Dis
2018;77:1539-40 (names of the states).
"""

from typing import Literal

from gradatim.core.quantity import compare_numbers

State = Literal["inactive", "low", "high", "very high"]
Improvement = Literal["none", "clinically important", "major"]


def asdas_state(score: float) -> State:
    """Return the disease activity of an ASDAS; exactly 1.3 is low, 2.1 and 3.5 are high."""
    if compare_numbers(score, "<", 1.3):
        return "inactive"
    if compare_numbers(score, "<", 2.1):
        return "low"
    return "very high" if compare_numbers(score, ">", 3.5) else "high"


def asdas_improvement(fall: float) -> Improvement:
    """Return the category of a fall of ASDAS (baseline minus follow-up); limits belong to it."""
    if compare_numbers(fall, ">=", 2.0):
        return "major"
    return "clinically important" if compare_numbers(fall, ">=", 1.1) else "none"
