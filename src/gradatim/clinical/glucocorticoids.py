"""Doses of systemic glucocorticoids as doses of prednisone."""

from gradatim.clinical.drugs import find_drug
from gradatim.clinical.formulas import is_number

PREDNISONE_MG = 5.0


def prednisone_equivalent(drug_name: str, mg_per_day: float) -> float | None:
    """Give the daily dose of prednisone of equal anti-inflammatory effect.

    Args:
        drug_name: name of a glucocorticoid in the drug table, in any case.
        mg_per_day: its mean daily dose by mouth or injection, mg; alternate-day doses halved.

    Returns:
        mg of prednisone a day, unrounded; None for a drug that is no known glucocorticoid, or a
        dose that is negative or no number.

    Source: the equivalents, with their sources, in `tables/drugs.csv`.
    """
    found = find_drug(drug_name)
    equivalent = found.prednisone_equivalent_mg if found else None
    if equivalent is None or not is_number(mg_per_day) or mg_per_day < 0:
        return None
    return mg_per_day * PREDNISONE_MG / equivalent
