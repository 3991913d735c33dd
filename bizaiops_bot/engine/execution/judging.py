"""One look at a canary: reads what each port knows of both arms and has them compared."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

from bizaiops_bot.domain.arms import arms_by_version
from bizaiops_bot.domain.canary import assess_canary
from bizaiops_bot.domain.errors import BotError, Temporary
from bizaiops_bot.domain.judge import CheckName, JudgeSpec, Unread
from bizaiops_bot.domain.monitoring import ArmSample, Verdict
from bizaiops_bot.domain.services import ServiceRef
from bizaiops_bot.domain.values import NoData, spoken_duration
from bizaiops_bot.engine.context.core import log
from bizaiops_bot.engine.execution.port_looks import LOOK_TIMEOUT_S
from bizaiops_bot.ports.metrics import Metrics
from bizaiops_bot.ports.outcomes import Outcomes
from bizaiops_bot.ports.predictions import Predictions
from bizaiops_bot.ports.serving import ServedModels

T = TypeVar("T")
COUNTED: tuple[CheckName, ...] = ("errors", "latency", "sample_ratio")
"""What is judged by Metrics."""


class Observers(Protocol):
    """The ports that are looked through."""

    @property
    def serving(self) -> ServedModels: ...

    @property
    def metrics(self) -> Metrics: ...

    @property
    def predictions(self) -> Predictions: ...

    @property
    def outcomes(self) -> Outcomes: ...


@dataclass(frozen=True)
class Comparison:
    """What is judged, and by what. began: counted since then. share, value_must: as in `Run.judge`.

    before: what the stable version did before, where the canary has all requests; None compares it with the busiest
    other version in the same minutes. versions: revision -> version as they were last seen.
    """

    service: ServiceRef
    version: str
    began: datetime
    judge: JudgeSpec
    share: int | None = None
    value_must: bool | None = None
    before: ArmSample | None = None
    versions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sight:
    """What one look saw of both arms, by version, and of which checks nothing could be read."""

    compared: Comparison
    arms: Mapping[str, ArmSample]
    unread: Mapping[CheckName, Unread]

    def verdict(self, *, final: bool, ends: int) -> Verdict:
        """What a port cannot tell is not judged, never passed; final, ends: as in `assess_canary`."""
        compared, arms = self.compared, self.arms
        others = (arm for version, arm in arms.items() if version != compared.version)
        stable = compared.before or max(others, key=lambda arm: (arm.requests, arm.scored, arm.value_n), default=None)
        canary = arms.get(compared.version)
        if "errors" in self.unread:  # that an arm got no requests is not known then
            stable, canary = stable or _nothing("the stable version"), canary or _nothing(compared.version)
        return assess_canary(
            stable,
            canary,
            compared.judge.limits,
            final=final,
            ends=ends,
            share=None if compared.before else compared.share,
            value_must=compared.judge.value_must(compared.value_must),
            advisory=compared.judge.advisory,
            unread=self.unread,
        )


async def look_at(ports: Observers, compared: Comparison) -> Sight:
    """Asks every port at once; one that fails takes only its own checks with it."""
    traffic = await _read(ports.serving.traffic(compared.service))
    if not isinstance(traffic, Unread):
        compared.versions.update(traffic.versions)
    elif not compared.versions:
        return Sight(compared, {}, dict.fromkeys((*COUNTED, "scores", "value"), traffic))
    service, since, versions = compared.service, compared.began, compared.versions
    counted, scores, values = await asyncio.gather(
        _read(ports.metrics.arms(service, list(versions), since)),
        _read(ports.predictions.scores(service, versions, since)),
        _read(ports.outcomes.value(service, sorted({*versions.values()}), since)),
    )
    unread: dict[CheckName, Unread] = {}
    if isinstance(counted, Unread):
        unread |= dict.fromkeys(COUNTED, counted)
    if isinstance(scores, Unread):
        unread["scores"] = scores
    if isinstance(values, Unread):
        unread["value"] = values
    return Sight(compared, arms_by_version(_known(counted), _known(scores), _known(values), versions), unread)


def _nothing(version: str) -> ArmSample:
    """An arm of which nothing is known."""
    return ArmSample(
        version=version,
        requests=0,
        errors=0,
        latency=None,
        score_counts=(),
        expected_score_shares=(),
        value_n=0,
        value_sum=0.0,
        value_sumsq=0.0,
        value_name="",
        value_unit="",
    )


async def _read(asked: Awaitable[T | NoData]) -> T | Unread:
    """What a port knows, or why nothing is known: one that fails takes only its own checks with it."""
    try:
        async with asyncio.timeout(LOOK_TIMEOUT_S):
            found = await asked
    except BotError as exc:
        return Unread(why=exc.what.rstrip("."), away=isinstance(exc, Temporary))
    except TimeoutError:
        return Unread(why=f"no answer in {spoken_duration(LOOK_TIMEOUT_S)}", away=True)
    except Exception as exc:
        log.exception("an unexpected error of a port in a look at a canary")
        return Unread(why=f"an unexpected error, {type(exc).__name__}; the log has the details")
    return Unread(why=str(found)) if isinstance(found, NoData) else found


def _known(found: Sequence[T] | Unread) -> Sequence[T]:
    return () if isinstance(found, Unread) else found
