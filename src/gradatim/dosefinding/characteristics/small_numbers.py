"""What small numbers of participants can say, and what they cannot."""

from gradatim.dosefinding.binomial import binomial_pmf, upper_bound


def excluded_rates(n: int, y: int = 0) -> str:
    """Say which true DLT rates so few participants exclude, one-sided 95 %."""
    limit = _percent(upper_bound(n, y))
    return f"{y} of {n} excludes only true DLT rates above {limit} (one-sided 95 %)"


def passes_3_plus_3(rate: float) -> float:
    """Return the probability that a level with this true DLT rate passes a 3+3.

    None of 3, or 1 of 3 and none of 3 more (Storer 1989, Biometrics 45:927).
    """
    first, second = binomial_pmf(3, rate), binomial_pmf(3, rate)
    return float(first[0] + first[1] * second[0])


def small_number_statements(levels: int) -> list[str]:
    """Say what a trial of three or six per level can and cannot show."""
    return [
        excluded_rates(3),
        excluded_rates(6),
        f"a level with a true DLT rate of 40 % still passes a 3+3 in "
        f"{_percent(passes_3_plus_3(0.4))} of trials",
        f"with 3 participants at each of {levels} levels, an event that 1 in 10 would have is not "
        f"seen at any one level in {_percent(0.9**3)} of trials",
    ]


def _percent(value: float) -> str:
    return f"{100 * value:.0f} %"
