"""Drift: what is seen, what is not cried over, and that counting can be shared out in any way."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bizaiops_bot.domain.drift import DriftLimits, ReferenceSketch, Sketch, assess_drift, estimate_onset, psi
from bizaiops_bot.domain.errors import BadInput, NotEnoughData
from bizaiops_bot.domain.probability import chi2_tail, holm_rejects, kolmogorov_tail, two_sided

Rows = dict[str, NDArray[Any]]
CONTRACTS = np.asarray(["month-to-month", "one year", "two years", "trial"], dtype=object)
SHARES = (0.55, 0.25, 0.15, 0.05)
KINDS = {
    **{f"n{i}": "number" for i in range(9)},
    "charges": "number",
    "tenure": "number",
    "senior": "number",
    **{f"c{i}": "category" for i in range(8)},
    "score": "score",
}
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def draw(rng: np.random.Generator, n: int, *, move: float = 0.0, gone: float = 0.0, contract: Any = SHARES) -> Rows:
    """Customers: normal, long-tailed, whole and yes/no numbers, categories, a score; n0, n1 and c0 can be changed."""
    rows: Rows = {f"n{i}": rng.normal(30.0, 10.0, n) for i in range(9)}
    rows["n0"] = rows["n0"] + 10.0 * move
    rows["n1"] = np.where(rng.random(n) < gone, np.nan, rows["n1"])
    rows["charges"], rows["tenure"] = rng.lognormal(3.0, 1.0, n), rng.integers(0, 72, n).astype(float)
    rows["senior"] = (rng.random(n) < 0.16).astype(float)
    rows |= {f"c{i}": rng.choice(CONTRACTS, n, p=contract if i == 0 else SHARES) for i in range(8)}
    return rows | {"score": rng.beta(2.0, 5.0, n)}


@pytest.fixture(scope="module")
def reference() -> ReferenceSketch:
    return ReferenceSketch.build(draw(np.random.default_rng(7), 6000), KINDS)


def window(reference: ReferenceSketch, seed: int, n: int = 350, **change: Any) -> Sketch:
    return Sketch.empty(reference).fold(draw(np.random.default_rng(seed), n, **change))


def test_windows_without_drift_alarm_in_at_most_one_of_a_hundred(reference: ReferenceSketch) -> None:
    alarms = 0
    for seed in range(400):
        found = assess_drift(reference, window(reference, 1000 + seed, n=300))
        alarms += any(f.drifted or f.missing for f in found)
    assert alarms <= 4


def test_p_values_alone_keep_the_family_level(reference: ReferenceSketch) -> None:
    limits = DriftLimits(psi=0.0)
    alarms = sum(
        any(f.drifted for f in assess_drift(reference, window(reference, s), limits=limits)) for s in range(400)
    )
    assert alarms <= 12


def test_half_a_standard_deviation_is_seen_in_350_rows(reference: ReferenceSketch) -> None:
    found = [assess_drift(reference, window(reference, s, move=0.5))[0] for s in range(40)]
    assert sum(f.drifted for f in found) >= 38


def test_a_moved_number_is_named_with_its_means(reference: ReferenceSketch) -> None:
    found = assess_drift(reference, window(reference, 3, move=1.2))
    drifted = [f for f in found if f.drifted]
    assert [f.name for f in drifted] == ["n0"]
    assert drifted[0].change == "mean 29.9 -> 42.3 (+1.2 sd)"


def test_a_wider_number_is_told_as_wider(reference: ReferenceSketch) -> None:
    rows = draw(np.random.default_rng(5), 600)
    rows["n0"] = 30.0 + (rows["n0"] - 30.0) * 2.0
    found = assess_drift(reference, Sketch.empty(reference).fold(rows))[0]
    assert found.drifted
    assert found.change.startswith("sd ")


def test_a_shifted_category_is_named_with_its_shares(reference: ReferenceSketch) -> None:
    found = assess_drift(reference, window(reference, 4, contract=(0.8, 0.1, 0.08, 0.02)))
    drifted = [f for f in found if f.drifted]
    assert [f.name for f in drifted] == ["c0"]
    assert drifted[0].change.startswith("month-to-month 5")
    assert " -> 8" in drifted[0].change or " -> 7" in drifted[0].change


def test_a_category_never_seen_is_drift(reference: ReferenceSketch) -> None:
    rows = draw(np.random.default_rng(6), 350)
    rows["c3"][:120] = "prepaid"
    found = {f.name: f for f in assess_drift(reference, Sketch.empty(reference).fold(rows))}
    assert found["c3"].drifted
    assert found["c3"].change.startswith("other values 0% -> 34%")


def test_five_percent_missing_is_missing_and_not_drift(reference: ReferenceSketch) -> None:
    for seed in range(20):
        found = assess_drift(reference, window(reference, seed, gone=0.08))
        assert [f.name for f in found if f.missing] == ["n1"]
        assert not any(f.drifted for f in found)
        assert next(f for f in found if f.missing).change.startswith("missing 0.0% -> ")


def test_a_column_that_is_gone_counts_as_missing_everywhere(reference: ReferenceSketch) -> None:
    rows = draw(np.random.default_rng(6), 350)
    del rows["n4"], rows["c2"]
    found = assess_drift(reference, Sketch.empty(reference).fold(rows))
    assert {f.name for f in found if f.missing} == {"n4", "c2"}
    assert {f.missing_share for f in found if f.missing} == {1.0}


def test_a_constant_that_changes_is_drift() -> None:
    reference = ReferenceSketch.build({"x": np.full(5000, 4.0)}, {"x": "number"})
    for value in (3.0, 5.0):
        assert assess_drift(reference, Sketch.empty(reference).fold({"x": np.full(300, value)}))[0].drifted
    assert not assess_drift(reference, Sketch.empty(reference).fold({"x": np.full(300, 4.0)}))[0].drifted


def test_under_200_rows_there_is_no_answer(reference: ReferenceSketch) -> None:
    with pytest.raises(NotEnoughData, match="199 rows, 200 needed"):
        assess_drift(reference, window(reference, 1, n=199))


def test_missing_values_are_recognised_in_every_form() -> None:
    rows = {"x": np.asarray([1.0, None, "3", "none", float("nan")] * 50, dtype=object)}
    rows["c"] = np.asarray(["a", None, float("nan"), 7, "b"] * 50, dtype=object)
    reference = ReferenceSketch.build(rows, {"x": "number", "c": "category"})
    sketch = Sketch.empty(reference).fold(rows)
    assert (reference.column("x").missing, sketch.missing("x")) == (150, 150)
    assert (reference.column("c").missing, sketch.missing("c")) == (100, 100)
    assert sketch.counts("c").tolist() == list(reference.column("c").counts) == [50, 50, 50, 0]
    assert sketch.mean_sd("x")[0] == pytest.approx(2.0)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 360), max_size=6), st.randoms(use_true_random=False))
def test_any_split_in_any_order_gives_the_same_bytes(cuts: list[int], random: Any) -> None:
    reference = ReferenceSketch.build(draw(np.random.default_rng(1), 500), KINDS)
    rows = draw(np.random.default_rng(2), 360, gone=0.1)
    whole = Sketch.empty(reference).fold(rows)
    edges = sorted({0, 360, *cuts})
    parts = [Sketch.empty(reference).fold({k: v[a:b] for k, v in rows.items()}) for a, b in pairwise(edges)]
    random.shuffle(parts)
    total = Sketch.empty(reference)
    for part in parts:
        total = part + total
    assert total.to_bytes() == whole.to_bytes()


def test_a_sketch_and_its_reference_survive_storage(reference: ReferenceSketch) -> None:
    sketch = window(reference, 1, n=100_000)
    again = ReferenceSketch.model_validate_json(reference.model_dump_json())
    assert again == reference
    assert len(sketch.to_bytes()) <= 4096
    assert Sketch.from_bytes(sketch.to_bytes(), again) == sketch


def test_bytes_of_another_reference_are_refused(reference: ReferenceSketch) -> None:
    other = ReferenceSketch.build(draw(np.random.default_rng(8), 6000), KINDS)
    for data in (window(other, 1).to_bytes(), b"", window(reference, 1).to_bytes()[:-1]):
        with pytest.raises(BadInput):
            Sketch.from_bytes(data, reference)
    with pytest.raises(BadInput):
        window(other, 1) + window(reference, 1)


def test_folding_a_minute_of_rows_takes_about_a_millisecond(reference: ReferenceSketch) -> None:
    rows = draw(np.random.default_rng(2), 360)
    sketch, best = Sketch.empty(reference), math.inf
    for _ in range(30):
        began = time.process_time()
        sketch.fold(rows)
        best = min(best, time.process_time() - began)
    assert best <= 0.004


@pytest.mark.parametrize(("per_minute", "late"), [(20, 6), (60, 2), (360, 1)])
def test_the_onset_is_found_near_the_true_minute(reference: ReferenceSketch, per_minute: int, late: int) -> None:
    errors = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        minutes = [(NOON + timedelta(minutes=m), Sketch.empty(reference)) for m in range(60)]
        for m, (_, sketch) in enumerate(minutes):
            sketch.fold(draw(rng, per_minute, move=0.8 if m >= 40 else 0.0))
        onset = estimate_onset(reference, minutes, ["n0"])
        assert onset is not None
        errors.append(abs((onset - NOON).total_seconds() / 60 - 40))
    assert float(np.median(errors)) <= late


def test_missing_values_have_an_onset_and_calm_has_none(reference: ReferenceSketch) -> None:
    rng = np.random.default_rng(0)
    minutes = [(NOON + timedelta(minutes=m), Sketch.empty(reference)) for m in range(40)]
    for m, (_, sketch) in enumerate(minutes):
        sketch.fold(draw(rng, 40, gone=0.2 if m >= 25 else 0.0))
    assert estimate_onset(reference, minutes, ["n1"]) == NOON + timedelta(minutes=25)
    assert estimate_onset(reference, minutes, ["n0", "c0"]) is None
    assert estimate_onset(reference, minutes, []) is None
    assert estimate_onset(reference, [], ["n1"]) is None


def test_psi_of_equal_shares_is_zero_and_of_known_shares_is_known() -> None:
    assert psi([1000, 1000], [100, 100]) == 0.0
    exact = 0.3 * math.log(0.8 / 0.5) + -0.3 * math.log(0.2 / 0.5)
    assert psi([500_000, 500_000], [800_000, 200_000]) == pytest.approx(exact, abs=1e-4)
    with pytest.raises(NotEnoughData):
        psi([0, 0], [1, 2])


def test_psi_has_no_sampling_bias_left() -> None:
    rng = np.random.default_rng(0)
    found = [psi(rng.multinomial(5000, [0.1] * 10), rng.multinomial(300, [0.1] * 10)) for _ in range(500)]
    assert float(np.quantile(found, 0.99)) <= 0.06


def test_tails_agree_with_scipy() -> None:
    from scipy import stats

    for df in (1, 2, 3, 7, 8, 31):
        for x in (0.1, 1.0, 9.0, 60.0):
            assert chi2_tail(x, df) == pytest.approx(stats.chi2.sf(x, df), rel=1e-9)
    assert two_sided(2.5) == pytest.approx(2 * stats.norm.sf(2.5))
    assert kolmogorov_tail(0.1, 250.0) == pytest.approx(stats.kstwobign.sf(0.1 * math.sqrt(250.0)), rel=1e-6)
    assert holm_rejects([0.04, 0.001, 0.011, 0.5], 0.05) == [False, True, True, False]
