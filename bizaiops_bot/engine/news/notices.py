"""Where news go and what has to wait, decided in the transaction that tells them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa

from bizaiops_bot.domain.cards import Card
from bizaiops_bot.domain.environments import parted
from bizaiops_bot.domain.notices import Severity, What, has_to_be_found, severity_of
from bizaiops_bot.domain.records import Alert
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.news import mutes, notice_cards
from bizaiops_bot.engine.posting import outbox
from bizaiops_bot.engine.store import known_places
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.rows import as_alert

FOLLOWED_FOR = timedelta(days=7)
MOST_FOLLOWERS = 20  # each gets a copy of every card, redrawn with every step
PLATFORMS = ("slack", "teams")
Why = Literal["quiet", "mute"]


@dataclass(frozen=True)
class Hold:
    """Why something is not told now, and when it may be."""

    why: Why
    until: datetime


# -- where -----------------------------------------------------------------------------------------


def places(
    core: Core, conn: sa.Connection, what: What, model: str | None, severity: Severity | None = None
) -> list[str]:
    """The conversations that the rules name for it. Home is told, once, of what is not there, and stands in for it."""
    found: list[str] = []
    for name in core.notices.destinations(what, model, severity):
        conversation = _find(conn, name) if has_to_be_found(name) else name
        _tell_of_place(core, conn, name, found=conversation is not None)
        found.append(conversation or core.home)
    return list(dict.fromkeys(found))


def _find(conn: sa.Connection, name: str) -> str | None:
    """ "@lead" is looked for on every platform."""
    ways = [f"{platform}:{name}" for platform in PLATFORMS] if name.startswith("@") else [name]
    return next((place for way in ways if (place := known_places.resolve(conn, way)) is not None), None)


def _tell_of_place(core: Core, conn: sa.Connection, name: str, *, found: bool) -> None:
    card_id = f"place-{name}"
    if not found or outbox.has_card(conn, card_id):
        put(core, conn, card_id, notice_cards.unplaced_card(name, found=found), core.home)


def audience(core: Core, conn: sa.Connection, alert: Alert, now: datetime) -> list[str]:
    """Home, then what the rules name, then the conversations that lately spoke of the model. Another environment than
    the default one has its channel in the place of home.
    """
    named = places(core, conn, "alert", alert.model, severity_of(alert.kind))
    environment = parted(alert.model)[1]
    home = core.environments.at(environment).channel if environment else ""
    home = (_find(conn, home) if has_to_be_found(home) else home) or core.home
    return list(dict.fromkeys([home, *named, *_followers(conn, alert.model, now)]))


def interested(core: Core, conn: sa.Connection, model: str) -> list[str]:
    """Who hears of what is no alert: home, and the conversations that lately spoke of the model."""
    return list(dict.fromkeys([core.home, *_followers(conn, model, core.clock.now())]))


def _followers(conn: sa.Connection, model: str, now: datetime) -> list[str]:
    f = t.follows.c
    lately = sa.select(f.conversation).where(f.model == model, f.at >= t.iso(now - FOLLOWED_FOR))
    return list(conn.execute(lately.order_by(f.at.desc()).limit(MOST_FOLLOWERS)).scalars())


# -- when ------------------------------------------------------------------------------------------


def alert_hold(core: Core, conn: sa.Connection, alert: Alert, now: datetime) -> Hold | None:
    """Why news of the alert wait everywhere but at home."""
    mute = mutes.of(conn, alert, now)
    if mute is not None:
        return Hold("mute", mute.until)
    return quiet(core, now, severity_of(alert.kind))


def run_hold(core: Core, conn: sa.Connection, run: int, now: datetime) -> Hold | None:
    """Only what a rule proposes for an alert waits, as long as the alert does: a person who asks is there now."""
    row = conn.execute(sa.select(t.alerts).where(t.alerts.c.run_id == run)).mappings().first()
    return None if row is None else alert_hold(core, conn, as_alert(row), now)


def quiet(core: Core, now: datetime, severity: Severity) -> Hold | None:
    until = core.notices.quiet_until(now, severity, core.time_zone)
    return None if until is None else Hold("quiet", until)


def put(core: Core, conn: sa.Connection, card_id: str, card: Card, conversation: str) -> None:
    """In a thread of its own."""
    outbox.put_card(conn, card_id, card, conversation=conversation, thread=card_id, reply_to=None, now=core.clock.now())


def alert_card(alert: Alert, conversation: str) -> str:
    return f"alert-{alert.shown_as}-{conversation}"


def copy_id(card_id: str, conversation: str) -> str:
    return f"{card_id}-at-{conversation}"


def mute_card_id(mute: int) -> str:
    return f"mute-{mute}"
