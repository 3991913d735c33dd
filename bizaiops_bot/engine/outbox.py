"""Messages and cards in conversations, written in the same transaction as the state they tell of."""

from __future__ import annotations

import json
import secrets
from datetime import datetime

import sqlalchemy as sa

from bizaiops_bot.domain.cards import Button, Card
from bizaiops_bot.domain.posts import PostedButton, PostedCard, PostedMessage
from bizaiops_bot.engine import tables as t


def next_seq(conn: sa.Connection) -> int:
    """The next place in the feed; the store rings the bell after the commit."""
    seq = conn.execute(sa.insert(t.feed)).inserted_primary_key
    assert seq is not None
    conn.execute(sa.delete(t.feed).where(t.feed.c.seq < int(seq[0])))  # only the counter is wanted
    conn.info["feed_head"] = int(seq[0])
    return int(seq[0])


def put_card(
    conn: sa.Connection,
    card_id: str,
    card: Card,
    *,
    conversation: str,
    thread: str,
    reply_to: str | None,
    now: datetime,
) -> PostedCard:
    """Posts the card, or edits it in place when the id is known; an unchanged card is left alone."""
    row = conn.execute(sa.select(t.cards).where(t.cards.c.id == card_id)).mappings().first()
    body = card.model_dump_json()
    if row is not None and row["card"] == body:
        return _posted(dict(row))
    version = 1 if row is None else int(row["version"]) + 1
    values = {
        "id": card_id,
        "seq": next_seq(conn),
        "version": version,
        "conversation": conversation,
        "thread": thread,
        "reply_to": reply_to,
        "at": t.iso(now) if row is None else row["at"],
        "card": body,
        "buttons": json.dumps(_button_ids(card, row)),
        "run_id": card.run_id,
    }
    if row is None:
        conn.execute(sa.insert(t.cards).values(values))
    else:
        conn.execute(sa.update(t.cards).where(t.cards.c.id == card_id).values(values))
    return _posted(values)


def _button_ids(card: Card, row: sa.RowMapping | None) -> dict[str, int]:
    """button id -> index. A button that stays the same keeps its id, so a click during an edit still finds it."""
    kept: dict[str, str] = {}
    if row is not None:
        old = Card.model_validate_json(row["card"])
        kept = {_same(old.buttons[i]): bid for bid, i in json.loads(row["buttons"]).items()}
    return {kept.get(_same(b)) or f"b-{secrets.token_urlsafe(9)}": i for i, b in enumerate(card.buttons)}


def _same(button: Button) -> str:
    return button.model_dump_json(exclude={"style", "confirm"})


def find_button(conn: sa.Connection, card_id: str, button_id: str) -> tuple[PostedCard | None, Button | None]:
    """The card and the button as they are now; None for what is not there."""
    row = conn.execute(sa.select(t.cards).where(t.cards.c.id == card_id)).mappings().first()
    if row is None:
        return None, None
    posted = _posted(dict(row))
    index = json.loads(row["buttons"]).get(button_id)
    return posted, None if index is None else posted.card.buttons[index]


def put_message(
    conn: sa.Connection,
    *,
    conversation: str,
    thread: str | None,
    actor: str,
    text: str,
    event_id: str | None,
    now: datetime,
    bind: dict[str, str] | None = None,
) -> tuple[PostedMessage, bool]:
    """Stores what someone wrote; (message, True) the first time, (the stored one, False) for a known event id.

    event_id: the sender's own, so it is known per conversation and person: nobody can use up another one's.
    bind: what a clicked button stands for, kept for the case that a crash comes before the answer.
    """
    if event_id is not None:
        event_id = json.dumps([conversation, actor, event_id])
        row = conn.execute(sa.select(t.messages).where(t.messages.c.event_id == event_id)).mappings().first()
        if row is not None:
            return _message(row), False
    seq = next_seq(conn)
    message_id = f"m-{seq}-{secrets.token_hex(3)}"
    values = {
        "id": message_id, "seq": seq, "conversation": conversation, "thread": thread or message_id, "actor": actor,
        "body": text, "at": t.iso(now), "event_id": event_id, "answered": False,
        "bind": None if bind is None else json.dumps(bind),
    }  # fmt: skip
    conn.execute(sa.insert(t.messages).values(values))
    return _message(values), True


def mark_answered(conn: sa.Connection, message_id: str) -> None:
    conn.execute(sa.update(t.messages).where(t.messages.c.id == message_id).values(answered=True))


def unanswered(conn: sa.Connection) -> list[tuple[PostedMessage, dict[str, str] | None]]:
    """Messages a crash left without an answer, oldest first, with what a click among them stands for."""
    rows = conn.execute(sa.select(t.messages).where(~t.messages.c.answered).order_by(t.messages.c.seq)).mappings()
    return [(_message(row), None if row["bind"] is None else json.loads(row["bind"])) for row in rows]


def read_cards(conn: sa.Connection, conversation: str | None, after: int, limit: int) -> list[PostedCard]:
    query = sa.select(t.cards).where(t.cards.c.seq > after).order_by(t.cards.c.seq)
    if conversation is not None:
        query = query.where(t.cards.c.conversation == conversation)
    return [_posted(dict(row)) for row in conn.execute(query.limit(limit)).mappings()]


def read_messages(conn: sa.Connection, conversation: str | None, after: int, limit: int) -> list[PostedMessage]:
    query = sa.select(t.messages).where(t.messages.c.seq > after).order_by(t.messages.c.seq)
    if conversation is not None:
        query = query.where(t.messages.c.conversation == conversation)
    return [_message(row) for row in conn.execute(query.limit(limit)).mappings()]


def conversations(conn: sa.Connection) -> list[str]:
    found = sa.union(sa.select(t.messages.c.conversation), sa.select(t.cards.c.conversation))
    return sorted(row[0] for row in conn.execute(found))


def _posted(row: dict[str, object]) -> PostedCard:
    card = Card.model_validate_json(str(row["card"]))
    ids: dict[str, int] = json.loads(str(row["buttons"]))
    buttons = tuple(
        PostedButton(id=bid, label=card.buttons[i].label, style=card.buttons[i].style, confirm=card.buttons[i].confirm)
        for bid, i in sorted(ids.items(), key=lambda item: item[1])
    )
    return PostedCard.model_validate(
        {
            **{k: row[k] for k in ("seq", "id", "version", "conversation", "thread", "reply_to", "at")},
            "card": card,
            "buttons": buttons,
        }
    )


def _message(row: sa.RowMapping | dict[str, object]) -> PostedMessage:
    return PostedMessage.model_validate(
        {k: row[k] for k in ("seq", "id", "conversation", "thread", "actor", "at")} | {"text": row["body"]}
    )
