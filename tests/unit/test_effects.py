"""What a release did to a KPI: honest about too little data, and about dependence from day to day."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from bizaiops_bot.domain.effects import arm_effect, release_effect
from bizaiops_bot.domain.kpi import Kpi, KpiDay
from bizaiops_bot.domain.monitoring import ArmSample
from tools.bench_effects import claims

ROOT = Path(__file__).parents[2]
FIRST = date(2026, 1, 1)
WEEK = np.asarray([0.0, 0.0, 0.0, 1.0, 2.0, 5.0, 4.0])


def kpi(direction: str = "down_is_good") -> Kpi:
    return Kpi.model_validate(
        {
            "id": "risk",
            "model": "churn",
            "title": "Revenue at risk",
            "unit": "EUR",
            "direction": direction,
            "numerator": "a",
            "denominator": "b",
        }
    )


def days(levels: Sequence[float | None], complete: bool = True) -> list[KpiDay]:
    return [
        KpiDay(kpi="risk", day=FIRST + timedelta(days=i), value=v, n=500, complete=complete, updated=None)
        for i, v in enumerate(levels)
    ]


def levels(seed: int, n: int, *, effect: float = 0.0, after: int = 14, phi: float = 0.3) -> list[float]:
    """A level of 100 with a weekly season, AR(1) noise of innovation sd 1, and a step for the last `after` days."""
    rng = np.random.default_rng(seed)
    noise = np.zeros(n + 30)
    for i in range(1, n + 30):
        noise[i] = phi * noise[i - 1] + rng.normal()
    weekday = [WEEK[(FIRST + timedelta(days=i)).weekday()] for i in range(n)]
    return [100.0 + noise[30 + i] + weekday[i] + (effect if i >= n - after else 0.0) for i in range(n)]


def released(n: int, after: int = 14) -> date:
    return FIRST + timedelta(days=n - after - 1)


@pytest.mark.parametrize(
    ("step", "direction", "verdict"),
    [
        (-4.0, "down_is_good", "better"),
        (4.0, "down_is_good", "worse"),
        (4.0, "up_is_good", "better"),
        (-4.0, "up_is_good", "worse"),
        (0.0, "up_is_good", "no_clear_change"),
    ],
)
def test_a_step_is_told_in_the_kpis_own_direction(step: float, direction: str, verdict: str) -> None:
    effect = release_effect(kpi(direction), days(levels(1, 45, effect=step)), None, released(45))
    assert effect.verdict == verdict
    assert (effect.n_before, effect.n_after) == (30, 14)
    assert effect.low is not None
    assert effect.high is not None
    assert effect.low <= step <= effect.high
    assert "30 days before and 14 after" in effect.reason


def test_without_an_effect_a_claim_is_rare_even_when_days_depend_on_each_other() -> None:
    claims = Counter(
        release_effect(kpi(), days(levels(seed, 45, phi=0.5)), None, released(45)).verdict for seed in range(120)
    )
    assert claims["no_clear_change"] >= 112


def test_what_happened_to_everyone_is_not_the_releases_doing() -> None:
    shock = np.where(np.arange(45) >= 31, 8.0, 0.0)
    ours, theirs = np.asarray(levels(1, 45)) + shock, np.asarray(levels(2, 45)) + shock
    alone = release_effect(kpi(), days(ours.tolist()), None, released(45))
    compared = release_effect(kpi(), days(ours.tolist()), days(theirs.tolist()), released(45))
    assert alone.verdict == "worse"
    assert compared.verdict == "no_clear_change"
    assert compared.method.startswith("difference in differences")


@pytest.mark.parametrize(
    ("n", "after", "reason"),
    [
        (20, 14, "too few days: 5 of 14 complete days before the release"),
        (40, 3, "too few days: 3 of 7 complete days after it"),
        (9, 3, "5 of 14 complete days before the release and 3 of 7 complete days after it"),
    ],
)
def test_too_few_days_cannot_tell_and_says_how_many(n: int, after: int, reason: str) -> None:
    effect = release_effect(kpi(), days(levels(1, n, after=after)), None, released(n, after))
    assert (effect.verdict, effect.estimate) == ("cannot_tell", None)
    assert reason in effect.reason


def test_no_days_at_all_cannot_tell() -> None:
    assert release_effect(kpi(), [], None, FIRST).verdict == "cannot_tell"
    assert release_effect(kpi(), days(levels(1, 45)), [], released(45)).verdict == "cannot_tell"


def test_incomplete_days_do_not_count() -> None:
    effect = release_effect(kpi(), days(levels(1, 45), complete=False), None, released(45))
    assert (effect.verdict, effect.n_before, effect.n_after) == ("cannot_tell", 0, 0)


def test_a_few_gaps_are_borne_and_many_are_not() -> None:
    full = levels(1, 61, effect=-4.0)
    few = [None if i % 9 == 4 else v for i, v in enumerate(full)]
    many = [None if i % 2 else v for i, v in enumerate(full)]
    assert release_effect(kpi(), days(few), None, released(61)).verdict == "better"
    broken = release_effect(kpi(), days(many), None, released(61))
    assert broken.verdict == "cannot_tell"
    assert "of the days have no value" in broken.reason


def test_a_flat_kpi_cannot_tell() -> None:
    effect = release_effect(kpi(), days([5.0] * 45), None, released(45))
    assert effect.reason == "the days do not vary, so no interval can be given"


def test_decisions_load_no_heavy_library_until_an_effect_is_asked_for() -> None:
    names = "canary digest drift effects health rules rule_cases"
    code = (
        f"import importlib, sys; [importlib.import_module('bizaiops_bot.domain.' + n) for n in '{names}'.split()];"
        "print(sorted({'scipy', 'statsmodels', 'pandas', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def arm(version: str, mean: float, n: int = 400) -> ArmSample:
    """Values with an sd of 1 around `mean`."""
    return ArmSample(
        version=version,
        requests=n,
        errors=0,
        latency=None,
        score_counts=(),
        expected_score_shares=(),
        value_n=n,
        value_sum=mean * n,
        value_sumsq=(1.0 + mean * mean) * n,
        value_name="retained",
        value_unit="EUR",
    )


@pytest.mark.parametrize(("mean", "verdict"), [(10.5, "better"), (9.5, "worse"), (10.1, "no_clear_change")])
def test_the_arms_of_a_canary_are_compared_at_99_percent(mean: float, verdict: str) -> None:
    effect = arm_effect(arm("v1", 10.0), arm("v2", mean))
    assert effect.verdict == verdict
    assert effect.low == pytest.approx(mean - 10.0 - 2.5758 * np.sqrt(2 / 400), abs=1e-3)


def test_arms_with_few_labels_cannot_tell() -> None:
    assert arm_effect(arm("v1", 1.0), arm("v2", 1.0, n=9)).reason == "the canary arm has 9 of 50 labels needed"


def with_trend(seed: int, slope: float) -> list[KpiDay]:
    return days([v + slope * i for i, v in enumerate(levels(seed, 119, after=28))])


@pytest.mark.parametrize("slope", [0.005, 0.02, -0.05])
def test_a_trend_that_goes_on_is_not_the_releases_doing(slope: float) -> None:
    verdicts = Counter(
        release_effect(kpi(), with_trend(seed, slope), None, released(119, 28)).verdict for seed in range(60)
    )
    assert verdicts["no_clear_change"] >= 58


def test_what_an_earlier_release_did_is_not_taken_for_the_last_ones() -> None:
    last, earlier = released(119, 28), released(119, 28) - timedelta(days=20)
    jumped = days(
        [v + (3.0 if FIRST + timedelta(days=i) > earlier else 0.0) for i, v in enumerate(levels(3, 119, after=28))]
    )
    effect = release_effect(kpi(), jumped, None, last, others=[earlier])
    assert effect.verdict == "no_clear_change"
    assert (effect.n_before, effect.first) == (19, earlier + timedelta(days=1))


def test_a_release_too_soon_after_another_cannot_be_told_and_names_it() -> None:
    last = released(119, 28)
    effect = release_effect(kpi(), days(levels(3, 119, after=28)), None, last, others=[last - timedelta(days=5)])
    assert effect.verdict == "cannot_tell"
    said = f"4 of 14 complete days before the release; another release came on {last - timedelta(days=5):%-d %b}"
    assert said in effect.reason
    assert (
        release_effect(kpi(), days(levels(3, 119, after=28)), None, last, others=[last + timedelta(days=3)]).n_after
        == 2
    )


def test_days_that_depend_strongly_on_each_other_bring_no_more_claims_than_the_interval_promises() -> None:
    claimed = claims(90, 28, 0.9, 2000, lambda place: 0.0 * place, control=False)
    assert claimed <= 0.02  # 1%, and what 2,000 runs and 999 draws leave in doubt


def test_a_clear_step_is_still_seen() -> None:
    assert claims(90, 28, 0.0, 400, lambda place: 2.0 * (place > 0), control=False) >= 0.95
    assert claims(90, 28, 0.5, 400, lambda place: 2.0 * (place > 0), control=True) >= 0.8
