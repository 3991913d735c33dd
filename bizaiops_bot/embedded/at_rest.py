"""The embedded company as `bizaiops doctor` finds it: told about, not opened, as opening it trains and lives."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.readiness import Readiness
from bizaiops_bot.embedded.life.clock import saved_time
from bizaiops_bot.embedded.settings import EmbeddedSettings


class AtRest:
    """Stands for each of its ports, and answers one question."""

    def __init__(self, settings: EmbeddedSettings, folder: Path) -> None:
        """folder: of its world."""
        self._settings, self._folder = settings, folder
        self.pipelines: Any = self
        self.serving: Any = self
        self.metrics: Any = self
        self.predictions: Any = self
        self.outcomes: Any = self
        self.drift: Any = self
        self.faults: Any = self

    async def ready(self) -> Readiness:
        """Whether it could be opened."""
        settings = self._settings
        for option, file in (("churn", settings.churn_data), ("demand", settings.demand_data)):
            if file is not None and not file.is_file():
                return Readiness(ok=False, says=f"embedded: {option} data {file} are not there", do="Give a file.")
        try:
            seen = await asyncio.to_thread(saved_time, self._folder)
        except BotError as exc:
            return Readiness(ok=False, says=f"embedded: {exc.what} {exc.why}", do=exc.do)
        age = "founded at the first start" if seen is None else f"its time is {seen:%a %-d %b %H:%M} UTC"
        return Readiness(ok=True, says=f"embedded: seed {settings.seed}, {settings.speed:g} x world speed, {age}")
