"""A chunk of people: their verdicts, margins and reasons as columns of one length."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Truths = NDArray[np.int8]
Margins = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Chunk:
    """Some of the people of a prescreen.

    Args:
        verdicts: truths by column: 0 false, 1 unknown, 2 true.
        margins: by column: how far the limit moves, in units of itself, until the verdict flips;
            NaN unknown or without a value, infinite never.
        reasons: by column: why it is unknown, by its number in `reasons.NUMBERS`; 0 is known.
        about: `person_id` and `site`, where they were asked for, as Arrow columns.
        people: how many they are.
    """

    verdicts: dict[str, Truths]
    margins: dict[str, Margins] = field(default_factory=dict)
    reasons: dict[str, Truths] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    people: int = 0
