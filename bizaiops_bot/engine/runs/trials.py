"""What was found of versions when they were tried: one row a run, version and kind, never changed."""

from __future__ import annotations

import json
from datetime import datetime

import sqlalchemy as sa

from bizaiops_bot.domain.monitoring import Check, Verdict
from bizaiops_bot.domain.records import Trial, TrialKind
from bizaiops_bot.engine.audit import redaction
from bizaiops_bot.engine.runs import runs
from bizaiops_bot.engine.store import tables as t

_v = t.trials.c
MOST_SAID = 160


def add(
    conn: sa.Connection,
    model: str,
    version: str,
    kind: TrialKind,
    verdict: Verdict,
    *,
    run: int,
    now: datetime,
    by: str | None = None,
) -> bool:
    """Notes the verdict; False when this run has noted one of the kind already, which stays.

    by: who stopped the run for it; None is who asked for the run, whose words are noted of a rollback.
    """
    known = (_v.run_id == run, _v.version == version, _v.kind == kind)
    if conn.execute(sa.select(_v.id).where(*known)).first() is not None:
        return False
    row = runs.get_row(conn, run)
    decided = f"; {verdict.decided}" if verdict.decided else ""
    why = _asked(conn, row) if kind == "rollback" and by is None else decided
    reason = redaction.redact(f"{verdict.reason.rstrip('.')}{why}")
    conn.execute(
        sa.insert(t.trials).values(
            model=model,
            version=version,
            kind=kind,
            outcome=verdict.outcome.value,
            reason=reason,
            run_id=run,
            checks=json.dumps([check.model_dump(mode="json") for check in verdict.checks]),
            stable_requests=verdict.stable_requests,
            canary_requests=verdict.canary_requests,
            actor=by or runs.actor_of(row).id,
            at=t.iso(now),
        )
    )
    return True


def _asked(conn: sa.Connection, row: sa.RowMapping) -> str:
    """Why it was taken back: the alert that a rule acted on, or the words of the person."""
    title = conn.execute(sa.select(t.alerts.c.title).where(t.alerts.c.run_id == row["id"]).limit(1)).scalar()
    if title is not None:
        return f"; {title}"
    said = conn.execute(sa.select(t.messages.c.body).where(t.messages.c.id == row["message"])).scalar()
    if said is None:
        return ""
    words = " ".join(str(said).split())
    return f'; asked for with "{words if len(words) <= MOST_SAID else words[: MOST_SAID - 1] + "…"}"'


def find(
    conn: sa.Connection, *, model: str | None = None, version: str | None = None, run: int | None = None, limit: int
) -> list[Trial]:
    """Newest first."""
    query = sa.select(t.trials).order_by(_v.id.desc()).limit(limit)
    for column, wanted in ((_v.model, model), (_v.version, version), (_v.run_id, run)):
        query = query if wanted is None else query.where(column == wanted)
    return [_trial(row) for row in conn.execute(query).mappings()]


def _trial(row: sa.RowMapping) -> Trial:
    same = ("id", "model", "version", "kind", "outcome", "reason", "at", "stable_requests", "canary_requests")
    checks = [Check.model_validate(check) for check in json.loads(row["checks"])]
    return Trial.model_validate(
        {**{name: row[name] for name in same}, "checks": checks, "run": row["run_id"], "by": row["actor"]}
    )
