"""Finding a card by its id and by what a platform calls its message; hearing only of what comes from now on."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from bizaiops_bot.domain.cards import Card
from bizaiops_bot.engine.posting import deliveries, outbox
from bizaiops_bot.engine.posting.deliveries import Call
from bizaiops_bot.engine.store.store import Store

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def _put(conn: sa.Connection, card: str, conversation: str) -> None:
    outbox.put_card(conn, card, Card(title=card), conversation=conversation, thread=card, reply_to=None, now=NOW)


def _shown(conn: sa.Connection, card: str, channel: str, ref: str) -> None:
    call = deliveries.begin(conn, card, platform="slack:", channel=channel, settled=False, absent=False)
    assert isinstance(call, Call) and deliveries.delivered(conn, call, ref)


async def test_a_card_is_found_by_its_id_and_by_the_message_that_shows_it(tmp_path: Path) -> None:
    store = Store.sqlite(tmp_path / "bot.db")

    def work(conn: sa.Connection) -> None:
        for card, channel, ref in (("a", "C1", "1.1"), ("b", "C2", "1.1")):
            _put(conn, card, f"slack:{channel}")
            _shown(conn, card, channel, ref)

    await store.write(work)
    found = await store.read(lambda conn: outbox.read_card(conn, "b"))
    assert found is not None and found.card.title == "b"
    assert await store.read(lambda conn: outbox.read_card(conn, "c")) is None
    shown = await store.read(lambda conn: deliveries.shown_as(conn, "slack:C1", "1.1"))
    assert shown is not None and shown.id == "a"
    assert await store.read(lambda conn: deliveries.shown_as(conn, "slack:C1", "2.2")) is None
    await store.aclose()
