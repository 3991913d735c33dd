"""The watch and the board of news on a small engine: a test says what is wrong with the models and moves the clock."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from bizaiops_bot.domain.events import Event, EventKind
from bizaiops_bot.domain.health import HealthVerdict
from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.domain.notices import NoticeSettings
from bizaiops_bot.domain.places import ChatPlace, PlaceKind
from bizaiops_bot.domain.posts import PostedCard
from bizaiops_bot.domain.values import NoData
from bizaiops_bot.engine.news.notice_board import NoticeBoard
from bizaiops_bot.engine.posting import outbox
from bizaiops_bot.engine.store import known_places
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.watch.alerts import Watch
from bizaiops_bot.engine.watch.findings import Findings
from bizaiops_bot.playbook import Playbook
from tests.support.fake_company import FakeModels
from tests.support.small_engine import START, SmallEngine
from tests.support.virtual_clock import VirtualClock

JUDGED: frozenset[EventKind] = frozenset({"drift_detected", "errors_detected", "latency_detected"})
DETAIL = {"version": "v1", "error_rate": 0.05, "p95": 400.0, "rows": 900}
OFFICE, NIGHT = "slack:C1", {"from": "22:00", "to": "07:00"}


class NewsRoom:
    """Home is "ml-ops"; `wrong` holds (kind, model) of what the next look finds."""

    def __init__(self, engine: SmallEngine, notices: dict[str, Any]) -> None:
        self.notices = notices
        self.engine, self.core, self.clock = engine, engine.core, engine.clock
        self.wrong: set[tuple[EventKind, str]] = set()
        self.watch = Watch(engine.core, engine.orders, [])
        self.watch._examiner = SimpleNamespace(examine=self._examine)  # type: ignore[assignment]
        self.board = NoticeBoard(engine.core, self.watch.redraw)
        self.controls = engine.controls
        self._loop: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls, folder: Path, clock: VirtualClock, notices: dict[str, Any], playbooks: list[Playbook] | None = None
    ) -> NewsRoom:
        async def series(*_: Any) -> NoData:
            return NoData(query="p95", window="1 h", searched="nowhere")

        engine = SmallEngine(
            folder,
            playbooks or [],
            clock,
            models=FakeModels(),
            metrics=SimpleNamespace(series=series),
        )
        engine.core.notices = NoticeSettings.model_validate(notices)
        await engine.start()
        room = cls(engine, notices)
        clock._settle = room._settle
        room._loop = asyncio.create_task(room.board.run())
        await clock.rest()
        return room

    async def close(self) -> None:
        assert self._loop is not None and not self._loop.done()
        self._loop.cancel()
        await asyncio.gather(self._loop, return_exceptions=True)
        await self.engine.stop()

    async def reopened(self, *, later: timedelta = timedelta(0)) -> NewsRoom:
        """Another process on the same folder, after the bot was down for a while."""
        await self.close()
        clock = VirtualClock(self.clock.now() + later)
        room = await NewsRoom.open(self.engine.folder, clock, self.notices, self.engine.playbooks)
        room.wrong = set(self.wrong)
        return room

    async def _settle(self) -> None:
        quiet = 0
        while quiet < 5:
            await asyncio.sleep(0.001)
            quiet = 0 if self.core.activity.busy else quiet + 1

    async def _examine(self, model: ModelSpec, now: datetime, before: HealthVerdict | None) -> Findings:
        onset = now - timedelta(minutes=1)
        events = [
            Event(kind=kind, model=of, at=now, onset=onset, title=f"{of}: {kind}", detail=DETAIL)
            for kind, of in sorted(self.wrong)
            if of == model.name
        ]
        return Findings(events=tuple(events), judged=JUDGED)

    # -- what happens ------------------------------------------------------------------------------

    async def at(self, hour: float) -> None:
        """Of 4 March, UTC; 31 is 7:00 of the next day. Every timer on the way rings."""
        await self.clock.advance_to(START.replace(hour=0) + timedelta(hours=hour))

    async def minutes(self, count: float) -> None:
        await self.clock.advance(60 * count)

    async def goes_wrong(self, kind: EventKind, model: str = "churn") -> None:
        self.wrong.add((kind, model))
        await self.looks()

    async def calms(self, kind: EventKind, model: str = "churn") -> None:
        """Until its alert is closed."""
        self.wrong.discard((kind, model))
        for _ in range(2):
            await self.looks()
            await self.minutes(1)

    async def looks(self) -> None:
        with self.core.activity.working():
            await self.watch.look()
        await self.clock.rest()

    async def follows(self, conversation: str, model: str = "churn") -> None:
        values = {"conversation": conversation, "model": model, "at": t.iso(self.clock.now())}
        await self.core.store.write(lambda conn: conn.execute(sa.insert(t.follows).values(values)))

    async def joins(self, conversation: str, title: str) -> None:
        """The bot is invited."""
        kind: PlaceKind = "personal" if title.startswith("@") else "channel"
        place = ChatPlace(conversation=conversation, kind=kind, title=title)
        await self.core.store.write(lambda conn: known_places.note(conn, place))

    async def cards(self, conversation: str = OFFICE) -> list[PostedCard]:
        """In the order they were posted."""
        query = sa.select(t.cards).where(t.cards.c.conversation == conversation).order_by(t.cards.c.born)
        rows = await self.core.store.read(lambda conn: list(conn.execute(query).mappings()))
        return [outbox.posted_card(dict(row)) for row in rows]

    async def titles(self, conversation: str = OFFICE) -> list[str]:
        return [card.card.title for card in await self.cards(conversation)]
