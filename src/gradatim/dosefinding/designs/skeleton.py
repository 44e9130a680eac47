"""Prior guesses of the DLT rates, spread so that neighbouring doses can be told apart.

Lee SM, Cheung YK (2009), Model calibration in the continual reassessment method, Clinical Trials
6:227-238, section 2.3: with the guess of the dose `middle` at the target, the guesses are such that
the parameter at which one dose is on target + half-width is the one at which the next dose is on
target - half-width.
"""

from math import exp, log

from gradatim.core.errors import UnusableInput

Guess = tuple[float, ...]


def spread_skeleton(
    half_width: float,
    target: float,
    middle: int,
    doses: int,
    *,
    logistic: bool = False,
    intercept: float = 3.0,
) -> Guess:
    """Return the guesses.

    Args:
        half_width: of the indifference interval, as a rate.
        target: the DLT rate aimed at.
        middle: the dose (from 1) guessed to be on target.
        doses: how many doses.
        logistic, intercept: the model whose guesses are wanted; empiric by default.

    Raises:
        UnusableInput: the interval is not within 0 and 1, or there is no such dose.
    """
    if not 0 < target - half_width < target + half_width < 1:
        raise UnusableInput(
            f"the half-width {half_width:g} does not fit around {target:g}",
            "--set half_width",
            todo="choose a smaller one",
        )
    if not 1 <= middle <= doses:
        raise UnusableInput(
            f"there is no dose {middle}", "--set middle", todo=f"choose one of 1 to {doses}"
        )
    step = (
        _logistic_step(half_width, target, intercept)
        if logistic
        else _empiric_step(half_width, target)
    )
    scaled = _scale(target, logistic, intercept)
    return tuple(
        _unscale(scaled * step ** (middle - 1 - i), logistic, intercept) for i in range(doses)
    )


def _empiric_step(half_width: float, target: float) -> float:
    """Neighbouring log guesses differ by this factor: log(t - h) / log(t + h)."""
    return log(target - half_width) / log(target + half_width)


def _logistic_step(half_width: float, target: float, intercept: float) -> float:
    low, high = (log(p / (1 - p)) for p in (target - half_width, target + half_width))
    return (low - intercept) / (high - intercept)


def _scale(p: float, logistic: bool, intercept: float) -> float:
    return log(p / (1 - p)) - intercept if logistic else log(p)


def _unscale(value: float, logistic: bool, intercept: float) -> float:
    return 1 / (1 + exp(-intercept - value)) if logistic else exp(value)
