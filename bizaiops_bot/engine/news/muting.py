"""Muting, snoozing and ending it: the row, the audit and home's line in one transaction."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from bizaiops_bot.domain.errors import Conflict
from bizaiops_bot.domain.records import Mute
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.news import mutes, notice_cards, notices
from bizaiops_bot.engine.store.rows import as_alert
from bizaiops_bot.engine.store.store import after_commit
from bizaiops_bot.engine.store.tables import iso


def mute(core: Core, conn: sa.Connection, model: str, who: str, conversation: str, until: datetime | None) -> Mute:
    """Holds news of the model's alerts back. conversation: where it is answered; home needs no line then."""
    return _begin(core, conn, model, None, who, conversation, until)


def snooze(core: Core, conn: sa.Connection, number: int, who: str, conversation: str, until: datetime | None) -> Mute:
    """As `mute`, for one alert. Raises NotFound, and Conflict when it is over."""
    alert = as_alert(mutes.alert_named(conn, number))
    if alert.closed is not None:
        raise Conflict(
            f"Alert {number} is over since {alert.closed:%-d %b %H:%M} UTC.",
            "There is nothing to snooze.",
            f"To hear nothing of {alert.model} for a while: `mute {alert.model} alerts`.",
        )
    return _begin(core, conn, alert.model, alert.shown_as, who, conversation, until)


def _begin(
    core: Core, conn: sa.Connection, model: str, alert: int | None, who: str, conversation: str, until: datetime | None
) -> Mute:
    made = mutes.add(conn, model, alert, who, now=core.clock.now(), until=until)
    core.note(conn, who, "mute", made.what, until=iso(made.until), mute=made.id)
    if alert is None and conversation != core.home:  # a snoozed alert says so on its own card at home
        card = notice_cards.mute_card(made, core.time_zone, over=False)
        notices.put(core, conn, notices.mute_card_id(made.id), card, core.home)
    after_commit(conn, core.bells.notices.set)
    return made


def unmute(core: Core, conn: sa.Connection, model: str | None, alert: int | None, who: str) -> list[Mute]:
    """Ends what holds; raises Conflict when nothing does. What has waited is told within a moment."""
    shown_as = None if alert is None else as_alert(mutes.alert_named(conn, alert)).shown_as
    ended = mutes.end(conn, model, shown_as, now=core.clock.now())
    for one in ended:
        core.note(conn, who, "unmute", one.what, mute=one.id)
    after_commit(conn, core.bells.notices.set)
    return ended
