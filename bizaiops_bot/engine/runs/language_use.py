"""What the language model cost, by day and conversation: kept in the store, so that all workers share one budget.

Days older than 400 are forgotten.
"""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa

from bizaiops_bot.domain.language_use import Spent, Use
from bizaiops_bot.engine.store.store import Store
from bizaiops_bot.engine.store.tables import language_use

KEEP = timedelta(days=400)
_COUNTS = ("calls", "tokens_in", "tokens_out", "micro_usd")


class LanguageUse:
    """The book of one bot."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def spent(self, day: str, channel: str) -> tuple[Use, Use]:
        """On `day` (YYYY-MM-DD): by the channel, and in all."""
        return await self._store.read(lambda conn: (_sum(conn, day, channel), _sum(conn, day, None)))

    async def add(self, day: str, channel: str, use: Use) -> None:
        await self._store.write(lambda conn: _add(conn, day, channel, use))


def by_day(conn: sa.Connection, first: date, last: date) -> dict[date, Use]:
    """Of all conversations, both days inclusive; days without any use are left out."""
    day = language_use.c.day
    query = sa.select(day, *_totals()).where(day >= first.isoformat(), day <= last.isoformat())
    rows = conn.execute(query.group_by(day).order_by(day)).mappings()
    return {date.fromisoformat(row["day"]): _use(row) for row in rows}


def _totals() -> list[sa.ColumnElement[int]]:
    return [sa.func.coalesce(sa.func.sum(language_use.c[name]), 0).label(name) for name in _COUNTS]


def _use(row: sa.RowMapping) -> Use:
    return Use(**{name: int(row[name]) for name in _COUNTS})


def all_spent(conn: sa.Connection) -> list[Spent]:
    """Every day and channel that is kept, newest day first."""
    table = language_use
    rows = conn.execute(sa.select(table).order_by(table.c.day.desc(), table.c.channel)).mappings()
    return [
        Spent(day=date.fromisoformat(row["day"]), channel=row["channel"], use=Use(**{n: row[n] for n in _COUNTS}))
        for row in rows
    ]


def _sum(conn: sa.Connection, day: str, channel: str | None) -> Use:
    table = language_use
    query = sa.select(*_totals()).where(table.c.day == day)
    row = conn.execute(query if channel is None else query.where(table.c.channel == channel)).mappings().one()
    return _use(row)


def _add(conn: sa.Connection, day: str, channel: str, use: Use) -> None:
    table = language_use
    here = sa.and_(table.c.day == day, table.c.channel == channel)
    more = {name: table.c[name] + getattr(use, name) for name in _COUNTS}
    if conn.execute(sa.update(table).where(here).values(more)).rowcount == 0:
        conn.execute(sa.insert(table).values(day=day, channel=channel, **use.model_dump()))
        conn.execute(sa.delete(table).where(table.c.day < (date.fromisoformat(day) - KEEP).isoformat()))
