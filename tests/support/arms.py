"""Arms of a canary taken apart into what each port knows of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from bizaiops_bot.domain.monitoring import ArmSample, RevisionSample, ScoreArm, ValueArm
from bizaiops_bot.domain.services import Revision, ServiceRef, TrafficState
from bizaiops_bot.domain.values import NoData
from tests.support.services import traffic


def revision(model: str, version: str) -> str:
    """As the fakes' serving calls it."""
    return f"{model}-{version}"


def counted(model: str, arm: ArmSample, since: datetime) -> RevisionSample:
    """What Metrics knows."""
    minutes = tuple((since + timedelta(minutes=n), *minute) for n, minute in enumerate(arm.by_minute))
    return RevisionSample(
        revision=revision(model, arm.version),
        requests=arm.requests,
        errors=arm.errors,
        latency=arm.latency,
        start=since,
        end=since + timedelta(minutes=len(minutes)),
        by_minute=minutes,
    )


def scored(model: str, arm: ArmSample) -> ScoreArm:
    """What Predictions knows."""
    name = revision(model, arm.version)
    return ScoreArm(revision=name, counts=arm.score_counts, expected_shares=arm.expected_score_shares)


def worth(arm: ArmSample) -> ValueArm:
    """What Outcomes knows."""
    return ValueArm(
        version=arm.version,
        n=arm.value_n,
        total=arm.value_sum,
        sumsq=arm.value_sumsq,
        name=arm.value_name,
        unit=arm.value_unit,
    )


class Observed:
    """Serving, Metrics, Predictions and Outcomes in one, over the arms that a test says. `v1` is stable."""

    canary: str | None = "v2"

    def known(self, since: datetime) -> list[ArmSample] | NoData:
        """What there is since."""
        raise NotImplementedError

    async def traffic(self, service: ServiceRef) -> TrafficState:
        stable = Revision(name=revision(service.model, "v1"), version="v1", weight=100, role="stable")
        out = [stable]
        if self.canary:
            name = revision(service.model, self.canary)
            out.append(Revision(name=name, version=self.canary, weight=0, role="canary"))
        return traffic(datetime(2026, 3, 2, tzinfo=UTC), *out, of=service)

    async def arms(
        self, service: ServiceRef, revisions: Sequence[str], since: datetime
    ) -> list[RevisionSample] | NoData:
        arms = self.known(since)
        if isinstance(arms, NoData):
            return arms
        found = [counted(service.model, arm, since) for arm in arms]
        return [sample for sample in found if sample.revision in revisions]

    async def scores(
        self, service: ServiceRef, revisions: Mapping[str, str], since: datetime
    ) -> list[ScoreArm] | NoData:
        arms = self.known(since)
        return arms if isinstance(arms, NoData) else [scored(service.model, arm) for arm in arms]

    async def value(self, service: ServiceRef, versions: Sequence[str], since: datetime) -> list[ValueArm] | NoData:
        arms = self.known(since)
        return arms if isinstance(arms, NoData) else [worth(arm) for arm in arms]
