"""What an A/B test says: what is better, worse, not shown, or cannot be compared."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from bizaiops_bot.domain.ab_test import AbSight, AbTest, as_verdict, compare, guarded, looks, smallest_difference
from bizaiops_bot.domain.canary_limits import CanaryLimits
from bizaiops_bot.domain.monitoring import Outcome, ValueArm
from tests.unit.test_playbooks_release import arm

BEGINS = datetime(2026, 3, 4, tzinfo=UTC)
TEST = AbTest(stable="v1", version="v2", share=20, begins=BEGINS, ends=BEGINS + timedelta(days=14))
AT = BEGINS + timedelta(days=7)


def value(version: str, n: int, mean: float, cv: float = 1.0) -> ValueArm:
    return ValueArm(
        version=version, n=n, total=n * mean, sumsq=n * mean * mean * (1 + cv * cv), name="revenue", unit="EUR"
    )


def sight(*values: ValueArm, requests: tuple[int, int] = (80_000, 20_000), **more: str) -> AbSight:
    counts = dict(zip(("v1", "v2"), requests, strict=True))
    return AbSight(at=AT, requests=counts, values=values, **more)


def test_more_less_and_no_difference_are_told_with_the_interval() -> None:
    better = compare(TEST, sight(value("v1", 8_000, 10), value("v2", 2_000, 12)))
    assert better.standing == "better" and better.words.startswith(
        "v2 brings more: revenue 12.00 EUR against 10.00 EUR a request, +20.0% (interval "
    )
    worse = compare(TEST, sight(value("v1", 8_000, 10), value("v2", 2_000, 8)))
    assert worse.standing == "worse" and as_verdict(TEST, sight(), worse).outcome is Outcome.FAILED
    none = compare(TEST, sight(value("v1", 8_000, 10), value("v2", 2_000, 10.2)))
    assert none.standing == "open" and "no difference is shown" in none.words
    assert as_verdict(TEST, sight(), none).outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    ("seen", "standing", "words"),
    [
        (sight(value("v1", 8_000, 10)), "open", "v1 8,000 and v2 0 labelled requests, and 100 of each are needed"),
        (sight(unknown="nobody keeps labels"), "open", "nobody keeps labels"),
        (sight(value("v1", 8_000, 10), value("v2", 2_000, 20), requests=(0, 0)), "open", "is not known"),
        (sight(value("v1", 8_000, 10), value("v2", 2_000, 20), changed="it is v1 60%"), "invalid", "it is v1 60%"),
        (
            sight(value("v1", 8_000, 10), value("v2", 2_000, 20), harm="error rate 9%"),
            "worse",
            "does harm: error rate 9%",
        ),
        (sight(value("v1", 8_000, 10), value("v2", 2_000, 20), requests=(80_000, 10_000)), "invalid", "11.11%"),
    ],
)
def test_what_is_not_known_or_not_as_asked_is_never_better(seen: AbSight, standing: str, words: str) -> None:
    found = compare(TEST, seen)
    assert found.standing == standing and words in found.words


def test_a_split_that_is_off_by_less_than_matters_can_be_compared() -> None:
    seen = sight(value("v1", 8_000, 10), value("v2", 2_000, 12), requests=(8_010_000, 1_990_000))
    assert compare(TEST, seen).standing == "better"


def test_means_below_or_at_nothing_are_told_in_the_unit() -> None:
    found = compare(TEST, sight(value("v1", 8_000, -10), value("v2", 2_000, -5)))
    assert found.standing == "better" and "+50.0%" in found.words
    nothing = ValueArm(version="v1", n=8_000, total=0.0, sumsq=8_000.0, name="revenue", unit="EUR")
    assert "EUR (interval" in compare(TEST, sight(nothing, value("v2", 2_000, 1))).words


def test_rare_values_claim_nothing_that_is_not_there_at_any_share() -> None:
    """One request in a hundred is worth something: 200 tests at each share, looked at 20 times."""
    for share in (5, 50):
        test, claimed = TEST.model_copy(update={"share": share}), 0
        for seed in range(200):
            rng = np.random.default_rng([share, seed])
            n = {"v1": 10_000 * (100 - share) // 100, "v2": 10_000 * share // 100}
            worth = {name: rng.lognormal(3.0, 1.0, count) * (rng.random(count) < 0.01) for name, count in n.items()}
            claimed += any(_told(test, worth, part / 20.0) in ("better", "worse") for part in range(2, 21))
        assert claimed <= 10


def _told(test: AbTest, worth: dict[str, np.ndarray], part: float) -> str:
    seen = {name: all_[: int(len(all_) * part)] for name, all_ in worth.items()}
    values = tuple(
        ValueArm(version=name, n=len(x), total=float(x.sum()), sumsq=float((x**2).sum()), name="r", unit="")
        for name, x in seen.items()
    )
    counts = {name: len(x) for name, x in seen.items()}
    return compare(test, AbSight(at=BEGINS + part * timedelta(days=14), requests=counts, values=values)).standing


def test_the_guard_shares_its_chance_to_be_wrong_over_all_looks() -> None:
    assert looks(TEST) == 14 * 24 * 6
    assert guarded(CanaryLimits(), TEST).alpha == pytest.approx(0.05 * 100 / looks(TEST))


def test_a_longer_test_shows_a_smaller_difference() -> None:
    before = arm("v1", requests=20_000)
    short, long = (smallest_difference(before, minutes, 20) for minutes in (60.0, 60.0 * 24 * 14))
    assert short is not None and long is not None and long < short / 10
