"""How a model's KPIs did."""

from datetime import timedelta

from pydantic import Field

from bizaiops_bot.playbook import (
    Block,
    Button,
    Card,
    Context,
    Inputs,
    Kpi,
    KpiDay,
    KpiName,
    KpiRow,
    ModelName,
    Run,
    Table,
    Text,
    WindowSlot,
    headline,
    playbook,
    sparkline,
)
from playbooks._cards import age, amount, change_words, clock_now, full_title, known_model, short_amount
from playbooks._digest import target_words
from playbooks._kpis import (
    MEMORY_DAYS,
    Span,
    complete_days,
    daily,
    event_words,
    events,
    kpi_chart,
    mean,
    model_kpis,
    relative,
    rows_of,
    span_of,
)
from playbooks._words import local_day


class ShowKpis(Inputs):
    """Show how the KPIs of a model did in a span of time, against the same weekdays before, with target and trend."""

    model: ModelName = Field(description="the model")
    window: WindowSlot | None = Field(None, description="the span, such as this week; the last 7 days if left out")
    kpi: KpiName | None = Field(None, description="one KPI; all of the model if left out")


@playbook(title="Show KPIs", risk="read")
async def show_kpis(run: Run, ask: ShowKpis) -> Card:
    await known_model(run, ask.model)
    kpis = await model_kpis(run, ask.model, ask.kpi)
    now = await clock_now(run)
    today = local_day(now, run.time_zone)
    span = span_of(ask.window, today, run.time_zone)
    days = await daily(run, kpis, min(span.before.start, today - timedelta(days=MEMORY_DAYS)), today, run.time_zone)
    rows = rows_of(kpis, days, today)
    happened = await events(run, ask.model)
    first = rows[0].kpi if rows else kpis[0]
    chart = kpi_chart(ask.model, first, days[first.id], happened, run.time_zone)
    updated = max((r.updated for r in rows if r.updated), default=None)
    freshness = f"data {age(now, updated)}" if updated else "no data yet"
    blocks: list[Block] = [Text(text=headline(rows)), _table(rows, days, span)]
    if chart:
        blocks.append(chart)
    blocks.append(Text(text=f"What happened: {event_words(happened, span.before.start, run.time_zone)}."))
    blocks.append(Context(text=f"{_span_words(span)}, days in {run.time_zone}; {freshness}."))
    return Card(
        title=f"{ask.model}: {first.title if ask.kpi else 'KPIs'}, {span.label}",
        summary=_summary(ask.model, rows, days, span),
        blocks=tuple(blocks),
        buttons=_buttons(ask, bool(happened.releases)),
    )


def _table(rows: list[KpiRow], days: dict[str, list[KpiDay]], span: Span) -> Table:
    weekday = f"{rows[0].day:%a}" if rows else "day"
    columns = ("KPI", span.label.capitalize(), "vs before", f"Last day vs {weekday} before", "Target", "14 days")
    return Table(
        columns=columns,
        rows=tuple(_row(row, days[row.kpi.id], span) for row in rows),
        align="lrllll",
        caption="Means of complete days, against the same weekdays before",
    )


def _row(row: KpiRow, days: list[KpiDay], span: Span) -> tuple[str, ...]:
    kpi, now = row.kpi, mean(days, span)
    return (
        full_title(kpi),
        short_amount(kpi, now),
        change_words(kpi, _change(days, span)),
        f"{short_amount(kpi, row.value)}, {change_words(kpi, row.change)}",
        target_words(kpi, now),
        sparkline(list(row.history)),
    )


def _change(days: list[KpiDay], span: Span) -> float | None:
    """Against the same weekdays before; only days whose weekday has ended count on both sides."""
    ended = [d.day for d in days if d.complete and d.value is not None and span.start <= d.day <= span.end]
    if not ended:
        return None
    so_far = Span(span.start, max(ended), span.label)
    back = span.start - span.before.start
    return relative(mean(days, so_far), mean(days, Span(so_far.start - back, so_far.end - back, "before")))


def _summary(model: str, rows: list[KpiRow], days: dict[str, list[KpiDay]], span: Span) -> str:
    said = [_said(row.kpi, days[row.kpi.id], span) for row in rows[:3]]
    if not said:
        return f"{model}, {span.label}: no complete day with data."
    return f"{model}, {span.label}: {'; '.join(said)}. {headline(rows)}"


def _said(kpi: Kpi, days: list[KpiDay], span: Span) -> str:
    count = complete_days(days, span)
    if not count:
        return f"{kpi.title}: no complete day yet"
    return f"{kpi.title} {amount(kpi, mean(days, span))} ({change_words(kpi, _change(days, span))})"


def _span_words(span: Span) -> str:
    return f"{span.start:%-d %b} to {span.end:%-d %b}"


def _buttons(ask: ShowKpis, released: bool) -> tuple[Button, ...]:
    effect = Button(label="Effect of the last release", command=f"what did the last {ask.model} release do?")
    schedule = f"send the {ask.model} KPI digest here every Monday at 9:00"
    buttons = (
        Button(label="Send this every Monday", command=schedule),
        Button(label="Status", command=f"status {ask.model}"),
    )
    return (effect, *buttons) if released else buttons
