"""What the watch keeps from one look to the next: in the store, as the next look may be another worker's."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from bizaiops_bot.domain.errors import Conflict
from bizaiops_bot.domain.health import HealthVerdict
from bizaiops_bot.engine.context.core import Core
from bizaiops_bot.engine.runs import workers
from bizaiops_bot.engine.store import tables as t

_FLAG = "watch_unseen"


def require_lead(core: Core, conn: sa.Connection) -> None:
    """Raises Conflict for a worker that only believes to lead: another one looks now."""
    if core.store.database.shared and not workers.leads(conn, core.lead.worker):
        raise Conflict("Another worker leads now, so nothing of this look is kept.")


def unwell(conn: sa.Connection) -> dict[str, HealthVerdict]:
    """Models with a broken limit, each with the verdict that said so first."""
    rows = conn.execute(sa.select(t.unwell)).all()
    return {row.model: HealthVerdict.model_validate_json(row.verdict) for row in rows}


def changed(before: Mapping[str, HealthVerdict], model: str, now: HealthVerdict | None) -> bool:
    """Whether `keep` would write something. None: nothing could be judged, so that all stays as it was."""
    return now is not None and _broken(now) != _broken(before.get(model))


def keep(conn: sa.Connection, model: str, now: HealthVerdict) -> None:
    conn.execute(sa.delete(t.unwell).where(t.unwell.c.model == model))
    if _broken(now):
        conn.execute(sa.insert(t.unwell).values(model=model, verdict=now.model_dump_json()))


def _broken(verdict: HealthVerdict | None) -> set[tuple[str, bool, bool]]:
    versions = verdict.versions if verdict else ()
    return {(v.version, v.errors, v.slow) for v in versions if v.errors or v.slow}


def unseen(conn: sa.Connection) -> str:
    """What the last look could not see, whoever looked; "" for nothing."""
    return str(conn.execute(sa.select(t.flags.c.value).where(t.flags.c.name == _FLAG)).scalar() or "")


def keep_unseen(conn: sa.Connection, words: str) -> None:
    if conn.execute(sa.update(t.flags).where(t.flags.c.name == _FLAG).values(value=words)).rowcount == 0:
        conn.execute(sa.insert(t.flags).values(name=_FLAG, value=words))
