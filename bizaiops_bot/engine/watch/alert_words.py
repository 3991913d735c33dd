"""Has an alert explained in other words, beside its work: nothing waits for it, and nothing is done because of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import sqlalchemy as sa

from bizaiops_bot.domain.errors import BotError
from bizaiops_bot.domain.facts import Said
from bizaiops_bot.domain.records import Alert
from bizaiops_bot.domain.wording import alert_facts
from bizaiops_bot.engine.context.core import Core, log
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.watch.alert_card import EXPLAINED


class AlertWords:
    """The alert is told and acted on with the words of its facts; better ones replace them on the card later."""

    def __init__(self, core: Core, redraw: Callable[[int], Awaitable[None]]) -> None:
        """redraw(number): draws the alert's cards anew, as the alert stands by then."""
        self._core, self._redraw = core, redraw

    def soon(self, alert: Alert) -> None:
        task = asyncio.ensure_future(self._explain(alert))
        self._core.background.add(task)
        task.add_done_callback(self._core.background.discard)

    async def _explain(self, alert: Alert) -> None:
        try:
            with self._core.activity.working():
                said = await self._core.ports.words.sentence("alert", alert_facts(alert), channel=self._core.home)
                if said.source != "template":
                    await self._core.store.write(lambda conn: _keep(conn, alert.id, said))
                    await self._redraw(alert.id)
        except BotError as exc:
            log.warning("alert %s: its words were not kept: %s", alert.id, exc)
        except Exception:
            log.exception("alert %s: its words were not kept", alert.id)


def _keep(conn: sa.Connection, number: int, said: Said) -> None:
    """Beside whatever else is noted of the alert meanwhile: nothing of that is written here."""
    kept = conn.execute(sa.select(t.alerts.c.detail).where(t.alerts.c.id == number)).scalar_one()
    detail = {**json.loads(kept), EXPLAINED: said.model_dump(mode="json")}
    conn.execute(sa.update(t.alerts).where(t.alerts.c.id == number).values(detail=json.dumps(detail)))
