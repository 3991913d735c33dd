"""What cards of alerts share: the buttons that hold their news back, and until when they are."""

from __future__ import annotations

from bizaiops_bot.playbook import Alert, Button, Mute, spoken_end


def hush_buttons(alert: Alert, mute: Mute | None) -> tuple[Button, ...]:
    """Snooze and mute, or the end of it."""
    if mute is not None:
        return (unmute_button(mute),)
    return (
        Button(label="Snooze 1 h", command=f"snooze alert {alert.shown_as} for 1 hour"),
        Button(label=f"Mute {alert.model} alerts", command=f"mute {alert.model} alerts"),
    )


def unmute_button(mute: Mute) -> Button:
    return Button(label=f"Unmute {mute.what}", command=f"unmute {mute.what}")


def mute_of(alert: Alert, mutes: list[Mute]) -> Mute | None:
    """What holds its news back, the one that ends last."""
    held = [m for m in mutes if m.model == alert.model and m.alert in (None, alert.shown_as)]
    return max(held, key=lambda m: m.until, default=None)


def mute_words(mutes: list[Mute], time_zone: str) -> str:
    """ "churn alerts until Fri 6 Mar 18:00 (UTC), by lead"; several are joined."""
    return "; ".join(f"{m.what} until {spoken_end(m.until, time_zone)}, by {m.who}" for m in mutes)
