"""What the bot gives to an adapter that is built from its settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bizaiops_bot.bot_api.attached import Attached
from bizaiops_bot.domain.environments import Environment
from bizaiops_bot.domain.errors import Permanent
from bizaiops_bot.domain.kpi import Kpi
from bizaiops_bot.ports.clock import Clock
from bizaiops_bot.ports.drift_reports import DriftReports
from bizaiops_bot.ports.faults import Faults
from bizaiops_bot.ports.metrics import Metrics
from bizaiops_bot.ports.outcomes import Outcomes
from bizaiops_bot.ports.pipelines import Pipelines
from bizaiops_bot.ports.predictions import Predictions
from bizaiops_bot.ports.serving import Serving


class EmbeddedPorts(Protocol):
    """The ports that the embedded company serves, all of one world."""

    @property
    def pipelines(self) -> Pipelines: ...

    @property
    def serving(self) -> Serving: ...

    @property
    def metrics(self) -> Metrics: ...

    @property
    def predictions(self) -> Predictions: ...

    @property
    def outcomes(self) -> Outcomes: ...

    @property
    def drift(self) -> DriftReports: ...

    @property
    def faults(self) -> Faults: ...


def _none() -> EmbeddedPorts:
    raise Permanent("There is no embedded company here.")


@dataclass
class Context:
    """Given to `build` of each port's settings. `build` opens nothing: the first call of the port does.

    data: folder for whatever is kept. clock: the bot's. kpis: the definitions to answer for, as they are
    when it is asked: the list changes when the company is reloaded. environments: those of the
    company, the one that the bot acts in first. embedded: the embedded
    company, opened by the first that asks. attach: makes known what lives beside the bot. ends: what is to be closed
    when the bot stops, the newest first. listeners: who hears of `changed`.
    """

    data: Path
    clock: Clock
    kpis: list[Kpi] = field(default_factory=list)
    environments: Sequence[Environment] = ()
    embedded: Callable[[], EmbeddedPorts] = _none
    attached: list[Attached] = field(default_factory=list)
    ends: AsyncExitStack = field(default_factory=AsyncExitStack)
    listeners: list[Callable[[str], None]] = field(default_factory=list)

    def changed(self, port: str) -> None:
        """For an adapter that hears of its system's changes by itself: what waits for that port looks now, and not at
        its next time. From the thread of the event loop.
        """
        for hear in self.listeners:
            hear(port)

    def attach(self, beside: Attached) -> None:
        self.attached.append(beside)
