"""The demo's world waits for who reads: it is fast while something is under way and calm while nothing is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from bizaiops_bot.embedded.life.clock import WorldClock
from bizaiops_bot.embedded.life.pace import Pace

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def run(number: int, *, ended: datetime | None = None) -> SimpleNamespace:
    return SimpleNamespace(id=number, finished=ended is not None, ended=ended)


@dataclass
class Company:
    """What the bot has on its hands, as records and faults tell it."""

    at_work: list[Any] = field(default_factory=list)
    asking: list[int] = field(default_factory=list)
    alarms: list[datetime] = field(default_factory=list)
    broken: list[datetime] = field(default_factory=list)

    async def runs(self, *, model: str | None = None, limit: int = 20) -> list[Any]:
        return self.at_work

    async def approvals(self, number: int | None = None) -> list[Any]:
        return [SimpleNamespace(run=run) for run in self.asking]

    async def alerts(self, *, model: str | None = None, open_only: bool = False, limit: int = 20) -> list[Any]:
        return [SimpleNamespace(detected=when) for when in self.alarms]

    async def active(self) -> list[tuple[str, str, datetime]]:
        return [("churn", "latency", when) for when in self.broken]


CALM = {
    "nothing is under way": Company(),
    "a plan waits for a person": Company(at_work=[run(1)], asking=[1]),
    "a run has ended": Company(at_work=[run(1, ended=ago(1))]),
    "an alert has stood for an hour": Company(alarms=[ago(60)], at_work=[run(1, ended=ago(90))]),
    "a fault has been there for a day": Company(broken=[ago(1440)]),
}
FAST = {
    "a run is at work": Company(at_work=[run(1)]),
    "a run is at work while another waits for a person": Company(at_work=[run(2), run(1)], asking=[1]),
    "an alert is new": Company(alarms=[ago(2)]),
    "an alert may end because of a run that has just ended": Company(alarms=[ago(60)], at_work=[run(1, ended=ago(3))]),
    "a fault is new": Company(broken=[ago(1)]),
}


@pytest.mark.parametrize(
    ("company", "speed"),
    [*((company, 1.0) for company in CALM.values()), *((company, 60.0) for company in FAST.values())],
    ids=[*(f"calm when {what}" for what in CALM), *(f"fast when {what}" for what in FAST)],
)
async def test_the_world_is(company: Any, speed: float) -> None:
    clock = WorldClock(NOW, 30.0, real=lambda: 0.0)
    await Pace(clock, company, company, fast=60.0, calm=1.0).look()
    assert clock.speed == speed


async def test_a_reader_of_ten_minutes_finds_a_release_ten_minutes_old() -> None:
    real = [0.0]
    clock = WorldClock(NOW, 60.0, real=lambda: real[0])
    company: Any = Company(at_work=[run(1)])
    pace = Pace(clock, company, company, fast=60.0, calm=1.0)
    await pace.look()
    real[0] += 20.0
    assert clock.now() == NOW + timedelta(minutes=20), "a canary of twenty minutes takes twenty seconds"
    company.at_work = [run(1, ended=clock.now())]
    await pace.look()
    real[0] += 600.0
    assert clock.now() == NOW + timedelta(minutes=30)
