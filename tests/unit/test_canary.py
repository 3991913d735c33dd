"""The judge of a canary: how often it is wrong, how soon it sees harm, and that silence is never success."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bizaiops_bot.domain.canary import CanaryLimits, assess_canary
from bizaiops_bot.domain.histogram import Histogram
from bizaiops_bot.domain.monitoring import ArmSample, Outcome, Verdict
from bizaiops_bot.embedded.life.minutes import LATENCY_EDGES_MS

Totals = tuple[NDArray[Any], ...]
EDGES = np.asarray(LATENCY_EDGES_MS)
DECILES = np.quantile(np.random.default_rng(1).beta(2.0, 5.0, 100_000), np.linspace(0.0, 1.0, 11)[1:-1])
LOOKS = 20


def traffic(
    rng: np.random.Generator, n: int, *, errors: float = 0.002, pace: float = 1.0, skew: float = 0.0, value: float = 1.0
) -> Totals:
    """One look's worth of an arm: p95 about 77 ms, value with a long tail for the half of requests that has labels."""
    latency = pace * 40.0 * np.exp(0.4 * rng.normal(size=n))
    values = value * rng.gamma(0.5, 2.0, size=n // 2)
    return (
        np.asarray([n, rng.binomial(n, errors)]),
        np.bincount(np.searchsorted(EDGES, latency, side="right"), minlength=EDGES.size + 1),
        np.bincount(np.searchsorted(DECILES, rng.beta(2.0 + skew, 5.0, n)), minlength=10),
        np.asarray([values.size, values.sum(), (values**2).sum()]),
    )


def arm(version: str, totals: Totals) -> ArmSample:
    base, latency, scores, value = totals
    return ArmSample(
        version=version,
        requests=int(base[0]),
        errors=int(base[1]),
        latency=Histogram(edges_ms=LATENCY_EDGES_MS, counts=tuple(latency.tolist())),
        score_counts=tuple(scores.tolist()),
        expected_score_shares=(0.1,) * 10,
        value_n=int(value[0]),
        value_sum=float(value[1]),
        value_sumsq=float(value[2]),
        value_name="retained revenue",
        value_unit="EUR",
    )


def rollout(seed: int, stable: dict[str, float] | None = None, **canary: float) -> tuple[Verdict, int]:
    """20 looks at a 10% canary of 300 requests a look; the verdict and the look at which it fell."""
    rng = np.random.default_rng(seed)
    ours, theirs = traffic(rng, 0), traffic(rng, 0)
    for look in range(1, LOOKS + 1):
        ours = tuple(a + b for a, b in zip(ours, traffic(rng, 270, **(stable or {})), strict=True))
        theirs = tuple(a + b for a, b in zip(theirs, traffic(rng, 30, **canary), strict=True))
        verdict = assess_canary(arm("v1", ours), arm("v2", theirs), final=look == LOOKS)
        assert look == LOOKS or verdict.outcome in {Outcome.FAILED, Outcome.INCONCLUSIVE}
        if verdict.outcome is Outcome.FAILED:
            break
    return verdict, look


def test_a_harmless_canary_is_failed_in_at_most_one_of_twenty_rollouts() -> None:
    outcomes = Counter(rollout(seed)[0].outcome for seed in range(240))
    assert outcomes[Outcome.FAILED] <= 12
    assert outcomes[Outcome.SUCCESSFUL] >= 204


@pytest.mark.parametrize(
    ("harm", "check", "latest"),
    [
        ({"errors": 0.05}, "error rate", 12),
        ({"pace": 3.0}, "latency p95", 10),
        ({"skew": 2.0}, "score distribution", 10),
        ({"value": 0.2}, "retained revenue", 12),
    ],
)
def test_clear_harm_is_failed_before_the_end(harm: dict[str, float], check: str, latest: int) -> None:
    for seed in range(12):
        verdict, look = rollout(seed, **harm)
        failed = [c.name for c in verdict.checks if c.outcome is Outcome.FAILED]
        assert failed == [check]
        assert look <= latest
        assert any(letter.isdigit() for letter in verdict.reason)


def test_a_world_that_moves_for_both_arms_is_not_the_canarys_fault() -> None:
    changed = {"skew": 2.0, "value": 0.5, "pace": 2.0, "errors": 0.03}
    outcomes = Counter(rollout(seed, stable=changed, **changed)[0].outcome for seed in range(40))
    assert outcomes[Outcome.FAILED] <= 2


def one(seed: int = 0, n: int = 1000, version: str = "v1", **change: Any) -> ArmSample:
    return arm(version, traffic(np.random.default_rng(seed), n)).model_copy(update=change)


@pytest.mark.parametrize("final", [True, False])
def test_an_arm_without_data_is_inconclusive(final: bool) -> None:
    for pair in ((None, one()), (one(), None), (None, None)):
        verdict = assess_canary(*pair, final=final)
        assert verdict.outcome is Outcome.INCONCLUSIVE
        assert "no data for the" in verdict.reason


@pytest.mark.parametrize(
    ("canary", "reason"),
    [
        (one(2, 12), "canary got 12 of 200 requests needed"),
        (one(2, 300, latency=None), "no latencies of the canary arm were measured"),
        (one(2, 300, expected_score_shares=()), "held-out shape are unknown"),
    ],
)
def test_the_last_look_without_enough_data_is_inconclusive_with_numbers(canary: ArmSample, reason: str) -> None:
    verdict = assess_canary(one(), canary, final=True)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert reason in verdict.reason


def test_a_canary_that_only_errs_is_stopped_before_it_has_enough_requests() -> None:
    verdict = assess_canary(one(errors=2), one(3, 30, errors=20), final=False)
    assert verdict.outcome is Outcome.FAILED
    assert "66.67% against 0.20%" in verdict.reason


def test_one_error_in_a_small_canary_proves_nothing() -> None:
    verdict = assess_canary(one(errors=2), one(3, 40, errors=1), final=False)
    assert verdict.outcome is Outcome.INCONCLUSIVE


def test_a_rise_that_is_large_but_unsure_is_no_success() -> None:
    verdict = assess_canary(one(errors=2), one(3, 200, errors=3), final=True)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "200 requests rule out +3.5 points, not +1.0" in verdict.reason


def test_an_early_look_never_says_successful() -> None:
    verdict = assess_canary(one(1, 9000), one(2, 1000), final=False)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert {c.outcome for c in verdict.checks} == {Outcome.INCONCLUSIVE}
    assert assess_canary(one(1, 9000), one(2, 1000), final=True).outcome is Outcome.SUCCESSFUL


def test_every_check_of_a_success_has_its_numbers() -> None:
    verdict = assess_canary(one(1, 9000), one(2, 1000, version="v2"), final=True)
    assert [c.name for c in verdict.checks] == ["error rate", "latency p95", "score distribution", "retained revenue"]
    for check in verdict.checks:
        for words in (check.stable, check.canary, check.limit, check.reason):
            assert any(letter.isdigit() for letter in words)
    assert verdict.reason.startswith("v2 holds on 1,000 requests: error rate ")


def test_a_canary_as_skewed_as_the_stable_arm_passes_and_says_why() -> None:
    rng = np.random.default_rng(4)
    stable, canary = arm("v1", traffic(rng, 5000, skew=2.0)), arm("v2", traffic(rng, 800, skew=2.0))
    check = next(c for c in assess_canary(stable, canary, final=True).checks if c.name == "score distribution")
    assert check.outcome is Outcome.SUCCESSFUL
    assert "the requests have changed, not the model" in check.reason


def test_a_constant_business_value_is_judged_without_dividing_by_zero() -> None:
    same = {"value_n": 400, "value_sum": 400.0, "value_sumsq": 400.0}
    worse = {"value_n": 400, "value_sum": 200.0, "value_sumsq": 100.0}
    nothing = {"value_n": 400, "value_sum": 0.0, "value_sumsq": 0.0}
    assert assess_canary(one(**same), one(2, **same), final=True).outcome is Outcome.SUCCESSFUL
    assert assess_canary(one(**same), one(2, **worse), final=True).outcome is Outcome.FAILED
    assert assess_canary(one(**nothing), one(2, **nothing), final=True).outcome is Outcome.SUCCESSFUL


def test_a_quick_canary_is_never_too_slow() -> None:
    rng = np.random.default_rng(4)
    stable, canary = arm("v1", traffic(rng, 5000, pace=0.05)), arm("v2", traffic(rng, 800, pace=0.15))
    assert assess_canary(stable, canary, final=True).outcome is Outcome.SUCCESSFUL
    strict = CanaryLimits(latency_floor_ms=1.0)
    assert assess_canary(stable, canary, strict, final=True).outcome is Outcome.FAILED
