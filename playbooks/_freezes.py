"""Freezes in words: what holds, until when, and what can be said about it."""

from __future__ import annotations

from bizaiops_bot.playbook import Button, Freeze, spoken_service
from playbooks._words import local_stamp

POSSIBLE = "Rolling back, pausing and resuming a model stay possible."
ARE_WE = Button(label="Are we frozen?", command="are we frozen?")


def scope(model: str | None, environment: str | None) -> str | None:
    """What is frozen: "churn", "churn in staging", all of "staging", or None for everything."""
    return environment if model is None else spoken_service(model, environment)


def whose_changes(model: str | None) -> str:
    """ "churn changes", or "Changes" for all."""
    return f"{model} changes" if model else "Changes"


def unfreeze_button(freeze: Freeze) -> Button:
    """Ends it again."""
    return Button(label="Unfreeze", command=f"unfreeze {freeze.model}" if freeze.model else "unfreeze deploys")


def told(freeze: Freeze) -> str:
    """ "Changes are frozen until Mon 9 Mar 08:00 (Europe/Berlin), by lead: the sale." """
    are = "are" if freeze.holds else "will be" if not freeze.weekly else "are"
    why = f": {freeze.why}" if freeze.why else ""
    return f"{whose_changes(freeze.model)} {are} frozen {freeze.span}, by {freeze.by}{why}."


def next_time(freeze: Freeze) -> str:
    """ "now, until Mon 9 Mar 00:00", "Sat 14 Mar 00:00"."""
    if freeze.holds:
        return "now" if freeze.ends is None else f"now, until {local_stamp(freeze.ends, freeze.time_zone)}"
    return local_stamp(freeze.begins, freeze.time_zone)
