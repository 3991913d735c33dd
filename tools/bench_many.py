"""Measures a company of 1,000 models with five versions each: a real registry on a file, the rest in memory."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import statistics
import time
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from bizaiops_bot.adapters.mlflow import MlflowRegistry, MlflowSettings
from bizaiops_bot.app.bootstrap import build
from bizaiops_bot.app.bot import Bot
from bizaiops_bot.domain.builds import Buildable
from bizaiops_bot.domain.kpi import Kpi, KpiDay
from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.domain.services import Replicas, Revision, ServiceRef, TrafficState
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.settings import Settings
from tests.support.contexts import context
from tools.bench_rows import Row, percentile, row

MODELS, VERSIONS, WARM = 1_000, 5, 5
TEXT = "what models do we have?"
ORDER = "deploy model-0777 v6 as a 10% canary"
NOTES = f"""\
{MODELS:,} models: `tools/bench_many.py` puts a company of {MODELS:,} models with {VERSIONS} versions each behind the
ports of a bot in the measuring process. The registry is MLflow on a file, read in full by the bot as in life; what
serves, health, drift and KPIs answer from memory. A message is timed from `post` to its card, which has 30 models in
full. The names are read anew in a thread, at most every 5 s and for no more than a twentieth of the time.
"""


class Many:
    """Serving, metrics, drift, pipelines, models and warehouse of so many models, from memory."""

    def __init__(self, environment: str) -> None:
        self.environment = environment
        self.names = [f"model-{n:04}" for n in range(MODELS)]

    async def specs(self) -> list[ModelSpec]:
        return [ModelSpec(name=name, title=name, owner="crm") for name in self.names]

    async def services(self) -> list[ServiceRef]:
        return [ServiceRef(environment=self.environment, model=name, name=name) for name in self.names]

    async def traffic(self, service: ServiceRef) -> TrafficState:
        stable = Revision(name=f"{service.name}-1", version=str(VERSIONS - 1), weight=100, role="stable")
        return TrafficState(
            service=service,
            revisions=(stable,),
            replicas=Replicas(ready=2, desired=2, least=2, most=2),
            generation="1",
            read_at=datetime.now().astimezone(),
        )

    async def health(self, service: ServiceRef, revisions: Sequence[str], *, minutes: float) -> NoData:
        return NoData(query=service.model, window=f"{minutes} min", searched="memory")

    async def report(self, model: str, *, minutes: float) -> NoData:
        return NoData(query=model, window=f"{minutes} min", searched="memory")

    async def buildable(self, model: str) -> list[Buildable]:
        return []

    async def all_buildable(self) -> dict[str, list[Buildable]]:
        return {}

    async def kpis(self) -> list[Kpi]:
        return []

    async def fresh(self, kpi: str) -> NoData:
        return NoData(query=kpi, window="all time", searched="memory")

    async def daily(self, kpi: str, start: date, end: date, *, time_zone: str) -> list[KpiDay]:
        return []


async def _registry(folder: Path) -> MlflowRegistry:
    made = MlflowSettings().build(context(folder))
    await made.warm()
    names = [f"model-{n:04}" for n in range(MODELS)]
    rows = [(name, n, 1_760_000_000_000 + n) for name in names for n in range(1, VERSIONS + 1)]
    with contextlib.closing(sqlite3.connect(folder / "mlflow.db")) as database, database:
        database.executemany("insert into registered_models (name) values (?)", [(name,) for name in names])
        database.executemany(
            "insert into model_versions (name, version, creation_time, last_updated_time, current_stage, source, "
            "status) values (?1, ?2, ?3, ?3, 'None', 's3://models', 'READY')",
            rows,
        )
    return made


async def _answer(bot: Bot, text: str, after: int) -> tuple[float, int]:
    """Milliseconds until the message has its card, and the number of that card."""
    began = time.perf_counter()
    message = await bot.desk.post("bench", "engineer", text)
    async for posted in bot.desk.events("bench", after=after):
        if getattr(posted, "reply_to", None) == message.id:
            return (time.perf_counter() - began) * 1000, posted.seq
    raise AssertionError("the stream ended")


async def _measured(folder: Path, count: int) -> list[Row]:
    registry = await _registry(folder / "registry")
    bot = await build(Settings(data=folder / "data", embedded={"speed": 1}))
    ports: Any = bot.core.ports
    many = Many(bot.core.policy.environment)
    for port in ("models", "serving", "metrics", "predictions", "outcomes", "drift", "pipelines", "warehouse"):
        setattr(ports, port, many)
    ports.registry = registry
    await bot.start()
    try:
        began = time.perf_counter()
        await registry.all_versions()
        reading = time.perf_counter() - began
        spent: dict[str, list[float]] = {TEXT: [], ORDER: []}
        seq = 0
        for text in spent:
            for nth in range(WARM + count):
                took, seq = await _answer(bot, text, seq)
                spent[text] += [took] if nth >= WARM else []
    finally:
        await bot.stop()
    asked = f"{MODELS:,} models, `{TEXT}`"
    return [
        row(f"{asked}: message -> card, p50", statistics.median(spent[TEXT]), "ms", 150),
        row(f"{asked}: message -> card, p95", percentile(spent[TEXT], 0.95), "ms"),
        row(f"{MODELS:,} models, an order for an unknown version refused: p50", statistics.median(spent[ORDER]), "ms"),
        row(f"{MODELS * VERSIONS:,} versions read from MLflow on a file", reading, "s"),
    ]


def many_rows(folder: Path, count: int) -> list[Row]:
    """(rows, how they were measured)."""
    (folder / "registry").mkdir(parents=True)
    return asyncio.run(_measured(folder, count))
