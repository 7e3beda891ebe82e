"""Types of the arrays that metrics are computed from."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

# Double precision everywhere: a sum of many rows' losses would lose digits in single.
Floats = npt.NDArray[np.float64]
# (row,) class numbers.
Labels = npt.NDArray[np.integer[Any]]
