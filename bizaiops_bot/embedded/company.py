"""The embedded company put together: streams, pipelines and the living world behind the ports.

Imports pandas and scikit-learn; what is needed without them is in settings.py.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import pandas as pd

from bizaiops_bot.bot_api.reach import Ports
from bizaiops_bot.domain.errors import BadInput, Permanent
from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.embedded.business.churn import ChurnStream
from bizaiops_bot.embedded.business.columns import churn_columns, demand_columns
from bizaiops_bot.embedded.business.demand import DemandStream
from bizaiops_bot.embedded.business.demand_csv import DemandCsvStream
from bizaiops_bot.embedded.business.telco_csv import TelcoStream
from bizaiops_bot.embedded.life.bookings import NoBooks, Warehousing
from bizaiops_bot.embedded.life.clock import WorldClock
from bizaiops_bot.embedded.life.first_versions import FilledRegistry
from bizaiops_bot.embedded.life.pace import Pace
from bizaiops_bot.embedded.life.served import ServedModel
from bizaiops_bot.embedded.life.world import World
from bizaiops_bot.embedded.settings import EmbeddedSettings
from bizaiops_bot.embedded.training.artifacts import load_model
from bizaiops_bot.embedded.training.pipelines import INITIAL, EmbeddedPipelines
from bizaiops_bot.embedded.training.recipes import Trainable
from bizaiops_bot.ports.clock import Clock
from bizaiops_bot.ports.model_registry import ModelRegistry

ORIGIN = "origin.json"


class Company:
    """The embedded company: bot_api.context.EmbeddedPorts, and bot_api.Attached for the life behind them.

    told: how files of the company's own were understood.
    """

    name = "the embedded company"
    alone = True

    def __init__(
        self,
        settings: EmbeddedSettings,
        world: World,
        pipelines: EmbeddedPipelines,
        specs: list[ModelSpec],
        told: list[tuple[str, str]],
    ) -> None:
        self._settings, self.world, self.pipelines, self.specs, self.told = settings, world, pipelines, specs, told
        self.serving, self.metrics = world.serving, world.metrics
        self.predictions, self.outcomes = world.predictions, world.outcomes
        self.drift, self.faults = world.drift, world.faults
        self._registry: FilledRegistry | None = None

    def registered(self, registry: ModelRegistry) -> ModelRegistry:
        """`registry` with the company's past in it, which `run` writes: its first versions are champions."""
        self._registry = FilledRegistry(registry, [spec.name for spec in self.specs])
        return self._registry

    async def run(self, ports: Ports) -> None:
        """Lives until cancelled."""
        beside = []
        if self._registry is not None:
            filling = self._registry.fill(self.pipelines, self.serving, INITIAL)
            beside.append(asyncio.create_task(filling, name="first versions"))
        calm = self._settings.calm_speed
        if calm is not None and isinstance(ports.clock, WorldClock):
            pace = Pace(ports.clock, ports.records, self.faults, fast=self._settings.speed, calm=calm)
            beside.append(asyncio.create_task(pace.run(), name="pace"))
        try:
            await self.world.run()
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            await self.pipelines.leave()

    def exposition(self) -> str:
        return self.world.exposition()


def open_company(
    settings: EmbeddedSettings,
    folder: Path,
    clock: Clock,
    warehouse: object,
    environments: Sequence[str],
    changed: Callable[[str], None],
) -> Company:
    """Trains the first versions if they are not there, tells the past, and opens the world. About three seconds of CPU.

    environments: where its models are served, the default one first. warehouse: KPIs are booked into it when it is a
    `Warehousing`; into others, which somebody else fills, nothing is.
    changed: hears the name of a port whose answers are not what they were.
    Raises BadInput for data files that cannot be used, Permanent for a folder that cannot.
    """
    folder.mkdir(exist_ok=True)
    _same_origin(settings, folder)
    streams, told = make_streams(settings)
    books = warehouse if isinstance(warehouse, Warehousing) else NoBooks()
    books.flush()
    late: list[World] = []

    def live_rows(model: str, since: datetime) -> pd.DataFrame:
        return late[0].labelled(model, since)

    by_name = {stream.info.name: stream for stream in streams}
    pipelines = EmbeddedPipelines(
        folder / "pipelines", by_name, clock, live_rows, seed=settings.seed, changed=lambda: changed("pipelines")
    )

    def mark_bad_release(model: str, on: bool) -> None:
        (pipelines.bad_release.add if on else pipelines.bad_release.discard)(model)

    models = _Models(pipelines)
    world = World(
        folder,
        streams,
        models,
        clock,
        books,
        seed=settings.seed,
        past_days=settings.history_days,
        environments=environments,
        mark_bad_release=mark_bad_release,
    )
    late.append(world)
    world.begin()
    return Company(settings, world, pipelines, [stream.info for stream in streams], told)


def _same_origin(settings: EmbeddedSettings, folder: Path) -> None:
    """A company goes on with the data it began with. Raises BadInput when the folder belongs to another one."""
    origin = {
        "seed": settings.seed,
        "churn": _origin(settings.churn_data, settings.churn_columns),
        "demand": _origin(settings.demand_data, settings.demand_columns),
    }
    file = folder / ORIGIN
    if not file.exists():
        for path in (settings.churn_data, settings.demand_data):
            if path is not None and not path.is_file():
                return  # the stream says it better
        file.write_text(json.dumps(origin), encoding="utf-8")
        return
    known = json.loads(file.read_text(encoding="utf-8"))
    different = [name for name in origin if origin[name] != known.get(name)]
    if different:
        was = ", ".join(f"{name} {known.get(name)}" for name in different)
        raise BadInput(
            f"The data folder {str(folder.parent)!r} belongs to another company.",
            f"It was begun with {was}.",
            "Start it with the same options, or give another folder: --data DIR",
        )


def _origin(path: Path | None, columns: dict[str, str]) -> str:
    """What tells one source from another: "generated", or the file's name, size and column mapping."""
    if path is None or not path.is_file():
        return "generated"
    chosen = "".join(f", {role}={column}" for role, column in sorted(columns.items()))
    return f"{path.name} ({path.stat().st_size} bytes{chosen})"


def make_streams(settings: EmbeddedSettings) -> tuple[list[Trainable], list[tuple[str, str]]]:
    """The two models' streams, generated or from files, and how the files' columns were understood."""
    mapping: list[tuple[str, str]] = []
    churn: Trainable = ChurnStream(settings.seed)
    demand: Trainable = DemandStream(settings.seed)
    if settings.churn_data is not None:
        chosen = churn_columns(settings.churn_data, settings.churn_columns) if settings.churn_columns else None
        real = TelcoStream(settings.churn_data, settings.seed, chosen)
        churn, mapping = real, [*mapping, *(("churn " + role, column) for role, column in real.columns.describe())]
        mapping += [("churn file", told) for told in real.told]
    if settings.demand_data is not None:
        picked = demand_columns(settings.demand_data, settings.demand_columns) if settings.demand_columns else None
        sales = DemandCsvStream(settings.demand_data, settings.seed, picked)
        demand, mapping = sales, [*mapping, *(("demand " + role, column) for role, column in sales.columns.describe())]
        mapping += [("demand file", told) for told in sales.told]
    return [churn, demand], mapping


class _Models:
    """The world's ModelStore over the pipelines' folder."""

    def __init__(self, pipelines: EmbeddedPipelines) -> None:
        self._pipelines = pipelines

    def initial(self, model: str) -> str:
        return self._pipelines.initial(model).version

    def load(self, model: str, version: str) -> ServedModel:
        folder = self._pipelines.artifact_folder(model, version)
        if not folder.exists():
            raise Permanent(f"{model} {version} is not built.", do=f"Say `deploy {model} {version}`.")
        return load_model(folder)
