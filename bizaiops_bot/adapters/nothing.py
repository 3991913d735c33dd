"""The kind `none` of a port: a company that has no such system, or has not joined it yet. Nothing is invented."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, NoReturn

from pydantic import BaseModel, ConfigDict, Field

from bizaiops_bot.bot_api.context import Context
from bizaiops_bot.domain.builds import Buildable, BuildOrder, BuildRef
from bizaiops_bot.domain.errors import NotFound, Permanent
from bizaiops_bot.domain.readiness import Readiness
from bizaiops_bot.domain.services import ServiceRef
from bizaiops_bot.domain.values import NoData


class _None(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NoPipelinesSettings(_None):
    """Versions come from elsewhere, by the registry."""

    kind: Literal["none"] = Field(description="none: the bot builds nothing; versions come by the registry.")

    def build(self, context: Context) -> NoPipelines:
        return NoPipelines()


class NoMetricsSettings(_None):
    """Nothing is known of requests."""

    kind: Literal["none"] = Field(description="none: requests are not measured: no canary is promoted by itself.")

    def build(self, context: Context) -> NoMetrics:
        return NoMetrics()


class NoPredictionsSettings(_None):
    """Nobody keeps what models were asked."""

    kind: Literal["none"] = Field(description="none: scores are not known, so canaries are judged without them.")

    def build(self, context: Context) -> NoPredictions:
        return NoPredictions()


class NoOutcomesSettings(_None):
    """Nobody keeps what became of the requests."""

    kind: Literal["none"] = Field(description="none: labels and their worth are not known.")

    def build(self, context: Context) -> NoOutcomes:
        return NoOutcomes()


class NoDriftSettings(_None):
    """Nothing is known of what is asked."""

    kind: Literal["none"] = Field(description="none: drift is not looked for.")

    def build(self, context: Context) -> NoDrift:
        return NoDrift()


class NoPipelines:
    """Implements ports.Pipelines where nothing is built."""

    async def ready(self) -> Readiness:
        return Readiness(ok=True, says="none: versions are not built here")

    async def buildable(self, model: str) -> list[Buildable]:
        return []

    async def all_buildable(self) -> dict[str, list[Buildable]]:
        return {}

    async def new_version(self, model: str, taken: Sequence[str]) -> NoReturn:
        raise _refusal(f"{model} cannot be retrained.")

    async def start(self, order: BuildOrder, *, key: str) -> NoReturn:
        raise _refusal(f"{order.model} {order.version} cannot be built.")

    async def state(self, build: BuildRef) -> NoData:
        return _unknown(f"build {build}", "any time", "BIZAIOPS_PIPELINES__KIND")

    async def log(self, build: BuildRef, *, stage: str = "", tail: int = 40) -> NoData:
        return _unknown(f"the log of build {build}", "any time", "BIZAIOPS_PIPELINES__KIND")

    async def answer(self, build: BuildRef, question: str, proceed: bool, *, key: str) -> NoReturn:
        raise NotFound("build", build.id, [])

    async def stop(self, build: BuildRef, *, key: str) -> NoReturn:
        raise NotFound("build", build.id, [])


class NoMetrics:
    """Implements ports.Metrics where nothing is measured."""

    async def ready(self) -> Readiness:
        return Readiness(ok=True, says="none: requests are not measured, canaries stay undecided")

    async def health(self, service: ServiceRef, revisions: Sequence[str], *, minutes: float) -> NoData:
        return _unknown(f"health of {service}", f"{minutes:g} min", "BIZAIOPS_METRICS__KIND")

    async def arms(self, service: ServiceRef, revisions: Sequence[str], since: datetime) -> NoData:
        return _unknown(f"arms of {service}", _since(since), "BIZAIOPS_METRICS__KIND")

    async def series(self, service: ServiceRef, metric: str, start: datetime, end: datetime, points: int) -> NoData:
        return _unknown(f"{metric} of {service}", _between(start, end), "BIZAIOPS_METRICS__KIND")


class NoPredictions:
    """Implements ports.Predictions where nobody keeps them."""

    async def ready(self) -> Readiness:
        return Readiness(ok=True, says="none: what models are asked and answer is not kept")

    async def scores(self, service: ServiceRef, revisions: Mapping[str, str], since: datetime) -> NoData:
        return _unknown(f"scores of {service}", _since(since), "BIZAIOPS_PREDICTIONS__KIND")

    async def sketches(self, service: ServiceRef, version: str, *, minutes: float) -> NoData:
        return _unknown(f"requests to {service}, {version}", f"{minutes:g} min", "BIZAIOPS_PREDICTIONS__KIND")

    async def series(self, service: ServiceRef, metric: str, start: datetime, end: datetime, points: int) -> NoData:
        return _unknown(f"{metric} of {service}", _between(start, end), "BIZAIOPS_PREDICTIONS__KIND")


class NoOutcomes:
    """Implements ports.Outcomes where nobody keeps them."""

    async def ready(self) -> Readiness:
        return Readiness(ok=True, says="none: labels and their worth are not known")

    async def labels(self, model: str, since: datetime) -> NoData:
        return _unknown(f"labels of {model}", _since(since), "BIZAIOPS_OUTCOMES__KIND")

    async def quality(self, service: ServiceRef, version: str, *, minutes: float) -> NoData:
        return _unknown(f"quality of {service}, {version}", f"{minutes:g} min", "BIZAIOPS_OUTCOMES__KIND")

    async def value(self, service: ServiceRef, versions: Sequence[str], since: datetime) -> NoData:
        return _unknown(f"value of {service}", _since(since), "BIZAIOPS_OUTCOMES__KIND")


class NoDrift:
    """Implements ports.DriftReports where nobody looks for it."""

    async def ready(self) -> Readiness:
        return Readiness(ok=True, says="none: drift is not looked for")

    async def report(self, model: str, *, minutes: float) -> NoData:
        return _unknown(f"drift of {model}", f"{minutes:g} min", "BIZAIOPS_DRIFT__KIND")


def _since(when: datetime) -> str:
    return f"the time since {when:%-d %b %H:%M} UTC"


def _between(start: datetime, end: datetime) -> str:
    return f"{start:%-d %b %H:%M} to {end:%-d %b %H:%M}"


def _unknown(query: str, window: str, variable: str) -> NoData:
    return NoData(query=query, window=window, searched=f"nowhere: {variable} is none")


def _refusal(what: str) -> Permanent:
    return Permanent(
        what, "BIZAIOPS_PIPELINES__KIND is none.", "Have it built elsewhere, then deploy it by its version."
    )
