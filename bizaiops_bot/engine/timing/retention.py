"""Forgets what nobody needs any more, a little at a time. The audit is kept for ever."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa

from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.records import FINISHED
from bizaiops_bot.domain.values import Value
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.runs import workers
from bizaiops_bot.engine.store import tables as t

log = logging.getLogger("bizaiops.retention")
AT_ONCE = 500  # rows a transaction: others write in between
RUNS_AT_ONCE = 20  # with perhaps thirty rows each
EVERY = timedelta(days=1)
HOUR_OF_NIGHT = 3
Step = tuple[str, Callable[[sa.Connection], int]]


class Keep(Value):
    """How many days things are kept, on the bot's clock."""

    conversations_days: int = 90
    journal_days: int = 30
    runs_days: int = 400
    events_days: int = 14


class Retention:
    """One job a night, by the worker that leads."""

    def __init__(self, core: Core, keep: Keep) -> None:
        self._core, self._keep = core, keep

    async def run(self) -> None:
        """Until cancelled."""
        clock = self._core.clock
        while True:
            night = clock.now().replace(hour=HOUR_OF_NIGHT, minute=0, second=0, microsecond=0)
            await clock.sleep_until(night if night > clock.now() else night + EVERY)
            if not self._core.lead.leading:
                continue
            try:
                with self._core.activity.working():
                    await self.tidy()
            except BotError as exc:
                log.warning("not everything old was deleted: %s", exc)
            except Exception:
                log.exception("not everything old was deleted")

    async def tidy(self) -> dict[str, int]:
        """Deletes what is past its time; how many rows of each kind. Stopped half way, it leaves the rest for later."""
        gone: dict[str, int] = {}
        for name, some in self._steps(self._core.clock.now()):
            while True:
                count = await self._core.store.write(lambda conn, s=some: self._leading_only(conn, s))  # type: ignore[misc]
                gone[name] = gone.get(name, 0) + count
                if not count:
                    break
        gone = {name: count for name, count in gone.items() if count}
        if gone:
            await self._core.store.write(lambda conn: self._core.note(conn, "retention", "deleted", "old rows", **gone))
        return gone

    def _leading_only(self, conn: sa.Connection, some: Callable[[sa.Connection], int]) -> int:
        core = self._core
        return some(conn) if not core.store.database.shared or workers.leads(conn, core.lead.worker) else 0

    def _steps(self, now: datetime) -> Iterator[Step]:
        keep = self._keep
        talk, journal = _before(now, keep.conversations_days), _before(now, keep.journal_days)
        runs, events = _before(now, keep.runs_days), _before(now, keep.events_days)
        yield "messages", lambda conn: _delete(conn, t.messages, t.messages.c.at < talk, t.messages.c.answered, _idle())
        yield "memory", lambda conn: _delete(conn, t.memory, _silent())
        yield "cards", lambda conn: _delete_cards(conn, talk)
        yield (
            "deliveries",
            lambda conn: _delete(conn, t.deliveries, t.deliveries.c.card.not_in(sa.select(t.cards.c.id))),
        )
        yield "journal", lambda conn: _delete(conn, t.journal, t.journal.c.run_id.in_(_old_runs(journal)))
        yield "runs", lambda conn: _delete_runs(conn, runs)
        yield "inbox", lambda conn: _delete(conn, t.inbox, t.inbox.c.at < events)
        yield "events", lambda conn: _delete(conn, t.events, t.events.c.at < events, t.events.c.done)
        yield "fires", lambda conn: _delete(conn, t.fires, t.fires.c.at < events, t.fires.c.done)
        yield "examples", lambda conn: _delete(conn, t.examples, t.examples.c.at < talk)
        yield "held", lambda conn: _delete(conn, t.held, t.held.c.at < talk)
        yield "timers", lambda conn: _delete(conn, t.timers, t.timers.c.ended < talk)
        yield "mutes", lambda conn: _delete(conn, t.mutes, t.mutes.c.until < talk, t.mutes.c.settled)
        yield "delegations", lambda conn: _delete(conn, t.delegations, t.delegations.c.until < talk)


def _before(now: datetime, days: int) -> str:
    return t.iso(now - timedelta(days=days))


def _delete(conn: sa.Connection, table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
    """Some of the rows, at most AT_ONCE."""
    keys = list(table.primary_key)
    some = sa.select(*keys).where(*where).limit(AT_ONCE)
    found = [tuple(row) for row in conn.execute(some)]
    if found:
        conn.execute(sa.delete(table).where(sa.tuple_(*keys).in_(found)))
    return len(found)


def _delete_cards(conn: sa.Connection, before: str) -> int:
    """Cards of a run under way stay, however old."""
    open_runs = sa.select(t.runs.c.id).where(t.runs.c.status.not_in(FINISHED))
    free = sa.or_(t.cards.c.run_id.is_(None), t.cards.c.run_id.not_in(open_runs))
    return _delete(conn, t.cards, t.cards.c.at < before, free)


def _idle() -> sa.ColumnElement[bool]:
    """Messages of a thread without a run under way."""
    same = (t.runs.c.conversation == t.messages.c.conversation, t.runs.c.thread == t.messages.c.thread)
    return ~sa.exists().where(*same, t.runs.c.status.not_in(FINISHED))


def _silent() -> sa.ColumnElement[bool]:
    """What is remembered of a thread that has no messages any more."""
    same = (t.messages.c.conversation == t.memory.c.conversation, t.messages.c.thread == t.memory.c.thread)
    return ~sa.exists().where(*same)


def _old_runs(before: str) -> sa.Select[int]:
    return sa.select(t.runs.c.id).where(t.runs.c.status.in_(FINISHED), t.runs.c.ended < before)


def _delete_runs(conn: sa.Connection, before: str) -> int:
    """Some of the runs with all their parts: neither is ever there without the other."""
    old = list(conn.execute(_old_runs(before).limit(RUNS_AT_ONCE)).scalars())
    if old:
        for part in (t.journal, t.steps, t.decisions, t.gates, t.run_cards, t.stops, t.plans_shown):
            conn.execute(sa.delete(part).where(part.c.run_id.in_(old)))
        conn.execute(sa.delete(t.runs).where(t.runs.c.id.in_(old)))
    return len(old)
