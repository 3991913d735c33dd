"""How one model is doing now."""

from bizaiops_bot.playbook import (
    HEALTH_MINUTES,
    Alert,
    Block,
    Button,
    Card,
    Context,
    DriftReport,
    Fields,
    HealthSample,
    HealthState,
    ModelSpec,
    NoData,
    PerformanceDrift,
    Release,
    Run,
    ServiceInputs,
    Table,
    Text,
    Tone,
    TrafficState,
    Trial,
    all_held_against,
    assess_health,
    playbook,
    spoken_end,
    stamp,
    trial_words,
)
from playbooks._alerts import mute_words
from playbooks._cards import clock_now, known_model
from playbooks._health import (
    UNKNOWN,
    Unread,
    alert_words,
    drift_now,
    drift_words,
    health_of,
    health_rows,
    health_words,
    latency_chart,
    quality_of,
    quality_words,
    traffic_of,
)

NOT_HERE = NoData(query="drift", window="here", searched="the default environment alone")
"""Who acts on the answers, and what became of them, is known of the default environment."""


class ShowStatus(ServiceInputs):
    """Show traffic, health, drift, alerts and the last release of a model."""


@playbook(title="Show the status of a model", risk="read")
async def show_status(run: Run, ask: ShowStatus) -> Card:
    unread = Unread()
    info = await unread.read(known_model(run, ask.model))
    info = info and info.at(ask.environment)
    now = await clock_now(run)
    traffic = await unread.read(traffic_of(run, ask.service))
    health = None if traffic is None else await unread.read(health_of(run, traffic, HEALTH_MINUTES))
    here = ask.environment is None
    report = await unread.read(drift_now(run, ask.model)) if here else NOT_HERE
    quality = await unread.read(quality_of(run, traffic)) if here and traffic is not None else None
    alerts = await run.read(run.records.alerts, model=ask.service, open_only=True)
    releases = await run.read(run.records.releases, ask.service, limit=5)
    mutes = [m for m in await run.read(run.records.mutes) if m.model == ask.service]
    against = all_held_against(await run.read(run.records.trials, ask.model))
    chart = await unread.read(latency_chart(run, ask.service, now, releases))
    drift = "watched in the default environment alone" if ask.environment else _drift(report, alerts)
    state = "no_data" if info is None or health is None else assess_health(health, info.limits).state
    facts = _facts(traffic, quality, drift, alert_words(alerts, now), releases)
    facts += (("Tried and not good", "; ".join(map(trial_words, against[:3]))),) if against else ()
    pauses = await run.read(run.records.timers, "resume", ask.service) if traffic and traffic.paused else []
    end = f"until {spoken_end(pauses[0].ends, run.time_zone)}" if pauses else ""
    facts += (("Paused", f"{end}, then it is resumed by itself"),) if end else ()
    facts += (("Muted", mute_words(mutes, run.time_zone)),) if mutes else ()
    blocks: list[Block] = [Fields(fields=facts)]
    blocks.append(_health_block(health, traffic))
    if chart is not None:
        blocks.append(Text(text=str(chart).capitalize()) if isinstance(chart, NoData) else chart)
    blocks += [*unread.line(), Context(text=_about(info, traffic))]
    serves = f"is paused {end}" if end else f"serves {_spoken(traffic)}"
    how = f"Health is {UNKNOWN}" if health is None else health_words(health)
    said = f"{ask.service} {serves}. {how}. Drift: {drift}."
    return Card(
        title=f"{ask.service}: {_headline(traffic, alerts, state)}{f' {end}' if end else ''}",
        tone=_tone(traffic, alerts, state),
        summary=f"{said} Open alerts: {len(alerts)}.{_tried(against)} {unread.words}".rstrip(),
        blocks=tuple(blocks),
        buttons=_buttons(ask, traffic, alerts, releases),
    )


def _spoken(traffic: TrafficState | None) -> str:
    return UNKNOWN if traffic is None else traffic.spoken()


def _about(info: ModelSpec | None, traffic: TrafficState | None) -> str:
    parts = [info.title, f"owner {info.owner or 'not named'}"] if info else []
    return " · ".join([*parts, f"read {stamp(traffic.read_at)}" if traffic else f"traffic {UNKNOWN}"])


def _tried(against: list[Trial]) -> str:
    return "".join(f" {trial_words(trial, why=False)}." for trial in against[:1])


def _facts(
    traffic: TrafficState | None,
    quality: PerformanceDrift | NoData | None,
    drift: str,
    alerts: str,
    releases: list[Release],
) -> tuple[tuple[str, str], ...]:
    last = releases[0] if releases else None
    released = f"{last.version} ({last.kind}) by {last.actor}, {stamp(last.at)}" if last else "none on record"
    facts = [
        ("Traffic", _spoken(traffic)),
        ("Replicas", UNKNOWN if traffic is None else str(traffic.replicas)),
        ("Last release", released),
        ("Open alerts", alerts),
        ("Drift", drift),
    ]
    if quality is not None and (words := quality_words(quality)):
        facts.append(("Quality on labels", words))
    return tuple(facts)


def _drift(report: DriftReport | NoData | None, alerts: list[Alert]) -> str:
    """As measured now; an alert that is still open beside a calm look is named, so that the two are one story."""
    if report is None:
        return UNKNOWN
    still = [a for a in alerts if a.kind in ("drift_detected", "missing_values_detected")]
    calm = isinstance(report, DriftReport) and not report.drifted and not report.missing
    named = ", ".join(str(a.shown_as) for a in still)
    return drift_words(report) + (f"; alert {named} is still open" if calm and still else "")


def _health_block(health: list[HealthSample] | NoData | None, traffic: TrafficState | None) -> Block:
    if health is None or traffic is None:
        return Text(text=f"Health is {UNKNOWN}.")
    if isinstance(health, NoData):
        return Text(text=f"Health is not known: {health}.")
    return Table(
        columns=("Version", "Role", "Share", "Requests", "Errors", "p50", "p95"),
        rows=health_rows(health, traffic),
        align="llrrrrr",
        caption=f"Health of the last {HEALTH_MINUTES:.0f} min",
    )


def _headline(traffic: TrafficState | None, alerts: list[Alert], state: HealthState) -> str:
    if traffic and traffic.paused:
        return "paused"
    if alerts:
        return f"{len(alerts)} open alert{'' if len(alerts) == 1 else 's'}"
    said = {"ok": "healthy", "no_data": "health not known"}
    return f"{traffic.spoken() if traffic else f'traffic {UNKNOWN}'}, {said.get(state, state)}"


def _tone(traffic: TrafficState | None, alerts: list[Alert], state: HealthState) -> Tone:
    if alerts or state == "failing":
        return "danger"
    return "warning" if traffic is None or traffic.paused or state != "ok" else "success"


def _buttons(
    ask: ShowStatus, traffic: TrafficState | None, alerts: list[Alert], releases: list[Release]
) -> tuple[Button, ...]:
    model = ask.service
    buttons = [] if ask.environment else [Button(label="KPIs this week", command=f"how did {model} do this week?")]
    if traffic and traffic.paused:
        buttons.insert(0, Button(label=f"Resume {model}", command=f"resume {model}", style="primary"))
    if alerts:
        buttons.append(Button(label="Alerts", command=f"list alerts of {model}"))
    buttons.append(Button(label="History", command=f"history of {model}"))
    if any(release.previous for release in releases):
        buttons.append(Button(label="Roll back", command=f"roll back {model}", style="danger"))
    return tuple(buttons)
