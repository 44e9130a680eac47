"""Days as numbers, and days chosen near the edges of windows."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
from numpy.typing import ArrayLike

from gradatim.synthetic.omop.arrays import Days

EPOCH = date(1970, 1, 1)


def day_number(day: date) -> int:
    """Count the days from 1970-01-01."""
    return (day - EPOCH).days


def shifted(day: date, *, years: int = 0, months: int = 0, days: int = 0) -> date:
    """Move a day by calendar years and months, clamped to the end of the month, then by days."""
    count = day.year * 12 + day.month - 1 + years * 12 + months
    year, month = divmod(count, 12)
    clamped = date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
    return clamped + timedelta(days=days)


def edges(rng: np.random.Generator, days: ArrayLike, at: Sequence[int], share: float) -> Days:
    """Put a share of the days on one of the edges, or on the day before or after it."""
    days = np.asarray(days)
    on = np.asarray(at)[rng.integers(0, len(at), len(days))] + rng.integers(-1, 2, len(days))
    return np.where(rng.random(len(days)) < share, on, days).astype(np.int32)
