"""What is said and shown: messages, cards, what a thread remembers, and what is learned of it."""

from __future__ import annotations

import sqlalchemy as sa

from bizaiops_bot.engine.store.schema.base import metadata, text

feed = sa.Table(
    "feed", metadata, sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True), sqlite_autoincrement=True
)

messages = sa.Table(
    "messages",
    metadata,
    text("id", primary_key=True),
    sa.Column("seq", sa.Integer, nullable=False, unique=True),
    text("conversation", nullable=False, index=True),
    text("thread", nullable=False),
    text("actor", nullable=False),
    text("body", nullable=False),
    text("at", nullable=False),
    text("event_id", unique=True),
    text("bind"),
    sa.Column("answered", sa.Boolean, nullable=False, default=False),
    text("worker"),  # who answers it; one whose worker is gone is answered by another
    text("platform_thread", index=True),  # a chat platform's own id of the thread it stands in
)

sa.Index("open_messages", messages.c.answered, messages.c.seq)

cards = sa.Table(
    "cards",
    metadata,
    text("id", primary_key=True),
    sa.Column("seq", sa.Integer, nullable=False, unique=True),
    sa.Column("born", sa.Integer, nullable=False, default=0, server_default="0"),  # seq of the first version
    sa.Column("version", sa.Integer, nullable=False),
    text("conversation", nullable=False, index=True),
    text("thread", nullable=False),
    text("reply_to"),
    text("at", nullable=False),
    text("card", nullable=False),
    text("buttons", nullable=False),
    sa.Column("run_id", sa.Integer, index=True),
)

spending = sa.Table(
    "spending",
    metadata,
    text("who", primary_key=True),  # "person engineer", "channel ml-ops"
    text("minute", primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
)

memory = sa.Table(
    "memory",
    metadata,
    text("conversation", primary_key=True),
    text("thread", primary_key=True),
    text("body", nullable=False),
)

follows = sa.Table(
    "follows",
    metadata,
    text("conversation", primary_key=True),
    text("model", primary_key=True),
    text("at", nullable=False),
)

language_use = sa.Table(
    "language_use",
    metadata,
    text("day", primary_key=True),
    text("channel", primary_key=True),
    sa.Column("calls", sa.BigInteger, nullable=False),
    sa.Column("tokens_in", sa.BigInteger, nullable=False),
    sa.Column("tokens_out", sa.BigInteger, nullable=False),
    sa.Column("micro_usd", sa.BigInteger, nullable=False),
)

examples = sa.Table(
    "examples",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    text("message", nullable=False),
    text("who", nullable=False, index=True),  # a pseudonym
    text("kind", nullable=False),  # "vote" or "correction": one of each a message and person
    text("source", nullable=False),
    text("text", nullable=False),
    text("shape", nullable=False),
    text("decided", nullable=False),
    text("label", nullable=False),
    text("at", nullable=False),
    text("state", nullable=False, default="open", server_default="open"),
    text("settled", nullable=False, default="", server_default=""),
    sa.UniqueConstraint("message", "who", "kind"),
    sqlite_autoincrement=True,
)
