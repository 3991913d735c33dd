"""Conversations of chat platforms that the bot is in, and what people call them."""

from __future__ import annotations

import json

import sqlalchemy as sa

from bizaiops_bot.domain.places import ChatPlace
from bizaiops_bot.engine.store import tables as t

PLATFORMS = ("slack:", "teams:")
_p = t.places.c
_FIND = sa.select(t.places).where(_p.conversation == sa.bindparam("of"))
_NAMED = sa.select(_p.conversation).where(
    _p.conversation.startswith(sa.bindparam("platform")),
    sa.func.lower(_p.title) == sa.bindparam("of"),
    _p.kind == sa.bindparam("kind"),
)
KINDS = {"#": "channel", "@": "personal"}


def resolve(conn: sa.Connection, name: str) -> str | None:
    """The conversation that a person's word for it means: "slack:#ml-ops", "slack:@lead", or its own name.

    None for a title that no conversation has, or several have; a name that is no title is taken as it is. "#" names
    channels and "@" people alone: anybody may call a group chat "@lead".
    """
    platform, colon, title = name.partition(":")
    if f"{platform}:" not in PLATFORMS or not title.startswith(("#", "@")):
        return name
    wanted = {"platform": platform + colon, "of": title.lower(), "kind": KINDS[title[0]]}
    found = conn.execute(_NAMED, wanted).scalars().all()
    return str(found[0]) if len(found) == 1 else None


def find(conn: sa.Connection, conversation: str) -> ChatPlace | None:
    row = conn.execute(_FIND, {"of": conversation}).mappings().first()
    return None if row is None else _place(row)


def note(conn: sa.Connection, place: ChatPlace) -> None:
    """Keeps it, or what is new of it: a title or a part of the reference that is not given now stays as it was."""
    known = find(conn, place.conversation)
    if known is None:
        conn.execute(sa.insert(t.places).values(_row(place)))
        return
    merged = place.model_copy(
        update={"title": place.title or known.title, "reference": {**known.reference, **place.reference}}
    )
    if merged != known:
        here = _p.conversation == place.conversation
        conn.execute(sa.update(t.places).where(here).values(_row(merged)))


def forget(conn: sa.Connection, conversation: str) -> None:
    conn.execute(sa.delete(t.places).where(_p.conversation == conversation))


def of_platform(conn: sa.Connection, platform: str) -> list[ChatPlace]:
    """By title."""
    ours = sa.select(t.places).where(_p.conversation.startswith(f"{platform}:", autoescape=True))
    return [_place(row) for row in conn.execute(ours.order_by(_p.title, _p.conversation)).mappings()]


def _row(place: ChatPlace) -> dict[str, str]:
    return {**place.model_dump(include={"conversation", "kind", "title"}), "reference": json.dumps(place.reference)}


def _place(row: sa.RowMapping) -> ChatPlace:
    fields = {name: row[name] for name in ("conversation", "kind", "title")}
    return ChatPlace.model_validate({**fields, "reference": json.loads(row["reference"])})
