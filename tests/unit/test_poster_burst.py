"""Ten thousand cards at once: each channel gets its own in order, at its pace, and the bot keeps no card in memory."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from bizaiops_bot.domain.cards import Card, Text
from bizaiops_bot.domain.posts import PostedCard
from bizaiops_bot.engine.posting import outbox
from bizaiops_bot.engine.posting.poster import AT_ONCE
from tests.support.poster_stand import START, Stand

CARDS, CHANNELS = 10_000, 50
EDITED = CARDS // 10


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    made = Stand(tmp_path)
    yield made
    await made.close()


def queue(conn: sa.Connection, version: int, cards: range) -> None:
    for n in cards:
        card = Card(title=f"card-{n} v{version}", blocks=(Text(text="much to say " * 20),))
        place = {"conversation": f"slack:C{n % CHANNELS}", "thread": f"card-{n}"}
        outbox.put_card(conn, f"card-{n}", card, **place, reply_to=None, now=START)


async def test_a_burst_of_cards_goes_out_in_order_at_the_pace_and_stays_on_the_disk(stand: Stand) -> None:
    # given ten thousand cards, written in one moment
    await stand.store.write(lambda conn: queue(conn, 1, range(CARDS)))
    stand.start()
    most, waiting = 0, 0
    # when a tenth of them changes five times while all is on its way
    for version in range(2, 7):
        await stand.passes(5)
        await stand.store.write(lambda conn, version=version: queue(conn, version, range(CARDS - EDITED, CARDS)))
        most = max(most, sum(isinstance(thing, PostedCard) for thing in gc.get_objects()))
        waiting = max(waiting, stand.posters["a"].waiting)
    await stand.passes(CARDS / CHANNELS)
    # then each is there once, in order and at the pace, in its newest state, and the versions between were never sent
    stand.chat.check({f"card-{n}": 6 if n >= CARDS - EDITED else 1 for n in range(CARDS)})
    assert len(stand.chat.accepted("post")) == CARDS and stand.chat.accepted("edit") == []
    for c in range(CHANNELS):
        assert stand.chat.order(f"C{c}") == [f"card-{n}" for n in range(c, CARDS, CHANNELS)]
    # and in memory there was one short line a card, and the content of those just being called alone
    assert waiting <= CARDS and most <= AT_ONCE
