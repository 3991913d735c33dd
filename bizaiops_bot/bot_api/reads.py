"""What surfaces may look at: nothing in it changes anything."""

from __future__ import annotations

from typing import Protocol

from bizaiops_bot.bot_api.records import Records
from bizaiops_bot.ports.clock import Clock
from bizaiops_bot.ports.drift_reports import DriftReports
from bizaiops_bot.ports.metrics import Metrics
from bizaiops_bot.ports.models import Models
from bizaiops_bot.ports.serving import ServedModels
from bizaiops_bot.ports.warehouse import Warehouse


class Reads(Protocol):
    """The reading face of the ports and of the bot's own records."""

    @property
    def clock(self) -> Clock: ...

    @property
    def models(self) -> Models: ...

    @property
    def serving(self) -> ServedModels: ...

    @property
    def metrics(self) -> Metrics: ...

    @property
    def drift(self) -> DriftReports: ...

    @property
    def warehouse(self) -> Warehouse: ...

    @property
    def records(self) -> Records: ...
