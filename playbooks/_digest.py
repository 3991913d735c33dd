"""The KPI digest: one headline, at most five rows, what happened, a picture."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from bizaiops_bot.playbook import (
    Block,
    Button,
    Card,
    Context,
    KpiRow,
    Run,
    Table,
    Text,
    change_words,
    digest_facts,
    full_title,
    provisional_words,
    short_amount,
    sparkline,
    target_words,
    template,
)
from playbooks._cards import age, clock_now
from playbooks._kpis import (
    MEMORY_DAYS,
    Events,
    Span,
    event_words,
    events,
    model_kpis,
    rows_of,
    stale_words,
    stories,
    told_first,
)
from playbooks._words import local_day

MAX_ROWS = 5
EVENT_DAYS = 14


async def digest_card(run: Run, model: str, time_zone: str) -> Card:
    """The digest of a model's last complete day, with days as they are in `time_zone`."""
    now = await clock_now(run)
    today = local_day(now, time_zone)
    kpis = await model_kpis(run, model, None)
    yesterday = today - timedelta(days=1)
    told = await stories(run, kpis, Span(yesterday, yesterday, "yesterday"), today, time_zone)
    rows = rows_of(told)[:MAX_ROWS]
    stale = await stale_words(run, kpis, now)
    if not any(row.value is not None for row in rows):
        return _empty(model, stale)
    happened = await events(run, model)
    others = [info.name for info in await run.read(run.models.specs)]
    facts = digest_facts(model, rows, others)
    said = await run.step(
        "word the digest", run.words.sentence, "digest", facts, channel=run.conversation, assume=template(facts)
    )
    # The template says it itself; a language model need not.
    late = "" if said.source == "template" else _late(rows[0])
    blocks: list[Block] = [Text(text=f"**{words}**") for words in (late, stale) if words]
    blocks += [Text(text=f"**{said.text}**"), digest_table(rows, now)]
    story = told_first(told, rows)
    if chart := story.chart(model, happened, time_zone, until=rows[0].day, as_picture=True):
        blocks.append(chart)
    what = event_words(happened, today - timedelta(days=EVENT_DAYS), today, time_zone)
    blocks.append(Text(text=f"What happened: {what}."))
    blocks.append(
        Context(text=f"{_day(rows[0].day)}, days in {time_zone}; running days are left out. {said.note}".rstrip())
    )
    return Card(
        title=f"{model} KPI digest, {rows[0].day:%a %-d %b}",
        tone="warning" if rows[0].note or stale or any(_bad(row) for row in rows) else "info",
        summary=f"{model}: {f'{late} ' if late else ''}{said.text}{f' {stale}' if stale else ''}",
        blocks=tuple(blocks),
        buttons=_buttons(model, happened),
    )


def digest_table(rows: list[KpiRow], now: datetime) -> Table:
    """Value, change against the same weekday last week, target, 14 days, data age."""
    columns = ("KPI", "Value", f"vs {rows[0].day:%a} before", "Target", "14 days", "Data")
    return Table(columns=columns, rows=tuple(_row(row, now) for row in rows), align="lrllll")


def _row(row: KpiRow, now: datetime) -> tuple[str, ...]:
    until = provisional_words(row.provisional_until)
    mark = " (unusual)" if row.unusual else f" ({until})" if until else ""
    return (
        full_title(row.kpi),
        short_amount(row.kpi, row.value) + mark,
        change_words(row.kpi, row.change),
        target_words(row.kpi, row.value),
        sparkline(list(row.history)),
        age(now, row.updated),
    )


def _bad(row: KpiRow) -> bool:
    if not row.unusual or row.value is None or row.usual is None:
        return False
    return (row.value > row.usual[1]) != (row.kpi.direction == "up_is_good")


def _late(row: KpiRow) -> str:
    """Why the numbers are not yesterday's."""
    return f"{row.note}: all below is of {_day(row.day)}." if row.note else ""


def _day(day: date) -> str:
    return f"{day:%A %-d %b}"


def _empty(model: str, stale: str) -> Card:
    """Nothing is known of any day."""
    said = f"There are no numbers for {model}: no whole day of the last {MEMORY_DAYS} has data. {stale}".rstrip()
    return Card(title=f"{model} KPI digest: no data", tone="warning", summary=said, blocks=(Text(text=said),))


def _buttons(model: str, happened: Events) -> tuple[Button, ...]:
    week = Button(label="This week", command=f"how did {model} do this week?")
    effect = Button(label="Effect of the last release", command=f"what did the last {model} release do?")
    schedules = Button(label="Schedules", command="show schedules")
    return (week, effect, schedules) if happened.releases else (week, schedules)
