"""Rows as the records that people and playbooks read."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bizaiops_bot.domain.records import Alert, Release, Schedule


def as_release(row: sa.RowMapping) -> Release:
    fields = {k: row[k] for k in ("model", "version", "previous", "kind", "actor", "at")}
    return Release.model_validate({**fields, "run": row["run_id"], "approved_by": json.loads(row["approved_by"])})


def as_alert(row: sa.RowMapping) -> Alert:
    fields: dict[str, Any] = {
        k: row[k] for k in ("id", "model", "kind", "title", "onset", "detected", "closed", "repeats")
    }
    return Alert.model_validate({**fields, "detail": json.loads(row["detail"]), "run": row["run_id"]})


def as_schedule(row: sa.RowMapping) -> Schedule:
    fields = {k: row[k] for k in ("id", "title", "playbook", "cron", "time_zone", "conversation", "owner", "active")}
    times = {k: None if row[k] is None else datetime.fromisoformat(row[k]) for k in ("next_at", "last_at")}
    return Schedule.model_validate({**fields, **times, "inputs": json.loads(row["inputs"])})
