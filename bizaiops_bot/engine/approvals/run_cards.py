"""Keeps the one card of each run up to date, in every conversation that shows it."""

from __future__ import annotations

import asyncio
import logging
import time

import sqlalchemy as sa

from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.records import run_title
from bizaiops_bot.engine.approvals import deciders, run_card
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.posting import outbox
from bizaiops_bot.engine.runs import runs
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.store import StoreDown, after_commit

log = logging.getLogger("bizaiops.engine")
DRAW_AFTER_S = 0.25
DRAW_SHARE = 0.05
"""Of the time, at most, that goes into drawing progress: with much to do its edits come less often."""
DRAW_AT_LAST_S = 1.0
"""The longest that progress is held back."""
_COPIES = sa.select(t.run_cards).where(t.run_cards.c.run_id == sa.bindparam("n"))


class RunCards:
    """Implements context.core.Cards."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._dirty: set[int] = set()
        self.drawer: asyncio.Task[None] | None = None
        """Draws what was touched; None while nothing is."""
        self.draw_after_s = DRAW_AFTER_S
        self._drawing_s = 0.0

    def redraw(self, conn: sa.Connection, number: int) -> None:
        core = self._core
        core.follow_people(conn)
        row = runs.get_row(conn, number)
        record = runs.record(conn, row)
        result = None if row["result"] is None else Card.model_validate_json(row["result"])
        now = core.clock.now()
        gate = None if record.finished else deciders.first_open(conn, core.policy, core.people, row, now)
        card = run_card.draw(record, run_title(record.playbook, record.inputs), result, gate)
        for copy in conn.execute(_COPIES, {"n": number}).mappings():
            outbox.put_card(
                conn,
                copy["card"],
                card,
                conversation=copy["conversation"],
                thread=copy["thread"],
                reply_to=copy["reply_to"],
                now=now,
            )

    def redraw_all(self, conn: sa.Connection, numbers: list[int]) -> None:
        """Updates the cards of these runs, and notes how long that took."""
        began = time.perf_counter()
        for number in numbers:
            self.redraw(conn, number)
        self._drawing_s = time.perf_counter() - began

    def touch(self, conn: sa.Connection, number: int) -> None:
        after_commit(conn, lambda: self._draw_soon(number))

    def _draw_soon(self, number: int) -> None:
        self._dirty.add(number)
        if self.drawer is None:
            self.drawer = asyncio.ensure_future(self._draw())

    async def _draw(self) -> None:
        with self._core.activity.working():
            await asyncio.sleep(max(self.draw_after_s, min(self._drawing_s / DRAW_SHARE, DRAW_AT_LAST_S)))
            numbers, self._dirty, self.drawer = sorted(self._dirty), set(), None
            try:
                await self._core.store.write(lambda conn: self.redraw_all(conn, numbers))
            except StoreDown as exc:
                log.warning("cards of runs %s were not drawn: %s", numbers, exc)
            except Exception:
                log.exception("cards of runs %s were not drawn", numbers)
