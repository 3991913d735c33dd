"""When a model counts as failing, degraded or well."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bizaiops_bot.domain.health import HealthLimits, assess_health
from bizaiops_bot.domain.monitoring import HealthSample
from bizaiops_bot.domain.values import NoData

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def sample(requests: int = 1000, errors: int = 2, p95: float = 60.0, version: str = "v1") -> HealthSample:
    return HealthSample(
        version=version,
        requests=requests,
        errors=errors,
        latency_p50_ms=p95 / 2,
        latency_p95_ms=p95,
        start=NOON - timedelta(minutes=10),
        end=NOON,
    )


@pytest.mark.parametrize(
    ("given", "state", "words"),
    [
        (sample(), "ok", "v1: error rate 0.2% (0.1% to 0.7%), p95 60 ms"),
        (sample(errors=50), "failing", "error rate 5.0% (3.8% to 6.5%), limit 2.0%"),
        (sample(requests=100, errors=4), "ok", "error rate 4.0%"),
        (sample(p95=151), "degraded", "p95 151 ms, limit 150 ms"),
        (sample(p95=150), "ok", "p95 150 ms"),
        (sample(errors=50, p95=400), "failing", "limit 2.0% and p95 400 ms, limit 150 ms"),
        (sample(requests=99, errors=99), "no_data", "v1 got 99 of 100 requests needed"),
        (sample(p95=float("nan")), "no_data", "what was measured cannot be"),
        (sample(requests=200, errors=201), "no_data", "201 errors in 200 requests"),
        (sample(errors=-1), "no_data", "-1 errors"),
        (sample(p95=float("inf")), "degraded", "p95 inf ms, limit 150 ms"),
    ],
)
def test_one_version_is_judged_with_numbers(given: HealthSample, state: str, words: str) -> None:
    verdict = assess_health([given])
    assert verdict.state == state
    assert words in verdict.reason


def test_no_data_is_never_healthy() -> None:
    nothing = NoData(query="health of churn", window="10 min", searched="here")
    assert assess_health(nothing).state == "no_data"
    assert assess_health([]).state == "no_data"


def test_the_worst_version_decides_and_is_named() -> None:
    verdict = assess_health([sample(), sample(version="v2", errors=80)])
    assert verdict.state == "failing"
    assert [v.version for v in verdict.erring] == ["v2"]
    assert verdict.reason.startswith("v2: ")


def test_a_version_with_few_requests_does_not_hide_a_judged_one() -> None:
    assert assess_health([sample(), sample(version="v2", requests=3)]).state == "ok"


@pytest.mark.parametrize(("p95", "state"), [(140, "degraded"), (121, "degraded"), (120, "ok")])
def test_slowness_ends_only_under_its_exit_limit(p95: float, state: str) -> None:
    before = assess_health([sample(p95=300)])
    assert assess_health([sample(p95=p95)], before=before).state == state


@pytest.mark.parametrize(("errors", "state"), [(19, "failing"), (11, "failing"), (10, "ok")])
def test_errors_end_only_under_their_exit_limit(errors: int, state: str) -> None:
    before = assess_health([sample(errors=90)])
    assert assess_health([sample(errors=errors)]).state == "ok"
    assert assess_health([sample(errors=errors)], before=before).state == state


def test_a_gap_in_the_data_does_not_end_an_incident() -> None:
    before = assess_health([sample(errors=90)])
    gap = assess_health([sample(requests=5, errors=0)], before=before)
    assert (gap.state, gap.versions[0].errors) == ("no_data", True)
    assert assess_health([sample(errors=15)], before=gap).state == "failing"


@pytest.mark.parametrize(("baseline", "limit"), [(10, 75), (40, 120), (90, 150)])
def test_a_quick_model_is_held_to_its_own_pace_within_reason(baseline: float, limit: float) -> None:
    assert assess_health([sample(p95=limit)], baseline_p95_ms=baseline).state == "ok"
    assert assess_health([sample(p95=limit + 1)], baseline_p95_ms=baseline).state == "degraded"


def test_limits_are_settings() -> None:
    strict = HealthLimits(error_rate=0.001, latency_p95_ms=50, min_requests=10)
    assert assess_health([sample(errors=10)], strict).state == "failing"
    assert assess_health([sample(p95=60)], strict).state == "degraded"
