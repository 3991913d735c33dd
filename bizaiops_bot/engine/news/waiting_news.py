"""News that wait, and how they are told in the end: together, once, whatever restarts or other workers do."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.records import Alert
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.news import mutes, notice_cards
from bizaiops_bot.engine.news.notices import (
    Hold,
    Why,
    alert_card,
    alert_hold,
    audience,
    copy_id,
    mute_card_id,
    places,
    put,
    quiet,
    run_hold,
)
from bizaiops_bot.engine.posting import outbox
from bizaiops_bot.engine.runs import runs
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.rows import as_alert
from bizaiops_bot.engine.store.store import after_commit

_h = t.held.c


def _hold_of(core: Core, conn: sa.Connection, news: str, now: datetime) -> Hold | None:
    """news: "alert 5", "run 7" or "card c-1"."""
    kind, _, name = news.partition(" ")
    if kind == "alert":
        return alert_hold(core, conn, as_alert(mutes.alert_named(conn, int(name))), now)
    return run_hold(core, conn, int(name), now) if kind == "run" else quiet(core, now, "info")


def keep(core: Core, conn: sa.Connection, conversation: str, news: str, why: Why, now: datetime) -> None:
    """Has the news told to the conversation when nothing holds it back any more."""
    if _waiting(conn, conversation, news) is None:
        values = {"conversation": conversation, "news": news, "why": why, "at": t.iso(now)}
        conn.execute(sa.insert(t.held).values(values))
        after_commit(conn, core.bells.notices.set)


def _waiting(conn: sa.Connection, conversation: str, news: str) -> sa.RowMapping | None:
    return conn.execute(sa.select(t.held).where(_h.conversation == conversation, _h.news == news)).mappings().first()


def _drop(conn: sa.Connection, conversation: str, news: str) -> None:
    conn.execute(sa.delete(t.held).where(_h.conversation == conversation, _h.news == news))


def next_due(core: Core, conn: sa.Connection, now: datetime) -> datetime | None:
    """When something that waits may be told, or a mute ends."""
    waiting = conn.execute(sa.select(_h.news).where(_h.card.is_(None)).distinct()).scalars().all()
    holds = [hold.until for news in waiting if (hold := _hold_of(core, conn, news, now)) is not None]
    ends = mutes.next_end(conn, now)
    return min([*holds, *([] if ends is None else [ends])], default=None)


def show_alert(core: Core, conn: sa.Connection, alert: Alert, card: Card, now: datetime, *, released: bool) -> None:
    """Edits the alert's cards, and posts it where it is not told yet; there it may have to wait.

    Edits never wait: they disturb nobody, and no card may say what is no longer so. released: its waiting is over.
    """
    told = sa.select(t.cards.c.conversation).where(t.cards.c.id.like(alert_card(alert, "%")))
    # Who was told of the alert is told of its end, also when they no longer speak of the model.
    everybody = [*audience(core, conn, alert, now), *conn.execute(told).scalars()]
    news = f"alert {alert.shown_as}"
    for conversation in dict.fromkeys(everybody):
        card_id, row = alert_card(alert, conversation), _waiting(conn, conversation, news)
        if conversation == core.home or outbox.has_card(conn, card_id):
            put(core, conn, card_id, card, conversation)
        elif row is not None and row["card"] is not None:
            draw_waited(core, conn, row["card"], conversation, now)
        elif hold := alert_hold(core, conn, alert, now):
            keep(core, conn, conversation, news, hold.why, now)
        elif row is None or released:
            _drop(conn, conversation, news)
            put(core, conn, card_id, card, conversation)


def release(core: Core, conn: sa.Connection, now: datetime) -> list[int]:
    """Tells each conversation together what it was not told while it had to wait.

    Returns alerts that are the only one of their conversation and still open: their own card is to be posted.
    """
    rows = conn.execute(sa.select(t.held).where(_h.card.is_(None)).order_by(_h.at, _h.news)).mappings().all()
    ready = [row for row in rows if _hold_of(core, conn, row["news"], now) is None]
    alone: list[int] = []
    for conversation in dict.fromkeys(row["conversation"] for row in ready):
        mine = [row for row in ready if row["conversation"] == conversation]
        alone += _tell_alerts(core, conn, conversation, [r for r in mine if r["news"].startswith("alert ")], now)
        for row in mine:
            kind, _, name = row["news"].partition(" ")
            if kind != "alert":
                _drop(conn, conversation, row["news"])
                (_tell_run if kind == "run" else _tell_card)(core, conn, conversation, name)
    return alone


def _tell_alerts(
    core: Core, conn: sa.Connection, conversation: str, rows: list[sa.RowMapping], now: datetime
) -> list[int]:
    if not rows:
        return []
    alert = as_alert(mutes.alert_named(conn, int(rows[0]["news"].partition(" ")[2])))
    if len(rows) == 1 and alert.closed is None and not outbox.has_card(conn, alert_card(alert, conversation)):
        return [alert.id]
    card_id = f"waited-{conversation}-{now:%Y%m%dT%H%M%S}"
    names = [row["news"] for row in rows]
    conn.execute(sa.update(t.held).where(_h.conversation == conversation, _h.news.in_(names)).values(card=card_id))
    draw_waited(core, conn, card_id, conversation, now)
    return []


def draw_waited(core: Core, conn: sa.Connection, card_id: str, conversation: str, now: datetime) -> None:
    rows = conn.execute(sa.select(t.held).where(_h.card == card_id).order_by(_h.at, _h.news)).mappings().all()
    alerts = [as_alert(mutes.alert_named(conn, int(row["news"].partition(" ")[2]))) for row in rows]
    card = notice_cards.waited_card(alerts, {row["why"] for row in rows}, now)
    put(core, conn, card_id, card, conversation)


def _tell_run(core: Core, conn: sa.Connection, conversation: str, name: str) -> None:
    """A proposal that still waits for people; of one that does not, its alert tells."""
    number, card_id = int(name), f"run-{name}-at-{conversation}"
    if runs.get(conn, number).status == "waiting":
        values = {"run_id": number, "card": card_id, "conversation": conversation, "thread": card_id}
        conn.execute(sa.insert(t.run_cards).values(values))
        core.cards.redraw(conn, number)


def _tell_card(core: Core, conn: sa.Connection, conversation: str, name: str) -> None:
    body = conn.execute(sa.select(t.cards.c.card).where(t.cards.c.id == name)).scalar()
    if body is not None:
        put(core, conn, copy_id(name, conversation), Card.model_validate_json(body), conversation)


def copy_digest(core: Core, conn: sa.Connection, card_id: str, card: Card, model: str | None, here: str) -> None:
    """Sends a scheduled digest, just posted as `card_id` in `here`, where the rules want it too."""
    now = core.clock.now()
    hold = quiet(core, now, "info")
    for conversation in places(core, conn, "digest", model):
        if conversation == here:
            continue
        if hold is not None and conversation != core.home:
            keep(core, conn, conversation, f"card {card_id}", hold.why, now)
        else:
            put(core, conn, copy_id(card_id, conversation), card, conversation)


def tell_ended_mutes(core: Core, conn: sa.Connection, now: datetime) -> list[int]:
    """Says once more, where it was said before, what is still open when a mute is over; what it did is on the cards.

    Not when somebody ended it: they know. Again in the same transaction or after a crash, it posts nothing twice.
    """
    ended = mutes.over(conn, now)
    for mute, by_hand in ended:
        if outbox.has_card(conn, mute_card_id(mute.id)):
            put(core, conn, mute_card_id(mute.id), notice_cards.mute_card(mute, core.time_zone, over=True), core.home)
        for alert in [] if by_hand else open_alerts(conn, mute.model, mute.alert):
            if mutes.of(conn, alert, now) is None:
                _remind(core, conn, mute.id, alert, now, before=alert.detected <= mute.at)
    return [mute.id for mute, _ in ended]


def _remind(core: Core, conn: sa.Connection, mute: int, alert: Alert, now: datetime, *, before: bool) -> None:
    """before: the alert is older than the mute, so home was told before it, too."""
    told = sa.select(t.cards.c.conversation).where(t.cards.c.id.like(alert_card(alert, "%")))
    for conversation in conn.execute(told).scalars().all():
        if conversation == core.home and not before:
            continue
        hold = alert_hold(core, conn, alert, now)
        if hold is not None and conversation != core.home:
            keep(core, conn, conversation, f"alert {alert.shown_as}", hold.why, now)
        else:
            card_id = f"again-{mute}-{alert.shown_as}-{conversation}"
            put(core, conn, card_id, notice_cards.again_card(alert, now), conversation)


def open_alerts(conn: sa.Connection, model: str, shown_as: int | None) -> list[Alert]:
    """Of the model, or the one with that number."""
    query = sa.select(t.alerts).where(t.alerts.c.model == model, t.alerts.c.closed.is_(None)).order_by(t.alerts.c.id)
    found = [as_alert(row) for row in conn.execute(query).mappings()]
    return [alert for alert in found if shown_as in (None, alert.shown_as)]
