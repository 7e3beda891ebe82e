"""Types of the arrays that trainers take, keep and give."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

# Of any precision: weights and losses, whichever trainer they come from.
FloatArray = npt.NDArray[np.floating]
# Of single precision: all that the compiled steps compute with.
Float32s = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
