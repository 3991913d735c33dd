"""What a language model may look at: ports that only read, as langchain tools with typed arguments.

There is no free query and no port that changes anything: a tool is a method of this file, its arguments are names of
the live catalogue and numbers within limits. Imported only when an investigation begins.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, create_model

from bizaiops_bot.bot_api.observed import health_of, series_of
from bizaiops_bot.bot_api.records import Records
from bizaiops_bot.domain import look_words as words
from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.facts import Look
from bizaiops_bot.domain.monitoring import LABEL_MINUTES
from bizaiops_bot.domain.services import ServiceRef
from bizaiops_bot.engine.audit.redaction import redact
from bizaiops_bot.ports.clock import Clock
from bizaiops_bot.ports.drift_reports import DriftReports
from bizaiops_bot.ports.metrics import Metrics
from bizaiops_bot.ports.models import Models
from bizaiops_bot.ports.outcomes import Outcomes
from bizaiops_bot.ports.predictions import Predictions
from bizaiops_bot.ports.serving import Serving

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

MOST_CHARS = 1_500
MOST_NAMES = 200
_METRICS = Literal["requests_per_minute", "error_rate", "latency_p95_ms", "score_mean", "drift_psi"]
_POINTS = 120


class Readable(Protocol):
    """The ports that are looked at; of each, only methods that read are called here."""

    clock: Clock
    models: Models
    serving: Serving
    metrics: Metrics
    predictions: Predictions
    outcomes: Outcomes
    drift: DriftReports
    records: Records


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


@dataclass
class Looks:
    """The tools of one investigation; `made` has each look in order, as people are shown it."""

    ports: Readable
    models: Sequence[str]
    made: list[Look] = field(default_factory=list)
    about: set[str] = field(default_factory=set)

    def tools(self) -> list[BaseTool]:
        """Built for the models that exist now."""
        model: dict[str, Any] = {"model": (Literal[tuple(self.models[:MOST_NAMES])], Field(description="the model"))}
        minutes: dict[str, Any] = {"minutes": (int, Field(description="how far back", ge=1, le=360))}
        metric: dict[str, Any] = {"metric": (_METRICS, Field(description="what is measured"))}
        window: dict[str, Any] = {"minutes": (Literal[15, 60], Field(description="how far back"))}
        return [
            self._tool("look_at_health", "Requests, errors and latency per version.", model | minutes, self._health),
            self._tool("look_at_series", "One metric over time.", model | metric | minutes, self._series),
            self._tool("look_at_traffic", "Which versions get which share of requests.", model, self._traffic),
            self._tool("look_at_releases", "The newest releases.", model, self._releases),
            self._tool("look_at_drift", "Columns that are not as at training.", model | window, self._drift),
            self._tool("look_at_quality", "Predictions held against late labels.", model, self._quality),
            self._tool("look_at_alerts", "Open alerts.", model, self._alerts),
            self._tool("look_at_runs", "What the bot is doing on the model.", model, self._runs),
        ]

    def _tool(
        self, name: str, description: str, fields: dict[str, Any], look: Callable[..., Awaitable[str]]
    ) -> BaseTool:
        from langchain_core.tools import StructuredTool

        async def run(**asked: Any) -> str:
            try:
                found = await look(**asked)
            except BotError as error:
                found = f"not known: {error.what}"
            found = redact(found)[:MOST_CHARS]
            self.about.add(str(asked["model"]))
            self.made.append(Look(question=_question(name, asked), finding=found))
            return found

        schema = create_model(name, __base__=_Strict, **fields)
        return StructuredTool(name=name, description=description, args_schema=schema, coroutine=run)

    async def _service(self, model: str) -> ServiceRef:
        return await self.ports.records.service(model)

    async def _health(self, model: str, minutes: int) -> str:
        traffic = await self.ports.serving.traffic(await self._service(model))
        return words.health_words(await health_of(self.ports, traffic, minutes=minutes))

    async def _series(self, model: str, metric: str, minutes: int) -> str:
        now = self.ports.clock.now()
        points = min(minutes, _POINTS)
        service = await self._service(model)
        data = await series_of(self.ports, service, metric, now - timedelta(minutes=minutes), now, points)
        return words.series_words(data)

    async def _traffic(self, model: str) -> str:
        return words.traffic_words(await self.ports.serving.traffic(await self._service(model)))

    async def _releases(self, model: str) -> str:
        return words.release_list(await self.ports.records.releases(model, limit=5))

    async def _drift(self, model: str, minutes: int) -> str:
        return words.drift_words(await self.ports.drift.report(model, minutes=minutes))

    async def _quality(self, model: str) -> str:
        traffic = await self.ports.serving.traffic(await self._service(model))
        return words.quality_words(
            await self.ports.outcomes.quality(traffic.service, str(traffic.stable), minutes=LABEL_MINUTES)
        )

    async def _alerts(self, model: str) -> str:
        found = await self.ports.records.alerts(model=model, open_only=True)
        return words.alert_list(found, self.ports.clock.now())

    async def _runs(self, model: str) -> str:
        found = await self.ports.records.runs(model=model, limit=10)
        return words.run_list([r for r in found if not r.finished], self.ports.clock.now())


def _question(name: str, asked: dict[str, Any]) -> str:
    """ "series of churn, latency_p95_ms, 60 minutes" """
    rest = [f"{value} minutes" if key == "minutes" else str(value) for key, value in asked.items() if key != "model"]
    return ", ".join([f"{name.removeprefix('look_at_')} of {asked['model']}", *rest])
