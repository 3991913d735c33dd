"""A canary passes when harm is ruled out, and only then: what is no evidence is never success."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from bizaiops_bot.domain.canary import CanaryLimits, assess_canary
from bizaiops_bot.domain.foresight import foresee
from bizaiops_bot.domain.histogram import Histogram
from bizaiops_bot.domain.monitoring import ArmSample, Check, Outcome, Verdict
from bizaiops_bot.embedded.life.minutes import LATENCY_EDGES_MS
from tests.unit.test_canary import arm, one, traffic

BINS = len(LATENCY_EDGES_MS) + 1


def latencies(counts: Sequence[float], edges: tuple[float, ...] = LATENCY_EDGES_MS) -> Histogram:
    """Also of what cannot be."""
    return Histogram.model_construct(edges_ms=edges, counts=tuple(counts))


def steady(version: str, requests: int, errors: int, **change: Any) -> ArmSample:
    """Everything as it should be: 60 to 80 ms, scores as held out, a value that hardly varies."""
    latency = [0] * BINS
    latency[LATENCY_EDGES_MS.index(80)] = requests
    usual = {
        "version": version,
        "requests": requests,
        "errors": errors,
        "latency": latencies(latency),
        "score_counts": (requests // 4,) * 4,
        "expected_score_shares": (0.25,) * 4,
        "value_n": requests // 2,
        "value_sum": 50.0 * (requests // 2),
        "value_sumsq": 2600.0 * (requests // 2),
        "value_name": "revenue",
        "value_unit": "EUR",
    }
    return ArmSample.model_construct(**{**usual, **change})


STABLE = steady("v1", 18_000, 36)


def judged(canary: ArmSample, stable: ArmSample = STABLE, **more: Any) -> Verdict:
    return assess_canary(stable, canary, final=True, **more)


def check(verdict: Verdict, name: str) -> Check:
    return next(c for c in verdict.checks if c.name == name)


def test_a_canary_that_is_shown_to_be_as_good_is_successful() -> None:
    verdict = judged(steady("v2", 2_000, 4), share=10)
    assert verdict.outcome is Outcome.SUCCESSFUL, verdict.reason
    assert {c.outcome for c in verdict.checks} == {Outcome.SUCCESSFUL}
    assert "at most +0.25 points, limit +1.00" in check(verdict, "error rate").reason
    assert verdict.reason.startswith("v2 holds on 2,000 requests: error rate 0.20% (4 of 2,000), latency p95 ")


def test_too_little_evidence_says_what_it_rules_out_and_how_much_would_be_enough() -> None:
    verdict = judged(steady("v2", 720, 6))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.reason.startswith("not enough evidence: ")
    assert "720 requests rule out +1.4 points, not +1.0 (about " in verdict.reason
    enough = int(verdict.reason.split("about ")[1].split(" would")[0].replace(",", ""))
    times = enough / 720
    stable = steady("v1", round(18_000 * times), round(36 * times))
    assert judged(steady("v2", enough, round(6 * times)), stable).outcome is Outcome.SUCCESSFUL
    assert judged(steady("v2", round(0.8 * enough), round(4.8 * times)), stable).outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize("share", [1.0, 0.5, 0.1, 0.03])
def test_a_version_that_fails_too_many_requests_is_never_released_whatever_the_other_one_does(share: float) -> None:
    both = [steady(v, n, int(share * n)) for v, n in (("v1", 18_000), ("v2", 2_000))]
    verdict = judged(both[1], both[0])
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "above the service level of 2.0%" in verdict.reason


def test_a_fix_for_a_failing_version_can_be_released() -> None:
    assert judged(steady("v2", 2_000, 4), steady("v1", 18_000, 5_000)).outcome is Outcome.SUCCESSFUL


@pytest.mark.parametrize("low_ms", [750, 5000])
def test_a_version_that_answers_too_slowly_is_never_released_whatever_the_other_one_does(low_ms: int) -> None:
    place = LATENCY_EDGES_MS.index(low_ms) + 1
    stable, canary = (
        arm.model_copy(update={"latency": latencies(tuple(arm.requests * (i == place) for i in range(BINS)))})
        for arm in (STABLE, steady("v2", 2_000, 4))
    )
    assert judged(canary, stable).outcome is Outcome.INCONCLUSIVE
    lax = CanaryLimits(latency_slo_ms=math.inf)
    # With the service level out of the way: a bin of 750 to 1,000 ms tells a ratio of 1.5, what is open does not.
    expected = Outcome.SUCCESSFUL if low_ms == 750 else Outcome.INCONCLUSIVE
    assert judged(canary, stable, limits=lax).outcome is expected


@pytest.mark.parametrize(
    ("known", "told"),
    [
        ({"latency": latencies((5, *(0,) * (BINS - 1)))}, "latencies of 5 of 1,996 canary answers are known"),
        ({"latency": latencies((1000, *(0,) * (BINS - 1)))}, "latencies of 1,000 of 1,996 canary answers are known"),
        ({"latency": latencies((0,) * BINS)}, "no latencies of the canary arm"),
        ({"score_counts": (1, 1, 1, 1)}, "scores of 4 of 1,996 canary answers are known"),
        ({"score_counts": (0, 0, 0, 0)}, "scores or their held-out shape are unknown"),
        ({"expected_score_shares": (0.0,) * 4}, "scores or their held-out shape are unknown"),
        ({"value_n": 0, "value_sum": 0.0, "value_sumsq": 0.0}, "canary has 0 of 100 labels"),
    ],
)
def test_what_is_known_of_a_few_requests_says_nothing_about_the_others(known: dict[str, Any], told: str) -> None:
    verdict = judged(steady("v2", 2_000, 4, **known))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert told in verdict.reason


@pytest.mark.parametrize("final", [True, False])
@pytest.mark.parametrize(
    "broken",
    [
        {"requests": math.nan},
        {"errors": math.nan},
        {"requests": math.inf},
        {"requests": -2_000},
        {"errors": -1},
        {"errors": 2_001},
        {"value_sum": math.nan},
        {"value_sum": -math.inf},
        {"value_sumsq": math.nan},
        {"value_sumsq": math.inf},
        {"value_n": -5},
        {"value_n": math.nan},
        {"latency": latencies((-1,) * BINS)},
        {"latency": latencies((math.nan,) * BINS)},
        {"score_counts": (500, 500, 500, -500)},
        {"expected_score_shares": (math.nan,) * 4},
        {"expected_score_shares": (0.5, 0.5, 0.5, -0.5)},
        {"by_minute": ((100, math.nan),)},
        {"by_minute": ((100, -1),)},
    ],
)
def test_numbers_that_cannot_be_are_refused_on_either_side(broken: dict[str, Any], final: bool) -> None:
    canary = steady("v2", 2_000, 4)
    for pair in ((STABLE, canary.model_copy(update=broken)), (canary.model_copy(update=broken), STABLE)):
        verdict = assess_canary(*pair, final=final)
        assert verdict.outcome is Outcome.ERROR, (broken, verdict)
        assert "the numbers cannot be right" in verdict.reason


def test_a_canary_that_loses_half_of_its_requests_is_failed() -> None:
    verdict = judged(steady("v2", 1_000, 2), share=10)
    assert verdict.outcome is Outcome.FAILED
    assert "5.3% of the requests were the canary's, 10% were to be" in verdict.reason
    assert "(1,000 instead of about 1,900)" in verdict.reason


def test_a_split_that_chance_explains_is_no_fault() -> None:
    rng = np.random.default_rng(5)
    failed = 0
    for _ in range(400):
        n = int(rng.binomial(20_000, 0.1))
        ratio = check(judged(steady("v2", n, 4), steady("v1", 20_000 - n, 36), share=10), "sample ratio")
        failed += ratio.outcome is Outcome.FAILED
    assert failed <= 2


def test_errors_in_clusters_count_for_less() -> None:
    rng = np.random.default_rng(2)
    minutes = {"v1": (1_350, 20), "v2": (150, 20)}

    def clustered() -> list[ArmSample]:
        made = []
        for version, (n, k) in minutes.items():
            errors = rng.binomial(n, rng.beta(0.38, 18.62, k))
            made.append(steady(version, n * k, int(errors.sum()), by_minute=tuple((n, int(e)) for e in errors)))
        return made

    raw = counted = 0
    for _ in range(300):
        stable, canary = clustered()
        raw += judged(*(a.model_copy(update={"by_minute": ()}) for a in (canary, stable))).outcome is Outcome.FAILED
        counted += judged(canary, stable).outcome is Outcome.FAILED
    assert raw > 4 * counted
    assert counted <= 6


def test_clear_errors_in_the_first_minutes_are_failed_before_clusters_can_be_measured() -> None:
    stable = steady("v1", 648, 1, by_minute=((324, 0), (324, 1)))
    canary = steady("v2", 72, 40, by_minute=((36, 20), (36, 20)))
    assert assess_canary(stable, canary, final=False).outcome is Outcome.FAILED


def test_a_value_that_the_hold_cannot_test_is_shown_and_never_holds() -> None:
    wide = {"value_sumsq": 2600.0 * 60 * 1_000}
    verdict = judged(steady("v2", 2_000, 4, **wide), STABLE.model_copy(update={"value_sumsq": 2600.0 * 60 * 9_000}))
    value = check(verdict, "revenue")
    assert (verdict.outcome, value.outcome, value.must) == (Outcome.SUCCESSFUL, Outcome.INCONCLUSIVE, False)
    assert "interval" in value.reason and "not judged, 1,000 labels show a drop of" in value.reason


def test_a_value_that_the_plan_said_is_tested_stays_a_must() -> None:
    wide = {"value_sumsq": 2600.0 * 60 * 1_000}
    stable = STABLE.model_copy(update={"value_sumsq": 2600.0 * 60 * 9_000})
    verdict = judged(steady("v2", 2_000, 4, **wide), stable, value_must=True)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "1,000 labels do not rule out -10% (about" in verdict.reason


def test_a_clear_loss_of_value_is_failed_though_the_plan_did_not_test_it() -> None:
    verdict = judged(steady("v2", 2_000, 4, value_sum=10.0 * 1_000), value_must=False)
    assert verdict.outcome is Outcome.FAILED


def test_a_quick_canary_passes_by_its_upper_bound_alone() -> None:
    quick = tuple(2_000 * (i == 0) for i in range(BINS)), tuple(2_000 * (i == 2) for i in range(BINS))
    stable, canary = (
        steady("v1", 2_000, 4, latency=latencies(quick[0])),
        steady("v2", 2_000, 4, latency=latencies(quick[1])),
    )
    assert "under 20 ms is quick enough" in check(judged(canary, stable), "latency p95").reason
    assert judged(canary, stable).outcome is Outcome.SUCCESSFUL
    some_slow = tuple(1_905 * (i == 2) + 95 * (i == 8) for i in range(BINS))
    unsure = judged(canary.model_copy(update={"latency": latencies(some_slow)}), stable)
    assert check(unsure, "latency p95").outcome is not Outcome.SUCCESSFUL


@pytest.mark.parametrize(
    ("harm", "name"),
    [
        ({"errors": 0.012}, "error rate"),
        ({"pace": 1.5}, "latency p95"),
        ({"value": 0.9}, "retained revenue"),
    ],
)
def test_a_canary_as_bad_as_a_limit_allows_passes_its_check_in_at_most_one_of_twenty(
    harm: dict[str, float], name: str
) -> None:
    passed = 0
    for seed in range(200):
        rng = np.random.default_rng([9, seed])
        stable, canary = arm("v1", traffic(rng, 4_000)), arm("v2", traffic(rng, 4_000, **harm))
        verdict = assess_canary(stable, canary, final=True, value_must=True)
        passed += check(verdict, name).outcome is Outcome.SUCCESSFUL
    assert passed <= 18  # 10 are to be expected at most, and chance


def test_two_ends_share_the_chance_to_be_wrong() -> None:
    canary = steady("v2", 1_000, 6)
    assert judged(canary, ends=1).outcome is Outcome.SUCCESSFUL
    assert judged(canary, ends=2).outcome is Outcome.INCONCLUSIVE


def test_before_approval_it_is_told_what_the_hold_can_show() -> None:
    seen = foresee(one(0, 21_600), stable="v1", share=10, hold_min=30)
    assert seen.words.startswith("10% for 30 min is about 1,100 requests: can rule out errors +1.0 points (9")
    assert "p95 x1.5 (over 99%), score PSI 0.25 (over 99%)" in seen.words
    assert "of retained revenue it could only see a drop of 1" in seen.words
    assert seen.value_must is False
    assert foresee(one(0, 216_000), stable="v1", share=50, hold_min=30).value_must is True


def test_a_hold_that_is_too_short_says_so_beforehand() -> None:
    seen = foresee(one(0, 2_160), stable="v1", share=1, hold_min=30)
    assert "about 11 requests: can rule out errors +1.0 points (under 1%" in seen.words


@pytest.mark.parametrize("before", [None, steady("v1", 20, 0)])
def test_without_traffic_nobody_says_what_the_hold_can_show(before: ArmSample | None) -> None:
    seen = foresee(before, stable="v1", share=10, hold_min=30)
    assert seen.words.startswith("not known: v1 got ")
    assert seen.value_must is None


def test_what_is_told_beforehand_comes_true() -> None:
    """The chance for the errors, drawn in the plan, against how often the judge passes them."""
    rng, rate, n = np.random.default_rng(3), 0.005, 900
    before = steady("v1", 18_000, 90)
    told = float(foresee(before, stable="v1", share=10, hold_min=30).words.split("points (")[1].split("%")[0]) / 100
    shown = 0
    for _ in range(400):
        stable = steady("v1", 9 * n, int(rng.binomial(9 * n, rate)))
        canary = steady("v2", n, int(rng.binomial(n, rate)))
        shown += check(judged(canary, stable, ends=2), "error rate").outcome is Outcome.SUCCESSFUL
    assert abs(shown / 400 - told) < 0.08


EDGES = {
    "knative": (5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0, 1280.0),
    "istio": (1.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0),
    "odd": (7.0, 70.0, 700.0),
}


def measured_in(edges: str, ms: float, requests: int) -> Histogram:
    """Every answer at `ms`, in another system's bins."""
    at = sum(edge < ms for edge in EDGES[edges])
    return latencies([requests * (i == at) for i in range(len(EDGES[edges]) + 1)], EDGES[edges])


@pytest.mark.parametrize("edges", ["knative", "istio"])
def test_latencies_are_judged_in_the_bins_that_the_monitoring_system_has(edges: str) -> None:
    stable = STABLE.model_copy(update={"latency": measured_in(edges, 15, 18_000)})
    quick = steady("v2", 2_000, 4, latency=measured_in(edges, 9, 2_000))
    slow = steady("v2", 2_000, 4, latency=measured_in(edges, 900, 2_000))
    assert check(judged(quick, stable), "latency p95").outcome is Outcome.SUCCESSFUL
    assert check(judged(slow, stable), "latency p95").outcome is Outcome.FAILED


def test_two_arms_with_other_edges_are_compared_on_those_that_both_have() -> None:
    # given 5 and 10 ms in common; above 10 ms is one open bin for both
    stable = STABLE.model_copy(update={"latency": measured_in("knative", 8, 18_000)})
    quick = steady("v2", 2_000, 4, latency=measured_in("istio", 8, 2_000))
    open_end = steady("v2", 2_000, 4, latency=measured_in("istio", 30, 2_000))
    assert check(judged(quick, stable), "latency p95").outcome is Outcome.SUCCESSFUL
    assert check(judged(open_end, stable), "latency p95").outcome is not Outcome.SUCCESSFUL


def test_two_arms_without_a_common_edge_cannot_be_compared_and_are_never_passed() -> None:
    stable = STABLE.model_copy(update={"latency": measured_in("odd", 15, 18_000)})
    verdict = judged(steady("v2", 2_000, 4, latency=measured_in("knative", 15, 2_000)), stable)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "bins without a common edge" in check(verdict, "latency p95").reason


def test_no_latencies_at_all_are_told_as_that() -> None:
    verdict = judged(steady("v2", 2_000, 4, latency=None))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "no latencies of the canary arm were measured" in verdict.reason
