"""The embedded company put together: streams, pipelines and the living world behind the ports."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bizaiops_bot.adapters.embedded.clock import WorldClock
from bizaiops_bot.adapters.embedded.settings import EmbeddedSettings
from bizaiops_bot.domain.errors import BadInput, Permanent
from bizaiops_bot.ports import Clock

if TYPE_CHECKING:
    import pandas as pd

    from bizaiops_bot.adapters.embedded.bookings import Warehousing
    from bizaiops_bot.adapters.embedded.pipelines import EmbeddedPipelines
    from bizaiops_bot.adapters.embedded.recipes import Trainable
    from bizaiops_bot.adapters.embedded.served import ServedModel
    from bizaiops_bot.adapters.embedded.world import World


ORIGIN = "origin.json"


class Company:
    """What bootstrap needs of the embedded company. Building it imports pandas and scikit-learn."""

    def __init__(self, world: World, pipelines: EmbeddedPipelines, mapping: list[tuple[str, str]]) -> None:
        self.world, self.pipelines = world, pipelines
        self.serving, self.metrics, self.drift, self.faults = world.serving, world.metrics, world.drift, world.faults
        self.mapping = mapping


def open_clock(settings: EmbeddedSettings, folder: Path, start: datetime) -> WorldClock:
    """The world's clock: from the saved world time on, or `start` for a new world."""
    from bizaiops_bot.adapters.embedded.memory import saved_time

    saved = saved_time(folder)
    return WorldClock(saved or start, settings.speed)


def first_start(real_now: datetime) -> datetime:
    """A new world begins at today's 08:00 UTC, with its sixty days of past behind it."""
    return real_now.astimezone(UTC).replace(hour=8, minute=0, second=0, microsecond=0)


def open_company(settings: EmbeddedSettings, folder: Path, clock: Clock, warehouse: Warehousing) -> Company:
    """Trains the first versions if they are not there, tells the past, and opens the world. About three seconds of CPU.

    Raises BadInput for data files that cannot be used, Permanent for a folder that cannot.
    """
    from bizaiops_bot.adapters.embedded.pipelines import EmbeddedPipelines
    from bizaiops_bot.adapters.embedded.world import World

    _same_origin(settings, folder)
    streams, mapping = make_streams(settings)
    late: list[World] = []

    def live_rows(model: str, since: datetime) -> pd.DataFrame:
        return late[0].labelled(model, since)

    by_name = {stream.info.name: stream for stream in streams}
    pipelines = EmbeddedPipelines(folder / "pipelines", by_name, clock, live_rows, seed=settings.seed)

    def mark_bad_release(model: str, on: bool) -> None:
        (pipelines.bad_release.add if on else pipelines.bad_release.discard)(model)

    models = _Models(pipelines)
    world = World(
        folder,
        streams,
        models,
        clock,
        warehouse,
        seed=settings.seed,
        past_days=settings.history_days,
        mark_bad_release=mark_bad_release,
    )
    late.append(world)
    world.begin()
    return Company(world, pipelines, mapping)


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


def own_models(settings: EmbeddedSettings) -> set[str]:
    """The models that learn from people's own files."""
    files = {"churn": settings.churn_data, "demand": settings.demand_data}
    return {model for model, path in files.items() if path is not None}


def make_streams(settings: EmbeddedSettings) -> tuple[list[Trainable], list[tuple[str, str]]]:
    """The two models' streams, generated or from files, and how the files' columns were understood."""
    from bizaiops_bot.adapters.embedded.churn import ChurnStream
    from bizaiops_bot.adapters.embedded.columns import churn_columns, demand_columns
    from bizaiops_bot.adapters.embedded.demand import DemandStream
    from bizaiops_bot.adapters.embedded.demand_csv import DemandCsvStream
    from bizaiops_bot.adapters.embedded.telco_csv import TelcoStream

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
        from bizaiops_bot.adapters.embedded.artifacts import load_model

        folder = self._pipelines.artifact_folder(model, version)
        if not folder.exists():
            raise Permanent(f"{model} {version} is not built.", do=f"Say `deploy {model} {version}`.")
        return load_model(folder)
