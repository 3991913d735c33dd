"""How many changes an actor or a conversation may ask for within an hour, counted on the bot's clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from pydantic import Field

from bizaiops_bot.domain.people import Actor
from bizaiops_bot.domain.values import Value
from bizaiops_bot.domain.yaml_files import read_yaml
from bizaiops_bot.engine.store import tables as t

FILE = "budgets.yaml"
_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)
_PAID = sa.select(t.spending.c.count).where(t.spending.c.who == sa.bindparam("payer"))
_MORE = sa.update(t.spending).where(
    t.spending.c.who == sa.bindparam("payer"), t.spending.c.minute == sa.bindparam("at")
)
_MORE = _MORE.values(count=t.spending.c.count + 1)
_FIRST = sa.insert(t.spending)


class Budget(Value):
    """What one of a kind may ask for."""

    changes_per_hour: int = Field(ge=1)
    """Permitted requests of the risks control and change within any 60 minutes."""


class Limits(Value):
    """The file; None sets no limit."""

    person: Budget | None = None
    """Each person, wherever they speak."""
    channel: Budget | None = None
    """Each conversation, all its people together."""
    rule: Budget | None = None
    """Each self-healing rule; what rules do does not count for a conversation."""


class Spent(Value):
    """A budget that is used up. `who` as "person engineer"; `again` is when the next request is possible, UTC."""

    who: str
    count: int
    limit: int
    again: datetime

    def words(self, time_zone: str) -> tuple[str, str]:
        """(what was asked for and what the limit is, when it is possible again)."""
        kind, _, name = self.who.partition(" ")
        whose = f"in {name}" if kind == "channel" else f"by {name}"
        place = "conversation" if kind == "channel" else kind
        why = f"{self.count} changes were asked for {whose} in the last hour, the limit for a {place} is {self.limit}"
        return why, f"Possible again at {self.again.astimezone(ZoneInfo(time_zone)):%H:%M} {time_zone}."


class Budgets:
    """Counts in the table `spending`, a row for each actor, conversation and minute.

    All methods work in the caller's transaction: as writes follow each other, two requests at once cannot exceed a
    limit.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._tidied: datetime | None = None

    @classmethod
    def load(cls, folder: Path) -> Budgets:
        """budgets.yaml of the folder; no limits when it is not there. Raises BadInput with file and line."""
        return cls(read_yaml(folder / FILE, Limits, Limits()))

    def used_up(self, conn: sa.Connection, actor: Actor, conversation: str, now: datetime) -> Spent | None:
        """The first budget that leaves nothing for one more request at `now`."""
        for who, limit in self._payers(actor, conversation):
            minutes = _last_hour(conn, who, now)
            count = sum(spent for _, spent in minutes)
            if count >= limit:
                return Spent(who=who, count=count, limit=limit, again=_again(minutes, count, limit))
        return None

    def spend(self, conn: sa.Connection, actor: Actor, conversation: str, key: str, now: datetime) -> None:
        """Counts the order with this key for its actor and conversation."""
        minute = _minute(now)
        if self._tidied != minute:  # it looks at every row, so not with every request
            conn.execute(sa.delete(t.spending).where(t.spending.c.minute < t.iso(minute - _HOUR)))
            self._tidied = minute
        for who in [f"order {key}", *(who for who, _ in self._payers(actor, conversation))]:
            values = {"payer": who, "at": t.iso(minute)}
            if conn.execute(_MORE, values).rowcount == 0:
                conn.execute(_FIRST, {"who": who, "minute": values["at"], "count": 1})

    def paid(self, conn: sa.Connection, key: str) -> bool:
        """Whether the order with this key was counted within the hour: one that a crash repeats is not paid twice."""
        return conn.execute(_PAID, {"payer": f"order {key}"}).first() is not None

    def _payers(self, actor: Actor, conversation: str) -> Iterator[tuple[str, int]]:
        """Whose budgets a request of the actor uses, each with its limit. A schedule only does what a person paid."""
        if actor.kind == "rule" and self.limits.rule:
            yield f"rule {actor.id.removeprefix('rule:')}", self.limits.rule.changes_per_hour
        if actor.kind == "person" and self.limits.person:
            yield f"person {actor.id}", self.limits.person.changes_per_hour
        if actor.kind == "person" and self.limits.channel:
            yield f"channel {conversation}", self.limits.channel.changes_per_hour


def _last_hour(conn: sa.Connection, who: str, now: datetime) -> list[tuple[datetime, int]]:
    """Minutes with what was spent in them, oldest first. The minute that is partly over an hour ago counts whole."""
    query = (
        sa.select(t.spending.c.minute, t.spending.c.count)
        .where(t.spending.c.who == who, t.spending.c.minute >= t.iso(_minute(now - _HOUR)))
        .order_by(t.spending.c.minute)
    )
    return [(datetime.fromisoformat(minute), count) for minute, count in conn.execute(query)]


def _again(minutes: list[tuple[datetime, int]], count: int, limit: int) -> datetime:
    """When so many minutes are over an hour ago that one more fits."""
    for minute, spent in minutes:
        count -= spent
        if count < limit:
            return minute + _HOUR + _MINUTE
    raise AssertionError("without anything spent the limit of at least 1 is not reached")


def _minute(when: datetime) -> datetime:
    return when.astimezone(UTC).replace(second=0, microsecond=0)
