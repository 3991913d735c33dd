"""Two revisions of one version are one version; what one port cannot tell is missing there, and nowhere else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bizaiops_bot.domain.arms import arms_by_version, health_by_version
from bizaiops_bot.domain.health import assess_health
from bizaiops_bot.domain.histogram import Histogram
from bizaiops_bot.domain.monitoring import RevisionSample, ScoreArm, ValueArm

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
VERSIONS = {"churn-7": "v7", "churn-7b": "v7", "churn-8": "v8"}
BINS = Histogram(edges_ms=(10.0, 20.0), counts=(50.0, 50.0, 0.0))


def counted(revision: str, requests: int = 100, errors: int = 1, **more: Any) -> RevisionSample:
    minutes = ((START, requests, errors),)
    given = {"latency": BINS, "start": START, "end": START + timedelta(minutes=1), "by_minute": minutes} | more
    return RevisionSample(revision=revision, requests=requests, errors=errors, **given)


def scored(revision: str, *counts: int, shares: tuple[float, ...] = (0.5, 0.5)) -> ScoreArm:
    return ScoreArm(revision=revision, counts=counts, expected_shares=shares)


def test_the_revisions_of_a_version_are_added_up_for_people() -> None:
    first, second = health_by_version([counted("churn-7"), counted("churn-7b", 300, 5), counted("churn-8")], VERSIONS)
    assert (first.version, first.requests, first.errors) == ("v7", 400, 6)
    assert (first.latency_p50_ms, first.latency_p95_ms) == (10.0, 19.0)
    assert (second.version, second.requests) == ("v8", 100)


def test_the_revisions_of_a_version_are_one_arm_minute_by_minute() -> None:
    later = START + timedelta(minutes=1)
    one = counted("churn-7", 30, 1, by_minute=((START, 10, 0), (later, 20, 1)))
    other = counted("churn-7b", 5, 2, by_minute=((later, 5, 2),))
    arm = arms_by_version([other, one], [scored("churn-7", 3, 4), scored("churn-7b", 1, 2)], [], VERSIONS)["v7"]
    assert arm.by_minute == ((10, 0), (25, 3))
    assert (arm.requests, arm.errors, arm.timed) == (35, 3, 200)
    assert (arm.score_counts, arm.expected_score_shares) == ((4, 6), (0.5, 0.5))


def test_minutes_are_not_known_where_one_revision_has_only_totals() -> None:
    arm = arms_by_version([counted("churn-7"), counted("churn-7b", by_minute=())], [], [], VERSIONS)["v7"]
    assert (arm.requests, arm.by_minute) == (200, ())


@pytest.mark.parametrize(
    ("other", "timed"),
    [
        (Histogram(edges_ms=(20.0, 40.0), counts=(1.0, 2.0, 3.0)), 106),
        (Histogram(edges_ms=(15.0,), counts=(1.0, 2.0)), 0),
    ],
)
def test_latencies_in_other_bins_are_told_in_those_that_both_have_or_not_at_all(other: Histogram, timed: int) -> None:
    arm = arms_by_version([counted("churn-7"), counted("churn-7b", latency=other)], [], [], VERSIONS)["v7"]
    assert arm.timed == timed


def test_a_revision_without_latencies_leaves_them_counted_as_what_they_are() -> None:
    arm = arms_by_version([counted("churn-7"), counted("churn-7b", latency=None)], [], [], VERSIONS)["v7"]
    assert (arm.requests, arm.timed) == (200, 100)


def test_scores_against_two_shapes_are_not_added() -> None:
    scores = [scored("churn-7", 3, 4), scored("churn-7b", 1, 2, shares=(0.1, 0.9))]
    assert arms_by_version([], scores, [], VERSIONS)["v7"].score_counts == ()


def test_a_version_of_which_one_port_knows_something_is_an_arm() -> None:
    value = ValueArm(version="v8", n=3, total=6.0, sumsq=14.0, name="net value", unit="EUR")
    arms = arms_by_version([counted("churn-7"), counted("gone-1")], [], [value], VERSIONS)
    assert set(arms) == {"v7", "v8"}
    assert (arms["v8"].requests, arms["v8"].value_n, arms["v8"].value_unit) == (0, 3, "EUR")


def test_a_version_whose_latency_nobody_measures_is_judged_by_its_errors_and_says_so() -> None:
    (sample,) = health_by_version([counted("churn-7", 1_000, 0, latency=None)], VERSIONS)
    found = assess_health([sample])
    assert (found.state, sample.latency_p95_ms) == ("ok", None)
    assert found.reason.endswith("p95 not measured")
