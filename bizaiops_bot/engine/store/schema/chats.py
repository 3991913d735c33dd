"""Chat platforms: what they sent, what is to be shown there, who and where somebody is."""

from __future__ import annotations

import sqlalchemy as sa

from bizaiops_bot.engine.store.schema.base import metadata, text

inbox = sa.Table(
    "inbox",
    metadata,
    text("event", primary_key=True),
    text("at", nullable=False),
    text("answer"),  # what was answered to a click, so that the same click gets the same words again
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    text("card", primary_key=True),
    text("platform", nullable=False),
    text("channel", nullable=False, index=True),
    sa.Column("sent", sa.Integer, nullable=False, default=0),  # the card's version that people see; 0: none yet
    sa.Column(
        "sending", sa.Integer, nullable=False, default=0
    ),  # the version under way; after a crash its outcome is unknown
    text("ref", index=True),  # the platform's own id of the message
    sa.Column("failed", sa.Integer, nullable=False, default=0, server_default="0"),  # the version refused for good
    sa.Column("tries", sa.Integer, nullable=False, default=0),
    text("next_at"),  # real time of the next try
    text("error", nullable=False, default=""),
)

# Who somebody of a chat platform is to the bot. `tie`: what in the settings says so, "email lee@corp" or
# "subject 8f2…"; empty for one whom user groups let in.
people_seen = sa.Table(
    "people_seen",
    metadata,
    text("platform", primary_key=True),
    text("user", primary_key=True),
    text("workspace", nullable=False),
    text("person", nullable=False, index=True),
    text("tie", nullable=False),
    text("name", nullable=False),
    text("email", nullable=False),
    text("subject", nullable=False),
    text("standing", nullable=False),
    text("groups", nullable=False),
    text("at", nullable=False),
)

# What chat platforms sent, as they sent it; the body is let go once it was dealt with.
events = sa.Table(
    "events",
    metadata,
    text("event", primary_key=True),
    text("platform", nullable=False),
    text("body", nullable=False),
    text("at", nullable=False),
    text("worker"),
    sa.Column("done", sa.Boolean, nullable=False, default=False),
)

sa.Index("open_events", events.c.done, events.c.platform)

places = sa.Table(
    "places",
    metadata,
    text("conversation", primary_key=True),
    text("kind", nullable=False),
    text("title", nullable=False, index=True),
    text("reference", nullable=False),
)
