"""How an alert looks: what, how much, since when, the likely cause, what is proposed, a chart; and how it ended."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bizaiops_bot.domain.cards import Block, Button, Card, Chart, Context, Fields, Mark, Series, Table, Text, Tone
from bizaiops_bot.domain.facts import Said
from bizaiops_bot.domain.health import HealthLimits
from bizaiops_bot.domain.monitoring import SeriesData
from bizaiops_bot.domain.records import Alert, Mute
from bizaiops_bot.domain.values import NoData, spoken_duration
from bizaiops_bot.domain.wording import alert_facts, came_shortly_before

CAUSES = {
    "drift_detected": "the requests have changed (new customers, season, campaign, upstream), not the release",
    "concept_drift_detected": "what the inputs mean has changed: same requests, other outcomes",
    "missing_values_detected": "a broken data feed upstream; learning from it would do harm, so a person is asked",
    "errors_detected": "the release if one is fresh, else the serving infrastructure",
    "latency_detected": "the release if one is fresh, else load or the serving infrastructure",
}
CHARTS = {
    "concept_drift_detected": ("score_mean", "Mean prediction", "", 1),
    "errors_detected": ("error_rate", "Error rate", "%", 100),
    "latency_detected": ("latency_p95_ms", "Latency p95", "ms", 1),
}
"""Of kinds with a course over time: metric, title, unit, and how many units one of the metric is.
What moved in columns is drawn from the very rows of their table."""
BEFORE_ONSET, SHOWN_AT_LEAST, AFTER_END = timedelta(minutes=15), timedelta(hours=1), timedelta(minutes=5)
STEP = timedelta(minutes=3)
"""As the watch measures health, so that the line is of the same windows as the alert."""
_NAMES = {
    "drift_detected": "Drift",
    "concept_drift_detected": "Lost quality",
    "missing_values_detected": "Missing values",
    "errors_detected": "Errors",
    "latency_detected": "Slow answers",
}


EXPLAINED = "explained"
"""In an alert's detail: what a language model said of it, as it was checked then."""


def draw_alert(
    alert: Alert,
    note: str,
    series: SeriesData | NoData,
    *,
    repeats: str = "",
    mute: Mute | None = None,
    time_zone: str = "UTC",
) -> Card:
    """note: what the rules decided. series: the metric of the kind over `chart_window`.

    repeats: how often it came, "" for once. mute: what holds its news back elsewhere, told in `time_zone`.
    """
    said = explanation(alert)
    closed = alert.closed is not None
    tone: Tone = "success" if closed else "danger"
    blocks: list[Block] = [Text(text=alert.title), Text(text=said.text)]
    if repeats:
        blocks.insert(0, Text(text=f"**{repeats}.** It comes and goes; this card is edited instead of a new one."))
    if mute is not None and not closed:
        blocks.append(Text(text=_muted(mute, time_zone)))
    blocks.append(Text(text=f"**Likely cause:** {_cause(alert)}."))
    blocks.append(Text(text=f"**Action:** {note}."))
    blocks += _columns(alert.detail)
    blocks.append(Fields(fields=_facts(alert)))
    blocks += _chart(alert, series)
    blocks.append(
        Context(text=f"Alert {alert.shown_as} · {alert.kind} · {alert.model} {alert.detail.get('version', '')}")
    )
    if said.note:
        blocks.append(Context(text=said.note))
    return Card(
        title=f"{_NAMES.get(alert.kind, alert.kind)} in {alert.model}{_ending(closed, repeats)}",
        tone=tone,
        blocks=tuple(blocks),
        buttons=() if closed else (*_buttons(alert), *_hush_buttons(alert, mute)),
        run_id=alert.run,
        summary=_summary(alert, note),
    )


def explanation(alert: Alert) -> Said:
    """Which columns, how far, since when, what was released before: a language model's words once there are some."""
    kept = alert.detail.get(EXPLAINED)
    return Said.model_validate(kept) if kept else Said(text=alert_facts(alert).otherwise)


def _cause(alert: Alert) -> str:
    """The rules' general guess, made definite where the last release is known."""
    if told := alert.detail.get("cause"):
        return str(told)
    guess = CAUSES.get(alert.kind, "unknown")
    fresh, _, else_ = guess.partition(" if one is fresh, else ")
    if not else_ or not alert.detail.get("last_release"):
        return guess
    return f"{fresh} before it" if came_shortly_before(alert) else else_


def _facts(alert: Alert) -> tuple[tuple[str, str], ...]:
    facts = [
        ("Began", f"{alert.onset:%-d %b %H:%M} UTC (estimated)"),
        ("Detected", f"{alert.detected:%H:%M} UTC, after {spoken_duration(alert.detect_s)}"),
    ]
    if alert.closed is not None and alert.recover_s is not None:
        facts.append(("Over", f"{alert.closed:%H:%M} UTC, {spoken_duration(alert.recover_s)} after detection"))
    return tuple(facts)


def _columns(detail: dict[str, Any]) -> list[Block]:
    features = _features(detail)
    if features:
        rows = tuple((f["name"], f["change"], f"{f['psi']:.2f}", f"{f['missing_share']:.0%}") for f in features)
        return [Table(columns=("Column", "What changed", "PSI", "Missing"), rows=rows, align="llrr")]
    return []


def _features(detail: dict[str, Any]) -> list[dict[str, Any]]:
    """What the table and the picture are both made of."""
    return list(detail.get("features") or [])[:5]


def chart_window(alert: Alert, now: datetime) -> tuple[datetime, datetime, int]:
    """From before the alert began until shortly after it was over: (start, end, points)."""
    end = now if alert.closed is None else min(now, alert.closed + AFTER_END)
    start = min(alert.onset - BEFORE_ONSET, end - SHOWN_AT_LEAST)
    return start, end, min(300, -((start - end) // STEP))


def _chart(alert: Alert, series: SeriesData | NoData) -> list[Block]:
    if features := _features(alert.detail):
        return [_bars(alert, features)]
    if isinstance(series, NoData) or not any(v is not None for v in series.values):
        return []
    metric, title, unit, times = CHARTS.get(alert.kind, ("", "", "", 1))
    # An alert of before they could be set does not say by which limit it was raised.
    limit = alert.detail.get("limit", getattr(HealthLimits(), metric, None))
    began = series.place(alert.onset)
    mark = () if began is None else (Mark(at=began, label="began", kind="drift", when=f"{alert.onset:%H:%M}"),)
    return [
        Chart(
            title=f"{title} of {alert.model}",
            x=tuple(f"{at:%H:%M}" for at in series.times),
            series=(Series(name=alert.model, values=series.spoken().values),),
            unit=unit,
            limit=None if limit is None else times * limit,
            marks=mark,
        )
    ]


def _bars(alert: Alert, features: list[dict[str, Any]]) -> Chart:
    """Each column of the table as it was when the alert was raised."""
    missing = alert.kind == "missing_values_detected"
    values = tuple(100.0 * f["missing_share"] if missing else float(f["psi"]) for f in features)
    what = "Missing values by column" if missing else "Drift by column (PSI)"
    return Chart(
        title=f"{what}, found {alert.detected:%H:%M} UTC",
        kind="bar",
        x=tuple(str(f["name"]) for f in features),
        series=(Series(name="missing" if missing else "PSI", values=values),),
        unit="%" if missing else "",
        limit=None if missing else 0.1,
    )


def _buttons(alert: Alert) -> tuple[Button, ...]:
    buttons = [Button(label="Status", command=f"status {alert.model}")]
    if alert.run is not None:
        buttons.append(Button(label=f"Show run {alert.run}", command=f"show run {alert.run}"))
    elif alert.kind in ("errors_detected", "latency_detected"):
        buttons.append(Button(label="Roll back", command=f"roll back {alert.model}", style="danger"))
    elif alert.kind != "missing_values_detected":
        buttons.append(Button(label="Retrain", command=f"retrain {alert.model}"))
    return tuple(buttons)


def _hush_buttons(alert: Alert, mute: Mute | None) -> tuple[Button, ...]:
    """What every alert can have done to its news."""
    number, model = alert.shown_as, alert.model
    if mute is not None:
        ends = f"unmute alert {number}" if mute.alert else f"unmute {model} alerts"
        return (Button(label="End the snooze" if mute.alert else f"Unmute {model} alerts", command=ends),)
    return (
        Button(label="Snooze 1 h", command=f"snooze alert {number} for 1 hour"),
        Button(label=f"Mute {model} alerts", command=f"mute {model} alerts"),
    )


def _muted(mute: Mute, time_zone: str) -> str:
    until = f"{mute.until.astimezone(ZoneInfo(time_zone)):%a %-d %b %H:%M} ({time_zone})"
    return (
        f"**{'Snoozed' if mute.alert else 'Muted'}** until {until} by {mute.who}: until then there is no new message."
    )


def _ending(closed: bool, repeats: str) -> str:
    """ ": over", ", 4th time in 25 min: over"."""
    often = repeats.partition(",")[0]
    return f"{f', {often}' if often else ''}{': over' if closed else ''}"


def _summary(alert: Alert, note: str) -> str:
    if alert.closed is not None and alert.recover_s is not None:
        return (
            f"{_NAMES.get(alert.kind, alert.kind)} in {alert.model} is over: "
            f"detected after {spoken_duration(alert.detect_s)}, "
            f"recovered {spoken_duration(alert.recover_s)} later."
        )
    return f"{alert.title}. {note}"
