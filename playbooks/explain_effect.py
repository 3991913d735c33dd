"""What the last release did to the KPIs."""

from datetime import date, timedelta

from pydantic import Field

from bizaiops_bot.playbook import (
    BadInput,
    Block,
    Button,
    Card,
    Context,
    Effect,
    Inputs,
    Kpi,
    KpiName,
    ModelName,
    Release,
    Run,
    Table,
    Text,
    Tone,
    full_title,
    playbook,
    release_effect,
    short_amount,
    stamp,
)
from playbooks._cards import clock_now, known_model
from playbooks._kpis import DAYS_NEEDED, Span, Story, daily, events, model_kpis
from playbooks._words import local_day

DAYS_BEFORE = 90
WORDS = {
    "better": "✓ better",
    "worse": "✗ worse",
    "no_clear_change": "= no clear change",
    "cannot_tell": "? cannot tell yet",
}


class ExplainEffect(Inputs):
    """Tell what the last release of a model did to a KPI, with a 99% interval, or why that cannot be told yet."""

    model: ModelName = Field(description="the model")
    kpi: KpiName | None = Field(None, description="one KPI; all of the model if left out")


@playbook(title="Explain the effect of a release", risk="read")
async def explain_effect(run: Run, ask: ExplainEffect) -> Card:
    await known_model(run, ask.model)
    kpis = await model_kpis(run, ask.model, ask.kpi)
    happened = await events(run, ask.model)
    if not happened.releases:
        raise BadInput(
            f"{ask.model} was not released in my time, so there is no effect to tell.",
            do=f"Type `how did {ask.model} do this week?` for its KPIs.",
        )
    release = happened.releases[0]
    released = local_day(release.at, run.time_zone)
    today = local_day(await clock_now(run), run.time_zone)
    days = await daily(run, kpis, released - timedelta(days=DAYS_BEFORE), today, run.time_zone)
    others = [day for r in happened.releases[1:] if (day := local_day(r.at, run.time_zone)) != released]
    known = {k.id: k for k in await run.read(run.warehouse.kpis)}
    controls = [known[k.control] for k in kpis if k.control in known]
    beside = await daily(run, controls, released - timedelta(days=DAYS_BEFORE), today, run.time_zone)
    final = {k.id: [d for d in days[k.id] if k.provisional([d.day], today) is None] for k in kpis}
    effects = [
        (kpi, release_effect(kpi, final[kpi.id], beside.get(kpi.control), released, others=others)) for kpi in kpis
    ]
    blocks = _blocks(release, released, effects)
    first, last = effects[0][1].first or released, effects[0][1].last or today - timedelta(days=1)
    story = Story(kpis[0], tuple(days[kpis[0].id]), Span(first, last, "around the release"), today)
    if chart := story.chart(ask.model, happened, run.time_zone, until=last):
        blocks.insert(1, chart)
    return Card(
        title=f"{ask.model} {release.version}: {_title(effects)}",
        tone=_tone(effects),
        summary=f"{_opening(release)} {_told(effects, released)}",
        blocks=tuple(blocks),
        buttons=_buttons(release),
    )


def _opening(release: Release) -> str:
    verb = "rolled back to" if release.kind == "rollback" else "released"
    return f"{release.model} {release.version} was {verb} on {stamp(release.at)} by {release.actor}."


def _told(effects: list[tuple[Kpi, Effect]], released: date) -> str:
    """A sentence a KPI, or one for all of them when none can be told for the same reason."""
    reasons = {e.reason for _, e in effects if e.verdict == "cannot_tell"}
    if len(effects) > 1 and len(reasons) == 1 and all(e.verdict == "cannot_tell" for _, e in effects):
        return f"What it did to the KPIs cannot be told yet, {reasons.pop()}.{_when(*effects[0], released)}"
    return " ".join(_sentence(kpi, effect, released) for kpi, effect in effects)


def _sentence(kpi: Kpi, effect: Effect, released: date) -> str:
    if effect.verdict == "cannot_tell":
        return f"{kpi.title}: cannot tell yet, {effect.reason}.{_when(kpi, effect, released)}"
    return f"{kpi.title}: {WORDS[effect.verdict][2:]}, {effect.reason}."


def _when(kpi: Kpi, effect: Effect, released: date) -> str:
    """When enough days will be final; the day of the release itself does not count."""
    if effect.n_after >= DAYS_NEEDED:
        return ""
    return f" Ask again from {kpi.mature(released + timedelta(days=DAYS_NEEDED)):%-d %b} on."


def _interval(kpi: Kpi, effect: Effect) -> tuple[str, str]:
    if effect.estimate is None or effect.low is None or effect.high is None:
        return "–", effect.reason
    return _signed(kpi, effect.estimate), f"{_signed(kpi, effect.low)} to {_signed(kpi, effect.high)}"


def _signed(kpi: Kpi, value: float) -> str:
    return f"{'+' if value >= 0 else '−'}{short_amount(kpi, abs(value))}"


def _blocks(release: Release, released: date, effects: list[tuple[Kpi, Effect]]) -> list[Block]:
    rows = tuple(
        (full_title(kpi), WORDS[e.verdict], *_interval(kpi, e), f"{e.n_before} / {e.n_after}") for kpi, e in effects
    )
    columns = ("KPI", "Verdict", "Effect a day", "99% interval", "Days before / after")
    blocks: list[Block] = [Text(text=_opening(release)), Table(columns=columns, rows=rows, align="llrlr")]
    waits = [_when(kpi, e, released) for kpi, e in effects if e.verdict == "cannot_tell"]
    if any(waits):
        blocks.append(Text(text=next(w for w in waits if w).strip()))
    method = effects[0][1].method
    blocks.append(
        Context(text=f"Method: {method}; 99% interval. Nobody was randomised here: an association, not proof.")
    )
    return blocks


def _title(effects: list[tuple[Kpi, Effect]]) -> str:
    if len(effects) == 1:
        kpi, effect = effects[0]
        return f"{kpi.title}, {WORDS[effect.verdict][2:]}"
    told = [f"{kpi.title} {e.verdict}" for kpi, e in effects if e.verdict in {"better", "worse"}]
    if told:
        return ", ".join(told)
    waiting = all(e.verdict == "cannot_tell" for _, e in effects)
    return "effect cannot be told yet" if waiting else "no clear change of the KPIs"


def _tone(effects: list[tuple[Kpi, Effect]]) -> Tone:
    verdicts = {e.verdict for _, e in effects}
    if "worse" in verdicts:
        return "warning"
    return "success" if "better" in verdicts else "info"


def _buttons(release: Release) -> tuple[Button, ...]:
    buttons = [Button(label="KPIs this week", command=f"how did {release.model} do this week?")]
    if release.previous:
        command = f"compare {release.model} {release.previous} and {release.version}"
        buttons.append(Button(label=command.capitalize(), command=command))
    return tuple(buttons)
