"""The KPI digest: one headline, at most five rows, what happened, a picture."""

from __future__ import annotations

from datetime import datetime, timedelta

from bizaiops_bot.playbook import (
    Block,
    Button,
    Card,
    Context,
    Kpi,
    KpiDay,
    KpiRow,
    Run,
    Table,
    Text,
    digest_facts,
    sparkline,
    template,
)
from playbooks._cards import age, change_words, clock_now, full_title, short_amount
from playbooks._kpis import MEMORY_DAYS, Events, daily, event_words, events, kpi_chart, model_kpis, rows_of
from playbooks._words import local_day

MAX_ROWS = 5
EVENT_DAYS = 14


async def digest_card(run: Run, model: str, time_zone: str) -> Card:
    """The digest of a model's last complete day, with days as they are in `time_zone`."""
    now = await clock_now(run)
    today = local_day(now, time_zone)
    kpis = await model_kpis(run, model, None)
    days = await daily(run, kpis, today - timedelta(days=MEMORY_DAYS), today - timedelta(days=1), time_zone)
    rows = rows_of(kpis, days, today)[:MAX_ROWS]
    if not any(row.value is not None for row in rows):
        return _empty(model, days)
    happened = await events(run, model)
    others = [info.name for info in await run.read(run.serving.models)]
    facts = digest_facts(model, rows, others)
    said = await run.step(
        "word the digest", run.words.sentence, "digest", facts, channel=run.conversation, assume=template(facts)
    )
    blocks: list[Block] = [Text(text=f"**{said.text}**"), digest_table(rows, now)]
    first = rows[0].kpi
    if chart := kpi_chart(model, first, days[first.id], happened, time_zone, as_picture=True):
        blocks.append(chart)
    blocks.append(Text(text=f"What happened: {event_words(happened, today - timedelta(days=EVENT_DAYS), time_zone)}."))
    blocks.append(
        Context(text=f"{rows[0].day:%A %-d %b}, days in {time_zone}; running days are left out. {said.note}".rstrip())
    )
    return Card(
        title=f"{model} KPI digest, {rows[0].day:%a %-d %b}",
        tone="warning" if any(_bad(row) for row in rows) else "info",
        summary=f"{model}: {said.text}",
        blocks=tuple(blocks),
        buttons=_buttons(model, happened),
    )


def digest_table(rows: list[KpiRow], now: datetime) -> Table:
    """Value, change against the same weekday last week, target, 14 days, data age."""
    columns = ("KPI", "Value", f"vs {rows[0].day:%a} before", "Target", "14 days", "Data")
    return Table(columns=columns, rows=tuple(_row(row, now) for row in rows), align="lrllll")


def _row(row: KpiRow, now: datetime) -> tuple[str, ...]:
    mark = " (unusual)" if row.unusual else ""
    return (
        full_title(row.kpi),
        short_amount(row.kpi, row.value) + mark,
        change_words(row.kpi, row.change),
        target_words(row.kpi, row.value),
        sparkline(list(row.history)),
        age(now, row.updated),
    )


def target_words(kpi: Kpi, value: float | None) -> str:
    """ "EUR 12,000, met", or "none"."""
    if kpi.target is None:
        return "none"
    if value is None:
        return short_amount(kpi, kpi.target)
    met = value >= kpi.target if kpi.direction == "up_is_good" else value <= kpi.target
    return f"{short_amount(kpi, kpi.target)}, {'met' if met else 'missed'}"


def _bad(row: KpiRow) -> bool:
    if not row.unusual or row.value is None or row.usual is None:
        return False
    return (row.value > row.usual[1]) != (row.kpi.direction == "up_is_good")


def _empty(model: str, days: dict[str, list[KpiDay]]) -> Card:
    """Nothing is known of the last complete day: says which one is the newest that something is known of."""
    known = max((d.day for found in days.values() for d in found if d.complete and d.value is not None), default=None)
    newest = "there is none with data" if known is None else f"the newest day with data is {known:%A %-d %b}"
    said = f"There are no numbers for {model} of the last complete day; in the last {MEMORY_DAYS} days {newest}."
    return Card(title=f"{model} KPI digest: no data", tone="warning", summary=said, blocks=(Text(text=said),))


def _buttons(model: str, happened: Events) -> tuple[Button, ...]:
    week = Button(label="This week", command=f"how did {model} do this week?")
    effect = Button(label="Effect of the last release", command=f"what did the last {model} release do?")
    schedules = Button(label="Schedules", command="show schedules")
    return (week, effect, schedules) if happened.releases else (week, schedules)
