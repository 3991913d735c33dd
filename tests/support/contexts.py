"""What an adapter is built with in a test."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bizaiops_bot.adapters.clock import SystemClock
from bizaiops_bot.bot_api.context import Context
from bizaiops_bot.domain.kpi import Kpi
from bizaiops_bot.ports.clock import Clock


def context(folder: Path, clock: Clock | None = None, kpis: Sequence[Kpi] = ()) -> Context:
    """clock: None for the machine's."""
    return Context(folder, clock or SystemClock(), kpis)
