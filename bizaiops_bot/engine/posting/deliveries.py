"""What chat platforms show of the cards, and what they have yet to show: the cards are the outbox, this its ledger.

A row's `sending` is set before the call and taken back after it: where it still stands though nobody is calling, the
outcome of that call is unknown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import sqlalchemy as sa

from bizaiops_bot.domain.posts import PostedCard
from bizaiops_bot.engine.posting import outbox
from bizaiops_bot.engine.store import tables as t

_c, _d = t.cards.c, t.deliveries.c
_LEDGER = sa.outerjoin(t.cards, t.deliveries, _d.card == _c.id)
_STATE = (_d.card.label("known"), _d.sent, _d.sending, _d.ref, _d.failed)
# Statements of every delivery are built once: building them anew costs as much as the database does.
_ASKED = sa.outerjoin(_LEDGER, t.messages, t.messages.c.id == _c.reply_to)
_NOW = sa.select(t.cards, *_STATE, t.messages.c.actor.label("asked_by")).select_from(_ASKED)
_NOW = _NOW.where(_c.id == sa.bindparam("of"))
_FIRST = sa.insert(t.deliveries)
_MARK = sa.update(t.deliveries).where(_d.card == sa.bindparam("of"))
_MINE = _MARK.where(_d.sending == sa.bindparam("marked"))
_ONCE_MORE = _MINE.values(tries=_d.tries + 1)
_UNSURE = _MARK.where(_d.sending != 0, _d.ref.is_(None))


@dataclass(frozen=True)
class Due:
    """A card that a platform does not show as it is. `born` orders posts; next_at: ISO time before which not to try.

    sending: a call for it is under way, or was when its process ended.
    """

    card: str
    conversation: str
    born: int
    posted: bool
    sending: bool
    next_at: str | None


@dataclass(frozen=True)
class Call:
    """One post (`ref` is None) or edit to make, already marked as under way."""

    card: PostedCard
    ref: str | None
    thread_ref: str | None
    sha256: str


class Hold(Enum):
    """Why there is no call to make."""

    NOTHING = "it is shown as it is, or was refused"
    UNSETTLED = "a call of somebody else may still be on its way"
    READ_BACK = "it may have been posted"
    FOLLOWING = "another worker leads"


def due(conn: sa.Connection, prefixes: Sequence[str], after: int = 0) -> list[Due]:
    """Cards above feed place `after`, of conversations that begin with one of `prefixes`, in the order of posting."""
    undone = sa.or_(_d.card.is_(None), _d.sending != 0, sa.and_(_c.version > _d.sent, _c.version > _d.failed))
    ours = sa.or_(sa.false(), *(_c.conversation.startswith(prefix, autoescape=True) for prefix in prefixes))
    query = sa.select(_c.id, _c.conversation, _c.born, _d.ref, _d.sending, _d.next_at).select_from(_LEDGER)
    rows = conn.execute(query.where(_c.seq > after, ours, undone).order_by(_c.born, _c.seq))
    return [Due(r.id, r.conversation, r.born, r.ref is not None, bool(r.sending), r.next_at) for r in rows]


def begin(conn: sa.Connection, card: str, *, platform: str, channel: str, settled: bool, absent: bool) -> Call | Hold:
    """Marks the card's newest version as under way.

    settled: whatever was under way has had its time. absent: and the platform was asked and does not have it.
    """
    found = conn.execute(_NOW, {"of": card}).first()
    if found is None:
        return Hold.NOTHING
    row = found._asdict()
    if row["sending"] and not settled:
        return Hold.UNSETTLED
    if row["sending"] and row["ref"] is None and not absent:
        return Hold.READ_BACK
    if row["known"] is None:
        place = {"platform": platform, "channel": channel}
        conn.execute(_FIRST, {"card": card, **place, "sending": row["version"]})
    elif row["version"] <= max(row["sent"], row["failed"]):
        return Hold.NOTHING
    else:
        conn.execute(_MARK, {"of": card, "sending": row["version"]})
    posted = outbox.posted_card(row).model_copy(update={"asked_by": row["asked_by"]})
    under = None if row["ref"] is not None else _thread_ref(conn, posted)
    return Call(posted, row["ref"], under, hashlib.sha256(row["card"].encode()).hexdigest())


def thread_of(conn: sa.Connection, card: str) -> str | None:
    """What the card is, or would be, posted under."""
    row = conn.execute(_NOW, {"of": card}).first()
    return None if row is None else _thread_ref(conn, outbox.posted_card(row._asdict()))


def _thread_ref(conn: sa.Connection, card: PostedCard) -> str | None:
    """The platform's id of what began the card's thread: a card, a message from the platform, else the first card of
    the thread that was posted. None for a card that begins one.
    """
    if card.thread == card.id:
        return None
    root = conn.execute(sa.select(_d.ref).where(_d.card == card.thread)).scalar()
    if root is None:
        said = t.messages.c
        asked = sa.select(said.platform_thread).where(said.id == card.thread, said.conversation == card.conversation)
        root = conn.execute(asked).scalar()
    if root is None:
        first = (
            sa.select(_d.ref)
            .select_from(_LEDGER)
            .where(_c.conversation == card.conversation, _c.thread == card.thread, _d.ref.is_not(None))
        )
        root = conn.execute(first.order_by(_c.born).limit(1)).scalar()
    return None if root is None else str(root)


def delivered(conn: sa.Connection, call: Call, ref: str) -> bool:
    """False when somebody else has taken the delivery over meanwhile; then nothing is changed."""
    shown = {"sent": call.card.version, "sending": 0, "ref": ref, "tries": 0, "error": "", "next_at": None}
    return _changed(conn, _MINE, _of(call) | shown)


def refused(conn: sa.Connection, call: Call, why: str) -> bool:
    """This version is not tried again; the next one is. False as above."""
    given_up = {"failed": call.card.version, "sending": 0, "error": why, "next_at": None}
    return _changed(conn, _MINE, _of(call) | given_up)


def unreadable(conn: sa.Connection, card: str, why: str) -> bool:
    """Whether it was posted cannot be found out. It stays marked, so it is never posted again without knowing."""
    given_up = _UNSURE.values(failed=_d.sending)
    return _changed(conn, given_up, {"of": card, "error": why, "next_at": None})


def put_off(conn: sa.Connection, call: Call, why: str, next_at: str, *, unknown: bool) -> bool:
    """To be tried again. unknown: it may have been accepted, so it stays marked as under way. False as above."""
    kept = call.card.version if unknown else 0
    return _changed(conn, _ONCE_MORE, _of(call) | {"sending": kept, "error": why, "next_at": next_at})


def read_back(conn: sa.Connection, card: str, ref: str, version: int) -> bool:
    """A post of unknown outcome was found. False when somebody else has settled it meanwhile."""
    shown = {"sent": version, "sending": 0, "ref": ref, "tries": 0, "error": "", "next_at": None}
    return _changed(conn, _UNSURE, {"of": card, **shown})


def _of(call: Call) -> dict[str, object]:
    return {"of": call.card.id, "marked": call.card.version}


def _changed(conn: sa.Connection, statement: sa.Update, values: dict[str, object]) -> bool:
    return conn.execute(statement, values).rowcount == 1


def shown_as(conn: sa.Connection, conversation: str, ref: str) -> PostedCard | None:
    """The card that the platform shows in the conversation as its message `ref`."""
    here = (_d.ref == ref, _c.conversation == conversation)
    row = conn.execute(sa.select(t.cards).join(t.deliveries, _d.card == _c.id).where(*here).limit(1)).first()
    return None if row is None else outbox.posted_card(row._asdict())


def retry(conn: sa.Connection, card: str) -> bool:
    """Has a refused card tried once more, by whichever worker leads; False when it was not refused."""
    refusal = sa.update(t.deliveries).where(_d.card == card, _d.failed > _d.sent)
    if conn.execute(refusal.values(failed=0, error="", next_at=None)).rowcount == 0:
        return False
    conn.execute(sa.update(t.cards).where(_c.id == card).values(seq=outbox.next_seq(conn)))  # wakes the poster
    return True


def not_delivered(conn: sa.Connection, platform: str, channel: str) -> int:
    """How many cards of the channel were refused in the version they have."""
    query = sa.select(sa.func.count()).select_from(_LEDGER)
    here = (_d.platform == platform, _d.channel == channel)
    return int(conn.execute(query.where(*here, _d.failed == _c.version, _d.failed > _d.sent)).scalar_one())
