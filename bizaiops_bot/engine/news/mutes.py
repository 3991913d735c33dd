"""Muted models and snoozed alerts: no news of them until a moment that is always set. Rows are ended, not deleted."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from bizaiops_bot.domain.errors import BadInput, Conflict, NotFound
from bizaiops_bot.domain.records import Alert, Mute
from bizaiops_bot.domain.values import spoken_duration
from bizaiops_bot.engine.store import tables as t

DEFAULT = timedelta(hours=8)
LONGEST = timedelta(days=30)
_m = t.mutes.c
_NAMES = ("id", "model", "alert", "who", "at", "until")


def add(conn: sa.Connection, model: str, alert: int | None, who: str, *, now: datetime, until: datetime | None) -> Mute:
    """Begins now; one that holds already gets the new end. until: default 8 h from now.

    Raises BadInput for an end that is not in the future, or more than 30 days away.
    """
    end = until or now + DEFAULT
    if end <= now:
        raise BadInput(f"{end:%-d %b %H:%M} UTC has passed.", "Nothing was muted.", "Say for example: for 2 hours.")
    if end - now > LONGEST:
        raise BadInput(
            f"{spoken_duration((end - now).total_seconds())} is too long.", "At most 30 days.", "Nothing was muted."
        )
    for known in active(conn, now):
        if (known.model, known.alert) == (model, alert):
            conn.execute(sa.update(t.mutes).where(_m.id == known.id).values(until=t.iso(end), who=who, shown=False))
            return known.model_copy(update={"until": end, "who": who})
    values = {"model": model, "alert": alert, "who": who, "at": t.iso(now), "until": t.iso(end)}
    key = conn.execute(sa.insert(t.mutes).values(values)).inserted_primary_key
    assert key is not None
    return Mute(id=int(key[0]), model=model, alert=alert, who=who, at=now, until=end)


def end(conn: sa.Connection, model: str | None, alert: int | None, *, now: datetime) -> list[Mute]:
    """Ends those of the model or alert, all when neither is named; of a model, with its alerts' snoozes.

    Raises Conflict when none holds.
    """
    ended = [m for m in active(conn, now) if model in (None, m.model) and alert in (None, m.alert)]
    if not ended:
        what = (
            f"Alert {alert} is not snoozed" if alert else f"No {model} alert is muted" if model else "No alert is muted"
        )
        raise Conflict(f"{what}.", do="Say `what is muted?` to see what is.")
    conn.execute(sa.update(t.mutes).where(_m.id.in_([m.id for m in ended])).values(ended=t.iso(now)))
    return ended


def active(conn: sa.Connection, now: datetime) -> list[Mute]:
    """Those that hold now, the one that ends first first."""
    query = sa.select(t.mutes).where(_m.ended.is_(None), _m.until > t.iso(now)).order_by(_m.until, _m.id)
    return [_mute(row) for row in conn.execute(query).mappings()]


def over(conn: sa.Connection, now: datetime) -> list[tuple[Mute, bool]]:
    """Those whose end is not told yet; with whether somebody ended it by hand."""
    query = sa.select(t.mutes).where(~_m.settled, sa.or_(_m.ended.is_not(None), _m.until <= t.iso(now)))
    return [(_mute(row), row["ended"] is not None) for row in conn.execute(query.order_by(_m.id)).mappings()]


def begun(conn: sa.Connection, now: datetime) -> list[Mute]:
    """Those that hold and that their alerts' cards do not show yet."""
    query = sa.select(_m.id).where(~_m.shown)
    new = set(conn.execute(query).scalars())
    return [m for m in active(conn, now) if m.id in new]


def mark(conn: sa.Connection, numbers: list[int], **flags: bool) -> None:
    """flags: `shown` or `settled`."""
    if numbers:
        conn.execute(sa.update(t.mutes).where(_m.id.in_(numbers)).values(**flags))


def next_end(conn: sa.Connection, now: datetime) -> datetime | None:
    return min((m.until for m in active(conn, now)), default=None)


def of(conn: sa.Connection, alert: Alert, now: datetime) -> Mute | None:
    """What holds news of the alert back, the one that ends last."""
    held = [m for m in active(conn, now) if m.model == alert.model and m.alert in (None, alert.shown_as)]
    return max(held, key=lambda m: m.until, default=None)


def alert_named(conn: sa.Connection, number: int) -> sa.RowMapping:
    """The newest alert that shares its cards with alert `number`. Raises NotFound."""
    a = t.alerts.c
    row = conn.execute(sa.select(a.id, a.repeats).where(a.id == number)).first()
    if row is None:
        last = conn.execute(sa.select(sa.func.max(a.id))).scalar()
        raise NotFound("alert", str(number), [] if last is None else [str(last)])
    first = row.repeats or row.id
    newest = sa.select(t.alerts).where(sa.or_(a.id == first, a.repeats == first)).order_by(a.id.desc()).limit(1)
    return conn.execute(newest).mappings().one()


def _mute(row: sa.RowMapping) -> Mute:
    return Mute.model_validate({k: row[k] for k in _NAMES})
