"""Is a gate's result too good to be true? A sudden jump is more often a leak of the answer than skill."""

from __future__ import annotations

import math

MOST_GAIN = 0.6
"""Share of the champion's error that an honest step may take away; more is asked about. A rule of thumb."""
HARDLY_WRONG = 0.95
"""An AUC below this leaves so much error that a jump to it is no sign of a leak."""
_SURE = 1.645


def too_good(new: dict[str, float], champion: dict[str, float], against: str, *, rows: int | None = None) -> str:
    """The question whether the answer has leaked, with its measure; "" when the numbers are not too good.

    new, champion: metrics at the gate, with `auc` (0.5..1, higher is better) or `wape` (lower is better). rows: held-
    out rows of both; with them the gain must be sure, at one-sided 95% by the standard errors of Hanley and McNeil
    (1982) for a tenth of positives.
    """
    if "auc" in new and "auc" in champion:
        if new["auc"] < HARDLY_WRONG:
            return ""
        left, before = 1.0 - new["auc"], 1.0 - champion["auc"]
        sure = rows is None or _surely(new["auc"], champion["auc"], rows)
        said = f"AUC {new['auc']:.3f} beside {champion['auc']:.3f}"
    elif "wape" in new and "wape" in champion:
        left, before, sure = new["wape"], champion["wape"], True
        said = f"WAPE {new['wape']:.3f} beside {champion['wape']:.3f}"
    else:
        return ""
    if not (math.isfinite(left) and math.isfinite(before)) or before <= 0.0 or not sure:
        return ""
    gain = 1.0 - left / before
    if gain < MOST_GAIN:
        return ""
    return (
        f"Leakage? {said} takes {gain:.0%} of {against}'s error away at once, more than the {MOST_GAIN:.0%} of an "
        "ordinary step: look for a column that is filled after the fact"
    )


def _surely(new: float, old: float, rows: int) -> bool:
    """Whether the lower end of the gain is still above `MOST_GAIN` of the error."""
    left = 1.0 - new + _SURE * _auc_se(new, rows)
    before = 1.0 - old - _SURE * _auc_se(old, rows)
    return before > 0.0 and 1.0 - left / before >= MOST_GAIN


def _auc_se(auc: float, rows: int) -> float:
    positive = max(1.0, rows / 10.0)
    negative = max(1.0, rows - positive)
    q1, q2 = auc / (2.0 - auc), 2.0 * auc * auc / (1.0 + auc)
    spread = auc * (1.0 - auc) + (positive - 1.0) * (q1 - auc * auc) + (negative - 1.0) * (q2 - auc * auc)
    return math.sqrt(max(0.0, spread) / (positive * negative))
