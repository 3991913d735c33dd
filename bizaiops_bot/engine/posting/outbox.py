"""Messages and cards in conversations, written in the same transaction as the state they tell of."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bizaiops_bot.domain.cards import Button, Card
from bizaiops_bot.domain.posts import PostedButton, PostedCard, PostedMessage
from bizaiops_bot.engine.audit import redaction
from bizaiops_bot.engine.store import tables as t

# Statements are built once: building them anew costs more than the database does.
_RAISE = sa.update(t.feed).values(seq=t.feed.c.seq + 1).returning(t.feed.c.seq)  # one row: only the counter is kept
_FIRST = sa.insert(t.feed).returning(t.feed.c.seq)
_CARD = sa.select(t.cards).where(t.cards.c.id == sa.bindparam("card_id"))
_NEW_CARD = sa.insert(t.cards)
_EDIT = sa.update(t.cards).where(t.cards.c.id == sa.bindparam("card_id"))
_EDIT = _EDIT.values({name: sa.bindparam(f"new_{name}") for name in ("seq", "version", "card", "buttons")})
_NEW_MESSAGE = sa.insert(t.messages)
_ANSWERED = sa.update(t.messages).where(t.messages.c.id == sa.bindparam("message")).values(answered=True)
_AFTER = {
    table: sa.select(table).where(table.c.seq > sa.bindparam("after")).order_by(table.c.seq).limit(sa.bindparam("most"))
    for table in (t.cards, t.messages)
}
_AFTER_IN = {table: query.where(table.c.conversation == sa.bindparam("place")) for table, query in _AFTER.items()}
_OPEN = sa.select(t.messages.c.answered, t.messages.c.worker).where(t.messages.c.id == sa.bindparam("message"))
_MESSAGE = sa.select(t.messages).where(t.messages.c.id == sa.bindparam("message"))
_EARLIER = (
    sa.select(t.messages.c.id)
    .where(
        ~t.messages.c.answered,
        t.messages.c.seq < sa.bindparam("before"),
        t.messages.c.conversation == sa.bindparam("place"),
        t.messages.c.actor == sa.bindparam("person"),
        ~sa.exists().where(t.cards.c.id == sa.literal("c-") + t.messages.c.id + "-note"),
    )
    .limit(1)
)
_BY_EVENT = sa.select(t.messages).where(t.messages.c.event_id == sa.bindparam("event"))


def next_seq(conn: sa.Connection) -> int:
    """The next place in the feed; the store rings the bell after the commit."""
    seq = conn.execute(_RAISE).scalar() or conn.execute(_FIRST).scalar_one()
    conn.info["feed_head"] = int(seq)
    return int(seq)


def put_card(
    conn: sa.Connection,
    card_id: str,
    card: Card,
    *,
    conversation: str,
    thread: str,
    reply_to: str | None,
    now: datetime,
) -> None:
    """Posts the card, or edits it in place when the id is known; an unchanged card is left alone. Secrets are taken
    out: what it quotes, such as an alert or a version's summary, came from elsewhere.
    """
    row = _card_row(conn, card_id)
    card, body = _without_secrets(card)
    place = {"conversation": conversation, "thread": thread, "reply_to": reply_to}
    if row is None:
        seq = next_seq(conn)
        values = {
            "id": card_id,
            "seq": seq,
            "born": seq,
            "version": 1,
            **place,
            "at": t.iso(now),
            "card": body,
            "buttons": json.dumps(_button_ids(card, {})),
            "run_id": card.run_id,
        }
        conn.execute(_NEW_CARD, values)
        return
    if row["card"] == body:
        return
    changed = {
        "seq": next_seq(conn),
        "version": int(row["version"]) + 1,
        "card": body,
        "buttons": json.dumps(_button_ids(card, _ids_by_button(row))),
    }
    conn.execute(_EDIT, {"card_id": card_id, **{f"new_{name}": value for name, value in changed.items()}})
    moved = {name: value for name, value in {**place, "run_id": card.run_id}.items() if row[name] != value}
    if moved:
        conn.execute(sa.update(t.cards).where(t.cards.c.id == card_id).values(moved))


def put_note(conn: sa.Connection, message: PostedMessage, card: Card, now: datetime) -> None:
    """A card under a message that is not its answer yet: one for each message."""
    put_card(
        conn,
        f"c-{message.id}-note",
        card,
        conversation=message.conversation,
        thread=message.thread,
        reply_to=None,
        now=now,
    )


def _without_secrets(card: Card) -> tuple[Card, str]:
    body = card.model_dump_json()
    if not redaction.suspects(body):
        return card, body
    clean = Card.model_validate(redaction.mapped(json.loads(body), redaction.redact))
    return clean, clean.model_dump_json()


def has_card(conn: sa.Connection, card_id: str) -> bool:
    return conn.execute(sa.select(t.cards.c.id).where(t.cards.c.id == card_id)).first() is not None


def _card_row(conn: sa.Connection, card_id: str) -> dict[str, Any] | None:
    row = conn.execute(_CARD, {"card_id": card_id}).first()
    return None if row is None else row._asdict()


def _button_ids(card: Card, kept: dict[str, str]) -> dict[str, int]:
    """button id -> index. A button that stays the same keeps its id, so a click during an edit still finds it."""
    return {
        kept.get(_same(b.label, b.command, b.bind)) or f"b-{secrets.token_urlsafe(9)}": i
        for i, b in enumerate(card.buttons)
    }


def _ids_by_button(row: dict[str, Any]) -> dict[str, str]:
    """What a button of the stored card stands for -> its id, read without building the whole card."""
    ids: dict[str, int] = json.loads(row["buttons"])
    if not ids:
        return {}
    old = json.loads(row["card"])["buttons"]
    return {_same(old[i]["label"], old[i]["command"], old[i]["bind"]): bid for bid, i in ids.items()}


def _same(label: str, command: str, bind: dict[str, str]) -> str:
    return repr((label, command, sorted(bind.items())))


def find_button(conn: sa.Connection, card_id: str, button_id: str) -> tuple[PostedCard | None, Button | None]:
    """The card and the button as they are now; None for what is not there."""
    row = _card_row(conn, card_id)
    if row is None:
        return None, None
    posted = posted_card(row)
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
    worker: str | None = None,
    platform_event: str | None = None,
    platform_thread: str | None = None,
) -> tuple[PostedMessage, bool]:
    """Stores what someone wrote; (message, True) the first time, (the stored one, False) for a known event.

    event_id: the sender's own, so it is known per conversation and person: nobody can use up another one's.
    bind: what a clicked button stands for, kept for the case that a crash comes before the answer.
    platform_event, platform_thread: only from a surface that has checked the platform's signature. The event's id,
    "slack/Ev123", is known over all conversations and people, whatever `event_id` is. The thread is the platform's own
    id of it (of the message itself where it begins one): answers go under it, and a message there joins its `thread`.
    """
    if platform_event is not None:
        event_id = json.dumps([platform_event])
    elif event_id is not None:
        event_id = json.dumps([conversation, actor, event_id])
    if event_id is not None:
        row = conn.execute(_BY_EVENT, {"event": event_id}).mappings().first()
        if row is not None:
            return _message(row), False
    if thread is None and platform_thread is not None:
        thread = _known_thread(conn, conversation, platform_thread)
    seq = next_seq(conn)
    message_id = f"m-{seq}-{secrets.token_hex(3)}"
    values = {
        "id": message_id,
        "seq": seq,
        "conversation": conversation,
        "thread": thread or message_id,
        "actor": actor,
        "body": text,
        "at": t.iso(now),
        "event_id": event_id,
        "answered": False,
        "bind": None if bind is None else json.dumps(bind),
        "platform_thread": platform_thread,
        "worker": worker,
    }
    conn.execute(_NEW_MESSAGE, values)
    return _message(values), True


def _known_thread(conn: sa.Connection, conversation: str, platform_thread: str) -> str | None:
    """The bot's name for a thread of the platform: a card that was posted there began it, or an earlier message."""
    began = sa.select(t.cards.c.thread).join(t.deliveries, t.deliveries.c.card == t.cards.c.id)
    began = began.where(t.deliveries.c.ref == platform_thread, t.cards.c.conversation == conversation)
    m = t.messages.c
    joined = sa.select(m.thread).where(m.platform_thread == platform_thread, m.conversation == conversation)
    found = conn.execute(began.limit(1)).scalar() or conn.execute(joined.order_by(m.seq).limit(1)).scalar()
    return None if found is None else str(found)


def mark_answered(conn: sa.Connection, message_id: str) -> None:
    conn.execute(_ANSWERED, {"message": message_id})


def is_to_answer(conn: sa.Connection, message_id: str, worker: str) -> bool:
    """Whether this worker still has to answer it: another one does when this one was taken for dead."""
    row = conn.execute(_OPEN, {"message": message_id}).first()
    return row is not None and not row[0] and row[1] in (None, worker)


def has_earlier(conn: sa.Connection, message: PostedMessage) -> bool:
    """Whether something that the person said there before is not answered yet, by whichever worker. What was put off
    with a note, until a run has ended, is not waited for.
    """
    asked = {"before": message.seq, "place": message.conversation, "person": message.actor}
    return conn.execute(_EARLIER, asked).first() is not None


def claim_unanswered(conn: sa.Connection, worker: str) -> list[tuple[PostedMessage, dict[str, str] | None]]:
    """Messages that nobody alive answers, oldest first, with what a click among them stands for; now `worker` does."""
    alive = sa.select(t.workers.c.id).where(~t.workers.c.lost)
    left = sa.or_(t.messages.c.worker.is_(None), t.messages.c.worker.not_in(alive))
    query = sa.select(t.messages).where(~t.messages.c.answered, left).order_by(t.messages.c.seq)
    rows = conn.execute(query).mappings().all()
    for row in rows:
        conn.execute(sa.update(t.messages).where(t.messages.c.id == row["id"]).values(worker=worker))
    return [(_message(row), None if row["bind"] is None else json.loads(row["bind"])) for row in rows]


def read_message(conn: sa.Connection, message_id: str) -> PostedMessage | None:
    row = conn.execute(_MESSAGE, {"message": message_id}).mappings().first()
    return None if row is None else _message(row)


def read_card(conn: sa.Connection, card_id: str) -> PostedCard | None:
    row = _card_row(conn, card_id)
    return None if row is None else posted_card(row)


def read_cards(conn: sa.Connection, conversation: str | None, after: int, limit: int) -> list[PostedCard]:
    return [posted_card(row._asdict()) for row in _after(conn, t.cards, conversation, after, limit)]


def read_messages(conn: sa.Connection, conversation: str | None, after: int, limit: int) -> list[PostedMessage]:
    return [_message(row._asdict()) for row in _after(conn, t.messages, conversation, after, limit)]


def _after(
    conn: sa.Connection, table: sa.Table, conversation: str | None, after: int, limit: int
) -> Sequence[sa.Row[Any]]:
    place = {} if conversation is None else {"place": conversation}
    query = (_AFTER if conversation is None else _AFTER_IN)[table]
    return conn.execute(query, {"after": after, "most": limit, **place}).all()


def read_latest(
    conn: sa.Connection, conversation: str, limit: int
) -> tuple[list[PostedMessage], list[PostedCard], int]:
    """The newest `limit` messages and cards together, by seq, and how many older ones there are.

    Messages that these answer, or whose thread they stand in, come with them, so that no answer lacks its question.
    """
    places = sa.union_all(*(sa.select(b.c.seq).where(b.c.conversation == conversation) for b in (t.messages, t.cards)))
    newest = places.subquery()
    since = conn.execute(sa.select(newest.c.seq).order_by(newest.c.seq.desc()).limit(1).offset(limit - 1)).scalar() or 0
    older = int(conn.execute(sa.select(sa.func.count()).select_from(newest).where(newest.c.seq < since)).scalar_one())
    said = read_messages(conn, conversation, since - 1, limit)
    shown = read_cards(conn, conversation, since - 1, limit)
    wanted = {m.thread for m in said} | {c.thread for c in shown} | {c.reply_to for c in shown if c.reply_to}
    missing = wanted - {message.id for message in said}
    query = sa.select(t.messages).where(t.messages.c.id.in_(missing), t.messages.c.conversation == conversation)
    begun = [_message(row) for row in conn.execute(query.order_by(t.messages.c.seq)).mappings()]
    return [*begun, *said], shown, max(0, older - len(begun))


def conversations(conn: sa.Connection) -> list[str]:
    found = sa.union(sa.select(t.messages.c.conversation), sa.select(t.cards.c.conversation))
    return sorted(row[0] for row in conn.execute(found))


def posted_card(row: dict[str, Any]) -> PostedCard:
    card = Card.model_validate_json(row["card"])
    ids: dict[str, int] = json.loads(row["buttons"])
    buttons = tuple(
        PostedButton(id=bid, **card.buttons[i].model_dump(include={"label", "style", "confirm", "ask"}))
        for bid, i in sorted(ids.items(), key=lambda item: item[1])
    )
    return PostedCard(
        **{k: row[k] for k in ("seq", "id", "version", "conversation", "thread", "reply_to")},
        at=datetime.fromisoformat(row["at"]),
        card=card,
        buttons=buttons,
    )


def _message(row: sa.RowMapping | dict[str, object]) -> PostedMessage:
    return PostedMessage.model_validate(
        {k: row[k] for k in ("seq", "id", "conversation", "thread", "actor", "at")} | {"text": row["body"]}
    )
