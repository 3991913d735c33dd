"""What the bot does by itself: alerts and their news, schedules, timers."""

from __future__ import annotations

import sqlalchemy as sa

from bizaiops_bot.engine.store.schema.base import metadata, text

alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    text("model", nullable=False, index=True),
    text("kind", nullable=False),
    text("title", nullable=False),
    text("detail", nullable=False),
    text("onset", nullable=False),
    text("detected", nullable=False),
    text("closed"),
    sa.Column("run_id", sa.Integer),
    sa.Column("calm", sa.Integer, nullable=False, default=0),
    text("note", nullable=False, default=""),
    sa.Column("repeats", sa.Integer),  # the alert that this one repeats: they share its cards
)

# Who wants no news of a model, or of one alert, until when. `shown`: its alerts say so; `settled`: its end is told.
mutes = sa.Table(
    "mutes",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    text("model", nullable=False, index=True),
    sa.Column("alert", sa.Integer),
    text("who", nullable=False),
    text("at", nullable=False),
    text("until", nullable=False),
    text("ended"),
    sa.Column("shown", sa.Boolean, nullable=False, default=False),
    sa.Column("settled", sa.Boolean, nullable=False, default=False),
    sqlite_autoincrement=True,
)

# News that wait for a conversation: "alert 5", "run 7", "card c-1". `card`: the one that told of it in the end.
held = sa.Table(
    "held",
    metadata,
    text("conversation", primary_key=True),
    text("news", primary_key=True),
    text("why", nullable=False),
    text("at", nullable=False),
    text("card", index=True),
)

schedules = sa.Table(
    "schedules",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    text("title", nullable=False),
    text("playbook", nullable=False),
    text("inputs", nullable=False),
    text("cron", nullable=False),
    text("time_zone", nullable=False),
    text("conversation", nullable=False),
    text("owner", nullable=False),
    sa.Column("active", sa.Boolean, nullable=False, default=True),
    text("next_at"),
    text("last_at"),
)

fires = sa.Table(
    "fires",
    metadata,
    sa.Column("schedule", sa.Integer, primary_key=True),
    text("at", primary_key=True),
    sa.Column("done", sa.Boolean, nullable=False, default=False),
)

# What is to end, begin or be said at a moment that somebody set: a freeze, the end of a pause, a reminder.
timers = sa.Table(
    "timers",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    text("key", nullable=False, unique=True),  # what it was asked by: the same key sets nothing twice
    text("kind", nullable=False),
    text("model"),
    text("begins", nullable=False),
    text("ends"),
    text("weekly"),  # ["Sat 00:00", "Mon 00:00"]: every week, read in `time_zone`
    text("time_zone", nullable=False),
    text("text", nullable=False),  # why, or what to be reminded of
    text("owner", nullable=False),
    text("person", nullable=False, default="", server_default=""),  # who is reminded
    text("conversation", nullable=False),
    sa.Column("run_id", sa.Integer),  # the pause that it ends, the release that it looks at
    text("at", nullable=False),
    text("next_at"),  # when it has to be looked at
    text("ended", index=True),
    text("ended_by", nullable=False, default="", server_default=""),
    sqlite_autoincrement=True,
)

# What the registry had when it was last looked at. kind: "version" of that name, "alias" of that name and what it
# points at, or "look", that the model was looked at.
registry_seen = sa.Table(
    "registry_seen",
    metadata,
    text("model", primary_key=True),
    text("kind", primary_key=True),
    text("name", primary_key=True),
    text("version", nullable=False),
    text("at", nullable=False),
)

# Models with a limit that was broken at the last look: it stays so until its exit limit is met, whoever looks.
unwell = sa.Table("unwell", metadata, text("model", primary_key=True), text("verdict", nullable=False))
