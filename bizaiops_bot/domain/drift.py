"""Has the world moved away from what the model was trained on? Counts in, judged features with numbers out.

A feature drifts when the move is both sure (p-value, Holm over all columns) and large (PSI without its sampling
bias); missing values are tested on their own, because a shape test on the rows that are left cannot see them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bizaiops_bot.domain.errors import NotEnoughData
from bizaiops_bot.domain.monitoring import FeatureDrift
from bizaiops_bot.domain.onset import estimate_onset
from bizaiops_bot.domain.probability import (
    cauchy_combine,
    chi2_tail,
    holm_rejects,
    kolmogorov_tail,
    normal_quantile,
    two_sided,
    upper_tail,
)
from bizaiops_bot.domain.sketch import OTHER, Counts, ReferenceColumn, ReferenceSketch, Sketch
from bizaiops_bot.domain.values import Value

__all__ = ["DriftLimits", "ReferenceSketch", "Sketch", "assess_drift", "estimate_onset", "psi"]

Floats = NDArray[np.float64]


class DriftLimits(Value):
    """What counts as drift."""

    alpha: float = 0.01
    """Chance of one false alarm per window over all columns together."""
    psi: float = 0.1
    """Smallest PSI that matters, bias taken off; 0.1 and 0.25 are the customary marks."""
    missing_points: float = 0.02
    """Smallest rise of the missing share that matters, 0.02 is two percentage points."""
    min_rows: int = 200
    """Below this many rows no answer is given: PSI is mostly noise there."""
    min_present: int = 50
    """Values a single column needs before its shape is judged."""


def assess_drift(
    reference: ReferenceSketch, sketch: Sketch, *, limits: DriftLimits | None = None
) -> tuple[FeatureDrift, ...]:
    """Every column of the window against its reference, in the reference's order, scores included.

    `p_value` and `missing_p_value` are per column, before Holm; `drifted` and `missing` are after it and hold the
    practical limit too. Raises NotEnoughData under `limits.min_rows` rows.
    """
    limits = limits or DriftLimits()
    if sketch.rows < limits.min_rows:
        raise NotEnoughData("Drift cannot be judged yet.", f"{sketch.rows} rows, {limits.min_rows} needed.")
    shapes = [_shape(column, sketch.counts(column.name), limits) for column in reference.columns]
    gaps = [_missing_p(column, sketch) for column in reference.columns]
    moved = holm_rejects([p for _, p in shapes], limits.alpha)
    emptied = holm_rejects(gaps, limits.alpha)
    found = []
    for i, column in enumerate(reference.columns):
        distance, p_value = shapes[i]
        share = sketch.missing(column.name) / sketch.rows
        missing = emptied[i] and share - column.missing_share >= limits.missing_points
        drifted = moved[i] and distance >= limits.psi
        found.append(
            FeatureDrift(
                name=column.name,
                kind=column.kind,
                psi=round(distance, 4),
                p_value=p_value,
                missing_share=share,
                reference_missing_share=column.missing_share,
                missing_p_value=gaps[i],
                drifted=drifted,
                missing=missing,
                change=_change(column, sketch, drifted, missing),
            )
        )
    return tuple(found)


def psi(reference: Counts | Sequence[int], current: Counts | Sequence[int], *, exact_reference: bool = False) -> float:
    """Population stability index of two histograms with the same bins, >= 0, without its sampling bias.

    Two samples of one distribution have an expected PSI of (bins - 1)(1/n + 1/m) (Yurdakul 2018, Western Michigan
    University); that is taken off. exact_reference: the reference is a known shape, only the current counts are
    noisy. Half a row is added to each bin. Raises NotEnoughData when a side is empty.
    """
    a, b = np.asarray(reference, np.float64), np.asarray(current, np.float64)
    m, n = float(a.sum()), float(b.sum())
    if m <= 0 or n <= 0:
        raise NotEnoughData("PSI needs rows on both sides.", f"{m:.0f} and {n:.0f} rows.")
    p, q = (a + 0.5) / (m + 0.5 * a.size), (b + 0.5) / (n + 0.5 * b.size)
    raw = float(((q - p) * np.log(q / p)).sum())
    bias = (a.size - 1) * (1.0 / n + (0.0 if exact_reference else 1.0 / m))
    return max(0.0, raw - bias)


def _shape(column: ReferenceColumn, current: Counts, limits: DriftLimits) -> tuple[float, float]:
    """PSI and p-value of one column's present values."""
    reference = np.asarray(column.counts, np.int64)
    if current.sum() < limits.min_present:
        return 0.0, 1.0
    merge = _merge_rare if column.kind == "category" else _merge_neighbours
    a, b = merge(reference, current)
    if a.size < 2:
        return 0.0, 1.0
    p_values = [_chi2_p(a, b)]
    if column.kind != "category":
        p_values += [_ks_p(reference, current), *_location_and_scale_p(reference, current)]
    return psi(a, b), cauchy_combine(p_values)


def _expected(reference: Counts, current: Counts) -> Floats:
    """Rows each bin of the window would have if both sides were one population."""
    n, m = float(current.sum()), float(reference.sum())
    return np.asarray((reference + current) * (n / (n + m)), np.float64)


def _merge_neighbours(reference: Counts, current: Counts, share: float = 0.1) -> tuple[Counts, Counts]:
    """Joins neighbouring bins until each holds `share` of the reference and 5 expected rows; bins the reference
    never saw stay apart.
    """
    expected, total = _expected(reference, current), reference.sum()
    starts, held, rows = [0], 0, 0.0
    for i in range(reference.size):
        held, rows = held + int(reference[i]), rows + float(expected[i])
        if i + 1 < reference.size and rows >= 5.0 and (held >= share * total or held == 0):
            starts.append(i + 1)
            held, rows = 0, 0.0
    if rows < 5.0 and len(starts) > 1:
        starts.pop()
    return np.add.reduceat(reference, starts), np.add.reduceat(current, starts)


def _merge_rare(reference: Counts, current: Counts) -> tuple[Counts, Counts]:
    """Joins all categories with under 5 expected rows into one, and that into the smallest other if it is still too
    small.
    """
    expected = _expected(reference, current)
    order = np.argsort(-expected, kind="stable")
    keep = int((expected >= 5.0).sum())
    a, b, rows = reference[order], current[order], expected[order]
    cut = keep if rows[keep:].sum() >= 5.0 else max(0, keep - 1)
    starts = [*range(cut), cut] if cut < a.size else [*range(cut)]
    return np.add.reduceat(a, starts), np.add.reduceat(b, starts)


def _chi2_p(reference: Counts, current: Counts) -> float:
    """Two-sample chi-squared test of homogeneity."""
    m, n = float(reference.sum()), float(current.sum())
    both = reference + current
    seen = both > 0
    gap = math.sqrt(n / m) * reference[seen] - math.sqrt(m / n) * current[seen]
    return chi2_tail(float((gap * gap / both[seen]).sum()), max(1, int(seen.sum()) - 1))


def _ks_p(reference: Counts, current: Counts) -> float:
    m, n = float(reference.sum()), float(current.sum())
    distance = float(np.abs(np.cumsum(reference) / m - np.cumsum(current) / n).max())
    return kolmogorov_tail(distance, n * m / (n + m))


def _location_and_scale_p(reference: Counts, current: Counts) -> tuple[float, float]:
    """Van der Waerden's test of location and its square for scale: normal scores of the pooled ranks, so long tails
    cannot alarm.
    """
    both = reference + current
    total = float(both.sum())
    ranks = (np.cumsum(both) - both / 2.0) / total
    scores = np.asarray([normal_quantile(min(1 - 1e-9, max(1e-9, float(r)))) for r in ranks])
    return _score_p(scores, reference, current), _score_p(scores**2, reference, current)


def _score_p(scores: Floats, reference: Counts, current: Counts) -> float:
    m, n = float(reference.sum()), float(current.sum())
    both = reference + current
    mean = float((scores * both).sum()) / (m + n)
    variance = float((((scores - mean) ** 2) * both).sum()) / (m + n - 1)
    if variance <= 0.0:
        return 1.0
    gap = float((scores * current).sum()) / n - float((scores * reference).sum()) / m
    return two_sided(gap / math.sqrt(variance * (1 / n + 1 / m)))


def _missing_p(column: ReferenceColumn, sketch: Sketch) -> float:
    """One-sided two-proportion test: more missing than at training."""
    gone, n = sketch.missing(column.name), sketch.rows
    before, m = column.missing, column.present + column.missing
    pooled = (gone + before) / (n + m)
    if pooled in {0.0, 1.0}:
        return 1.0
    gap = gone / n - before / m
    return upper_tail(gap / math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m)))


def _change(column: ReferenceColumn, sketch: Sketch, drifted: bool, missing: bool) -> str:
    """What moved, in words with numbers."""
    gone = f"missing {column.missing_share:.1%} -> {sketch.missing(column.name) / sketch.rows:.1%}"
    if sketch.counts(column.name).sum() == 0 or (missing and not drifted):
        return gone
    moved = _category_change(column, sketch) if column.kind == "category" else _number_change(column, sketch)
    return f"{gone}; {moved}" if missing else moved


def _number_change(column: ReferenceColumn, sketch: Sketch) -> str:
    mean, sd = sketch.mean_sd(column.name)
    shift, ratio = (mean - column.mean) / column.sd, sd / column.sd
    moved = f"mean {_number(column.mean)} -> {_number(mean)}"
    if abs(shift) < 0.2 and not 0.8 < ratio < 1.25:
        return f"sd {_number(column.sd)} -> {_number(sd)} (x{ratio:.2f}), {moved}"
    return f"{moved} ({shift:+.1f} sd)"


def _category_change(column: ReferenceColumn, sketch: Sketch) -> str:
    before = np.asarray(column.counts) / max(1, column.present)
    current = sketch.counts(column.name)
    now = current / max(1, int(current.sum()))
    most = int(np.abs(now - before).argmax())
    name = column.categories[most] if most < len(column.categories) else OTHER
    return f"{name} {before[most]:.0%} -> {now[most]:.0%}"


def _number(value: float) -> str:
    """Three significant digits, without an exponent where people would not write one."""
    size = abs(value)
    if size >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 0.1 or size == 0 else f"{value:.3g}"
