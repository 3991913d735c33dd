"""Every kind of slot with its reader."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bizaiops_bot.domain.routing import SlotSpec
from bizaiops_bot.router.readers import kpis, models, numbers, people, texts, times, versions
from bizaiops_bot.router.readers.blanks import Blanks

READERS: dict[str, Callable[[Blanks, SlotSpec], Any]] = {
    "model": models.read_model,
    "version": versions.read_version,
    "blamed": versions.read_blamed,
    "kpi": kpis.read_kpi,
    "percent": numbers.read_number,
    "replicas": numbers.read_number,
    "run": numbers.read_number,
    "schedule": numbers.read_number,
    "alert": numbers.read_number,
    "reminder": numbers.read_number,
    "window": times.read_window,
    "until": times.read_until,
    "period": times.read_period,
    "later": times.read_later,
    "moment": times.read_moment,
    "cron": times.read_cron,
    "time_zone": times.read_zone,
    "person": people.read_person,
    "reminded": people.read_reminded,
    "environment": lambda _blanks, _slot: None,  # it is read of the whole sentence, see router/somewhere.py
    "text": texts.read_text,
    "fault": texts.read_fault,
    "strategy": texts.read_strategy,
}


def read(blanks: Blanks, slot: SlotSpec) -> Any:
    """The slot's value in the words; None when they say none. Raises Back."""
    return READERS.get(slot.kind, texts.read_text)(blanks, slot)
