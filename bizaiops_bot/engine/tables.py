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
    _col("worker"),  # who answers it; one whose worker is gone is answered by another
    _col("platform_thread", index=True),  # a chat platform's own id of the thread it stands in
)

sa.Index("open_messages", messages.c.answered, messages.c.seq)

cards = sa.Table(
    "cards",
    metadata,
    _col("id", primary_key=True),
    sa.Column("seq", sa.Integer, nullable=False, unique=True),
    sa.Column("born", sa.Integer, nullable=False, default=0, server_default="0"),  # seq of the first version
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
    # Raised with every change of the plan: the journal, gates and decisions of another edition count for nothing.
    sa.Column("edition", sa.Integer, nullable=False, default=1, server_default="1"),
    # Who carries it out; NULL while it only waits. A claim raises `segment`, and writes of an older one are refused.
    _col("worker"),
    sa.Column("segment", sa.Integer, nullable=False, default=0, server_default="0"),
    _col("wake_at"),  # on the bot's clock: when a run that nobody carries out has to be looked at
    sa.Column(
        "poke", sa.Integer, nullable=False, default=0, server_default="0", index=True
    ),  # feed place of the last ring
    _col("output"),
    sqlite_autoincrement=True,
)

# Runs that a safety order takes the place of: who asked for what, and the run that it became, if it needed one.
stops = sa.Table(
    "stops",
    metadata,
    sa.Column("run_id", sa.Integer, primary_key=True),
    _col("order_key", nullable=False, index=True),
    _col("what", nullable=False),
    _col("actor", nullable=False),
    sa.Column("by_run", sa.Integer),
)

# The plan of a run, and the gate that was open, as a person was last shown them.
plans_shown = sa.Table(
    "plans_shown",
    metadata,
    _col("person", primary_key=True),
    sa.Column("run_id", sa.Integer, primary_key=True),
    _col("plan_hash", nullable=False),
    _col("gate", nullable=False),
)

sa.Index("parked_runs", runs.c.worker, runs.c.wake_at)

journal = sa.Table(
    "journal",
    metadata,
    sa.Column("run_id", sa.Integer, primary_key=True),
    sa.Column("edition", sa.Integer, primary_key=True),
    sa.Column("n", sa.Integer, primary_key=True),
    _col("name", nullable=False),
    _col("output", nullable=False),
    sa.Column("version", sa.Integer, nullable=False),  # of the JSON in `output`
    _col("at", nullable=False),
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
    # Of an undo that a person has tried again: within one attempt a step that has ended stays as it ended.
    sa.Column("attempt", sa.Integer, nullable=False, default=1, server_default="1"),
)

gates = sa.Table(
    "gates",
    metadata,
    sa.Column("run_id", sa.Integer, primary_key=True),
    sa.Column("edition", sa.Integer, primary_key=True, default=1, server_default="1"),
    _col("name", primary_key=True),
    _col("question", nullable=False),
    sa.Column("quorum", sa.Integer, nullable=False),
    _col("role", nullable=False),
    _col("state", nullable=False),
    _col("plan_hash", nullable=False),
    _col("opened", nullable=False),
    _col("expires", nullable=False),
    _col("people", nullable=False, default="[]", server_default="[]"),  # who may decide besides those with the role
    _col("escalate", nullable=False, default="[]", server_default="[]"),  # [[when, whom], ...], ISO times
    sa.Column("escalated", sa.Integer, nullable=False, default=0, server_default="0"),  # how many of them are done
    _col(
        "kind", nullable=False, default="approval", server_default="approval"
    ),  # "question": a run that is stuck asks; "verdict": one without enough evidence
)

decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("run_id", sa.Integer, primary_key=True),
    sa.Column("edition", sa.Integer, primary_key=True, default=1, server_default="1"),
    _col("gate", primary_key=True),
    _col("actor", primary_key=True),
    _col("decision", nullable=False),
    _col("reason", nullable=False, default=""),
    _col("at", nullable=False),
    _col("behalf"),  # the approver who delegated the right to decide
)

delegations = sa.Table(
    "delegations",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    _col("owner", nullable=False, index=True),
    _col("delegate", nullable=False, index=True),
    _col("at", nullable=False),
    _col("until", nullable=False),
    _col("ended"),
    _col("begins"),  # NULL: at once
    sqlite_autoincrement=True,
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

# What was found of a version when it was tried: kept with the version.
trials = sa.Table(
    "trials",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    _col("model", nullable=False, index=True),
    _col("version", nullable=False),
    _col("kind", nullable=False),  # "canary", "gate" or "rollback"
    _col("outcome", nullable=False),
    _col("reason", nullable=False),
    _col("checks", nullable=False, default="[]"),
    sa.Column("stable_requests", sa.Integer, nullable=False, default=0),
    sa.Column("canary_requests", sa.Integer, nullable=False, default=0),
    _col("actor", nullable=False),
    sa.Column("run_id", sa.Integer, index=True),
    _col("at", nullable=False),
    sa.UniqueConstraint("run_id", "version", "kind"),
    sqlite_autoincrement=True,
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
    sa.Column("repeats", sa.Integer),  # the alert that this one repeats: they share its cards
)

# Who wants no news of a model, or of one alert, until when. `shown`: its alerts say so; `settled`: its end is told.
mutes = sa.Table(
    "mutes",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    _col("model", nullable=False, index=True),
    sa.Column("alert", sa.Integer),
    _col("who", nullable=False),
    _col("at", nullable=False),
    _col("until", nullable=False),
    _col("ended"),
    sa.Column("shown", sa.Boolean, nullable=False, default=False),
    sa.Column("settled", sa.Boolean, nullable=False, default=False),
    sqlite_autoincrement=True,
)

# News that wait for a conversation: "alert 5", "run 7", "card c-1". `card`: the one that told of it in the end.
held = sa.Table(
    "held",
    metadata,
    _col("conversation", primary_key=True),
    _col("news", primary_key=True),
    _col("why", nullable=False),
    _col("at", nullable=False),
    _col("card", index=True),
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

pseudonyms = sa.Table(
    "pseudonyms", metadata, _col("pseudonym", primary_key=True), _col("person", nullable=False, unique=True)
)

audit_heads = sa.Table(
    "audit_heads",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    _col("hash", nullable=False),
    _col("at", nullable=False),
    _col("key", nullable=False),
    _col("signature", nullable=False),
)

inbox = sa.Table(
    "inbox",
    metadata,
    _col("event", primary_key=True),
    _col("at", nullable=False),
    _col("answer"),  # what was answered to a click, so that the same click gets the same words again
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    _col("card", primary_key=True),
    _col("platform", nullable=False),
    _col("channel", nullable=False, index=True),
    sa.Column("sent", sa.Integer, nullable=False, default=0),  # the card's version that people see; 0: none yet
    sa.Column(
        "sending", sa.Integer, nullable=False, default=0
    ),  # the version under way; after a crash its outcome is unknown
    _col("ref", index=True),  # the platform's own id of the message
    sa.Column("failed", sa.Integer, nullable=False, default=0, server_default="0"),  # the version refused for good
    sa.Column("tries", sa.Integer, nullable=False, default=0),
    _col("next_at"),  # real time of the next try
    _col("error", nullable=False, default=""),
)

spending = sa.Table(
    "spending",
    metadata,
    _col("who", primary_key=True),  # "person engineer", "channel ml-ops"
    _col("minute", primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
)

workers = sa.Table(
    "workers",
    metadata,
    _col("id", primary_key=True),
    _col("host", nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    _col("started", nullable=False),
    sa.Column("beat", sa.Float, nullable=False),  # seconds since 1970 by the database's clock
    sa.Column("lost", sa.Boolean, nullable=False, default=False),
)

leases = sa.Table(
    "leases",
    metadata,
    _col("name", primary_key=True),
    _col("worker", nullable=False),
    sa.Column("fence", sa.Integer, nullable=False),
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

language_use = sa.Table(
    "language_use",
    metadata,
    _col("day", primary_key=True),
    _col("channel", primary_key=True),
    sa.Column("calls", sa.BigInteger, nullable=False),
    sa.Column("tokens_in", sa.BigInteger, nullable=False),
    sa.Column("tokens_out", sa.BigInteger, nullable=False),
    sa.Column("micro_usd", sa.BigInteger, nullable=False),
)

examples = sa.Table(
    "examples",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    _col("message", nullable=False),
    _col("who", nullable=False, index=True),  # a pseudonym
    _col("kind", nullable=False),  # "vote" or "correction": one of each a message and person
    _col("source", nullable=False),
    _col("text", nullable=False),
    _col("shape", nullable=False),
    _col("decided", nullable=False),
    _col("label", nullable=False),
    _col("at", nullable=False),
    _col("state", nullable=False, default="open", server_default="open"),
    _col("settled", nullable=False, default="", server_default=""),
    sa.UniqueConstraint("message", "who", "kind"),
    sqlite_autoincrement=True,
)

# Who somebody of a chat platform is to the bot. `tie`: what in the settings says so, "email lee@corp" or
# "subject 8f2…"; empty for one whom user groups let in.
people_seen = sa.Table(
    "people_seen",
    metadata,
    _col("platform", primary_key=True),
    _col("user", primary_key=True),
    _col("workspace", nullable=False),
    _col("person", nullable=False, index=True),
    _col("tie", nullable=False),
    _col("name", nullable=False),
    _col("email", nullable=False),
    _col("subject", nullable=False),
    _col("standing", nullable=False),
    _col("groups", nullable=False),
    _col("at", nullable=False),
)

# What chat platforms sent, as they sent it; the body is let go once it was dealt with.
events = sa.Table(
    "events",
    metadata,
    _col("event", primary_key=True),
    _col("platform", nullable=False),
    _col("body", nullable=False),
    _col("at", nullable=False),
    _col("worker"),
    sa.Column("done", sa.Boolean, nullable=False, default=False),
)

sa.Index("open_events", events.c.done, events.c.platform)

places = sa.Table(
    "places",
    metadata,
    _col("conversation", primary_key=True),
    _col("kind", nullable=False),
    _col("title", nullable=False, index=True),
    _col("reference", nullable=False),
)

# What is to end, begin or be said at a moment that somebody set: a freeze, the end of a pause, a reminder.
timers = sa.Table(
    "timers",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    _col("key", nullable=False, unique=True),  # what it was asked by: the same key sets nothing twice
    _col("kind", nullable=False),
    _col("model"),
    _col("begins", nullable=False),
    _col("ends"),
    _col("weekly"),  # ["Sat 00:00", "Mon 00:00"]: every week, read in `time_zone`
    _col("time_zone", nullable=False),
    _col("text", nullable=False),  # why, or what to be reminded of
    _col("owner", nullable=False),
    _col("person", nullable=False, default="", server_default=""),  # who is reminded
    _col("conversation", nullable=False),
    sa.Column("run_id", sa.Integer),  # the pause that it ends
    _col("at", nullable=False),
    _col("next_at"),  # when it has to be looked at
    _col("ended", index=True),
    _col("ended_by", nullable=False, default="", server_default=""),
    sqlite_autoincrement=True,
)

flags = sa.Table("flags", metadata, _col("name", primary_key=True), _col("value", nullable=False))


def iso(when: datetime) -> str:
    """One spelling with a fixed width, so that text order is time order."""
    return when.isoformat(timespec="microseconds")
