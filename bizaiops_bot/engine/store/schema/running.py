"""Runs, their steps, gates and decisions; what they released; which worker holds one."""

from __future__ import annotations

import sqlalchemy as sa

from bizaiops_bot.engine.store.schema.base import metadata, text

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    text("playbook", nullable=False),
    text("inputs", nullable=False),
    text("model", index=True),  # the service: "churn", "churn in staging"
    text("actor", nullable=False),
    text("conversation", nullable=False),
    text("thread", nullable=False),
    text("message", unique=True),
    text("status", nullable=False, index=True),
    text("summary", nullable=False, default=""),
    text("error", nullable=False, default=""),
    text("plan", nullable=False),
    text("plan_hash", nullable=False),
    text("result"),
    text("unattended"),
    sa.Column("cancel", sa.Boolean, nullable=False, default=False),
    text("created", nullable=False),
    text("ended"),
    # Raised with every change of the plan: the journal, gates and decisions of another edition count for nothing.
    sa.Column("edition", sa.Integer, nullable=False, default=1, server_default="1"),
    # Who carries it out; NULL while it only waits. A claim raises `segment`, and writes of an older one are refused.
    text("worker"),
    sa.Column("segment", sa.Integer, nullable=False, default=0, server_default="0"),
    text("wake_at"),  # on the bot's clock: when a run that nobody carries out has to be looked at
    sa.Column(
        "poke", sa.Integer, nullable=False, default=0, server_default="0", index=True
    ),  # feed place of the last ring
    text("output"),
    sqlite_autoincrement=True,
)

# Runs that a safety order takes the place of: who asked for what, and the run that it became, if it needed one.
stops = sa.Table(
    "stops",
    metadata,
    sa.Column("run_id", sa.Integer, primary_key=True),
    text("order_key", nullable=False, index=True),
    text("what", nullable=False),
    text("actor", nullable=False),
    sa.Column("by_run", sa.Integer),
)

# The plan of a run, and the gate that was open, as a person was last shown them.
plans_shown = sa.Table(
    "plans_shown",
    metadata,
    text("person", primary_key=True),
    sa.Column("run_id", sa.Integer, primary_key=True),
    text("plan_hash", nullable=False),
    text("gate", nullable=False),
)

sa.Index("parked_runs", runs.c.worker, runs.c.wake_at)

journal = sa.Table(
    "journal",
    metadata,
    sa.Column("run_id", sa.Integer, primary_key=True),
    sa.Column("edition", sa.Integer, primary_key=True),
    sa.Column("n", sa.Integer, primary_key=True),
    text("name", nullable=False),
    text("output", nullable=False),
    sa.Column("version", sa.Integer, nullable=False),  # of the JSON in `output`
    text("at", nullable=False),
)

steps = sa.Table(
    "steps",
    metadata,
    sa.Column("run_id", sa.Integer, primary_key=True),
    sa.Column("n", sa.Integer, primary_key=True),
    text("name", nullable=False),
    text("status", nullable=False),
    text("detail", nullable=False, default=""),
    text("started"),
    text("ended"),
    # Of an undo that a person has tried again: within one attempt a step that has ended stays as it ended.
    sa.Column("attempt", sa.Integer, nullable=False, default=1, server_default="1"),
)

gates = sa.Table(
    "gates",
    metadata,
    sa.Column("run_id", sa.Integer, primary_key=True),
    sa.Column("edition", sa.Integer, primary_key=True, default=1, server_default="1"),
    text("name", primary_key=True),
    text("question", nullable=False),
    sa.Column("quorum", sa.Integer, nullable=False),
    text("role", nullable=False),
    text("state", nullable=False),
    text("plan_hash", nullable=False),
    text("opened", nullable=False),
    text("expires", nullable=False),
    text("people", nullable=False, default="[]", server_default="[]"),  # who may decide besides those with the role
    text("escalate", nullable=False, default="[]", server_default="[]"),  # [[when, whom], ...], ISO times
    sa.Column("escalated", sa.Integer, nullable=False, default=0, server_default="0"),  # how many of them are done
    text(
        "kind", nullable=False, default="approval", server_default="approval"
    ),  # "question": a run that is stuck asks; "verdict": one without enough evidence
)

decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("run_id", sa.Integer, primary_key=True),
    sa.Column("edition", sa.Integer, primary_key=True, default=1, server_default="1"),
    text("gate", primary_key=True),
    text("actor", primary_key=True),
    text("decision", nullable=False),
    text("reason", nullable=False, default=""),
    text("at", nullable=False),
    text("behalf"),  # the approver who delegated the right to decide
)

delegations = sa.Table(
    "delegations",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    text("owner", nullable=False, index=True),
    text("delegate", nullable=False, index=True),
    text("at", nullable=False),
    text("until", nullable=False),
    text("ended"),
    text("begins"),  # NULL: at once
    sqlite_autoincrement=True,
)

run_cards = sa.Table(
    "run_cards",
    metadata,
    sa.Column("run_id", sa.Integer, primary_key=True),
    text("card", primary_key=True),
    text("conversation", nullable=False),
    text("thread", nullable=False),
    text("reply_to"),
)

releases = sa.Table(
    "releases",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    text("model", nullable=False, index=True),
    text("version", nullable=False),
    text("previous"),
    text("kind", nullable=False),
    text("actor", nullable=False),
    text("approved_by", nullable=False, default="[]"),
    sa.Column("run_id", sa.Integer),
    text("at", nullable=False),
    sa.UniqueConstraint("run_id", "version"),
)

# What was found of a version when it was tried: kept with the version.
trials = sa.Table(
    "trials",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    text("model", nullable=False, index=True),
    text("version", nullable=False),
    text("kind", nullable=False),  # "canary", "gate" or "rollback"
    text("outcome", nullable=False),
    text("reason", nullable=False),
    text("checks", nullable=False, default="[]"),
    sa.Column("stable_requests", sa.Integer, nullable=False, default=0),
    sa.Column("canary_requests", sa.Integer, nullable=False, default=0),
    text("actor", nullable=False),
    sa.Column("run_id", sa.Integer, index=True),
    text("at", nullable=False),
    sa.UniqueConstraint("run_id", "version", "kind"),
    sqlite_autoincrement=True,
)

# What a parked run waits to see: looked at without going on with the run, which is only woken when it has changed.
polls = sa.Table(
    "polls",
    metadata,
    sa.Column("run_id", sa.Integer, primary_key=True),
    sa.Column("segment", sa.Integer, nullable=False),  # the one it was parked in
    text("look", nullable=False),  # JSON: port, method and arguments
    sa.Column("every_s", sa.Float, nullable=False),
    text("looked", nullable=False),
    text("seen", nullable=False),  # JSON of the last look, without the moment that it was taken
    text("away"),  # since when the outside could not be reached
)

workers = sa.Table(
    "workers",
    metadata,
    text("id", primary_key=True),
    text("host", nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    text("started", nullable=False),
    sa.Column("beat", sa.Float, nullable=False),  # seconds since 1970 by the database's clock
    sa.Column("lost", sa.Boolean, nullable=False, default=False),
)

leases = sa.Table(
    "leases",
    metadata,
    text("name", primary_key=True),
    text("worker", nullable=False),
    sa.Column("fence", sa.Integer, nullable=False),
)

flags = sa.Table("flags", metadata, text("name", primary_key=True), text("value", nullable=False))
