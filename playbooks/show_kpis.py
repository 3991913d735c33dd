"""How a model's KPIs did."""

from pydantic import Field

from bizaiops_bot.playbook import (
    Block,
    Button,
    Card,
    Context,
    Inputs,
    KpiName,
    KpiRow,
    ModelName,
    Run,
    Table,
    Text,
    WindowSlot,
    amount,
    change_words,
    full_title,
    headline,
    playbook,
    provisional_words,
    short_amount,
    sparkline,
    target_words,
)
from playbooks._cards import age, clock_now, known_model
from playbooks._kpis import Story, event_words, events, model_kpis, rows_of, span_of, stale_words, stories, told_first
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
    asked = await stories(run, kpis, span_of(ask.window, today, run.time_zone), today, run.time_zone)
    told, early = _settled(asked)
    span, rows = told[0].span, rows_of(told)
    happened = await events(run, ask.model)
    story = told_first(told, rows) if rows else told[0]
    chart = story.chart(ask.model, happened, run.time_zone, until=rows[0].day) if rows else None
    updated = max((r.updated for r in rows if r.updated), default=None)
    freshness = f"data {age(now, updated)}" if updated else "no data yet"
    stale = await stale_words(run, kpis, now)
    blocks: list[Block] = [Text(text=words) for words in (early, stale) if words]
    blocks += [Text(text=headline(rows)), _table(rows, told)]
    if chart:
        blocks.append(chart)
    what = event_words(happened, span.before.start, max(span.end, asked[0].span.end), run.time_zone)
    blocks.append(Text(text=f"What happened: {what}."))
    blocks.append(Context(text=f"{_days_words(story)}, days in {run.time_zone}; {freshness}."))
    return Card(
        title=f"{ask.model}: {story.kpi.title if ask.kpi else 'KPIs'}, {span.label}",
        summary=" ".join(part for part in (early, _summary(ask.model, rows, told), stale) if part),
        blocks=tuple(blocks),
        buttons=_buttons(ask, bool(happened.releases)),
    )


def _settled(asked: list[Story]) -> tuple[list[Story], str]:
    """What can be told in whole days, and what to say first: of a period that has just begun, the one before it."""
    span = asked[0].span
    if not span.running or any(story.whole for story in asked):
        return asked, ""
    before = span.last_whole
    so_far = [f"{s.kpi.title} {amount(s.kpi, s.so_far)}" for s in asked if s.so_far is not None]
    label = span.label if span.label.endswith("so far") else f"{span.label} so far"
    began = f"{label.capitalize()} ({span.spoken}), no day of it is whole yet: {'; '.join(so_far) or 'no data'}."
    return (
        [Story(s.kpi, s.days, before, s.today) for s in asked],
        f"{began} The table is of {before.label}, {before.spoken}.",
    )


def _of(told: list[Story], row: KpiRow) -> Story:
    return next(story for story in told if story.kpi.id == row.kpi.id)


def _table(rows: list[KpiRow], told: list[Story]) -> Table:
    label = told[0].span.label
    day, weekday = (f"{rows[0].day:%a %-d %b}", f"{rows[0].day:%a}") if rows else ("Last day", "day")
    columns = ("KPI", label[0].upper() + label[1:], "vs before", f"{day} vs {weekday} before", "Target", "14 days")
    return Table(
        columns=columns,
        rows=tuple(_row(row, _of(told, row)) for row in rows),
        align="lrllll",
        caption="Whole days pooled, against the same weekdays before",
    )


def _row(row: KpiRow, story: Story) -> tuple[str, ...]:
    kpi, until = row.kpi, provisional_words(story.provisional_until)
    return (
        full_title(kpi),
        short_amount(kpi, story.value) + (f" ({until})" if until else ""),
        change_words(kpi, story.change),
        f"{short_amount(kpi, row.value)}, {change_words(kpi, row.change)}",
        target_words(kpi, story.value),
        sparkline(list(row.history)),
    )


def _summary(model: str, rows: list[KpiRow], told: list[Story]) -> str:
    label = told[0].span.label
    said = [_said(_of(told, row)) for row in rows[:3]]
    if not said:
        return f"{model}, {label}: no complete day with data."
    return f"{model}, {label}: {'; '.join(said)}. {headline(rows)}"


def _said(story: Story) -> str:
    if not story.whole:
        return f"{story.kpi.title}: no complete day yet"
    until = provisional_words(story.provisional_until)
    told = ", ".join(filter(None, (change_words(story.kpi, story.change), until)))
    return f"{story.kpi.title} {amount(story.kpi, story.value)} ({told})"


def _days_words(story: Story) -> str:
    """ "23 Feb to 1 Mar", and how many of its days are whole when not all are."""
    span, days = story.span, (story.span.end - story.span.start).days + 1
    whole = len(story.whole)
    return span.spoken if whole == days else f"{span.spoken}, {whole} whole day{'' if whole == 1 else 's'} of {days}"


def _buttons(ask: ShowKpis, released: bool) -> tuple[Button, ...]:
    effect = Button(label="Effect of the last release", command=f"what did the last {ask.model} release do?")
    schedule = f"send the {ask.model} KPI digest here every Monday at 9:00"
    buttons = (
        Button(label="Send this every Monday", command=schedule),
        Button(label="Status", command=f"status {ask.model}"),
    )
    return (effect, *buttons) if released else buttons
