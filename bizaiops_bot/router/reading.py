"""What the trained head reads of one sentence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Reading:
    """One sentence against all k labels: fused `logits`, their parts, and per label the cosine to the nearest example
    (`near`), to the mean of the examples (`own`) and the distance from it (`far`); all of shape (k,). `strange` is
    the distance from all that was learned.
    """

    logits: Floats
    sentence: Floats
    words: Floats
    near: Floats
    own: Floats
    far: Floats
    strange: float
