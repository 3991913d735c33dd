"""The cards about news themselves: what waited, what is muted, what came again, and a place that is not there."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from bizaiops_bot.domain.cards import Button, Card, Context, Table, Text
from bizaiops_bot.domain.notices import is_person
from bizaiops_bot.domain.records import Alert, Mute
from bizaiops_bot.domain.values import spoken_duration

MOST_ROWS = 20
MOST_BUTTONS = 5
_WHILE = {
    frozenset({"quiet"}): "While it was quiet",
    frozenset({"mute"}): "While they were muted",
}


def waited_card(alerts: list[Alert], why: Collection[str], now: datetime) -> Card:
    """Alerts that a conversation was not told of, oldest first, as they stand now."""
    over = sum(alert.closed is not None for alert in alerts)
    left = len(alerts) - over
    count = f"{len(alerts)} alert{'' if len(alerts) == 1 else 's'}"
    title = (
        f"{_WHILE.get(frozenset(why), 'While it was quiet or they were muted')}: {count}, {_state(over, len(alerts))}"
    )
    rows = tuple(
        (str(a.shown_as), a.model, a.title, f"{a.detected:%-d %b %H:%M} UTC", _state_of(a, now))
        for a in alerts[-MOST_ROWS:]
    )
    blocks = [Table(columns=("Alert", "Model", "What", "Detected", "State"), rows=rows, align="rllll")]
    more = [Context(text=f"{len(alerts) - MOST_ROWS} earlier ones are left out.")] if len(alerts) > MOST_ROWS else []
    first = sorted(alerts, key=lambda a: a.closed is not None)[:MOST_BUTTONS]
    shows = [Button(label=f"Show alert {a.shown_as}", command=f"show alert {a.shown_as}") for a in first]
    return Card(
        title=title,
        tone="warning" if left else "success",
        blocks=(*blocks, *more),
        buttons=(*shows, Button(label="All alerts", command="list alerts")),
        summary=f"{title}. " + "; ".join(f"{a.model}: {a.title}" for a in alerts[-MOST_BUTTONS:]) + ".",
    )


def _state(over: int, count: int) -> str:
    if over == 0:
        return "still open" if count == 1 else "all still open"
    if over == count:
        return "over already" if count == 1 else "all over already"
    return f"{over} over already"


def _state_of(alert: Alert, now: datetime) -> str:
    if alert.closed is None:
        return f"open for {spoken_duration((now - alert.detected).total_seconds())}"
    return f"over at {alert.closed:%H:%M} UTC"


def again_card(alert: Alert, now: datetime) -> Card:
    """The snooze is over and the alert is not."""
    waited = spoken_duration((now - alert.detected).total_seconds())
    title = f"Alert {alert.shown_as} of {alert.model} is still open after {waited}"
    number = alert.shown_as
    return Card(
        title=title,
        tone="danger",
        blocks=(Text(text=alert.title), Context(text="Its news were held back until now.")),
        buttons=(
            Button(label=f"Show alert {number}", command=f"show alert {number}"),
            Button(label="Status", command=f"status {alert.model}"),
            Button(label="Snooze 1 h", command=f"snooze alert {number} for 1 hour"),
        ),
        summary=f"{title}: {alert.title}.",
    )


def mute_card(mute: Mute, time_zone: str, *, over: bool) -> Card:
    """Home's one line about it."""
    what = mute.what[0].upper() + mute.what[1:]
    if over:
        title = f"{what}: news are told again"
        return Card(title=title, tone="muted", summary=f"{title}.")
    until = f"{mute.until.astimezone(ZoneInfo(time_zone)):%a %-d %b %H:%M} ({time_zone})"
    title = f"{what}: no news until {until}, by {mute.who}"
    undo = f"unmute alert {mute.alert}" if mute.alert else f"unmute {mute.model} alerts"
    return Card(
        title=title,
        tone="warning",
        blocks=(Context(text="Alerts are found, acted on and told here all the same; elsewhere nothing is posted."),),
        buttons=(Button(label="Unmute", command=undo),),
        summary=f"{title}.",
    )


def unplaced_card(name: str, *, found: bool) -> Card:
    """name: as the rule spells it, "slack:#ml-ops"."""
    if found:
        title = f"{name} is found: news go there"
        return Card(title=title, tone="success", summary=f"{title}.")
    person = is_person(name)
    why = "has not written to the bot yet" if person else "is not a channel the bot is in"
    do = "Let them send the bot a direct message" if person else "Invite the bot to it"
    said = f"{name} {why}, so the news for it are told here only. {do}, or change the notice rules."
    return Card(title=f"{name} {why}", tone="warning", blocks=(Text(text=said),), summary=said)
