"""What an alert may come from: the release to blame, else what touched the traffic last."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bizaiops_bot.domain.changes import Change, changes
from bizaiops_bot.domain.events import Event
from bizaiops_bot.domain.records import Release
from bizaiops_bot.domain.rules import Facts, blamed_release
from bizaiops_bot.domain.suspects import Arm, Metric, suspicion
from bizaiops_bot.domain.values import spoken_duration
from bizaiops_bot.engine.runs import runs
from bizaiops_bot.engine.store import tables as t
from bizaiops_bot.engine.store.rows import as_release

BAKE_TIME = timedelta(minutes=60)


def explained(conn: sa.Connection, event: Event, now: datetime) -> dict[str, Any]:
    """The event's detail with its cause, where one is named, and the last release."""
    release = last_release(conn, event.model)
    before = {} if release is None else {"last_release": release.model_dump(mode="json")}
    return {**event.detail, **_cause(conn, event, now, release), **before}


def last_release(conn: sa.Connection, model: str) -> Release | None:
    last = sa.select(t.releases).where(t.releases.c.model == model).order_by(t.releases.c.id.desc()).limit(1)
    row = conn.execute(last).mappings().first()
    return None if row is None else as_release(row)


def recent_changes(conn: sa.Connection, model: str) -> tuple[Change, ...]:
    return changes(runs.find(conn, model=model, limit=20))


def _cause(conn: sa.Connection, event: Event, now: datetime, release: Release | None) -> dict[str, str]:
    """Names the release to blame, if one is; {} leaves the usual cause of the kind."""
    if event.kind in ("drift_detected", "missing_values_detected"):
        return {}
    blamed = blamed_release(event, Facts(now=now, release=release), BAKE_TIME)
    if blamed is None:
        return _newest_change(conn, event)
    age = max((event.onset - blamed.at).total_seconds(), 0.0)
    return {"cause": f"the release of {blamed.version}: it began {spoken_duration(age)} after it"}


def _newest_change(conn: sa.Connection, event: Event) -> dict[str, str]:
    """What touched the traffic last is suspected first, and the versions side by side are told."""
    metric: Metric = "errors" if event.kind == "errors_detected" else "latency"
    arms = [Arm.model_validate(arm) for arm in event.detail.get("arms", ())]
    version = str(event.detail.get("version", ""))
    found = suspicion(metric, version, event.onset, recent_changes(conn, event.model), arms)
    return {} if found is None else {"cause": found.because, "change": found.change.words}
