"""Fires schedules on the bot's clock, each time once, whatever restarts or other workers do."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import sqlalchemy as sa

from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.people import Actor
from bizaiops_bot.engine.context.core import Core, log
from bizaiops_bot.engine.context.resting import rest
from bizaiops_bot.engine.news import waiting_news
from bizaiops_bot.engine.orders.order import Order, Place
from bizaiops_bot.engine.orders.orders import Orders
from bizaiops_bot.engine.posting import outbox
from bizaiops_bot.engine.runs import workers
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.timing.cron import next_fire

_AGAIN = timedelta(minutes=5)
"""Of the bot's clock: when it tries again what could not be done, on a full disk say."""


class Scheduler:
    """One loop over all schedules."""

    def __init__(self, core: Core, orders: Orders) -> None:
        self._core, self._orders = core, orders

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._core.bells.schedules.clear()
            try:
                await self.fire_due()
                until = await self._core.store.read(_soonest)
            except Exception:  # a full disk, say: what is due stays due
                log.exception("schedules could not be fired")
                until = self._core.clock.now() + _AGAIN
            await rest(self._core, until, self._core.bells.schedules)

    async def fire_due(self) -> None:
        """Fires every schedule whose time has come; times missed while the bot was down are sent once, not one by
        one.
        """
        if not self._core.lead.leading:
            return
        now = self._core.clock.now()
        for row in await self._core.store.write(lambda conn: self._claim(conn, now)):
            with self._core.activity.working():
                await self._fire(row)

    def _claim(self, conn: sa.Connection, now: datetime) -> list[dict[str, str]]:
        """Nothing for a worker that only believes to lead: it was frozen, and another one leads by now."""
        shared = self._core.store.database.shared
        return [] if shared and not workers.leads(conn, self._core.lead.worker) else _claim(conn, now)

    async def _fire(self, row: dict[str, str]) -> None:
        number, at = row["id"], row["at"]
        key = f"schedule-{number}-{at}"
        place = Place(row["conversation"], f"c-{key}")
        actor = Actor(id=f"schedule:{number}", name=row["title"], kind="schedule")
        order = Order(
            row["playbook"], json.loads(row["inputs"]), actor, place, key, heard={"schedule": number, "at": at}
        )
        try:
            card = await self._orders.answer(order)
        except BotError as exc:
            log.warning("schedule %s failed: %s", number, exc)
            card = _failure(row["title"], str(exc))
        except Exception as exc:  # one broken digest must not hold up the others, now or after the next start
            log.exception("schedule %s broke", number)
            card = _failure(row["title"], f"It broke ({type(exc).__name__}); the log has the details.")
        model = order.inputs.get("model")
        await self._core.store.write(
            lambda conn: self._post(conn, key, card, place, None if model is None else str(model))
        )

    def _post(self, conn: sa.Connection, key: str, card: Card, place: Place, model: str | None) -> None:
        number, at = key.split("-", 2)[1:]
        fire = (t.fires.c.schedule == int(number), t.fires.c.at == at)
        if conn.execute(sa.select(t.fires.c.done).where(*fire)).scalar():
            return  # another worker, which leads by now, has sent it
        outbox.put_card(
            conn,
            f"c-{key}",
            card,
            conversation=place.conversation,
            thread=place.thread,
            reply_to=None,
            now=self._core.clock.now(),
        )
        if card.answer == "ok":
            waiting_news.copy_digest(self._core, conn, f"c-{key}", card, model, place.conversation)
        conn.execute(sa.update(t.fires).where(*fire).values(done=True))


def _failure(title: str, why: str) -> Card:
    what = f"{title} could not be sent"
    return Card(title=what, tone="danger", summary=f"{what}. {why}", answer="failed")


def _soonest(conn: sa.Connection) -> datetime | None:
    found = conn.execute(sa.select(sa.func.min(t.schedules.c.next_at)).where(t.schedules.c.active)).scalar()
    return None if found is None else datetime.fromisoformat(found)


def _claim(conn: sa.Connection, now: datetime) -> list[dict[str, str]]:
    """Moves due schedules on and returns every fire that has no card yet, also one that a crash left behind.

    The unique fire row admits one worker; the fire is marked done in the transaction that posts its card.
    """
    due = (
        conn.execute(sa.select(t.schedules).where(t.schedules.c.active, t.schedules.c.next_at <= t.iso(now)))
        .mappings()
        .all()
    )
    for row in due:
        known = sa.select(t.fires).where(t.fires.c.schedule == row["id"], t.fires.c.at == row["next_at"])
        if conn.execute(known).first() is None:
            conn.execute(sa.insert(t.fires).values(schedule=row["id"], at=row["next_at"], done=False))
        following = t.iso(next_fire(row["cron"], row["time_zone"], now))
        conn.execute(
            sa.update(t.schedules)
            .where(t.schedules.c.id == row["id"])
            .values(next_at=following, last_at=row["next_at"])
        )
    open_fires = (
        sa.select(t.fires.c.at, t.schedules)
        .join(t.schedules, t.schedules.c.id == t.fires.c.schedule)
        .where(~t.fires.c.done, t.schedules.c.active)
    )
    rows = conn.execute(open_fires.order_by(t.fires.c.at)).mappings()
    return [{k: str(row[k]) for k in ("id", "at", "title", "playbook", "inputs", "conversation")} for row in rows]
