"""Freezing changes until a moment, ending and extending it: the row, the audit, home's line in one transaction."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from bizaiops_bot.domain.errors import BadInput, Conflict
from bizaiops_bot.domain.timers import Freeze, Timer
from bizaiops_bot.domain.values import Period
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.news import notices
from bizaiops_bot.engine.posting import outbox
from bizaiops_bot.engine.store.store import after_commit
from bizaiops_bot.engine.store.tables import iso
from bizaiops_bot.engine.timing import timer_cards, timers

LONGEST = timedelta(days=366)
NOTHING = "Nothing was frozen."


def freeze(
    core: Core, conn: sa.Connection, period: Period, model: str | None, why: str, who: str, conversation: str, key: str
) -> Freeze:
    """Holds from the period's begin to its end; the same key freezes once.

    Raises BadInput for an end that has passed or comes before the begin, and Conflict where the same is frozen already
    in that time.
    """
    now = core.clock.now()
    made = timers.known(conn, key)
    if made is None:
        begins, ends = _span(period, now)
        _refuse_twice(core, conn, period, begins, ends, model)
        made = timers.add(
            conn,
            key,
            "freeze",
            next_at=begins if begins > now else ends,
            model=model,
            begins=begins,
            ends=ends,
            weekly=period.weekly,
            time_zone=period.time_zone or core.time_zone,
            text=why,
            owner=who,
            conversation=conversation,
            at=now,
        )
        core.note(
            conn,
            who,
            "freeze",
            model or "changes",
            timer=made.id,
            reason=why,
            begins=iso(begins),
            ends=None if ends is None else iso(ends),
            weekly=period.weekly,
        )
        _tell_home(core, conn, made, now)
        after_commit(conn, core.bells.timers.set)
    return timers.as_freeze(made, now)


def _span(period: Period, now: datetime) -> tuple[datetime, datetime | None]:
    if period.weekly is not None:
        return now, None
    begins = max(period.begin or now, now)
    if period.end is not None and period.end <= now:
        raise BadInput("That end has passed.", NOTHING, "Say for example: freeze deploys until monday 8:00.")
    if period.end is not None and period.end <= begins:
        raise BadInput("It would end before it begins.", NOTHING, "Say for example: from friday 16:00 to monday 8:00.")
    if max(begins, period.end or now) - now > LONGEST:
        raise BadInput("That is more than a year away.", NOTHING)
    return begins, period.end


def _refuse_twice(
    core: Core, conn: sa.Connection, period: Period, begins: datetime, ends: datetime | None, model: str | None
) -> None:
    for known in timers.freezes(conn, core.clock.now()):
        if known.model not in (None, model) or bool(known.weekly) != (period.weekly is not None):
            continue
        apart = (ends is not None and ends <= known.begins) or (known.ends is not None and known.ends <= begins)
        if known.weekly and period.weekly:
            apart = known.weekly != " to ".join(period.weekly)
        if not apart:
            raise Conflict(
                f"Changes are {known.frozen}." if known.holds else f"{known.by} has a freeze set {known.span} already.",
                "Nothing was changed.",
                "To make it longer: `extend the freeze until friday`; to end it: `unfreeze`.",
            )


def unfreeze(core: Core, conn: sa.Connection, model: str | None, who: str) -> list[Freeze]:
    """Ends what people froze and what holds now; where nothing does, what is to come. model: only of that one.

    Raises Conflict when there is nothing to end.
    """
    now = core.clock.now()
    found = [freeze for freeze in timers.freezes(conn, now) if model in (None, freeze.model)]
    ended = [freeze for freeze in found if freeze.holds] or found
    if not ended:
        raise _nothing_to_end(core, model)
    timers.end(conn, [freeze.timer for freeze in ended if freeze.timer is not None], who, now)
    for one in ended:
        core.note(
            conn,
            who,
            "unfreeze",
            one.model or "changes",
            timer=one.timer,
            was=one.frozen if one.holds else f"to be frozen {one.span}",
        )
        _redraw_home(core, conn, one, by=who)
    after_commit(conn, core.bells.timers.set)
    return ended


def _nothing_to_end(core: Core, model: str | None) -> Conflict:
    window = core.freezes.active(core.clock.now())
    if window is not None:
        return Conflict(
            f"Changes are {window}.",
            "That window stands in the calendar of freezes and ends by itself.",
            "Rolling back, pausing and resuming stay possible.",
        )
    of = f" of {model}" if model else ""
    return Conflict(f"Changes{of} are not frozen.", do="There is nothing to end.")


def extend(core: Core, conn: sa.Connection, until: datetime, model: str | None, who: str) -> Freeze:
    """A later end for what holds, else for what comes next. Raises Conflict where there is none, BadInput for an end
    that is no later one.
    """
    now = core.clock.now()
    found = [f for f in timers.freezes(conn, now) if not f.weekly and model in (None, f.model)]
    if not found:
        window = core.freezes.active(now)
        why = f"Changes are {window}." if window else "Changes are not frozen."
        raise Conflict(why, "There is no freeze to extend.", "Say for example: freeze deploys until monday.")
    known = next((f for f in found if f.holds), found[0])
    if known.timer is None or known.ends is None:
        raise Conflict(f"Changes are {known.frozen}.", "It has no end to extend.", "Say `unfreeze` when it is over.")
    if until <= known.ends:
        raise BadInput(
            f"It lasts {known.span} already.", "Nothing was changed.", "To end it sooner, say `unfreeze` then."
        )
    if until - now > LONGEST:
        raise BadInput("That is more than a year away.", "Nothing was changed.")
    timers.change(conn, known.timer, ends=until, next_at=until if known.holds else known.begins)
    longer = known.model_copy(update={"ends": until})
    core.note(
        conn, who, "extend_freeze", known.model or "changes", timer=known.timer, before=iso(known.ends), ends=iso(until)
    )
    _redraw_home(core, conn, longer)
    after_commit(conn, core.bells.timers.set)
    return longer


def _tell_home(core: Core, conn: sa.Connection, made: Timer, now: datetime) -> None:
    """Home has one line about every freeze; where it was asked for the answer says it."""
    if made.conversation != core.home:
        notices.put(core, conn, _home_card(made.id), timer_cards.freeze_set(timers.as_freeze(made, now)), core.home)


def _redraw_home(core: Core, conn: sa.Connection, freeze: Freeze, *, by: str = "") -> None:
    if freeze.timer is None or not outbox.has_card(conn, _home_card(freeze.timer)):
        return
    notices.put(core, conn, _home_card(freeze.timer), timer_cards.freeze_set(freeze, ended_by=by), core.home)


def _home_card(number: int) -> str:
    return f"freeze-{number}"
