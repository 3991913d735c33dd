"""Where nothing is known, who asks is told what was asked, of which service, and that nobody knows."""

from __future__ import annotations

from datetime import timedelta

from bizaiops_bot.adapters.nothing import NoMetrics, NoOutcomes, NoPredictions
from bizaiops_bot.domain.services import ServiceRef
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.ports.metrics import Metrics
from bizaiops_bot.ports.outcomes import Outcomes
from bizaiops_bot.ports.predictions import Predictions
from tests.support.small_engine import START

SERVICE = ServiceRef(environment="production", model="churn", name="churn")
BEFORE = START - timedelta(hours=1)


def queries(*told: object) -> list[str]:
    return [answer.query for answer in told if isinstance(answer, NoData)]


async def test_no_metrics_are_asked_about_a_service_as_others_are() -> None:
    port: Metrics = NoMetrics()
    assert queries(
        await port.health(SERVICE, ["churn-1"], minutes=5),
        await port.arms(SERVICE, ["churn-1"], START),
        await port.series(SERVICE, "error_rate", BEFORE, START, 5),
    ) == ["health of churn in production", "arms of churn in production", "error_rate of churn in production"]


async def test_no_predictions_and_no_outcomes_are_asked_as_others_are() -> None:
    log: Predictions = NoPredictions()
    later: Outcomes = NoOutcomes()
    assert queries(
        await log.scores(SERVICE, {"churn-1": "v1"}, START),
        await log.sketches(SERVICE, "v1", minutes=15),
        await log.series(SERVICE, "score_mean", BEFORE, START, 5),
        await later.labels("churn", START),
        await later.quality(SERVICE, "v1", minutes=60),
        await later.value(SERVICE, ["v1"], START),
    ) == [
        "scores of churn in production",
        "requests to churn in production, v1",
        "score_mean of churn in production",
        "labels of churn",
        "quality of churn in production, v1",
        "value of churn in production",
    ]
