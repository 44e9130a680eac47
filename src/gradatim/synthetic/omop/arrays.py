"""The arrays that a made-up population is kept in: a value for each record or person."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[Any]
Days = NDArray[np.int32]
"""Counted from 1970-01-01."""
Ints = NDArray[np.int64]
Numbers = NDArray[np.float64]
