"""Washouts counted in half-lives."""

from gradatim.clinical.drugs import Drug


def washout_days(drug: Drug, half_lives: float) -> float | None:
    """Give how long a number of half-lives of a drug lasts.

    Args:
        drug: a row of the drug table; `drug.half_life_basis` says how far to trust it.
        half_lives: how many, such as 7.

    Returns:
        Days, unrounded; None for a drug of unknown half-life, so that a person decides.

    Source: the half-lives, with their sources, in `tables/drugs.csv`.
    """
    return None if drug.half_life_days is None else drug.half_life_days * half_lives
