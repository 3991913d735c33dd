"""Reminders and the ends of pauses: set, listed and taken back, each with its audit in one transaction."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from bizaiops_bot.domain.errors import BadInput, NotFound, Refused
from bizaiops_bot.domain.timers import Timer, spoken_moment
from bizaiops_bot.domain.values import duration_s
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.store.store import after_commit
from bizaiops_bot.engine.store.tables import iso
from bizaiops_bot.engine.timing import timers

LONGEST_PAUSE = timedelta(days=30)
LATEST = timedelta(days=366)
MOST = 50
"""Reminders of one person that are not due yet."""


def remind(
    core: Core, conn: sa.Connection, at: datetime, text: str, person: str, who: str, conversation: str, key: str
) -> Timer:
    """Says `text` at `at` in the conversation. person: who is reminded; empty for everybody there.

    Raises BadInput for a moment that has passed or is more than a year away, and when there are too many.
    """
    now = core.clock.now()
    made = timers.known(conn, key)
    if made is not None:
        return made
    _in_time(at, now, LATEST, "No reminder was set.")
    if sum(one.owner == who for one in timers.not_over(conn, "reminder")) >= MOST:
        raise BadInput(f"You have {MOST} reminders already.", do="Say `cancel reminder 3` to take one back.")
    made = timers.add(
        conn,
        key,
        "reminder",
        next_at=at,
        begins=at,
        time_zone=core.time_zone,
        text=text,
        owner=who,
        person=person,
        conversation=conversation,
        at=now,
    )
    core.note(conn, who, "remind", f"reminder {made.id}", at_time=iso(at), text=text, person=person)
    after_commit(conn, core.bells.timers.set)
    return made


def cancel(core: Core, conn: sa.Connection, number: int, who: str) -> Timer:
    """Raises NotFound for one that is not there or over, and Refused for somebody else's."""
    known = timers.not_over(conn, "reminder")
    made = next((one for one in known if one.id == number), None)
    if made is None:
        mine = [str(one.id) for one in known if who in (one.owner, one.person)]
        raise NotFound("reminder", str(number), mine)
    if who not in (made.owner, made.person):
        raise Refused(f"Reminder {number} is {made.owner}'s.", "You can take back your own and those for you.")
    timers.end(conn, [number], who, core.clock.now())
    core.note(conn, who, "cancel_reminder", f"reminder {number}")
    after_commit(conn, core.bells.timers.set)
    return made


def end_pause(
    core: Core, conn: sa.Connection, model: str, until: datetime, run: int, who: str, conversation: str, key: str
) -> Timer:
    """Has the pause of the model that the run makes end at `until`; one that was set before counts no more.

    Raises BadInput for an end that has passed or is more than 30 days away.
    """
    now = core.clock.now()
    made = timers.known(conn, key)
    if made is not None:
        return made
    _in_time(until, now, LONGEST_PAUSE, "Nothing was paused.")
    timers.end(conn, [one.id for one in timers.not_over(conn, "resume", model)], who, now)
    of = {"model": model, "owner": who, "conversation": conversation, "run_id": run}
    made = timers.add(
        conn, key, "resume", next_at=until, begins=now, ends=until, time_zone=core.time_zone, text="", at=now, **of
    )
    core.note(conn, who, "end_of_pause", model, timer=made.id, ends=iso(until), run=run)
    after_commit(conn, core.bells.timers.set)
    return made


def look_at_effect(
    core: Core, conn: sa.Connection, model: str, after: str, run: int, who: str, conversation: str, key: str
) -> Timer:
    """Has the effect of the run's release told in its thread, `after` ("30d") from now; the same key sets one look."""
    now = core.clock.now()
    made = timers.known(conn, key)
    if made is not None:
        return made
    at = now + timedelta(seconds=duration_s(after))
    of = {"model": model, "owner": who, "conversation": conversation, "run_id": run}
    made = timers.add(conn, key, "effect", next_at=at, begins=at, time_zone=core.time_zone, text="", at=now, **of)
    core.note(conn, who, "look_at_effect", model, timer=made.id, at_time=iso(at), run=run)
    after_commit(conn, core.bells.timers.set)
    return made


def _in_time(at: datetime, now: datetime, longest: timedelta, nothing: str) -> None:
    if at <= now:
        raise BadInput(f"{spoken_moment(at, 'UTC')} has passed.", nothing, "Say a time to come.")
    if at - now > longest:
        raise BadInput(f"That is more than {longest.days} days away.", nothing)
