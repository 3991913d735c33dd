"""How one model is doing now."""

from pydantic import Field

from bizaiops_bot.playbook import (
    Alert,
    Block,
    Button,
    Card,
    Context,
    DriftReport,
    Fields,
    HealthSample,
    Inputs,
    ModelName,
    NoData,
    Release,
    Run,
    Table,
    Text,
    Tone,
    TrafficState,
    Trial,
    all_held_against,
    assess_health,
    playbook,
    stamp,
    trial_words,
)
from playbooks._alerts import mute_words
from playbooks._cards import clock_now, known_model
from playbooks._health import (
    HEALTH_MINUTES,
    alert_words,
    drift_now,
    drift_words,
    health_rows,
    health_words,
    latency_chart,
    quality_words,
)


class ShowStatus(Inputs):
    """Show traffic, health, drift, alerts and the last release of a model."""

    model: ModelName = Field(description="the model")


@playbook(title="Show the status of a model", risk="read")
async def show_status(run: Run, ask: ShowStatus) -> Card:
    info = await known_model(run, ask.model)
    now = await clock_now(run)
    traffic = await run.read(run.serving.traffic, ask.model)
    health = await run.read(run.metrics.health, ask.model, minutes=HEALTH_MINUTES)
    report = await drift_now(run, ask.model)
    alerts = await run.read(run.records.alerts, model=ask.model, open_only=True)
    releases = await run.read(run.records.releases, ask.model, limit=5)
    mutes = [m for m in await run.read(run.records.mutes) if m.model == ask.model]
    against = all_held_against(await run.read(run.records.trials, ask.model))
    chart = await latency_chart(run, ask.model, now, releases)
    drift = _drift(report, alerts)
    facts = _facts(traffic, report, drift, alert_words(alerts, now), releases)
    facts += (("Tried and not good", "; ".join(map(trial_words, against[:3]))),) if against else ()
    facts += (("Muted", mute_words(mutes, run.time_zone)),) if mutes else ()
    blocks: list[Block] = [Fields(fields=facts)]
    blocks.append(_health_block(health, traffic))
    blocks.append(Text(text=str(chart).capitalize()) if isinstance(chart, NoData) else chart)
    blocks.append(Context(text=f"{info.title} · owner {info.owner or 'not named'} · read {stamp(traffic.read_at)}"))
    said = f"{ask.model} serves {traffic.spoken()}. {health_words(health)}. Drift: {drift}."
    return Card(
        title=f"{ask.model}: {_headline(traffic, alerts, health)}",
        tone=_tone(traffic, alerts, health),
        summary=f"{said} Open alerts: {len(alerts)}.{_tried(against)}",
        blocks=tuple(blocks),
        buttons=_buttons(traffic, alerts, releases),
    )


def _tried(against: list[Trial]) -> str:
    return "".join(f" {trial_words(trial, why=False)}." for trial in against[:1])


def _facts(
    traffic: TrafficState, report: DriftReport | NoData, drift: str, alerts: str, releases: list[Release]
) -> tuple[tuple[str, str], ...]:
    last = releases[0] if releases else None
    released = f"{last.version} ({last.kind}) by {last.actor}, {stamp(last.at)}" if last else "none on record"
    facts = [
        ("Traffic", traffic.spoken()),
        ("Replicas", str(traffic.replicas)),
        ("Last release", released),
        ("Open alerts", alerts),
        ("Drift", drift),
    ]
    if quality := quality_words(report):
        facts.append(("Quality on labels", quality))
    return tuple(facts)


def _drift(report: DriftReport | NoData, alerts: list[Alert]) -> str:
    """As measured now; an alert that is still open beside a calm look is named, so that the two are one story."""
    still = [a for a in alerts if a.kind in ("drift_detected", "missing_values_detected")]
    calm = isinstance(report, DriftReport) and not report.drifted and not report.missing
    named = ", ".join(str(a.shown_as) for a in still)
    return drift_words(report) + (f"; alert {named} is still open" if calm and still else "")


def _health_block(health: list[HealthSample] | NoData, traffic: TrafficState) -> Block:
    if isinstance(health, NoData):
        return Text(text=f"Health is not known: {health}.")
    return Table(
        columns=("Version", "Role", "Share", "Requests", "Errors", "p50", "p95"),
        rows=health_rows(health, traffic),
        align="llrrrrr",
        caption=f"Health of the last {HEALTH_MINUTES:.0f} min",
    )


def _headline(traffic: TrafficState, alerts: list[Alert], health: list[HealthSample] | NoData) -> str:
    if traffic.paused:
        return "paused"
    if alerts:
        return f"{len(alerts)} open alert{'' if len(alerts) == 1 else 's'}"
    said = {"ok": "healthy", "no_data": "health not known"}
    state = assess_health(health).state
    return f"{traffic.spoken()}, {said.get(state, state)}"


def _tone(traffic: TrafficState, alerts: list[Alert], health: list[HealthSample] | NoData) -> Tone:
    state = assess_health(health).state
    if alerts or state == "failing":
        return "danger"
    return "warning" if traffic.paused or state != "ok" else "success"


def _buttons(traffic: TrafficState, alerts: list[Alert], releases: list[Release]) -> tuple[Button, ...]:
    model = traffic.model
    buttons = [Button(label="KPIs this week", command=f"how did {model} do this week?")]
    if traffic.paused:
        buttons.insert(0, Button(label=f"Resume {model}", command=f"resume {model}", style="primary"))
    if alerts:
        buttons.append(Button(label="Alerts", command=f"list alerts of {model}"))
    buttons.append(Button(label="History", command=f"history of {model}"))
    if any(release.previous for release in releases):
        buttons.append(Button(label="Roll back", command=f"roll back {model}", style="danger"))
    return tuple(buttons)
