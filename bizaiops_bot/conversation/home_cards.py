"""The cards of a person's own page, each drawn from what was read for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bizaiops_bot.domain.cards import Button, Card, Context, Table, Text
from bizaiops_bot.domain.health import HEALTH_MINUTES, assess_health
from bizaiops_bot.domain.models import ModelSpec
from bizaiops_bot.domain.monitoring import HealthSample
from bizaiops_bot.domain.records import Alert, OpenGate, RunRecord, Schedule, run_title
from bizaiops_bot.domain.recurrence import spoken
from bizaiops_bot.domain.services import TrafficState
from bizaiops_bot.domain.values import NoData, spoken_duration

MOST = 10
"""Lines of one card."""
HEALTH = {"ok": "✓ healthy", "degraded": "! slow", "failing": "✗ failing", "no_data": "? no data"}
RUN = {
    "waiting": "… waits for approval",
    "running": "▶ running",
    "succeeded": "✓ succeeded",
    "failed": "✗ failed",
    "rejected": "✗ rejected",
    "cancelled": "– cancelled",
    "expired": "– expired",
}
Model = tuple[ModelSpec, TrafficState | None, list[HealthSample] | NoData | None]
"""What is known of it; None: it could not be read."""


def approvals(mine: Sequence[tuple[OpenGate, RunRecord]], now: datetime) -> Card:
    """A decision needs the plan in sight, so that only the way to it is offered."""
    if not mine:
        return Card(title="Nothing waits for your decision", tone="muted")
    lines = [
        f"**Run {run.id}** {_what(gate, run)}, asked by {run.actor} {_age(now, gate.opened)}"
        for gate, run in mine[:MOST]
    ]
    one = len(mine) == 1
    return Card(
        title=f"{len(mine)} {'run waits' if one else 'runs wait'} for your decision",
        tone="warning",
        blocks=(_lines(lines, len(mine), "approvals"), Context(text="Show a run to see its plan, and decide there.")),
        buttons=tuple(_show(run.id) for _, run in mine[:MOST]),
    )


def models(found: Sequence[Model], *, own: bool, alerts: Sequence[Alert], more: int) -> Card:
    """One line each: traffic, health of the last minutes, open alerts."""
    if not found:
        return Card(title="No models are served", tone="muted")
    rows = tuple(_model_row(model, alerts) for model in found)
    ill = any(row[2].startswith(("✗", "!")) for row in rows)
    small = f"Health of the last {HEALTH_MINUTES:.0f} min." + (f" And {more} more: say `models`." if more else "")
    return Card(
        title="Your models" if own else "Models",
        tone="warning" if ill else "info",
        blocks=(Table(columns=("Model", "Traffic", "Health", "Alerts"), rows=rows), Context(text=small)),
        buttons=tuple(Button(label=f"Status {info.name}", command=f"status {info.name}") for info, _, _ in found[:5]),
    )


def _model_row(model: Model, alerts: Sequence[Alert]) -> tuple[str, ...]:
    info, traffic, health = model
    count = sum(alert.model == info.name for alert in alerts)
    if traffic is None:
        return info.name, "not known", "? could not be read", str(count)
    state = (
        "– paused"
        if traffic.paused
        else "? no data"
        if health is None
        else HEALTH[assess_health(health, info.limits).state]
    )
    return info.name, traffic.spoken(), state, str(count) if count else "none"


def runs(mine: Sequence[RunRecord], now: datetime) -> Card:
    """The person's own, those under way first."""
    if not mine:
        return Card(title="You have no runs", tone="muted")
    order = sorted(mine, key=lambda run: (run.finished, -run.id))[:5]
    lines = [
        f"**Run {r.id}** {run_title(r.playbook, r.inputs)}: {RUN[r.status]}, {_age(now, r.created)}" for r in order
    ]
    return Card(title="Your runs", blocks=(_lines(lines),), buttons=tuple(_show(run.id) for run in order))


def schedules(active: Sequence[Schedule], person: str, titles: Mapping[str, str]) -> Card:
    """Those of the person first; each can be stopped. titles: conversation -> as people call it, shown for their own
    alone: the name of a private channel is not for everybody.
    """
    if not active:
        return Card(title="Nothing is scheduled", tone="muted")
    order = sorted(active, key=lambda s: (s.owner != person, s.id))
    where = {s.id: titles.get(s.conversation, "") if s.owner == person else "" for s in order}
    lines = [
        f"**{s.id}** {s.title}, {spoken(s.cron)}, {_next(s)}, into {where[s.id] or s.conversation}, by {s.owner}"
        for s in order
    ]
    stop = tuple(
        Button(label=f"Stop {s.id}", command=f"stop schedule {s.id}", style="danger", confirm=f"Stop {s.title}?")
        for s in order[:5]
    )
    title = f"{len(active)} schedule{'' if len(active) == 1 else 's'}"
    return Card(title=title, blocks=(_lines(lines[:MOST], len(lines), "list schedules"),), buttons=stop)


def alerts(found: Sequence[Alert], now: datetime) -> Card:
    if not found:
        return Card(title="No alert is open", tone="success")
    lines = [f"**{a.model}** {a.title}, {_age(now, a.detected)}" for a in found[:MOST]]
    return Card(
        title=f"{len(found)} open alert{'' if len(found) == 1 else 's'}",
        tone="danger",
        blocks=(_lines(lines, len(found), "list alerts"),),
        buttons=(Button(label="All alerts", command="list alerts"),),
    )


def health(problems: dict[str, str], frozen: str | None, roles: Sequence[str]) -> Card:
    """How the bot itself is, and what the person may be asked to do."""
    lines = [f"**{part}**: {why}" for part, why in problems.items()]
    lines += [f"Changes are {frozen}."] if frozen else []
    title = "I have a problem" if problems else "I am well"
    role = f"Your roles: {', '.join(roles)}." if roles else "You have no role, so I can tell you little."
    blocks = (*((_lines(lines),) if lines else ()), Context(text=role))
    help_ = Button(label="What can I say?", command="help")
    return Card(title=title, tone="warning" if problems else "success", blocks=blocks, buttons=(help_,))


def unreadable(what: str, why: str) -> Card:
    """A part that could not be read says so: an empty one would be taken for good news."""
    return Card(title=f"{what} could not be read", tone="warning", blocks=(Text(text=why),))


def _what(gate: OpenGate, run: RunRecord) -> str:
    return run_title(run.playbook, run.inputs) if gate.kind == "approval" else gate.question


def _show(number: int) -> Button:
    return Button(label=f"Show run {number}", command=f"show run {number}")


def _next(schedule: Schedule) -> str:
    if schedule.next_at is None:
        return "not again"
    return f"next {schedule.next_at.astimezone(ZoneInfo(schedule.time_zone)):%a %-d %b %H:%M}"


def _age(now: datetime, when: datetime) -> str:
    return f"{spoken_duration(max(0.0, (now - when).total_seconds()))} ago"


def _lines(lines: list[str], of: int = 0, all_of_them: str = "") -> Any:
    rest = of - len(lines)
    return Text(text="\n".join(lines + ([f"And {rest} more: say `{all_of_them}`."] if rest > 0 else [])))
