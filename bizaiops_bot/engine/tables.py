"""The bot's own tables: one schema for SQLite and Postgres. Times are ISO-8601 UTC text, values JSON text."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

metadata = sa.MetaData()
_text = sa.Text


def _col(name: str, *args: object, **kwargs: object) -> sa.Column[str]:
    return sa.Column(name, _text, *args, **kwargs)  # type: ignore[arg-type]


feed = sa.Table(
    "feed", metadata, sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True), sqlite_autoincrement=True
)

messages = sa.Table(
    "messages",
    metadata,
    _col("id", primary_key=True),
    sa.Column("seq", sa.Integer, nullable=False, unique=True),
    _col("conversation", nullable=False, index=True),
    _col("thread", nullable=False),
    _col("actor", nullable=False),
    _col("body", nullable=False),
    _col("at", nullable=False),
    _col("event_id", unique=True),
    _col("bind"),
    sa.Column("answered", sa.Boolean, nullable=False, default=False),
)

cards = sa.Table(
    "cards",
    metadata,
    _col("id", primary_key=True),
    sa.Column("seq", sa.Integer, nullable=False, unique=True),
    sa.Column("version", sa.Integer, nullable=False),
    _col("conversation", nullable=False, index=True),
    _col("thread", nullable=False),
    _col("reply_to"),
    _col("at", nullable=False),
    _col("card", nullable=False),
    _col("buttons", nullable=False),
    sa.Column("run_id", sa.Integer, index=True),
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    _col("playbook", nullable=False),
    _col("inputs", nullable=False),
    _col("model", index=True),
    _col("actor", nullable=False),
    _col("conversation", nullable=False),
    _col("thread", nullable=False),
    _col("message", unique=True),
    _col("status", nullable=False, index=True),
    _col("summary", nullable=False, default=""),
    _col("error", nullable=False, default=""),
    _col("plan", nullable=False),
    _col("plan_hash", nullable=False),
    _col("result"),
    _col("unattended"),
    sa.Column("cancel", sa.Boolean, nullable=False, default=False),
    _col("created", nullable=False),
    _col("ended"),
    sqlite_autoincrement=True,
)

steps = sa.Table(
    "steps",
    metadata,
    sa.Column("run_id", sa.Integer, primary_key=True),
    sa.Column("n", sa.Integer, primary_key=True),
    _col("name", nullable=False),
    _col("status", nullable=False),
    _col("detail", nullable=False, default=""),
    _col("started"),
    _col("ended"),
)

gates = sa.Table(
    "gates",
    metadata,
    sa.Column("run_id", sa.Integer, primary_key=True),
    _col("name", primary_key=True),
    _col("question", nullable=False),
    sa.Column("quorum", sa.Integer, nullable=False),
    _col("role", nullable=False),
    _col("state", nullable=False),
    _col("plan_hash", nullable=False),
    _col("opened", nullable=False),
    _col("expires", nullable=False),
)

decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("run_id", sa.Integer, primary_key=True),
    _col("gate", primary_key=True),
    _col("actor", primary_key=True),
    _col("decision", nullable=False),
    _col("reason", nullable=False, default=""),
    _col("at", nullable=False),
)

run_cards = sa.Table(
    "run_cards",
    metadata,
    sa.Column("run_id", sa.Integer, primary_key=True),
    _col("card", primary_key=True),
    _col("conversation", nullable=False),
    _col("thread", nullable=False),
    _col("reply_to"),
)

releases = sa.Table(
    "releases",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    _col("model", nullable=False, index=True),
    _col("version", nullable=False),
    _col("previous"),
    _col("kind", nullable=False),
    _col("actor", nullable=False),
    _col("approved_by", nullable=False, default="[]"),
    sa.Column("run_id", sa.Integer),
    _col("at", nullable=False),
    sa.UniqueConstraint("run_id", "version"),
)

alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    _col("model", nullable=False, index=True),
    _col("kind", nullable=False),
    _col("title", nullable=False),
    _col("detail", nullable=False),
    _col("onset", nullable=False),
    _col("detected", nullable=False),
    _col("closed"),
    sa.Column("run_id", sa.Integer),
    sa.Column("calm", sa.Integer, nullable=False, default=0),
    _col("note", nullable=False, default=""),
)

schedules = sa.Table(
    "schedules",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    _col("title", nullable=False),
    _col("playbook", nullable=False),
    _col("inputs", nullable=False),
    _col("cron", nullable=False),
    _col("time_zone", nullable=False),
    _col("conversation", nullable=False),
    _col("owner", nullable=False),
    sa.Column("active", sa.Boolean, nullable=False, default=True),
    _col("next_at"),
    _col("last_at"),
)

fires = sa.Table(
    "fires",
    metadata,
    sa.Column("schedule", sa.Integer, primary_key=True),
    _col("at", primary_key=True),
    sa.Column("done", sa.Boolean, nullable=False, default=False),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    _col("at", nullable=False),
    _col("actor", nullable=False),
    _col("kind", nullable=False),
    _col("subject", nullable=False, index=True),
    _col("detail", nullable=False),
    _col("prev_hash", nullable=False),
    _col("hash", nullable=False),
)

memory = sa.Table(
    "memory",
    metadata,
    _col("conversation", primary_key=True),
    _col("thread", primary_key=True),
    _col("body", nullable=False),
)

follows = sa.Table(
    "follows",
    metadata,
    _col("conversation", primary_key=True),
    _col("model", primary_key=True),
    _col("at", nullable=False),
)

flags = sa.Table("flags", metadata, _col("name", primary_key=True), _col("value", nullable=False))


def iso(when: datetime) -> str:
    """One spelling with a fixed width, so that text order is time order."""
    return when.isoformat(timespec="microseconds")
