"""The watch where another worker takes it over: what was broken is broken for the next one too, and told once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bizaiops_bot.domain.errors import Temporary
from bizaiops_bot.domain.histogram import Histogram
from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.domain.monitoring import RevisionSample
from bizaiops_bot.domain.records import Alert
from bizaiops_bot.domain.services import Revision, ServiceRef, TrafficState
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.engine.watch.alerts import Watch
from tests.support.services import service, traffic
from tests.support.small_engine import START, SmallEngine
from tests.support.virtual_clock import VirtualClock

CHURN = ModelSpec(name="churn", title="Churn", task="classification", owner="x")
TOO_SLOW, NEARLY, WELL = 400.0, 140.0, 60.0
"""p95 in ms: over the limit of 150, between it and the exit limit of 120, and under both."""


class Outside:
    """One service, whose p95 is `p95`; None: nobody measures it. away: nothing answers."""

    def __init__(self, clock: VirtualClock) -> None:
        self.p95: float | None = WELL
        self.away, self._clock = False, clock

    async def specs(self) -> list[ModelSpec]:
        return [CHURN]

    async def services(self) -> list[ServiceRef]:
        return [service()]

    async def traffic(self, of: ServiceRef) -> TrafficState:
        if self.away:
            raise Temporary("KServe does not answer.", after_s=1)
        return traffic(self._clock.now(), Revision(name="churn-v1", version="v1", weight=100, role="stable"))

    async def health(self, *_: Any, minutes: float) -> list[RevisionSample] | NoData:
        now = self._clock.now()
        if self.p95 is None:
            return NoData(query="latency", window="3 min", searched="test")
        latency = Histogram(edges_ms=(self.p95 - 1, self.p95 + 1), counts=(0, 1000, 0))
        window = {"start": now - timedelta(minutes=minutes), "end": now}
        return [RevisionSample(revision="churn-v1", requests=1000, errors=0, latency=latency, **window)]

    async def series(self, *_: Any) -> NoData:
        return NoData(query="latency_p95_ms", window="the last hour", searched="test")

    async def report(self, *_: Any, **__: Any) -> NoData:
        return NoData(query="drift", window="the last hour", searched="test")


class Room:
    """A worker that watches, and the ones that take over from it."""

    def __init__(self, folder: Path) -> None:
        self.clock = VirtualClock(START)
        self.outside = outside = Outside(self.clock)
        ports = dict.fromkeys(("models", "serving", "metrics", "drift"), outside)
        self.engine = SmallEngine(folder, [], self.clock, **ports)
        self.watch = Watch(self.engine.core, self.engine.orders, [])

    async def taken_over(self) -> None:
        """The worker has died; another one leads."""
        self.engine = await self.engine.restarted()
        self.watch = Watch(self.engine.core, self.engine.orders, [])

    async def looks(self, p95: float | None) -> Alert | None:
        """A minute later, with that p95; the newest alert."""
        self.outside.p95 = p95
        await self.clock.advance(60)
        await self.watch.look()
        alerts: list[Alert] = await self.engine.core.ports.records.alerts(limit=10)
        assert len(alerts) <= 1, "told twice"
        return alerts[0] if alerts else None


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    opened = Room(tmp_path / "data")
    await opened.engine.start()
    yield opened
    await opened.engine.stop()


def is_open(alert: Alert | None) -> bool:
    assert alert is not None
    return alert.closed is None


async def test_slowness_that_is_not_over_stays_an_open_alert_for_the_worker_that_takes_over(room: Room) -> None:
    assert await room.looks(WELL) is None
    assert is_open(await room.looks(TOO_SLOW))
    # when it is under the limit by a little, which does not end it, and another worker looks
    await room.taken_over()
    for _ in range(4):
        assert is_open(await room.looks(NEARLY))
        await room.taken_over()
    # then it is over when the exit limit is met, twice in a row
    assert is_open(await room.looks(WELL))
    await room.taken_over()
    assert not is_open(await room.looks(WELL))
    # and what was never over the limit since is no new alert
    assert not is_open(await room.looks(NEARLY))


@pytest.mark.parametrize("away", [False, True], ids=["nothing is measured", "nothing answers"])
async def test_a_minute_in_which_nothing_is_known_ends_no_slowness(room: Room, away: bool) -> None:
    assert is_open(await room.looks(TOO_SLOW))
    room.outside.away = away
    assert is_open(await room.looks(None))
    room.outside.away = False
    for _ in range(4):
        assert is_open(await room.looks(NEARLY))


async def test_what_one_worker_could_not_see_the_others_tell_too_and_no_longer_than_it_is_so(room: Room) -> None:
    room.outside.away = True
    await room.looks(WELL)
    assert "KServe does not answer" in (await room.watch.problems())["watch"]
    await room.taken_over()
    assert "KServe does not answer" in (await room.watch.problems())["watch"]
    beside = Watch(room.engine.core, room.engine.orders, [])
    room.outside.away = False
    await room.looks(WELL)
    assert await beside.problems() == await room.watch.problems() == {}


async def test_a_worker_that_only_believes_to_lead_opens_and_ends_no_alert(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    core = room.engine.core
    monkeypatch.setattr(core.store, "database", SimpleNamespace(shared=True), raising=False)
    with monkeypatch.context() as frozen:
        frozen.setattr(core.lead, "worker", "one-that-was-frozen")
        assert await room.looks(TOO_SLOW) is None
    assert is_open(await room.looks(TOO_SLOW))
    with monkeypatch.context() as frozen:
        frozen.setattr(core.lead, "worker", "one-that-was-frozen")
        for _ in range(3):
            assert is_open(await room.looks(WELL))
