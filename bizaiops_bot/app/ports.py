"""The outside ports, each built from its setting; nothing here names an adapter."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from bizaiops_bot.adapters.clock import SystemClock
from bizaiops_bot.adapters.kpi_files import load_kpis
from bizaiops_bot.adapters.template_words import TemplateWords
from bizaiops_bot.app.told_of_models import RegisteredNames, WatchedColumns
from bizaiops_bot.bot_api.context import Context
from bizaiops_bot.bot_api.controls import Controls
from bizaiops_bot.bot_api.handbook import Handbook
from bizaiops_bot.bot_api.records import Records
from bizaiops_bot.domain.kpi import Kpi
from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.embedded.life.clock import open_clock
from bizaiops_bot.embedded.settings import EMBEDDED_KPIS
from bizaiops_bot.ports.clock import Clock
from bizaiops_bot.ports.drift_reports import DriftReports
from bizaiops_bot.ports.faults import Faults
from bizaiops_bot.ports.metrics import Metrics
from bizaiops_bot.ports.model_registry import ModelRegistry
from bizaiops_bot.ports.models import Models
from bizaiops_bot.ports.outcomes import Outcomes
from bizaiops_bot.ports.pipelines import Pipelines
from bizaiops_bot.ports.predictions import Predictions
from bizaiops_bot.ports.serving import Serving
from bizaiops_bot.ports.warehouse import Warehouse
from bizaiops_bot.ports.words import Words
from bizaiops_bot.settings import PORTS, Settings

if TYPE_CHECKING:
    from bizaiops_bot.embedded.company import Company

Told = Sequence[tuple[str, str]]
"""What people are told at the start: (about what, in words)."""


@dataclass
class WiredPorts:
    """Implements bot_api.Ports."""

    clock: Clock
    models: Models
    pipelines: Pipelines
    serving: Serving
    registry: ModelRegistry
    metrics: Metrics
    predictions: Predictions
    outcomes: Outcomes
    drift: DriftReports
    warehouse: Warehouse
    faults: Faults | None
    records: Records
    controls: Controls
    handbook: Handbook
    words: Words = field(default_factory=TemplateWords)


def bot_clock(settings: Settings) -> Clock:
    """The machine's, unless the embedded company lives here: then its world's."""
    if not settings.embedded_ports():
        return SystemClock()
    return open_clock(settings.data / "world", settings.embedded.speed, datetime.now(UTC))


class Opened(NamedTuple):
    """ports: by name, with `faults` where there is a world that can be broken. specs: what serving says of its own
    models. told: what is to be told besides.
    """

    ports: dict[str, Any]
    specs: Sequence[ModelSpec] = ()
    told: Told = ()


def open_ports(settings: Settings, context: Context, models: Models) -> Opened:
    """Every port, built from its setting. models: whose files registry and drift go by.

    The embedded company is opened, and trained at its first start, when a port is of its kind: seconds of CPU, so in a
    thread. Raises BotError when an adapter cannot be built.
    """
    built: dict[str, Any] = {}

    @functools.cache
    def embedded() -> Company:
        from bizaiops_bot.embedded.company import open_company

        found = open_company(
            settings.embedded,
            settings.data / "world",
            context.clock,
            built["warehouse"],
            [one.name for one in context.environments],
            context.changed,
        )
        context.ends.callback(found.world.close)
        context.attach(found)
        return found

    context.embedded = embedded
    for port in PORTS:
        built[port] = getattr(settings, port).build(context)
    built["registry"] = RegisteredNames(built["registry"], models)
    built["drift"] = WatchedColumns(built["drift"], models)
    if not settings.embedded_ports():
        return Opened({**built, "faults": None})
    company = embedded()
    if settings.begins_with_a_past():
        built["registry"] = company.registered(built["registry"])
    return Opened({**built, "faults": company.faults}, company.specs, company.told)


def read_kpis(settings: Settings) -> tuple[list[Kpi], Told]:
    """The KPIs, and what is told at the start: the generated company's targets do not fit people's own data."""
    if settings.kpis is not None:
        return load_kpis(settings.kpis), []
    if not settings.embedded_ports():
        return [], [("KPIs", "none are defined; give a folder of them with BIZAIOPS_KPIS")]
    own = settings.embedded.own_models()
    kpis = [kpi.model_copy(update={"target": None}) if kpi.model in own else kpi for kpi in load_kpis(EMBEDDED_KPIS)]
    told = "none: what the generated company aims at does not fit your data; define your own with BIZAIOPS_KPIS"
    return kpis, [(f"{model} targets", told) for model in sorted(own)]
