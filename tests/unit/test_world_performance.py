"""Quality on late labels, checked against definitions written out the long way."""

from __future__ import annotations

import numpy as np
import pytest

from bizaiops_bot.domain.histogram import Histogram
from bizaiops_bot.domain.performance import auc, lost_since, performance, wape
from bizaiops_bot.embedded.life.minutes import LATENCY_EDGES_MS


def draw(seed: int, rows: int, strength: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    score = np.round(rng.normal(size=rows), 1)  # rounded, so that scores tie
    label = (rng.random(rows) < 1 / (1 + np.exp(-strength * score))).astype(float)
    return label, score


def test_auc_is_the_share_of_pairs_in_the_right_order_ties_counting_half() -> None:
    label, score = draw(1, 400, 1.5)
    gaps = score[label == 1][:, None] - score[label == 0][None, :]
    value, _ = auc(label, score)
    assert value == pytest.approx(((gaps > 0) + 0.5 * (gaps == 0)).mean())


def test_the_standard_error_of_auc_is_the_spread_over_repeated_draws() -> None:
    found = [auc(*draw(seed, 500, 1.5)) for seed in range(300)]
    spread = np.std([value for value, _ in found])
    assert np.mean([error for _, error in found]) == pytest.approx(spread, rel=0.12)


def test_the_standard_error_of_wape_is_the_spread_over_repeated_draws() -> None:
    found = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        units = rng.gamma(3, 10, 400)
        found.append(wape(units, units * rng.normal(1, 0.3, 400)))
    assert np.mean([error for _, error in found]) == pytest.approx(np.std([value for value, _ in found]), rel=0.12)


def test_an_unchanged_model_is_hardly_ever_called_worse() -> None:
    expected = auc(*draw(0, 200_000, 1.5))[0]
    judged = [performance("classification", *draw(seed, 1000, 1.5), expected) for seed in range(1, 401)]
    assert sum(found is not None and found.drifted for found in judged) <= 2


def test_a_clearly_worse_model_is_called_worse() -> None:
    expected = auc(*draw(0, 200_000, 1.5))[0]
    found = performance("classification", *draw(5, 3000, 0.2), expected)
    assert found is not None
    assert found.drifted
    assert found.low < found.current < found.high < expected


def test_too_few_labels_or_one_class_only_give_no_answer() -> None:
    label, score = draw(1, 299, 1.0)
    assert performance("classification", label, score, 0.8) is None
    assert performance("classification", np.zeros(500), np.zeros(500), 0.8) is None
    assert performance("forecast", np.zeros(500), np.ones(500), 0.2) is None
    assert performance("forecast", np.ones(500), np.ones(500), None) is None


def errors(seed: int, rows: int, spoilt_from: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, probabilities and request times; from `spoilt_from` on the probabilities are turned around."""
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.05, 0.95, rows)
    label = (rng.random(rows) < p).astype(float)
    at = np.arange(rows, dtype=float)
    return label, np.where(at >= spoilt_from, 1 - p, p), at


def test_the_time_from_which_quality_is_lost_is_found_whatever_the_order_of_the_rows() -> None:
    for seed in range(20):
        label, score, at = errors(seed, 3000, 2400)
        mixed = np.random.default_rng(seed).permutation(3000)
        assert lost_since("classification", label[mixed], score[mixed], at[mixed]) == pytest.approx(2400, abs=60)


def test_a_forecast_that_goes_wrong_is_dated_too() -> None:
    rng = np.random.default_rng(3)
    units = rng.gamma(3, 10, 2000)
    factor = np.where(np.arange(2000) >= 1500, 1.6, 1.0)
    found = lost_since("forecast", units, units * factor * rng.normal(1, 0.2, 2000), np.arange(2000.0))
    assert found == pytest.approx(1500, abs=60)


def test_quality_that_is_kept_has_no_time_of_loss() -> None:
    found = [lost_since("classification", *errors(seed, 3000, 3000)) for seed in range(200)]
    assert sum(since is not None for since in found) <= 2
    assert lost_since("classification", *errors(1, 150, 75)) is None
    assert lost_since("forecast", np.ones(500), np.ones(500), np.arange(500.0)) is None


@pytest.mark.parametrize(("share", "low", "high"), [(0.01, 30, 31), (0.5, 30, 40), (1.0, 30, 40)])
def test_a_percentile_lies_in_the_bin_that_holds_it(share: float, low: float, high: float) -> None:
    counts = [0] * (len(LATENCY_EDGES_MS) + 1)
    counts[LATENCY_EDGES_MS.index(40)] = 10
    assert low <= Histogram(edges_ms=LATENCY_EDGES_MS, counts=tuple(counts)).quantile(share) <= high
